"""Adds up the energy that a miner uses, which miners do not count themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ..api import Snapshot
from ..const import POLL_INTERVAL

# A longer gap between two polls is not counted: the power in it is not known.
_MOST_POLLS_APART: Final = 3
_JOULES_PER_KILOWATT_HOUR: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class _Poll:
    """The time of a poll, and the power that it reported.

    `monotonic` is None for a poll before a restart of Home Assistant, which had another clock.
    After more than `longest` seconds there is a gap.
    """

    taken: datetime
    power: float | None
    longest: float
    monotonic: float | None = None


class EnergyMeter:
    """The energy of one miner: the power of every two polls in a row, times what lies between."""

    def __init__(self) -> None:
        """Begin without a poll."""
        # The last poll, which may have been before a restart of Home Assistant.
        self._last: _Poll | None = None

    def add(self, snapshot: Snapshot, interval: timedelta | None) -> float:
        """Add a poll, and return the kWh used since the last one.

        The poll may have been added before. `interval` is the one at which the miner is polled.
        """
        power = snapshot.live.power
        longest = _longest(interval)
        last, self._last = (
            self._last,
            _Poll(snapshot.taken, power, longest, snapshot.monotonic),
        )
        if last is None or last.power is None or power is None:
            return 0.0
        if last.monotonic is None:
            apart = (snapshot.taken - last.taken).total_seconds()
        else:
            apart = snapshot.monotonic - last.monotonic
        # A clock that was set back has not measured anything.
        if not 0 < apart <= last.longest:
            return 0.0
        joules = max(0.0, (last.power + power) / 2) * apart
        return joules / _JOULES_PER_KILOWATT_HOUR

    def to_store(self) -> dict[str, Any]:
        """Return the last poll, as JSON."""
        last = self._last
        return {
            "power": last and last.power,
            "taken": last and last.taken.isoformat(),
        }

    def restore(self, stored: Mapping[str, Any], interval: timedelta | None) -> None:
        """Go on from the last poll before a restart of Home Assistant.

        Raises:
            KeyError, TypeError, ValueError: it is not what `to_store` returns.

        """
        if stored["taken"] and stored["power"] is not None:
            self._last = _Poll(
                datetime.fromisoformat(stored["taken"]),
                float(stored["power"]),
                _longest(interval),
            )


def _longest(interval: timedelta | None) -> float:
    """Return how many seconds the next poll may be away."""
    return _MOST_POLLS_APART * (interval or POLL_INTERVAL).total_seconds()
