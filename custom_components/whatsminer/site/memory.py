"""What is stored of a site over restarts of Home Assistant, beside its config entry."""

from datetime import datetime
from typing import Final, TypedDict

from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from ..const import DOMAIN

_VERSION: Final = 1


class StoredSite(TypedDict, total=False):
    """The stored data of one site."""

    held: bool
    """Whether the site keeps its miners off."""
    until: str | None
    """Until when, as ISO 8601; None until it is released."""
    miners: list[str]
    """The ids of the entries of its miners while it keeps them off."""


class SiteMemory(Store[StoredSite]):
    """The stored data of one site."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Prepare; nothing is read yet."""
        super().__init__(hass, _VERSION, f"{DOMAIN}.{entry_id}", private=True)
        self.is_held = False
        self.until: datetime | None = None
        self.miners: set[str] = set()

    async def async_restore(self) -> None:
        """Read what is stored."""
        stored = await self.async_load() or {}
        self.is_held = stored.get("held", False)
        until = stored.get("until")
        self.until = datetime.fromisoformat(until) if until else None
        self.miners = set(stored.get("miners", ()))

    async def async_write(self) -> None:
        """Store what changed."""
        await self.async_save(
            {
                "held": self.is_held,
                "until": self.until.isoformat() if self.until else None,
                "miners": sorted(self.miners),
            }
        )
