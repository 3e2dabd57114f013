"""Limits of the work that a device may cause in Home Assistant."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from .report import Mismatch, Step


def few(step: Step, counts: Mapping[str, int], most: float) -> None:
    """Verify that no device has too many of something; show the highest count in the table.

    Raises:
        Mismatch: some have; the worst comes first.
    """
    ordered = Counter(counts).most_common()
    if ordered:
        name, count = ordered[0]
        step.shown = f"{sum(counts.values())} in all, {count} at most: {name}"
    if too_many := [f"{name} has {count}" for name, count in ordered if count > most]:
        raise Mismatch(f"more than {most:.0f}: {'; '.join(too_many)}")


def most_set_ups(polls: float) -> float:
    """Return how often a device may be set up, or be written to disk, in so many polls.

    A device that cannot be set up is tried again after 5, 10, 20, 40 and 80 s.
    """
    return 3 + polls / 6


class SetUps:
    """The number of times that each entry is set up."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.counts: Counter[str] = Counter()

    def hear(self, changes: list[dict[str, Any]]) -> None:
        """Count changes of entries; those without a type are the present state."""
        for change in changes:
            entry = change["entry"]
            if change["type"] and entry["state"] == "setup_in_progress":
                self.counts[entry["entry_id"]] += 1
