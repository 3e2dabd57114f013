"""What is remembered of a miner from one poll to the next."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.whatsminer.api import Capabilities, Snapshot
from custom_components.whatsminer.api.readings import Performance, ReportedSettings
from custom_components.whatsminer.miner.history import History
from custom_components.whatsminer.miner.settings import Settings
from homeassistant.util.dt import utcnow

POLL = timedelta(seconds=30)
MINING = Snapshot(
    taken=datetime(2026, 11, 1, tzinfo=UTC),
    generation="v2",
    settings=ReportedSettings(mining=True),
    performance=Performance(hash_stable=True, target_hash_rate=100),
)
random = Random(1)


class Polls:
    """Polls with hash rates in percent of the target, and what a complete record would show."""

    def __init__(self, freezer: FrozenDateTimeFactory) -> None:
        """Begin without polls."""
        self.history = History()
        self.rates: list[tuple[float, datetime]] = []
        self._freezer = freezer
        self._settings = Settings("Miner", Capabilities.of(MINING), {})

    def poll(self, *percents: float) -> None:
        """Poll once for each of some hash rates."""
        for percent in percents:
            self._freezer.tick(POLL)
            performance = replace(MINING.performance, hash_rate=percent)
            self.rates.append((percent, utcnow()))
            self.history.update(
                replace(MINING, performance=performance), self._settings
            )

    def since(self, percent: float) -> datetime | None:
        """Return since when it has been below a percentage, as the blueprint asks."""
        return next((at for most, at in self.history.at_most if most < percent), None)

    def true_since(self, percent: float) -> datetime | None:
        """Return the same from the complete record."""
        since = None
        for rate, at in reversed(self.rates):
            if rate >= percent:
                break
            since = at
        return since


@pytest.fixture
def polls(freezer: FrozenDateTimeFactory) -> Polls:
    """Polls of a miner that is on and tuned."""
    return Polls(freezer)


def falling(start: float, step: float, count: int) -> list[float]:
    """Return hash rates of which each is a little lower."""
    return [start - number * step for number in range(count)]


FAMILIES = pytest.mark.parametrize(
    "percents",
    [
        falling(99.9, 0.01, 3000),
        falling(101, 0.1, 1000),
        falling(3000, 1, 3000),
        falling(1e300, 1e290, 3000),
        [1e300 * 0.5**number for number in range(1000)],
        [100 * 0.999**number for number in range(5000)],
        falling(10, 0.01, 2000),
        [random.uniform(0, 120) for _ in range(2000)],
        [90 - number / 100 + random.uniform(-3, 3) for number in range(4000)],
    ],
    ids=lambda _: "",
)


@FAMILIES
def test_what_is_kept_has_a_bound(polls: Polls, percents: Iterable[float]) -> None:
    longest = 0
    for percent in percents:
        polls.poll(percent)
        longest = max(longest, len(polls.history.at_most))
    assert longest <= 102


@FAMILIES
def test_no_whole_percent_is_answered_otherwise_for_it(
    polls: Polls, percents: list[float]
) -> None:
    """Only whole percents can be asked for."""
    for number, percent in enumerate(percents[:600]):
        polls.poll(percent)
        assert polls.history.at_most[-1][0] == pytest.approx(percent)
        if number % 40 == 0:
            for asked in range(1, 101):
                assert polls.since(asked) == polls.true_since(asked), asked


@FAMILIES
def test_what_is_kept_is_true(polls: Polls, percents: list[float]) -> None:
    """The highest is first, and no later hash rate was higher."""
    polls.poll(*percents[:400])
    bounds = polls.history.at_most
    assert all(
        first[0] > second[0] and first[1] < second[1]
        for first, second in pairwise(bounds)
    )
    for percent, since in bounds:
        rates = [rate for rate, at in polls.rates if at >= since]
        assert max(rates) <= percent or percent == pytest.approx(max(rates))
