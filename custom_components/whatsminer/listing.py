"""Names of miners in a sentence."""

from collections.abc import Sequence
from typing import Final

# So many names fit into a sentence.
_MOST_NAMES: Final = 10


def names(items: Sequence[object]) -> str:
    """Return a list as text, cut after some items."""
    shown = ", ".join(str(item) for item in items[:_MOST_NAMES])
    return f"{shown}, …" if len(items) > _MOST_NAMES else shown


def count_of(items: Sequence[object]) -> str:
    """Return how many there are, with some of their names."""
    return f"{len(items)} ({names(items)})" if items else "0"
