"""Base entities: a reading of a miner, and a setting that can be changed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import override

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.device_registry import ChildDeviceInfo, DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .api import SLOTS, Board, Capabilities, Command, Value
from .const import DOMAIN
from .coordinator import WhatsminerConfigEntry, WhatsminerCoordinator


@dataclass(frozen=True, kw_only=True)
class WhatsminerEntityDescription(EntityDescription):
    """What all descriptions have in common."""

    exists_fn: Callable[[Capabilities], bool] = lambda _: True
    needs_password: bool = False


@dataclass(frozen=True, kw_only=True)
class WhatsminerSettingDescription[ValueT](WhatsminerEntityDescription):
    """How a setting is changed; its state is that of `settings.SETTINGS` under the same key."""

    needs_password: bool = True

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
        # The device class names what has no translation under its key.
        self._attr_translation_key = description.key
        mac = coordinator.config_entry.unique_id
        assert mac is not None
        self._attr_unique_id = f"{mac}_{description.key}"
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, mac)})


class WhatsminerBoardEntity(WhatsminerEntity):
    """An entity of a hashboard, which is a child device of the miner."""

    def __init__(
        self,
        coordinator: WhatsminerCoordinator,
        description: EntityDescription,
        slot: int,
    ) -> None:
        """Attach the entity to its hashboard."""
        super().__init__(coordinator, description)
        self.slot = slot
        identifier = coordinator.board_identifier(slot)
        self._attr_unique_id = f"{identifier}_{description.key}"
        self._attr_device_info = ChildDeviceInfo(
            identifiers={(DOMAIN, identifier)},
            parent_device_id=coordinator.device_id,
            translation_key="hashboard",
            translation_placeholders={"number": str(slot + 1)},
        )

    @property
    def board(self) -> Board | None:
        """The hashboard, None while the miner does not list it."""
        return self.coordinator.data.hashboards.get(self.slot)


def registered_entity_id(
    hass: HomeAssistant, entry: WhatsminerConfigEntry, platform: Platform, key: str
) -> str | None:
    """Return the entity that a miner has under a key, also a disabled one."""
    return er.async_get(hass).async_get_entity_id(
        platform, DOMAIN, f"{entry.unique_id}_{key}"
    )


def existing[DescriptionT: WhatsminerEntityDescription](
    coordinator: WhatsminerCoordinator,
    platform: Platform,
    descriptions: Iterable[DescriptionT],
    slot: int | None = None,
) -> list[DescriptionT]:
    """Return the descriptions of what a miner, or a hashboard of it, has.

    What it was once thought to have, while it booted or before its password was taken away, is
    removed from the registry.
    """
    registry = er.async_get(coordinator.hass)
    owner = coordinator.config_entry.unique_id
    if slot is not None:
        owner = coordinator.board_identifier(slot)
    found: list[DescriptionT] = []
    for description in descriptions:
        if description.exists_fn(coordinator.capabilities) and (
            coordinator.has_password or not description.needs_password
        ):
            found.append(description)
        elif entity_id := registry.async_get_entity_id(
            platform, DOMAIN, f"{owner}_{description.key}"
        ):
            registry.async_remove(entity_id)
    return found


@callback
def add_boards(
    coordinator: WhatsminerCoordinator,
    async_add_entities: AddConfigEntryEntitiesCallback,
    entities_fn: Callable[[int], Iterable[WhatsminerBoardEntity]],
) -> None:
    """Add the entities of every hashboard, also of one that the miner lists later.

    One that was there before and is missing now keeps its entities.
    """
    registry = dr.async_get(coordinator.hass)
    added: set[int] = set()

    @callback
    def add_new() -> None:
        listed = set(coordinator.data.hashboards)
        if not added:
            listed |= {
                slot
                for slot in SLOTS
                if registry.async_get_child_device_by_identifier(
                    (DOMAIN, coordinator.board_identifier(slot)),
                    coordinator.config_entry.entry_id,
                )
            }
        if not (new := sorted(listed - added)):
            return
        added.update(new)
        async_add_entities(entity for slot in new for entity in entities_fn(slot))

    add_new()
    coordinator.config_entry.async_on_unload(coordinator.async_add_listener(add_new))


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
        with self.coordinator.explained():
            command = self.command(value)
        await self.coordinator.async_send(command)

    def command(self, value: ValueT) -> Command:
        """Return the command that sets a value.

        Raises:
            InvalidValueError: the miner cannot take it.

        """
        return self.entity_description.set_fn(value)
