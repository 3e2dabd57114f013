"""Seeks a miner that does not answer: where DHCP announced it, or where its address was set.

An entry follows only an answer of its miner.
"""

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant

from ..api import Miner
from ..const import CONF_V3_PORT
from ..miner.record import address_of, mac_of, record_for_entry
from .error_isolation import async_isolated
from .lookup import is_at_address, refresh_entry
from .relocation import async_mac_at, async_relocate_all


async def async_handle_announcement(
    hass: HomeAssistant, entry: ConfigEntry, host: str
) -> None:
    """Remember the host at which a miner was announced, and seek it there.

    It is asked there whenever it does not answer at its own address: it may need a minute
    before it answers anywhere.
    """
    if host == address_of(entry)[0]:
        if not is_at_address(entry):
            refresh_entry(hass, entry)
        return
    record_for_entry(hass, entry).announce(host)
    if not refresh_entry(hass, entry):
        await async_seek_miner(hass, entry)


async def async_seek_miner(
    hass: HomeAssistant, entry: ConfigEntry, stored_host: str | None = None
) -> None:
    """Ask for a miner at the hosts where it may be, and let its entry follow to where it answers.

    It may be at `stored_host`, which was set at it last (see `actions/set_network.py`), and at the
    host where it was announced. There is one search for a miner at a time.
    """
    mac = mac_of(entry)
    record = record_for_entry(hass, entry)
    if record.is_sought:
        return
    record.is_sought = True
    try:
        old, port = address_of(entry)
        for host in dict.fromkeys((stored_host, record.announced_host)):
            if host is None or host == old:
                continue
            client = Miner(host, port, v3_port=entry.data.get(CONF_V3_PORT))
            job = async_mac_at(hass, entry, client)
            if await async_isolated(job, entry.title) == mac:
                await async_relocate_all(hass, {mac: (host, port)})
                return
    finally:
        record.is_sought = False


async def async_forget_sought_hosts(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Forget where else a miner may be: it answers at its address."""
    record = record_for_entry(hass, entry)
    record.forget_old_announcement()
    if record.memory.data.get("host") == entry.data[CONF_HOST]:
        async with record.memory.editing() as data:
            data.pop("host", None)
