"""Polls one miner, and sends it what entities and actions ask for."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from copy import deepcopy
import logging
import math
import time
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.storage import Store
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util.hass_dict import HassKey

from .api import (
    Answer,
    Capabilities,
    Command,
    MalformedReplyError,
    Miner,
    Snapshot,
    UnreachableError,
    WhatsminerError,
    WriteAccessClosedError,
    WrongPasswordError,
    commands,
)
from .const import (
    ACCESS_CHECK_INTERVAL,
    DOMAIN,
    FIRST_POLLS_AT_ONCE,
    ISSUE_WRITE_ACCESS,
    POLL_INTERVAL,
)
from .errors import explain, translation
from .settings import Remembered, Settings

_LOGGER = logging.getLogger(__name__)

_FIRST_POLLS: HassKey[asyncio.Semaphore] = HassKey(f"{DOMAIN}_first_polls")
_STORE_VERSION = 1

type WhatsminerConfigEntry = ConfigEntry[WhatsminerCoordinator]


def settings_store(
    hass: HomeAssistant, entry: WhatsminerConfigEntry
) -> Store[dict[str, Remembered]]:
    """Return where the accepted requests of a miner are kept over restarts."""
    return Store(hass, _STORE_VERSION, f"{DOMAIN}.{entry.entry_id}")


def write_access_issue(entry: WhatsminerConfigEntry) -> str:
    """Return the id of the one repair issue that a miner can have."""
    return f"{ISSUE_WRITE_ACCESS}_{entry.entry_id}"


class WhatsminerCoordinator(DataUpdateCoordinator[Snapshot]):
    """One miner in Home Assistant."""

    config_entry: WhatsminerConfigEntry
    # Both are decided by the first poll.
    capabilities: Capabilities
    settings: Settings

    def __init__(self, hass: HomeAssistant, entry: WhatsminerConfigEntry) -> None:
        """Prepare; nothing is sent."""
        super().__init__(
            hass,
            _LOGGER,
            config_entry=entry,
            name=entry.title,
            update_interval=POLL_INTERVAL,
        )
        self.miner = Miner(
            entry.data[CONF_HOST],
            entry.data[CONF_PORT],
            password=entry.data.get(CONF_PASSWORD) or "",
            mac=entry.unique_id,
        )
        # None until a write has told.
        self.write_access: bool | None = None
        self._reads_refused = False
        # When to look at it next; there is nothing to look for while it is open.
        self._access_due = -math.inf
        self._store = settings_store(hass, entry)
        self._missed = 0
        self._firmware: str | None = None

    @property
    def has_password(self) -> bool:
        """Whether the owner lets us write; without it there are readings only."""
        return bool(self.config_entry.data.get(CONF_PASSWORD))

    @override
    async def _async_update_data(self) -> Snapshot:
        """Poll the miner; a single miss keeps what is known."""
        began = time.monotonic()
        try:
            if self.data is None:
                snapshot = await self._async_first_poll()
            else:
                snapshot = await self.miner.poll()
        except WhatsminerError as err:
            self._missed += 1
            blip = isinstance(err, UnreachableError | MalformedReplyError)
            if blip and self._missed == 1 and self.data is not None:
                _LOGGER.debug("%s: missed one poll: %s", self.name, err)
                return self.data
            raise UpdateFailed(**translation(err, self.config_entry.title)) from err
        self._missed = 0
        if self._needs_reload(snapshot):
            self.hass.config_entries.async_schedule_reload(self.config_entry.entry_id)
        async with self._async_remembering():
            self.settings.update(snapshot, began)
        await self._async_check_access(snapshot)
        return snapshot

    def _needs_reload(self, snapshot: Snapshot) -> bool:
        """Tell whether entities and device were made for less, or other, than there is now."""
        known, self._firmware = self._firmware, snapshot.firmware or self._firmware
        return (
            (known is not None and known != self._firmware)
            or (self.data is not None and not self.data.model and bool(snapshot.model))
            or Capabilities.of(snapshot).knows_more_than(self.capabilities)
        )

    async def _async_first_poll(self) -> Snapshot:
        """Make the longer first poll, a few miners at a time, and see what can be expected."""
        gate = self.hass.data.setdefault(
            _FIRST_POLLS, asyncio.Semaphore(FIRST_POLLS_AT_ONCE)
        )
        async with gate:
            snapshot = await self.miner.poll()
        self.capabilities = Capabilities.of(snapshot)
        self.settings = Settings(
            self.name, self.capabilities, await self._store.async_load() or {}
        )
        return snapshot

    async def async_send(self, command: Command) -> Answer | None:
        """Send a command; its value shows at once and until the miner is read again.

        Returns the miner's answer, or None when nothing had to be sent: mining would have
        restarted to change nothing, or a newer value took the place of this one.

        Raises:
            HomeAssistantError: translated, when the miner did not do it.
            ServiceValidationError: translated, when it was not even asked.

        """
        if not self.settings.would_change(command):
            return None
        try:
            with self.settings.asking(command), self._learning():
                self.async_update_listeners()
                answer = await self.miner.send(command)
                if answer is not None:
                    self._async_set_access(is_open=True)
                    async with self._async_remembering():
                        self.settings.accept(command)
        except WhatsminerError as err:
            raise explain(err, self.config_entry.title) from err
        finally:
            self.async_update_listeners()
        if answer is not None:
            # Nobody waits for it: a miner that hangs now must not hold up the next in a script.
            self.config_entry.async_create_task(
                self.hass, self.async_request_refresh(), f"{self.name} after a command"
            )
        return answer

    @contextmanager
    def _learning(self) -> Iterator[None]:
        """Learn from a failure whether the miner takes commands from us."""
        try:
            yield
        except WriteAccessClosedError:
            self._async_set_access(is_open=False)
            raise
        except WrongPasswordError:
            self.config_entry.async_start_reauth(self.hass)
            raise

    async def _async_check_access(self, snapshot: Snapshot) -> None:
        """Look whether a closed (or not yet known) write access is open, by changing nothing."""
        led = snapshot.info.led
        now = time.monotonic()
        if not self.has_password or led not in ("auto", None) or now < self._access_due:
            return
        self._access_due = now + ACCESS_CHECK_INTERVAL.total_seconds()
        try:
            with self._learning():
                if led:
                    await self.miner.send(commands.set_led_auto())
                    self._async_set_access(is_open=True)
                else:
                    await self._async_check_access_by_reading()
        except WhatsminerError as err:
            _LOGGER.debug("%s: no write access: %s", self.name, err)

    async def _async_check_access_by_reading(self) -> None:
        """Look with what is left on V1, which does not tell what its LED does.

        A refused read closes; one that is let in opens no more than what a read has closed.
        """
        try:
            await self.miner.check_password()
        except WriteAccessClosedError:
            self._reads_refused = True
            raise
        if self._reads_refused or self.write_access is None:
            self._reads_refused = False
            self._async_set_access(is_open=None)

    @override
    async def async_shutdown(self) -> None:
        """Leave nothing behind: the next set-up finds out by itself what has to be repaired."""
        await super().async_shutdown()
        self._async_set_access(is_open=None)

    @callback
    def _async_set_access(self, *, is_open: bool | None) -> None:
        """Keep the one repair issue in step with what the miner said last."""
        if self._shutdown_requested:
            is_open = None  # a command that was still under way
        self.write_access = is_open
        issue_id = write_access_issue(self.config_entry)
        if is_open is not False:
            self._access_due = math.inf
            ir.async_delete_issue(self.hass, DOMAIN, issue_id)
            return
        self._access_due = time.monotonic() + ACCESS_CHECK_INTERVAL.total_seconds()
        ir.async_create_issue(
            self.hass,
            DOMAIN,
            issue_id,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=ISSUE_WRITE_ACCESS,
            translation_placeholders={"miner": self.config_entry.title},
        )

    @asynccontextmanager
    async def _async_remembering(self) -> AsyncIterator[None]:
        """Store what a change of the settings adds to memory."""
        before = deepcopy(self.settings.remembered)
        yield
        if self.settings.remembered == before:
            return
        # A command may outlast its entry, which has then left nothing behind.
        if self.hass.config_entries.async_get_entry(self.config_entry.entry_id):
            await self._store.async_save(self.settings.remembered)
