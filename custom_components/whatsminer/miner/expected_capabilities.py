"""The capabilities that a miner is expected to have, and when its entry has to be reloaded."""

from collections.abc import Mapping
from dataclasses import replace
import time
from typing import Final

from ..api import OPTIONAL, SETTINGS, Capabilities, Cooling, Snapshot
from ..const import CHANGE_INTERVAL
from .memory import StoredData
from .record import CapabilityChange, MinerRecord

# Readings and settings are stored in one list, where the name of this setting is a reading's, too.
_STORED_NAMES: Final[Mapping[str, str]] = {
    "target_frequency": "target_frequency_percent"
}


def _to_stored(can: Capabilities) -> list[str]:
    """Return the names of what a miner reports beyond what its firmware always does."""
    settings = {_STORED_NAMES.get(name, name) for name in can.settings}
    return sorted(can.readings | settings)


def _from_stored(data: StoredData) -> Capabilities:
    """Return what is stored of a miner as capabilities."""
    stored = frozenset(data.get("reports", ()))
    settings = {name for name in SETTINGS if _STORED_NAMES.get(name, name) in stored}
    cooling = data.get("cooling")
    # It proves liquid cooling, but is not reported while the miner boots.
    if "coolant_temperature" in stored:
        cooling = Cooling.LIQUID_SHOWN
    return Capabilities(
        cooling=next((item for item in Cooling if item == cooling), Cooling.UNKNOWN),
        readings=stored.intersection(OPTIONAL),
        settings=frozenset(settings),
    )


class ExpectedCapabilities:
    """Decides what one miner is expected to report, and when its entry has to be reloaded.

    A change reloads the entry at once. In the hour after it, all that was seen stays expected, and
    only what was not seen before reloads the entry again. So a miner whose reports go back and
    forth is not set up anew at each poll.
    """

    # What the miner should report and accept, once `decide` was called.
    capabilities: Capabilities
    # The stored data of the miner.
    _stored: StoredData

    def __init__(self, record: MinerRecord) -> None:
        """Begin with the last change."""
        self._record = record
        self._firmware: str | None = None
        self._has_model = False
        self._reloads = False

    def decide(self, snapshot: Snapshot, stored: StoredData) -> Capabilities:
        """Return what to expect after the first poll, and store it.

        What the same firmware reported before is expected, too: now the miner may be stopped.
        """
        can = Capabilities.of(snapshot)
        if snapshot.firmware == stored.get("firmware"):
            can = can.joined(_from_stored(stored))
        else:
            stored.pop("cooling", None)
        self._has_model = bool(snapshot.model)
        if change := self._recent_change():
            can = change.capabilities.joined(can) if change.capabilities else can
            change.capabilities = can
            self._has_model = change.has_model = change.has_model or self._has_model
        stored["firmware"] = snapshot.firmware
        stored["reports"] = _to_stored(can)
        self.capabilities = can
        self._stored = stored
        return can

    def take_reload(self, snapshot: Snapshot) -> bool:
        """Return True, once, when a poll shows that the entry has to be reloaded."""
        self._firmware = self._firmware or snapshot.firmware
        now = Capabilities.of(snapshot)
        all_seen = self.capabilities.joined(now)
        gains_model = bool(snapshot.model) and not self._has_model
        more = gains_model or all_seen != self.capabilities
        other = (
            snapshot.support != self.capabilities.support
            or snapshot.firmware
            not in (
                None,
                self._firmware,
            )
        )
        if not other:
            self._learn_cooling(all_seen, now)
        change = self._recent_change()
        if self._reloads or not (more or other):
            return False
        if change is None or (other and not change.is_other):
            self._record.change = CapabilityChange(time.monotonic(), other)
        elif more:
            change.capabilities = all_seen
            change.has_model = change.has_model or gains_model
        else:
            return False
        self._reloads = True
        return True

    def _learn_cooling(self, seen: Capabilities, now: Capabilities) -> None:
        """Remember stronger evidence of the cooling, also if no entity depends on it now.

        A fan that has turned once may stand still later. The evidence is stored only where a
        poll would decide otherwise without it.
        """
        if seen.liquid_cooled is not now.liquid_cooled:
            self._stored["cooling"] = seen.cooling.value
        if seen.liquid_cooled is self.capabilities.liquid_cooled:
            self.capabilities = replace(self.capabilities, cooling=seen.cooling)

    def expect_change(self) -> None:
        """Let the next change reload the entry at once: the owner has made it."""
        self._record.change = None

    def _recent_change(self) -> CapabilityChange | None:
        """Return the last change, unless it was too long ago to matter."""
        change = self._record.change
        if change and time.monotonic() - change.since < CHANGE_INTERVAL:
            return change
        return None
