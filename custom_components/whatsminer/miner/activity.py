"""Which commands have no effect while a miner does what it does."""

from typing import Final

from ..api import Activity, Command, NoEffectError
from .status import Status

_ACTIVITIES: Final = {
    Status.OFF: Activity.OFF,
    Status.STOPPING: Activity.OFF,
    Status.STARTING: Activity.STARTING,
}


def refuse_without_effect(command: Command, status: Status | None) -> None:
    """Raise NoEffectError if a command has no effect now; what is not known refuses nothing."""
    if status is None:
        return
    activity = _ACTIVITIES.get(status, Activity.MINING)
    if activity not in command.needs:
        raise NoEffectError(command.name, activity.value)
