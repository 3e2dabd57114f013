"""What is kept of a miner over restarts of Home Assistant, beside its config entry."""

from typing import Final, TypedDict, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN, MEMORY_INTERVAL
from .settings import Remembered

_VERSION: Final = 1


class Memory(TypedDict, total=False):
    """The stored data of one miner."""

    settings: dict[str, Remembered]
    firmware: str | None
    reports: list[str]
    """What this firmware was seen to report (see `Capabilities`)."""
    boards: list[str]
    """The serial numbers of its hashboards, by which it is known with a new control board."""
    efficiency: float
    """J/TH, about as it was last while mining was stable."""
    faults: list[str]
    """The codes of the faults that were active last."""
    password: str
    """A new password that the miner was told; it may have taken it or not."""
    host: str
    """A new address that the miner was told to take."""


class MemoryStore(Store[Memory]):
    """Where the memory of one miner is kept.

    Each entry has one for as long as Home Assistant runs: whoever loads from it also gets what
    is not written yet.
    """

    # Whether something waits to be written.
    _waits = False

    @callback
    def async_save_soon(self, memory: Memory) -> None:
        """Write within some minutes what a memory is then; a write that waits is enough."""

        def data() -> Memory:
            self._waits = False
            return memory

        if not self._waits:
            self._waits = True
            self.async_delay_save(data, MEMORY_INTERVAL)

    @override
    async def async_save(self, data: Memory) -> None:
        """Write at once; nothing waits any longer."""
        self._waits = False
        await super().async_save(data)

    async def async_flush(self, memory: Memory) -> None:
        """Write at once what waits to be written."""
        if self._waits:
            await self.async_save(memory)


_STORES: Final[HassKey[dict[str, MemoryStore]]] = HassKey(f"{DOMAIN}_stores")


def memory_store(hass: HomeAssistant, entry: ConfigEntry) -> MemoryStore:
    """Return where it is kept."""
    stores = hass.data.setdefault(_STORES, {})
    if entry.entry_id not in stores:
        key = f"{DOMAIN}.{entry.entry_id}"
        stores[entry.entry_id] = MemoryStore(hass, _VERSION, key, private=True)
    return stores[entry.entry_id]


async def async_forget_memory(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Remove what is kept of a miner whose entry is removed."""
    await memory_store(hass, entry).async_remove()
    del hass.data[_STORES][entry.entry_id]
