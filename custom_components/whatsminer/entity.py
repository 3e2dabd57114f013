"""Base entities: a reading of a miner, and a setting that can be changed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import override

from yarl import URL

from homeassistant.const import CONF_HOST, Platform
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import CONNECTION_NETWORK_MAC, DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .api import Capabilities, Command, InvalidValueError, Value
from .const import DOMAIN, MANUFACTURER
from .coordinator import WhatsminerCoordinator
from .errors import explain


@dataclass(frozen=True, kw_only=True)
class WhatsminerEntityDescription(EntityDescription):
    """What all descriptions have in common."""

    exists_fn: Callable[[Capabilities], bool] = lambda _: True


@dataclass(frozen=True, kw_only=True)
class WhatsminerSettingDescription[ValueT](WhatsminerEntityDescription):
    """How a setting is changed; its state is that of `settings.SETTINGS` under the same key."""

    set_fn: Callable[[ValueT], Command]


class WhatsminerEntity(CoordinatorEntity[WhatsminerCoordinator]):
    """An entity of a miner."""

    _attr_has_entity_name = True

    def __init__(
        self, coordinator: WhatsminerCoordinator, description: EntityDescription
    ) -> None:
        """Attach the entity to its miner."""
        super().__init__(coordinator)
        self.entity_description = description
        mac = coordinator.config_entry.unique_id
        assert mac is not None
        self._attr_unique_id = _unique_id(coordinator, description)
        snapshot = coordinator.data
        host = coordinator.config_entry.data[CONF_HOST]
        self._attr_device_info = DeviceInfo(
            configuration_url=URL.build(scheme="https", host=host),
            connections={(CONNECTION_NETWORK_MAC, mac)},
            hw_version=snapshot.platform,
            identifiers={(DOMAIN, mac)},
            manufacturer=MANUFACTURER,
            model=snapshot.model,
            name=coordinator.config_entry.title,
            serial_number=snapshot.info.serial_number,
            sw_version=snapshot.firmware,
        )


def existing[DescriptionT: WhatsminerEntityDescription](
    coordinator: WhatsminerCoordinator,
    platform: Platform,
    descriptions: Iterable[DescriptionT],
) -> list[DescriptionT]:
    """Return the descriptions of what a miner has.

    What it was once thought to have, while it booted or before its password was taken away, is
    removed from the registry.
    """
    registry = er.async_get(coordinator.hass)
    found: list[DescriptionT] = []
    for description in descriptions:
        writes = isinstance(description, WhatsminerSettingDescription)
        if description.exists_fn(coordinator.capabilities) and (
            coordinator.has_password or not writes
        ):
            found.append(description)
        elif entity_id := registry.async_get_entity_id(
            platform, DOMAIN, _unique_id(coordinator, description)
        ):
            registry.async_remove(entity_id)
    return found


def _unique_id(
    coordinator: WhatsminerCoordinator, description: EntityDescription
) -> str:
    return f"{coordinator.config_entry.unique_id}_{description.key}"


class WhatsminerSettingEntity[ValueT](WhatsminerEntity):
    """A setting: shows what was asked for until the miner has answered for itself."""

    entity_description: WhatsminerSettingDescription[ValueT]

    @property
    @override
    def assumed_state(self) -> bool:
        """Return whether the miner never reads this setting back."""
        return self.coordinator.settings.is_assumed(self.entity_description.key)

    @property
    def setting(self) -> Value | float | None:
        """The value to show."""
        return self.coordinator.settings.value(self.entity_description.key)

    async def async_set(self, value: ValueT) -> None:
        """Change the setting; every failure is a translated error.

        Raises:
            HomeAssistantError: the miner did not do it.
            ServiceValidationError: it was not even asked.

        """
        try:
            command = self.entity_description.set_fn(value)
        except InvalidValueError as err:
            raise explain(err, self.coordinator.config_entry.title) from err
        await self.coordinator.async_send(command)
