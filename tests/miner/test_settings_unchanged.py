"""A setting is not sent where it would change nothing, and the power limit is sent once."""

import pytest

from simulator import Refused
from tests import ACCEPTED_ONLY, Altered

from . import Rig
from .setting_changes import LIMIT


async def test_the_present_mode_is_not_sent(rig: Rig) -> None:
    """A value that changes nothing would restart mining."""
    await rig.set_mode("normal")

    assert rig.miner.requests == []


async def test_a_pending_mode_is_not_sent_again(rig: Rig) -> None:
    rig.miner.misbehave("set_low_power", ACCEPTED_ONLY)
    await rig.set_mode("low")
    await rig.clock.next_poll(3)

    await rig.set_mode("low")

    assert rig.sent == ["set_low_power"]


async def test_a_mode_that_is_under_way_is_not_sent_again(rig: Rig) -> None:
    held, first = await rig.hold_call("set_low_power", rig.set_mode("low"))

    await rig.set_mode("low")
    held.release.set()
    await first

    assert rig.sent == ["set_low_power"]


async def test_one_can_go_back_from_a_pending_mode(rig: Rig) -> None:
    rig.miner.misbehave("set_low_power", ACCEPTED_ONLY)
    await rig.set_mode("low")
    await rig.clock.next_poll(3)

    await rig.set_mode("normal")

    assert rig.sent == ["set_low_power", "set_normal_power"]


async def test_the_same_percentage_is_sent_again(rig: Rig) -> None:
    """A percentage restarts nothing, and the miner may have forgotten it."""
    await rig.set_number("power_percent", 60)
    await rig.set_number("power_percent", 60)

    assert [write["percent"] for write in rig.miner.writes] == ["60", "60"]


async def test_a_limit_that_the_miner_clamps_is_sent_once(rig: Rig) -> None:
    """An automation may ask for too much every hour; mining restarts once.

    What is shown is what was asked for, where the firmware reports it.
    """
    await rig.set_number("power_limit", 9000)
    await rig.clock.next_poll(20)
    assert rig.miner.state.limit == 3400
    assert float(rig.state_of(LIMIT)) == 9000
    await rig.set_number("power_limit", 9000)

    assert rig.sent == ["adjust_power_limit"]


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_clamped_limit_is_sent_once_where_requests_are_not_reported(
    rig: Rig, restarts: bool
) -> None:
    """On firmware that reports only the limit in force, the request is remembered."""
    rig.miner.misbehave("status", Altered('"power_limit_set"', '"unknown"'))
    await rig.set_number("power_limit", 9000)
    await rig.clock.next_poll(20)
    assert float(rig.state_of(LIMIT)) == 3400

    if restarts:
        await rig.restart()
    await rig.set_number("power_limit", 9000)

    assert rig.sent.count("adjust_power_limit") == 1


async def test_a_limit_that_comes_into_force_late_is_sent_once(rig: Rig) -> None:
    rig.miner.misbehave("status", Altered('"power_limit_set"', '"unknown"'))
    rig.miner.misbehave("adjust_power_limit", ACCEPTED_ONLY)
    await rig.set_number("power_limit", 3000)
    await rig.clock.next_poll(2)
    rig.miner.state.power_limit = 3000
    await rig.clock.next_poll(2)

    await rig.set_number("power_limit", 3000)

    assert rig.sent == ["adjust_power_limit"]


async def test_a_limit_that_somebody_else_changed_can_be_set_again(rig: Rig) -> None:
    await rig.set_number("power_limit", 3000)
    await rig.clock.next_poll(3)
    rig.miner.state.power_limit = 2500
    await rig.clock.next_poll()
    assert float(rig.state_of(LIMIT)) == 2500

    await rig.set_number("power_limit", 3000)

    assert rig.sent == ["adjust_power_limit", "adjust_power_limit"]
    assert rig.miner.state.limit == 3000


async def test_a_limit_that_was_changed_while_home_assistant_was_off_can_be_set_again(
    rig: Rig,
) -> None:
    """What is stored is compared with what the miner reports now."""
    await rig.set_number("power_limit", 3000)
    await rig.clock.next_poll(3)
    async with rig.unloaded():
        rig.miner.state.power_limit = 2500
    await rig.set_number("power_limit", 3000)

    assert rig.sent[-1] == "adjust_power_limit"
    assert rig.miner.state.limit == 3000


async def test_a_limit_of_zero_during_recalibration_is_no_reading(rig: Rig) -> None:
    assert float(rig.state_of(LIMIT)) == 3400
    rig.miner.state.restart()
    await rig.clock.next_poll()
    assert rig.miner.state.telemetry().power_limit == 0
    assert float(rig.state_of(LIMIT)) == 3400

    await rig.clock.next_poll(3)
    assert float(rig.state_of(LIMIT)) == 3400


@pytest.mark.parametrize("is_reported", [True, False], ids=["reported", "not-reported"])
async def test_a_status_that_is_refused_once_says_nothing_of_the_limit(
    rig: Rig, is_reported: bool
) -> None:
    """Without the status the limit in force is no sign that it was changed elsewhere."""
    usual = Altered(
        '"power_limit_set"', '"power_limit_set"' if is_reported else '"unknown"'
    )
    rig.miner.misbehave("status", usual)
    await rig.set_number("power_limit", 9000)
    await rig.clock.next_poll(20)
    limit, before = (
        rig.state_of(LIMIT),
        rig.stored["settings"]["power_limit"],
    )
    assert float(limit) == (9000 if is_reported else 3400)
    assert before["value"] == 9000

    rig.miner.misbehave("status", Refused(132), times=1)
    await rig.clock.next_poll()
    assert rig.state_of(LIMIT) == limit
    await rig.set_number("power_limit", 9000)
    rig.miner.misbehave("status", usual)
    await rig.clock.next_poll()
    assert rig.state_of(LIMIT) == limit
    await rig.set_number("power_limit", 9000)

    assert rig.stored["settings"]["power_limit"] == before
    assert rig.sent == ["adjust_power_limit"]


async def test_the_limit_in_force_is_no_request(rig: Rig) -> None:
    """A limit that is in force only because of the mode has to hold in other modes, too."""
    rig.miner.state.power_mode = "low"
    await rig.clock.next_poll()
    in_force = float(rig.state_of(LIMIT))
    assert in_force == rig.miner.state.limit

    await rig.set_number("power_limit", in_force)

    assert rig.sent == ["adjust_power_limit"]


@pytest.mark.parametrize("is_reported", [True, False], ids=["reported", "not-reported"])
async def test_the_limit_can_be_given_back(rig: Rig, is_reported: bool) -> None:
    """A limit of 99999 restores the factory's limit, without a warning."""
    if not is_reported:
        rig.miner.misbehave("status", Altered('"power_limit_set"', '"unknown"'))
    await rig.set_number("power_limit", 3000)
    await rig.clock.next_poll(3)

    await rig.set_number("power_limit", 99_999)
    assert rig.miner.state.power_limit is None
    await rig.clock.next_poll(15)
    assert float(rig.state_of(LIMIT)) == 3400
    assert rig.warnings == []

    rig.miner.writes.clear()
    await rig.set_number("power_limit", 99_999)
    assert rig.miner.writes == []

    await rig.set_number("power_limit", 3000)
    assert rig.miner.state.power_limit == 3000
