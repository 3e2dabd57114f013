"""The last number that the recorder has of an energy."""

from datetime import timedelta
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_purge_done,
    async_wait_recording_done,
    do_adhoc_statistics,
)
from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager
from sqlalchemy import text

from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.recorded import async_last_recorded
from homeassistant.components.recorder.history import state_changes_during_period
from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import STATE_UNAVAILABLE, UnitOfEnergy
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.recorder import session_scope
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .conftest import START

pytestmark = pytest.mark.usefixtures("recorder_mock")

ENERGY = "sensor.miner_energy"


@pytest.fixture
async def mock_recorder_before_hass(
    async_test_recorder: RecorderInstanceContextManager,
) -> None:
    """Prepare the recorder before Home Assistant."""


class Recorded:
    """An energy sensor, of which states are recorded."""

    def __init__(self, hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
        """Register the sensor."""
        self.hass = hass
        self.freezer = freezer
        self.register("energy")

    def register(self, unique_id: str) -> None:
        """Register the sensor."""
        self.entity = er.async_get(self.hass).async_get_or_create(
            "sensor", DOMAIN, unique_id, suggested_object_id="miner_energy"
        )
        assert self.entity.entity_id == ENERGY

    async def write(
        self, *states: str | float, unit: str = UnitOfEnergy.KILO_WATT_HOUR
    ) -> None:
        """Record states that are half a minute apart."""
        for state in states:
            self.freezer.tick(timedelta(seconds=30))
            attributes = {
                "device_class": SensorDeviceClass.ENERGY,
                "state_class": SensorStateClass.TOTAL_INCREASING,
                "unit_of_measurement": unit,
            }
            self.hass.states.async_set(ENERGY, str(state), attributes)
        await async_wait_recording_done(self.hass)

    async def summarize(self) -> None:
        """Make the statistics of an hour, and be in the next one."""
        full = dt_util.utcnow().replace(minute=0, second=0, microsecond=0)
        self.freezer.move_to(full + timedelta(hours=1, seconds=10))
        for part in range(12):
            do_adhoc_statistics(self.hass, start=full + timedelta(minutes=5 * part))
        await async_wait_recording_done(self.hass)

    async def purge(self, days: int) -> None:
        """Let time pass, and delete what is older than a day."""
        self.freezer.tick(timedelta(days=days))
        await self.hass.services.async_call(
            "recorder", "purge", {"keep_days": 1}, blocking=True
        )
        await async_wait_purge_done(self.hass)

    async def last(self) -> float:
        """Return the last number."""
        return await async_last_recorded(self.hass, self.entity)


@pytest.fixture
async def sensor(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Recorded:
    """A sensor without states."""
    assert await async_setup_component(hass, "sensor", {})
    return Recorded(hass, freezer)


async def test_it_is_the_last_state(sensor: Recorded) -> None:
    assert await sensor.last() == 0

    await sensor.write(1.5, 2.5)

    assert await sensor.last() == 2.5


@pytest.mark.parametrize("with_statistics", [False, True])
async def test_it_is_the_last_number_before_the_sensor_was_unavailable(
    sensor: Recorded, with_statistics: bool
) -> None:
    """Also if Home Assistant was restarted several times since."""
    await sensor.write(1.5)
    if with_statistics:
        await sensor.summarize()
    await sensor.write(2.5, STATE_UNAVAILABLE, "unknown", STATE_UNAVAILABLE)

    assert await sensor.last() == 2.5


async def test_few_states_are_read(sensor: Recorded) -> None:
    """Hundreds of miners may be asked for at once, each with a state every ten seconds."""
    await sensor.write(*range(100), STATE_UNAVAILABLE)
    await sensor.summarize()
    await sensor.write("unknown", STATE_UNAVAILABLE)

    with patch(
        "custom_components.whatsminer.recorded.state_changes_during_period",
        wraps=state_changes_during_period,
    ) as read:
        assert await sensor.last() == 99

    _, since = read.call_args.args
    assert since == START + timedelta(minutes=50)


@pytest.mark.parametrize(
    ("state", "unit"),
    [(2.5, UnitOfEnergy.KILO_WATT_HOUR), (2500, UnitOfEnergy.WATT_HOUR)],
)
async def test_a_number_that_only_statistics_have_counts(
    sensor: Recorded, state: float, unit: str
) -> None:
    """While a miner is away for months, its numbers are deleted, but not the hours."""
    await sensor.write(state, STATE_UNAVAILABLE, unit=unit)
    await sensor.summarize()

    for days in (3, 3):
        await sensor.purge(days)
        await sensor.write("unknown", STATE_UNAVAILABLE)
        assert await sensor.last() == 2.5


@pytest.mark.parametrize("last", [[], [STATE_UNAVAILABLE]])
@pytest.mark.parametrize("with_statistics", [False, True])
@pytest.mark.parametrize(
    ("state", "unit"),
    [(2500, UnitOfEnergy.WATT_HOUR), (0.0025, UnitOfEnergy.MEGA_WATT_HOUR)],
)
async def test_it_is_in_kilowatt_hours(
    sensor: Recorded,
    last: list[str],
    with_statistics: bool,
    state: float,
    unit: str,
) -> None:
    await sensor.write(state, *last, unit=unit)
    if with_statistics:
        await sensor.summarize()

    assert await sensor.last() == pytest.approx(2.5)


@pytest.mark.parametrize("last", [[], [STATE_UNAVAILABLE]])
@pytest.mark.parametrize("with_statistics", [False, True])
async def test_what_a_removed_sensor_with_the_same_id_had_does_not_count(
    hass: HomeAssistant, sensor: Recorded, last: list[str], with_statistics: bool
) -> None:
    await sensor.write(2.5, *last)
    if with_statistics:
        await sensor.summarize()
    er.async_get(hass).async_remove(ENERGY)
    hass.states.async_remove(ENERGY)
    sensor.freezer.tick(1)
    sensor.register("energy of another miner")
    assert await sensor.last() == 0

    await sensor.write(STATE_UNAVAILABLE)
    assert await sensor.last() == 0

    await sensor.write(0.5, STATE_UNAVAILABLE)
    assert await sensor.last() == 0.5


@pytest.mark.parametrize("state", ["nan", "inf", "much"])
async def test_what_is_no_number_does_not_count(sensor: Recorded, state: str) -> None:
    await sensor.write(2.5, state)

    assert await sensor.last() == 2.5


async def test_a_unit_that_is_none_of_energy_does_not_count(sensor: Recorded) -> None:
    await sensor.write(2.5, unit="W")

    assert await sensor.last() == 0


async def test_a_renamed_sensor_keeps_what_is_recorded(
    hass: HomeAssistant, sensor: Recorded
) -> None:
    await sensor.write(2.5, STATE_UNAVAILABLE)
    await sensor.summarize()

    sensor.entity = er.async_get(hass).async_update_entity(
        ENERGY, new_entity_id="sensor.shed_energy"
    )
    await async_wait_recording_done(hass)

    assert await sensor.last() == 2.5


@pytest.mark.parametrize(
    "recorder_config", [{"exclude": {"entities": [ENERGY]}}], ids=["excluded"]
)
async def test_what_is_not_recorded_does_not_count(sensor: Recorded) -> None:
    await sensor.write(2.5, STATE_UNAVAILABLE)

    assert await sensor.last() == 0


async def test_a_database_that_fails_is_logged_once(
    hass: HomeAssistant, sensor: Recorded, caplog: pytest.LogCaptureFixture
) -> None:
    await sensor.write(2.5)
    await hass.async_add_executor_job(drop_states, hass)
    caplog.clear()

    for _ in range(3):
        assert await sensor.last() == 0

    ours = [each for each in caplog.records if each.name.endswith(".recorded")]
    assert [each.levelname for each in ours] == ["WARNING"]
    assert "(no such table: states)" in ours[0].getMessage()


def drop_states(hass: HomeAssistant) -> None:
    """Take a table from the database."""
    with session_scope(hass=hass) as session:
        session.execute(text("ALTER TABLE states RENAME TO lost"))
