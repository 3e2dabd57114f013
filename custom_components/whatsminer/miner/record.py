"""Keeps what is known of each miner over reloads: its connection and where it was announced."""

from dataclasses import dataclass
import time
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from ..api import Capabilities, Miner
from ..const import DOMAIN
from .memory import MemoryStore

# A miner asks for a new address while it still answers at its old one.
_SECONDS_TO_MOVE: Final = 120


@dataclass(frozen=True, slots=True)
class Announcement:
    """The host at which a miner was announced, and when (on the monotonic clock).

    Anybody can announce anything, so that it is no more than a place to look at.
    """

    host: str
    at: float


@dataclass(slots=True)
class Change:
    """The last reload because of a change, and all capabilities seen since.

    `is_other` tells that the miner had become another one, and not just more.
    """

    since: float
    is_other: bool
    capabilities: Capabilities | None = None
    has_model: bool = False


@dataclass(slots=True)
class MinerRecord:
    """What is known of one miner over reloads of its entry."""

    store: MemoryStore
    miner: Miner | None = None
    announcement: Announcement | None = None
    change: Change | None = None
    is_sought: bool = False
    """Whether it is being looked for at other hosts."""


RECORDS: Final[HassKey[dict[str, MinerRecord]]] = HassKey(f"{DOMAIN}_records")


def record_of(hass: HomeAssistant, entry: ConfigEntry) -> MinerRecord:
    """Return what is known of the miner of an entry."""
    records = hass.data.setdefault(RECORDS, {})
    if entry.entry_id not in records:
        records[entry.entry_id] = MinerRecord(MemoryStore(hass, entry.entry_id))
    return records[entry.entry_id]


async def async_forget_miner(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Forget the miner of an entry that is removed, also on the disk."""
    await record_of(hass, entry).store.async_remove()
    del hass.data[RECORDS][entry.entry_id]


def miner_of(hass: HomeAssistant, entry: ConfigEntry) -> Miner:
    """Return the miner of an entry, with the password that the entry has now.

    Something may be under way that a reload does not end, and there is one line to a miner.
    """
    record = record_of(hass, entry)
    miner = record.miner
    address = address_of(entry)
    if miner is None or (miner.address, miner.mac) != (address, entry.unique_id):
        miner = record.miner = Miner(*address, mac=entry.unique_id)
        record.change = None  # it was the change of another one
    miner.password = entry.data.get(CONF_PASSWORD) or ""
    return miner


def address_of(entry: ConfigEntry) -> tuple[str, int]:
    """Return host and port of an entry."""
    return entry.data[CONF_HOST], entry.data[CONF_PORT]


def announce(hass: HomeAssistant, entry: ConfigEntry, host: str) -> None:
    """Remember where a miner was announced last."""
    record_of(hass, entry).announcement = Announcement(host, time.monotonic())


def announced_host(hass: HomeAssistant, entry: ConfigEntry) -> str | None:
    """Return the host at which a miner was announced, None if it was not."""
    announcement = record_of(hass, entry).announcement
    return announcement.host if announcement else None


def forget_announcement(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Forget where a miner was announced a while ago: it answers at its address."""
    record = record_of(hass, entry)
    announcement = record.announcement
    if announcement and time.monotonic() >= announcement.at + _SECONDS_TO_MOVE:
        record.announcement = None
