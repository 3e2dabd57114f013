"""The answers of every poll: joined, or singly where joins do not work."""

import json

import pytest

from custom_components.whatsminer.api.errors import MalformedReplyError, TimedOutError
from simulator import Closed, Dropped, Hang, Misbehaviour, Raw, Refused, Truncated
from tests import JOINED
from tests.api import SINGLY, STEADY, CannedMiner, Polls, reader_of, refusal, table

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
    "missing-part": Raw(json.dumps(MISSING_PART).encode()),
    "first-only": Raw(json.dumps(FIRST_ONLY).encode()),
}


@pytest.mark.parametrize("how", BAD_JOINED.values(), ids=BAD_JOINED)
async def test_a_bad_joined_answer_is_discarded_whole_and_read_singly(
    polls: Polls, how: Misbehaviour
) -> None:
    """What it does three times is remembered, even if the miner could join by now."""
    polls.miner.misbehave(JOINED, how)
    for _ in range(1 if isinstance(how, Closed | Dropped) else 3):
        snapshot = await polls.poll()
        asked = polls.asked
        assert asked[asked.index(JOINED) + 1 :][:3] == SINGLY
    elapsed = snapshot.performance.elapsed
    assert elapsed == pytest.approx(86_430 + polls.clock.now - 5030, abs=1)
    assert snapshot.hash_rate == pytest.approx(100, rel=0.05)
    assert len(snapshot.boards) == 3
    assert len(snapshot.pools) == 1
    polls.miner.behave()
    for turn in ("pools", "edevs", "pools"):
        snapshot = await polls.poll()
        assert polls.asked == ["summary", turn, "status", "get_error_code"]
        assert len(snapshot.boards) == 3
        assert len(snapshot.pools) == 1
    assert polls.miner.peak_connections == 1


async def test_a_joined_read_that_is_never_answered_is_tried_singly(
    polls: Polls, impatient: None
) -> None:
    """Some firmware may not know joined reads."""
    polls.miner.misbehave(JOINED, Hang())
    assert (await polls.poll()).hash_rate == pytest.approx(100, rel=0.05)
    assert polls.asked
    await polls.poll()
    assert polls.asked == ["summary", "pools", "status", "get_error_code"]


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
    polls.miner.misbehave(JOINED, Truncated())
    for _ in range(3):
        assert (await polls.poll()).hash_rate == pytest.approx(100, rel=0.05)
        assert polls.asked[-6:] == [JOINED, *SINGLY, "status", "get_error_code"]
    await polls.poll()
    assert polls.asked == ["summary", "pools", "status", "get_error_code"]


async def test_a_part_that_is_refused_later_is_meant(polls: Polls) -> None:
    """Firmware that can join refuses its boards while they are off."""
    await polls.poll()
    polls.miner.misbehave(JOINED, Raw(json.dumps(REFUSED_PART).encode()))
    snapshot = await polls.poll()
    assert snapshot.boards == ()
    assert snapshot.performance.hash_rate == pytest.approx(1)
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
        # Half of a list of three has one board that is whole.
        whole = 1 if isinstance(how, Truncated) else 0
        assert len(snapshot.boards) == (whole if command == "edevs" else 3)


async def test_a_summary_that_is_always_broken_is_no_answer(polls: Polls) -> None:
    """Without a summary, no other reading is of use."""
    polls.miner.misbehave(JOINED, Truncated())
    polls.miner.misbehave("summary", Truncated())
    for _ in range(3):
        with pytest.raises(MalformedReplyError):
            await polls.poll()
    polls.miner.behave("summary")
    assert (await polls.poll()).hash_rate == pytest.approx(100, rel=0.05)
