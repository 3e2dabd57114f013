"""What a miner does at the moment, in one word."""

from enum import StrEnum
from typing import Final

from ..api import Snapshot, is_idle_too_long
from .activity import will_start
from .settings import Settings

_FULL_POWER: Final = 100


class Status(StrEnum):
    """What a miner does, in the order in which it is decided: the first that holds counts."""

    UPDATING = "updating"
    """It gets another firmware."""
    STOPPING = "stopping"
    """It was told to stop, and no poll shows yet that it did."""
    OFF = "off"
    FAULT = "fault"
    """It is on, had the time to start, and does not hash."""
    STARTING = "starting"
    """It is on, or was told to start, and does not hash yet."""
    TUNING = "tuning"
    """It hashes, and looks for the best frequency of its chips."""
    THROTTLED = "throttled"
    """It hashes with less than 100 percent of its power."""
    MINING = "mining"


def status_of(
    snapshot: Snapshot, settings: Settings, *, updating: bool
) -> Status | None:
    """Return what a miner does, None if not even that is known.

    `snapshot` is the last poll, `settings` know the commands since then, `updating` is whether a
    firmware update is under way.
    """
    if updating:
        return Status.UPDATING
    wanted = settings.value("mining")
    if wanted is False:
        return Status.OFF if snapshot.mining is False else Status.STOPPING
    if will_start(settings, snapshot):
        return Status.STARTING
    if wanted is None and not snapshot.running:
        return None
    if is_idle_too_long(snapshot.idle_for):
        return Status.FAULT
    if not snapshot.running:
        return Status.STARTING
    if snapshot.stable is False:
        return Status.TUNING
    percent = settings.value("power_percent")
    if isinstance(percent, int | float) and percent < _FULL_POWER:
        return Status.THROTTLED
    return Status.MINING
