"""The switch of a site."""

from collections.abc import Mapping
from typing import Any, Final, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription

from .entity import SiteEntity

SITE_MINING: Final = SwitchEntityDescription(key="mining", name=None)


class SiteMining(SiteEntity, SwitchEntity):
    """Off keeps all miners of the site off, on lets them mine again."""

    @property
    @override
    def is_on(self) -> bool:
        """Return whether the miners may mine."""
        return not self.coordinator.executor.is_held

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return until when the miners are kept off."""
        until = self.coordinator.executor.until
        return {"held_off_until": until and until.isoformat()}

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Let all miners mine again."""
        await self.coordinator.executor.async_release()

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Keep all miners off."""
        await self.coordinator.executor.async_hold()
