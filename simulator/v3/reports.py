"""The reports that a client can order on its connection."""

from dataclasses import dataclass


@dataclass(slots=True)
class Reports:
    """When the next report is due on one connection.

    Attributes:
        gap: simulated seconds between two reports, 0 for none.
        due: epoch seconds of the next one.
    """

    gap: int = 0
    due: float = 0.0

    def order(self, gap: int, now: float) -> None:
        """Send a report every so many seconds from now on, 0 for none."""
        self.gap, self.due = gap, now + gap

    def take(self, now: float) -> bool:
        """Return whether a report is due; if so, the next one is a gap later."""
        if not self.gap or now < self.due:
            return False
        self.due = now + self.gap
        return True
