"""Settings that the miner does not report: how long they are remembered."""

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
    Altered,
    Clock,
    act,
    before_v2_2,
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

from .setting_changes import (
    CHANGES,
    COOLING,
    FAN_STOP,
    FAST_BOOT,
    FREQUENCY,
    LIMIT,
    MINING,
    MODE,
    OFFSET,
    PERCENT,
    UPFREQ,
    WEB_POOLS,
)


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
    """A value that changes nothing would restart mining."""
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
    hass: HomeAssistant, hass_storage: dict[str, Any], config_entry: MockConfigEntry
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
    hass: HomeAssistant, hass_storage: dict[str, Any], config_entry: MockConfigEntry
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
