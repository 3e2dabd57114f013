"""A clock that several processes share, and that runs fast while none of them has work.

Home Assistant, the simulated miners and whoever records them live in one time. It is not
real time multiplied: a machine that is busy for a moment would then miss what is due, and
the ten seconds that a miner has for an answer would be a blink. Instead time passes only
while everybody waits. The one process that leads moves the clock, at most `speed` seconds
for each real one, and never past what anybody waits for; as long as somebody works it
creeps, at the speed of real time.

What a process takes the time from is replaced by this clock: `time.time`, `time.monotonic`,
`datetime.now`, and the waiting of event loops. So this comes before all other imports but
those of the standard library that wait in threads: they go on to wait in real time.
"""

import atexit
from collections.abc import Callable
import concurrent.futures  # noqa: F401  threads that wait
import datetime as dt
import math
import mmap
from pathlib import Path
import queue  # noqa: F401  threads that wait
import selectors
import threading
import time
from typing import Any, override

# How long a process waits before it looks at the clock again: as little as epoll can.
_SLICE = 0.001
# What may pass for a slice. A process that did not get to run has not waited.
_LONGEST_SLICE = 2 * _SLICE
# Where `time.monotonic` begins, which should not be zero.
_LONG_RUNNING = 1000.0

_real_monotonic = time.monotonic
_real_datetime = dt.datetime

type _Select = Callable[[Any, float | None], list[Any]]


class Clock:
    """The clock in a file that processes share: four numbers.

    Attributes:
        path: of the file.
        start: epoch seconds at the beginning.
        elapsed: seconds since then.
        due: what the follower waits for, in `elapsed`; -inf while it works.
        speed: what the clock makes of a real second.
    """

    def __init__(self, path: Path) -> None:
        """Open a clock that is there."""
        self.path = path
        with path.open("r+b") as file:
            self._memory = memoryview(mmap.mmap(file.fileno(), 0)).cast("d")

    @classmethod
    def make(cls, path: Path, start: float) -> Clock:
        """Make one that runs like any other, until somebody sets its speed."""
        path.write_bytes(bytes(4 * 8))
        clock = cls(path)
        clock._memory[:] = memoryview(bytearray(4 * 8)).cast("d")
        clock._memory[0], clock._memory[3] = start, 1.0
        clock.due = math.inf
        return clock

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return self._memory[1]

    @elapsed.setter
    def elapsed(self, elapsed: float) -> None:
        self._memory[1] = elapsed

    @property
    def due(self) -> float:
        """What the follower waits for."""
        return self._memory[2]

    @due.setter
    def due(self, due: float) -> None:
        self._memory[2] = due

    @property
    def speed(self) -> float:
        """Seconds for each real one."""
        return self._memory[3]

    @speed.setter
    def speed(self, speed: float) -> None:
        self._memory[3] = speed

    def time(self) -> float:
        """Return epoch seconds."""
        return self._memory[0] + self._memory[1]

    def monotonic(self) -> float:
        """Return the seconds of a steady clock."""
        return _LONG_RUNNING + self._memory[1]


def lead(path: Path, start: float) -> Clock:
    """Make a clock, live by it, and move it whenever this process waits."""
    clock = Clock.make(path, start)
    _live_by(clock)
    _wait_with(_leader(clock))
    return clock


def follow(path: Path) -> Clock:
    """Live by the clock of another process."""
    clock = Clock(path)
    clock.due = -math.inf
    atexit.register(setattr, clock, "due", math.inf)  # nobody is there who works
    _live_by(clock)
    _wait_with(_follower(clock))
    return clock


def _leader(clock: Clock) -> Callable[[_Select], _Select]:
    def make(real: _Select) -> _Select:
        def select(selector: Any, timeout: float | None) -> list[Any]:
            own = math.inf if timeout is None else clock.elapsed + timeout
            while clock.elapsed < own:
                began = _real_monotonic()
                if events := real(selector, _SLICE):
                    return events
                waited = min(_real_monotonic() - began, _LONGEST_SLICE)
                room = min(own, clock.due) - clock.elapsed
                step = min(waited * clock.speed, room) if room > 0 else 0.0
                clock.elapsed += max(step, min(waited, own - clock.elapsed))
            return real(selector, 0)

        return select

    return make


def _follower(clock: Clock) -> Callable[[_Select], _Select]:
    def make(real: _Select) -> _Select:
        def select(selector: Any, timeout: float | None) -> list[Any]:
            due = math.inf if timeout is None else clock.elapsed + timeout
            clock.due = due
            try:
                while clock.elapsed < due:
                    if events := real(selector, _SLICE):
                        return events
            finally:
                clock.due = -math.inf
            return real(selector, 0)

        return select

    return make


def _wait_with(make: Callable[[_Select], _Select]) -> None:
    """Let the event loop of the main thread wait in another way."""
    cls: Any = selectors.DefaultSelector
    real: _Select = cls.select
    hurried = make(real)
    main = threading.get_ident()

    def select(selector: Any, timeout: float | None = None) -> list[Any]:
        ours = threading.get_ident() == main
        return (hurried if ours else real)(selector, timeout)

    cls.select = select


def _live_by(clock: Clock) -> None:
    """Tell everybody in this process the time of a clock."""

    class Meta(type):
        @override
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, _real_datetime)

        @override
        def __subclasscheck__(cls, subclass: type) -> bool:
            return issubclass(subclass, _real_datetime)

    class Datetime(_real_datetime, metaclass=Meta):
        """What makes times, all of them of the real class: libraries look for that."""

        def __new__(cls, *args: Any, **kwargs: Any) -> Any:
            return _real_datetime(*args, **kwargs)

        @override
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            return _real_datetime.fromtimestamp(clock.time(), tz)

        @override
        @classmethod
        def utcnow(cls) -> Any:
            return cls.now(dt.UTC).replace(tzinfo=None)

    Datetime.__name__ = Datetime.__qualname__ = "datetime"
    setattr(dt, "datetime", Datetime)  # noqa: B010  mypy forbids the plain way
    time.time = clock.time
    time.time_ns = lambda: int(clock.time() * 1e9)
    time.monotonic = clock.monotonic
    time.monotonic_ns = lambda: int(clock.monotonic() * 1e9)
