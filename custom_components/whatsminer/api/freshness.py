"""Whether a reading is still true: clocks that stand still, leftovers, the age of an answer."""

from dataclasses import dataclass
from datetime import UTC, datetime
import time
from typing import Final, Self

from .readings import Performance

# Seconds. The clock of the mining process may count whole seconds, so the same value proves
# nothing for so long.
_FROZEN_AFTER: Final = 5.0


def is_leftover(performance: Performance, *, mining: bool | None) -> bool:
    """Return whether the performance is from before mining stopped: it has a hash rate still."""
    return mining is False and bool(performance.hash_rate)


@dataclass(frozen=True, slots=True)
class Moment:
    """When an answer came: `taken` by our own clock, which may be set, and in monotonic seconds.

    The clocks in an answer are compared with the moment at which it came. The rest of a poll can
    take half a minute.
    """

    taken: datetime
    monotonic: float

    @classmethod
    def now(cls) -> Self:
        """Return the present moment."""
        return cls(datetime.now(UTC), time.monotonic())


class ProcessClock:
    """Follows the clock of the mining process, which stands still while the process hangs."""

    def __init__(self) -> None:
        """Begin without a poll."""
        self._since: tuple[float, float] | None = None
        # Whether it went on between the last two polls.
        self.advances = False

    def is_frozen(self, elapsed: float | None, read: float) -> bool:
        """Return whether the clock, in seconds, has stood still for a while.

        It was `read` at a monotonic time.
        """
        self.advances = self._since is not None and elapsed not in (
            None,
            self._since[0],
        )
        if elapsed is None:
            self._since = None
            return False
        if self._since is None or self._since[0] != elapsed:
            self._since = elapsed, read
        return read - self._since[1] >= _FROZEN_AFTER


class MiningChange:
    """When a poll first showed that mining was switched on or off."""

    def __init__(self) -> None:
        """Begin without a poll."""
        self.at = 0.0
        self._mining: bool | None = None

    def update(self, mining: bool | None, read: float) -> bool:
        """Return whether mining was switched since the last poll that showed it.

        The state was `read` at a monotonic time.
        """
        if mining is None:
            return False
        last, self._mining = self._mining, mining
        if last is None or last is mining:
            return False
        self.at = read
        return True


class Ages:
    """When each answer came: its time, and the number of polls since then."""

    def __init__(self) -> None:
        """Begin without an answer."""
        self._polls = 0
        self._read: dict[str, tuple[float, int]] = {}

    def begin_poll(self) -> None:
        """Count a poll."""
        self._polls += 1

    def renew(self, name: str) -> None:
        """Remember that an answer came now."""
        self._read[name] = time.monotonic(), self._polls

    def forget(self, name: str) -> None:
        """Forget an answer."""
        self._read.pop(name, None)

    def is_recent(self, name: str, seconds: float, polls: int) -> bool:
        """Return whether an answer came in the last seconds, or in one of the last polls."""
        if name not in self._read:
            return False
        moment, poll = self._read[name]
        return time.monotonic() - moment <= seconds or self._polls - poll <= polls

    def is_older(self, name: str, moment: float) -> bool:
        """Return whether an answer came before a moment on the monotonic clock."""
        return name in self._read and self._read[name][0] < moment
