"""What is kept of a miner over reloads of its entry: its client, its memory, announcements."""

from dataclasses import dataclass
import time
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from ..api import Capabilities, Miner
from ..const import DOMAIN
from .memory import Memory

# A miner asks for a new address while it still answers at its old one.
_SECONDS_TO_MOVE: Final = 120

type Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class _Announcement:
    """The host at which a miner was announced, and when (on the monotonic clock).

    Any device can announce any miner, so that this is only a place to ask at.
    """

    host: str
    at: float


@dataclass(slots=True)
class CapabilityChange:
    """The last reload because of a change, and all capabilities seen since.

    `is_other` is true if the miner had become another one, and did not just report more.
    """

    since: float
    is_other: bool
    capabilities: Capabilities | None = None
    has_model: bool = False


@dataclass(slots=True)
class MinerRecord:
    """What is kept of one miner over reloads of its entry.

    `is_sought` is true while other hosts are asked for the miner.
    """

    memory: Memory
    client: Miner | None = None
    change: CapabilityChange | None = None
    is_sought: bool = False
    _announcement: _Announcement | None = None

    @property
    def announced_host(self) -> str | None:
        """The host at which the miner was announced, None if it was not."""
        return self._announcement.host if self._announcement else None

    def announce(self, host: str) -> None:
        """Remember where the miner was announced last."""
        self._announcement = _Announcement(host, time.monotonic())

    def forget_old_announcement(self) -> None:
        """Forget an announcement after a while, because the miner answers at its address."""
        announcement = self._announcement
        if announcement and time.monotonic() >= announcement.at + _SECONDS_TO_MOVE:
            self._announcement = None


RECORDS: Final[HassKey[dict[str, MinerRecord]]] = HassKey(f"{DOMAIN}_records")


def record_for_entry(hass: HomeAssistant, entry: ConfigEntry) -> MinerRecord:
    """Return the record of the miner of an entry."""
    records = hass.data.setdefault(RECORDS, {})
    if entry.entry_id not in records:
        records[entry.entry_id] = MinerRecord(Memory(hass, entry.entry_id))
    return records[entry.entry_id]


async def async_remove_record(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Remove the record of an entry that is removed, and its file."""
    await record_for_entry(hass, entry).memory.async_remove()
    del hass.data[RECORDS][entry.entry_id]


def client_for_entry(hass: HomeAssistant, entry: ConfigEntry) -> Miner:
    """Return the client of the miner of an entry, with the password that the entry has now.

    It outlasts reloads: a command may still be under way, and a miner copes with one connection
    at a time.
    """
    record = record_for_entry(hass, entry)
    client = record.client
    address = address_of(entry)
    if client is None or (client.address, client.mac) != (address, entry.unique_id):
        client = record.client = Miner(*address, mac=entry.unique_id)
        record.change = None  # that was the change of another miner
    client.password = entry.data.get(CONF_PASSWORD) or ""
    return client


def address_of(entry: ConfigEntry) -> Address:
    """Return host and port of an entry."""
    return entry.data[CONF_HOST], entry.data[CONF_PORT]


def mac_of(entry: ConfigEntry) -> str:
    """Return the MAC address of the miner of an entry, in lower case with colons."""
    assert entry.unique_id
    return entry.unique_id
