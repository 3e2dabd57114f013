"""Registers the actions: their targets, the permissions of their users, their failures."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import probatio  # the successor of voluptuous in Home Assistant

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import (
    ATTR_DEVICE_ID,
    ATTR_ENTITY_ID,
    ATTR_LABEL_ID,
    ATTR_NAME,
    CONF_PASSWORD,
    ENTITY_MATCH_ALL,
)
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.service import (
    async_extract_config_entry_ids,
    async_get_device_and_config_entry,
    async_register_admin_service,
)
from homeassistant.helpers.typing import VolSchemaType
from homeassistant.util.json import JsonObjectType

from .actions.get_state import offline_states
from .actions.handlers import Handler
from .actions.table import (
    ACTIONS,
    ATTR_CONFIRM,
    ATTR_INCLUDE_OFFLINE,
    ATTR_INCLUDE_SITES,
    Action,
)
from .actions.user_permission import async_check_permission
from .api import WhatsminerError
from .const import DOMAIN
from .entries.error_isolation import async_for_all
from .entries.lookup import is_reachable, is_site, miner_entries, site_entries
from .entries.membership import members_of
from .exceptions import about, exception_for, translating
from .models import WhatsminerConfigEntry
from .names import owner_name


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register all actions, also while there is no miner."""
    for action in ACTIONS:
        register = (
            partial(async_register_admin_service, hass)
            if action.admin_only
            else hass.services.async_register
        )
        register(
            DOMAIN,
            action.name,
            partial(_async_call, action),
            schema=_schema(action),
            supports_response=action.response,
        )


def _schema(action: Action) -> VolSchemaType:
    """Return the schema of an action: it takes any target, or one device and a confirmation."""
    if not action.one_miner:
        return cv.make_entity_service_schema(dict(action.fields))
    return probatio.Schema(
        {
            probatio.Required(ATTR_DEVICE_ID): cv.string,
            probatio.Optional(ATTR_CONFIRM, default=False): cv.boolean,
            **action.fields,
        }
    )


async def _async_call(action: Action, call: ServiceCall) -> ServiceResponse:
    """Call an action for all its miners at once; a failure at one does not affect the others."""
    if action.one_miner:
        entries = [_confirmed_miner(call)]
    else:
        entries = await _async_targets(call, action)
    await async_check_permission(call, entries, action.permission)
    offline: dict[str, JsonObjectType] = {}
    if action.asks_nobody:
        if call.data[ATTR_INCLUDE_OFFLINE]:
            offline = offline_states(call.hass, entries)
        entries = [entry for entry in entries if is_reachable(entry)]
    try:
        handler = await action.prepare_fn(call)
    except WhatsminerError as err:
        names = ", ".join(map(owner_name, entries))
        raise exception_for(err, names) from err
    answers = await async_for_all(
        call.hass,
        entries,
        lambda entry: _async_handle(entry, action, handler),
        what=action.name,
    )
    return {**dict(answers), **offline}


async def _async_handle(
    entry: WhatsminerConfigEntry, action: Action, handler: Handler
) -> tuple[str, JsonObjectType]:
    """Call an action for one miner, and return its response with the id of its device."""
    needs_password = action.needs_password and not is_site(entry)
    if not action.takes_sites and entry.state is not ConfigEntryState.LOADED:
        raise HomeAssistantError(**about(entry, "not_loaded"))
    if needs_password and not entry.data.get(CONF_PASSWORD):
        raise ServiceValidationError(**about(entry, "read_only"))
    if action.takes_sites:
        await handler(entry)
        return entry.entry_id, {}
    with translating(entry):
        answer = await handler(entry)
    device_id = entry.runtime_data.coordinator.device_id
    return device_id, {ATTR_NAME: owner_name(entry), **(answer or {})}


async def _async_targets(
    call: ServiceCall, action: Action
) -> list[WhatsminerConfigEntry]:
    """Return each miner of a target once, also if several of its entities are named.

    Sites in the target are included if the action takes them; then they stand for their miners. Other
    actions ignore them.
    """
    are_all = action.asks_nobody and call.data.get(ATTR_ENTITY_ID) == ENTITY_MATCH_ALL
    if are_all:
        ids = {entry.entry_id for entry in miner_entries(call.hass)}
    else:
        ids = await async_extract_config_entry_ids(call)
        if action.asks_nobody and call.data[ATTR_INCLUDE_SITES]:
            ids |= await _async_members_of_named_sites(call)
    known = site_entries(call.hass) if action.takes_sites else []
    sites = [site for site in known if site.entry_id in ids]
    # What is done to a site is done to its miners.
    of_sites = {m.entry_id for site in sites for m in members_of(call.hass, site)}
    entries: list[WhatsminerConfigEntry] = sites + [
        entry
        for entry in miner_entries(call.hass, include_disabled=False)
        if entry.entry_id in ids - of_sites and not _is_disabled(call.hass, entry)
    ]
    if not entries and not are_all:
        raise _no_miner()
    return sorted(entries, key=lambda entry: entry.title)


async def _async_members_of_named_sites(call: ServiceCall) -> set[str]:
    """Return the ids of the entries of the miners that belong to the sites of a target.

    A site counts that is named itself or by its label, not with its area: others than its miners may be
    there.
    """

    async def entries_of(target: Mapping[str, Any]) -> set[str]:
        return await async_extract_config_entry_ids(
            ServiceCall(call.hass, call.domain, call.service, dict(target))
        )

    keys = (ATTR_DEVICE_ID, ATTR_ENTITY_ID, ATTR_LABEL_ID)
    named = await entries_of({key: call.data[key] for key in keys if key in call.data})
    # Targets have that since Home Assistant 2026.11.
    excluded = await entries_of(call.data.get("exclude", {}))
    return {
        miner.entry_id
        for site in site_entries(call.hass)
        if site.entry_id in named
        for miner in members_of(call.hass, site)
        if miner.entry_id not in excluded
    }


def _is_disabled(hass: HomeAssistant, entry: WhatsminerConfigEntry) -> bool:
    """Return whether the device of a miner is disabled; then its entities do nothing either."""
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return any(device.disabled for device in devices)


def _no_miner() -> ServiceValidationError:
    return ServiceValidationError(translation_domain=DOMAIN, translation_key="no_miner")


def _confirmed_miner(call: ServiceCall) -> WhatsminerConfigEntry:
    """Return the miner of a device, if the caller confirmed the action."""
    entry: WhatsminerConfigEntry
    _, entry = async_get_device_and_config_entry(
        call.hass, DOMAIN, call.data[ATTR_DEVICE_ID]
    )
    if is_site(entry) or _is_disabled(call.hass, entry):
        raise _no_miner()
    if not call.data[ATTR_CONFIRM]:
        raise ServiceValidationError(**about(entry, "not_confirmed"))
    return entry
