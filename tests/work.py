"""The cost of work, measured by how it grows with its input."""

from collections.abc import Callable
from time import process_time
from typing import Final

_TIMES: Final = 4
# Work that grows as its input does takes four times as long for four times as much, give or take
# what the machine does besides. If it grows as the square, it takes sixteen times as long.
_MOST_GROWTH: Final = 8.0
_FEWEST_ROUNDS: Final = 2
_MOST_ROUNDS: Final = 10


def assert_linear[T](
    work: Callable[[T], object], make: Callable[[int], T], size: int = 4000
) -> None:
    """Fail if four times the input takes much more than four times as long.

    `make` returns an input of a given size.
    """
    assert_ratio(work, make(_TIMES * size), make(size), _MOST_GROWTH)


def assert_ratio[T](
    work: Callable[[T], object], subject: T, other: T, most: float
) -> None:
    """Fail if the work takes more than so many times as long with one input as with the other.

    The best of some rounds counts: in the others the machine may have had more to do.
    """
    costs = [
        (_seconds(work, subject), _seconds(work, other)) for _ in range(_FEWEST_ROUNDS)
    ]
    while (ratio := min(c[0] for c in costs) / min(c[1] for c in costs)) >= most:
        assert len(costs) < _MOST_ROUNDS, ratio
        costs.append((_seconds(work, subject), _seconds(work, other)))


def _seconds[T](work: Callable[[T], object], subject: T) -> float:
    begin = process_time()
    work(subject)
    return process_time() - begin
