"""Moves entities and devices of a miner from one MAC address to another, with their history."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ..const import DOMAIN


@callback
def move_identifiers(
    hass: HomeAssistant, entry: ConfigEntry, old: str, new: str
) -> None:
    """Give everything that begins with one MAC address another; the entry is not loaded."""
    entities = er.async_get(hass)
    for entity in er.async_entries_for_config_entry(entities, entry.entry_id):
        if entity.unique_id.startswith(old):
            entities.async_update_entity(
                entity.entity_id, new_unique_id=entity.unique_id.replace(old, new, 1)
            )
    devices = dr.async_get(hass)
    for device in dr.async_entries_for_config_entry(devices, entry.entry_id):
        devices.async_update_device(
            device.id,
            new_connections={(dr.CONNECTION_NETWORK_MAC, new)},
            new_identifiers={(DOMAIN, new)},
        )
    for board in dr.async_child_entries_for_config_entry(devices, entry.entry_id):
        devices.async_update_child_device(
            board.id,
            new_identifiers={
                (domain, identifier.replace(old, new, 1))
                for domain, identifier in board.identifiers
            },
        )
