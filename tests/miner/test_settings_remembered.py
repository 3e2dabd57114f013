"""Settings that the miner does not report: how long they are remembered."""

from datetime import datetime, timedelta, tzinfo
from typing import override

import pytest

from custom_components.whatsminer.api import Command, RefusedError, commands, freshness
from custom_components.whatsminer.const import MEMORY_INTERVAL
from homeassistant.const import ATTR_ASSUMED_STATE, STATE_OFF, STATE_ON, STATE_UNKNOWN
from homeassistant.exceptions import HomeAssistantError
from simulator import Closed, Misbehaviour, Refused
from tests import ACCEPTED_ONLY, Altered, before_v2_2

from . import Rig
from .setting_changes import (
    CHANGES,
    CHANGES_OF_V2_2,
    COOLING,
    FAN_STOP,
    FAST_BOOT,
    FREQUENCY,
    HEAT_MODE,
    LIMIT,
    MINING,
    MODE,
    OFFSET,
    PERCENT,
    START_AFTER_BOOT,
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
        ("hydro_miner", HEAT_MODE),
        ("hydro_miner", START_AFTER_BOOT),
        ("old_miner", WEB_POOLS),
        ("old_miner", FAST_BOOT),
        ("old_miner", FREQUENCY),
    ],
    indirect=["miner"],
)
async def test_assumed_settings_outlive_a_restart_of_home_assistant(
    rig: Rig, entity_id: str
) -> None:
    action, data, _, expected = (CHANGES | CHANGES_OF_V2_2)[entity_id]
    assert rig.state_of(entity_id) == STATE_UNKNOWN

    await rig.act(action, entity_id, **data)
    async with rig.unloaded():
        rig.miner.state.restart()

    assert rig.state_of(entity_id) == expected


@before_v2_2
async def test_power_percent_outlives_a_restart_of_home_assistant(rig: Rig) -> None:
    await rig.set_number("power_percent", 60)
    await rig.clock.next_poll(2)

    async with rig.unloaded():
        rig.clock.move(3600)

    assert float(rig.state_of(PERCENT)) == 60


@before_v2_2
async def test_power_percent_is_forgotten_when_mining_began_anew_meanwhile(
    rig: Rig,
) -> None:
    await rig.set_number("power_percent", 60)

    async with rig.unloaded():
        rig.miner.state.restart()
        rig.clock.move(300)

    assert rig.state_of(PERCENT) == STATE_UNKNOWN


async def test_power_percent_is_forgotten_when_mining_was_stopped_meanwhile(
    rig: Rig,
) -> None:
    await rig.set_number("power_percent", 60)

    async with rig.unloaded():
        rig.miner.state.stop("by hand")
    assert rig.state_of(PERCENT) == STATE_UNKNOWN

    rig.miner.state.mining = True
    await rig.restart()
    assert rig.state_of(PERCENT) == STATE_UNKNOWN


@before_v2_2
async def test_power_percent_is_forgotten_when_mining_stops(rig: Rig) -> None:
    await rig.set_number("power_percent", 60)
    await rig.clock.next_poll()

    rig.miner.state.stop("by hand")
    await rig.clock.next_poll(2)

    assert rig.state_of(PERCENT) == STATE_UNKNOWN


@before_v2_2
async def test_power_percent_is_forgotten_when_mining_restarts(rig: Rig) -> None:
    await rig.set_number("power_percent", 60)
    await rig.clock.next_poll()

    rig.miner.state.restart()
    await rig.clock.next_poll()

    assert rig.state_of(PERCENT) == STATE_UNKNOWN


@pytest.mark.parametrize("entity_id", [MINING, LIMIT, MODE, FREQUENCY])
async def test_power_percent_is_forgotten_with_a_command_that_starts_a_new_run(
    rig: Rig, entity_id: str
) -> None:
    action, data, _, _ = CHANGES[entity_id]
    await rig.set_number("power_percent", 60)

    await rig.act(action, entity_id, **data)

    assert rig.state_of(PERCENT) == STATE_UNKNOWN


@pytest.mark.parametrize("command", [commands.restart_mining(), commands.reboot()])
async def test_power_percent_is_forgotten_with_commands_that_have_no_entity(
    rig: Rig, command: Command
) -> None:
    """Any command that starts a new run counts."""
    await rig.set_number("power_percent", 60)

    await rig.coordinator.async_send(command)

    assert rig.state_of(PERCENT) == STATE_UNKNOWN


@pytest.mark.parametrize("miner", ["hydro_miner"], indirect=True)
async def test_a_pending_percentage_ends_with_the_run(rig: Rig) -> None:
    rig.miner.misbehave("set_power_pct_v2", ACCEPTED_ONLY)
    await rig.set_number("power_percent", 60)
    assert float(rig.state_of(PERCENT)) == 60

    await rig.act("switch.turn_off", MINING)
    assert float(rig.state_of(PERCENT)) == 100
    await rig.clock.next_poll(3)
    assert rig.warnings == []


async def test_power_percent_is_kept_when_such_a_command_is_refused(rig: Rig) -> None:
    await rig.set_number("power_percent", 60)
    rig.miner.misbehave("set_low_power", Refused(132))

    with pytest.raises(HomeAssistantError):
        await rig.set_mode("low")
    await rig.clock.next_poll(3)

    assert float(rig.state_of(PERCENT)) == 60


async def test_power_percent_is_kept_over_an_outage(rig: Rig) -> None:
    """A cable that was pulled does not stop the mining."""
    await rig.set_number("power_percent", 60)
    await rig.miner.disconnect()
    await rig.clock.next_poll(20)

    rig.miner.reconnect()
    await rig.clock.next_poll()

    assert float(rig.state_of(PERCENT)) == 60


@before_v2_2
@pytest.mark.parametrize("drift", [-1, 1, -0.7])
async def test_power_percent_is_kept_while_two_clocks_drift_apart(
    rig: Rig, drift: float
) -> None:
    """Clocks that drift by half a minute, also over a restart, do not make a new run."""
    await rig.set_number("power_percent", 60)
    rig.clock.miners.clear()

    for _ in range(70):
        rig.miner.advance(30 + drift)
        await rig.clock.next_poll()
        assert float(rig.state_of(PERCENT)) == 60
    await rig.restart()
    assert float(rig.state_of(PERCENT)) == 60

    rig.clock.miners.append(rig.miner)
    rig.miner.state.restart()
    await rig.clock.next_poll(2)
    assert rig.state_of(PERCENT) == STATE_UNKNOWN


@pytest.mark.parametrize(
    "step", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=9000)], ids=str
)
async def test_power_percent_is_kept_when_the_clock_of_the_house_is_put_right(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, step: timedelta
) -> None:
    """A board without a battery gets the time late."""
    await rig.set_number("power_percent", 60)
    await rig.clock.next_poll(2)

    class PutRight(datetime):
        """A clock that is put right: only the time of day changes, the monotonic clock does not."""

        @classmethod
        @override
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            """Return the time as it is known by now."""
            return datetime.now(tz) + step

    monkeypatch.setattr(freshness, "datetime", PutRight)
    await rig.clock.next_poll(3)
    assert float(rig.state_of(PERCENT)) == 60
    await rig.restart()

    assert float(rig.state_of(PERCENT)) == 60


@pytest.mark.parametrize("miner", ["hydro_miner"], indirect=True)
async def test_a_reported_percentage_is_read_not_remembered(rig: Rig) -> None:
    await rig.set_number("power_percent", 60)
    await rig.settle()  # the poll that follows
    rig.miner.state.percent = 75
    await rig.clock.next_poll()
    await rig.clock.tick(MEMORY_INTERVAL)

    assert float(rig.state_of(PERCENT)) == 75
    assert "power_percent" not in rig.stored["settings"]


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
    new_rig: Rig, silent: bool, entity_id: str, expected: str | None
) -> None:
    """`hash_percent` is empty on some firmware; `upfreq_speed` is missing on older ones."""
    if silent and entity_id == FREQUENCY:
        new_rig.miner.misbehave(
            "status", Altered('"hash_percent":"0"', '"hash_percent":""')
        )
    elif silent:
        new_rig.miner.misbehave(
            "get_miner_info", Altered('"upfreq_speed"', '"unknown"')
        )
    await new_rig.load()

    state = new_rig.hass.states.get(entity_id)
    assert state is not None
    assert state.attributes.get(ATTR_ASSUMED_STATE, False) is (expected is None)
    assert state.state == (expected or STATE_UNKNOWN)

    new_rig.miner.behave()
    new_rig.miner.state.target_freq = -20
    new_rig.miner.state.upfreq_speed = 3
    # Until the slow readings come round; it may be set up anew.
    await new_rig.clock.next_poll(20)
    if new_rig.miner.generation != "v1":
        assert float(new_rig.state_of(entity_id)) == (
            -20 if entity_id == FREQUENCY else 3
        )


async def test_a_frequency_that_the_miner_reports_is_not_sent_again(rig: Rig) -> None:
    """A value that changes nothing would restart mining."""
    await rig.set_number("frequency_shift", 0)

    assert rig.miner.requests == []


@pytest.mark.parametrize("miner", ["old_miner"], indirect=True)
async def test_a_frequency_that_is_assumed_is_not_sent_again(rig: Rig) -> None:
    """The value that was accepted last counts; while it is unknown, everything is sent."""
    for _ in range(2):
        await rig.set_number("frequency_shift", 0)
        await rig.clock.next_poll(3)
    await rig.restart()
    await rig.set_number("frequency_shift", 0)

    assert rig.sent == ["set_target_freq"]


@pytest.mark.parametrize(
    "how", [None, Closed(execute=True)], ids=["confirmed", "in-silence"]
)
async def test_a_factory_reset_forgets_everything(
    rig: Rig, how: Misbehaviour | None
) -> None:
    assumed = (PERCENT, OFFSET, WEB_POOLS, COOLING, FAN_STOP)
    for entity_id in assumed:
        action, data, _, expected = CHANGES[entity_id]
        await rig.act(action, entity_id, **data)
        assert rig.state_of(entity_id) == expected
    if how:
        rig.miner.misbehave("factory_reset", how)

    await rig.coordinator.async_send(commands.factory_reset())

    assert [rig.state_of(entity_id) for entity_id in assumed] == [STATE_UNKNOWN] * 5
    assert rig.stored["settings"] == {}


@pytest.mark.parametrize("miner", ["hydro_miner"], indirect=True)
async def test_a_factory_reset_forgets_what_only_v2_2_has(rig: Rig) -> None:
    for entity_id, (action, data, command, expected) in CHANGES_OF_V2_2.items():
        await rig.act(action, entity_id, **data)
        assert rig.sent[-1] == command
        await rig.clock.next_poll(15)
        assert rig.state_of(entity_id) == expected

    await rig.coordinator.async_send(commands.factory_reset())

    assert [rig.state_of(key) for key in CHANGES_OF_V2_2] == [STATE_UNKNOWN] * 2
    assert rig.warnings == []


async def test_a_factory_reset_ends_what_is_pending(rig: Rig) -> None:
    rig.miner.misbehave("set_low_power", ACCEPTED_ONLY)
    rig.miner.misbehave("enable_btminer_fast_boot", ACCEPTED_ONLY)
    await rig.set_mode("low")
    await rig.act("switch.turn_on", FAST_BOOT)

    await rig.coordinator.async_send(commands.factory_reset())

    assert rig.state_of(MODE) == "normal"
    assert rig.state_of(FAST_BOOT) == STATE_OFF
    await rig.clock.next_poll(15)
    assert rig.warnings == []


async def test_a_factory_reset_that_is_refused_forgets_nothing(rig: Rig) -> None:
    await rig.set_number("temperature_offset", -5)
    rig.miner.misbehave("factory_reset", Refused(132))

    with pytest.raises(RefusedError):
        await rig.coordinator.async_send(commands.factory_reset())

    assert float(rig.state_of(OFFSET)) == -5


async def test_only_what_changed_is_stored(rig: Rig) -> None:
    await rig.set_number("temperature_offset", -5)
    key = rig.storage_key
    settings = rig.storage.pop(key)["data"]["settings"]
    assert settings["temperature_offset"] == {"value": -5}

    await rig.clock.next_poll(5)

    assert key not in rig.storage


async def test_a_value_is_stored_even_if_home_assistant_dies_right_after(
    rig: Rig,
) -> None:
    await rig.act("switch.turn_off", WEB_POOLS)

    assert rig.stored["settings"]["web_pools"] == {"value": False}


async def test_what_was_stored_is_shown_after_a_restart(new_rig: Rig) -> None:
    new_rig.store(
        settings={
            "temperature_offset": {"value": -7},
            "web_pools": {"value": False},
            "power_percent": {"value": 55, "mining_since": "2026-10-31T00:00:00+00:00"},
        },
    )

    await new_rig.load()

    assert float(new_rig.state_of(OFFSET)) == -7
    assert new_rig.state_of(WEB_POOLS) == STATE_OFF
    assert float(new_rig.state_of(PERCENT)) == 55


async def test_a_percentage_of_nobody_knows_which_run_is_not_shown(
    new_rig: Rig,
) -> None:
    new_rig.store(settings={"power_percent": {"value": 55}})

    await new_rig.load()

    assert new_rig.state_of(PERCENT) == STATE_UNKNOWN


@pytest.mark.parametrize(
    ("apart", "kept"), [(timedelta(seconds=20), True), (timedelta(seconds=40), False)]
)
async def test_two_clocks_may_differ_by_half_a_minute(
    new_rig: Rig, apart: timedelta, kept: bool
) -> None:
    started = new_rig.clock.freezer().replace(microsecond=0) - timedelta(days=1) + apart
    new_rig.store(
        settings={
            "power_percent": {"value": 55, "mining_since": f"{started:%FT%T}+00:00"}
        },
    )

    await new_rig.load()

    assert (new_rig.state_of(PERCENT) == "55.0") is kept


async def test_pending_values_stay_while_the_miner_is_away(rig: Rig) -> None:
    rig.miner.misbehave("set_low_power", ACCEPTED_ONLY)
    await rig.set_mode("low")
    await rig.miner.disconnect()
    await rig.clock.next_poll(3)
    rig.miner.reconnect()
    await rig.clock.next_poll()
    assert rig.state_of(MODE) == "low"

    rig.miner.state.power_mode = "low"
    await rig.clock.next_poll(10)
    assert rig.state_of(MODE) == "low"


async def test_an_assumed_setting_is_unknown_after_a_lost_answer(rig: Rig) -> None:
    """The miner may have done it or not, and never reports it."""
    switch = "switch.miner_fans_may_stop"
    await rig.act("switch.turn_on", switch)
    assert rig.state_of(switch) == STATE_ON
    rig.miner.misbehave("set_fan_zero_speed", Closed(execute=True))

    with pytest.raises(HomeAssistantError):
        await rig.act("switch.turn_off", switch)

    assert rig.state_of(switch) == STATE_UNKNOWN
    settings = rig.stored["settings"]
    assert "fan_zero_speed" not in settings


async def test_an_assumed_setting_is_kept_when_the_miner_refuses_another(
    rig: Rig,
) -> None:
    switch = "switch.miner_fans_may_stop"
    await rig.act("switch.turn_on", switch)
    rig.miner.misbehave("set_fan_zero_speed", Refused(132))

    with pytest.raises(HomeAssistantError):
        await rig.act("switch.turn_off", switch)

    assert rig.state_of(switch) == STATE_ON
