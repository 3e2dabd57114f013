"""What keeps a miner off until it is released: its owner, or a site that it belongs to.

This is the state, which is stored; `actions/hold.py` carries it out.
"""

from datetime import datetime
from typing import Final

from .memory import StoredData, StoredHold

# The holder in whose name the action `hold` keeps a miner off. Others are ids of entries of sites.
BY_HAND: Final = "hand"


def holders(data: StoredData) -> dict[str, datetime | None]:
    """Return who keeps a miner off, each with the time until which, None until it is released."""
    by = data.get("hold", {}).get("by", {})
    return {
        holder: datetime.fromisoformat(until) if until else None
        for holder, until in by.items()
    }


def held_until(data: StoredData) -> datetime | None:
    """Return when the last holder lets go, None if a release is needed, or nobody holds it."""
    times = [until for until in holders(data).values() if until]
    return max(times) if times and len(times) == len(holders(data)) else None


def wanted(data: StoredData) -> bool | None:
    """Return whether the holders want mining to be on: False while it is held off.

    After the last holder has let go it is True until the miner that was stopped is started again.
    Otherwise it is None: nobody wants anything.
    """
    if "hold" not in data:
        return None
    return not data["hold"]["by"]


def hold(data: StoredData, holder: str, until: datetime | None) -> None:
    """Keep a miner off in the name of a holder."""
    held = data.setdefault("hold", StoredHold(by={}, stopped=False))
    held["by"][holder] = until.isoformat() if until else None


def release(data: StoredData, *names: str) -> None:
    """Let go in the name of some holders; a miner that was stopped has to be started then."""
    if "hold" not in data:
        return
    for name in names:
        data["hold"]["by"].pop(name, None)
    if not data["hold"]["by"] and not data["hold"]["stopped"]:
        del data["hold"]


def expire(data: StoredData, now: datetime) -> None:
    """Let go in the name of all holders whose time is over."""
    over = (name for name, until in holders(data).items() if until and until <= now)
    release(data, *over)


def set_stopped(data: StoredData, *, stopped: bool) -> None:
    """Remember whether a held miner was stopped, and is started when the last holder lets go."""
    if "hold" in data:
        data["hold"]["stopped"] = stopped
        release(data)


def set_started(data: StoredData) -> None:
    """Remember that a released miner is on again; somebody may hold it anew by now."""
    if wanted(data):
        forget(data)


def forget(data: StoredData) -> None:
    """Let go in the name of all holders without starting the miner."""
    data.pop("hold", None)
