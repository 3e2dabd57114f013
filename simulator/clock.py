"""Simulated time."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
import time

# The miner's factory zone, CST-8, in which it writes the times of stops and errors.
_LOCAL = timezone(timedelta(hours=8))


class Clock:
    """Epoch seconds that run ``speed`` times as fast as real time.

    With speed 0 the clock stands still and moves only by :meth:`advance`, which is what
    a test wants: the same seed and the same calls then give the same answers.
    """

    def __init__(self, start: float, speed: float) -> None:
        """Start the clock at ``start`` epoch seconds."""
        self.speed = speed
        self._start = start
        self._origin = time.monotonic()
        self._advanced = 0.0

    def now(self) -> float:
        """Return the simulated time in epoch seconds."""
        return self._start + self._advanced + self.speed * self._elapsed()

    def unhurried(self) -> float:
        """Return the time that clients share with the miner, in epoch seconds.

        It ignores ``speed`` (a client's half hour of token life is a real half hour,
        however fast the miner warms up) but follows :meth:`advance`.
        """
        return self._start + self._advanced + (self._elapsed() if self.speed else 0.0)

    def advance(self, seconds: float) -> None:
        """Move the clock ahead by simulated seconds."""
        self._advanced += seconds

    async def pause(self, seconds: float) -> None:
        """Wait for real seconds; a clock that stands still only lets others go on."""
        if self.speed:
            await asyncio.sleep(seconds)
            return
        for _ in range(5):
            await asyncio.sleep(0)

    def _elapsed(self) -> float:
        return time.monotonic() - self._origin


def local_time(epoch: float | None) -> str:
    """Write a time as the miner does, empty for None."""
    if epoch is None:
        return ""
    return datetime.fromtimestamp(epoch, UTC).astimezone(_LOCAL).strftime("%F %T")
