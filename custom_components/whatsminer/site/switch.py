"""The switch of a site."""

from collections.abc import Mapping
from typing import Any, Final, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.helpers import entity_registry as er

from ..entity import unique_id
from .entity import SiteEntity

SITE_MINING: Final = SwitchEntityDescription(key="mining", name=None)


class SiteMining(SiteEntity, SwitchEntity):
    """Off keeps all miners of the site off, on lets them mine again."""

    _unrecorded_attributes = frozenset({"entities"})

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the ids of the site's entities, which also change without a poll."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self.hass.bus.async_listen(
                er.EVENT_ENTITY_REGISTRY_UPDATED, self.coordinator.async_update_soon
            )
        )

    @property
    @override
    def is_on(self) -> bool:
        """Return whether the miners may mine."""
        return not self.coordinator.executor.is_held

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return until when the miners are kept off, and the site's entities for templates."""
        until = self.coordinator.executor.until
        return {
            "held_off_until": until and until.isoformat(),
            "entities": self._entity_ids(),
        }

    def _entity_ids(self) -> Mapping[str, str]:
        """Return the ids of the site's entities by their keys, without those that are disabled.

        Ids can be renamed, and depend on a language; the keys never change.
        """
        entry_id = self.coordinator.config_entry.entry_id
        entries = er.async_entries_for_config_entry(er.async_get(self.hass), entry_id)
        return {
            entry.unique_id.removeprefix(unique_id(entry_id, "")): entry.entity_id
            for entry in entries
            if not entry.disabled
        }

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Let all miners mine again."""
        await self.coordinator.executor.async_release()

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Keep all miners off."""
        await self.coordinator.executor.async_hold()
