"""Totals over the polls, and over restarts of Home Assistant."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import override

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_restore_state_shutdown_restart,
    mock_restore_cache_with_extra_data,
)
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager

from custom_components.whatsminer.const import CONF_POLL_INTERVAL
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform, UnitOfEnergy
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from homeassistant.util.unit_conversion import EnergyConverter
from simulator import Misbehaviour, SimulatedMiner
from simulator.misbehaviour import Exchange, Line

from . import (
    JOINED,
    Altered,
    Clock,
    every_generation,
    load_entry,
    shown,
    since_v2,
    with_power,
)
from .conftest import START
from .fleet import Owned
from .statistics import statistics
from .words import name_for, speaks_v3

pytestmark = [
    pytest.mark.parametrize("platforms", [(Platform.SENSOR,)], ids=[""]),
    pytest.mark.usefixtures("hass_storage"),
]
ENERGY = "sensor.miner_energy"
RESTARTS = "sensor.miner_mining_restarts_today"
# Tests are in the west of the United States, where this is the next midnight.
SECONDS_TO_MIDNIGHT = 7 * 3600


@dataclass(frozen=True)
class Steady(Misbehaviour):
    """Answers as usual, with a constant power."""

    watts: int = 3400

    @override
    async def respond(self, exchange: Exchange, line: Line) -> None:
        """Replace the power."""
        answer = with_power(exchange.text(), self.watts)
        await line.send(exchange.framed(answer))


@dataclass(frozen=True)
class Slow(Misbehaviour):
    """Answers as usual, after nine seconds."""

    clock: Clock

    @override
    async def respond(self, exchange: Exchange, line: Line) -> None:
        """Measure, let time pass, then answer."""
        answer = exchange.carry_out()
        self.clock.freezer.tick(9)
        for miner in self.clock.miners:
            miner.advance(9)
        await line.send(answer)


@pytest.fixture(autouse=True)
def steady(miner: SimulatedMiner) -> None:
    """Let the miner use 3.4 kW from the first poll on."""
    miner.misbehave(name_for(miner, JOINED), Steady())


@pytest.fixture
async def mock_recorder_before_hass(
    async_test_recorder: RecorderInstanceContextManager,
) -> None:
    """Prepare the recorder before Home Assistant, for the tests that have one."""


def energy(hass: HomeAssistant) -> float:
    """Return the energy in kWh."""
    return float(shown(hass, ENERGY))


def used_in(seconds: float) -> object:
    """Return about how many kWh the miner uses in so many seconds."""
    return pytest.approx(3.4 * seconds / 3600, abs=2e-5)


type SetUpAgain = Callable[[float], Awaitable[None]]


@pytest.fixture
def set_up_again(
    hass: HomeAssistant, clock: Clock, config_entry: MockConfigEntry
) -> SetUpAgain:
    """A function that restarts Home Assistant, which takes a while."""

    async def restart(away: float) -> None:
        await async_mock_restore_state_shutdown_restart(hass)
        assert await hass.config_entries.async_unload(config_entry.entry_id)
        await clock.tick(away)
        await load_entry(hass, config_entry)

    return restart


# Energy


@every_generation
@pytest.mark.usefixtures("recorder_mock", "set_up")
async def test_an_hour_is_as_many_kilowatt_hours_as_kilowatts(
    hass: HomeAssistant, clock: Clock
) -> None:
    """The Energy dashboard reads the statistics."""
    await clock.next_poll(120)
    assert energy(hass) == used_in(3600)

    await clock.next_poll()
    rows = await statistics(hass, ENERGY, START + timedelta(minutes=65))

    # The poll on the full hour belongs to the next.
    sums = [row["sum"] or 0 for row in rows]
    assert len(sums) == 13
    assert sums == sorted(sums)
    assert sums[11] == used_in(3570)
    assert sums[12] == used_in(3630)


@pytest.mark.usefixtures("recorder_mock", "set_up")
async def test_statistics_go_on_over_a_restart(
    hass: HomeAssistant, set_up_again: SetUpAgain, clock: Clock
) -> None:
    await clock.next_poll(20)
    await set_up_again(30)
    await clock.next_poll(20)
    rows = await statistics(hass, ENERGY, START + timedelta(minutes=25))

    assert rows[-1]["sum"] == used_in(41 * 30)


@pytest.mark.usefixtures("set_up")
async def test_energy_begins_with_the_second_poll(
    hass: HomeAssistant, clock: Clock
) -> None:
    assert energy(hass) == 0

    await clock.next_poll()

    assert energy(hass) == used_in(30)


async def test_between_two_powers_it_is_their_mean(
    hass: HomeAssistant, set_up: WhatsminerCoordinator
) -> None:
    """1 kW that becomes 3 kW within 36 s is 0.02 kWh."""
    start = set_up.data.monotonic
    for seconds, power in ((40, 1000.0), (76, 3000.0)):
        set_up.async_set_updated_data(
            replace(
                set_up.data,
                monotonic=start + seconds,
                performance=replace(set_up.data.performance, power=power),
            )
        )
        if power == 1000.0:
            before = energy(hass)

    assert energy(hass) - before == pytest.approx(0.02)


async def test_the_same_poll_twice_adds_nothing(
    hass: HomeAssistant, clock: Clock, set_up: WhatsminerCoordinator
) -> None:
    """Entities are written more often than the miner is polled."""
    await clock.next_poll()
    before = energy(hass)

    for _ in range(3):
        set_up.async_update_listeners()

    assert energy(hass) == before > 0


@pytest.mark.parametrize("step", [59, -20, 7200, -7200])
async def test_a_clock_that_is_set_changes_nothing(
    hass: HomeAssistant, set_up: WhatsminerCoordinator, step: float
) -> None:
    first = set_up.data
    for polls in (1, 2, 3):
        set_up.async_set_updated_data(
            replace(
                first,
                taken=first.taken + timedelta(seconds=30 * polls + step),
                monotonic=first.monotonic + 30 * polls,
            )
        )
        assert energy(hass) == used_in(30 * polls)


async def test_a_clock_that_was_set_back_meanwhile_adds_nothing(
    hass: HomeAssistant, config_entry: MockConfigEntry, clock: Clock
) -> None:
    kept = {
        "energy": 3.0,
        "power": 3400.0,
        "taken": (START + timedelta(hours=1)).isoformat(),
    }
    mock_restore_cache_with_extra_data(hass, [(State(ENERGY, "3"), kept)])
    await load_entry(hass, config_entry)
    assert energy(hass) == 3

    await clock.next_poll()

    assert energy(hass) == pytest.approx(3 + 3.4 * 30 / 3600, abs=2e-5)


@every_generation
@pytest.mark.usefixtures("set_up")
async def test_an_absurd_power_is_not_counted(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """Minus one for unknown, without its sign, would stay in the meter for ever."""
    await clock.next_poll(2)
    before = energy(hass)
    if speaks_v3(miner):  # whose power supply reports another power
        miner.misbehave("get.device.info", Altered('"pin"', '"p"'))
    miner.misbehave(name_for(miner, JOINED), Steady(watts=2**32 - 1))
    await clock.next_poll()
    assert shown(hass, "sensor.miner_power") == STATE_UNKNOWN
    miner.misbehave(name_for(miner, JOINED), Steady())
    await clock.next_poll()
    assert energy(hass) == before

    await clock.next_poll()
    assert energy(hass) == pytest.approx(before * 3 / 2, rel=1e-3)


async def test_energy_never_decreases(
    hass: HomeAssistant, set_up: WhatsminerCoordinator
) -> None:
    shows: list[float] = []
    start = set_up.data.monotonic
    for seconds, power in ((30, 3400.0), (60, -4000.0), (90, -4000.0)):
        set_up.async_set_updated_data(
            replace(
                set_up.data,
                monotonic=start + seconds,
                performance=replace(set_up.data.performance, power=power),
            )
        )
        shows.append(energy(hass))

    assert shows[0] == shows[1] == shows[2] > 0


@pytest.mark.usefixtures("set_up")
async def test_one_missed_poll_is_bridged(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """Power changes little within one missed poll."""
    await miner.disconnect()
    await clock.next_poll()
    miner.reconnect()
    await clock.next_poll()

    assert energy(hass) == used_in(60)


@pytest.mark.parametrize(
    ("before", "after"), [(300, 10), (10, 300), (30, 300), (300, 30)]
)
async def test_another_polling_interval_is_no_gap(
    hass: HomeAssistant,
    clock: Clock,
    set_up: WhatsminerCoordinator,
    before: int,
    after: int,
) -> None:
    total = 0.0
    for seconds in (before, after):
        hass.config_entries.async_update_entry(
            set_up.config_entry, options={CONF_POLL_INTERVAL: seconds}
        )
        # Half-way between two polls
        await clock.tick(total and before / 2)
        total += total and before / 2
        set_up.async_apply_options()
        await hass.async_block_till_done(wait_background_tasks=True)
        for _ in range(3):
            await clock.tick(seconds)
            total += seconds
    await clock.tick(0)

    # Asked again within ten seconds, a miner is asked a little later.
    assert energy(hass) == pytest.approx(3.4 * total / 3600, rel=0.02)


@pytest.mark.parametrize("seconds", [10, 300])
async def test_a_gap_is_longer_than_three_polls(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    set_up: WhatsminerCoordinator,
    seconds: int,
) -> None:
    hass.config_entries.async_update_entry(
        set_up.config_entry, options={CONF_POLL_INTERVAL: seconds}
    )
    set_up.async_apply_options()
    await hass.async_block_till_done(wait_background_tasks=True)
    for missed, counted in ((2, True), (3, False)):
        await clock.tick(seconds)
        before = energy(hass)
        await miner.disconnect()
        for _ in range(missed):
            await clock.tick(seconds)
        miner.reconnect()
        await clock.tick(seconds)
        assert (energy(hass) > before) is counted


@pytest.mark.usefixtures("set_up")
async def test_an_outage_is_not_counted(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    await clock.next_poll(4)
    before = energy(hass)

    await miner.disconnect()
    await clock.next_poll(4)
    assert shown(hass, ENERGY) == STATE_UNAVAILABLE
    miner.reconnect()
    await clock.next_poll()
    assert energy(hass) == before

    await clock.next_poll()
    assert energy(hass) == pytest.approx(before * 5 / 4, rel=1e-3)


@since_v2
@pytest.mark.usefixtures("set_up")
async def test_a_stopped_miner_uses_a_little(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """Fans or pumps and the control board use some power, as the miner reports."""
    miner.behave()
    miner.state.mining = False
    await clock.next_poll(2)
    before = energy(hass)

    await clock.next_poll(60)

    used = energy(hass) - before
    assert used == pytest.approx(miner.state.power * 1800 / 3.6e6, rel=0.1)
    assert 0 < used < 0.02


@pytest.mark.parametrize("miner", ["old_miner"], indirect=True)
@pytest.mark.usefixtures("set_up")
async def test_a_power_that_is_a_leftover_is_not_counted(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """Old firmware goes on reporting the last power of a stopped miner."""
    await clock.next_poll()
    miner.state.mining = False
    await clock.next_poll(2)
    before = energy(hass)

    await clock.next_poll(10)

    assert energy(hass) == before > 0


@pytest.mark.parametrize(("away", "counted"), [(10, 10), (90, 90), (91, 0)])
@pytest.mark.usefixtures("set_up")
async def test_a_short_restart_loses_nothing(
    hass: HomeAssistant,
    set_up_again: SetUpAgain,
    clock: Clock,
    away: float,
    counted: float,
) -> None:
    await clock.next_poll(4)

    await set_up_again(away)

    assert energy(hass) == used_in(120 + counted)


@pytest.mark.usefixtures("set_up")
async def test_a_reload_loses_nothing(
    hass: HomeAssistant, config_entry: MockConfigEntry, clock: Clock
) -> None:
    await clock.next_poll(4)
    await clock.tick(12)

    for _ in range(2):
        await hass.config_entries.async_reload(config_entry.entry_id)
        await hass.async_block_till_done()

    assert energy(hass) == used_in(132)


@pytest.mark.usefixtures("recorder_mock", "set_up")
@pytest.mark.parametrize("unit", ["kWh", "Gcal"])
async def test_rounding_in_the_recorder_loses_nothing(
    hass: HomeAssistant, config_entry: MockConfigEntry, clock: Clock, unit: str
) -> None:
    """What is recorded may be a little more than what was counted."""
    er.async_get(hass).async_update_entity_options(
        ENERGY, "sensor", {"unit_of_measurement": unit}
    )
    for _ in range(8):
        await clock.tick(31)
        await async_wait_recording_done(hass)
        await clock.tick(12)
        await hass.config_entries.async_reload(config_entry.entry_id)
        await hass.async_block_till_done()

    shows = EnergyConverter.convert(energy(hass), unit, UnitOfEnergy.KILO_WATT_HOUR)
    assert shows == pytest.approx(3.4 * 8 * 43 / 3600, abs=1e-4)


@pytest.mark.parametrize(
    "kept", [{}, {"energy": None}, {"energy": "much"}, {"native_value": 3}]
)
async def test_what_cannot_be_read_is_not_restored(
    hass: HomeAssistant, config_entry: MockConfigEntry, kept: dict[str, object]
) -> None:
    mock_restore_cache_with_extra_data(
        hass, [(State(ENERGY, "3"), kept), (State(RESTARTS, "3"), kept)]
    )

    await load_entry(hass, config_entry)

    assert energy(hass) == 0
    assert shown(hass, RESTARTS) == "0"


# Restarts


@every_generation
@pytest.mark.usefixtures("set_up")
async def test_restarts_of_mining_are_counted(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    assert shown(hass, RESTARTS) == "0"

    miner.state.restart()
    await clock.next_poll(2)
    assert shown(hass, RESTARTS) == "1"

    miner.state.mining = False
    await clock.next_poll(3)
    assert shown(hass, RESTARTS) == "1"

    miner.state.mining = True
    await clock.next_poll(2)
    assert shown(hass, RESTARTS) == "2"


@every_generation
@pytest.mark.usefixtures("set_up")
async def test_answers_that_take_nine_seconds_are_no_restart(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """A poll that takes half a minute compares the clocks of the summary with its arrival."""
    for slow in (False, True, False, True, True, False):
        if slow:
            miner.misbehave("*", Slow(clock))
        live = name_for(miner, JOINED)
        miner.misbehave(live, Slow(clock) if slow else Steady())
        await clock.next_poll()
        miner.behave("*")
    assert shown(hass, RESTARTS) == "0"


@every_generation
async def test_the_first_start_of_a_stopped_miner_counts(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, owned: Owned
) -> None:
    miner.state.mining = False
    assert await hass.config_entries.async_setup(owned.entry.entry_id)
    await clock.next_poll(3)

    miner.state.mining = True
    await clock.next_poll(3)

    assert shown(hass, RESTARTS) == "1"


@pytest.mark.usefixtures("set_up")
async def test_restarts_are_those_of_today(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.state.restart()
    await clock.next_poll()
    await clock.tick(SECONDS_TO_MIDNIGHT - 60)
    assert shown(hass, RESTARTS) == "1"

    await clock.next_poll()
    assert shown(hass, RESTARTS) == "0"

    miner.state.restart()
    await clock.next_poll()
    assert shown(hass, RESTARTS) == "1"


@pytest.mark.parametrize(("away", "restarts"), [(600, "1"), (SECONDS_TO_MIDNIGHT, "0")])
@pytest.mark.usefixtures("set_up")
async def test_the_count_outlives_a_restart_of_home_assistant(
    hass: HomeAssistant,
    set_up_again: SetUpAgain,
    miner: SimulatedMiner,
    clock: Clock,
    away: float,
    restarts: str,
) -> None:
    miner.state.restart()
    await clock.next_poll(2)

    await set_up_again(away)
    await clock.next_poll(2)

    assert shown(hass, RESTARTS) == restarts


@pytest.mark.parametrize("stopped", [False, True])
@pytest.mark.usefixtures("set_up")
async def test_a_restart_that_nobody_saw_counts(
    hass: HomeAssistant,
    set_up_again: SetUpAgain,
    miner: SimulatedMiner,
    clock: Clock,
    stopped: bool,
) -> None:
    """A power cut restarts Home Assistant as well as the miner."""
    if stopped:
        miner.state.mining = False
        await clock.next_poll()
    miner.state.mining = True
    miner.state.restart()

    await set_up_again(300)
    await clock.next_poll(3)

    assert shown(hass, RESTARTS) == "1"


@every_generation
@pytest.mark.usefixtures("set_up")
async def test_a_start_that_was_seen_after_a_restart_counts_once(
    hass: HomeAssistant, set_up_again: SetUpAgain, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.state.mining = False
    await clock.next_poll(2)
    await set_up_again(300)
    await clock.next_poll(2)

    miner.state.mining = True
    await clock.next_poll(3)

    assert shown(hass, RESTARTS) == "1"


async def test_a_clock_that_is_set_is_no_restart(
    hass: HomeAssistant, set_up: WhatsminerCoordinator
) -> None:
    """The start of mining is computed from Home Assistant's clock, and moves with it."""
    set_up.async_set_updated_data(
        replace(set_up.data, taken=START + timedelta(hours=23))
    )

    assert shown(hass, RESTARTS) == "0"


@pytest.mark.usefixtures("set_up")
async def test_a_start_of_yesterday_is_not_one_of_today(
    hass: HomeAssistant, set_up_again: SetUpAgain, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.state.restart()

    await set_up_again(SECONDS_TO_MIDNIGHT + 600)
    await clock.next_poll(3)

    assert shown(hass, RESTARTS) == "0"
