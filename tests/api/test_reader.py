"""Consecutive polls: the requests, the readings that are used, and the miner they are from."""

import asyncio
from collections.abc import AsyncGenerator
from itertools import pairwise
import json
from typing import Any

import pytest

from custom_components.whatsminer.api import Miner
from custom_components.whatsminer.api.errors import (
    CannotConnectError,
    MalformedReplyError,
    MiningProcessDownError,
    NoMacError,
    NotAMinerError,
    TimedOutError,
    WhatsminerError,
    WrongMinerError,
)
from custom_components.whatsminer.api.readings import Generation, Psu, Status, Summary
from custom_components.whatsminer.api.snapshot import Snapshot
from simulator import (
    GARBAGE,
    Closed,
    Dropped,
    Hang,
    Misbehaviour,
    Quirk,
    Raw,
    Refused,
    SimulatedMiner,
    Truncated,
)
from tests import JOINED, PROCESS_DOWN, Altered, Held

from . import (
    HOST,
    CannedMiner,
    Clock,
    Polls,
    fixture,
    generation_of,
    introduce,
    message,
    reader_of,
    refusal,
    table,
)

SINGLY = JOINED.split("+")
SLOW = ["get_version", "devdetails", "get_psu", "get_miner_info"]
# What a steady poll asks for.
STEADY = {
    "v1": [JOINED, "status", "devdetails"],
    "v2": [JOINED, "status", "get_error_code"],
    "compat": [JOINED, "status", "get_error_code"],
}
CUT = Raw(b'{"STATUS":"S",')
ANOTHER_MAC = "C2:04:28:00:00:01"


def codes_of(snapshot: Snapshot) -> list[str]:
    """Return the codes of the faults that a miner has reported."""
    assert snapshot.errors is not None
    return [error.code for error in snapshot.errors]


@pytest.fixture
async def canned() -> AsyncGenerator[CannedMiner]:
    """Return a booting miner with firmware 2.0.5 that sends real answers."""
    answers = {
        "get_version": message({"api_ver": "2.0.5", "fw_ver": "20240924.14.Rel"}),
        "summary": fixture("v2_summary_booting"),
        "pools": table("POOLS"),
        "edevs": table("DEVS"),
        "status": fixture("status_20240924.14.rel"),
        "get_miner_info": message({"mac": ANOTHER_MAC}),
        "get_error_code": message({"error_code": []}),
    }
    async with CannedMiner(answers) as miner:
        yield miner


# How much is asked


async def test_a_steady_poll_takes_three_connections_one_after_the_other(
    any_polls: Polls,
) -> None:
    """The control board copes with one at a time."""
    await any_polls.poll()
    assert any_polls.asked
    for _ in range(5):
        await any_polls.poll()
        assert any_polls.asked == STEADY[any_polls.miner.generation]
    assert any_polls.miner.peak_connections == 1


async def test_the_first_poll_reads_everything_once(any_polls: Polls) -> None:
    """It reads the MAC address and the slow commands, too."""
    await any_polls.poll()
    asked = any_polls.asked
    assert len(asked) == len(set(asked))
    needed = {
        "get_version",
        "devdetails",
        "get_psu",
        "get_miner_info",
        JOINED,
        "status",
    }
    if any_polls.miner.generation != "v1":  # which reports them in its summary
        needed |= {"get_error_code"}
    assert set(asked) == needed


async def test_a_miner_that_was_reached_is_not_asked_again_what_it_answered(
    any_polls: Polls,
) -> None:
    """The requests, their order and the answers are those of a first poll alone."""
    alone = reader_of(any_polls.miner)
    expected = await alone.poll()
    questions = any_polls.asked

    await any_polls.reader.reach()
    assert any_polls.asked == questions[:1]
    snapshot = await any_polls.poll(after=0)
    assert any_polls.asked == questions[1:]
    assert snapshot.version == expected.version
    assert snapshot.generation == expected.generation


async def test_a_miner_that_is_known_is_not_asked_to_be_reached(
    any_polls: Polls,
) -> None:
    """Its next poll begins with another request."""
    await any_polls.poll()
    assert any_polls.asked
    await any_polls.reader.reach()
    assert any_polls.asked == []


async def test_whoever_is_reached_again_answers_for_itself(polls: Polls) -> None:
    """Another miner may have taken its place."""
    await polls.reader.reach()
    polls.miner.firmware_version = "20261101.01.Rel"
    await polls.reader.reach()
    assert (await polls.poll()).firmware == "20261101.01.Rel"


@pytest.mark.parametrize(
    ("how", "error"),
    [
        (Closed(), CannotConnectError),
        (CUT, MalformedReplyError),
        (GARBAGE, NotAMinerError),
        (Raw(b"{}"), NotAMinerError),
        (PROCESS_DOWN, MiningProcessDownError),
    ],
)
async def test_who_is_not_reached_is_asked_by_the_next_poll(
    polls: Polls, how: Misbehaviour, error: type[WhatsminerError]
) -> None:
    """The error is that of a first poll."""
    polls.miner.misbehave("get_version", how)
    for attempt in (polls.reader.reach, polls.reader.poll):
        with pytest.raises(error):
            await attempt()
    polls.miner.behave()
    assert (await polls.poll()).firmware == polls.miner.firmware_version


async def test_the_oldest_firmware_is_reached_by_its_refusal(
    old_polls: Polls,
) -> None:
    """It does not know the command."""
    old_polls.miner.misbehave("get_version", Refused(14))
    await old_polls.reader.reach()
    assert (await old_polls.poll()).generation is Generation.V1
    assert old_polls.asked.count("get_version") == 1


async def test_of_another_miner_no_more_is_asked_than_who_it_is(polls: Polls) -> None:
    """Only a poll asks for that."""
    reader = reader_of(polls.miner, ANOTHER_MAC.lower())
    with pytest.raises(WrongMinerError):
        await reader.poll()
    assert polls.asked
    await reader.reach()
    assert polls.asked == []


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
    assert (await polls.poll()).info.hostname == "WhatsMiner"
    polls.miner.state.hostname = "rig7"
    snapshots = [await polls.poll() for _ in range(20)]
    assert snapshots[0].info.hostname == "WhatsMiner"
    assert snapshots[-1].info.hostname == "rig7"


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


# What comes of it


@pytest.mark.parametrize("generation", ["v1", "v2", "compat"])
async def test_three_generations_tell_the_same_in_the_same_units(
    generation: str,
) -> None:
    """The simulated machine is the same, but its answers differ."""
    async with SimulatedMiner(generation=generation, model="M50", seed="same") as miner:
        snapshot = await reader_of(miner).poll()
        state = miner.state.telemetry()
    assert snapshot.generation is generation_of(generation)
    assert snapshot.mining is True
    assert not snapshot.stale
    summary = snapshot.summary
    assert snapshot.hash_rate == pytest.approx(state.hash_rate, rel=1e-6)
    assert snapshot.hash_rate == pytest.approx(118, rel=0.05)
    assert summary.hash_rate_average == pytest.approx(state.hash_average, rel=1e-6)
    assert summary.hash_rate_1m == pytest.approx(state.hash_1m, rel=1e-6)
    assert summary.hash_rate_15m == pytest.approx(state.hash_15m, rel=1e-6)
    assert summary.factory_hash_rate == pytest.approx(118)
    assert summary.power == pytest.approx(state.power, abs=0.5)
    assert summary.power_limit == 3600
    assert snapshot.power_mode == "normal"
    assert snapshot.efficiency == pytest.approx(28, abs=1)
    assert summary.elapsed == pytest.approx(86_400, abs=1)
    assert summary.uptime == pytest.approx(state.uptime, abs=1)
    assert summary.frequency == pytest.approx(state.frequency, abs=0.5)
    assert summary.fan_speed_in == pytest.approx(state.fan_in, abs=0.5)
    assert summary.fan_speed_out == pytest.approx(state.fan_out, abs=0.5)
    assert summary.chip_temperature == pytest.approx(state.chip_avg, abs=0.01)
    assert summary.chip_temperature_max == pytest.approx(state.chip_max, abs=0.01)
    assert summary.hash_stable is True
    if generation == "v1":
        assert summary.environment_temperature is None
        assert summary.liquid_cooling is False
    else:
        assert summary.environment_temperature == pytest.approx(
            state.environment, abs=0.01
        )
    assert len(snapshot.boards) == 3
    for board, reading in zip(snapshot.boards, state.boards, strict=True):
        assert board.slot == reading.slot
        assert board.hash_rate == pytest.approx(reading.hash_rate, abs=0.01)
        assert board.temperature == pytest.approx(reading.temperature, abs=0.01)
        assert board.frequency == pytest.approx(reading.frequency, abs=0.5)
        assert board.effective_chips == 117
        assert board.serial_number == reading.serial
    pool = snapshot.pools[0]
    assert pool.url == "stratum+tcp://btc.pool.example:3333"
    assert pool.worker == "simulated.001"
    assert (pool.status, pool.active) == ("alive", True)
    assert pool.accepted_shares == state.accepted
    assert pool.last_share == int(state.last_share)


async def test_who_the_miner_is(any_polls: Polls) -> None:
    """Its identity is in different answers."""
    snapshot = await any_polls.poll()
    miner = any_polls.miner
    assert any_polls.identity.mac == miner.mac.lower()
    assert snapshot.firmware == miner.firmware_version
    assert (snapshot.model or "").replace("_", "") == "M50VH84"
    assert snapshot.psu.model == "P221C"
    assert not snapshot.liquid_cooled
    assert snapshot.platform in ("ALLWINNER_H3", "H616")
    assert snapshot.info.serial_number == (
        miner.serial if miner.generation == "v2" else None
    )


async def test_faults_are_listed(any_polls: Polls) -> None:
    """V1 has them in its summary, without a time."""
    any_polls.miner.state.faults = {
        111: "2026-11-20 08:00:00",
        541: "2026-11-20 09:00:00",
    }
    snapshot = await any_polls.poll()
    assert codes_of(snapshot) == ["111", "541"]
    assert all(
        (error.since is None) == (any_polls.miner.generation == "v1")
        for error in snapshot.errors or ()
    )
    any_polls.miner.state.faults = {}
    assert (await any_polls.poll()).errors == ()


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


async def test_faults_of_v1_are_unknown_without_its_summary(old_polls: Polls) -> None:
    """V1 reports them there."""
    old_polls.miner.misbehave(JOINED, PROCESS_DOWN)
    assert (await old_polls.poll()).errors is None
    old_polls.miner.behave()
    assert (await old_polls.poll()).errors == ()


@pytest.mark.parametrize("quirk", Quirk)
async def test_a_firmware_with_a_quirk_is_read_all_the_same(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, quirk: Quirk
) -> None:
    """Each of these was seen."""
    monkeypatch.setattr("custom_components.whatsminer.api.transport._CLOSE_GRACE", 0.01)
    async with SimulatedMiner(quirks={quirk}) as miner:
        miner.state.faults = {111: "2026-11-20 08:00:00", 541: "2026-11-20 09:00:00"}
        polls = Polls(miner, clock)
        await polls.poll()
        snapshot = await polls.poll()
    assert snapshot.mining is True
    assert snapshot.hash_rate == pytest.approx(100, rel=0.05)
    assert codes_of(snapshot) == ["111", "541"]
    assert snapshot.psu.temperature
    assert snapshot.info.hostname == "WhatsMiner"


async def test_a_booting_miner_is_available_and_knows_little(
    canned: CannedMiner,
) -> None:
    """The answer is a real one."""
    snapshot = await reader_of(canned).poll()
    assert snapshot.generation is Generation.V2
    assert snapshot.mining is True
    assert snapshot.hash_rate == 0
    assert snapshot.efficiency is None
    assert snapshot.summary.power == 262
    assert snapshot.summary.chip_temperature is None
    assert snapshot.boards == ()
    assert snapshot.errors == ()
    assert snapshot.power_limit_set == 3300


@pytest.mark.parametrize("known", [True, False], ids=["known", "first-poll"])
async def test_a_booting_miner_without_its_process_is_available_with_unknown_values(
    polls: Polls, *, known: bool
) -> None:
    """The control board reports what it knows by itself."""
    if known:
        await polls.poll()
    polls.miner.misbehave(JOINED, PROCESS_DOWN)
    polls.miner.misbehave("devdetails", PROCESS_DOWN)
    snapshot = await polls.poll()
    assert snapshot.summary == Summary()
    assert snapshot.boards == ()
    assert snapshot.pools == ()
    assert snapshot.hash_rate is None
    assert snapshot.live.power is None
    assert snapshot.status.mining_off is False
    polls.miner.behave()
    assert (await polls.poll()).hash_rate == pytest.approx(100, rel=0.05)


async def test_a_miner_that_refuses_all_live_readings_is_available(
    polls: Polls,
) -> None:
    """Some firmware refuses them while its process is down."""
    await polls.poll()
    for command in (JOINED, *SINGLY, "devs"):
        polls.miner.misbehave(command, Refused(132))
    snapshot = await polls.poll()
    assert snapshot.summary == Summary()
    assert snapshot.mining is True
    polls.miner.behave()
    assert (await polls.poll()).summary.power
    assert JOINED in polls.asked


async def test_a_status_that_is_refused_leaves_open_whether_it_mines(
    polls: Polls,
) -> None:
    """Everything else is read as usual."""
    polls.miner.misbehave("status", Refused(14))
    snapshot = await polls.poll()
    assert snapshot.mining is None
    assert snapshot.status == Status()
    assert snapshot.hash_rate == pytest.approx(100, rel=0.05)


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
    assert snapshot.psu == before.psu
    if how in (Closed(), GARBAGE):
        assert snapshot.errors == before.errors
    elif how != CUT:  # which can be mended, in a list of errors
        assert snapshot.errors is None
    for _ in range(40):
        snapshot = await polls.poll()
    assert snapshot.psu == Psu()
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
    assert before.psu.temperature
    polls.miner.misbehave("get_psu", Closed())
    for _ in range(kept):
        assert (await polls.poll(after=interval)).psu == before.psu
    assert (await polls.poll(after=interval)).psu == Psu()


async def test_faults_are_known_in_each_of_some_seldom_polls(any_polls: Polls) -> None:
    """Polls every five minutes know them, even if they read something else."""
    any_polls.miner.state.faults = {111: "2026-11-20 08:00:00"}
    for _ in range(20):
        assert codes_of(await any_polls.poll(after=300)) == ["111"]
    any_polls.miner.state.faults = {}
    for _ in range(2):
        snapshot = await any_polls.poll(after=300)
    assert snapshot.errors == ()


async def test_a_long_error_list_that_is_cut_keeps_what_is_whole(polls: Polls) -> None:
    """The miner's buffer was too small."""
    polls.miner.state.faults = dict.fromkeys(range(100, 400), "2026-11-20 08:00:00")
    polls.miner.misbehave("get_error_code", Truncated(1000))
    errors = (await polls.poll()).errors or ()
    assert 15 < len(errors) < 40
    assert errors[0].code == "100"
    assert errors[0].since is not None


async def test_a_poll_without_an_answer_fails(polls: Polls) -> None:
    await polls.poll()
    await polls.miner.disconnect()
    with pytest.raises(CannotConnectError):
        await polls.poll()
    polls.miner.reconnect()
    assert (await polls.poll()).mining is True


@pytest.mark.parametrize("command", [JOINED, "status"])
async def test_a_poll_that_loses_the_miner_half_way_fails(
    polls: Polls, command: str
) -> None:
    """Half a snapshot is not used."""
    await polls.poll()
    polls.miner.misbehave(command, Closed(), times=1)
    with pytest.raises(CannotConnectError):
        await polls.poll()
    assert (await polls.poll()).mining is True
    assert polls.asked.count(JOINED) == 3


# Joined or singly


REFUSED_PART = {
    "summary": [table("SUMMARY", {"Elapsed": 1, "HS RT": 1e6})],
    "pools": [table("POOLS")],
    "edevs": [refusal(14, "invalid cmd")],
    "id": 1,
}
MISSING_PART = {name: REFUSED_PART[name] for name in ("summary", "pools", "id")}
FIRST_ONLY = table("SUMMARY", {"Elapsed": 1, "HS RT": 1e6})


BAD_JOINED = {
    "14": Refused(14),
    "132": Refused(132),
    "truncated": Truncated(),
    "garbage": Raw(b"no JSON"),
    "closed": Closed(),
    "reset": Dropped(),
    "refused-part": Raw(json.dumps(REFUSED_PART).encode()),
    "missing-part": Raw(json.dumps(MISSING_PART).encode()),
    "first-only": Raw(json.dumps(FIRST_ONLY).encode()),
}


@pytest.mark.parametrize("how", BAD_JOINED.values(), ids=BAD_JOINED)
async def test_a_bad_joined_answer_is_discarded_whole_and_read_singly(
    polls: Polls, how: Misbehaviour
) -> None:
    """This is remembered, even if the miner could join by now."""
    polls.miner.misbehave(JOINED, how)
    snapshot = await polls.poll()
    asked = polls.asked
    assert asked[asked.index(JOINED) + 1 :][:3] == SINGLY
    assert snapshot.summary.elapsed == pytest.approx(86_430, abs=1)
    assert snapshot.hash_rate == pytest.approx(100, rel=0.05)
    assert len(snapshot.boards) == 3
    assert len(snapshot.pools) == 1
    polls.miner.behave()
    await polls.poll()
    assert polls.asked == [*SINGLY, "status", "get_error_code"]
    assert polls.miner.peak_connections == 1


async def test_a_joined_read_that_is_never_answered_is_tried_singly(
    polls: Polls, impatient: None
) -> None:
    """Some firmware may not know joined reads."""
    polls.miner.misbehave(JOINED, Hang())
    assert (await polls.poll()).hash_rate == pytest.approx(100, rel=0.05)
    await polls.poll()
    assert polls.asked[-5:] == [*SINGLY, "status", "get_error_code"]


async def test_firmware_that_is_known_to_join_and_hangs_is_away(
    polls: Polls, impatient: None
) -> None:
    """Three more attempts would take three times as long."""
    await polls.poll()
    polls.miner.misbehave(JOINED, Hang())
    with pytest.raises(TimedOutError):
        await polls.poll()
    assert polls.asked[-1] == JOINED


async def test_a_joined_answer_that_breaks_later_is_read_singly_from_then_on(
    polls: Polls,
) -> None:
    """A long list may be broken JSON, for example."""
    await polls.poll()
    polls.miner.misbehave(JOINED, Truncated(), times=1)
    assert (await polls.poll()).hash_rate == pytest.approx(100, rel=0.05)
    assert polls.asked[-6:] == [JOINED, *SINGLY, "status", "get_error_code"]
    await polls.poll()
    assert polls.asked == [*SINGLY, "status", "get_error_code"]


async def test_a_part_that_is_refused_later_is_meant(polls: Polls) -> None:
    """Firmware that can join refuses its boards while they are off."""
    await polls.poll()
    polls.miner.misbehave(JOINED, Raw(json.dumps(REFUSED_PART).encode()))
    snapshot = await polls.poll()
    assert snapshot.boards == ()
    assert snapshot.summary.hash_rate == pytest.approx(1)
    assert polls.asked[-3:] == STEADY["v2"]


async def test_what_cannot_be_read_singly_either_is_tried_joined_again(
    polls: Polls,
) -> None:
    """The join was not the cause."""
    for command in (JOINED, "pools"):
        polls.miner.misbehave(command, Refused(132))
    snapshot = await polls.poll()
    assert snapshot.pools == ()
    assert snapshot.hash_rate == pytest.approx(100, rel=0.05)
    polls.miner.behave()
    assert polls.asked
    assert (await polls.poll()).pools
    assert polls.asked == STEADY["v2"]


async def test_firmware_without_edevs_is_asked_for_devs(canned: CannedMiner) -> None:
    """This is the older name of the same list."""
    canned.answers[JOINED] = refusal(14)
    del canned.answers["edevs"]
    canned.answers["devs"] = table("DEVS", {"ASC": 0, "HS RT": 33e6})
    snapshot = await reader_of(canned).poll()
    assert [board.hash_rate for board in snapshot.boards] == [pytest.approx(33)]


async def test_a_single_answer_that_is_cut_short_fails_the_poll(polls: Polls) -> None:
    """There is no other way to read it."""
    polls.miner.misbehave(JOINED, Refused(14))
    polls.miner.misbehave("summary", Truncated())
    with pytest.raises(MalformedReplyError):
        await polls.poll()


@pytest.mark.parametrize("how", [Truncated(), Raw(b'{"STATUS":"S",'), Raw(b"\0\0\n")])
@pytest.mark.parametrize("command", ["pools", "edevs"])
async def test_a_list_that_is_always_broken_spoils_no_poll(
    polls: Polls, command: str, how: Misbehaviour
) -> None:
    """Some firmware writes broken JSON for its boards."""
    polls.miner.misbehave(JOINED, Truncated())
    polls.miner.misbehave(command, how)
    for _ in range(4):
        snapshot = await polls.poll()
        assert snapshot.mining is True
        assert snapshot.hash_rate == pytest.approx(100, rel=0.05)
        assert snapshot.live.power == pytest.approx(3400, rel=0.05)
        assert len(snapshot.pools) == (0 if command == "pools" else 1)
        assert len(snapshot.boards) == (0 if command == "edevs" else 3)


async def test_a_summary_that_is_always_broken_is_no_answer(polls: Polls) -> None:
    """Without a summary, no other reading is of use."""
    polls.miner.misbehave(JOINED, Truncated())
    polls.miner.misbehave("summary", Truncated())
    for _ in range(3):
        with pytest.raises(MalformedReplyError):
            await polls.poll()
    polls.miner.behave("summary")
    assert (await polls.poll()).hash_rate == pytest.approx(100, rel=0.05)


# Stopped, stale, or frozen


async def test_a_stopped_miner_says_so_and_hashes_nothing(any_polls: Polls) -> None:
    """It takes two polls at most, on any firmware."""
    assert (await any_polls.poll()).mining is True
    any_polls.clock.now += 10
    any_polls.miner.advance(10)
    any_polls.miner.state.mining = False
    await any_polls.poll(after=20)
    snapshot = await any_polls.poll()
    assert snapshot.mining is False
    assert snapshot.hash_rate == 0
    assert snapshot.efficiency is None
    any_polls.miner.state.mining = True
    assert (await any_polls.poll()).mining is True
    snapshot = await any_polls.poll(after=1800)
    assert snapshot.hash_rate == pytest.approx(118, rel=0.05)


async def test_a_stopped_miner_that_measures_keeps_its_power(polls: Polls) -> None:
    """This is the power of the control board and the power supply."""
    polls.miner.state.mining = False
    for _ in range(3):
        snapshot = await polls.poll()
        assert not snapshot.stale
        assert snapshot.live.power == pytest.approx(14, abs=2)
        assert snapshot.hash_rate == 0


async def test_a_stale_summary_is_seen_through_at_once(clock: Clock) -> None:
    """A hash rate without mining is out of date, and so is the power."""
    async with SimulatedMiner(quirks={Quirk.STALE_SUMMARY}) as miner:
        polls = Polls(miner, clock)
        miner.state.mining = False
        snapshot = await polls.poll()
        assert snapshot.summary.hash_rate == pytest.approx(100, rel=0.05)
        assert snapshot.summary.power == pytest.approx(3400, rel=0.05)
        assert snapshot.mining is False
        assert snapshot.stale
        assert snapshot.hash_rate == 0
        assert snapshot.live.power is None
        assert snapshot.efficiency is None


async def test_v1_with_a_frozen_summary_is_stopped(old_polls: Polls) -> None:
    """Only its clock shows that, and the power that it reports is out of date."""
    await old_polls.poll()
    old_polls.miner.state.mining = False
    await old_polls.poll()
    snapshot = await old_polls.poll()
    assert snapshot.summary.hash_rate == pytest.approx(67.75, rel=0.05)
    assert snapshot.mining is False
    assert snapshot.hash_rate == 0
    assert snapshot.live.power is None


async def test_v1_without_its_process_is_stopped(
    proxied_miner: SimulatedMiner, clock: Clock
) -> None:
    """Its proxy answers in plain text."""
    miner = proxied_miner
    polls = Polls(miner, clock)
    assert (await polls.poll()).mining is True
    miner.state.mining = False
    snapshot = await polls.poll()
    assert snapshot.mining is False
    assert snapshot.hash_rate == 0
    assert snapshot.live.power is None
    miner.state.mining = True
    assert (await polls.poll()).mining is True


@pytest.mark.parametrize(
    ("command", "how"),
    [(JOINED, PROCESS_DOWN), ("devdetails", PROCESS_DOWN), ("devdetails", Refused(14))],
)
async def test_either_sign_that_the_process_of_v1_is_down_will_do(
    old_polls: Polls, command: str, how: Misbehaviour
) -> None:
    """The two are read one after the other, and not both in each poll."""
    assert (await old_polls.poll()).mining is True
    old_polls.miner.misbehave(command, how)
    snapshot = await old_polls.poll()
    assert snapshot.mining is False
    assert snapshot.hash_rate == 0
    assert snapshot.live.power is None


async def test_v1_that_is_known_may_be_stopped_at_the_first_poll(
    proxied_miner: SimulatedMiner, clock: Clock
) -> None:
    """There is no MAC address to compare, and there are no data to use."""
    miner = proxied_miner
    miner.state.mining = False
    snapshot = await Polls(miner, clock, miner.mac.lower()).poll()
    assert snapshot.generation is Generation.V1
    assert snapshot.mining is False
    assert snapshot.hash_rate == 0
    with pytest.raises(NoMacError):
        await Polls(miner, clock).poll()


@pytest.mark.parametrize("known", [True, False], ids=["outage", "first-poll"])
async def test_v1_that_boots_is_available_with_unknown_values(
    old_polls: Polls, *, known: bool
) -> None:
    """Its control board reports its version only, not its MAC address."""
    miner = old_polls.miner
    if known:
        await old_polls.poll()
        await miner.disconnect()
        with pytest.raises(CannotConnectError):
            await old_polls.poll()
        miner.reconnect()
    miner.misbehave("*", PROCESS_DOWN)
    miner.misbehave("get_version", Altered("STATUS", "STATUS"))  # as usual
    for _ in range(3):
        snapshot = await old_polls.poll()
        assert snapshot.generation is Generation.V1
        assert snapshot.summary == Summary()
        assert snapshot.status == Status()
        assert snapshot.boards == ()
        assert snapshot.pools == ()
        assert snapshot.live.power is None
        assert not snapshot.mining

    miner.behave()
    await old_polls.poll()
    snapshot = await old_polls.poll()
    assert snapshot.mining is True
    assert snapshot.hash_rate == pytest.approx(67.75, rel=0.05)


async def test_v1_is_compared_once_its_process_is_back(
    proxied_miner: SimulatedMiner, clock: Clock
) -> None:
    """This happens before its data are used."""
    polls = Polls(proxied_miner, clock, ANOTHER_MAC.lower())
    proxied_miner.state.mining = False
    assert (await polls.poll()).summary == Summary()
    proxied_miner.state.mining = True
    with pytest.raises(WrongMinerError):
        await polls.poll()


async def test_v1_that_says_it_is_off_is_not_believed(old_polls: Polls) -> None:
    """A real one reported that while it was hashing."""
    snapshot = await old_polls.poll()
    assert snapshot.status.mining_off is True
    assert snapshot.mining is True
    assert snapshot.hash_rate == pytest.approx(67.75, rel=0.05)


async def test_a_clock_that_stands_still_makes_power_unknown(polls: Polls) -> None:
    """This holds although the miner reports that it mines."""
    await polls.poll()
    polls.clock.now += 30  # and the miner's does not move
    snapshot = await polls.poll(after=0)
    assert snapshot.mining is True
    assert snapshot.stale
    assert snapshot.summary.power
    assert snapshot.live.power is None
    assert snapshot.hash_rate is None
    snapshot = await polls.poll()
    assert not snapshot.stale
    assert snapshot.live.power == pytest.approx(3400, rel=0.05)


async def test_the_same_second_twice_is_no_frozen_clock(any_polls: Polls) -> None:
    """After a write, two polls may follow closely."""
    await any_polls.poll()
    any_polls.clock.now += 4
    snapshot = await any_polls.poll(after=0)
    assert not snapshot.stale
    assert snapshot.mining is True


async def test_a_summary_without_a_clock_is_believed(
    canned: CannedMiner, clock: Clock
) -> None:
    """One firmware had no clock."""
    canned.answers["summary"] = table(
        "SUMMARY", {"Uptime": 5, "Power": 3400, "HS RT": 1e8}
    )
    reader = reader_of(canned)
    for _ in range(3):
        snapshot = await reader.poll()
        clock.now += 30
        assert not snapshot.stale
        assert snapshot.live.power == 3400


# Which miner it is


@pytest.mark.parametrize(
    "mac", ["", "00:00:00:00:00:00", "C2:04:28", "C2:04:28:00:00:01:02", "unknown"]
)
@pytest.mark.parametrize("generation", ["v1", "v2", "compat"])
async def test_a_miner_without_a_mac_is_refused(generation: str, mac: str) -> None:
    """It could not be identified later."""
    async with SimulatedMiner(generation=generation, model="M50", mac=mac) as miner:
        reader, identity = introduce(miner)
        with pytest.raises(NoMacError):
            await reader.poll()
        assert identity.mac is None


async def test_a_miner_that_does_not_know_the_question_has_no_mac(
    canned: CannedMiner,
) -> None:
    """Its firmware is too old."""
    del canned.answers["get_miner_info"]
    with pytest.raises(NoMacError):
        await reader_of(canned).poll()


@pytest.mark.parametrize("mac", ["C20428-000001", "c2 04 28 00 00 01", "c20428000001"])
async def test_a_mac_may_be_written_in_other_ways(
    canned: CannedMiner, mac: str
) -> None:
    canned.answers["get_miner_info"] = message({"mac": mac})
    reader, identity = introduce(canned, "c2:04:28:00:00:01")
    await reader.poll()
    assert identity.mac == "c2:04:28:00:00:01"


async def test_a_mac_in_the_summary_identifies(canned: CannedMiner) -> None:
    """A few early 2.0.x still have it. The other identity data are read once."""
    canned.answers["summary"] = table("SUMMARY", {"MAC": ANOTHER_MAC, "Elapsed": 5})
    reader, identity = introduce(canned)
    await reader.poll()
    assert identity.mac == ANOTHER_MAC.lower()
    assert canned.asked.count("get_miner_info") == 1
    await reader.poll()
    assert canned.asked.count("get_miner_info") == 1


async def test_another_miner_than_the_expected_one_is_refused(any_polls: Polls) -> None:
    """Its data are not used."""
    reader = reader_of(any_polls.miner, ANOTHER_MAC.lower())
    for _ in range(2):
        with pytest.raises(WrongMinerError) as caught:
            await reader.poll()
        assert caught.value.expected == ANOTHER_MAC.lower()
        assert caught.value.found == any_polls.miner.mac.lower()


@pytest.mark.parametrize("generation", ["v1", "v2", "compat"])
async def test_another_miner_behind_the_address_after_an_outage_is_refused(
    polls: Polls, generation: str
) -> None:
    """DHCP gave the address away, and no data of the other miner are used."""
    before = await polls.poll()
    ours = polls.miner
    await ours.disconnect()
    with pytest.raises(CannotConnectError):
        await polls.poll()
    async with SimulatedMiner(
        generation=generation, model="M60S", port=ours.port, seed="another"
    ) as other:
        other.state.faults = {111: "2026-11-20 08:00:00"}
        for _ in range(3):
            with pytest.raises(WrongMinerError):
                await polls.poll()
    ours.reconnect()
    snapshot = await polls.poll()
    assert snapshot.version == before.version
    assert snapshot.details == before.details
    assert snapshot.info == before.info
    assert snapshot.errors == ()
    assert snapshot.generation == before.generation


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


async def test_after_an_outage_the_mac_is_read_again_and_then_no_more(
    any_polls: Polls,
) -> None:
    """It takes one more connection, which V1 does not need."""
    await any_polls.poll()
    await any_polls.miner.disconnect()
    with pytest.raises(CannotConnectError):
        await any_polls.poll()
    any_polls.miner.reconnect()
    assert any_polls.asked
    await any_polls.poll()
    asked = any_polls.asked
    old = any_polls.miner.generation == "v1"
    assert ("get_miner_info" in asked) is not old
    assert len(asked) == (3 if old else 4)
    for _ in range(6):
        await any_polls.poll()
        assert len(any_polls.asked) == 3


async def test_an_uptime_that_ran_backwards_makes_us_look_at_the_mac(
    any_polls: Polls,
) -> None:
    """The miner was rebooted or replaced between two polls."""
    await any_polls.poll()
    await any_polls.poll()
    assert any_polls.asked
    state = any_polls.miner.state
    state.booted_at = state.now - 60
    await any_polls.poll()
    old = any_polls.miner.generation == "v1"
    assert len(any_polls.asked) == (3 if old else 4)
    await any_polls.poll()
    assert len(any_polls.asked) == 3


@pytest.mark.parametrize("after", [1, 30, 300])
@pytest.mark.parametrize(
    ("jump", "asks"), [(-6, True), (-5, False), (0, False), (5, False), (6, True)]
)
async def test_an_uptime_that_did_not_go_on_as_time_did_makes_us_look_at_the_mac(
    polls: Polls, jump: float, after: float, *, asks: bool
) -> None:
    """It may differ in either direction, by more than a few seconds."""
    for _ in range(2):
        await polls.poll()
    assert polls.asked
    polls.miner.state.booted_at -= jump
    await polls.poll(after=after)
    first = polls.asked
    assert first[0] == JOINED
    assert first[1:-2] == (["get_miner_info"] if asks else [])
    await polls.poll()
    assert len(polls.asked) == 3  # it is compared with the last one


async def test_other_boards_make_us_look_at_the_mac(any_polls: Polls) -> None:
    """A board was removed, added or replaced. V1 reports the MAC address anyway."""
    boards = any_polls.miner.state.boards

    async def connections() -> int:
        await any_polls.poll()
        return len(any_polls.asked)

    await any_polls.poll()
    await any_polls.poll()
    assert any_polls.asked
    more = 3 if any_polls.miner.generation == "v1" else 4
    assert await connections() == 3
    boards[1].present = False
    assert [await connections() for _ in range(2)] == [more, 3]
    boards[1].present = True
    assert [await connections() for _ in range(2)] == [more, 3]
    boards[1].serial = "SKM3CSD0000000B00000"
    assert [await connections() for _ in range(2)] == [more, 3]
    boards[0], boards[2] = boards[2], boards[0]  # the same, in another order
    assert await connections() == 3


async def test_boards_that_are_not_told_of_are_no_other_boards(
    any_polls: Polls,
) -> None:
    """A stopped miner may report none. They are compared with the last ones that were reported."""
    boards = any_polls.miner.state.boards
    await any_polls.poll()
    await any_polls.poll()
    for present in (False, False, True):
        for board in boards:
            board.present = present
        assert any_polls.asked
        await any_polls.poll()
        assert len(any_polls.asked) == 3
        await any_polls.poll()


async def test_v1_is_looked_at_in_every_summary(old_polls: Polls) -> None:
    """This takes no more connections.

    The other miner is only asked for its MAC address after that.
    """
    await old_polls.poll()
    assert old_polls.asked
    old_polls.miner.replace_control_board(ANOTHER_MAC)
    with pytest.raises(WrongMinerError):
        await old_polls.poll()
    assert old_polls.asked == [JOINED]
    with pytest.raises(WrongMinerError):
        await old_polls.poll()
    assert set(old_polls.asked) <= {"get_miner_info", "summary"}


async def test_an_uptime_that_ran_backwards_out_of_sight_counts_as_well(
    polls: Polls,
) -> None:
    """A booting miner has no summary for a while."""
    await polls.poll()
    polls.miner.misbehave(JOINED, PROCESS_DOWN, times=1)
    await polls.poll()
    assert polls.asked
    state = polls.miner.state
    state.booted_at = state.now - 60
    await polls.poll()
    assert "get_miner_info" in polls.asked


async def test_another_miner_with_less_uptime_is_refused_without_an_outage(
    polls: Polls,
) -> None:
    """It got the address between two polls."""
    await polls.poll()
    await polls.miner.disconnect()
    async with SimulatedMiner(model="M60S", port=polls.miner.port, seed="x") as other:
        state = other.state
        state.booted_at = state.now - 60
        with pytest.raises(WrongMinerError):
            await polls.poll()


@pytest.mark.parametrize("generation", ["v2", "compat"])
async def test_another_miner_with_more_uptime_is_refused_once_it_tells_its_mac(
    polls: Polls, generation: str
) -> None:
    """It got the address between two polls, and `get_miner_info` follows minutes later."""
    await polls.poll()
    await polls.miner.disconnect()
    async with SimulatedMiner(
        generation=generation, model="M60S", port=polls.miner.port, seed="x"
    ) as other:
        polls.miner = other
        other.advance(3600)

        async def poll_for_a_while() -> None:
            for _ in range(30):
                await polls.poll()

        with pytest.raises(WrongMinerError):
            await poll_for_a_while()


@pytest.mark.parametrize("how", [Refused(14), Closed()])
async def test_a_mac_that_cannot_be_read_after_an_outage_is_no_licence(
    polls: Polls, how: Misbehaviour
) -> None:
    """No data are used until it was read."""
    await polls.poll()
    polls.miner.misbehave("status", Closed(), times=1)
    with pytest.raises(CannotConnectError):
        await polls.poll()
    polls.miner.misbehave("get_miner_info", how)
    for _ in range(2):
        with pytest.raises(WhatsminerError):
            await polls.poll()
    polls.miner.behave()
    assert (await polls.poll()).mining is True


# What kind of miner it is, if it is one


@pytest.mark.parametrize(
    ("version", "generation"),
    [
        ({"api_ver": "2.0.3", "fw_ver": "20220801.11.REL"}, Generation.V2),
        ({"api_ver": "2.0.5", "fw_ver": "'20240924.14.Rel'"}, Generation.V2),
        ({"api_ver": "2.2.2", "fw_ver": "20260312.16.REL3"}, Generation.V2_2),
        ({"api_ver": "whatsminer v1.4.0", "fw_ver": "20210322.22.REL"}, Generation.V1),
        ("whatsminer v1.1", Generation.V1),
        ("20200917.22.REL", Generation.V1),
        ({"fw_ver": "20230714.15.Rel"}, Generation.V2),
    ],
)
async def test_the_generation_is_what_the_firmware_says(
    canned: CannedMiner, version: Any, generation: Generation
) -> None:
    """The version of its API counts, not a date."""
    canned.answers["get_version"] = message(version)
    assert (await reader_of(canned).poll()).generation is generation


@pytest.mark.parametrize(
    ("version", "generation"), [("2.2.1", Generation.V2_2), ("2.0.5", Generation.V2)]
)
async def test_other_firmware_may_be_of_another_generation(
    canned: CannedMiner, version: str, generation: Generation
) -> None:
    """This is seen even while its mining process, which would show it best, is down."""
    miner = Miner(HOST, canned.port)
    assert (await miner.poll()).generation is Generation.V2

    for command in ("summary", "pools", "edevs"):
        del canned.answers[command]
    new = {"api_ver": version, "fw_ver": "20261101.01.Rel"}
    canned.answers["get_version"] = message(new)
    await miner.firmware()
    await miner.poll()
    assert (await miner.poll()).generation is generation


async def test_the_generation_is_how_the_firmware_says_it(canned: CannedMiner) -> None:
    """A summary inside a message comes from V3 firmware, whatever version it reports."""
    canned.answers["summary"] = fixture("compat_m60s")["summary"]
    canned.answers["edevs"] = fixture("compat_m60s")["edevs"]
    snapshot = await reader_of(canned).poll()
    assert snapshot.generation is Generation.V2_2
    assert snapshot.hash_rate == pytest.approx(140.544208)
    assert sum(board.hash_rate or 0 for board in snapshot.boards) == pytest.approx(
        140.54, abs=0.01
    )


async def test_an_m60s_with_v3_firmware_is_read_whole(canned: CannedMiner) -> None:
    """The answers were captured from a real one."""
    canned.answers |= fixture("compat_m60s")
    canned.answers["get_version"] = message(
        {"api_ver": "2.2.2", "fw_ver": "20260312.16.REL3", "miner_type": "M60S_VK40"}
    )
    canned.answers["status"] = fixture("status_20250214.16.1")
    reader, identity = introduce(canned)
    snapshot = await reader.poll()
    assert identity.mac == "ce:0c:1d:00:2a:53"
    assert snapshot.generation is Generation.V2_2
    assert snapshot.model == "M60S_VK40"
    assert snapshot.mining is True
    assert snapshot.power_limit_set is None
    assert snapshot.power_mode == "normal"
    assert snapshot.efficiency == pytest.approx(22.58, abs=0.01)
    assert not snapshot.liquid_cooled
    assert len(snapshot.boards) == 3


async def test_the_oldest_firmware_is_known_by_its_driver(canned: CannedMiner) -> None:
    """It reports no version."""
    canned.answers |= {
        "get_version": refusal(14),
        "devdetails": table("DEVDETAILS", {"Driver": "bitmicro", "Model": "M20SV10"}),
        "summary": table("SUMMARY", {"MAC": ANOTHER_MAC, "Elapsed": 5, "HS RT": 6e7}),
    }
    snapshot = await reader_of(canned).poll()
    assert snapshot.generation is Generation.V1
    assert snapshot.model == "M20SV10"
    assert snapshot.mining is True


SOMETHING_ELSE: dict[str, dict[str, object]] = {
    "refuses-all": {},
    "antminer": {
        "devdetails": table("DEVDETAILS", {"Driver": "BMM", "Model": "Antminer S19"})
    },
    "no-version": {"get_version": message({"hello": "world"})},
    "list": {"get_version": message([])},
    "json": {"get_version": {"hello": "world"}},
    "no-status": {"get_version": {"Code": 131, "Msg": {"api_ver": "2.0.5"}}},
    "http": {"get_version": b"HTTP/1.1 400 Bad Request\r\n\r\n"},
    "ssh": {"get_version": b"SSH-2.0-OpenSSH_9.2\r\n"},
}


@pytest.mark.parametrize("answers", SOMETHING_ELSE.values(), ids=SOMETHING_ELSE)
async def test_something_else_is_no_miner(answers: dict[str, object]) -> None:
    async with CannedMiner(answers) as miner:
        with pytest.raises(NotAMinerError):
            await reader_of(miner).poll()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b'{"STATUS":"S","Code":131,"Msg":{"api_ver":"2.0.', MalformedReplyError),
        (b"", CannotConnectError),
        (b"Socket connect failed: Connection refused\n", MiningProcessDownError),
    ],
)
async def test_a_first_answer_that_is_none_is_told_from_another_device(
    answer: bytes, error: type[Exception]
) -> None:
    """The caller can try again."""
    async with CannedMiner({"get_version": answer}) as miner:
        with pytest.raises(error):
            await reader_of(miner).poll()


async def test_a_first_poll_that_failed_is_begun_again(polls: Polls) -> None:
    """Everything that it should have read is read."""
    polls.miner.misbehave("devdetails", Refused(132), times=1)
    polls.miner.misbehave(JOINED, Closed(), times=1)
    polls.miner.misbehave("summary", Closed(), times=1)
    with pytest.raises(CannotConnectError):
        await polls.poll()
    snapshots = [await polls.poll() for _ in range(5)]
    assert snapshots[0].firmware == polls.miner.firmware_version
    assert snapshots[-1].model == "M30S+_VE40"
    assert snapshots[-1].psu.model == "P221B"


@pytest.mark.parametrize(
    "command", ["get_version", "devdetails", "get_psu", JOINED, "status"]
)
async def test_a_first_poll_that_was_cancelled_does_not_break_the_next(
    polls: Polls, command: str
) -> None:
    """Home Assistant may cancel a set-up at any moment and try again."""
    held = Held()
    polls.miner.misbehave(command, held, times=1)
    first = asyncio.create_task(polls.poll())
    await held.reached.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first

    snapshots = [await polls.poll() for _ in range(2)]

    for snapshot in snapshots:
        assert snapshot.firmware == polls.miner.firmware_version
        assert snapshot.model == "M30S+_VE40"
        assert snapshot.psu.model == "P221B"
        assert snapshot.hash_rate == pytest.approx(100, rel=0.05)
