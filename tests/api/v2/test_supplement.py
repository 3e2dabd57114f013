"""What V2 adds to the readings of a miner that is read over V3."""

from collections.abc import AsyncGenerator

import pytest

from custom_components.whatsminer.api import Miner, Snapshot, commands
from custom_components.whatsminer.api.v2 import supplement
from simulator import GARBAGE, Closed, Hang, Misbehaviour, Raw, Refused, SimulatedMiner
from tests import PROCESS_DOWN, names_of
from tests.api import Clock
from tests.api.home import Home

ONLY_V2 = {"accepted_shares", "rejected_shares", "stop_reason"}
# The answer to this has the MAC address.
MAC = "get_miner_info"


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
    assert names_of(home.miner.requests) == [MAC, "pools", "pools"]


async def test_the_reason_is_asked_for_when_mining_stops(home: Home) -> None:
    await poll(home)
    await home.client.send(commands.power_off())
    seen = [await poll(home) for _ in range(3)]
    assert {snapshot.stop_reason for snapshot in seen} == {"by whatsminer api"}
    assert seen[0].stop_cause == "command"
    assert names_of(home.miner.requests) == [MAC, "pools", "status"]
    await home.client.send(commands.power_on())
    again = await poll(home)
    assert again.stop_cause == "none"
    assert again.accepted_shares is not None
    assert names_of(home.miner.requests) == [MAC, "pools", "status", "pools"]


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


# Behind a router, V2 may be that of another miner.


@pytest.fixture
async def another() -> AsyncGenerator[SimulatedMiner]:
    """Return another miner with the same pool and worker."""
    async with SimulatedMiner(
        generation="v3", model="M60S", mac="C2:04:28:00:00:02"
    ) as miner:
        yield miner


@pytest.fixture
async def mixed(
    home: Home, another: SimulatedMiner, clock: Clock
) -> AsyncGenerator[Home]:
    """Return a miner whose port of V2 is that of another miner."""
    forwarded = Home(home.miner, clock, home.miner.v3.port)
    forwarded.client = Miner(
        another.host,
        another.port,
        v3_port=home.miner.v3.port,
        mac=home.miner.mac.lower(),
    )
    yield forwarded
    assert home.miner.requests == []


@pytest.mark.parametrize("mining", [True, False])
async def test_another_miner_that_answers_is_used_for_nothing(
    mixed: Home, another: SimulatedMiner, mining: bool
) -> None:
    """Its pool and its worker may be the same. It is asked less and less often who it is."""
    mixed.miner.state.mining = another.state.mining = mining
    seen = [await poll(mixed, after=300) for _ in range(12)]
    assert {snapshot.generation for snapshot in seen} == {"v3"}
    assert all(snapshot.accepted_shares is None for snapshot in seen)
    assert all(snapshot.stop_reason is None for snapshot in seen)
    assert not seen[-1].support.readings & ONLY_V2
    asked = names_of(another.requests)
    assert set(asked) == {MAC}
    assert len(asked) <= 4


async def test_who_answers_is_asked_again_after_a_failure(home: Home) -> None:
    """Another miner may have got the port meanwhile."""
    first = await poll(home)
    assert first.accepted_shares is not None
    home.miner.misbehave("pools", GARBAGE, times=1)
    await poll(home, after=300)
    seen = await poll(home, after=600)
    assert seen.accepted_shares is not None
    assert names_of(home.miner.requests) == [MAC, "pools", "pools", MAC, "pools"]


@pytest.mark.parametrize(
    "info", [Refused(14), Raw(b'{"STATUS":"S","Code":131,"Msg":{}}')], ids=str
)
async def test_who_does_not_say_who_it_is_is_used_for_nothing(
    home: Home, info: Misbehaviour
) -> None:
    home.miner.misbehave(MAC, info)
    seen = [await poll(home, after=300) for _ in range(3)]
    assert seen[-1].accepted_shares is None
    assert set(names_of(home.miner.requests)) == {MAC}
    home.miner.behave()
    seen = [await poll(home, after=300) for _ in range(5)]
    assert seen[-1].accepted_shares is not None
