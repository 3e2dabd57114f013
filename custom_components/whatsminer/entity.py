"""Base entities of a miner and of its hashboards, and of settings."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.device_registry import ChildDeviceInfo, DeviceInfo
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import (
    CoordinatorEntity,
    DataUpdateCoordinator,
)

from .api import SLOTS, Board, Capabilities, Command, Value
from .const import DOMAIN
from .coordinator import WhatsminerCoordinator
from .exceptions import translate_errors
from .miner.record import mac_of
from .models import WhatsminerData


def unique_id(owner: str, key: str) -> str:
    """Return the unique id of an entity of a miner (its MAC address) or of a hashboard."""
    return f"{owner}_{key}"


def board_identifier(mac: str, slot: int) -> str:
    """Return the identifier of the device of a hashboard."""
    return f"{mac}_board{slot}"


def registered_entity_id(
    hass: HomeAssistant, platform: str, owner: str, key: str
) -> str | None:
    """Return the entity id of an entity, also of a disabled one, None if it does not exist."""
    return er.async_get(hass).async_get_entity_id(
        platform, DOMAIN, unique_id(owner, key)
    )


@dataclass(frozen=True, kw_only=True)
class WhatsminerEntityDescription(EntityDescription):
    """Describes an entity of a miner.

    `reading` is the name of the reading that a miner has to report, `command` that of the command
    that it has to accept, so that the entity exists; `exists_fn` is for what else counts.
    """

    reading: str | None = None
    command: str | None = None
    exists_fn: Callable[[Capabilities], bool] = lambda _: True
    needs_password: bool = False

    def exists(self, can: Capabilities) -> bool:
        """Return whether a miner with some capabilities has the entity."""
        return (
            (self.reading is None or can.reports(self.reading))
            and (self.command is None or can.accepts(self.command))
            and self.exists_fn(can)
        )


@dataclass(frozen=True, kw_only=True)
class WhatsminerSettingDescription[ValueT](WhatsminerEntityDescription):
    """Describes a setting.

    Its key is also the name of its field in `ReportedSettings` and of its command.
    """

    needs_password: bool = True

    set_fn: Callable[[ValueT], Command]

    @override
    def exists(self, can: Capabilities) -> bool:
        """Return whether a miner accepts the command that changes the setting."""
        return can.accepts(self.key) and super().exists(can)


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
        self._attr_translation_key = description.translation_key or description.key
        mac = mac_of(coordinator.config_entry)
        self._attr_unique_id = unique_id(mac, description.key)
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, mac)})

    @property
    def runtime_data(self) -> WhatsminerData:
        """The runtime data of the miner's entry."""
        data: WhatsminerData = self.coordinator.config_entry.runtime_data
        return data


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
        identifier = board_identifier(mac_of(coordinator.config_entry), slot)
        self._attr_unique_id = unique_id(identifier, description.key)
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


def existing[DescriptionT: WhatsminerEntityDescription](
    coordinator: WhatsminerCoordinator,
    platform: Platform,
    descriptions: Iterable[DescriptionT],
    slot: int | None = None,
) -> list[DescriptionT]:
    """Return the descriptions of what a miner, or a hashboard of it, has.

    The entities of the other descriptions, which were added while the miner booted or had a
    password, are removed from the registry.
    """
    owner = mac_of(coordinator.config_entry)
    if slot is not None:
        owner = board_identifier(owner, slot)
    found: list[DescriptionT] = []
    for description in descriptions:
        if description.exists(coordinator.capabilities) and (
            coordinator.has_password or not description.needs_password
        ):
            found.append(description)
        elif entity_id := registered_entity_id(
            coordinator.hass, platform, owner, description.key
        ):
            er.async_get(coordinator.hass).async_remove(entity_id)
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
    mac = mac_of(coordinator.config_entry)
    added: set[int] = set()

    @callback
    def add_new() -> None:
        listed = set(coordinator.data.hashboards)
        if not added:
            listed |= {
                slot
                for slot in SLOTS
                if registry.async_get_child_device_by_identifier(
                    (DOMAIN, board_identifier(mac, slot)),
                    coordinator.config_entry.entry_id,
                )
            }
        if not (new := sorted(listed - added)):
            return
        added.update(new)
        async_add_entities(entity for slot in new for entity in entities_fn(slot))

    add_new()
    coordinator.config_entry.async_on_unload(coordinator.async_add_listener(add_new))


@callback
def add_while[DescriptionT: EntityDescription](
    coordinator: DataUpdateCoordinator[Any],
    platform: Platform,
    owner: str,
    descriptions: Iterable[DescriptionT],
    wanted_fn: Callable[[], bool],
    add_fn: Callable[[DescriptionT], None],
    *listen_fns: Callable[[CALLBACK_TYPE], CALLBACK_TYPE],
) -> None:
    """Add or remove entities of a miner or a site with its options, without a reload.

    What is wanted is asked whenever one of `listen_fns` calls its listener.
    """
    registry = er.async_get(coordinator.hass)
    added: bool | None = None

    @callback
    def follow() -> None:
        nonlocal added
        if (wanted := wanted_fn()) == added:
            return
        added = wanted
        for description in descriptions:
            if wanted:
                add_fn(description)
            elif entity_id := registered_entity_id(
                coordinator.hass, platform, owner, description.key
            ):
                registry.async_remove(entity_id)

    follow()
    assert coordinator.config_entry
    for listen in listen_fns:
        coordinator.config_entry.async_on_unload(listen(follow))


class WhatsminerSettingEntity[ValueT](WhatsminerEntity):
    """A setting: shows the requested value until a poll confirms it."""

    entity_description: WhatsminerSettingDescription[ValueT]

    @property
    @override
    def assumed_state(self) -> bool:
        """Return whether the miner never reports this setting."""
        return self.coordinator.settings.is_assumed(self.entity_description.key)

    @property
    def setting(self) -> Value | float | None:
        """The value to show."""
        return self.coordinator.settings.value(self.entity_description.key)

    @translate_errors
    async def async_set(self, value: ValueT) -> None:
        """Change the setting; every failure is a translated exception.

        Raises:
            HomeAssistantError: the miner did not do it.
            ServiceValidationError: nothing was sent.

        """
        await self.coordinator.async_send(self.command(value), context=self._context)

    def command(self, value: ValueT) -> Command:
        """Return the command that sets a value.

        Raises:
            InvalidValueError: the miner cannot take it.

        """
        return self.entity_description.set_fn(value)
