"""What is kept of a miner over restarts of Home Assistant, beside its config entry."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from copy import deepcopy
from typing import Final, TypedDict, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from ..const import DOMAIN, MEMORY_INTERVAL
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
    """Keeps the memory of one miner: one object for as long as Home Assistant runs.

    A command may outlast a reload of its entry, so that two coordinators have the memory at once.
    """

    _memory: Memory | None = None
    # A copy of the memory as it was written last.
    _written: Memory | None = None
    # Whether a write is planned.
    _waits = False
    _is_removed = False

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Prepare; nothing is read yet."""
        super().__init__(hass, _VERSION, f"{DOMAIN}.{entry_id}", private=True)

    async def async_memory(self) -> Memory:
        """Return the memory, which is read from the disk once."""
        if self._memory is None:
            memory = await self.async_load() or {}
            if self._memory is None:  # somebody else may have loaded it meanwhile
                self._memory = memory
                self._written = deepcopy(memory)
        return self._memory

    @asynccontextmanager
    async def async_remembering(self) -> AsyncIterator[Memory]:
        """Store at once what is changed in memory meanwhile."""
        memory = await self.async_memory()
        before = deepcopy(memory)
        try:
            yield memory
        finally:
            if memory != before:
                await self.async_flush()

    @contextmanager
    def remembering_later(self) -> Iterator[Memory]:
        """Store within some minutes what is changed in memory meanwhile.

        That is for what miners say: one may say something else in each poll.
        """
        assert self._memory is not None
        try:
            yield self._memory
        finally:
            if self._is_news() and not self._waits:
                self._waits = True
                self.async_delay_save(self._to_write, MEMORY_INTERVAL)

    async def async_flush(self) -> None:
        """Write at once what is not written yet."""
        if self._is_news():
            await self.async_save(self._to_write())

    @override
    async def async_remove(self) -> None:
        """Remove the file. Nothing is written afterwards: a command may outlast its entry."""
        self._is_removed = True
        self.make_read_only()
        await self.async_save({})  # comes back after a write that is under way
        await super().async_remove()

    def _is_news(self) -> bool:
        return self._memory != self._written and not self._is_removed

    @callback
    def _to_write(self) -> Memory:
        assert self._memory is not None
        self._waits = False
        self._written = deepcopy(self._memory)
        return self._written
