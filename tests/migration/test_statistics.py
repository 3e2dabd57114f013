"""History of miners of earlier integrations goes on: one line, from before to after."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)
from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager

from custom_components.whatsminer.migration.statistics import async_convert
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.db_schema import StatisticsShortTerm
from homeassistant.components.recorder.history import get_significant_states
from homeassistant.components.recorder.models import (
    StatisticData,
    StatisticMeanType,
    StatisticMetaData,
)
from homeassistant.components.recorder.statistics import (
    StatisticsRow,
    async_import_statistics,
    get_metadata,
    statistics_during_period,
)
from homeassistant.core import HomeAssistant, State
from simulator import SimulatedMiner
from tests import Clock, shown
from tests.conftest import START
from tests.earlier import EARLIER

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Kind:
    """How statistics are kept there and here: unit and its class, and what 40 to 60 become."""

    before: tuple[str | None, str | None]
    after: tuple[str | None, str | None]
    low: float = 40
    high: float = 60


def same(unit: str, unit_class: str | None = None) -> Kind:
    """Return the kind of a sensor whose statistics need not be touched."""
    return Kind((unit, unit_class), (unit, unit_class))


SENSORS: dict[str, dict[str, Kind]] = {
    "ip_based": {
        "board_0_hashrate": same("TH/s"),
        "efficiency": same("J/TH"),
        "fan_0_speed": same("rpm"),
        "hashrate": same("TH/s"),
        # Home Assistant goes on in this unit, and shows the other.
        "temperature_avg": Kind(
            ("°F", "temperature"), ("°F", "temperature"), 40 / 9, 140 / 9
        ),
        "wattage": same("W", "power"),
    },
    "mac_based": {
        "fan_in": Kind(("RPM", None), ("rpm", None)),
        "hash_rate_5_m": Kind(("GH/s", None), ("TH/s", None), 0.04, 0.06),
        "hash_rate_average": Kind(("GH/s", None), ("TH/s", None), 0.04, 0.06),
        "power": same("W", "power"),
        "power_rate": Kind((None, None), ("J/TH", None)),
        "rejected_percent": Kind((None, "unitless"), ("%", "unitless")),
        "temperature_chip_avg": same("°C", "temperature"),
    },
}


@pytest.fixture
async def mock_recorder_before_hass(
    async_test_recorder: RecorderInstanceContextManager,
) -> None:
    """Prepare the recorder before Home Assistant."""


def remember(hass: HomeAssistant, entity_id: str, kind: Kind) -> None:
    """Record a state, and statistics of two hours before."""
    unit, unit_class = kind.before
    hass.states.async_set(
        entity_id, "50", {"unit_of_measurement": unit, "state_class": "measurement"}
    )
    async_import_statistics(
        hass,
        StatisticMetaData(
            has_sum=False,
            mean_type=StatisticMeanType.ARITHMETIC,
            name=None,
            source="recorder",
            statistic_id=entity_id,
            unit_class=unit_class,
            unit_of_measurement=unit,
        ),
        [
            StatisticData(start=START - 3 * HOUR, mean=50, min=40, max=60),
            StatisticData(start=START - 2 * HOUR, mean=50),
        ],
    )


async def set_up(hass: HomeAssistant, clock: Clock, entry: MockConfigEntry) -> None:
    """Start Home Assistant with this integration, and let it run for more than an hour."""
    for entity_id in hass.states.async_entity_ids():
        hass.states.async_remove(entity_id)  # by a restart
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    for _ in range(13):
        await clock.tick(300)
    await async_wait_recording_done(hass)
    for five_minutes in range(12):
        do_adhoc_statistics(hass, start=START + five_minutes * HOUR / 12)
    await async_wait_recording_done(hass)


async def recorded(recorder: Recorder, entity_id: str) -> list[str]:
    """Return the states of an entity in the order of time."""
    found = await recorder.async_add_executor_job(
        get_significant_states, recorder.hass, START - 2 * HOUR, None, [entity_id]
    )
    return [state.state for state in found[entity_id] if isinstance(state, State)]


async def hours(recorder: Recorder, entity_id: str) -> list[StatisticsRow]:
    """Return the long-term statistics of an entity."""
    found = await recorder.async_add_executor_job(
        statistics_during_period,
        recorder.hass,
        START - 5 * HOUR,
        None,
        {entity_id},
        "hour",
        None,
        {"mean", "min", "max"},
    )
    return found[entity_id]


@pytest.mark.parametrize("name", SENSORS)
async def test_the_history_of_a_sensor_goes_on(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    clock: Clock,
    miner: SimulatedMiner,
    name: str,
) -> None:
    earlier, kinds = EARLIER[name], SENSORS[name]
    entry = earlier.add(hass, miner)
    owner = earlier.owner(miner)
    device = earlier.device(hass, entry, owner)
    entity_ids = {
        key: earlier.entity(hass, entry, device, f"{owner}_{key}").entity_id
        for key in kinds
    }
    clock.freezer.move_to(START - HOUR)
    for key, entity_id in entity_ids.items():
        remember(hass, entity_id, kinds[key])
    await async_wait_recording_done(hass)
    clock.freezer.move_to(START)

    await set_up(hass, clock, entry)

    metadata = await recorder_mock.async_add_executor_job(
        partial(get_metadata, hass, statistic_ids=set(entity_ids.values()))
    )
    for key, kind in kinds.items():
        entity_id = entity_ids[key]
        states = await recorded(recorder_mock, entity_id)
        assert states[0] == "50"
        assert states[-1] == shown(hass, entity_id)
        kept = metadata[entity_id][1]
        assert (kept["unit_of_measurement"], kept["unit_class"]) == kind.after, key
        rows = await hours(recorder_mock, entity_id)
        assert [row["start"] for row in rows] == [
            (START + hour * HOUR).timestamp() for hour in (-3, -2, 0)
        ], key
        middle = (kind.low + kind.high) / 2
        assert [[row["min"], row["mean"], row["max"]] for row in rows[:2]] == [
            pytest.approx([kind.low, middle, kind.high]),
            [None, pytest.approx(middle), None],
        ], key
        assert rows[2]["mean"] == pytest.approx(float(states[-1]), rel=0.2), key


async def test_the_hour_of_the_migration_is_of_one_unit(
    recorder_mock: Recorder, hass: HomeAssistant
) -> None:
    """The hour is made of what was recorded every five minutes, before and after."""
    entity_id = "sensor.miner_hash_rate"
    recorder_mock.async_import_statistics(
        StatisticMetaData(
            has_sum=False,
            mean_type=StatisticMeanType.ARITHMETIC,
            name=None,
            source="recorder",
            statistic_id=entity_id,
            unit_class=None,
            unit_of_measurement="GH/s",
        ),
        [StatisticData(start=START, mean=100_000, min=90_000, max=110_000)],
        StatisticsShortTerm,
    )
    await async_wait_recording_done(hass)

    await async_convert(hass, {entity_id: "hash_rate"})
    await async_wait_recording_done(hass)

    found = await recorder_mock.async_add_executor_job(
        statistics_during_period,
        hass,
        START,
        None,
        {entity_id},
        "5minute",
        None,
        {"mean", "min", "max"},
    )
    assert [(row["min"], row["mean"], row["max"]) for row in found[entity_id]] == [
        (90, 100, 110)
    ]
