"""The Whatsminer integration."""

from typing import Final

from yarl import URL

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_HOST, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.typing import ConfigType

from .actions.hold import Hold
from .actions.identify import Identify
from .actions.preheat import Preheat
from .const import DOMAIN, MANUFACTURER
from .coordinator import WhatsminerCoordinator
from .dashboard import async_setup_dashboard
from .entity import board_identifier
from .entries.lookup import is_site, miner_entries
from .issues import async_setup_issues, clear_issues
from .migration import async_migrate
from .miner.record import async_remove_record, mac_of, record_for_entry
from .models import WhatsminerConfigEntry, WhatsminerData
from .services import async_setup_services
from .site.coordinator import SiteConfigEntry, SiteCoordinator, tell_miners
from .site.holding import async_end_site

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
SITE_PLATFORMS: Final = (
    Platform.SWITCH,
    Platform.SENSOR,
    Platform.BINARY_SENSOR,
    Platform.NUMBER,
)


CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up the actions and the dashboard."""
    async_setup_services(hass)
    async_setup_issues(hass)
    await async_setup_dashboard(hass)
    return True


async def async_migrate_entry(
    hass: HomeAssistant, entry: WhatsminerConfigEntry
) -> bool:
    """Migrate the entry of an earlier integration of this domain, which had no sites.

    Raises:
        ConfigEntryError, ConfigEntryNotReady: translated; then nothing was changed.

    """
    if not is_site(entry):
        await async_migrate(hass, entry)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Set up one miner, or one site."""
    if is_site(entry):
        await _async_set_up_site(hass, entry)
    else:
        await _async_set_up_miner(hass, entry)
    return True


async def _async_set_up_site(hass: HomeAssistant, entry: SiteConfigEntry) -> None:
    entry.runtime_data = SiteCoordinator(hass, entry)
    await entry.runtime_data.async_begin()
    await hass.config_entries.async_forward_entry_setups(entry, SITE_PLATFORMS)
    tell_miners(entry.runtime_data.members.values())


async def _async_set_up_miner(
    hass: HomeAssistant, entry: WhatsminerConfigEntry
) -> None:
    coordinator = WhatsminerCoordinator(hass, entry)
    await coordinator.async_config_entry_first_refresh()
    # Before the platforms: preheating ends before entities show the poll that ends it.
    entry.runtime_data = WhatsminerData(
        coordinator, Hold(coordinator), Identify(coordinator), Preheat(coordinator)
    )
    _register_device(hass, coordinator)
    for platform in PLATFORMS:  # all at once they would come in any order
        await hass.config_entries.async_forward_entry_setups(entry, [platform])
    # A site that changed meanwhile could not tell: it tells only miners that are set up.
    coordinator.site_listeners.tell()
    entry.runtime_data.hold.async_begin()


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


async def async_unload_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Unload one miner, or one site.

    The issues of a miner are deleted; the next set-up creates them if need be.
    """
    if is_site(entry):
        return await _async_unload_site(hass, entry)
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    if unloaded:
        clear_issues(hass, entry)
        if entry.disabled_by:
            # The time until it is enabled is no outage.
            record_for_entry(hass, entry).outage = None
    return unloaded


async def _async_unload_site(hass: HomeAssistant, entry: SiteConfigEntry) -> bool:
    unloaded = await hass.config_entries.async_unload_platforms(entry, SITE_PLATFORMS)
    if unloaded:
        await entry.runtime_data.memory.async_close()
        if entry.disabled_by:
            await _async_end_site(hass, entry)
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Remove what is stored of a miner or a site whose entry is removed."""
    if is_site(entry):
        await _async_end_site(hass, entry)
        return
    await async_remove_record(hass, entry)
    clear_issues(hass, entry)


async def _async_end_site(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Leave nothing of a site that is removed or disabled."""
    await async_end_site(hass, entry)
    tell_miners(miner_entries(hass))


async def async_remove_config_entry_device(
    hass: HomeAssistant,
    entry: WhatsminerConfigEntry,
    device: dr.DeviceEntry | dr.ChildDeviceEntry,
) -> bool:
    """Return whether a device can be removed: a hashboard that is gone, but no miner or site."""
    if is_site(entry):
        return False
    if entry.state is not ConfigEntryState.LOADED:
        return False  # its hashboards are not known
    mac = mac_of(entry)
    snapshot = entry.runtime_data.coordinator.data
    needed = {mac, *(board_identifier(mac, slot) for slot in snapshot.hashboards)}
    return not any(identifier in needed for _, identifier in device.identifiers)
