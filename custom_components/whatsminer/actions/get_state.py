"""The response of the action `get_state`, for scripts, templates and blueprints.

Entities can be renamed, and their ids depend on a language; the names in here never change.
"""

from collections.abc import Iterable

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import ATTR_NAME, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util.json import JsonObjectType

from ..coordinator import WhatsminerCoordinator
from ..entity import registered_entity_id
from ..entries.lookup import is_reachable
from ..entries.membership import planning_site
from ..miner.hold import held_until, holders
from ..miner.record import mac_of, record_for_entry
from ..names import device_of, owner_name
from ..site.coordinator import loaded_coordinator


# It is long because each name of the response has its line.
def state_of(coordinator: WhatsminerCoordinator) -> JsonObjectType:
    """Return the last readings and the settings of a miner, None for what is not known.

    Powers are in W, hash rates in TH/s, efficiency in J/TH (the last one of a stopped miner),
    temperatures in °C, the break-even price in Home Assistant's currency per kWh; times are
    written as ISO 8601. `power_mode` is `custom` under a limit in watts. `switch` is the entity that
    starts and stops mining, `power_mode_select` the one that sets the power mode.
    `hash_rate_at_most` lists since when the hash rate has been at most so many percent of its target,
    highest first; it is empty unless the miner mines and is tuned. `held_off_by` names the sites that
    keep the miner off, and is `hand` for the action `hold`; `held_off_until` is None unless the last of
    them lets go by itself. `outage` is when the miner did not answer last, None if it always did since
    Home Assistant runs. `plan` is what the plan of its site wants of it, and why, None without one.
    """
    data, settings = coordinator.data, coordinator.settings
    history = coordinator.history
    mining = settings.value("mining")
    # After a command that stops or restarts mining, the last poll is out of date.
    current = mining is not False and settings.mining_runs.is_settled
    since = data.mining_since if current else None
    return {
        "switch": _entity_id(coordinator, Platform.SWITCH, "mining"),
        "power_mode_select": _entity_id(coordinator, Platform.SELECT, "power_mode"),
        "status": status.value if (status := coordinator.status) else None,
        "mining": mining,
        "switched_at": coordinator.last_switch.at(mining, coordinator.memory.data),
        "running": current and data.running,
        "stable": current and data.stable,
        "mining_since": since.isoformat() if since else None,
        "power_percent": settings.value("power_percent"),
        "power_limit": settings.value("power_limit"),
        "power_mode": settings.value("power_mode"),
        "power": data.live.power,
        "hash_rate": data.hash_rate,
        "hash_rate_at_most": [
            {"percent": percent, "since": begin.isoformat()}
            for percent, begin in history.at_most
            if current
        ],
        "efficiency": coordinator.break_even.efficiency,
        "break_even_price": coordinator.break_even.price,
        "chip_temperature": data.live.chip_temperature_max,
        "environment_temperature": data.live.environment_temperature,
        "coolant_temperature": data.coolant_temperature,
        "pool": history.pool,
        "previous_pool": history.previous_pool,
        "pool_since": history.pool_since.isoformat() if history.pool_since else None,
        "outage": _outage(coordinator.hass, coordinator.config_entry),
        **_hold(coordinator),
        "plan": _plan(coordinator),
        "write_access": coordinator.write_access.is_open,
    }


def offline_states(
    hass: HomeAssistant, entries: Iterable[ConfigEntry]
) -> dict[str, JsonObjectType]:
    """Return the name and the outage of each miner that does not answer, by its device."""
    return {
        device.id: {ATTR_NAME: owner_name(entry), "outage": _outage(hass, entry)}
        for entry in entries
        if not is_reachable(entry) and (device := device_of(hass, entry))
    }


def _outage(hass: HomeAssistant, entry: ConfigEntry) -> JsonObjectType | None:
    """Return when the miner of an entry did not answer last; `until` is None while it does not."""
    outage = record_for_entry(hass, entry).outage
    if outage is None:
        return None
    until = outage.until
    return {
        "since": outage.since.isoformat(),
        "until": until.isoformat() if until else None,
    }


def _hold(coordinator: WhatsminerCoordinator) -> JsonObjectType:
    """Return whether the miner is held off, by whom and until when."""
    data = coordinator.memory.data
    by, until = holders(data), held_until(data)
    entries = coordinator.hass.config_entries
    return {
        "held_off": bool(by),
        "held_off_by": [
            owner_name(site) if (site := entries.async_get_entry(holder)) else holder
            for holder in by
        ],
        "held_off_until": until.isoformat() if until else None,
    }


def _plan(coordinator: WhatsminerCoordinator) -> JsonObjectType | None:
    """Return what the plan of the site that decides about the miner wants, and why."""
    hass, miner = coordinator.hass, coordinator.config_entry
    site = loaded_coordinator(planning_site(hass, miner))
    if site is None or (plan := site.planning.plan_of(miner)) is None:
        return None
    site_id = site.config_entry.entry_id
    sensor = registered_entity_id(hass, Platform.SENSOR, site_id, "plan")
    return {"sensor": _enabled(hass, sensor), **plan}


def _entity_id(
    coordinator: WhatsminerCoordinator, platform: Platform, key: str
) -> str | None:
    """Return the entity of a key, None where there is none, or a disabled one."""
    hass, mac = coordinator.hass, mac_of(coordinator.config_entry)
    return _enabled(hass, registered_entity_id(hass, platform, mac, key))


def _enabled(hass: HomeAssistant, entity_id: str | None) -> str | None:
    """Return an entity id, None for that of a disabled entity."""
    entry = entity_id and er.async_get(hass).async_get(entity_id)
    return None if not entry or entry.disabled else entity_id
