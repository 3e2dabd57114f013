"""What a miner does at the moment, and which commands have no effect then."""

from ..api import Activity, Command, NoEffectError, Snapshot
from .settings import Settings


def activity(settings: Settings, snapshot: Snapshot) -> Activity | None:
    """Return what a miner does, None if it is not known whether it is on.

    A command that was accepted counts before the first poll that shows it. Tuning counts only until
    the miner hashes, and if no reading says that it is over: some miners never become stable.
    """
    mining = settings.value("mining")
    if mining is None:
        return None
    if not mining:
        return Activity.OFF
    starts = snapshot.mining is False or not settings.mining_runs.is_settled
    tunes = (
        snapshot.stable is False
        and snapshot.live.tuned is not True
        and not snapshot.running
    )
    return Activity.TUNING if starts or tunes else Activity.MINING


def refuse_without_effect(command: Command, now: Activity | None) -> None:
    """Raise NoEffectError if a command has no effect now; what is not known refuses nothing."""
    if now and now not in command.needs:
        raise NoEffectError(command.name, now.value)
