"""What is kept of a miner over reloads of its entry: its client, its memory, announcements."""

from dataclasses import dataclass
import time
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from ..api import Capabilities, Miner, Remembered, Snapshot
from ..const import CONF_ACCOUNT, CONF_PROTOCOL, CONF_V3_PORT, DOMAIN, V2_ONLY
from .memory import Memory, StoredClient, StoredData
from .outage import Outage

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

    `is_sought` is true while other hosts are asked for the miner, `outage` is when it did not answer last.
    """

    memory: Memory
    client: Miner | None = None
    change: CapabilityChange | None = None
    is_sought: bool = False
    outage: Outage | None = None
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
    """Return the client of the miner of an entry, with the account that the entry has now.

    It outlasts reloads: a command may still be under way, and a miner copes with one connection
    at a time.
    """
    record = record_for_entry(hass, entry)
    client = record.client
    address = address_of(entry)
    place = address, entry.data.get(CONF_V3_PORT), entry.unique_id
    if client is None or (client.address, client.v3_port, client.mac) != place:
        client = record.client = client_at(entry, address)
        record.change = None  # that was the change of another miner
    client.password = entry.data.get(CONF_PASSWORD) or ""
    client.given_account = entry.data.get(CONF_ACCOUNT) or ""
    client.v2_only = _is_v2_only(entry)
    return client


def client_at(entry: ConfigEntry, address: Address) -> Miner:
    """Return a client for the miner of an entry at an address, without password."""
    client = Miner(*address, v3_port=entry.data.get(CONF_V3_PORT), mac=entry.unique_id)
    client.v2_only = _is_v2_only(entry)
    return client


def _is_v2_only(entry: ConfigEntry) -> bool:
    """Return whether the owner wants V2 only for the miner of an entry."""
    return bool(entry.options.get(CONF_PROTOCOL) == V2_ONLY)


def restore_client(client: Miner, data: StoredData) -> None:
    """Let a client know what it knew of its miner before a restart of Home Assistant."""
    stored = data.get("client", {})
    known = Remembered(
        stored.get("spoken"),
        tuple(stored.get("stopped_by", ())),
        stored.get("is_proven", False),
    )
    client.restore(known, data.get("firmware"))


async def async_forget_protocol(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Let the next set-up find out which protocol a miner speaks, because its owner says so."""
    record = record_for_entry(hass, entry)
    async with record.memory.editing() as data:
        data.get("client", StoredClient()).pop("spoken", None)
    if record.client:
        record.client.forget_protocol()


def store_boards(snapshot: Snapshot, data: StoredData) -> None:
    """Store the serial numbers of the hashboards, which identify a miner with a new control board.

    One that is missing for a while still does.
    """
    if not snapshot.board_serials <= set(data.get("boards", ())):
        data["boards"] = sorted(snapshot.board_serials)


def store_client(client: Miner, data: StoredData) -> None:
    """Store what a client has to know again after a restart of Home Assistant."""
    known = client.remembered
    stored: StoredClient = {}
    if known.spoken:
        stored["spoken"] = known.spoken
    if known.stopped_by:
        stored["stopped_by"] = list(known.stopped_by)
    if known.is_proven:
        stored["is_proven"] = True
    if stored:
        data["client"] = stored
    else:
        data.pop("client", None)


def address_of(entry: ConfigEntry) -> Address:
    """Return host and port of an entry."""
    return entry.data[CONF_HOST], entry.data[CONF_PORT]


def mac_of(entry: ConfigEntry) -> str:
    """Return the MAC address of the miner of an entry, in lower case with colons."""
    assert entry.unique_id
    return entry.unique_id
