"""MicroBT Whatsminers in Home Assistant."""

from typing import Final

from yarl import URL

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_HOST, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.typing import ConfigType

from .const import DOMAIN, MANUFACTURER
from .coordinator import WhatsminerConfigEntry, WhatsminerCoordinator
from .issues import async_setup_issues, clear_issues
from .migration import async_migrate
from .miner.record import async_forget_miner
from .services import async_setup_services

PLATFORMS: Final = (
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
)


CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up the actions."""
    async_setup_services(hass)
    async_setup_issues(hass)
    return True


async def async_migrate_entry(
    hass: HomeAssistant, entry: WhatsminerConfigEntry
) -> bool:
    """Take over the entry of an earlier integration of this domain.

    Raises:
        ConfigEntryError, ConfigEntryNotReady: translated; then nothing was changed.

    """
    await async_migrate(hass, entry)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: WhatsminerConfigEntry) -> bool:
    """Set up one miner."""
    coordinator = WhatsminerCoordinator(hass, entry)
    await coordinator.async_config_entry_first_refresh()
    entry.runtime_data = coordinator
    _register_device(hass, coordinator)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


def _register_device(hass: HomeAssistant, coordinator: WhatsminerCoordinator) -> None:
    """Register the miner, whose device is there before those of its hashboards."""
    entry = coordinator.config_entry
    snapshot = coordinator.data
    mac = entry.unique_id
    assert mac is not None
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        configuration_url=URL.build(scheme="https", host=entry.data[CONF_HOST]),
        connections={(dr.CONNECTION_NETWORK_MAC, mac)},
        hw_version=snapshot.platform,
        identifiers={(DOMAIN, mac)},
        manufacturer=MANUFACTURER,
        model=snapshot.model,
        name=entry.title,
        serial_number=snapshot.info.serial_number,
        sw_version=snapshot.firmware,
    )
    coordinator.device_id = device.id


async def async_unload_entry(hass: HomeAssistant, entry: WhatsminerConfigEntry) -> bool:
    """Unload one miner; what has to be repaired is found out anew by the next set-up."""
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    if unloaded:
        clear_issues(hass, entry)
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: WhatsminerConfigEntry) -> None:
    """Leave nothing of a removed miner behind."""
    await async_forget_miner(hass, entry)
    clear_issues(hass, entry)


async def async_remove_config_entry_device(
    hass: HomeAssistant,
    entry: WhatsminerConfigEntry,
    device: dr.DeviceEntry | dr.ChildDeviceEntry,
) -> bool:
    """Let go of a hashboard that is gone for good; the miner itself stays with its entry."""
    if entry.state is not ConfigEntryState.LOADED:
        return False  # nobody knows
    coordinator = entry.runtime_data
    needed = {
        entry.unique_id,
        *map(coordinator.board_identifier, coordinator.data.hashboards),
    }
    return not any(identifier in needed for _, identifier in device.identifiers)
