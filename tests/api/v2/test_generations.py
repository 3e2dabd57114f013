"""How generations are told apart, and snapshots of each: mining, stopped, stale and starting."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import pytest

from custom_components.whatsminer.api.readings import Board, Performance, Pool
from custom_components.whatsminer.api.sanitize import Json
from custom_components.whatsminer.api.snapshot import Snapshot
from custom_components.whatsminer.api.v2.envelope import Answer
from custom_components.whatsminer.api.v2.generations import (
    Generation,
    generation_of,
    is_documented,
)
from custom_components.whatsminer.api.v2.known import Known, Poll
from custom_components.whatsminer.api.v2.live_answers import Live
from simulator import Quirk, Refused, SimulatedMiner
from tests.api import CannedMiner, Clock, Polls, reader_of, requests_to

V1, V2, V2_2 = Generation.V1, Generation.V2, Generation.V2_2
NOTHING = Answer()

# Versions


@pytest.mark.parametrize(
    ("reported", "documented", "generation", "with_firmware"),
    [
        ("2.0.5", True, V2, V2),
        ("'2.0.3'", True, V2, V2),
        ("2.2.2", True, V2_2, V2_2),
        ("2.10.1", False, V2_2, V2_2),
        ("3.0.1", False, V2_2, V2_2),
        ("whatsminer v1.4.0", True, V1, V1),
        ("whatsminer v1.1", True, V1, V1),
        # These have no number; the first is the date of a firmware.
        ("20200917.22.REL", True, V1, V2),
        ("whatsminer", True, V1, V2),
        ("", True, V1, V2),
        (None, True, V1, V2),
    ],
)
def test_the_number_of_an_api(
    reported: str | None,
    generation: Generation,
    with_firmware: Generation,
    *,
    documented: bool,
) -> None:
    """It consists of the first two parts, at any place in the text."""
    version = {"api_ver": reported}
    assert is_documented(version) is documented
    assert generation_of(version, NOTHING, NOTHING) is generation
    version["fw_ver"] = "20240924.14.Rel"
    assert generation_of(version, NOTHING, NOTHING) is with_firmware


@pytest.mark.parametrize("digits", ["5" * 300, "0" * 5000, "1" * 4301])
def test_a_version_that_is_no_version_is_not_known(digits: str) -> None:
    """Converting so many digits to a number is an error, or takes long."""
    version = {"api_ver": f"2.{digits}"}
    assert is_documented(version)  # like one that is not reported
    assert generation_of(version, NOTHING, NOTHING) is V1
    version = {"api_ver": f"2.0.{digits}"}
    assert is_documented(version)
    assert generation_of(version, NOTHING, NOTHING) is V2


@pytest.mark.parametrize(
    ("api", "known"),
    [
        (None, True),
        ("whatsminer", True),
        ("whatsminer v1.1", True),
        ("whatsminer v1.4.0", True),
        ("2.0.3", True),
        ("2.0.5", True),
        ("2.2.2", True),
        ("2.1", False),
        ("2.3.0", False),
        ("2.20", False),
        ("3.0.1", False),
        ("0.9", False),
    ],
)
def test_an_api_is_known_or_not(api: str | None, *, known: bool) -> None:
    """There is no document for versions after V2.2, or for those that never existed."""
    assert is_documented({"api_ver": api}) is known
    if api is None:
        assert is_documented({})


@pytest.mark.parametrize(
    ("version", "known"), [("2.0.5", True), ("2.2.2", True), ("2.3.1", False)]
)
async def test_what_a_miner_tells_of_its_api_is_looked_at(
    air_miner: SimulatedMiner, version: str, *, known: bool
) -> None:
    """Everything that can be read is read all the same."""
    air_miner.api_version = version
    seen = await reader_of(air_miner).poll()
    assert seen.device.api == version
    assert seen.api_known is known
    assert seen.mining is True


@pytest.mark.parametrize("number", ["2.0.5", "1.4", None])
def test_an_answer_in_the_form_of_v2_2_is_from_v2_2(number: str | None) -> None:
    """Only V2.2 has a summary in its message, and a code with it."""
    version = {"api_ver": number}
    messages: tuple[Json, ...] = ({"Elapsed": 1}, [{"Elapsed": 1}])
    for listed in messages:
        summary = Answer(code=131, message=listed)
        assert generation_of(version, NOTHING, summary) is V2_2
    for other in (
        Answer(message={"Elapsed": 1}),
        Answer(code=131, message="Summary"),
        Answer(code=11, message="Summary", body={"SUMMARY": [{"Elapsed": 1}]}),
    ):
        assert generation_of(version, NOTHING, other) is generation_of(
            version, NOTHING, NOTHING
        )


def test_very_old_firmware_tells_its_version_with_the_status() -> None:
    """What `get_version` reports counts first."""
    status = Answer(description="whatsminer v1.3")
    version = {"fw_ver": "20200917.22.REL"}
    assert generation_of(version, NOTHING, NOTHING) is V2
    assert generation_of(version, status, NOTHING) is V1
    assert generation_of(version | {"api_ver": "2.0.5"}, status, NOTHING) is V2


# The power limit


def known_snapshot(summary: dict[str, Any], status: dict[str, Any] | None) -> Snapshot:
    """Return what is known of a miner with firmware 2.0.5 from two answers."""
    known = Known(requests_to(CannedMiner({})))
    known.slow["get_version"] = Answer(message={"api_ver": "2.0.5"})
    poll = Poll(
        live=Live({"summary": Answer(body={"SUMMARY": [summary]})}),
        boards=[],
        status=NOTHING if status is None else Answer(message=status),
    )
    assert known.find_generation(poll) is V2
    return known.snapshot(poll)


def test_the_limit_that_was_set_is_not_the_one_in_force() -> None:
    """The largest number of its type means that none was set."""
    summary = {"Power Limit": 3600}
    assert known_snapshot(summary, None).power_limit_set is None
    assert known_snapshot(summary, {"power_limit_set": "3300"}).power_limit_set == 3300
    none = {"power_limit_set": "2147483647"}
    assert known_snapshot(summary, none).power_limit_set is None


def test_the_limit_is_what_was_asked_for_else_what_is_in_force() -> None:
    """Only the status shows which of the two to use."""
    summary = {"Power Limit": 3600}
    asked, silent = {"power_limit_set": "3300"}, {"mineroff": "false"}
    none = {"power_limit_set": "2147483647"}
    assert known_snapshot(summary, asked).power_limit == 3300
    assert known_snapshot(summary, silent).power_limit == 3600
    assert known_snapshot(summary, none).power_limit == 3600
    assert known_snapshot(summary, None).power_limit is None
    assert known_snapshot({}, silent).power_limit is None


async def test_the_limit_is_unknown_while_the_status_is_refused(
    any_polls: Polls,
) -> None:
    """It is known again as soon as the miner reports its status."""
    assert (await any_polls.poll()).power_limit == 3600
    any_polls.miner.misbehave("status", Refused(14))
    assert (await any_polls.poll()).power_limit is None
    any_polls.miner.behave("status")
    assert (await any_polls.poll()).power_limit == 3600


# Snapshots


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
    assert seen.board_temperature == pytest.approx(63, abs=1)
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
        assert board.temperature == pytest.approx(63, abs=2)


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
    assert seen.pool == Pool()
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
    assert seen.performance.hash_rate
    assert seen.boards[0].hash_rate
    assert seen.stale
    assert seen.hash_rate == 0
    assert seen.running is False
    assert seen.live == Performance()
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
