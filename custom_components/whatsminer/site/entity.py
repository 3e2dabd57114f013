"""The base entity of a site."""

from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from ..const import DOMAIN
from ..entity import unique_id
from .coordinator import SiteCoordinator


class SiteEntity(CoordinatorEntity[SiteCoordinator]):
    """An entity of a site."""

    _attr_has_entity_name = True

    def __init__(
        self, coordinator: SiteCoordinator, description: EntityDescription
    ) -> None:
        """Attach the entity to its site."""
        super().__init__(coordinator)
        self.entity_description = description
        entry = coordinator.config_entry
        # The device class names what has no translation under its key.
        self._attr_translation_key = description.key
        self._attr_unique_id = unique_id(entry.entry_id, description.key)
        self._attr_device_info = DeviceInfo(
            entry_type=DeviceEntryType.SERVICE,
            identifiers={(DOMAIN, entry.entry_id)},
            name=entry.title,
        )
