"""What a setting shows while a command is under way, and until a poll confirms it."""

import asyncio
import time

import pytest

from custom_components.whatsminer.api import Capabilities, Snapshot, commands
from custom_components.whatsminer.api.readings import Performance, ReportedSettings
from custom_components.whatsminer.api.v2.generations import Generation
from custom_components.whatsminer.api.v2.support import SUPPORT
from custom_components.whatsminer.api.v3.support import support_of
from custom_components.whatsminer.miner.settings import Settings, StoredSetting
from custom_components.whatsminer.miner.status import Status, status_of
from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util
from simulator import Misbehaviour, Refused
from tests import ACCEPTED_ONLY, JOINED, PROCESS_DOWN, Held, every_generation
from tests.words import accepted_only, name_for

from . import Rig
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
    UPFREQ,
    WEB_POOLS,
)

every_setting = pytest.mark.parametrize("entity_id", CHANGES)


async def hold_percent(
    rig: Rig, value: int, then: Misbehaviour | None = None
) -> tuple[Held, asyncio.Task[None]]:
    """Set the power percent, and hold the answer to that; return both."""
    call = rig.set_number("power_percent", value)
    return await rig.hold_call("set_power_pct_v2", call, then, times=1)


# While a command is under way


@every_setting
async def test_a_value_shows_as_soon_as_it_is_asked_for(
    rig: Rig, entity_id: str
) -> None:
    action, data, command, expected = CHANGES[entity_id]
    assert rig.state_of(entity_id) != expected
    held, call = await rig.hold_call(command, rig.act(action, entity_id, **data))
    assert rig.state_of(entity_id) == expected

    held.release.set()
    await call
    assert rig.state_of(entity_id) == expected


@every_setting
async def test_a_value_is_withdrawn_when_the_miner_refuses_it(
    rig: Rig, entity_id: str
) -> None:
    action, data, command, expected = CHANGES[entity_id]
    before = rig.state_of(entity_id)
    change = rig.act(action, entity_id, **data)
    held, call = await rig.hold_call(command, change, then=Refused(132))
    assert rig.state_of(entity_id) == expected

    held.release.set()
    with pytest.raises(HomeAssistantError):
        await call
    assert rig.state_of(entity_id) == before


@pytest.mark.parametrize("entity_id", [PERCENT, OFFSET, WEB_POOLS, COOLING, FAN_STOP])
async def test_an_assumed_value_goes_back_to_the_one_before(
    rig: Rig, entity_id: str
) -> None:
    action, data, _, expected = CHANGES[entity_id]
    await rig.act(action, entity_id, **data)
    await rig.settle()  # the poll that follows
    before = rig.stored["settings"]
    rig.miner.misbehave("*", Refused(132), times=1)

    if entity_id in (WEB_POOLS, COOLING, FAN_STOP):
        other = rig.act("switch.turn_off", entity_id)
    else:
        other = rig.act(action, entity_id, value=0)
    with pytest.raises(HomeAssistantError):
        await other

    assert rig.state_of(entity_id) == expected
    await rig.clock.next_poll(3)
    assert rig.state_of(entity_id) == expected
    assert rig.stored["settings"] == before


async def test_of_two_values_that_wait_the_last_one_wins(rig: Rig) -> None:
    """A slider that is dragged sends where it began and where it ended."""
    held, first = await hold_percent(rig, 90)
    calls = [first]
    for value in (80, 70, 60):
        calls.append(rig.start(rig.set_number("power_percent", value)))
        assert float(rig.state_of(PERCENT)) == value

    held.release.set()
    for call in calls:
        await call

    assert [write["percent"] for write in rig.miner.writes] == ["90", "60"]
    assert rig.miner.state.percent == 60
    assert float(rig.state_of(PERCENT)) == 60


async def test_a_value_that_waited_shows_until_it_is_through(rig: Rig) -> None:
    """A slider does not jump back when the value before it is accepted."""
    held, first = await hold_percent(rig, 90)
    second = rig.start(rig.set_number("power_percent", 60))
    then_held = rig.hold("set_power_pct_v2")

    held.release.set()
    await then_held.reached.wait()
    assert float(rig.state_of(PERCENT)) == 60

    then_held.release.set()
    await first
    await second
    assert float(rig.state_of(PERCENT)) == 60


async def test_one_failure_does_not_hide_the_next_value(rig: Rig) -> None:
    held, first = await hold_percent(rig, 90, then=Refused(132))
    second = rig.start(rig.set_number("power_percent", 60))

    held.release.set()
    with pytest.raises(HomeAssistantError):
        await first
    await second

    assert rig.miner.state.percent == 60
    assert float(rig.state_of(PERCENT)) == 60


async def test_a_failure_after_a_success_shows_the_success(rig: Rig) -> None:
    held, first = await hold_percent(rig, 90)
    second = rig.start(rig.set_number("power_percent", 60))
    rig.miner.misbehave("set_power_pct_v2", Refused(132))

    held.release.set()
    await first
    with pytest.raises(HomeAssistantError):
        await second

    assert rig.miner.state.percent == 90
    assert float(rig.state_of(PERCENT)) == 90


async def test_settings_do_not_disturb_each_other(rig: Rig) -> None:
    held, first = await hold_percent(rig, 90)
    offset = rig.start(rig.set_number("temperature_offset", -5))
    pools = rig.start(rig.act("switch.turn_on", WEB_POOLS))

    held.release.set()
    for call in (first, offset, pools):
        await call

    assert sorted(rig.sent) == [
        "enable_web_pools",
        "set_power_pct_v2",
        "set_temp_offset",
    ]


# Until a poll confirms it, or its time is up


async def test_a_value_that_the_miner_confirms_is_then_the_miners(rig: Rig) -> None:
    await rig.set_mode("low")
    await rig.settle()  # the poll that follows

    rig.miner.state.power_mode = "high"
    await rig.clock.next_poll()

    assert rig.state_of(MODE) == "high"
    assert rig.warnings == []


def test_a_percent_of_zero_that_was_set_is_not_taken_for_none() -> None:
    """Firmware reports 0 where none is set, too; the hash rate goes down only slowly."""
    snapshot = Snapshot(
        taken=dt_util.utcnow(),
        generation="2.2",
        support=SUPPORT[Generation.V2_2],
        settings=ReportedSettings(mining=True, power_percent=0),
        performance=Performance(hash_rate=100, target_hash_rate=112),
    )
    settings = Settings("Miner", Capabilities.of(snapshot), {})
    settings.update(snapshot, snapshot.monotonic)
    assert settings.value("power_percent") == 100

    settings.accept(commands.power_percent(0))
    for _ in range(3):
        settings.update(snapshot, time.monotonic())
        assert settings.value("power_percent") == 0

    settings.accept(commands.restart_mining())
    settings.update(snapshot, time.monotonic())
    assert settings.value("power_percent") == 100


@pytest.mark.parametrize("hash_rate", [0, 100])
def test_over_v3_a_percent_of_zero_is_none_unless_it_was_set(hash_rate: float) -> None:
    """A miner that nobody has throttled may hash little for other reasons."""
    snapshot = Snapshot(
        taken=dt_util.utcnow(),
        generation="v3",
        support=support_of((3, 0, 5)),
        settings=ReportedSettings(mining=True, power_percent=0),
        performance=Performance(
            hash_rate=hash_rate, factory_hash_rate=112, tuned=True, elapsed=7200
        ),
    )
    settings = Settings("Miner", Capabilities.of(snapshot), {})
    settings.update(snapshot, snapshot.monotonic)
    assert settings.value("power_percent") == 100
    assert status_of(snapshot, settings, updating=False) is not Status.THROTTLED

    settings.accept(commands.power_percent(0))
    for _ in range(3):
        settings.update(snapshot, time.monotonic())
        assert settings.value("power_percent") == 0
        assert status_of(snapshot, settings, updating=False) is Status.THROTTLED

    settings.accept(commands.power_percent(100))
    settings.update(snapshot, time.monotonic())
    assert settings.value("power_percent") == 100


@pytest.mark.parametrize("then", [None, 50, 100])
@pytest.mark.parametrize("elapsed", [7200, 10])
def test_a_percent_of_zero_is_known_over_a_restart_in_the_same_run(
    then: float | None, elapsed: float
) -> None:
    """A restart of Home Assistant; the miner may have been restarted meanwhile."""

    def polled(elapsed: float) -> Snapshot:
        return Snapshot(
            taken=dt_util.utcnow(),
            generation="v3",
            support=support_of((3, 0, 5)),
            settings=ReportedSettings(mining=True, power_percent=0),
            performance=Performance(hash_rate=0, tuned=True, elapsed=elapsed),
        )

    stored: dict[str, StoredSetting] = {}
    snapshot = polled(7200)
    settings = Settings("Miner", Capabilities.of(snapshot), stored)
    settings.update(snapshot, snapshot.monotonic)
    settings.accept(commands.power_percent(0))
    if then is not None:
        settings.accept(commands.power_percent(then))

    again = Settings("Miner", Capabilities.of(snapshot), stored)
    snapshot = polled(elapsed)
    again.update(snapshot, snapshot.monotonic)
    is_zero = then is None and elapsed == 7200
    assert again.is_zero_percent is is_zero
    assert again.value("power_percent") == (0 if is_zero else 100)


@pytest.mark.parametrize("miner", ["hydro_miner"], indirect=True)
async def test_what_acts_at_once_has_two_polls_to_show(rig: Rig) -> None:
    """When the time is up, the reported value is shown again, with one line in the log."""
    rig.miner.misbehave("set_power_pct_v2", ACCEPTED_ONLY)

    await rig.set_number("power_percent", 60)
    await rig.settle()  # the poll that follows
    assert float(rig.state_of(PERCENT)) == 60
    assert rig.warnings == []

    await rig.clock.next_poll()
    assert float(rig.state_of(PERCENT)) == 100
    await rig.clock.next_poll(3)
    assert rig.warnings == [
        "Miner: power_percent was set to 60, but the miner reports 100.0"
    ]


@every_generation
async def test_a_power_off_that_did_nothing_is_seen_after_two_polls(rig: Rig) -> None:
    rig.miner.misbehave(name_for(rig.miner, "power_off"), accepted_only(rig.miner))

    await rig.act("switch.turn_off", MINING)
    await rig.settle()  # the poll that follows
    assert rig.state_of(MINING) == STATE_OFF

    await rig.clock.next_poll()
    assert rig.state_of(MINING) == STATE_ON
    assert len(rig.warnings) == 1


async def test_a_poll_that_began_before_a_command_says_nothing_of_it(rig: Rig) -> None:
    # This poll reads the LED again, which was set to auto at set-up.
    await rig.clock.next_poll()
    rig.miner.requests.clear()
    rig.miner.misbehave("power_off", ACCEPTED_ONLY)
    status = rig.hold("status", times=1)
    rig.clock.move(30)
    await status.reached.wait()
    late = rig.hold("get_error_code", times=1)
    call = rig.start(rig.act("switch.turn_off", MINING))
    rig.clock.move(1)
    status.release.set()
    await late.reached.wait()
    assert rig.asked[-2:] == ["power_off", "get_error_code"]

    late.release.set()
    await call
    await rig.clock.tick(0)
    assert rig.asked.count(JOINED) == 1
    assert rig.state_of(MINING) == STATE_OFF

    await rig.clock.tick(10)  # the poll that follows, which had to wait for the other
    assert rig.asked.count(JOINED) == 2
    assert rig.state_of(MINING) == STATE_OFF
    assert rig.warnings == []

    await rig.clock.next_poll()
    assert rig.state_of(MINING) == STATE_ON
    assert len(rig.warnings) == 1


@pytest.mark.parametrize(
    ("entity_id", "reported"), [(MODE, "normal"), (LIMIT, "3400.0")]
)
async def test_what_restarts_mining_has_five_minutes_to_show(
    rig: Rig, entity_id: str, reported: str
) -> None:
    """When the time is up, the reported value is shown again, with one line in the log."""
    action, data, command, expected = CHANGES[entity_id]
    rig.miner.misbehave(command, ACCEPTED_ONLY)

    await rig.act(action, entity_id, **data)
    await rig.clock.next_poll(9)
    assert rig.state_of(entity_id) == expected
    assert rig.warnings == []

    await rig.clock.next_poll()
    assert rig.state_of(entity_id) == reported
    await rig.clock.next_poll(3)
    assert len(rig.warnings) == 1


async def test_a_power_on_has_five_minutes_to_show(rig: Rig) -> None:
    """Mining starts minutes after it was switched on."""
    rig.miner.state.mining = False
    await rig.clock.next_poll()
    rig.miner.misbehave("power_on", ACCEPTED_ONLY)

    await rig.act("switch.turn_on", MINING)
    await rig.clock.next_poll(9)
    assert rig.state_of(MINING) == STATE_ON

    await rig.clock.next_poll()
    assert rig.state_of(MINING) == STATE_OFF
    assert len(rig.warnings) == 1


async def test_fast_boot_may_take_until_the_next_start_to_show(rig: Rig) -> None:
    rig.miner.misbehave("enable_btminer_fast_boot", ACCEPTED_ONLY)

    await rig.act("switch.turn_on", FAST_BOOT)
    await rig.clock.next_poll(30)
    assert rig.state_of(FAST_BOOT) == STATE_ON
    assert rig.warnings == []

    rig.miner.state.restart()
    await rig.clock.next_poll()
    assert rig.state_of(FAST_BOOT) == STATE_OFF
    assert len(rig.warnings) == 1


async def test_fast_boot_is_confirmed_by_the_start_that_it_counts_from(
    rig: Rig,
) -> None:
    """Some firmware reports the value only after the start."""
    rig.miner.misbehave("enable_btminer_fast_boot", ACCEPTED_ONLY)
    await rig.act("switch.turn_on", FAST_BOOT)
    await rig.clock.next_poll(5)

    rig.miner.state.fast_boot = True
    rig.miner.state.restart()
    await rig.clock.next_poll(3)

    assert rig.state_of(FAST_BOOT) == STATE_ON
    assert rig.warnings == []


async def test_a_reading_from_before_the_start_says_nothing_of_a_setting(
    rig: Rig,
) -> None:
    """The speed is read every few minutes only, so that the start may be seen first."""
    rig.miner.misbehave("adjust_upfreq_speed", ACCEPTED_ONLY)
    await rig.act("number.set_value", UPFREQ, value=5)
    rig.miner.state.restart()
    await rig.clock.next_poll(3)
    assert rig.state_of(UPFREQ) == "5.0"
    assert rig.warnings == []

    await rig.clock.next_poll(12)
    assert rig.state_of(UPFREQ) == "0.0"
    assert len(rig.warnings) == 1


async def test_a_stop_is_no_start_for_fast_boot_to_count_from(rig: Rig) -> None:
    rig.miner.misbehave("enable_btminer_fast_boot", ACCEPTED_ONLY)
    await rig.act("switch.turn_on", FAST_BOOT)
    await rig.clock.next_poll()

    rig.miner.state.mining = False
    await rig.clock.next_poll(3)
    assert rig.state_of(FAST_BOOT) == STATE_ON
    assert rig.warnings == []

    rig.miner.state.mining = True
    await rig.clock.next_poll(2)
    assert rig.state_of(FAST_BOOT) == STATE_OFF
    assert len(rig.warnings) == 1


async def test_a_start_is_seen_even_when_the_poll_before_it_told_nothing(
    rig: Rig,
) -> None:
    """While its mining process is down a miner reports no time."""
    rig.miner.misbehave("enable_btminer_fast_boot", ACCEPTED_ONLY)
    await rig.act("switch.turn_on", FAST_BOOT)
    await rig.clock.next_poll()

    for command in (JOINED, "summary", "pools", "edevs", "devs"):
        rig.miner.misbehave(command, PROCESS_DOWN)
    rig.miner.state.restart()
    await rig.clock.next_poll()
    assert rig.state_of(FAST_BOOT) == STATE_ON

    rig.miner.behave()
    await rig.clock.next_poll(2)
    assert rig.state_of(FAST_BOOT) == STATE_OFF
