"""Which miner is where: entries follow their miners to other addresses.

They follow an answer only. It comes from a scan, from a poll that met another miner, or from an
address at which the miner was announced.
"""

from collections.abc import Mapping
from contextlib import suppress
import logging

from homeassistant.config_entries import SOURCE_IGNORE, ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PORT
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.async_ import gather_with_limited_concurrency

from ..api import DEFAULT_PORT, Miner, WhatsminerError
from ..const import DOMAIN
from ..issues import Issue, clear_issues, raise_issue
from ..miner.record import address_of, miner_of, record_of
from .control_board import move_identifiers
from .discovery import Found, async_end_discovery, async_look
from .isolation import async_isolated

_LOGGER = logging.getLogger(__name__)

# So many miners are asked at once who they are.
_AT_ONCE = 32
# In these an entry goes on with what it was set up with, until it is reloaded.
_IN_USE = (
    ConfigEntryState.LOADED,
    ConfigEntryState.SETUP_IN_PROGRESS,
    ConfigEntryState.SETUP_RETRY,
)

type Address = tuple[str, int]


def entry_of(hass: HomeAssistant, mac: str) -> ConfigEntry | None:
    """Return the entry of a miner, None for a new or an ignored one."""
    entry = hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, mac)
    if entry is None or entry.source != SOURCE_IGNORE:
        return entry
    entries = hass.config_entries.async_entries(DOMAIN, include_ignore=False)
    return next((other for other in entries if other.unique_id == mac), None)


def is_well(entry: ConfigEntry) -> bool:
    """Tell whether the miner of an entry is known to be at its address: nobody else may ask there.

    One that gets another firmware is there, too, though it does not answer.
    """
    return entry.state is ConfigEntryState.LOADED and bool(
        entry.runtime_data.last_update_success or entry.runtime_data.miner.updating
    )


def tenant_of(hass: HomeAssistant, address: Address) -> ConfigEntry | None:
    """Return the entry whose miner is known to answer at an address.

    Nobody else may ask there: a miner copes with one connection at a time.
    """
    entries = hass.config_entries.async_entries(DOMAIN, include_ignore=False)
    return next(
        (entry for entry in entries if is_well(entry) and address_of(entry) == address),
        None,
    )


def hosts_in_use(hass: HomeAssistant) -> set[str]:
    """Return the hosts at which miners are known to answer, which a scan leaves in peace."""
    entries = hass.config_entries.async_entries(DOMAIN, include_ignore=False)
    return {
        host
        for host, port in (address_of(entry) for entry in entries if is_well(entry))
        if port == DEFAULT_PORT  # a scan asks no other
    }


@callback
def set_address(hass: HomeAssistant, entry: ConfigEntry, address: Address) -> None:
    """Give an entry the address at which its miner is now; it may be removed meanwhile."""
    if hass.config_entries.async_get_entry(entry.entry_id) is None:
        return
    host, port = address
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, CONF_HOST: host, CONF_PORT: port}
    )
    clear_issues(hass, entry, Issue.WRONG_MINER)
    if entry.state in _IN_USE:
        hass.config_entries.async_schedule_reload(entry.entry_id)


@callback
def poll_soon(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Poll a miner at once.

    Returns False when nothing was done, because the entry is neither set up nor waiting to be
    set up again.
    """
    if entry.state is ConfigEntryState.SETUP_RETRY:
        hass.config_entries.async_schedule_reload(entry.entry_id)
    elif entry.state is ConfigEntryState.LOADED:
        entry.runtime_data.async_refresh_soon()
    else:
        return False
    return True


async def async_mac(miner: Miner) -> str | None:
    """Return the MAC address that a miner tells, None if it tells none or does not answer."""
    try:
        return await miner.who()
    except WhatsminerError:
        return None


async def async_place(hass: HomeAssistant, *seen: Found) -> Mapping[str, ConfigEntry]:
    """Move the entries of miners that were seen somewhere to where they are.

    Returns the entries by the MAC addresses that were seen. Among them are miners of which only
    the control board is new: these are offered as a repair.
    """
    await async_follow(hass, {found.mac: (found.host, found.port) for found in seen})
    entries: dict[str, ConfigEntry] = {}
    strangers: list[Found] = []
    for found in seen:
        if entry := entry_of(hass, found.mac):
            entries[found.mac] = entry
        elif found.boards:
            strangers.append(found)
    missing = await _async_missing(hass) if strangers else {}
    for found in strangers:
        for entry, boards in missing.items():
            if found.boards <= boards:
                _offer_adoption(hass, entry, found)
                entries[found.mac] = entry
                del missing[entry]  # once, however many say that they have its boards
                break
    return entries


async def async_follow(hass: HomeAssistant, seen: Mapping[str, Address]) -> None:
    """Move the entries of miners to the addresses at which they were seen.

    A miner that still answers where it was stays there: it has two addresses. Whoever is met at
    the old address instead has been seen as well, so that miners can change places.
    """
    there: dict[Address, str] = {}
    done: set[str] = set()
    while seen:
        there |= {address: mac for mac, address in seen.items()}
        left: dict[str, tuple[ConfigEntry, Address]] = {}
        for mac, address in seen.items():
            if entry := entry_of(hass, mac):
                if address_of(entry) != address:
                    left[mac] = entry, address_of(entry)
                elif not is_well(entry):
                    poll_soon(hass, entry)
        met = await gather_with_limited_concurrency(
            _AT_ONCE,
            *(
                async_isolated(_async_who(hass, entry, there), entry.title)
                for entry, _ in left.values()
            ),
        )
        others: dict[str, Address] = {}
        for (mac, (entry, address)), other in zip(left.items(), met, strict=True):
            if other == mac:
                continue
            if other:
                others[other] = address
            # It may have been moved or removed while we asked.
            if entry_of(hass, mac) is entry and address_of(entry) == address:
                _LOGGER.info("%s is at %s now", entry.title, seen[mac][0])
                set_address(hass, entry, seen[mac])
        for mac, address in seen.items():
            owner = entry_of(hass, mac)
            if owner is None or address_of(owner) != address:
                continue
            tenant = tenant_of(hass, address)
            if tenant and tenant is not owner:
                tenant.runtime_data.async_displace(mac)
        done.update(seen)
        seen = {mac: address for mac, address in others.items() if mac not in done}


async def _async_who(
    hass: HomeAssistant, entry: ConfigEntry, there: Mapping[Address, str]
) -> str | None:
    """Return the MAC address of whoever is at the address of an entry, if need be by asking."""
    address = address_of(entry)
    if address in there:
        return there[address]
    tenant = tenant_of(hass, address)
    if tenant and tenant is not entry:
        return tenant.unique_id
    return await async_mac(miner_of(hass, entry))


async def async_meet(
    hass: HomeAssistant, entry: ConfigEntry, address: Address, mac: str
) -> None:
    """Find out who has taken the address of a miner, and say so if that mends nothing.

    `mac` is the one that answered there.
    """
    found = Found(host=address[0], port=address[1], mac=mac)
    if not entry_of(hass, mac):
        with suppress(WhatsminerError):
            found = await async_look(*address)
    owner = (await async_place(hass, found)).get(found.mac)
    if (
        owner is entry  # it is the same miner, with a new control board
        or is_well(entry)  # it is back
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
            "other": owner.title if owner else found.title,
        },
    )


async def _async_missing(hass: HomeAssistant) -> dict[ConfigEntry, set[str]]:
    """Return the miners that do not answer, with the serial numbers of their hashboards."""
    boards: dict[ConfigEntry, set[str]] = {}
    for entry in hass.config_entries.async_entries(
        DOMAIN, include_ignore=False, include_disabled=False
    ):
        if not is_well(entry):
            memory = await async_isolated(
                record_of(hass, entry).store.async_memory(), entry.title
            )
            boards[entry] = set((memory or {}).get("boards", ()))
    return boards


@callback
def _offer_adoption(hass: HomeAssistant, entry: ConfigEntry, found: Found) -> None:
    """Ask whether a machine is a missing miner, whose hashboards it has."""
    raise_issue(
        hass,
        entry,
        Issue.NEW_CONTROL_BOARD,
        placeholders={"host": found.host, "model": found.model or "Whatsminer"},
        data={
            CONF_MAC: found.mac,
            CONF_HOST: found.host,
            CONF_PORT: found.port,
        },
    )


async def async_adopt(
    hass: HomeAssistant, entry: ConfigEntry, mac: str, address: Address
) -> None:
    """Go on with a miner that has a new control board: the same miner, with all its history."""
    old = entry.unique_id
    assert old is not None
    host, port = address
    async with entry.setup_lock:  # a set-up may be under way
        if hass.config_entries.async_get_entry(entry.entry_id) is None:
            return  # it was removed meanwhile
        await async_end_discovery(hass, mac)
        await entry.async_unload(hass)
        await _async_forget_board(hass, entry)
        move_identifiers(hass, entry, old, mac)
        hass.config_entries.async_update_entry(
            entry,
            unique_id=mac,
            data={**entry.data, CONF_MAC: mac, CONF_HOST: host, CONF_PORT: port},
        )
    clear_issues(hass, entry, Issue.NEW_CONTROL_BOARD, Issue.WRONG_MINER)
    await hass.config_entries.async_reload(entry.entry_id)


async def _async_forget_board(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Forget what was set at the old control board; the new one has it from the factory."""
    async with record_of(hass, entry).store.async_remembering() as memory:
        memory.pop("settings", None)
        memory.pop("password", None)
        memory.pop("host", None)
