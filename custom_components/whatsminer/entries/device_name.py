"""An entry takes the name that its owner gives to its device.

So dialogues, errors, repairs and plans call a miner or a site as its owner does.
"""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from ..const import DOMAIN
from .lookup import is_site


@callback
def async_follow_device_names(hass: HomeAssistant) -> None:
    """Rename an entry whenever its owner renames its device."""

    @callback
    def is_renamed(data: dr.EventDeviceRegistryUpdatedData) -> bool:
        return data["action"] == "update" and "name_by_user" in data["changes"]

    @callback
    def rename(event: Event[dr.EventDeviceRegistryUpdatedData]) -> None:
        for entry in hass.config_entries.async_entries(DOMAIN, include_ignore=False):
            device = _device(hass, entry)
            if device and device.id == event.data["device_id"]:
                take_device_name(hass, entry)

    hass.bus.async_listen(
        dr.EVENT_DEVICE_REGISTRY_UPDATED, rename, event_filter=is_renamed
    )


@callback
def take_device_name(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Give an entry the name of its device, unless its owner has given none."""
    device = _device(hass, entry)
    if device and device.name_by_user:
        hass.config_entries.async_update_entry(entry, title=device.name_by_user)


def _device(hass: HomeAssistant, entry: ConfigEntry) -> dr.DeviceEntry | None:
    """Return the device of a miner or a site, None before its first set-up."""
    identifier = entry.entry_id if is_site(entry) else entry.unique_id
    if identifier is None:
        return None
    return dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, identifier), entry.entry_id
    )
