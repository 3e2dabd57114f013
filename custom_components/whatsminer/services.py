"""The actions: who may call them, which miners they mean, and what becomes of failures."""

import asyncio
from collections.abc import Sequence
from functools import partial
import logging
from typing import Final

import probatio  # the successor of voluptuous in Home Assistant

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_DEVICE_ID, ATTR_NAME
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

from .actions.handlers import Errand
from .actions.permissions import async_check_permission
from .actions.table import ACTIONS, Action
from .api import WhatsminerError
from .const import DOMAIN
from .coordinator import WhatsminerConfigEntry
from .exceptions import explain

_LOGGER = logging.getLogger(__name__)

ATTR_CONFIRM: Final = "confirm"


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register all actions; they are there even while no miner is."""
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
    """Return what an action takes: any target, or just one device and a yes."""
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
    """Do it to all miners at once; what fails at one never leaves the others undone."""
    if action.one_miner:
        entries = [_confirmed_miner(call)]
    else:
        entries = await _async_targeted_miners(call)
    await async_check_permission(call, entries, action.permission)
    if action.reachable_only:
        entries = [entry for entry in entries if _is_reachable(entry)]
    try:
        errand = await action.prepare_fn(call.hass, call.data)
    except WhatsminerError as err:
        names = ", ".join(entry.title for entry in entries)
        raise explain(err, names) from err
    results = await asyncio.gather(
        *(_async_explained(entry, action, errand) for entry in entries),
        return_exceptions=True,
    )
    _raise_failures([item for item in results if isinstance(item, BaseException)])
    return dict(item for item in results if not isinstance(item, BaseException))


async def _async_explained(
    entry: WhatsminerConfigEntry, action: Action, errand: Errand
) -> tuple[str, JsonObjectType]:
    """Do it to one miner; an error that should never happen becomes one that names the miner."""
    try:
        return await _async_at(entry, action, errand)
    except HomeAssistantError:
        raise
    except Exception as err:
        _LOGGER.exception("%s: unexpected error in %s", entry.title, action.name)
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="unexpected",
            translation_placeholders={"miner": entry.title},
        ) from err


async def _async_at(
    entry: WhatsminerConfigEntry, action: Action, errand: Errand
) -> tuple[str, JsonObjectType]:
    """Do it to one miner, and return its answer with the id of its device."""
    if entry.state is not ConfigEntryState.LOADED:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="not_loaded",
            translation_placeholders={"miner": entry.title},
        )
    coordinator = entry.runtime_data
    if action.needs_password and not coordinator.has_password:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="read_only",
            translation_placeholders={"miner": entry.title},
        )
    with coordinator.explained():
        answer = await errand(coordinator)
    return coordinator.device_id, {ATTR_NAME: entry.title, **(answer or {})}


def _raise_failures(failures: Sequence[BaseException]) -> None:
    """Raise the one failure there was, or one that tells of all.

    What is no error of Home Assistant is a cancellation, which stays one.
    """
    for failure in failures:
        if len(failures) == 1 or not isinstance(failure, HomeAssistantError):
            raise failure
    if failures:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="several_failed",
            translation_placeholders={
                "count": str(len(failures)),
                # As text, a sentence has no full stop.
                "failures": ". ".join(str(failure) for failure in failures),
            },
        )


async def _async_targeted_miners(call: ServiceCall) -> list[WhatsminerConfigEntry]:
    """Return each miner of a target once, however often and by whatever it is named."""
    ids = await async_extract_config_entry_ids(call)
    entries: list[WhatsminerConfigEntry] = [
        entry
        for entry in call.hass.config_entries.async_entries(
            DOMAIN, include_ignore=False, include_disabled=False
        )
        if entry.entry_id in ids and not _is_disabled(call.hass, entry)
    ]
    if not entries:
        raise _no_miner()
    return sorted(entries, key=lambda entry: entry.title)


def _is_reachable(entry: WhatsminerConfigEntry) -> bool:
    """Tell whether the entities of a miner are available."""
    loaded = entry.state is ConfigEntryState.LOADED
    return loaded and entry.runtime_data.last_update_success


def _is_disabled(hass: HomeAssistant, entry: WhatsminerConfigEntry) -> bool:
    """Tell whether the owner disabled a miner's device; then its entities do nothing either."""
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return any(device.disabled for device in devices)


def _no_miner() -> ServiceValidationError:
    return ServiceValidationError(translation_domain=DOMAIN, translation_key="no_miner")


def _confirmed_miner(call: ServiceCall) -> WhatsminerConfigEntry:
    """Return the miner of a device, if the caller knows what will be done to it."""
    entry: WhatsminerConfigEntry
    _, entry = async_get_device_and_config_entry(
        call.hass, DOMAIN, call.data[ATTR_DEVICE_ID]
    )
    if _is_disabled(call.hass, entry):
        raise _no_miner()
    if not call.data[ATTR_CONFIRM]:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="not_confirmed",
            translation_placeholders={"miner": entry.title},
        )
    return entry
