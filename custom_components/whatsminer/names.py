"""What its owner calls a miner or a site."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, async_get_hass, callback
from homeassistant.helpers import device_registry as dr

from .const import DOMAIN


@callback
def device_of(hass: HomeAssistant, entry: ConfigEntry) -> dr.DeviceEntry | None:
    """Return the device of a miner or a site, None until its entry was set up for the first time."""
    # A site has no unique id.
    identifier = entry.unique_id or entry.entry_id
    return dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, identifier), entry.entry_id
    )


@callback
def owner_name(entry: ConfigEntry) -> str:
    """Return the name that the owner has given to the device, else the title of the entry."""
    device = device_of(async_get_hass(), entry)
    return (device and device.name_by_user) or entry.title
