"""The permission that a user needs for an action, as Home Assistant's own actions ask for it."""

from collections.abc import Iterable, Iterator

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import Unauthorized, UnknownUser
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.target import (
    SelectedEntities,
    TargetSelection,
    async_extract_referenced_entity_ids,
)

from ..entity import registered_entity_id
from ..entries.lookup import is_site
from ..models import WhatsminerConfigEntry


async def async_check_permission(
    call: ServiceCall, entries: Iterable[WhatsminerConfigEntry], permission: str
) -> None:
    """Refuse a call if its user lacks a permission for one of the miners that it is for.

    For each miner, the user needs the permission for the entity that stands for the miner, and
    for every entity of the miner that the target contains. Its mining switch stands for a miner,
    or its hash rate if it has no switch: who may control one sensor cannot stop a miner by naming
    that sensor. Entities of hashboards count only if they are named themselves: a hashboard
    stands for its miner, so that a permission for the miner's device is enough. Sites are like miners:
    who may switch a site may do so with all its miners.

    A call without a user, such as that of an automation, is not restricted.

    Raises:
        UnknownUser: there is no such user.
        Unauthorized: the permission is missing.

    """
    if not call.context.user_id:
        return
    user = await call.hass.auth.async_get_user(call.context.user_id)
    if user is None:
        raise UnknownUser(context=call.context)
    if user.is_admin:
        return
    selected = async_extract_referenced_entity_ids(
        call.hass, TargetSelection(call.data)
    )
    for entry in entries:
        for entity_id in _needed(call.hass, entry, selected):
            if not entity_id or not user.permissions.check_entity(
                entity_id, permission
            ):
                raise Unauthorized(
                    context=call.context, entity_id=entity_id, permission=permission
                )


def _needed(
    hass: HomeAssistant, entry: WhatsminerConfigEntry, selected: SelectedEntities
) -> Iterator[str | None]:
    """Return the entities of a miner to ask for; None if no entity stands for the miner."""
    boards = {
        board.id
        for board in dr.async_child_entries_for_config_entry(
            dr.async_get(hass), entry.entry_id
        )
    }
    for entity in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        if entity.entity_id in selected.referenced or (
            entity.entity_id in selected.indirectly_referenced
            and entity.device_id not in boards
        ):
            yield entity.entity_id
    owner = entry.entry_id if is_site(entry) else entry.unique_id
    if owner is None:
        yield None  # it was not migrated yet
        return
    yield registered_entity_id(
        hass, Platform.SWITCH, owner, "mining"
    ) or registered_entity_id(hass, Platform.SENSOR, owner, "hash_rate")
