"""When a miner was last switched on or off, as its polls show it."""

from dataclasses import replace
from datetime import datetime, timedelta

from ..api import Snapshot, Value
from .memory import StoredData, StoredSwitch
from .settings import Settings


class LastSwitch:
    """Remembers when mining was last switched on or off.

    A failed start, an outage and a restart of Home Assistant do not count. For an entity each of them
    is a change of state, but the miner was not switched.
    """

    def __init__(self) -> None:
        """Begin without a poll."""
        # What the first poll showed, until a switch is seen, which is stored.
        self._first: StoredSwitch | None = None

    def update(self, snapshot: Snapshot, settings: Settings, data: StoredData) -> None:
        """Add a poll; `settings` are those from before it, `data` is where a switch is stored.

        The time is that of the command which the poll confirms, or else that of the poll.
        """
        if snapshot.mining is None:
            return
        accepted = settings.accepted_at("mining", snapshot.mining)
        ago = 0 if accepted is None else max(0, snapshot.monotonic - accepted)
        at = snapshot.taken - timedelta(seconds=ago)
        now: StoredSwitch = {"on": snapshot.mining, "at": at.isoformat()}
        last = data.get("last_switch", self._first)
        if last is None:
            self._first = now
        # What is in the future comes from a clock that was wrong.
        elif last["on"] is not now["on"] or datetime.fromisoformat(last["at"]) > at:
            data["last_switch"] = now

    @staticmethod
    def bounded(snapshot: Snapshot, data: StoredData) -> Snapshot:
        """Return a snapshot whose times are no longer than since mining was switched on.

        Some firmware does not show that. It may have been before Home Assistant began.
        """
        last = data.get("last_switch")
        if not (snapshot.counts_while_off and snapshot.mining and last and last["on"]):
            return snapshot
        at = datetime.fromisoformat(last["at"])
        seconds = (snapshot.taken - at).total_seconds()
        if seconds <= 0:  # a clock was wrong
            return snapshot
        reported, idle_for = snapshot.performance, snapshot.idle_for
        elapsed = reported.elapsed and min(reported.elapsed, seconds)
        return replace(
            snapshot,
            performance=replace(reported, elapsed=elapsed),
            idle_for=idle_for and min(idle_for, seconds),
        )

    @staticmethod
    def known_at(mining: Value | float | None, data: StoredData) -> str | None:
        """Return when mining was switched to what it is, as ISO 8601; None until a switch is seen."""
        last = data.get("last_switch")
        return last["at"] if last and last["on"] is mining else None

    def at(self, mining: Value | float | None, data: StoredData) -> str | None:
        """Return since when `mining` is what it is, as ISO 8601; None until a poll shows it."""
        last = data.get("last_switch", self._first)
        return last["at"] if last and last["on"] is mining else None
