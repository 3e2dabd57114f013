"""The switches of a site."""

from collections.abc import Mapping
from typing import Any, Final, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import Event, callback
from homeassistant.helpers import entity_registry as er

from ..const import CONF_FOLLOW_PLAN
from ..entity import unique_id
from .entity import SiteEntity

SITE_MINING: Final = SwitchEntityDescription(key="mining", name=None)
# Whoever turns on a site, its area, or its miners by voice, means mining and not the plan.
SITE_FOLLOW_PLAN: Final = SwitchEntityDescription(
    key="follow_plan", entity_category=EntityCategory.CONFIG
)


class SiteMining(SiteEntity, SwitchEntity):
    """Off keeps all miners of the site off, on lets them mine again."""

    _unrecorded_attributes = frozenset({"entities"})

    # The ids of the site's entities by their keys, without those that are disabled. Templates need
    # them: ids can be renamed and depend on a language, the keys never change.
    _entity_ids: Mapping[str, str] = {}

    @override
    async def async_added_to_hass(self) -> None:
        """Find the entities of the site, and follow renamed ones."""
        await super().async_added_to_hass()
        self._find_entities()
        self.async_on_remove(
            self.hass.bus.async_listen(
                er.EVENT_ENTITY_REGISTRY_UPDATED, self._handle_registry
            )
        )

    @callback
    def _handle_registry(self, event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        entity_id = event.data["entity_id"]
        entity = er.async_get(self.hass).async_get(entity_id)
        if (
            entity.config_entry_id == self.coordinator.config_entry.entry_id
            if entity
            else entity_id in self._entity_ids.values()
        ):
            self._find_entities()
            self.async_write_ha_state()

    @callback
    def _find_entities(self) -> None:
        entry_id = self.coordinator.config_entry.entry_id
        entries = er.async_entries_for_config_entry(er.async_get(self.hass), entry_id)
        self._entity_ids = {
            entry.unique_id.removeprefix(unique_id(entry_id, "")): entry.entity_id
            for entry in entries
            if not entry.disabled
        }

    @property
    @override
    def is_on(self) -> bool:
        """Return whether the miners may mine."""
        return not self.coordinator.holding.is_held

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return until when the miners are kept off, and the site's entities for templates."""
        until = self.coordinator.holding.until
        return {
            "held_off_until": until and until.isoformat(),
            "entities": self._entity_ids,
        }

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Let all miners mine again."""
        await self.coordinator.holding.async_release(self._context)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Keep all miners off."""
        await self.coordinator.holding.async_hold(context=self._context)


class SiteFollowPlan(SiteEntity, SwitchEntity):
    """On lets the site switch and set its miners as its plan says."""

    @property
    @override
    def is_on(self) -> bool:
        """Return whether the site acts on its plan."""
        return self.coordinator.planning.is_following

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Follow the plan from now on, with all miners that somebody has taken out of it before."""
        self.coordinator.async_set_options(**{CONF_FOLLOW_PLAN: True})

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Leave the miners as they are from now on."""
        self.coordinator.async_set_options(**{CONF_FOLLOW_PLAN: False})
