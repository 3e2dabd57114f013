"""How much work something is, told by how it grows with what it is done to."""

from collections.abc import Callable
from time import process_time
from typing import Final

# Work that grows as its input does takes four times as long for four times as much, give or take
# what the machine does besides; work that grows as the square of it takes sixteen times as long.
TIMES: Final = 4
MOST_GROWTH: Final = 9.0
_ROUNDS: Final = 5


def growth[T](
    work: Callable[[T], object], make: Callable[[int], T], size: int
) -> float:
    """Return how many times as long the work takes for an input that is four times as large.

    `make` returns an input of a size.
    """
    return ratio(work, make(TIMES * size), make(size))


def ratio[T](work: Callable[[T], object], subject: T, other: T) -> float:
    """Return how many times as long the work takes with one input as with the other.

    The best of some rounds counts: in the others the machine may have had more to do.
    """
    return _seconds(work, subject) / _seconds(work, other)


def _seconds[T](work: Callable[[T], object], subject: T) -> float:
    best = float("inf")
    for _ in range(_ROUNDS):
        begin = process_time()
        work(subject)
        best = min(best, process_time() - begin)
    return best
