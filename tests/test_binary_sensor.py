"""Binary sensors of a miner."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.const import (
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import HomeAssistant
from simulator import Refused, SimulatedMiner

from . import Check, Clock, every_generation, shown

pytestmark = [
    pytest.mark.parametrize("platforms", [(Platform.BINARY_SENSOR,)], ids=[""]),
    pytest.mark.usefixtures("entity_registry_enabled_by_default", "set_up"),
]
RUNNING = "binary_sensor.miner_running"
STABLE = "binary_sensor.miner_stable"
POOL = "binary_sensor.miner_pool_connection"
PROBLEM = "binary_sensor.miner_problem"
ACCESS = "binary_sensor.miner_write_access"


@every_generation
async def test_every_generation_has_its_binary_sensors(check_entities: Check) -> None:
    await check_entities()


@pytest.mark.parametrize("miner", ["v3_hydro_miner"], indirect=True)
async def test_a_water_cooled_miner_that_speaks_v3_has_its_binary_sensors(
    check_entities: Check,
) -> None:
    await check_entities()


@every_generation
async def test_running_means_hashing(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """A miner that is still tuning does not hash, nor does one that is off."""
    assert shown(hass, RUNNING) == STATE_ON
    assert shown(hass, STABLE) == STATE_ON

    miner.state.restart()
    await clock.next_poll()
    assert miner.state.mining
    assert shown(hass, RUNNING) == STATE_OFF
    assert shown(hass, STABLE) == STATE_OFF

    await clock.tick(miner.state.tuning_seconds)
    await clock.next_poll()
    assert shown(hass, RUNNING) == STATE_ON
    assert shown(hass, STABLE) == STATE_ON

    miner.state.mining = False
    await clock.next_poll(2)
    assert shown(hass, RUNNING) == STATE_OFF
    assert shown(hass, STABLE) == STATE_OFF


@every_generation
async def test_a_dead_pool_is_seen(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """Work from the second pool is work; only no work at all is a lost connection."""
    assert shown(hass, POOL) == STATE_ON

    for pool in miner.state.pools:
        pool.alive = False
    await clock.next_poll()

    assert shown(hass, POOL) == STATE_OFF


@every_generation
@pytest.mark.parametrize(
    ("faults", "problem"),
    [
        ({}, STATE_OFF),
        ({206: "2026-11-01 00:00:00"}, STATE_OFF),
        ({110: "2026-11-01 00:00:00"}, STATE_ON),
        ({206: "2026-11-01 00:00:00", 987_654: ""}, STATE_ON),
        ({236: "2026-11-01 00:00:00"}, STATE_ON),
        ({203: "2026-11-01 00:00:00"}, STATE_ON),
        ({620: "2026-11-01 00:00:00"}, STATE_ON),
    ],
    ids=[
        "none",
        "a minor one",
        "a fan",
        "an unknown one",
        "a tripped power supply",
        "a hot power supply",
        "a hot coolant",
    ],
)
async def test_a_minor_fault_is_no_problem(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    faults: dict[int, str],
    problem: str,
) -> None:
    miner.state.faults = faults
    await clock.next_poll(2)

    assert shown(hass, PROBLEM) == problem


@every_generation
async def test_a_miner_that_is_on_but_does_not_hash_has_a_problem(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """It needs some time to start, and it reports no fault."""
    miner.state.set_boards(alive=False)
    miner.state.restart()
    await clock.next_poll(2)
    assert shown(hass, RUNNING) == STATE_OFF
    assert shown(hass, PROBLEM) == STATE_OFF
    await clock.tick(15 * 60)
    await clock.next_poll()
    assert shown(hass, PROBLEM) == STATE_OFF
    await clock.tick(5 * 60)
    await clock.next_poll()
    assert shown(hass, PROBLEM) == STATE_ON

    miner.state.set_boards(alive=True)
    await clock.next_poll()
    assert shown(hass, RUNNING) == STATE_ON
    assert shown(hass, PROBLEM) == STATE_OFF


@every_generation
async def test_a_miner_that_is_off_has_no_problem(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.state.mining = False
    await clock.next_poll()
    await clock.tick(3600)
    await clock.next_poll(2)
    assert shown(hass, PROBLEM) == STATE_OFF


async def test_a_problem_is_unknown_until_the_miner_has_told(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.misbehave("get_error_code", Refused(132))
    await clock.next_poll(2)

    assert shown(hass, PROBLEM) == STATE_UNKNOWN


async def test_write_access_is_what_the_last_write_met(
    hass: HomeAssistant, miner: SimulatedMiner, config_entry: MockConfigEntry
) -> None:
    assert shown(hass, ACCESS) == STATE_ON

    miner.api_open = False
    await hass.config_entries.async_reload(config_entry.entry_id)
    await hass.async_block_till_done()
    assert shown(hass, ACCESS) == STATE_OFF

    coordinator: WhatsminerCoordinator = config_entry.runtime_data.coordinator
    coordinator.write_access.is_open = None
    coordinator.async_update_listeners()
    assert shown(hass, ACCESS) == STATE_UNKNOWN


@pytest.mark.parametrize("password", [""])
async def test_without_a_password_there_is_no_write_access_to_show(
    hass: HomeAssistant,
) -> None:
    assert hass.states.get(ACCESS) is None
    assert shown(hass, RUNNING) == STATE_ON


async def test_all_are_unavailable_when_the_miner_is_away(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    await miner.disconnect()
    await clock.next_poll(2)

    states = hass.states.async_all("binary_sensor")
    assert {state.state for state in states} == {STATE_UNAVAILABLE}
