"""What the panels of the picture share: a time axis, and how things are written."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from xml.sax.saxutils import escape

from .prices import DAY

WIDTH = 1000
LEFT, RIGHT = 132, 972  # of the time axis


def across(seconds: float) -> float:
    """Return the x of a time of the day."""
    return LEFT + (RIGHT - LEFT) * seconds / DAY


def at_hour(hour: float) -> float:
    """Return the x of an hour."""
    return across(hour * 3600)


def text(x: float, y: float, words: str, kind: str = "") -> str:
    """Return words; `kind` is how they look."""
    look = f' class="{kind}"' if kind else ""
    return f'<text{look} x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'


def runs[T: Hashable](
    values: Sequence[T], step: float
) -> Iterator[tuple[float, float, T]]:
    """Yield what stays the same: from when, until when, and what it is."""
    at = 0.0
    for value, same in groupby(values):
        end = at + step * len(list(same))
        yield at, end, value
        at = end


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A part of the picture with a scale of its own, from `low` at the bottom to `high`."""

    top: float
    bottom: float
    low: float
    high: float

    def up(self, value: float) -> float:
        """Return the y of a value."""
        share = (value - self.low) / (self.high - self.low)
        return self.bottom - share * (self.bottom - self.top)

    def line(self, value: float, words: str, kind: str) -> Iterator[str]:
        """Yield a line across, with its value at the left."""
        y = self.up(value)
        yield f'<path class="{kind}" d="M{LEFT} {y:.1f}H{RIGHT}"/>'
        yield text(LEFT - 8, y + 4.5, words, "small end")
