"""What a poll and the polls before it say together: on or off, since when, and what is stale."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.whatsminer.api.outage import is_idle_too_long

from .owner import LIVE, SLOW, Polls


async def test_a_miner_that_was_stopped_is_off_although_its_clock_goes_on(
    polls: Polls,
) -> None:
    """It leaves out its pools, and may have a hash rate still."""
    await polls.poll()
    polls.miner.device["miner"]["working"] = "false"
    del polls.miner.answers["get.miner.status"]["pools"]
    seen = await polls.poll()
    assert (seen.mining, seen.hash_rate, seen.running) == (False, 0, False)
    assert (seen.mining_since, seen.stale, seen.pools_complete) == (None, True, False)
    polls.summary["hash-realtime"] = 0
    seen = await polls.poll()
    assert (seen.stale, seen.live.power) == (False, 3505)


@pytest.mark.parametrize(("rate", "mining"), [(182.75, True), (0, None), (None, None)])
@pytest.mark.parametrize("moves", [True, False])
async def test_where_the_miner_does_not_say_it_a_hash_rate_says_that_it_is_on(
    polls: Polls, rate: float | None, mining: bool | None, moves: bool
) -> None:
    """Its clock never decides."""
    del polls.miner.device["miner"]["working"]
    polls.summary["hash-realtime"] = rate
    assert (await polls.poll()).mining is mining
    if not moves:
        polls.clock.now += 30
        seen = await polls.reader.poll()
        assert (seen.mining, seen.stale) == (mining, True)


async def test_mining_began_when_the_process_did(polls: Polls) -> None:
    """This holds as long as nobody has stopped it."""
    seen = await polls.poll()
    assert seen.mining_since is not None
    ago = datetime.now(UTC) - seen.mining_since
    assert abs(ago - timedelta(seconds=7230)) < timedelta(seconds=10)
    assert seen.booted is not None


async def test_mining_that_was_stopped_and_started_began_then(polls: Polls) -> None:
    """The process counts on meanwhile."""
    for working in ("true", "false", "true"):
        polls.miner.device["miner"]["working"] = working
        await polls.poll()
    seen = await polls.poll(after=40)
    assert seen.performance.elapsed == 40
    polls.summary["elapsed"] = -10  # mining is restarted, and the process with it
    seen = await polls.poll(after=30)
    assert seen.performance.elapsed == 20


async def test_what_a_restart_forgets_is_read_again_at_once(polls: Polls) -> None:
    await polls.poll()
    polls.summary["elapsed"] = 0
    polls.miner.answers["get.miner.setting"]["power-percent"] = 0
    seen = await polls.poll()
    assert seen.power_percent == 100
    for working in ("false", "true"):
        polls.miner.device["miner"]["working"] = working
        await polls.poll()
        assert polls.miner.asked == LIVE + SLOW


async def test_a_process_that_hangs_has_no_true_readings(polls: Polls) -> None:
    await polls.poll()
    polls.clock.now += 30
    seen = await polls.reader.poll()
    assert (seen.stale, seen.hash_rate, seen.live.power) == (True, None, None)


async def test_a_miner_that_produces_nothing_has_a_fault(polls: Polls) -> None:
    polls.summary.update(
        {"hash-realtime": 0, "hash-average": 0, "hash-1min": 0, "hash-15min": 0}
    )
    seen = await polls.poll()
    assert is_idle_too_long(seen.idle_for)
    assert [fault.code for fault in seen.faults or ()] == ["no_hash_rate"]
