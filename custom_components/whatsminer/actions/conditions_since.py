"""Since when something has been so, for automations, which remember nothing from run to run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN

# Nobody knows what a condition was in the meantime if it is not told for longer.
_FORGET_AFTER: Final = timedelta(minutes=10)


@dataclass(slots=True)
class _Condition:
    """A condition that has been true `since` then, and was `told` last then."""

    since: datetime
    told: datetime


_CONDITIONS: Final[HassKey[dict[str, _Condition]]] = HassKey(f"{DOMAIN}_conditions")


@callback
def conditions_since(hass: HomeAssistant, told: Mapping[str, bool]) -> dict[str, str]:
    """Take which conditions are true now; return since when each of all known ones has been true.

    The times are written as ISO 8601, and do not outlast Home Assistant.
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
