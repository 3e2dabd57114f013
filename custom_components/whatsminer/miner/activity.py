"""What a miner does at the moment, and which commands have no effect then."""

from ..api import Activity, Command, NoEffectError, Snapshot
from .settings import Settings


def activity(settings: Settings, snapshot: Snapshot) -> Activity | None:
    """Return what a miner does, None if it is not known whether it is on.

    A command that was accepted counts before the first poll that shows it. A miner that hashes has
    started, although it may still be tuning: some miners never become stable.
    """
    mining = settings.value("mining")
    if mining is None:
        return None
    if not mining:
        return Activity.OFF
    starts = (
        not snapshot.running
        and snapshot.stable is False
        and snapshot.live.tuned is not True
    )
    if starts or will_start(settings, snapshot):
        return Activity.STARTING
    return Activity.MINING


def will_start(settings: Settings, snapshot: Snapshot) -> bool:
    """Return whether mining was told to start or restart, and no poll shows yet that it did."""
    wanted = settings.value("mining") is True
    unseen = snapshot.mining is False or not settings.mining_runs.is_settled
    return wanted and unseen


def refuse_without_effect(command: Command, now: Activity | None) -> None:
    """Raise NoEffectError if a command has no effect now; what is not known refuses nothing."""
    if now and now not in command.needs:
        raise NoEffectError(command.name, now.value)
