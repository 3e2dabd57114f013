"""What is stored of a site over restarts of Home Assistant, beside its config entry."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime
import math
from typing import Any, Final, TypedDict, cast

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from ..const import DOMAIN, MEMORY_INTERVAL

_VERSION: Final = 1
# So many seconds after it a change is written that must not get lost.
_SOON: Final = 1.0


class StoredManual(TypedDict):
    """A miner that somebody else has taken out of the plan; times are written as ISO 8601."""

    until: str
    by: str
    """See `Hand`."""
    name: str
    """That of the automation, if it is known."""


class StoredPlanMiner(TypedDict, total=False):
    """What the plan has to know of one miner."""

    allowed: bool | None
    """What the price said last."""
    draw: float
    """W, about as it was when the miner was read last."""
    efficiency: float
    """J/TH at full power."""
    percent: int
    """The power percent that the plan has set last."""
    raised_at: str
    """When the plan has raised the power percent last."""
    on: bool
    """Whether mining was switched on or off last, by whom and when."""
    by: str
    at: str
    manual: StoredManual


class StoredPlan(TypedDict, total=False):
    """What the plan has to know."""

    budget: float
    """W, and when it was set."""
    budget_at: str
    price_unknown_since: str
    miners: dict[str, StoredPlanMiner]
    """By the ids of their entries."""


class StoredSite(TypedDict, total=False):
    """The stored data of one site."""

    held: bool
    """Whether the site keeps its miners off."""
    until: str | None
    """Until when, as ISO 8601; None until it is released."""
    miners: list[str]
    """The ids of the entries of its miners while it keeps them off."""
    plan: StoredPlan


def _is_time(found: object) -> bool:
    try:
        return datetime.fromisoformat(str(found)).tzinfo is not None
    except ValueError:
        return False


def _is_number(found: object) -> bool:
    return type(found) in (int, float) and math.isfinite(cast(float, found))


def _is_manual(found: object) -> bool:
    return (
        isinstance(found, dict)
        and _is_time(found.get("until"))
        and {str} == {type(found.get("by")), type(found.get("name"))}
    )


# What the values of a plan have to be; somebody may have edited the file.
_CHECKS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "budget": _is_number,
    "budget_at": _is_time,
    "price_unknown_since": _is_time,
    "allowed": lambda found: found in (True, False, None),
    "draw": _is_number,
    "efficiency": _is_number,
    "percent": _is_number,
    "raised_at": _is_time,
    "on": lambda found: isinstance(found, bool),
    "by": lambda found: isinstance(found, str),
    "at": _is_time,
    "manual": _is_manual,
}


def _usable(found: object) -> dict[str, Any]:
    if not isinstance(found, dict):
        return {}
    return {
        key: value
        for key, value in found.items()
        if key in _CHECKS and _CHECKS[key](value)
    }


def _usable_plan(found: object) -> StoredPlan:
    """Return a stored plan without what cannot be used."""
    miners = found.get("miners") if isinstance(found, dict) else None
    return cast(
        StoredPlan,
        {
            **_usable(found),
            "miners": {
                miner_id: _usable(miner)
                for miner_id, miner in (
                    miners.items() if isinstance(miners, dict) else ()
                )
            },
        },
    )


class SiteMemory(Store[StoredSite]):
    """The stored data of one site."""

    _write_is_planned = False
    _is_closed = False

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Prepare; nothing is read yet."""
        super().__init__(hass, _VERSION, f"{DOMAIN}.{entry_id}", private=True)
        self.is_held = False
        self.until: datetime | None = None
        self.miners: set[str] = set()
        self.plan: StoredPlan = {}

    async def async_restore(self) -> None:
        """Read what is stored."""
        stored = await self.async_load() or {}
        self.is_held = stored.get("held", False)
        until = stored.get("until")
        self.until = datetime.fromisoformat(until) if until else None
        self.miners = set(stored.get("miners", ()))
        self.plan = _usable_plan(stored.get("plan"))

    async def async_write(self) -> None:
        """Store what changed."""
        await self.async_save(self._to_write())

    async def async_close(self) -> None:
        """Store what is not written yet. Nothing is stored afterwards: a command may outlast its site."""
        self._is_closed = True
        if self._write_is_planned:
            await self.async_write()

    @contextmanager
    def editing_plan(self, *, soon: bool = False) -> Iterator[StoredPlan]:
        """Write what the block changes some minutes later, or soon."""
        before = deepcopy(self.plan)
        yield self.plan
        if self.plan == before or self._is_closed:
            return
        if self._write_is_planned and not soon:
            return
        self._write_is_planned = True
        self.async_delay_save(self._to_write, _SOON if soon else MEMORY_INTERVAL)

    @callback
    def _to_write(self) -> StoredSite:
        self._write_is_planned = False
        return {
            "held": self.is_held,
            "until": self.until.isoformat() if self.until else None,
            "miners": sorted(self.miners),
            "plan": deepcopy(self.plan),
        }
