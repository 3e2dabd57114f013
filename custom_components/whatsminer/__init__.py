"""MicroBT Whatsminers in Home Assistant."""

from typing import Final

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .coordinator import (
    WhatsminerConfigEntry,
    WhatsminerCoordinator,
    settings_store,
    write_access_issue,
)

PLATFORMS: Final = (
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
)


async def async_setup_entry(hass: HomeAssistant, entry: WhatsminerConfigEntry) -> bool:
    """Set up one miner."""
    coordinator = WhatsminerCoordinator(hass, entry)
    await coordinator.async_config_entry_first_refresh()
    entry.runtime_data = coordinator
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: WhatsminerConfigEntry) -> bool:
    """Unload one miner."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: WhatsminerConfigEntry) -> None:
    """Leave nothing of a removed miner behind."""
    await settings_store(hass, entry).async_remove()
    ir.async_delete_issue(hass, DOMAIN, write_access_issue(entry))
