"""What is known of each miner over reloads of its entry: its one line, and where it may be."""

from dataclasses import dataclass
import time
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from .api import Miner
from .const import DOMAIN

MINERS: HassKey[dict[str, Miner]] = HassKey(f"{DOMAIN}_miners")
ANNOUNCED: HassKey[dict[str, Announcement]] = HassKey(f"{DOMAIN}_announced")

# A miner asks for a new address while it still answers at its old one.
_SECONDS_TO_MOVE: Final = 120


@dataclass(frozen=True, slots=True)
class Announcement:
    """The host at which a miner was announced, and when (on the monotonic clock).

    Anybody can announce anything, so that it is no more than a place to look at.
    """

    host: str
    at: float


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


def announce(hass: HomeAssistant, entry: ConfigEntry, host: str) -> None:
    """Remember where a miner was announced last."""
    announcements = hass.data.setdefault(ANNOUNCED, {})
    announcements[entry.entry_id] = Announcement(host, time.monotonic())


def announced_host(hass: HomeAssistant, entry: ConfigEntry) -> str | None:
    """Return the host at which a miner was announced, None if it was not."""
    announcement = hass.data.get(ANNOUNCED, {}).get(entry.entry_id)
    return announcement.host if announcement else None


def forget_announcement(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Forget where a miner was announced a while ago: it answers at its address."""
    announcements = hass.data.get(ANNOUNCED, {})
    announcement = announcements.get(entry.entry_id)
    if announcement and time.monotonic() >= announcement.at + _SECONDS_TO_MOVE:
        del announcements[entry.entry_id]


def forget_miner(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Forget the miner of an entry that is removed."""
    hass.data.get(MINERS, {}).pop(entry.entry_id, None)
    hass.data.get(ANNOUNCED, {}).pop(entry.entry_id, None)
