"""Decides what a miner is expected to report, and when its entry is reloaded."""

from dataclasses import replace
import time

from ..api import Capabilities, Snapshot
from ..const import CHANGE_INTERVAL
from .memory import Memory
from .record import Change, MinerRecord


class Expectations:
    """Decides what is expected of one miner, and when its entry has to be reloaded.

    A change is followed at once. For an hour after it nothing is given up that was seen, and
    only what was not seen yet reloads the entry again: a miner that says now this and now that
    is not set up anew at each poll.
    """

    # What can be expected; decided by `settle`.
    capabilities: Capabilities

    def __init__(self, record: MinerRecord) -> None:
        """Prepare; nothing is known yet but the last change."""
        self._record = record
        self._firmware: str | None = None
        self._has_model = False
        self._reloads = False

    def settle(self, snapshot: Snapshot, memory: Memory) -> Capabilities:
        """Decide from the first poll, and from what was told before; it is remembered."""
        can = Capabilities.of(snapshot)
        if snapshot.firmware == memory.get("firmware"):
            # Now it may be stopped, or busy.
            told = can.reports | set(memory.get("reports", []))
            can = replace(can, reports=told)
        self._has_model = bool(snapshot.model)
        if change := self._recent():
            can = change.capabilities.joined(can) if change.capabilities else can
            change.capabilities = can
            self._has_model = change.has_model = change.has_model or self._has_model
        memory["firmware"] = snapshot.firmware
        memory["reports"] = sorted(can.reports)
        self.capabilities = can
        return can

    def outgrown(self, snapshot: Snapshot) -> bool:
        """Return whether the entry has to be reloaded. It is true once."""
        self._firmware = self._firmware or snapshot.firmware
        now = Capabilities.of(snapshot)
        all_seen = self.capabilities.joined(now)
        gains_model = bool(snapshot.model) and not self._has_model
        more = gains_model or all_seen != self.capabilities
        other = (
            now.generation is not self.capabilities.generation
            or snapshot.firmware not in (None, self._firmware)
        )
        change = self._recent()
        if self._reloads or not (more or other):
            return False
        if change is None or (other and not change.is_other):
            self._record.change = Change(time.monotonic(), other)
        elif more:
            change.capabilities = all_seen
            change.has_model = change.has_model or gains_model
        else:
            return False
        self._reloads = True
        return True

    def expect_change(self) -> None:
        """Follow the next change at once: the owner has made it."""
        self._record.change = None

    def _recent(self) -> Change | None:
        """Return the last change, unless it was too long ago to matter."""
        change = self._record.change
        if change and time.monotonic() - change.since < CHANGE_INTERVAL:
            return change
        return None
