"""The answers that are read every few minutes, and how long the last ones are kept."""

from itertools import pairwise

import pytest

from custom_components.whatsminer.api.errors import CannotConnectError
from custom_components.whatsminer.api.readings import PowerSupply
from simulator import (
    GARBAGE,
    Closed,
    Misbehaviour,
    Quirk,
    Refused,
    SimulatedMiner,
    Truncated,
)
from tests import JOINED, PROCESS_DOWN
from tests.api import CUT, STEADY, Clock, Polls, codes_of

SLOW = ["get_version", "devdetails", "get_psu", "get_miner_info"]


async def test_slow_readings_come_back_one_in_a_poll(any_polls: Polls) -> None:
    """Each is read every few minutes, on the third connection."""
    await any_polls.poll()
    assert any_polls.asked
    third = []
    for _ in range(22):
        await any_polls.poll()
        asked = any_polls.asked
        assert asked[:2] == [JOINED, "status"]
        assert len(asked) == 3
        third.append(asked[2])
    usual = STEADY[any_polls.miner.generation][2]
    assert third[:9] == [usual] * 9
    due = [poll for poll, name in enumerate(third) if name != usual]
    assert all(later - poll > 1 for poll, later in pairwise(due))  # spread out
    for slow in SLOW:
        assert slow in third[9:20]
        again = [poll for poll, name in enumerate(third) if name == slow]
        if slow != usual:
            assert all(later - poll == 10 for poll, later in pairwise(again))


async def test_a_new_slow_reading_replaces_the_old_one(polls: Polls) -> None:
    """This happens as soon as it is read again."""
    assert (await polls.poll()).device.hostname == "WhatsMiner"
    polls.miner.state.hostname = "rig7"
    snapshots = [await polls.poll() for _ in range(20)]
    assert snapshots[0].device.hostname == "WhatsMiner"
    assert snapshots[-1].device.hostname == "rig7"


@pytest.mark.parametrize("command", SLOW)
async def test_a_slow_reading_that_is_expected_comes_with_the_next_poll(
    polls: Polls, command: str
) -> None:
    """It uses the third connection once, and later its usual interval."""
    await polls.poll()
    assert polls.asked
    polls.reader.expect(command)
    for third in (command, *["get_error_code"] * 7):
        await polls.poll()
        assert polls.asked == [JOINED, "status", third]


@pytest.mark.parametrize("interval", [150, 300])
async def test_all_slow_readings_come_back_however_seldom_is_polled(
    any_polls: Polls, interval: float
) -> None:
    """None delays the others."""
    await any_polls.poll()
    assert any_polls.asked
    for _ in range(24):
        await any_polls.poll(after=interval)
    assert set(SLOW) <= set(any_polls.asked)


async def test_all_slow_readings_come_back_while_the_summary_is_a_leftover(
    clock: Clock,
) -> None:
    """Its uptime stands still, so each poll confirms the MAC address."""
    async with SimulatedMiner(quirks={Quirk.STALE_SUMMARY}) as miner:
        polls = Polls(miner, clock)
        await polls.poll()
        miner.state.mining = False
        await polls.poll()
        assert polls.asked
        for _ in range(24):
            await polls.poll()
        third = [name for name in polls.asked if name not in (JOINED, "status")]
        assert set(SLOW) <= set(third)


async def test_after_an_outage_faults_are_read_before_what_seldom_changes(
    polls: Polls,
) -> None:
    """Old faults may be gone, and a new one may have caused the outage."""
    polls.miner.state.faults = {111: "2026-11-20 08:00:00"}
    await polls.poll()
    await polls.miner.disconnect()
    with pytest.raises(CannotConnectError):
        await polls.poll()
    polls.miner.reconnect()
    polls.miner.state.faults = {218: "2026-11-20 09:00:00"}

    snapshot = await polls.poll()

    assert [error.code for error in snapshot.errors or ()] == ["218"]
    assert polls.asked
    third = []
    for _ in range(8):
        await polls.poll()
        third.append(polls.asked[2])
    assert set(SLOW) <= set(third)
    assert third[1::2] == ["get_error_code"] * 4  # in turn with them


# What is asked for again and again


@pytest.mark.parametrize("interval", [30, 300])
@pytest.mark.parametrize("command", ["get_version", "get_miner_info"])
async def test_a_reading_that_is_expected_in_each_poll_holds_up_no_other(
    any_polls: Polls, command: str, interval: float
) -> None:
    """Flashing the LED every half minute expects `get_miner_info` each time, for example."""
    await any_polls.poll()
    assert any_polls.asked
    third = []
    for _ in range(45):
        any_polls.reader.expect(command)
        await any_polls.poll(after=interval)
        third.append(any_polls.asked[-1])
    usual = STEADY[any_polls.miner.generation][2]
    for name in {*SLOW, usual}:
        read = [poll for poll, asked in enumerate(third) if asked == name]
        assert read[0] < 22, name
        assert all(later - poll < 22 for poll, later in pairwise(read)), name
    assert all(usual in pair for pair in pairwise(third))


async def test_a_supply_that_is_always_due_holds_up_no_other(polls: Polls) -> None:
    """It is read again whenever mining is switched."""
    await polls.poll()
    assert polls.asked
    third = []
    for _ in range(60):
        polls.miner.state.mining = not polls.miner.state.mining
        await polls.poll()
        third.append(polls.asked[-1])
    for name in (*SLOW, "get_error_code"):
        assert third.count(name) >= 2, name


async def test_a_slow_command_without_an_answer_holds_up_no_other(
    polls: Polls,
) -> None:
    """It is tried again after a minute, but what was tried longest ago goes first."""
    await polls.poll()
    assert polls.asked
    polls.miner.misbehave("get_version", Closed())
    third = []
    for _ in range(60):
        polls.reader.expect("get_version")
        await polls.poll()
        third.append(polls.asked[-1])
    for name in (*SLOW, "get_error_code"):
        assert third.count(name) >= 3, name


# What a poll can do without


@pytest.mark.parametrize("how", [Refused(14), PROCESS_DOWN, Truncated(2), Closed()])
async def test_faults_are_unknown_until_they_are_told(
    polls: Polls, how: Misbehaviour
) -> None:
    """A missing answer does not mean that there are no faults."""
    polls.miner.misbehave("get_error_code", how)
    for _ in range(2):
        assert (await polls.poll()).errors is None
    polls.miner.behave()
    assert (await polls.poll()).errors == ()


@pytest.mark.parametrize(
    "how",
    [Refused(132), CUT, Closed(), GARBAGE, PROCESS_DOWN],
    ids=["refused", "truncated", "closed", "garbage", "process-down"],
)
async def test_a_reading_that_can_wait_spoils_no_poll(
    polls: Polls, how: Misbehaviour
) -> None:
    """The last reading is kept as long as it may be true."""
    polls.miner.state.faults = {111: "2026-11-20 08:00:00"}
    before = await polls.poll()
    for command in ("get_error_code", "get_psu"):
        polls.miner.misbehave(command, how)
    polls.reader.expect("get_psu")
    polls.miner.state.faults = {}
    assert polls.asked
    for _ in range(5):
        snapshot = await polls.poll()
    assert {"get_error_code", "get_psu"} <= set(polls.asked)
    assert snapshot.power_supply == before.power_supply
    if how in (Closed(), GARBAGE):
        assert snapshot.errors == before.errors
    elif how != CUT:  # which can be mended, in a list of errors
        assert snapshot.errors is None
    for _ in range(40):
        snapshot = await polls.poll()
    assert snapshot.power_supply == PowerSupply()
    assert how == CUT or snapshot.errors is None
    assert snapshot.hash_rate == pytest.approx(before.hash_rate, rel=0.05)


@pytest.mark.parametrize(("interval", "kept"), [(30, 10), (90, 3), (300, 3), (900, 3)])
async def test_faults_are_kept_for_some_minutes_and_for_some_polls(
    polls: Polls, interval: float, kept: int
) -> None:
    """The longer of the two counts, because they are not read in each poll."""
    polls.miner.state.faults = {111: "2026-11-20 08:00:00"}
    assert codes_of(await polls.poll()) == ["111"]
    polls.miner.misbehave("get_error_code", Closed())
    for _ in range(kept):
        assert codes_of(await polls.poll(after=interval)) == ["111"]
    assert (await polls.poll(after=interval)).errors is None


@pytest.mark.parametrize(("interval", "kept"), [(30, 33), (80, 12), (300, 12)])
async def test_what_the_supply_says_is_kept_for_long_and_for_some_polls(
    polls: Polls, interval: float, kept: int
) -> None:
    """It is read far less often."""
    before = await polls.poll()
    assert before.power_supply.temperature
    polls.miner.misbehave("get_psu", Closed())
    for _ in range(kept):
        assert (await polls.poll(after=interval)).power_supply == before.power_supply
    assert (await polls.poll(after=interval)).power_supply == PowerSupply()


async def test_faults_are_known_in_each_of_some_seldom_polls(any_polls: Polls) -> None:
    """Polls every five minutes know them, even if they read something else."""
    any_polls.miner.state.faults = {111: "2026-11-20 08:00:00"}
    for _ in range(20):
        assert codes_of(await any_polls.poll(after=300)) == ["111"]
    any_polls.miner.state.faults = {}
    for _ in range(2):
        snapshot = await any_polls.poll(after=300)
    assert snapshot.errors == ()
