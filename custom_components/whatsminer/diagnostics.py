"""What to send along with a report of a problem: all that is known, but not whose miner it is."""

from copy import deepcopy
from dataclasses import asdict
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from .coordinator import WhatsminerConfigEntry, WhatsminerCoordinator
from .miner.record import record_of
from .redaction import anonymise


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: WhatsminerConfigEntry
) -> dict[str, Any]:
    """Return what is known of a miner, also of one that cannot be set up, or not be migrated."""
    record = record_of(hass, entry)
    # Copied, for it may change while the executor reads it.
    memory = deepcopy(await record.store.async_memory())
    boards = memory.get("boards", [])
    diagnostics: dict[str, Any] = {
        "entry": {
            "data": dict(entry.data),
            "options": dict(entry.options),
            "reason": entry.reason,
            "state": entry.state.value,
            "title": entry.title,
            "unique_id": entry.unique_id,
            "version": entry.version,
        },
        # Hashboards are known by their serial numbers.
        "memory": {**memory, "boards": len(boards)},
    }
    if entry.state is ConfigEntryState.LOADED:
        diagnostics |= _known(entry.runtime_data)
    # The last answer to each command, as it came. Copied, for a poll may add one meanwhile.
    diagnostics["replies"] = dict(record.miner.replies) if record.miner else {}
    redacted: dict[str, Any] = await hass.async_add_executor_job(
        anonymise, diagnostics, boards
    )
    return redacted


def _known(coordinator: WhatsminerCoordinator) -> dict[str, Any]:
    snapshot = coordinator.data
    error = coordinator.last_exception
    return {
        "capabilities": asdict(coordinator.capabilities),
        "coordinator": {
            # Its sentence can only be looked up here, in the event loop.
            "last_exception": None if error is None else str(error),
            "last_update_success": coordinator.last_update_success,
            "update_interval": coordinator.update_interval,
            "write_access": coordinator.access.is_open,
        },
        "device": {
            "firmware": snapshot.firmware,
            "model": snapshot.model,
            "platform": snapshot.platform,
        },
        "snapshot": asdict(snapshot),
    }
