"""What the actions do to a miner.

What was entered is checked once, before any miner is asked. What comes out of that, the errand,
is then run at each miner.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from homeassistant.const import CONF_HOST, CONF_MODE, CONF_TIME_ZONE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util.json import JsonObjectType

from ..api import (
    Command,
    InvalidTextError,
    Preheating,
    WhatsminerError,
    check_query,
    commands,
    limits,
)
from ..const import DOMAIN
from ..coordinator import WhatsminerCoordinator
from ..redaction import redact
from .firmware import async_find_image, async_update_firmware
from .get_state import overview
from .logs import async_download_logs
from .time_zone import posix_time_zone

type Data = Mapping[str, Any]
type Errand = Callable[[WhatsminerCoordinator], Awaitable[JsonObjectType | None]]
type Prepare = Callable[[HomeAssistant, Data], Awaitable[Errand]]


@dataclass(frozen=True, slots=True)
class Secret:
    """A text that does not show in logs, where Home Assistant writes calls that failed."""

    value: str = field(repr=False)


def sends(make: Callable[[Data], Command]) -> Prepare:
    """Prepare an action that sends one command."""

    async def prepare(hass: HomeAssistant, data: Data) -> Errand:
        return _sending(make(data))

    return prepare


def _sending(command: Command) -> Errand:
    async def errand(coordinator: WhatsminerCoordinator) -> None:
        await coordinator.async_command(command)

    return errand


async def prepare_pools(hass: HomeAssistant, data: Data) -> Errand:
    """Replace a pool list, unless that would remove pools nobody spoke of."""
    pools: list[commands.Pool] = data["pools"]
    command = commands.update_pools(*pools)

    async def errand(coordinator: WhatsminerCoordinator) -> JsonObjectType:
        # Somebody may have changed them since the last poll, and a poll can be missed.
        seen = coordinator.data
        await coordinator.async_refresh()
        known = coordinator.data is not seen
        before = [pool for pool in coordinator.data.pools if pool.url and known]
        placeholders = {
            "miner": coordinator.config_entry.title,
            "count": str(len(before)),
            "named": str(len(pools)),
        }
        if not data["remove_others"]:
            if len(pools) < len(before):
                raise ServiceValidationError(
                    translation_domain=DOMAIN,
                    translation_key="removes_pools",
                    translation_placeholders=placeholders,
                )
            # What is not known cannot be put back. A full list needs no care: it leaves
            # no place for others, and whoever gives it knows that.
            if not before and len(pools) < limits.POOLS.maximum:
                raise ServiceValidationError(
                    translation_domain=DOMAIN,
                    translation_key="pools_unknown",
                    translation_placeholders=placeholders,
                )
        await coordinator.async_command(command)
        return {
            "previous_pools": [
                {"url": pool.url, "worker": pool.worker, "status": pool.status}
                for pool in before
            ]
        }

    return errand


def led(data: Data) -> Command:
    """Return the command for one LED, or for all of them."""
    if data[CONF_MODE] == "auto":
        return commands.set_led_auto()
    return commands.set_led(
        data["color"], data["period"], data["duration"], data["start"]
    )


def power_percent(data: Data) -> Command:
    """Return the command for a power percentage."""
    if data["method"] == "fast":
        return commands.set_power_pct(data["percent"])
    return commands.set_power_pct_v2(data["percent"])


async def prepare_time_zone(hass: HomeAssistant, data: Data) -> Errand:
    """Set a zone by its name; its rules are found here."""
    name: str = data.get(CONF_TIME_ZONE, hass.config.time_zone)
    rules = await hass.async_add_executor_job(posix_time_zone, name)
    return _sending(commands.set_zone(rules, name))


async def prepare_network(hass: HomeAssistant, data: Data) -> Errand:
    """Give a miner another address; the entry follows to a static one."""
    host: str | None = None
    if data[CONF_MODE] == "dhcp":
        command = commands.net_config_dhcp()
    else:
        host = data["ip"]
        if not data["dns"]:  # without it the miner finds no pool
            raise InvalidTextError("dns", "")
        command = commands.net_config(
            host,
            data["netmask"],
            data["gateway"],
            data["dns"],
            data["hostname"],
        )

    async def errand(coordinator: WhatsminerCoordinator) -> None:
        if host:
            _refuse_taken(coordinator, host)
        await coordinator.changeover.async_set_address(command, host)

    return errand


def _refuse_taken(coordinator: WhatsminerCoordinator, host: str) -> None:
    """Raise an error if another miner has an address, whether it answers now or not."""
    own = coordinator.config_entry
    for entry in coordinator.hass.config_entries.async_entries(DOMAIN):
        if entry.entry_id != own.entry_id and entry.data.get(CONF_HOST) == host:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="address_taken",
                translation_placeholders={
                    "ip": host,
                    "miner": own.title,
                    "other": entry.title,
                },
            )


async def prepare_password(hass: HomeAssistant, data: Data) -> Errand:
    """Give a miner and its entry another password."""
    new: Secret = data["new_password"]

    async def errand(coordinator: WhatsminerCoordinator) -> None:
        try:
            await coordinator.changeover.async_change_password(new.value)
        except WhatsminerError as err:
            # It is still remembered as long as nobody knows whether it counts.
            if not err.request_sent or "password" not in coordinator.memory:
                raise
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="password_unknown",
                translation_placeholders={"miner": coordinator.config_entry.title},
            ) from err

    return errand


async def prepare_preheat(hass: HomeAssistant, data: Data) -> Errand:
    """Ask a stopped miner to heat up, and tell how far it is."""

    async def errand(coordinator: WhatsminerCoordinator) -> JsonObjectType:
        told = Preheating.of(await coordinator.preheat.async_ask())
        return {"complete": bool(told.complete), "message": told.message}

    return errand


async def prepare_logs(hass: HomeAssistant, data: Data) -> Errand:
    """Fetch the log of a miner, and tell where it is."""

    async def errand(coordinator: WhatsminerCoordinator) -> JsonObjectType:
        log = await async_download_logs(coordinator)
        return {"path": str(log.path), "size": log.size}

    return errand


async def prepare_firmware(hass: HomeAssistant, data: Data) -> Errand:
    """Give a miner another firmware, and tell what became of it."""
    image = await async_find_image(hass, data["file"])

    async def errand(coordinator: WhatsminerCoordinator) -> JsonObjectType:
        update = await async_update_firmware(coordinator, image)
        return {
            "previous_version": update.before,
            "version": update.after,
            "sha256": image.sha256,
        }

    return errand


async def prepare_query(hass: HomeAssistant, data: Data) -> Errand:
    """Return what a miner says to a readable command, without secrets."""
    command = check_query(data["command"])

    async def errand(coordinator: WhatsminerCoordinator) -> JsonObjectType:
        answer = await coordinator.miner.query(command)
        return {"answer": await hass.async_add_executor_job(redact, answer)}

    return errand


async def prepare_state(hass: HomeAssistant, data: Data) -> Errand:
    """Return what is known of a miner, without asking it."""

    async def errand(coordinator: WhatsminerCoordinator) -> JsonObjectType:
        return overview(coordinator)

    return errand
