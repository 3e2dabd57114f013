"""What V2 adds to the readings of a miner that is read over V3."""

import pytest

from custom_components.whatsminer.api import Snapshot, commands
from custom_components.whatsminer.api.v2 import supplement
from simulator import GARBAGE, Closed, Hang, Misbehaviour, Raw, Refused
from tests import PROCESS_DOWN, names_of
from tests.api.home import Home

ONLY_V2 = {"accepted_shares", "rejected_shares", "stop_reason"}


async def poll(home: Home, *, after: float = 30) -> Snapshot:
    """Let time pass and poll."""
    home.pass_time(after)
    return await home.client.poll()


async def test_shares_are_counted_over_v2_every_few_minutes(home: Home) -> None:
    seen = [await poll(home, after=60) for _ in range(6)]
    pool = home.miner.state.pools[0]
    assert {snapshot.generation for snapshot in seen} == {"v3"}
    assert all(snapshot.support.readings >= ONLY_V2 for snapshot in seen)
    assert seen[0].accepted_shares == seen[4].accepted_shares
    assert seen[5].accepted_shares == pool.accepted
    assert seen[5].rejected_shares == pool.rejected
    assert seen[5].pool.difficulty
    assert seen[5].target_hash_rate == seen[5].performance.factory_hash_rate
    assert names_of(home.miner.requests) == ["pools", "pools"]


async def test_the_reason_is_asked_for_when_mining_stops(home: Home) -> None:
    await poll(home)
    await home.client.send(commands.power_off())
    seen = [await poll(home) for _ in range(3)]
    assert {snapshot.stop_reason for snapshot in seen} == {"by whatsminer api"}
    assert seen[0].stop_cause == "command"
    assert names_of(home.miner.requests) == ["pools", "status"]
    await home.client.send(commands.power_on())
    again = await poll(home)
    assert again.stop_cause == "none"
    assert again.accepted_shares is not None
    assert names_of(home.miner.requests) == ["pools", "status", "pools"]


@pytest.mark.parametrize(
    "how", [Closed(), Refused(14), GARBAGE, Raw(b"{}"), PROCESS_DOWN], ids=str
)
async def test_without_it_nothing_is_unavailable(home: Home, how: Misbehaviour) -> None:
    """It is asked again every few minutes, and what was read is used for a while."""
    home.miner.misbehave("v2", how)
    seen = [await poll(home) for _ in range(3)]
    assert all(snapshot.hash_rate and snapshot.pools for snapshot in seen)
    assert not seen[-1].support.readings & ONLY_V2
    assert seen[-1].accepted_shares is None
    assert len(home.miner.requests) <= 1
    home.miner.behave()
    last = [await poll(home, after=150) for _ in range(3)][-1]
    assert last.accepted_shares is not None
    home.miner.misbehave("v2", how)
    seen = [await poll(home, after=310) for _ in range(5)]
    assert seen[1].accepted_shares == last.accepted_shares
    assert seen[-1].accepted_shares is None
    assert seen[-1].support.readings >= ONLY_V2


@pytest.mark.parametrize("how", [Closed(), Hang()], ids=str)
async def test_a_port_that_does_not_answer_is_asked_less_and_less(
    home: Home, how: Misbehaviour, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A firewall may swallow what goes to it, and a command would have to wait each time."""
    monkeypatch.setattr(supplement, "_SECONDS_TO_ANSWER", 0.05)
    home.miner.misbehave("v2", how)
    for _ in range(12 * 10):
        await poll(home, after=300)
    first_hour, others = 4, 10
    assert len(home.miner.requests) <= first_hour + others
    home.miner.behave()
    seen = [await poll(home, after=300) for _ in range(12)]
    assert seen[-1].accepted_shares is not None


async def test_the_shares_of_another_worker_are_not_counted(home: Home) -> None:
    """The pools may have changed between the two connections."""
    await poll(home)
    home.miner.state.pools[0].user = "another.1"
    assert (await poll(home)).accepted_shares is None
    assert (await poll(home, after=300)).accepted_shares is not None


async def test_v2_itself_needs_no_supplement(home: Home) -> None:
    await home.miner.v3.disable()
    assert (await poll(home)).generation == "v2.2"
    asked = len(home.miner.requests)
    await poll(home)
    assert len(home.miner.requests) == asked + 3


@pytest.mark.parametrize("how", [None, Closed()], ids=["open", "closed"])
async def test_what_falls_back_is_written_as_v2_2_writes_it(
    home: Home, how: Misbehaviour | None
) -> None:
    """V2 itself was never polled."""
    if how:
        home.miner.misbehave("v2", how)
    await poll(home)
    home.miner.behave()
    home.miner.v3.password = "Another_1"
    await home.client.send(commands.power_percent(100))
    assert names_of(home.miner.writes) == ["restore_power_pct"]
