"""Migrates the entries of two earlier integrations that used this domain.

Both knew a miner by host, port and password; one of them (version 1) by its MAC address, too,
the other (versions 1 to 3) had a polling interval. Entities that have a counterpart here keep
their ids and their history; the others are removed. All is planned before anything is changed.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
import re
from typing import Any, Final

import probatio  # the successor of voluptuous in Home Assistant

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    CONF_HOST,
    CONF_MAC,
    CONF_PASSWORD,
    CONF_PORT,
    CONF_SCAN_INTERVAL,
    Platform,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryError, ConfigEntryNotReady
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.typing import UNDEFINED

from ..api import DEFAULT_PORT, NotAMinerError, WhatsminerError
from ..const import (
    CONF_POLL_INTERVAL,
    DOMAIN,
    LONGEST_POLL_INTERVAL,
    SHORTEST_POLL_INTERVAL,
)
from ..entity import registered_entity_id, unique_id
from ..entries.discovery import (
    DiscoveredMiner,
    async_discover,
    async_end_discovery_flows,
)
from ..entries.lookup import miner_entries
from ..exceptions import about, translation
from ..names import owner_name

VERSION: Final = 4

# What both kept of a miner; one of them more, which has no counterpart here.
_SETTINGS: Final = probatio.Schema(
    {
        probatio.Required(CONF_HOST): probatio.All(str, probatio.Length(min=1)),
        probatio.Optional(CONF_PORT, default=DEFAULT_PORT): probatio.Port(),
        probatio.Optional(CONF_PASSWORD, default=""): str,
        probatio.Optional(CONF_SCAN_INTERVAL): probatio.All(
            probatio.Coerce(int),
            probatio.Clamp(min=SHORTEST_POLL_INTERVAL, max=LONGEST_POLL_INTERVAL),
        ),
    },
    extra=probatio.REMOVE_EXTRA,
)
_MAC: Final = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")
# "c6:07:20:00:11:22_hashrate", "c6_07_20_00_11_22_hashrate"; the entities of a miner that could
# not be read were "None_hashrate" or "_hashrate".
_UNIQUE_ID: Final = re.compile(
    r"((?:[0-9a-f]{2}[:_]){5}[0-9a-f]{2}|none|)_(.+)", re.IGNORECASE
)
_BOARD_KEY: Final = re.compile(r"board_(\d)_(.+)")
_BOARD_KEYS: Final = {
    "chip_temp": "chip_temperature",
    "hashrate": "hash_rate",
    "temp": "temperature",
}
# What is measured is the same.
_KEYS: Final[Mapping[str, Mapping[str, str]]] = {
    Platform.BINARY_SENSOR: {"is_mining": "running"},
    Platform.BUTTON: {"restart_miner": "restart_mining"},
    Platform.NUMBER: {"power_limit": "power_limit"},
    Platform.SENSOR: {
        "accepted": "accepted_shares",
        "efficiency": "efficiency",
        "expected_hashrate": "target_hash_rate",
        "fan_0_speed": "fan_speed_in",
        "fan_1_speed": "fan_speed_out",
        "fan_in": "fan_speed_in",
        "fan_out": "fan_speed_out",
        "frequency_average": "frequency",
        "frequency_target": "target_frequency",
        "hash_rate_15_m": "hash_rate_15m",
        "hash_rate_1_m": "hash_rate_1m",
        "hash_rate_5_m": "hash_rate",
        "hash_rate_average": "hash_rate_average",
        "hash_rate_target": "target_hash_rate",
        "hashrate": "hash_rate",
        "power": "power",
        "power_rate": "efficiency",
        "rejected": "rejected_shares",
        "rejected_percent": "pool_rejection",
        "temperature_avg": "board_temperature",
        "temperature_chip_avg": "chip_temperature",
        "temperature_chip_max": "chip_temperature_max",
        "temperature_chip_min": "chip_temperature_min",
        "temperature_device": "board_temperature",
        "temperature_environment": "environment_temperature",
        "wattage": "power",
    },
    Platform.SWITCH: {"mining_control": "mining", "power": "mining"},
}


@dataclass(frozen=True, slots=True)
class _Plan:
    """How an entry is changed.

    `keys` are entity ids with the keys of the entities here, None to remove them; `device` is the
    id of the device that is kept.
    """

    mac: str
    data: dict[str, Any]
    options: dict[str, Any]
    keys: dict[str, str | None]
    device: str | None


async def async_migrate(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Make the entry of an earlier integration an entry of this one.

    Raises:
        ConfigEntryError: translated; it cannot be done. Nothing was changed.
        ConfigEntryNotReady: translated; the miner has to be asked for its MAC, and does not answer.

    """
    try:
        settings = _SETTINGS({**entry.data, **entry.options})
    except probatio.Invalid as err:
        raise _error("migration_unknown", entry) from err
    host, port, password = (
        settings[key] for key in (CONF_HOST, CONF_PORT, CONF_PASSWORD)
    )
    mac = _known_mac(hass, entry) or await _async_ask(entry, host, port)
    data = DiscoveredMiner(host=host, port=port, mac=mac).entry_data(password)
    options = {}
    if CONF_SCAN_INTERVAL in settings:
        options[CONF_POLL_INTERVAL] = settings[CONF_SCAN_INTERVAL]
    if any(
        other.unique_id == mac and other is not entry for other in miner_entries(hass)
    ):
        raise _error("migration_duplicate", entry)
    keys = _keys(hass, entry, mac)
    plan = _Plan(mac, data, options, keys, _device(hass, entry, keys))
    await async_end_discovery_flows(hass, mac)
    _carry_out(hass, entry, plan)
    if "recorder" in hass.config.components:
        from .statistics import async_convert  # noqa: PLC0415

        hass.async_create_background_task(
            async_convert(hass, _sensors(plan)), f"{entry.title} statistics"
        )


def _sensors(plan: _Plan) -> dict[str, str]:
    """Return the entity ids of sensors that go on, and their keys."""
    return {
        entity_id: key
        for entity_id, key in plan.keys.items()
        if key and entity_id.startswith(f"{Platform.SENSOR}.")
    }


def _known_mac(hass: HomeAssistant, entry: ConfigEntry) -> str | None:
    """Return the MAC address that the entry, or else its entities, have."""
    mac = dr.format_mac(str(entry.data.get(CONF_MAC)))
    if _MAC.fullmatch(mac):
        return mac
    found = {
        owner
        for entity in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
        if (owner := _owner(entity.unique_id))
    }
    return found.pop() if len(found) == 1 else None


async def _async_ask(entry: ConfigEntry, host: str, port: int) -> str:
    try:
        return (await async_discover(host, port)).mac
    except NotAMinerError as err:
        raise ConfigEntryError(**translation(err, owner_name(entry))) from err
    except WhatsminerError as err:  # it is off, or starts
        raise ConfigEntryNotReady(**translation(err, owner_name(entry))) from err


def _keys(hass: HomeAssistant, entry: ConfigEntry, mac: str) -> dict[str, str | None]:
    """Return the key of each entity here, None where there is no counterpart.

    Raises:
        ConfigEntryError: another entry has an entity of this miner.

    """
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    keys: dict[str, str | None] = {entity.entity_id: None for entity in entities}
    taken: set[tuple[str, str]] = set()
    # Those that were made while the miner could not be read come last.
    for entity in sorted(entities, key=lambda each: _owner(each.unique_id) is None):
        key = _successor(entity.domain, entity.unique_id, mac)
        if key is None or (entity.domain, key) in taken:
            continue
        taken.add((entity.domain, key))
        keys[entity.entity_id] = key
        holder = registered_entity_id(hass, entity.domain, mac, key)
        if holder is not None and holder not in keys:
            raise _error("migration_duplicate", entry)
    return keys


def _owner(old: str) -> str | None:
    """Return the MAC address in a unique id, None for one that was made without."""
    match = _UNIQUE_ID.fullmatch(old)
    mac = match[1].replace("_", ":").lower() if match else ""
    return mac if _MAC.fullmatch(mac) else None


def _successor(domain: str, old: str, mac: str) -> str | None:
    """Return the key that an entity has here; another miner's at this address has none."""
    match = _UNIQUE_ID.fullmatch(old)
    if not match or _owner(old) not in (mac, None):
        return None
    key = match[2]
    if board := _BOARD_KEY.fullmatch(key):
        successor = _BOARD_KEYS.get(board[2])
        return successor and f"board{board[1]}_{successor}"
    return _KEYS.get(domain, {}).get(key)


def _device(
    hass: HomeAssistant, entry: ConfigEntry, plan: Mapping[str, str | None]
) -> str | None:
    """Return the device with most of the kept entities, then one with a name or area of its own."""
    kept = Counter(
        entity.device_id
        for entity in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
        if plan[entity.entity_id]
    )
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    best = max(
        devices,
        key=lambda each: (kept[each.id], bool(each.name_by_user or each.area_id)),
        default=None,
    )
    return best.id if best else None


@callback
def _carry_out(hass: HomeAssistant, entry: ConfigEntry, plan: _Plan) -> None:
    entities, devices = er.async_get(hass), dr.async_get(hass)
    for entity_id, key in plan.keys.items():
        if key is None:
            entities.async_remove(entity_id)
    for entity_id, key in plan.keys.items():
        if key is not None:
            new = unique_id(plan.mac, key)
            same = entities.entities[entity_id].unique_id == new
            entities.async_update_entity(
                entity_id,
                device_id=plan.device,
                new_unique_id=UNDEFINED if same else new,
            )
    for device in dr.async_entries_for_config_entry(devices, entry.entry_id):
        if device.id != plan.device:
            devices.async_remove_device(device.id)  # nothing is left on it
    if plan.device:
        devices.async_update_device(
            plan.device,
            new_connections={(dr.CONNECTION_NETWORK_MAC, plan.mac)},
            new_identifiers={(DOMAIN, plan.mac)},
        )
    hass.config_entries.async_update_entry(
        entry,
        data=plan.data,
        minor_version=1,
        options=plan.options,
        unique_id=plan.mac,
        version=VERSION,
    )


def _error(key: str, entry: ConfigEntry) -> ConfigEntryError:
    return ConfigEntryError(**about(entry, key))
