"""What a setting shows: asked for, pending, reported, remembered, forgotten."""

from datetime import datetime, timedelta, tzinfo
import logging
from typing import Any, override

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.api import Command, RefusedError, commands, reader
from custom_components.whatsminer.const import DOMAIN, MEMORY_INTERVAL
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.const import ATTR_ASSUMED_STATE, STATE_OFF, STATE_ON, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from simulator import Closed, Misbehaviour, Refused, SimulatedMiner
from tests import (
    ACCEPTED_ONLY,
    JOINED,
    PROCESS_DOWN,
    Altered,
    Clock,
    Held,
    act,
    before_v2_2,
    every_generation,
    hold,
    load_entry,
    log_lines,
    names_of,
    restart,
    set_mode,
    set_number,
    shown,
    store_memory,
    stored_memory,
    unloaded,
)

PERCENT = "number.miner_power_percent"
LIMIT = "number.miner_power_limit"
OFFSET = "number.miner_temperature_offset"
MODE = "select.miner_power_mode"
MINING = "switch.miner"
FAST_BOOT = "switch.miner_fast_boot"
WEB_POOLS = "switch.miner_pools_on_web_page"
COOLING = "switch.miner_cooling_after_power_off"
FAN_STOP = "switch.miner_fans_may_stop"
FREQUENCY = "number.miner_frequency_shift"
UPFREQ = "number.miner_tuning_speed"

# How each setting is changed, the command that goes out, what it then shows.
CHANGES: dict[str, tuple[str, dict[str, Any], str, str]] = {
    MINING: ("switch.turn_off", {}, "power_off", STATE_OFF),
    FAST_BOOT: ("switch.turn_on", {}, "enable_btminer_fast_boot", STATE_ON),
    WEB_POOLS: ("switch.turn_on", {}, "enable_web_pools", STATE_ON),
    PERCENT: ("number.set_value", {"value": 60}, "set_power_pct_v2", "60.0"),
    LIMIT: ("number.set_value", {"value": 3000}, "adjust_power_limit", "3000.0"),
    OFFSET: ("number.set_value", {"value": -5}, "set_temp_offset", "-5.0"),
    MODE: ("select.select_option", {"option": "low"}, "set_low_power", "low"),
    COOLING: ("switch.turn_on", {}, "set_poweroff_cool", STATE_ON),
    FAN_STOP: ("switch.turn_on", {}, "set_fan_zero_speed", STATE_ON),
    FREQUENCY: ("number.set_value", {"value": -10}, "set_target_freq", "-10.0"),
    UPFREQ: ("number.set_value", {"value": 7}, "adjust_upfreq_speed", "7.0"),
}
every_setting = pytest.mark.parametrize("entity_id", CHANGES)


# While a command is under way


@every_setting
@pytest.mark.usefixtures("set_up")
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
@pytest.mark.usefixtures("set_up")
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


@pytest.mark.usefixtures("set_up")
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


@pytest.mark.usefixtures("set_up")
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


@pytest.mark.usefixtures("set_up")
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


@pytest.mark.usefixtures("set_up")
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


@pytest.mark.usefixtures("set_up")
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


@pytest.mark.usefixtures("set_up")
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
@pytest.mark.usefixtures("set_up")
async def test_what_acts_at_once_has_two_polls_to_show(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Then the reported value is shown again, with one line in the log."""
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
@pytest.mark.usefixtures("set_up")
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


@pytest.mark.usefixtures("set_up")
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
@pytest.mark.usefixtures("set_up")
async def test_what_restarts_mining_has_five_minutes_to_show(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    entity_id: str,
    reported: str,
) -> None:
    """Then the reported value is shown again, with one line in the log."""
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


@pytest.mark.usefixtures("set_up")
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


@pytest.mark.usefixtures("set_up")
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


@pytest.mark.usefixtures("set_up")
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


@pytest.mark.usefixtures("set_up")
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


@pytest.mark.usefixtures("set_up")
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


# What no firmware reads back


@pytest.mark.parametrize(
    ("miner", "entity_id"),
    [
        ("air_miner", OFFSET),
        ("air_miner", WEB_POOLS),
        ("air_miner", COOLING),
        ("air_miner", FAN_STOP),
        ("hydro_miner", WEB_POOLS),
        ("old_miner", WEB_POOLS),
        ("old_miner", FAST_BOOT),
        ("old_miner", FREQUENCY),
    ],
    indirect=["miner"],
)
@pytest.mark.usefixtures("set_up")
async def test_assumed_settings_outlive_a_restart_of_home_assistant(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    config_entry: MockConfigEntry,
    entity_id: str,
) -> None:
    action, data, _, expected = CHANGES[entity_id]
    assert shown(hass, entity_id) == STATE_UNKNOWN

    await act(hass, action, entity_id, **data)
    async with unloaded(hass, config_entry):
        miner.state.restart()

    assert shown(hass, entity_id) == expected


@before_v2_2
@pytest.mark.usefixtures("set_up")
async def test_power_percent_outlives_a_restart_of_home_assistant(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
) -> None:
    await set_number(hass, "power_percent", 60)
    await clock.next_poll(2)

    async with unloaded(hass, config_entry):
        clock.move(3600)

    assert float(shown(hass, PERCENT)) == 60


@before_v2_2
@pytest.mark.usefixtures("set_up")
async def test_power_percent_is_forgotten_when_mining_began_anew_meanwhile(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
) -> None:
    await set_number(hass, "power_percent", 60)

    async with unloaded(hass, config_entry):
        miner.state.restart()
        clock.move(300)

    assert shown(hass, PERCENT) == STATE_UNKNOWN


@pytest.mark.usefixtures("set_up")
async def test_power_percent_is_forgotten_when_mining_was_stopped_meanwhile(
    hass: HomeAssistant, miner: SimulatedMiner, config_entry: MockConfigEntry
) -> None:
    await set_number(hass, "power_percent", 60)

    async with unloaded(hass, config_entry):
        miner.state.stop("by hand")
    assert shown(hass, PERCENT) == STATE_UNKNOWN

    miner.state.mining = True
    await restart(hass, config_entry)
    assert shown(hass, PERCENT) == STATE_UNKNOWN


@before_v2_2
@pytest.mark.usefixtures("set_up")
async def test_power_percent_is_forgotten_when_mining_stops(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    await set_number(hass, "power_percent", 60)
    await clock.next_poll()

    miner.state.stop("by hand")
    await clock.next_poll(2)

    assert shown(hass, PERCENT) == STATE_UNKNOWN


@before_v2_2
@pytest.mark.usefixtures("set_up")
async def test_power_percent_is_forgotten_when_mining_restarts(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    await set_number(hass, "power_percent", 60)
    await clock.next_poll()

    miner.state.restart()
    await clock.next_poll()

    assert shown(hass, PERCENT) == STATE_UNKNOWN


@pytest.mark.parametrize("entity_id", [MINING, LIMIT, MODE, FREQUENCY])
@pytest.mark.usefixtures("set_up")
async def test_power_percent_is_forgotten_with_a_command_that_starts_a_new_run(
    hass: HomeAssistant, miner: SimulatedMiner, entity_id: str
) -> None:
    action, data, _, _ = CHANGES[entity_id]
    await set_number(hass, "power_percent", 60)

    await act(hass, action, entity_id, **data)

    assert shown(hass, PERCENT) == STATE_UNKNOWN


@pytest.mark.parametrize("command", [commands.restart_btminer(), commands.reboot()])
async def test_power_percent_is_forgotten_with_commands_that_have_no_entity(
    hass: HomeAssistant, set_up: WhatsminerCoordinator, command: Command
) -> None:
    """Any command that starts a new run counts."""
    await set_number(hass, "power_percent", 60)

    await set_up.async_send(command)

    assert shown(hass, PERCENT) == STATE_UNKNOWN


@pytest.mark.parametrize("miner", ["hydro_miner"], indirect=True)
@pytest.mark.usefixtures("set_up")
async def test_a_pending_percentage_ends_with_the_run(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    miner.misbehave("set_power_pct_v2", ACCEPTED_ONLY)
    await set_number(hass, "power_percent", 60)
    assert float(shown(hass, PERCENT)) == 60

    await act(hass, "switch.turn_off", MINING)
    assert float(shown(hass, PERCENT)) == 100
    await clock.next_poll(3)
    assert log_lines(caplog, logging.WARNING) == []


@pytest.mark.usefixtures("set_up")
async def test_power_percent_is_kept_when_such_a_command_is_refused(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    await set_number(hass, "power_percent", 60)
    miner.misbehave("set_low_power", Refused(132))

    with pytest.raises(HomeAssistantError):
        await set_mode(hass, "low")
    await clock.next_poll(3)

    assert float(shown(hass, PERCENT)) == 60


@pytest.mark.usefixtures("set_up")
async def test_power_percent_is_kept_over_an_outage(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """A cable that was pulled does not stop the mining."""
    await set_number(hass, "power_percent", 60)
    await miner.disconnect()
    await clock.next_poll(20)

    miner.reconnect()
    await clock.next_poll()

    assert float(shown(hass, PERCENT)) == 60


@before_v2_2
@pytest.mark.parametrize("drift", [-1, 1, -0.7])
@pytest.mark.usefixtures("set_up")
async def test_power_percent_is_kept_while_two_clocks_drift_apart(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    drift: float,
) -> None:
    """Clocks that drift by half a minute, also over a restart, do not make a new run."""
    await set_number(hass, "power_percent", 60)
    clock.miners.clear()

    for _ in range(70):
        miner.advance(30 + drift)
        await clock.next_poll()
        assert float(shown(hass, PERCENT)) == 60
    await restart(hass, config_entry)
    assert float(shown(hass, PERCENT)) == 60

    clock.miners.append(miner)
    miner.state.restart()
    await clock.next_poll(2)
    assert shown(hass, PERCENT) == STATE_UNKNOWN


@pytest.mark.parametrize(
    "step", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=9000)], ids=str
)
@pytest.mark.usefixtures("set_up")
async def test_power_percent_is_kept_when_the_clock_of_the_house_is_put_right(
    hass: HomeAssistant,
    clock: Clock,
    config_entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    step: timedelta,
) -> None:
    """A board without a battery gets the time late."""
    await set_number(hass, "power_percent", 60)
    await clock.next_poll(2)

    class PutRight(datetime):
        """A clock that is put right: only the time of day changes, the monotonic clock does not."""

        @classmethod
        @override
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            """Return the time as it is known by now."""
            return datetime.now(tz) + step

    monkeypatch.setattr(reader, "datetime", PutRight)
    await clock.next_poll(3)
    assert float(shown(hass, PERCENT)) == 60
    await restart(hass, config_entry)

    assert float(shown(hass, PERCENT)) == 60


@pytest.mark.usefixtures("set_up")
async def test_a_percentage_set_while_mining_starts_is_kept(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
) -> None:
    miner.state.stop("by hand")
    await clock.next_poll()
    await act(hass, "switch.turn_on", MINING)
    await set_number(hass, "power_percent", 60)

    await clock.next_poll(5)
    assert float(shown(hass, PERCENT)) == 60
    await restart(hass, config_entry)
    assert float(shown(hass, PERCENT)) == 60

    miner.state.restart()
    await clock.next_poll()
    assert shown(hass, PERCENT) == STATE_UNKNOWN


@pytest.mark.parametrize("miner", ["hydro_miner"], indirect=True)
@pytest.mark.usefixtures("set_up")
async def test_a_reported_percentage_is_read_not_remembered(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    hass_storage: dict[str, Any],
    config_entry: MockConfigEntry,
) -> None:
    await set_number(hass, "power_percent", 60)
    await hass.async_block_till_done()  # the poll that follows
    miner.state.percent = 75
    await clock.next_poll()
    await clock.tick(MEMORY_INTERVAL)

    assert float(shown(hass, PERCENT)) == 75
    assert "power_percent" not in stored_memory(hass_storage, config_entry)["settings"]


# What only some firmware reads back


@pytest.mark.parametrize(
    ("miner", "silent", "entity_id", "expected"),
    [
        ("air_miner", False, FREQUENCY, "0.0"),
        ("hydro_miner", False, FREQUENCY, "0.0"),
        ("old_miner", False, FREQUENCY, None),
        ("air_miner", True, FREQUENCY, None),
        ("hydro_miner", True, FREQUENCY, None),
        ("air_miner", False, UPFREQ, "0.0"),
        ("hydro_miner", False, UPFREQ, "0.0"),
        ("air_miner", True, UPFREQ, None),
        ("hydro_miner", True, UPFREQ, None),
    ],
    indirect=["miner"],
)
async def test_a_setting_is_assumed_only_where_this_firmware_does_not_tell_it(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    chosen_platforms: None,
    silent: bool,
    entity_id: str,
    expected: str | None,
) -> None:
    """`hash_percent` is empty on some firmware; `upfreq_speed` is missing on older ones."""
    if silent and entity_id == FREQUENCY:
        miner.misbehave("status", Altered('"hash_percent":"0"', '"hash_percent":""'))
    elif silent:
        miner.misbehave("get_miner_info", Altered('"upfreq_speed"', '"unknown"'))
    await load_entry(hass, config_entry)

    state = hass.states.get(entity_id)
    assert state is not None
    assert state.attributes.get(ATTR_ASSUMED_STATE, False) is (expected is None)
    assert state.state == (expected or STATE_UNKNOWN)

    miner.behave()
    miner.state.target_freq = -20
    miner.state.upfreq_speed = 3
    # Until the slow readings come round; it may be set up anew.
    await clock.next_poll(20)
    if miner.generation != "v1":
        assert float(shown(hass, entity_id)) == (-20 if entity_id == FREQUENCY else 3)


@pytest.mark.usefixtures("set_up")
async def test_a_frequency_that_the_miner_reports_is_not_sent_again(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """Sending it would restart mining for nothing."""
    await set_number(hass, "frequency_shift", 0)

    assert miner.requests == []


@pytest.mark.parametrize("miner", ["old_miner"], indirect=True)
@pytest.mark.usefixtures("set_up")
async def test_a_frequency_that_is_assumed_is_not_sent_again(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
) -> None:
    """The value that was accepted last counts; while it is unknown, everything is sent."""
    for _ in range(2):
        await set_number(hass, "frequency_shift", 0)
        await clock.next_poll(3)
    await restart(hass, config_entry)
    await set_number(hass, "frequency_shift", 0)

    assert names_of(miner.writes) == ["set_target_freq"]


# What a factory reset forgets


@pytest.mark.parametrize(
    "how", [None, Closed(execute=True)], ids=["confirmed", "in-silence"]
)
async def test_a_factory_reset_forgets_everything(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    hass_storage: dict[str, Any],
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
    how: Misbehaviour | None,
) -> None:
    assumed = (PERCENT, OFFSET, WEB_POOLS, COOLING, FAN_STOP)
    for entity_id in assumed:
        action, data, _, expected = CHANGES[entity_id]
        await act(hass, action, entity_id, **data)
        assert shown(hass, entity_id) == expected
    if how:
        miner.misbehave("factory_reset", how)

    await set_up.async_send(commands.factory_reset())

    assert [shown(hass, entity_id) for entity_id in assumed] == [STATE_UNKNOWN] * 5
    assert stored_memory(hass_storage, config_entry)["settings"] == {}


async def test_a_factory_reset_ends_what_is_pending(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    set_up: WhatsminerCoordinator,
) -> None:
    miner.misbehave("set_low_power", ACCEPTED_ONLY)
    miner.misbehave("enable_btminer_fast_boot", ACCEPTED_ONLY)
    await set_mode(hass, "low")
    await act(hass, "switch.turn_on", FAST_BOOT)

    await set_up.async_send(commands.factory_reset())

    assert shown(hass, MODE) == "normal"
    assert shown(hass, FAST_BOOT) == STATE_OFF
    await clock.next_poll(15)
    assert log_lines(caplog, logging.WARNING) == []


async def test_a_factory_reset_that_is_refused_forgets_nothing(
    hass: HomeAssistant, miner: SimulatedMiner, set_up: WhatsminerCoordinator
) -> None:
    await set_number(hass, "temperature_offset", -5)
    miner.misbehave("factory_reset", Refused(132))

    with pytest.raises(RefusedError):
        await set_up.async_send(commands.factory_reset())

    assert float(shown(hass, OFFSET)) == -5


# What is not sent because it would change nothing


@pytest.mark.usefixtures("set_up")
async def test_the_present_mode_is_not_sent(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """Sending it would restart mining for nothing."""
    await set_mode(hass, "normal")

    assert miner.requests == []


@pytest.mark.usefixtures("set_up")
async def test_a_pending_mode_is_not_sent_again(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.misbehave("set_low_power", ACCEPTED_ONLY)
    await set_mode(hass, "low")
    await clock.next_poll(3)

    await set_mode(hass, "low")

    assert names_of(miner.writes) == ["set_low_power"]


@pytest.mark.usefixtures("set_up")
async def test_a_mode_that_is_under_way_is_not_sent_again(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    held = hold(miner, "set_low_power")
    first = hass.async_create_task(set_mode(hass, "low"))
    await held.reached.wait()

    await set_mode(hass, "low")
    held.release.set()
    await first

    assert names_of(miner.writes) == ["set_low_power"]


@pytest.mark.usefixtures("set_up")
async def test_one_can_go_back_from_a_pending_mode(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.misbehave("set_low_power", ACCEPTED_ONLY)
    await set_mode(hass, "low")
    await clock.next_poll(3)

    await set_mode(hass, "normal")

    assert names_of(miner.writes) == ["set_low_power", "set_normal_power"]


@pytest.mark.usefixtures("set_up")
async def test_the_same_percentage_is_sent_again(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """A percentage restarts nothing, and the miner may have forgotten it."""
    await set_number(hass, "power_percent", 60)
    await set_number(hass, "power_percent", 60)

    assert [write["percent"] for write in miner.writes] == ["60", "60"]


# The power limit


@pytest.mark.usefixtures("set_up")
async def test_a_limit_that_the_miner_clamps_is_sent_once(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """An automation may ask for too much every hour; mining restarts once.

    What is shown is what was asked for, where the firmware reports it.
    """
    await set_number(hass, "power_limit", 9000)
    await clock.next_poll(20)
    assert miner.state.limit == 3400
    assert float(shown(hass, LIMIT)) == 9000
    await set_number(hass, "power_limit", 9000)

    assert names_of(miner.writes) == ["adjust_power_limit"]


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.usefixtures("set_up")
async def test_a_clamped_limit_is_sent_once_where_requests_are_not_reported(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    restarts: bool,
) -> None:
    """On firmware that reports only the limit in force, the request is remembered."""
    miner.misbehave("status", Altered('"power_limit_set"', '"unknown"'))
    await set_number(hass, "power_limit", 9000)
    await clock.next_poll(20)
    assert float(shown(hass, LIMIT)) == 3400

    if restarts:
        await restart(hass, config_entry)
    await set_number(hass, "power_limit", 9000)

    assert names_of(miner.writes).count("adjust_power_limit") == 1


@pytest.mark.usefixtures("set_up")
async def test_a_limit_that_comes_into_force_late_is_sent_once(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.misbehave("status", Altered('"power_limit_set"', '"unknown"'))
    miner.misbehave("adjust_power_limit", ACCEPTED_ONLY)
    await set_number(hass, "power_limit", 3000)
    await clock.next_poll(2)
    miner.state.power_limit = 3000
    await clock.next_poll(2)

    await set_number(hass, "power_limit", 3000)

    assert names_of(miner.writes) == ["adjust_power_limit"]


@pytest.mark.usefixtures("set_up")
async def test_a_limit_that_somebody_else_changed_can_be_set_again(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    await set_number(hass, "power_limit", 3000)
    await clock.next_poll(3)
    miner.state.power_limit = 2500
    await clock.next_poll()
    assert float(shown(hass, LIMIT)) == 2500

    await set_number(hass, "power_limit", 3000)

    assert names_of(miner.writes) == ["adjust_power_limit", "adjust_power_limit"]
    assert miner.state.limit == 3000


@pytest.mark.usefixtures("set_up")
async def test_a_limit_that_was_changed_while_home_assistant_was_off_can_be_set_again(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
) -> None:
    """What is stored is compared with what the miner reports now."""
    await set_number(hass, "power_limit", 3000)
    await clock.next_poll(3)
    async with unloaded(hass, config_entry):
        miner.state.power_limit = 2500
    await set_number(hass, "power_limit", 3000)

    assert names_of(miner.writes)[-1] == "adjust_power_limit"
    assert miner.state.limit == 3000


@pytest.mark.usefixtures("set_up")
async def test_a_limit_of_zero_during_recalibration_is_no_reading(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    assert float(shown(hass, LIMIT)) == 3400
    miner.state.restart()
    await clock.next_poll()
    assert miner.state.telemetry().power_limit == 0
    assert float(shown(hass, LIMIT)) == 3400

    await clock.next_poll(3)
    assert float(shown(hass, LIMIT)) == 3400


@pytest.mark.parametrize("is_reported", [True, False], ids=["reported", "not-reported"])
@pytest.mark.usefixtures("set_up")
async def test_a_status_that_is_refused_once_says_nothing_of_the_limit(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    hass_storage: dict[str, Any],
    config_entry: MockConfigEntry,
    is_reported: bool,
) -> None:
    """Without the status the limit in force is no sign that it was changed elsewhere."""
    usual = Altered(
        '"power_limit_set"', '"power_limit_set"' if is_reported else '"unknown"'
    )
    miner.misbehave("status", usual)
    await set_number(hass, "power_limit", 9000)
    await clock.next_poll(20)
    limit, before = (
        shown(hass, LIMIT),
        stored_memory(hass_storage, config_entry)["settings"]["power_limit"],
    )
    assert float(limit) == (9000 if is_reported else 3400)
    assert before["value"] == 9000

    miner.misbehave("status", Refused(132), times=1)
    await clock.next_poll()
    assert shown(hass, LIMIT) == limit
    await set_number(hass, "power_limit", 9000)
    miner.misbehave("status", usual)
    await clock.next_poll()
    assert shown(hass, LIMIT) == limit
    await set_number(hass, "power_limit", 9000)

    assert (
        stored_memory(hass_storage, config_entry)["settings"]["power_limit"] == before
    )
    assert names_of(miner.writes) == ["adjust_power_limit"]


@pytest.mark.usefixtures("set_up")
async def test_the_limit_in_force_is_no_request(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """A limit that is in force only because of the mode has to hold in other modes, too."""
    miner.state.power_mode = "low"
    await clock.next_poll()
    in_force = float(shown(hass, LIMIT))
    assert in_force == miner.state.limit

    await set_number(hass, "power_limit", in_force)

    assert names_of(miner.writes) == ["adjust_power_limit"]


@pytest.mark.parametrize("is_reported", [True, False], ids=["reported", "not-reported"])
@pytest.mark.usefixtures("set_up")
async def test_the_limit_can_be_given_back(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    is_reported: bool,
) -> None:
    """A limit of 99999 restores the factory's limit, without a warning."""
    if not is_reported:
        miner.misbehave("status", Altered('"power_limit_set"', '"unknown"'))
    await set_number(hass, "power_limit", 3000)
    await clock.next_poll(3)

    await set_number(hass, "power_limit", 99_999)
    assert miner.state.power_limit is None
    await clock.next_poll(15)
    assert float(shown(hass, LIMIT)) == 3400
    assert log_lines(caplog, logging.WARNING) == []

    miner.writes.clear()
    await set_number(hass, "power_limit", 99_999)
    assert miner.writes == []

    await set_number(hass, "power_limit", 3000)
    assert miner.state.power_limit == 3000


# What is stored


async def test_only_what_changed_is_stored(
    hass: HomeAssistant,
    clock: Clock,
    hass_storage: dict[str, Any],
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
) -> None:
    await set_number(hass, "temperature_offset", -5)
    key = f"{DOMAIN}.{config_entry.entry_id}"
    settings = hass_storage.pop(key)["data"]["settings"]
    assert settings["temperature_offset"] == {"value": -5}

    await clock.next_poll(5)

    assert key not in hass_storage


async def test_a_value_is_stored_even_if_home_assistant_dies_right_after(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
) -> None:
    await act(hass, "switch.turn_off", WEB_POOLS)

    assert stored_memory(hass_storage, config_entry)["settings"]["web_pools"] == {
        "value": False
    }


async def test_what_was_stored_is_shown_after_a_restart(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    config_entry: MockConfigEntry,
    chosen_platforms: None,
) -> None:
    store_memory(
        hass_storage,
        config_entry,
        settings={
            "temperature_offset": {"value": -7},
            "web_pools": {"value": False},
            "power_percent": {"value": 55, "mining_since": "2026-10-31T00:00:00+00:00"},
        },
    )

    await load_entry(hass, config_entry)

    assert float(shown(hass, OFFSET)) == -7
    assert shown(hass, WEB_POOLS) == STATE_OFF
    assert float(shown(hass, PERCENT)) == 55


async def test_a_percentage_of_nobody_knows_which_run_is_not_shown(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    config_entry: MockConfigEntry,
    chosen_platforms: None,
) -> None:
    store_memory(hass_storage, config_entry, settings={"power_percent": {"value": 55}})

    await load_entry(hass, config_entry)

    assert shown(hass, PERCENT) == STATE_UNKNOWN


@pytest.mark.parametrize(
    ("apart", "kept"), [(timedelta(seconds=20), True), (timedelta(seconds=40), False)]
)
async def test_two_clocks_may_differ_by_half_a_minute(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    config_entry: MockConfigEntry,
    chosen_platforms: None,
    clock: Clock,
    apart: timedelta,
    kept: bool,
) -> None:
    started = clock.freezer().replace(microsecond=0) - timedelta(days=1) + apart
    store_memory(
        hass_storage,
        config_entry,
        settings={
            "power_percent": {"value": 55, "mining_since": f"{started:%FT%T}+00:00"}
        },
    )

    await load_entry(hass, config_entry)

    assert (shown(hass, PERCENT) == "55.0") is kept


@pytest.mark.usefixtures("set_up")
async def test_pending_values_stay_while_the_miner_is_away(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.misbehave("set_low_power", ACCEPTED_ONLY)
    await set_mode(hass, "low")
    await miner.disconnect()
    await clock.next_poll(3)
    miner.reconnect()
    await clock.next_poll()
    assert shown(hass, MODE) == "low"

    miner.state.power_mode = "low"
    await clock.next_poll(10)
    assert shown(hass, MODE) == "low"


# Values that become unknown


@pytest.mark.usefixtures("set_up")
async def test_an_assumed_setting_is_unknown_after_a_lost_answer(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    miner: SimulatedMiner,
    config_entry: MockConfigEntry,
) -> None:
    """The miner may have done it or not, and never reports it."""
    switch = "switch.miner_fans_may_stop"
    await act(hass, "switch.turn_on", switch)
    assert shown(hass, switch) == STATE_ON
    miner.misbehave("set_fan_zero_speed", Closed(execute=True))

    with pytest.raises(HomeAssistantError):
        await act(hass, "switch.turn_off", switch)

    assert shown(hass, switch) == STATE_UNKNOWN
    settings = stored_memory(hass_storage, config_entry)["settings"]
    assert "fan_zero_speed" not in settings


@pytest.mark.usefixtures("set_up")
async def test_an_assumed_setting_is_kept_when_the_miner_refuses_another(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    switch = "switch.miner_fans_may_stop"
    await act(hass, "switch.turn_on", switch)
    miner.misbehave("set_fan_zero_speed", Refused(132))

    with pytest.raises(HomeAssistantError):
        await act(hass, "switch.turn_off", switch)

    assert shown(hass, switch) == STATE_ON
