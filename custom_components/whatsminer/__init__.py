"""The Whatsminer integration."""

from typing import Final

from yarl import URL

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_HOST, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.typing import ConfigType

from .actions.identify import Identify
from .actions.preheat import Preheat
from .const import DOMAIN, MANUFACTURER
from .coordinator import WhatsminerCoordinator
from .entity import board_identifier
from .issues import async_setup_issues, clear_issues
from .migration import async_migrate
from .miner.record import async_remove_record, mac_of
from .models import WhatsminerConfigEntry, WhatsminerData
from .services import async_setup_services

# In this order Home Assistant registers the entities, and its automatic pages show them.
PLATFORMS: Final = (
    Platform.SWITCH,
    Platform.SENSOR,
    Platform.BINARY_SENSOR,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.BUTTON,
    Platform.EVENT,
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
    """Migrate the entry of an earlier integration of this domain.

    Raises:
        ConfigEntryError, ConfigEntryNotReady: translated; then nothing was changed.

    """
    await async_migrate(hass, entry)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: WhatsminerConfigEntry) -> bool:
    """Set up one miner."""
    coordinator = WhatsminerCoordinator(hass, entry)
    await coordinator.async_config_entry_first_refresh()
    # Before the platforms: preheating ends before entities show the poll that ends it.
    entry.runtime_data = WhatsminerData(
        coordinator, Identify(coordinator), Preheat(coordinator)
    )
    _register_device(hass, coordinator)
    for platform in PLATFORMS:  # all at once they would come in any order
        await hass.config_entries.async_forward_entry_setups(entry, [platform])
    return True


def _register_device(hass: HomeAssistant, coordinator: WhatsminerCoordinator) -> None:
    """Register the device of the miner, before those of its hashboards."""
    entry = coordinator.config_entry
    snapshot = coordinator.data
    mac = mac_of(entry)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id,
        configuration_url=URL.build(scheme="https", host=entry.data[CONF_HOST]),
        connections={(dr.CONNECTION_NETWORK_MAC, mac)},
        hw_version=snapshot.platform,
        identifiers={(DOMAIN, mac)},
        manufacturer=MANUFACTURER,
        model=snapshot.model_name,
        name=entry.title,
        serial_number=snapshot.device.serial_number,
        sw_version=snapshot.firmware,
    )
    coordinator.device_id = device.id


async def async_unload_entry(hass: HomeAssistant, entry: WhatsminerConfigEntry) -> bool:
    """Unload one miner, and delete its issues, which the next set-up creates if need be."""
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    if unloaded:
        clear_issues(hass, entry)
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: WhatsminerConfigEntry) -> None:
    """Remove what is stored of a miner whose entry is removed."""
    await async_remove_record(hass, entry)
    clear_issues(hass, entry)


async def async_remove_config_entry_device(
    hass: HomeAssistant,
    entry: WhatsminerConfigEntry,
    device: dr.DeviceEntry | dr.ChildDeviceEntry,
) -> bool:
    """Return whether a device can be removed: a hashboard that is gone, but not the miner."""
    if entry.state is not ConfigEntryState.LOADED:
        return False  # its hashboards are not known
    mac = mac_of(entry)
    snapshot = entry.runtime_data.coordinator.data
    needed = {mac, *(board_identifier(mac, slot) for slot in snapshot.hashboards)}
    return not any(identifier in needed for _, identifier in device.identifiers)
