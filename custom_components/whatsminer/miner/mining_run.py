"""Follows the mining runs of one miner: from a start of mining to its end."""

from datetime import timedelta
import math
import time
from typing import Final

from ..api import Snapshot

# Start times are computed from two clocks: this much apart, they are the same start.
SAME_START: Final = timedelta(seconds=30)


class MiningRuns:
    """Counts the starts of mining that the polls show.

    `restarts` is how often mining was seen to start.
    """

    def __init__(self) -> None:
        """Begin without a poll."""
        self.restarts = 0
        # When a command that ends this run was accepted, until a poll shows the result.
        self._commanded: float | None = None
        # For how long mining had gone on in the last poll, and when that was read.
        self._last: tuple[float, float] | None = None

    @property
    def is_settled(self) -> bool:
        """Whether the last poll is newer than any command that stops or restarts mining."""
        return self._commanded is None

    def expect_end(self) -> None:
        """Remember that a command that stops or restarts mining was accepted now."""
        self._commanded = time.monotonic()

    def update(self, snapshot: Snapshot, began: float) -> bool:
        """Return whether mining has started since the poll before.

        The poll `began` at a monotonic time. A stop alone is no start.
        """
        if self._commanded is not None and began >= self._commanded:
            self._commanded = None
        started = self._has_started(snapshot)
        self.restarts += started
        return started

    def _has_started(self, snapshot: Snapshot) -> bool:
        elapsed = snapshot.live.elapsed
        if snapshot.mining is False and self._last is None:
            self._last = (math.inf, 0.0)  # whatever comes after a stop is a new start
        if not snapshot.mining or not elapsed:
            return False
        read = snapshot.monotonic
        last, self._last = self._last, (elapsed, read)
        if last is None:
            return False
        # By our own steady clock: it sees a short run after a long gap, and no step of the time.
        expected = last[0] + read - last[1]
        return elapsed < last[0] or elapsed < expected - SAME_START.total_seconds()
