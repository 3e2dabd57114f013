"""Buttons of a miner."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.components.button.const import ButtonDeviceClass
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .api import commands
from .entity import WhatsminerEntity, WhatsminerEntityDescription, existing
from .exceptions import translate_errors
from .models import WhatsminerConfigEntry, WhatsminerData

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class WhatsminerButtonDescription(WhatsminerEntityDescription, ButtonEntityDescription):
    """Describes a button."""

    needs_password: bool = True
    press_fn: Callable[[WhatsminerData], Awaitable[object]]


BUTTONS: Final = (
    WhatsminerButtonDescription(
        key="restart_mining",
        command="restart_mining",
        device_class=ButtonDeviceClass.RESTART,
        entity_category=EntityCategory.CONFIG,
        press_fn=lambda runtime: runtime.coordinator.async_send(
            commands.restart_mining()
        ),
    ),
    WhatsminerButtonDescription(
        key="reboot",
        command="reboot",
        device_class=ButtonDeviceClass.RESTART,
        entity_category=EntityCategory.CONFIG,
        press_fn=lambda runtime: runtime.coordinator.async_send(commands.reboot()),
    ),
    WhatsminerButtonDescription(
        key="identify",
        command="set_led",
        device_class=ButtonDeviceClass.IDENTIFY,
        entity_category=EntityCategory.CONFIG,
        press_fn=lambda runtime: runtime.identify.async_start(),
    ),
    WhatsminerButtonDescription(
        key="preheat",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        command="preheat",
        press_fn=lambda runtime: runtime.preheat.async_start(),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: WhatsminerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the buttons of a miner."""
    coordinator = entry.runtime_data.coordinator
    async_add_entities(
        WhatsminerButton(coordinator, description)
        for description in existing(coordinator, Platform.BUTTON, BUTTONS)
    )


class WhatsminerButton(WhatsminerEntity, ButtonEntity):
    """A button."""

    entity_description: WhatsminerButtonDescription

    @override
    @translate_errors
    async def async_press(self) -> None:
        """Press the button; every failure is a translated exception."""
        await self.entity_description.press_fn(self.runtime_data)
