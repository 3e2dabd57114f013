"""What is stored of a miner over restarts of Home Assistant, beside its config entry."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from copy import deepcopy
from typing import Final, TypedDict, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from ..const import DOMAIN, MEMORY_INTERVAL
from .settings import StoredSetting

_VERSION: Final = 1


class StoredSwitch(TypedDict):
    """When mining was switched on or off last: `at` is written as ISO 8601."""

    on: bool
    at: str


class StoredHold(TypedDict):
    """What keeps a miner off, see `hold.py`."""

    by: dict[str, str | None]
    """Each holder with the time until which it holds, as ISO 8601, None until it is released."""
    stopped: bool
    """Whether the miner was stopped by it, so that it is started when the last one lets go."""


class StoredClient(TypedDict, total=False):
    """The fields of `api.Remembered`, as far as there is something to remember."""

    spoken: str
    stopped_by: list[str]
    is_proven: bool


class StoredData(TypedDict, total=False):
    """The stored data of one miner."""

    settings: dict[str, StoredSetting]
    firmware: str | None
    reports: list[str]
    """The readings that this firmware has reported (see `Capabilities`)."""
    cooling: str
    """A value of `Cooling`: evidence that this firmware has shown, and does not always show."""
    boards: list[str]
    """The serial numbers of its hashboards, by which it is known with a new control board."""
    efficiency: float
    """J/TH, about as it was last while mining was stable."""
    power: float
    """W, the same."""
    default_power_limit: float
    """W, see `ordinary_power.py`; `estimated_power` as well."""
    estimated_power: float
    hold: StoredHold
    """What keeps it off, while something does."""
    last_switch: StoredSwitch
    """When mining was last switched, and to what."""
    client: StoredClient
    """What the client has to know again, see `api.Remembered`."""
    faults: list[str]
    """The codes of the faults for which the last event was that they appeared."""
    password: str
    """A new password that was sent to the miner; the miner may use it or not."""
    host: str
    """A new address that was sent to the miner."""


class Memory(Store[StoredData]):
    """The stored data of one miner: one object for as long as Home Assistant runs.

    A command may outlast a reload of its entry, so that two coordinators use it at once.
    """

    _content: StoredData | None = None
    # A copy of the data as they were written last.
    _written: StoredData | None = None
    _write_is_planned = False
    _is_removed = False

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Prepare; nothing is read yet."""
        super().__init__(hass, _VERSION, f"{DOMAIN}.{entry_id}", private=True)

    @property
    def data(self) -> StoredData:
        """The data, once they are loaded. Changes are made in `editing`."""
        assert self._content is not None
        return self._content

    @override
    async def async_load(self) -> StoredData:
        """Return the data, which are read from the disk once."""
        if self._content is None:
            content = await super().async_load() or {}
            if self._content is None:  # another task may have loaded them by now
                self._content = content
                self._written = deepcopy(content)
        return self._content

    @asynccontextmanager
    async def editing(self) -> AsyncIterator[StoredData]:
        """Write the data at the end of the block if it changed them."""
        data = await self.async_load()
        before = deepcopy(data)
        try:
            yield data
        finally:
            if data != before:
                await self.async_flush()

    @contextmanager
    def editing_later(self) -> Iterator[StoredData]:
        """Write what the block changes some minutes later, together with other changes.

        This is for what miners report, which may be something else in each poll.
        """
        try:
            yield self.data
        finally:
            if self._has_changed() and not self._write_is_planned:
                self._write_is_planned = True
                self.async_delay_save(self._to_write, MEMORY_INTERVAL)

    async def async_flush(self) -> None:
        """Write changes that are not written yet."""
        if self._has_changed():
            await self.async_save(self._to_write())

    @override
    async def async_remove(self) -> None:
        """Remove the file. Nothing is written afterwards: a command may outlast its entry."""
        self._is_removed = True
        self.make_read_only()
        await self.async_save({})  # comes back after a write that is under way
        await super().async_remove()

    def _has_changed(self) -> bool:
        return self._content != self._written and not self._is_removed

    @callback
    def _to_write(self) -> StoredData:
        self._write_is_planned = False
        self._written = deepcopy(self.data)
        return self._written
