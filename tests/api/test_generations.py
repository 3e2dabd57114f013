"""Snapshots of miners of any generation: mining, stopped, stale and starting."""

from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from custom_components.whatsminer.api.readings import Board, PoolState, Summary
from custom_components.whatsminer.api.snapshot import Snapshot
from simulator import Quirk, SimulatedMiner

from . import Clock, reader_of


class Life:
    """A simulated miner and its snapshots; time passes between them for both."""

    def __init__(self, miner: SimulatedMiner, clock: Clock) -> None:
        """Start without a snapshot."""
        self.miner = miner
        self.clock = clock
        self.reader = reader_of(miner)

    async def read(self) -> Snapshot:
        """Poll twice, because a clock that stands still shows only then."""
        for _ in range(2):
            self.clock.now += 30
            self.miner.advance(30)
            found = await self.reader.poll()
        return found


@pytest.fixture
def any_life(any_miner: SimulatedMiner, clock: Clock) -> Life:
    """Return a miner of each generation in turn."""
    return Life(any_miner, clock)


@pytest.fixture(params=["v2", "compat"])
async def forgetful_life(
    request: pytest.FixtureRequest, clock: Clock
) -> AsyncGenerator[Life]:
    """Return a newer miner that keeps its last readings when it is stopped, as any V1 does."""
    async with SimulatedMiner(
        generation=request.param, model="M50", quirks={Quirk.STALE_SUMMARY}
    ) as miner:
        yield Life(miner, clock)


async def test_a_mining_miner_tells_the_same_in_any_generation(any_life: Life) -> None:
    """The firmware reports them under different keys."""
    seen = await any_life.read()
    known = any_life.miner.state.telemetry()
    assert seen.running is True
    assert seen.stable is True
    assert seen.target_hash_rate == pytest.approx(118)
    assert seen.efficiency == pytest.approx(28, abs=1)
    assert seen.mining_since == seen.taken - timedelta(seconds=seen.live.elapsed or 0)
    assert seen.booted == seen.taken - timedelta(seconds=int(known.uptime))
    assert seen.board_temperature == pytest.approx(71, abs=1)
    assert seen.psu_fan_speed == pytest.approx(7000, abs=100)
    assert seen.accepted_shares == known.accepted
    assert seen.rejected_shares == known.rejected
    assert seen.pool.url == "stratum+tcp://btc.pool.example:3333"
    assert seen.pool.worker == "simulated.001"
    assert seen.pool_connected is True
    assert seen.power_limit == 3600
    assert list(seen.hashboards) == [0, 1, 2]
    for board in seen.hashboards.values():
        assert board.alive is True
        assert board.hash_rate == pytest.approx(39, abs=2)
        assert board.temperature == pytest.approx(71, abs=2)


async def test_a_stopped_miner_hashes_nothing_in_any_generation(any_life: Life) -> None:
    """Settings stay known; readings that V1 keeps are not used."""
    await any_life.read()
    any_life.miner.state.mining = False
    seen = await any_life.read()
    assert seen.mining is False
    assert seen.hash_rate == 0
    assert seen.running is False
    assert seen.stable is False
    assert seen.efficiency is None
    assert seen.mining_since is None
    assert seen.pool == PoolState()
    assert not seen.pool_connected
    assert not seen.accepted_shares
    assert (seen.power_mode, seen.power_limit) == ("normal", 3600)
    assert list(seen.hashboards) == [0, 1, 2]
    for board in seen.hashboards.values():
        assert board.alive is None
        assert board.hash_rate == 0
        assert not board.frequency
    reported = any_life.miner.generation != "v1"
    assert seen.stale is not reported
    assert (seen.booted is not None) is reported
    assert (seen.board_temperature is not None) is reported


async def test_a_stopped_miner_that_shows_its_last_readings_is_seen_through(
    forgetful_life: Life,
) -> None:
    """None of them is true any longer, and the hash rates are 0."""
    await forgetful_life.read()
    forgetful_life.miner.state.mining = False
    seen = await forgetful_life.read()
    assert seen.summary.hash_rate
    assert seen.boards[0].hash_rate
    assert seen.stale
    assert seen.hash_rate == 0
    assert seen.running is False
    assert seen.live == Summary()
    assert seen.board_temperature is None
    assert seen.accepted_shares is None
    assert seen.rejected_shares is None
    for slot, board in seen.hashboards.items():
        serial = seen.boards[slot].serial_number
        assert serial
        assert board == Board(slot=slot, hash_rate=0, serial_number=serial)


async def test_a_starting_miner_hashes_before_it_is_stable_in_any_generation(
    any_life: Life,
) -> None:
    """The hash rate rises during tuning."""
    await any_life.read()
    any_life.miner.state.restart()
    seen = await any_life.read()
    assert seen.running is True
    assert seen.stable is False
    assert seen.hash_rate
    assert seen.hash_rate < 60
    assert seen.target_hash_rate == pytest.approx(118)
    assert seen.mining_since == seen.taken - timedelta(seconds=60)
    assert seen.accepted_shares == 0
    assert all(board.alive for board in seen.hashboards.values())
