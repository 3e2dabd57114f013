"""The power that a miner ordinarily draws, and the power limits that are usual for it."""

from collections import deque
import math
from statistics import median
from typing import Final

from ..api import Snapshot, limits
from .memory import Memory, StoredData
from .settings import Settings

# The share of the ordinary power that a limit usually has.
_LOWEST: Final = 0.3
_HIGHEST: Final = 1.3
# An estimate is the median of so many polls in a row.
_POLLS: Final = 10
# Below this share of its hash rate, a miner needs more for each TH/s than it ordinarily does.
# Far above it, the hash rate is not true.
_LEAST_RATE: Final = 0.6
_MOST_RATE: Final = 1.5
# The share by which a higher estimate has to differ from the stored one to replace it.
_WORTH_STORING: Final = 0.05


class OrdinaryPower:
    """The ordinary power of one miner, which is stored: it shows only while mining is stable.

    The firmware's own limit counts: the one in force in normal mode while nobody has set another.
    Firmware that does not tell whether one is set has an estimate instead: what the hash rate of
    the factory takes at the present efficiency, the highest so far. A limit, a dead hashboard and
    a power percent make it lower, and nothing makes it much higher.
    """

    def __init__(self, memory: Memory) -> None:
        """Begin without a poll."""
        self._memory = memory
        # The firmware's own limit in W in the last poll, if it showed.
        self._last_limit: float | None = None
        # The estimates in W of the last polls.
        self._estimates: deque[float] = deque(maxlen=_POLLS)

    @property
    def watts(self) -> float | None:
        """The ordinary power in W, None as long as it is not known."""
        stored = self._memory.data
        return stored.get("default_power_limit") or stored.get("estimated_power")

    def usual_limits(self, snapshot: Snapshot) -> limits.Bounds:
        """Return the range in W of usual limits, with those that the miner reports.

        Every limit is usual as long as the ordinary power is not known.
        """
        if not self.watts:
            return limits.POWER_LIMIT
        reported = [
            watts
            for watts in (snapshot.power_limit_set, snapshot.performance.power_limit)
            if watts
        ]
        return limits.Bounds(
            math.floor(min(_LOWEST * self.watts, *reported, math.inf)),
            math.ceil(max(_HIGHEST * self.watts, *reported, 0)),
        )

    def update(
        self, snapshot: Snapshot, settings: Settings, stored: StoredData
    ) -> None:
        """Learn from a poll; the settings have seen it."""
        if snapshot.stable is not True or not settings.mining_runs.is_settled:
            self._last_limit = None
            self._estimates.clear()
            return
        # A limit may have been set between two answers of one poll, but not of two.
        limit, last = _default_limit(snapshot), self._last_limit
        self._last_limit = limit
        if limit and limit == last:
            stored["default_power_limit"] = limit
        if not (estimate := _estimate(snapshot)):
            return
        self._estimates.append(estimate)
        if len(self._estimates) == _POLLS:
            watts = float(round(median(self._estimates)))
            if watts > (1 + _WORTH_STORING) * stored.get("estimated_power", 0.0):
                stored["estimated_power"] = watts


def _default_limit(snapshot: Snapshot) -> float | None:
    """Return the limit in force in W, if nobody has set it, and the mode is the normal one."""
    if not snapshot.limit_is_default or snapshot.power_mode != "normal":
        return None
    return snapshot.live.power_limit


def _estimate(snapshot: Snapshot) -> float | None:
    """Return what the hash rate of the factory takes in W at the present efficiency."""
    factory, rate = snapshot.live.factory_hash_rate, snapshot.hash_rate
    if not factory or not rate or not _LEAST_RATE <= rate / factory <= _MOST_RATE:
        return None
    return snapshot.efficiency and snapshot.efficiency * factory
