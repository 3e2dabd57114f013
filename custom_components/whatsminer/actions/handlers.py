"""The handlers of the actions.

An action is prepared once: what was entered is checked before any miner is asked. The result is a
handler, which is then called for each miner.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_MODE, CONF_TIME_ZONE
from homeassistant.core import ServiceCall
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType

from ..api import (
    Command,
    InvalidTextError,
    WhatsminerError,
    check_query,
    commands,
    limits,
)
from ..const import DOMAIN
from ..coordinator import WhatsminerCoordinator
from ..entries.lookup import is_site, miner_entries, site_entries
from ..exceptions import about
from ..miner.hold import BY_HAND
from ..models import WhatsminerConfigEntry
from ..names import owner_name
from ..redaction import redact
from ..site.coordinator import loaded_site
from .change_password import async_change_password
from .conditions_since import conditions_since
from .download_logs import async_download_logs
from .get_state import state_of
from .hold import async_hold, async_release
from .set_network import async_set_network
from .time_zone import posix_time_zone
from .update_firmware import async_find_image, async_update_firmware

_SHORTEST_HOLD: Final = timedelta(seconds=1)
_LONGEST_HOLD: Final = timedelta(days=366)

type Data = Mapping[str, Any]
type Handler = Callable[[WhatsminerConfigEntry], Awaitable[JsonObjectType | None]]
type Prepare = Callable[[ServiceCall], Awaitable[Handler]]


@dataclass(frozen=True, slots=True)
class Secret:
    """A text that is not written to the log, to which Home Assistant writes failed calls."""

    value: str = field(repr=False)


def sends(make: Callable[[Data], Command]) -> Prepare:
    """Return what prepares an action that sends one command."""

    async def prepare(call: ServiceCall) -> Handler:
        return _sending(make(call.data))

    return prepare


def _sending(command: Command) -> Handler:
    async def handle(entry: WhatsminerConfigEntry) -> None:
        await entry.runtime_data.coordinator.async_send(command)

    return handle


async def prepare_update_pools(call: ServiceCall) -> Handler:
    """Return a handler that replaces the pools; that a pool is removed has to be confirmed."""
    pools: list[commands.PoolSettings] = call.data["pools"]
    command = commands.update_pools(*pools)

    async def handle(entry: WhatsminerConfigEntry) -> JsonObjectType:
        coordinator = entry.runtime_data.coordinator
        # Others may have changed them since the last poll, and a poll can be missed.
        seen = coordinator.data
        await coordinator.async_refresh()
        known = coordinator.data is not seen
        before = [pool for pool in coordinator.data.pools if pool.url and known]
        if not call.data["remove_others"]:
            known = known and coordinator.data.pools_complete
            _raise_if_pools_are_lost(coordinator, len(before), len(pools), known)
        await coordinator.async_send(command)
        return {
            "previous_pools": [
                {"url": pool.url, "worker": pool.worker, "status": pool.status}
                for pool in before
            ]
        }

    return handle


def _raise_if_pools_are_lost(
    coordinator: WhatsminerCoordinator, count: int, named: int, known: bool
) -> None:
    """Raise if fewer pools are named than the miner has, or than it may have."""
    placeholders = {
        "miner": owner_name(coordinator.config_entry),
        "count": str(count),
        "named": str(named),
    }
    if named < count:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="removes_pools",
            translation_placeholders=placeholders,
        )
    # Pools that are not known cannot be set again later. A full list needs no care: it leaves no
    # place for others.
    if not (known and count) and named < limits.POOLS.maximum:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="pools_unknown",
            translation_placeholders=placeholders,
        )


def led(data: Data) -> Command:
    """Return the command for one LED, or for all of them."""
    if data[CONF_MODE] == "auto":
        return commands.set_led_auto()
    return commands.set_led(
        data["color"], data["period"], data["duration"], data["start"]
    )


async def prepare_set_power_percent(call: ServiceCall) -> Handler:
    """Return a handler that sets a power percent; not every miner takes more than 100."""
    percent: float = call.data["percent"]
    is_fast = call.data["method"] == "fast"
    # What no miner takes is refused once for all of them.
    limits.POSSIBLE_POWER_PERCENT.check("percent", percent)

    async def handle(entry: WhatsminerConfigEntry) -> None:
        coordinator = entry.runtime_data.coordinator
        await coordinator.async_send(
            coordinator.settings.power_percent(percent, fast=is_fast),
            context=call.context,
        )

    return handle


async def prepare_set_power_limit(call: ServiceCall) -> Handler:
    """Return a handler that sets a power limit; an unusual one has to be confirmed."""
    watts = limits.POWER_LIMIT.check("power_limit", call.data["power_limit"])
    command = commands.power_limit(watts)

    async def handle(entry: WhatsminerConfigEntry) -> None:
        # A miner without a power limit says so itself, and needs no confirmation for that.
        is_known = entry.runtime_data.coordinator.capabilities.accepts(command.name)
        if is_known and not call.data["confirm"]:
            _raise_if_unusual(entry.runtime_data.coordinator, watts)
        await entry.runtime_data.coordinator.async_send(command)

    return handle


def _raise_if_unusual(coordinator: WhatsminerCoordinator, watts: int) -> None:
    """Raise if a power limit is unusual for a miner; back to its default is always usual."""
    ordinary = coordinator.ordinary_power
    usual = ordinary.usual_limits(coordinator.data)
    if watts == limits.DEFAULT_POWER_LIMIT or usual.contains(watts):
        return
    raise ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="power_limit_unusual",
        translation_placeholders={
            "miner": owner_name(coordinator.config_entry),
            "value": str(watts),
            "ordinary": f"{ordinary.watts or 0:.0f}",
            "minimum": str(usual.minimum),
            "maximum": str(usual.maximum),
        },
    )


async def prepare_set_time_zone(call: ServiceCall) -> Handler:
    """Return a handler that sets a time zone; the rules of the zone are found here."""
    name: str = call.data.get(CONF_TIME_ZONE, call.hass.config.time_zone)
    rules = await call.hass.async_add_executor_job(posix_time_zone, name)
    return _sending(commands.set_time_zone(rules, name))


async def prepare_set_network(call: ServiceCall) -> Handler:
    """Return a handler that sets another address; the entry follows to a static one."""
    host: str | None = None
    if call.data[CONF_MODE] == "dhcp":
        command = commands.set_network_dhcp()
    else:
        host = call.data["ip"]
        if not call.data["dns"]:  # without it the miner finds no pool
            raise InvalidTextError("dns", "")
        command = commands.set_network(
            host,
            call.data["netmask"],
            call.data["gateway"],
            call.data["dns"],
            call.data["hostname"],
        )

    async def handle(entry: WhatsminerConfigEntry) -> None:
        if host:
            _raise_if_taken(entry.runtime_data.coordinator, host)
        await async_set_network(entry.runtime_data.coordinator, command, host)

    return handle


def _raise_if_taken(coordinator: WhatsminerCoordinator, host: str) -> None:
    """Raise if the entry of another miner has a host, so that no address is used twice."""
    own = coordinator.config_entry
    for entry in miner_entries(coordinator.hass):
        if entry.entry_id != own.entry_id and entry.data.get(CONF_HOST) == host:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="address_taken",
                translation_placeholders={
                    "ip": host,
                    "miner": owner_name(own),
                    "other": owner_name(entry),
                },
            )


async def prepare_change_password(call: ServiceCall) -> Handler:
    """Return a handler that sets another password, at the miner and in its entry."""
    new: Secret = call.data["new_password"]

    async def handle(entry: WhatsminerConfigEntry) -> JsonObjectType:
        coordinator = entry.runtime_data.coordinator
        try:
            return {"account": await async_change_password(coordinator, new.value)}
        except WhatsminerError as err:
            # It is stored as long as it is not known whether it counts.
            if not err.request_sent or "password" not in coordinator.memory.data:
                raise
            raise HomeAssistantError(**about(entry, "password_unknown")) from err

    return handle


async def prepare_preheat(call: ServiceCall) -> Handler:
    """Return a handler that preheats a stopped miner, and returns how far it is."""

    async def handle(entry: WhatsminerConfigEntry) -> JsonObjectType:
        preheating = await entry.runtime_data.preheat.async_send_once()
        return {
            "complete": bool(preheating.complete),
            "message": preheating.message,
        }

    return handle


async def prepare_hold(call: ServiceCall) -> Handler:
    """Return a handler that keeps a miner, or all miners of a site, off."""
    duration: timedelta | None = call.data.get("duration")
    if duration is not None and not _SHORTEST_HOLD <= duration <= _LONGEST_HOLD:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="hold_duration_invalid"
        )
    until = dt_util.utcnow() + duration if duration else None

    async def handle(entry: ConfigEntry) -> None:
        if is_site(entry):
            await loaded_site(entry).holding.async_hold(until)
        else:
            await async_hold(call.hass, entry, BY_HAND, until)

    return handle


async def prepare_release(call: ServiceCall) -> Handler:
    """Return a handler that lets a miner, or all miners of a site, mine again."""

    async def handle(entry: ConfigEntry) -> None:
        if is_site(entry):
            site = loaded_site(entry)
            site.planning.async_release()
            await site.holding.async_release()
            return
        for each in site_entries(call.hass):
            if each.state is ConfigEntryState.LOADED:
                loaded_site(each).planning.async_release(entry.entry_id)
        await async_release(call.hass, entry)

    return handle


async def prepare_download_logs(call: ServiceCall) -> Handler:
    """Return a handler that downloads the log, and returns the path of the file."""

    async def handle(entry: WhatsminerConfigEntry) -> JsonObjectType:
        log = await async_download_logs(entry.runtime_data.coordinator)
        return {"path": str(log.path), "size": log.size}

    return handle


async def prepare_update_firmware(call: ServiceCall) -> Handler:
    """Return a handler that updates the firmware, and returns both versions."""
    image = await async_find_image(call.hass, call.data["file"])

    async def handle(entry: WhatsminerConfigEntry) -> JsonObjectType:
        update = await async_update_firmware(entry.runtime_data.coordinator, image)
        return {
            "previous_version": update.before,
            "version": update.after,
            "sha256": image.sha256,
        }

    return handle


async def prepare_get_customer_message(call: ServiceCall) -> Handler:
    """Return a handler that returns the texts that the owner has stored in a miner."""

    async def handle(entry: WhatsminerConfigEntry) -> JsonObjectType:
        coordinator = entry.runtime_data.coordinator
        # That the miner takes this read does not show that it takes commands.
        with coordinator.write_access.learning():
            messages = await coordinator.credentials.async_with_password(
                coordinator.client.customer_messages
            )
        return {"messages": dict(messages)}

    return handle


async def prepare_query(call: ServiceCall) -> Handler:
    """Return a handler that returns the answer to a readable command, without secrets."""
    command = check_query(call.data["command"])

    async def handle(entry: WhatsminerConfigEntry) -> JsonObjectType:
        answer = await entry.runtime_data.coordinator.client.query(command)
        return {"answer": await call.hass.async_add_executor_job(redact, answer)}

    return handle


async def prepare_get_state(call: ServiceCall) -> Handler:
    """Return a handler that returns the last readings and settings, without asking the miner."""
    since = conditions_since(call.hass, call.data["conditions"])

    async def handle(entry: WhatsminerConfigEntry) -> JsonObjectType:
        return {
            **state_of(entry.runtime_data.coordinator),
            "conditions_since": {**since},
        }

    return handle
