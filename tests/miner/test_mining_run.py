"""Starts of mining, by the clock of the mining process and the moments at which it was read."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.whatsminer.api import Snapshot, readings
from custom_components.whatsminer.miner import mining_run
from custom_components.whatsminer.miner.mining_run import MiningRuns
from tests.api import Clock


class Runs:
    """Polls of a miner that began to mine at a moment; each may take long after its summary."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Begin a day after the start."""
        self.clock = Clock()
        monkeypatch.setattr(mining_run, "time", self.clock)
        self.start = self.clock.now - 86_400
        self.runs = MiningRuns()

    def poll(self, *, wait: float = 30, takes: float = 0) -> bool:
        """Poll after a time; what follows the summary takes some seconds."""
        self.clock.now += wait
        read = self.clock.now
        self.clock.now += takes
        snapshot = Snapshot(
            taken=datetime(2026, 11, 28, tzinfo=UTC) + timedelta(seconds=read),
            monotonic=read,
            generation="any",
            settings=readings.ReportedSettings(mining=True),
            performance=readings.Performance(elapsed=read - self.start),
        )
        return self.runs.update(snapshot, read)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    """Return polls of a miner that mines."""
    return Runs(monkeypatch)


@pytest.mark.parametrize("takes", [27, 36, 120])
def test_a_poll_that_takes_long_is_no_start(runs: Runs, takes: float) -> None:
    """The answers behind the summary do not make the run look shorter."""
    for slow in (0, takes, 0, 0, takes, takes, 0):
        assert not runs.poll(takes=slow)
    assert runs.runs.restarts == 0


@pytest.mark.parametrize("takes", [0, 36, 120])
@pytest.mark.parametrize("wait", [60, 3600])
def test_a_start_is_seen_however_long_a_poll_takes(
    runs: Runs, wait: float, takes: float
) -> None:
    """The run is shorter than the time since the last summary, or than the last run."""
    runs.poll(takes=takes)
    runs.start = runs.clock.now + wait - 50
    assert runs.poll(wait=wait)
    assert not runs.poll(takes=takes)
    assert runs.runs.restarts == 1


@pytest.mark.parametrize("takes", [0, 36])
def test_a_short_run_after_a_long_gap_is_a_start(runs: Runs, takes: float) -> None:
    """It may have lasted longer than the run that was seen last."""
    runs.start = runs.clock.now - 40
    runs.poll(takes=takes)
    runs.start = runs.clock.now + 1000
    assert runs.poll(wait=1200)
