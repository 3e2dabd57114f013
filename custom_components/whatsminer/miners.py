"""The one line to each miner, the same over reloads of its entry."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from .api import Miner
from .const import DOMAIN

MINERS: HassKey[dict[str, Miner]] = HassKey(f"{DOMAIN}_miners")


def miner_of(hass: HomeAssistant, entry: ConfigEntry) -> Miner:
    """Return the miner of an entry, with the password that the entry has now.

    Something may be under way that a reload does not end, and there is one line to a miner.
    """
    miners = hass.data.setdefault(MINERS, {})
    address = address_of(entry)
    miner = miners.get(entry.entry_id)
    if miner is None or (miner.address, miner.mac) != (address, entry.unique_id):
        miner = miners[entry.entry_id] = Miner(*address, mac=entry.unique_id)
    miner.password = entry.data.get(CONF_PASSWORD) or ""
    return miner


def address_of(entry: ConfigEntry) -> tuple[str, int]:
    """Return host and port of an entry."""
    return entry.data[CONF_HOST], entry.data[CONF_PORT]


def forget_miner(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Forget the miner of an entry that is removed."""
    hass.data.get(MINERS, {}).pop(entry.entry_id, None)
