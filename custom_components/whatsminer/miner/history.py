"""What earlier polls have shown of a miner, as far back as its entry is set up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from homeassistant.util import dt as dt_util

from ..api import Board, Pool, Snapshot
from .settings import Settings


@dataclass(slots=True)
class History:
    """What entities and scripts would otherwise have to remember from one poll to the next.

    Attributes:
        last_start: when mining started last, also while it is off.
        hashboards: the hashboards by slot when the miner hashed last.
        last_pool: the pool that was in use last, also while none is in use.
        previous_pool: the pool that was in use before it.
        pool_since: when the pool took the place of the previous one.
        at_most: since when the hash rate has been at most so many percent of its target, highest
            first; empty while there is no target. For each whole percent up to 100 there is one
            item at most, the oldest, and the last item is that of the last poll.
    """

    last_start: datetime | None = None
    hashboards: Mapping[int, Board] = field(default_factory=dict)
    last_pool: Pool = field(default_factory=Pool)
    previous_pool: str | None = None
    pool_since: datetime | None = None
    at_most: list[tuple[float, datetime]] = field(default_factory=list)

    @property
    def pool(self) -> str | None:
        """The URL of the pool that was in use last."""
        return self.last_pool.url

    def update(self, snapshot: Snapshot, settings: Settings) -> None:
        """Add a poll."""
        now = dt_util.utcnow()
        self.last_start = snapshot.mining_since or self.last_start
        if snapshot.running:
            self.hashboards = snapshot.hashboards
        pool = snapshot.pool.url
        if pool and pool != self.pool:
            if self.pool:
                self.previous_pool, self.pool_since = self.pool, now
        if pool:
            self.last_pool = snapshot.pool
        percent = _percent_of_target(snapshot, settings)
        if percent is None:
            self.at_most.clear()
            return
        since = now
        while self.at_most and self.at_most[-1][0] <= percent:
            _, since = self.at_most.pop()
        if len(self.at_most) > 1 and _same_step(*self.at_most[-2:]):
            self.at_most.pop()
        self.at_most.append((percent, since))


def _same_step(*bounds: tuple[float, datetime]) -> bool:
    """Return whether percentages are within the same whole percent, or all of 100 or more."""
    return len({int(min(max(percent, 0), 100)) for percent, _ in bounds}) == 1


def _percent_of_target(snapshot: Snapshot, settings: Settings) -> float | None:
    """Return the hash rate in percent of its target, which is lower with less power."""
    rate, target = snapshot.hash_rate, snapshot.target_hash_rate
    power = settings.value("power_percent")
    if isinstance(power, int | float) and target:
        target *= min(power, 100) / 100
    if not (snapshot.mining and snapshot.stable and target) or rate is None:
        return None
    return 100 * rate / target
