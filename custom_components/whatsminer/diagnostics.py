"""Diagnostics: all that is known of a miner or a site, without what identifies its owner."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant

from .coordinator import WhatsminerCoordinator
from .entries.lookup import is_site
from .miner.record import record_for_entry
from .models import WhatsminerConfigEntry
from .redaction import anonymise
from .site.coordinator import SiteConfigEntry, SiteCoordinator
from .site.decision import Decision
from .site.totals import Member


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: ConfigEntry
) -> dict[str, Any]:
    """Return the diagnostics of a site, or of a miner, also of one that cannot be set up."""
    if is_site(entry):
        diagnostics = _site(entry)
        boards: list[str] = []
    else:
        diagnostics, boards = await _async_miner(hass, entry)
    redacted: dict[str, Any] = await hass.async_add_executor_job(
        anonymise, diagnostics, boards
    )
    return redacted


def _entry(entry: ConfigEntry) -> dict[str, Any]:
    return {
        "data": dict(entry.data),
        "options": dict(entry.options),
        "reason": entry.reason,
        "state": entry.state.value,
        "title": entry.title,
        "unique_id": entry.unique_id,
        "version": entry.version,
    }


def _site(entry: SiteConfigEntry) -> dict[str, Any]:
    """Return what is known of a site, without the names of its miners."""
    options = _without_entities(_numbered(entry.options))
    known = {"entry": {**_entry(entry), "options": options}}
    if entry.state is not ConfigEntryState.LOADED:
        return known
    site = entry.runtime_data
    totals = _numbered(asdict(site.data))
    del totals["least_efficient"]  # the members have the prices
    return {
        **known,
        "holding": {"held": site.holding.is_held, "until": site.holding.until},
        "members": [_without_name(member) for member in site.read()],
        "plan": _plan(site),
        "totals": totals,
    }


def _without_entities(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with the domain of each entity, whose id may be a name."""
    return {
        key: str(value).partition(".")[0] if key.endswith("_entity") else value
        for key, value in options.items()
    }


def _plan(site: SiteCoordinator) -> dict[str, Any]:
    """Return what the plan has decided, in the order of the miners."""
    planning = site.planning
    decisions = {each.miner: each for each in planning.plan.decisions}
    return {
        "state": planning.plan.state,
        "next_change": planning.plan.next_change,
        "unit": planning.inputs.unit,
        "decisions": [
            _decision(decisions[member])
            for member in site.members
            if member in decisions
        ],
    }


def _decision(decision: Decision) -> dict[str, Any]:
    """Return a decision without what its reasons name, which may be a site or an automation."""
    return {
        "on": decision.on,
        "percent": decision.percent,
        "until": decision.until,
        **{
            key: why
            and {
                "reason": why.reason,
                **{
                    name: value
                    for name, value in why.values.items()
                    if not isinstance(value, str)
                },
            }
            for key, why in (("why", decision.why), ("waiting", decision.waiting))
        },
    }


def _without_name(member: Member) -> dict[str, Any]:
    readings = asdict(member)
    del readings["name"]
    return readings


def _numbered(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return readings or options with a number for each list: of names, or of ids made of them."""
    return {
        key: len(value) if isinstance(value, list) else value
        for key, value in found.items()
    }


async def _async_miner(
    hass: HomeAssistant, entry: WhatsminerConfigEntry
) -> tuple[dict[str, Any], list[str]]:
    """Return what is known of a miner, and the serial numbers of its hashboards."""
    record = record_for_entry(hass, entry)
    # Copied, for it may change while the executor reads it.
    memory = deepcopy(await record.memory.async_load())
    boards = memory.get("boards", [])
    diagnostics: dict[str, Any] = {
        "entry": _entry(entry),
        # Hashboards are known by their serial numbers.
        "memory": {**memory, "boards": len(boards)},
    }
    if entry.state is ConfigEntryState.LOADED:
        diagnostics |= _loaded(entry.runtime_data.coordinator)
    # The last answer to each command, as it came. Copied, for a poll may add one.
    diagnostics["replies"] = dict(record.client.replies) if record.client else {}
    return diagnostics, boards


def _loaded(coordinator: WhatsminerCoordinator) -> dict[str, Any]:
    snapshot = coordinator.data
    error = coordinator.last_exception
    readings = asdict(snapshot)
    del readings["support"]  # the capabilities have it
    return {
        "capabilities": asdict(coordinator.capabilities),
        "coordinator": {
            # Its translation can only be read here, in the event loop.
            "last_exception": None if error is None else str(error),
            "last_update_success": coordinator.last_update_success,
            "update_interval": coordinator.update_interval,
            "write_access": coordinator.write_access.is_open,
        },
        "device": {
            "firmware": snapshot.firmware,
            "model": snapshot.model,
            "platform": snapshot.platform,
        },
        "snapshot": readings,
    }
