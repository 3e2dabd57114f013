"""Remembers since when conditions have been true, for automations, which remember nothing.

An automation sends them in the action `get_state`, and not in an action of their own: it would fail
with an earlier version of the integration, which does not have that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN

# An automation that has not run for so long does not know what happened in between.
_FORGET_AFTER: Final = timedelta(minutes=10)


@dataclass(slots=True)
class _Condition:
    """A condition that has been true since a time, and when an automation last said so."""

    since: datetime
    told: datetime


_CONDITIONS: Final[HassKey[dict[str, _Condition]]] = HassKey(f"{DOMAIN}_conditions")


@callback
def conditions_since(hass: HomeAssistant, told: Mapping[str, bool]) -> dict[str, str]:
    """Store which conditions are true now, and return since when each known one has been true.

    The times are written as ISO 8601. They are forgotten when Home Assistant restarts.
    """
    known = hass.data.setdefault(_CONDITIONS, {})
    now = dt_util.utcnow()
    for name, condition in list(known.items()):
        if not told.get(name, True) or now - condition.told > _FORGET_AFTER:
            del known[name]
    for name, is_true in told.items():
        if is_true:
            known.setdefault(name, _Condition(now, now)).told = now
    return {name: condition.since.isoformat() for name, condition in known.items()}
