"""What a setting shows while a command is under way, and until a poll confirms it."""

import logging
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from simulator import Refused, SimulatedMiner
from tests import (
    ACCEPTED_ONLY,
    JOINED,
    PROCESS_DOWN,
    Clock,
    Held,
    act,
    every_generation,
    hold,
    log_lines,
    names_of,
    set_mode,
    set_number,
    shown,
    stored_memory,
)

from .setting_changes import (
    CHANGES,
    COOLING,
    FAN_STOP,
    FAST_BOOT,
    LIMIT,
    MINING,
    MODE,
    OFFSET,
    PERCENT,
    WEB_POOLS,
)

pytestmark = pytest.mark.usefixtures("set_up")
every_setting = pytest.mark.parametrize("entity_id", CHANGES)


# While a command is under way


@every_setting
async def test_a_value_shows_as_soon_as_it_is_asked_for(
    hass: HomeAssistant, miner: SimulatedMiner, entity_id: str
) -> None:
    action, data, command, expected = CHANGES[entity_id]
    assert shown(hass, entity_id) != expected
    held = hold(miner, command)

    call = hass.async_create_task(act(hass, action, entity_id, **data))
    await held.reached.wait()
    assert shown(hass, entity_id) == expected

    held.release.set()
    await call
    assert shown(hass, entity_id) == expected


@every_setting
async def test_a_value_is_withdrawn_when_the_miner_refuses_it(
    hass: HomeAssistant, miner: SimulatedMiner, entity_id: str
) -> None:
    action, data, command, expected = CHANGES[entity_id]
    before = shown(hass, entity_id)
    held = hold(miner, command, then=Refused(132))

    call = hass.async_create_task(act(hass, action, entity_id, **data))
    await held.reached.wait()
    assert shown(hass, entity_id) == expected

    held.release.set()
    with pytest.raises(HomeAssistantError):
        await call
    assert shown(hass, entity_id) == before


@pytest.mark.parametrize("entity_id", [PERCENT, OFFSET, WEB_POOLS, COOLING, FAN_STOP])
async def test_an_assumed_value_goes_back_to_the_one_before(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    hass_storage: dict[str, Any],
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
    entity_id: str,
) -> None:
    action, data, _, expected = CHANGES[entity_id]
    await act(hass, action, entity_id, **data)
    await hass.async_block_till_done()  # the poll that follows
    before = stored_memory(hass_storage, config_entry)["settings"]
    miner.misbehave("*", Refused(132), times=1)

    if entity_id in (WEB_POOLS, COOLING, FAN_STOP):
        other = act(hass, "switch.turn_off", entity_id)
    else:
        other = act(hass, action, entity_id, value=0)
    with pytest.raises(HomeAssistantError):
        await other

    assert shown(hass, entity_id) == expected
    await clock.next_poll(3)
    assert shown(hass, entity_id) == expected
    assert stored_memory(hass_storage, config_entry)["settings"] == before


async def test_of_two_values_that_wait_the_last_one_wins(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """A slider that is dragged sends where it began and where it ended."""
    held = hold(miner, "set_power_pct_v2", times=1)
    calls = [hass.async_create_task(set_number(hass, "power_percent", 90))]
    await held.reached.wait()
    for value in (80, 70, 60):
        calls.append(hass.async_create_task(set_number(hass, "power_percent", value)))
        assert float(shown(hass, PERCENT)) == value

    held.release.set()
    for call in calls:
        await call

    assert [write["percent"] for write in miner.writes] == ["90", "60"]
    assert miner.state.percent == 60
    assert float(shown(hass, PERCENT)) == 60


async def test_a_value_that_waited_shows_until_it_is_through(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """A slider does not jump back when the value before it is accepted."""
    held, then_held = Held(), Held()
    miner.misbehave("set_power_pct_v2", held, times=1)
    first = hass.async_create_task(set_number(hass, "power_percent", 90))
    await held.reached.wait()
    second = hass.async_create_task(set_number(hass, "power_percent", 60))
    miner.misbehave("set_power_pct_v2", then_held)

    held.release.set()
    await then_held.reached.wait()
    assert float(shown(hass, PERCENT)) == 60

    then_held.release.set()
    await first
    await second
    assert float(shown(hass, PERCENT)) == 60


async def test_one_failure_does_not_hide_the_next_value(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    held = hold(miner, "set_power_pct_v2", then=Refused(132), times=1)
    first = hass.async_create_task(set_number(hass, "power_percent", 90))
    await held.reached.wait()
    second = hass.async_create_task(set_number(hass, "power_percent", 60))

    held.release.set()
    with pytest.raises(HomeAssistantError):
        await first
    await second

    assert miner.state.percent == 60
    assert float(shown(hass, PERCENT)) == 60


async def test_a_failure_after_a_success_shows_the_success(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    held = hold(miner, "set_power_pct_v2", times=1)
    first = hass.async_create_task(set_number(hass, "power_percent", 90))
    await held.reached.wait()
    second = hass.async_create_task(set_number(hass, "power_percent", 60))
    miner.misbehave("set_power_pct_v2", Refused(132))

    held.release.set()
    await first
    with pytest.raises(HomeAssistantError):
        await second

    assert miner.state.percent == 90
    assert float(shown(hass, PERCENT)) == 90


async def test_settings_do_not_disturb_each_other(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    held = hold(miner, "set_power_pct_v2", times=1)
    calls = [hass.async_create_task(set_number(hass, "power_percent", 90))]
    await held.reached.wait()
    calls += [
        hass.async_create_task(set_number(hass, "temperature_offset", -5)),
        hass.async_create_task(act(hass, "switch.turn_on", WEB_POOLS)),
    ]

    held.release.set()
    for call in calls:
        await call

    assert sorted(names_of(miner.writes)) == [
        "enable_web_pools",
        "set_power_pct_v2",
        "set_temp_offset",
    ]


# Until a poll confirms it, or its time is up


async def test_a_value_that_the_miner_confirms_is_then_the_miners(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await set_mode(hass, "low")
    await hass.async_block_till_done()  # the poll that follows

    miner.state.power_mode = "high"
    await clock.next_poll()

    assert shown(hass, MODE) == "high"
    assert log_lines(caplog, logging.WARNING) == []


@pytest.mark.parametrize("miner", ["hydro_miner"], indirect=True)
async def test_what_acts_at_once_has_two_polls_to_show(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """When the time is up, the reported value is shown again, with one line in the log."""
    miner.misbehave("set_power_pct_v2", ACCEPTED_ONLY)

    await set_number(hass, "power_percent", 60)
    await hass.async_block_till_done()  # the poll that follows
    assert float(shown(hass, PERCENT)) == 60
    assert log_lines(caplog, logging.WARNING) == []

    await clock.next_poll()
    assert float(shown(hass, PERCENT)) == 100
    await clock.next_poll(3)
    assert log_lines(caplog, logging.WARNING) == [
        "Miner: power_percent was set to 60, but the miner reports 100.0"
    ]


@every_generation
async def test_a_power_off_that_did_nothing_is_seen_after_two_polls(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    miner.misbehave("power_off", ACCEPTED_ONLY)

    await act(hass, "switch.turn_off", MINING)
    await hass.async_block_till_done()  # the poll that follows
    assert shown(hass, MINING) == STATE_OFF

    await clock.next_poll()
    assert shown(hass, MINING) == STATE_ON
    assert len(log_lines(caplog, logging.WARNING)) == 1


async def test_a_poll_that_began_before_a_command_says_nothing_of_it(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await clock.next_poll()  # which reads the LED again, that was set to auto at set-up
    miner.requests.clear()
    miner.misbehave("power_off", ACCEPTED_ONLY)
    status = hold(miner, "status", times=1)
    clock.move(30)
    await status.reached.wait()
    late = hold(miner, "get_error_code", times=1)
    call = hass.async_create_task(act(hass, "switch.turn_off", MINING))
    clock.move(1)
    status.release.set()
    await late.reached.wait()
    assert names_of(miner.requests)[-2:] == ["power_off", "get_error_code"]

    late.release.set()
    await call
    await clock.tick(0)
    assert names_of(miner.requests).count(JOINED) == 1
    assert shown(hass, MINING) == STATE_OFF

    await clock.tick(10)  # the poll that follows, which had to wait for the other
    assert names_of(miner.requests).count(JOINED) == 2
    assert shown(hass, MINING) == STATE_OFF
    assert log_lines(caplog, logging.WARNING) == []

    await clock.next_poll()
    assert shown(hass, MINING) == STATE_ON
    assert len(log_lines(caplog, logging.WARNING)) == 1


@pytest.mark.parametrize(
    ("entity_id", "reported"), [(MODE, "normal"), (LIMIT, "3400.0")]
)
async def test_what_restarts_mining_has_five_minutes_to_show(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    entity_id: str,
    reported: str,
) -> None:
    """When the time is up, the reported value is shown again, with one line in the log."""
    action, data, command, expected = CHANGES[entity_id]
    miner.misbehave(command, ACCEPTED_ONLY)

    await act(hass, action, entity_id, **data)
    await clock.next_poll(9)
    assert shown(hass, entity_id) == expected
    assert log_lines(caplog, logging.WARNING) == []

    await clock.next_poll()
    assert shown(hass, entity_id) == reported
    await clock.next_poll(3)
    assert len(log_lines(caplog, logging.WARNING)) == 1


async def test_a_power_on_has_five_minutes_to_show(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Mining starts minutes after it was switched on."""
    miner.state.mining = False
    await clock.next_poll()
    miner.misbehave("power_on", ACCEPTED_ONLY)

    await act(hass, "switch.turn_on", MINING)
    await clock.next_poll(9)
    assert shown(hass, MINING) == STATE_ON

    await clock.next_poll()
    assert shown(hass, MINING) == STATE_OFF
    assert len(log_lines(caplog, logging.WARNING)) == 1


async def test_fast_boot_may_take_until_the_next_start_to_show(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    miner.misbehave("enable_btminer_fast_boot", ACCEPTED_ONLY)

    await act(hass, "switch.turn_on", FAST_BOOT)
    await clock.next_poll(30)
    assert shown(hass, FAST_BOOT) == STATE_ON
    assert log_lines(caplog, logging.WARNING) == []

    miner.state.restart()
    await clock.next_poll()
    assert shown(hass, FAST_BOOT) == STATE_OFF
    assert len(log_lines(caplog, logging.WARNING)) == 1


async def test_fast_boot_is_confirmed_by_the_start_that_it_counts_from(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Some firmware reports the value only after the start."""
    miner.misbehave("enable_btminer_fast_boot", ACCEPTED_ONLY)
    await act(hass, "switch.turn_on", FAST_BOOT)
    await clock.next_poll(5)

    miner.state.fast_boot = True
    miner.state.restart()
    await clock.next_poll(3)

    assert shown(hass, FAST_BOOT) == STATE_ON
    assert log_lines(caplog, logging.WARNING) == []


async def test_a_stop_is_no_start_for_fast_boot_to_count_from(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    miner.misbehave("enable_btminer_fast_boot", ACCEPTED_ONLY)
    await act(hass, "switch.turn_on", FAST_BOOT)
    await clock.next_poll()

    miner.state.mining = False
    await clock.next_poll(3)
    assert shown(hass, FAST_BOOT) == STATE_ON
    assert log_lines(caplog, logging.WARNING) == []

    miner.state.mining = True
    await clock.next_poll(2)
    assert shown(hass, FAST_BOOT) == STATE_OFF
    assert len(log_lines(caplog, logging.WARNING)) == 1


async def test_a_start_is_seen_even_when_the_poll_before_it_told_nothing(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """While its mining process is down a miner reports no time."""
    miner.misbehave("enable_btminer_fast_boot", ACCEPTED_ONLY)
    await act(hass, "switch.turn_on", FAST_BOOT)
    await clock.next_poll()

    for command in (JOINED, "summary", "pools", "edevs", "devs"):
        miner.misbehave(command, PROCESS_DOWN)
    miner.state.restart()
    await clock.next_poll()
    assert shown(hass, FAST_BOOT) == STATE_ON

    miner.behave()
    await clock.next_poll(2)
    assert shown(hass, FAST_BOOT) == STATE_OFF
