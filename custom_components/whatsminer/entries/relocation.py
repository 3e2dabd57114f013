"""Moves entries to the addresses at which their miners are.

An entry follows only an answer of its miner. The answer comes from a scan, from a poll that met
another miner, or from an address at which the miner was announced.
"""

from collections.abc import Mapping
from contextlib import suppress
import logging
from typing import Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_PORT
from homeassistant.core import HomeAssistant, callback

from ..api import (
    MalformedReplyError,
    Miner,
    MiningProcessDownError,
    NotAMinerError,
    WhatsminerError,
    WrongMinerError,
)
from ..issues import Issue, clear_issues, raise_issue
from ..miner.record import Address, address_of, client_for_entry
from ..names import owner_name
from .discovery import DiscoveredMiner, async_discover
from .error_isolation import async_for_each
from .lookup import (
    coordinator_for_entry,
    entry_at_address,
    entry_for_mac,
    is_at_address,
    refresh_entry,
)
from .new_control_board import async_boards_of_missing_miners, raise_new_control_board

_LOGGER = logging.getLogger(__name__)

# At most so many miners are asked for their MAC address at once.
_ASKED_AT_ONCE: Final = 32
# In these an entry goes on with what it was set up with, until it is reloaded.
_IN_USE: Final = (
    ConfigEntryState.LOADED,
    ConfigEntryState.SETUP_IN_PROGRESS,
    ConfigEntryState.SETUP_RETRY,
)


@callback
def relocate(hass: HomeAssistant, entry: ConfigEntry, address: Address) -> None:
    """Give an entry, unless it was removed, the address at which its miner is now."""
    if hass.config_entries.async_get_entry(entry.entry_id) is None:
        return
    host, port = address
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_HOST: host, CONF_PORT: port}
    )
    clear_issues(hass, entry, Issue.WRONG_MINER)
    if entry.state in _IN_USE:
        hass.config_entries.async_schedule_reload(entry.entry_id)


async def async_mac_at(
    hass: HomeAssistant, entry: ConfigEntry, client: Miner
) -> str | None:
    """Return the MAC address of the miner at the address of a client, if need be by asking.

    It is not asked if the miner of another entry than `entry` is known to be there. Returns None
    if it reports no MAC address, or does not answer in any protocol.
    """
    other = entry_at_address(hass, client.address)
    if other and other is not entry:
        return other.unique_id
    try:
        if client.mac is not None:
            # It uses the protocol of its own miner. Another miner may speak another one.
            with suppress(MalformedReplyError, MiningProcessDownError, NotAMinerError):
                await client.reach()
        return await client.read_mac()
    except WrongMinerError as err:
        return err.found
    except WhatsminerError:
        return None


async def async_relocate_and_match(
    hass: HomeAssistant, *seen: DiscoveredMiner
) -> Mapping[str, ConfigEntry]:
    """Return the entries of miners that were seen, by MAC address, and relocate them.

    A miner with a new control board, but known hashboards, has the entry of the miner with these
    hashboards. A repair offers to use the new control board.
    """
    await async_relocate_all(
        hass, {miner.mac: (miner.host, miner.port) for miner in seen}
    )
    entries: dict[str, ConfigEntry] = {}
    unknown: list[DiscoveredMiner] = []
    for miner in seen:
        if entry := entry_for_mac(hass, miner.mac):
            entries[miner.mac] = entry
        elif miner.boards:
            unknown.append(miner)
    missing = await async_boards_of_missing_miners(hass) if unknown else {}
    for miner in unknown:
        for entry, boards in missing.items():
            if miner.boards <= boards:
                raise_new_control_board(hass, entry, miner)
                entries[miner.mac] = entry
                del missing[entry]  # once, however many miners report its boards
                break
    return entries


async def async_relocate_all(hass: HomeAssistant, seen: Mapping[str, Address]) -> None:
    """Relocate the entries of miners to the addresses at which they were seen, by MAC address.

    A miner that still answers at its old address has two, and its entry stays. Another miner at
    an old address counts as seen there, so that miners can change places.
    """
    macs: dict[Address, str] = {}
    done: set[str] = set()
    while seen:
        macs.update((address, mac) for mac, address in seen.items())
        moved: dict[str, tuple[ConfigEntry, Address]] = {}
        for mac, address in seen.items():
            if entry := entry_for_mac(hass, mac):
                if address_of(entry) != address:
                    moved[mac] = entry, address_of(entry)
                elif not is_at_address(entry):
                    refresh_entry(hass, entry)
        met = await async_for_each(
            [entry for entry, _ in moved.values()],
            lambda entry: _async_mac_at_address(hass, entry, macs),
            name=lambda entry: entry.title,
            limit=_ASKED_AT_ONCE,
        )
        others: dict[str, Address] = {}
        for (mac, (entry, address)), other in zip(moved.items(), met, strict=True):
            if other == mac:
                continue
            if other:
                others[other] = address
            # It may have been moved or removed while the miners were asked.
            if entry_for_mac(hass, mac) is entry and address_of(entry) == address:
                _LOGGER.info("%s is at %s now", entry.title, seen[mac][0])
                relocate(hass, entry, seen[mac])
        for mac, address in seen.items():
            _inform_previous_owner(hass, mac, address)
        done.update(seen)
        seen = {mac: address for mac, address in others.items() if mac not in done}


@callback
def _inform_previous_owner(hass: HomeAssistant, mac: str, address: Address) -> None:
    """Let the miner that was at an address know that another one, with an entry, is there."""
    entry = entry_for_mac(hass, mac)
    if entry is None or address_of(entry) != address:
        return
    previous = entry_at_address(hass, address)
    if (
        previous
        and previous is not entry
        and (owner := coordinator_for_entry(previous))
    ):
        owner.async_set_wrong_miner(mac)


async def _async_mac_at_address(
    hass: HomeAssistant, entry: ConfigEntry, macs: Mapping[Address, str]
) -> str | None:
    """Return the MAC address of the miner at the address of an entry, if need be by asking."""
    address = address_of(entry)
    if address in macs:
        return macs[address]
    return await async_mac_at(hass, entry, client_for_entry(hass, entry))


async def async_find_displaced_miner(
    hass: HomeAssistant, entry: ConfigEntry, address: Address, mac: str
) -> None:
    """Find the miner of an entry, at whose address the miner with another `mac` is.

    Entries are relocated as far as possible. If the miner is still missing then, an issue says so.
    """
    found = DiscoveredMiner(host=address[0], port=address[1], mac=mac)
    if not entry_for_mac(hass, mac):
        with suppress(WhatsminerError):
            found = await async_discover(*address)
    owner = (await async_relocate_and_match(hass, found)).get(found.mac)
    if (
        owner is entry  # it is the same miner, with a new control board
        or is_at_address(entry)  # it is back
        or address_of(entry) != address
        or entry.disabled_by
        or hass.config_entries.async_get_entry(entry.entry_id) is None
    ):
        return
    raise_issue(
        hass,
        entry,
        Issue.WRONG_MINER,
        placeholders={
            "host": address[0],
            "other": owner_name(owner) if owner else found.title,
        },
    )
