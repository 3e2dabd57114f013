"""What a poll makes of its answers: when they were read, and what a refusal says."""

from dataclasses import dataclass
import json
from typing import override

import pytest

from simulator import Misbehaviour, Quirk, Raw, Refused, SimulatedMiner
from simulator.misbehaviour import Exchange, Line
from tests import JOINED, PROCESS_DOWN, Altered, Without
from tests.api import SINGLY, Clock, Polls

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


# On or off without the word of the status

# Statuses that do not say whether mining is on.
SAYS_NOTHING: dict[str, Misbehaviour] = {
    "no-key": Without("mineroff"),
    "empty": Altered('"mineroff":"false"', '"mineroff":""'),
    "nonsense": Altered('"mineroff":"false"', '"mineroff":"maybe"'),
    "14": Refused(14),
    "132": Refused(132),
    "process-down": PROCESS_DOWN,
    "text": Raw(json.dumps({"STATUS": "S", "Code": 131, "Msg": "ok"}).encode()),
}
says_nothing = pytest.mark.parametrize("how", SAYS_NOTHING.values(), ids=SAYS_NOTHING)


@pytest.fixture(params=["air_miner", "hydro_miner"])
def new_polls(request: pytest.FixtureRequest, clock: Clock) -> Polls:
    """Return polls of firmware whose status usually tells whether mining is on."""
    miner: SimulatedMiner = request.getfixturevalue(request.param)
    return Polls(miner, clock)


@says_nothing
async def test_a_miner_that_hashes_is_on(new_polls: Polls, how: Misbehaviour) -> None:
    """The status may lack anything."""
    new_polls.miner.misbehave("status", how)
    for _ in range(3):
        snapshot = await new_polls.poll()
        assert snapshot.mining is True
        assert snapshot.running is True
        assert snapshot.mining_since is not None
    assert len(new_polls.asked) <= 3 * 3 + 5  # at set-up there are more


@pytest.mark.parametrize("generation", ["v2", "compat"])
async def test_a_miner_whose_process_is_down_is_off(
    clock: Clock, generation: str
) -> None:
    async with SimulatedMiner(
        generation=generation, quirks={Quirk.PROCESS_DOWN}
    ) as miner:
        polls = Polls(miner, clock)
        miner.misbehave("status", Without("mineroff"))
        assert (await polls.poll()).mining is True
        miner.state.mining = False
        for _ in range(3):
            snapshot = await polls.poll()
        assert snapshot.mining is False
        assert snapshot.hash_rate == 0
        miner.state.mining = True
        miner.state.settle()
        for _ in range(2):
            snapshot = await polls.poll()
        assert snapshot.mining is True


@pytest.mark.parametrize("generation", ["v2", "compat"])
async def test_readings_that_stand_still_do_not_show_whether_a_miner_is_on(
    clock: Clock, generation: str
) -> None:
    """Its process hangs, or it was stopped."""
    async with SimulatedMiner(
        generation=generation, quirks={Quirk.STALE_SUMMARY}
    ) as miner:
        polls = Polls(miner, clock)
        miner.misbehave("status", Without("mineroff"))
        assert (await polls.poll()).mining is True
        miner.state.mining = False
        for _ in range(3):
            snapshot = await polls.poll()
        assert snapshot.mining is None
        assert snapshot.hash_rate is None


@says_nothing
async def test_a_miner_that_runs_without_hashing_may_be_on_or_off(
    new_polls: Polls, how: Misbehaviour
) -> None:
    """It may start just now."""
    new_polls.miner.misbehave("status", how)
    await new_polls.poll()
    new_polls.miner.state.restart()
    snapshot = await new_polls.poll()
    assert snapshot.mining is None
    assert snapshot.hash_rate == 0


async def test_the_status_decides_where_it_tells(new_polls: Polls) -> None:
    """Some firmware goes on to show the hash rate of a stopped miner."""
    new_polls.miner.misbehave(
        "status", Altered('"mineroff":"false"', '"mineroff":"true"')
    )
    for _ in range(2):
        snapshot = await new_polls.poll()
        assert snapshot.mining is False
        assert snapshot.hash_rate == 0


@pytest.mark.parametrize("said", ["true", "false"])
async def test_the_status_of_v1_does_not_decide(old_polls: Polls, said: str) -> None:
    """Some of it says "true" while the miner hashes, most of it "false"."""
    status = {"STATUS": "S", "Code": 131, "Msg": {"btmineroff": said}}
    old_polls.miner.misbehave("status", Raw(json.dumps(status).encode()))
    assert (await old_polls.poll()).mining is True
    assert (await old_polls.poll()).mining is True
    old_polls.miner.state.mining = False
    for _ in range(4):
        snapshot = await old_polls.poll()
    assert snapshot.mining is False
    assert snapshot.hash_rate == 0


@pytest.mark.parametrize("down", [PROCESS_DOWN, Refused(14)])
async def test_a_power_off_is_confirmed_without_the_status(
    polls: Polls, down: Misbehaviour
) -> None:
    """The mining process does not answer any more."""
    polls.miner.misbehave("status", Without("mineroff"))
    await polls.poll()
    assert not await polls.reader.is_off()
    polls.miner.misbehave("summary", down)
    assert await polls.reader.is_off()
    polls.miner.misbehave("summary", Refused(132))
    assert not await polls.reader.is_off()


async def test_v1_that_goes_on_to_hash_without_its_details_is_on(
    old_polls: Polls,
) -> None:
    """This firmware does not know `devdetails`. One that stopped does not go on."""
    assert (await old_polls.poll()).mining is True
    old_polls.miner.misbehave("devdetails", Refused(14))
    await old_polls.poll()
    for _ in range(5):
        snapshot = await old_polls.poll()
        assert snapshot.mining is True
        assert snapshot.hash_rate == pytest.approx(67.75, rel=0.05)
    old_polls.miner.state.mining = False
    await old_polls.poll()
    for _ in range(5):
        assert (await old_polls.poll()).mining is False
