"""What a miner does at the moment, in one word."""

from enum import StrEnum
from typing import Final

from ..api import Severity, Snapshot, is_idle_too_long
from .settings import Settings

_FULL_POWER: Final = 100


class Status(StrEnum):
    """What a miner does; `status_of` decides it."""

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
    # After a command that starts or restarts mining, the last poll is out of date.
    if wanted and (snapshot.mining is False or not settings.mining_runs.is_settled):
        return Status.STARTING
    if wanted is None and not snapshot.running:
        return None
    percent = settings.value("power_percent")
    # A tuned miner that reports 0 percent does not hash for that. One that starts reports 0, too.
    is_zero = settings.is_zero_percent or (percent == 0 and snapshot.stable)
    if is_zero and not snapshot.running:
        return Status.THROTTLED
    if is_idle_too_long(snapshot.idle_for):
        return Status.FAULT
    if not snapshot.running:
        return Status.STARTING
    if snapshot.stable is False:
        return Status.TUNING
    if isinstance(percent, int | float) and percent < _FULL_POWER:
        return Status.THROTTLED
    return Status.MINING


def has_problem(snapshot: Snapshot) -> bool | None:
    """Return whether a fault is active that is not minor, None if that is not known."""
    if snapshot.faults is None:
        return None
    return any(fault.severity is not Severity.MINOR for fault in snapshot.faults)
