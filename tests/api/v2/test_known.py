"""What a poll makes of its answers: when they were read, and what a refusal says."""

from dataclasses import dataclass
import json
from typing import override

import pytest

from simulator import Misbehaviour, Raw, Refused
from simulator.misbehaviour import Exchange, Line
from tests import JOINED, PROCESS_DOWN
from tests.api import SINGLY, Polls

# When an answer was read


@dataclass(frozen=True)
class Slow(Misbehaviour):
    """Answers as usual, but takes so many seconds for it."""

    polls: Polls
    seconds: float = 9

    @override
    async def respond(self, exchange: Exchange, line: Line) -> None:
        """Let time pass, then answer."""
        self.polls.clock.now += self.seconds
        self.polls.miner.advance(self.seconds)
        await exchange.serve(line)


@pytest.mark.parametrize("joins", [True, False])
@pytest.mark.parametrize("seconds", [3, 9])
async def test_slow_answers_do_not_move_the_start_of_mining(
    any_polls: Polls, *, joins: bool, seconds: float
) -> None:
    """The clocks of the summary belong to the moment at which it came, not to the end of a poll."""
    if not joins:
        any_polls.miner.misbehave(JOINED, Refused(14))
    starts = []
    for slow in (False, True, True, False, True):
        any_polls.miner.behave("*")
        if slow:
            for command in (*SINGLY, "devs", "status", "get_error_code", "devdetails"):
                any_polls.miner.misbehave(command, Slow(any_polls, seconds))
        snapshot = await any_polls.poll()
        for command in (*SINGLY, "devs", "status", "get_error_code", "devdetails"):
            any_polls.miner.behave(command)
        assert not snapshot.stale
        assert snapshot.performance.elapsed
        starts.append(snapshot.monotonic - snapshot.performance.elapsed)
    assert max(starts) - min(starts) <= 1


@pytest.mark.parametrize("command", ["pools", "edevs"])
async def test_a_slow_answer_behind_the_summary_is_no_other_miner(
    polls: Polls, command: str
) -> None:
    """The uptime is compared with the time between the two summaries."""
    polls.miner.misbehave(JOINED, Refused(14))
    for _ in range(4):
        await polls.poll()
    polls.miner.misbehave(command, Slow(polls))
    assert polls.asked
    for _ in range(4):
        await polls.poll()
    assert "get_miner_info" not in polls.asked


@pytest.mark.parametrize("command", ["status", "get_error_code"])
async def test_a_slow_answer_behind_the_summary_is_no_frozen_clock(
    polls: Polls, command: str
) -> None:
    """After a write, two polls follow closely, and the clock may count whole seconds."""
    await polls.poll()
    polls.miner.misbehave(command, Slow(polls))
    assert not (await polls.poll(after=0)).stale


# What a refusal says

NO_CODE = Raw(json.dumps({"STATUS": "E", "When": 1, "Msg": "no"}).encode())
NO_EVIDENCE = {
    "23": Refused(23),
    "45": Refused(45),
    "132": Refused(132),
    "136": Refused(136),
    "no-code": NO_CODE,
}
no_evidence = pytest.mark.parametrize("how", NO_EVIDENCE.values(), ids=NO_EVIDENCE)


@no_evidence
@pytest.mark.parametrize("commands", [(JOINED, "summary"), (JOINED, *SINGLY, "devs")])
async def test_v1_that_refuses_its_summary_is_not_stopped_by_that(
    old_polls: Polls, commands: tuple[str, ...], how: Misbehaviour
) -> None:
    """Firmware says in other words that mining is stopped."""
    assert (await old_polls.poll()).mining is True
    for command in commands:
        old_polls.miner.misbehave(command, how)
    for _ in range(5):
        snapshot = await old_polls.poll()
        assert snapshot.mining is None
        assert snapshot.hash_rate is None
        assert snapshot.running is None
        assert snapshot.live.power is None
    old_polls.miner.behave()
    for _ in range(2):
        snapshot = await old_polls.poll()
    assert snapshot.mining is True
    assert snapshot.hash_rate == pytest.approx(67.75, rel=0.05)


@no_evidence
async def test_v1_that_refuses_its_details_is_not_stopped_by_that(
    old_polls: Polls, how: Misbehaviour
) -> None:
    """Its summary shows that it mines."""
    old_polls.miner.misbehave("devdetails", how)
    for _ in range(3):
        snapshot = await old_polls.poll()
        assert snapshot.mining is True
        assert snapshot.hash_rate == pytest.approx(67.75, rel=0.05)


@pytest.mark.parametrize("how", [Refused(14), PROCESS_DOWN])
async def test_v1_that_does_not_know_its_summary_is_stopped(
    old_polls: Polls, how: Misbehaviour
) -> None:
    """This is what firmware says while its mining process is down."""
    await old_polls.poll()
    for command in (JOINED, *SINGLY, "devs", "devdetails"):
        old_polls.miner.misbehave(command, how)
    for _ in range(5):
        snapshot = await old_polls.poll()
        assert snapshot.mining is False
        assert snapshot.hash_rate == 0
    old_polls.miner.behave()
    for _ in range(2):
        snapshot = await old_polls.poll()
    assert snapshot.mining is True


@no_evidence
async def test_a_refusal_does_not_confirm_a_power_off(
    old_polls: Polls, how: Misbehaviour
) -> None:
    """The boards of V1 may be refused for many reasons."""
    await old_polls.poll()
    old_polls.miner.misbehave("devdetails", how)
    assert not await old_polls.reader.is_off()
    old_polls.miner.misbehave("devdetails", Refused(14))
    assert await old_polls.reader.is_off()
