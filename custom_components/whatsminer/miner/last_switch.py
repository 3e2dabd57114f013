"""When mining was switched on or off last, as the polls show it."""

from datetime import datetime

from ..api import Snapshot
from .memory import StoredData


def update_last_switch(snapshot: Snapshot, data: StoredData) -> None:
    """Store in `data` when a poll first showed that mining is on, or that it is off.

    A start that fails, an outage and a restart of Home Assistant change nothing: for an entity each
    of them is a change of state, but the miner was not switched.
    """
    if snapshot.mining is None:
        return
    last = data.get("last_switch")
    if (
        last is None
        or last["on"] is not snapshot.mining
        # The clock was wrong then.
        or datetime.fromisoformat(last["at"]) > snapshot.taken
    ):
        at = snapshot.taken.isoformat()
        data["last_switch"] = {"on": snapshot.mining, "at": at}


def switched_at(mining: object, data: StoredData) -> str | None:
    """Return when `mining` became what it is, as ISO 8601; None until a poll has shown it."""
    last = data.get("last_switch")
    return last["at"] if last and last["on"] is mining else None
