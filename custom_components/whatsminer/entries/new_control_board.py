"""A new control board of a miner: it has another MAC address, and the same hashboards."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PORT
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er

from ..const import DOMAIN
from ..issues import Issue, clear_issues, raise_issue
from ..miner.record import Address, mac_of, record_for_entry
from .discovery import DiscoveredMiner, async_end_discovery_flows
from .error_isolation import async_isolated
from .lookup import is_at_address, miner_entries


async def async_boards_of_missing_miners(
    hass: HomeAssistant,
) -> dict[ConfigEntry, set[str]]:
    """Return the serial numbers of the hashboards of miners that do not answer."""
    boards: dict[ConfigEntry, set[str]] = {}
    for entry in miner_entries(hass, include_disabled=False):
        if not is_at_address(entry):
            stored = await async_isolated(
                record_for_entry(hass, entry).memory.async_load(), entry.title
            )
            boards[entry] = set((stored or {}).get("boards", ()))
    return boards


@callback
def raise_new_control_board(
    hass: HomeAssistant, entry: ConfigEntry, found: DiscoveredMiner
) -> None:
    """Ask the owner whether a machine is a missing miner, whose hashboards it has."""
    raise_issue(
        hass,
        entry,
        Issue.NEW_CONTROL_BOARD,
        placeholders={"host": found.host, "model": found.model or "Whatsminer"},
        data={
            CONF_MAC: found.mac,
            CONF_HOST: found.host,
            CONF_PORT: found.port,
        },
    )


async def async_replace_control_board(
    hass: HomeAssistant, entry: ConfigEntry, mac: str, address: Address
) -> None:
    """Use a new control board for a miner, which keeps its entities and their history."""
    old = mac_of(entry)
    host, port = address
    async with entry.setup_lock:  # a set-up may be under way
        if hass.config_entries.async_get_entry(entry.entry_id) is None:
            return  # it was removed while this waited
        await async_end_discovery_flows(hass, mac)
        await entry.async_unload(hass)
        await _async_forget_settings(hass, entry)
        replace_mac(hass, entry, old, mac)
        hass.config_entries.async_update_entry(
            entry,
            unique_id=mac,
            data={**entry.data, CONF_MAC: mac, CONF_HOST: host, CONF_PORT: port},
        )
    clear_issues(hass, entry, Issue.NEW_CONTROL_BOARD, Issue.WRONG_MINER)
    await hass.config_entries.async_reload(entry.entry_id)


async def _async_forget_settings(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Forget what was set at the old control board; the new one has factory settings."""
    async with record_for_entry(hass, entry).memory.editing() as data:
        data.pop("settings", None)
        data.pop("client", None)
        data.pop("password", None)
        data.pop("host", None)


@callback
def replace_mac(hass: HomeAssistant, entry: ConfigEntry, old: str, new: str) -> None:
    """Replace the MAC address with which unique ids and identifiers of a miner begin."""
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
