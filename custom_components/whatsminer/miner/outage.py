"""When a miner did not answer last, as far back as Home Assistant runs."""

from dataclasses import dataclass, replace
from datetime import datetime

from homeassistant.util import dt as dt_util


@dataclass(frozen=True, slots=True)
class Outage:
    """A time without an answer; `until` is None while it lasts."""

    since: datetime
    until: datetime | None = None


def outage_after(last: Outage | None, *, answers: bool) -> Outage | None:
    """Return the last outage after a poll, None if there was none yet."""
    if last is None or last.until is not None:  # there is none at the moment
        return last if answers else Outage(dt_util.utcnow())
    return replace(last, until=dt_util.utcnow()) if answers else last
