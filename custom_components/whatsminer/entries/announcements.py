"""Looks for miners where they were announced; entries follow only after an answer."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..api import Miner
from ..miner.record import address_of, announce, announced_host, record_of
from .isolation import async_isolated
from .relocation import Address, async_follow, async_mac, is_well, poll_soon, tenant_of


async def async_handle_announcement(
    hass: HomeAssistant, entry: ConfigEntry, host: str
) -> None:
    """Remember where a miner was announced, and look for it there.

    It is asked there whenever it does not answer at its own address: it may need a minute
    before it answers anywhere.
    """
    if host == address_of(entry)[0]:
        if not is_well(entry):
            poll_soon(hass, entry)
        return
    announce(hass, entry, host)
    if not poll_soon(hass, entry):
        await async_seek(hass, entry)


async def async_seek(
    hass: HomeAssistant, entry: ConfigEntry, told: str | None = None
) -> None:
    """Look for a miner at the hosts where it may be, and follow it to where it answers.

    These are the host where it was announced, and `told`, where it was told to be. There is one
    search for a miner at a time, however often it is announced.
    """
    mac = entry.unique_id
    assert mac
    record = record_of(hass, entry)
    if record.is_sought:
        return
    record.is_sought = True
    try:
        old, port = address_of(entry)
        for host in dict.fromkeys((told, announced_host(hass, entry))):
            if host is None or host == old:
                continue
            if await _async_ask(hass, entry, (host, port)) == mac:
                await async_follow(hass, {mac: (host, port)})
                return
    finally:
        record.is_sought = False


async def _async_ask(
    hass: HomeAssistant, entry: ConfigEntry, address: Address
) -> str | None:
    """Return the MAC address that answers where the miner of an entry may be."""
    if tenant := tenant_of(hass, address):
        return tenant.unique_id  # nobody else may ask there
    return await async_isolated(async_mac(Miner(*address)), entry.title)
