"""Polls one miner, and sends it what entities and actions ask for."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
import logging
import time
from typing import Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_PASSWORD
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from .actions.identify import Identify
from .actions.preheat import Preheat
from .api import (
    Answer,
    Capabilities,
    Command,
    Effect,
    MalformedReplyError,
    NoMacError,
    Snapshot,
    UnreachableError,
    UpdatingError,
    WhatsminerError,
    WrongMinerError,
)
from .const import CHANGE_INTERVAL, CONF_POLL_INTERVAL, POLL_INTERVAL
from .entries.announcements import async_seek
from .entries.first_poll import async_first_poll
from .entries.relocation import async_meet, tenant_of
from .exceptions import explain, translation
from .issues import Issue, clear_issues, raise_issue
from .miner.break_even import BreakEven
from .miner.credentials import Changeover
from .miner.expected_capabilities import Expectations
from .miner.history import Trend
from .miner.memory import Memory
from .miner.record import address_of, forget_announcement, miner_of, record_of
from .miner.settings import Settings
from .miner.write_access import Access

_LOGGER = logging.getLogger(__name__)

# At most so many other miners that answer in place of this one are looked at in an hour.
_MOST_STRANGERS: Final = 8

type WhatsminerConfigEntry = ConfigEntry[WhatsminerCoordinator]


def _poll_interval(entry: WhatsminerConfigEntry) -> timedelta:
    seconds = entry.options.get(CONF_POLL_INTERVAL)
    return timedelta(seconds=seconds) if seconds else POLL_INTERVAL


class WhatsminerCoordinator(DataUpdateCoordinator[Snapshot]):
    """One miner in Home Assistant."""

    config_entry: WhatsminerConfigEntry
    # The id of the miner's device, registered before any entity.
    device_id: str
    # It is loaded before the first poll.
    memory: Memory
    # These are decided by the first poll.
    capabilities: Capabilities
    settings: Settings

    def __init__(self, hass: HomeAssistant, entry: WhatsminerConfigEntry) -> None:
        """Prepare; nothing is sent."""
        super().__init__(
            hass,
            _LOGGER,
            config_entry=entry,
            name=entry.title,
            update_interval=_poll_interval(entry),
        )
        record = record_of(hass, entry)
        self.miner = miner_of(hass, entry)
        self.access = Access(hass, entry, self.miner)
        self.break_even = BreakEven(self)
        self.changeover = Changeover(self)
        self.expectations = Expectations(record)
        self.identify = Identify(self)
        self.preheat = Preheat(self)
        self.trend = Trend()
        self.store = record.store
        self._patience = 0.0
        # When another miner, by its MAC address, was last looked at in place of this one.
        self._strangers: dict[str, float] = {}

    @property
    def has_password(self) -> bool:
        """Whether the owner lets us write; without it there are readings only."""
        return bool(self.config_entry.data.get(CONF_PASSWORD))

    def board_identifier(self, slot: int) -> str:
        """Return what identifies the device of a hashboard."""
        return f"{self.config_entry.unique_id}_board{slot}"

    @callback
    def async_apply_options(self) -> None:
        """Go on with other options; the miner is polled, and nothing is lost."""
        # First, by the interval of the last poll: a longer one than the new is still no gap.
        self.async_update_listeners()
        self.update_interval = _poll_interval(self.config_entry)
        self.async_refresh_soon()

    @override
    async def _async_setup(self) -> None:
        self.memory = await self.store.async_memory()

    @override
    async def _async_update_data(self) -> Snapshot:
        """Poll the miner; a single miss keeps what is known."""
        began = time.monotonic()
        try:
            self._refuse_tenant()
            poll = self._async_first_poll if self.data is None else self.miner.poll
            snapshot = await poll()
        except WhatsminerError as err:
            if not isinstance(err, UpdatingError):
                await async_seek(self.hass, self.config_entry, self.memory.get("host"))
            blip = isinstance(err, UnreachableError | MalformedReplyError)
            if blip and self.data is not None and began < self._patience:
                _LOGGER.debug("%s: missed one poll: %s", self.name, err)
                return self.data
            if isinstance(err, WrongMinerError):
                self._meet(err.found)
            raise UpdateFailed(**translation(err, self.config_entry.title)) from err
        # One poll may be missed; one and a half intervals are more than that.
        interval = self.update_interval or POLL_INTERVAL
        self._patience = began + 1.5 * interval.total_seconds()
        if self.expectations.outgrown(snapshot):
            self.hass.config_entries.async_schedule_reload(self.config_entry.entry_id)
        with self.store.remembering_later() as memory:
            self.settings.update(snapshot, began)
            if not self.last_update_success:
                self.trend.at_most.clear()  # nobody knows what was meanwhile
            self.trend.note(snapshot, self.settings)
            self.break_even.learn(snapshot, memory)
            # One that is missing for a while is still known by its number.
            if not snapshot.board_serials <= set(memory.get("boards", ())):
                memory["boards"] = sorted(snapshot.board_serials)
        self._review(snapshot)
        if self.settings.value("mining"):
            self.preheat.end()
        if self.has_password:
            # To one that is not, nothing encrypted goes by itself: see `Access`.
            if self.miner.sure:
                await self.changeover.async_settle()
            await self.access.async_look(snapshot)
        return snapshot

    def _refuse_tenant(self) -> None:
        """Raise WrongMinerError if another miner is known to be at the address."""
        entry = self.config_entry
        tenant = tenant_of(self.hass, address_of(entry))
        if tenant and tenant is not entry:
            assert entry.unique_id
            assert tenant.unique_id
            raise WrongMinerError(entry.unique_id, tenant.unique_id)

    @callback
    def async_displace(self, stranger: str) -> None:
        """Take note, between two polls, that another miner is at the address of this one."""
        mac = self.config_entry.unique_id
        assert mac
        self._meet(stranger)
        error = WrongMinerError(mac, stranger)
        self.async_set_update_error(
            UpdateFailed(**translation(error, self.config_entry.title))
        )

    def _meet(self, stranger: str) -> None:
        """Find out where this miner is, once an hour for each that answers in its place."""
        now = time.monotonic()
        self._strangers = {
            mac: met
            for mac, met in self._strangers.items()
            if now - met < CHANGE_INTERVAL
        }
        if stranger not in self._strangers and len(self._strangers) < _MOST_STRANGERS:
            self._strangers[stranger] = now
            self.hass.async_create_background_task(
                async_meet(self.hass, self.config_entry, self.miner.address, stranger),
                f"{self.name} met another miner",
                eager_start=False,  # when this poll, or command, has failed
            )

    def _review(self, snapshot: Snapshot) -> None:
        """Keep the issues in step with what the right miner says."""
        entry = self.config_entry
        if self.miner.sure:
            forget_announcement(self.hass, entry)
        clear_issues(self.hass, entry, Issue.WRONG_MINER, Issue.NEW_CONTROL_BOARD)
        if snapshot.api_known:
            clear_issues(self.hass, entry, Issue.UNKNOWN_FIRMWARE)
        else:
            raise_issue(
                self.hass,
                entry,
                Issue.UNKNOWN_FIRMWARE,
                placeholders={
                    "api": snapshot.version.api or "",
                    "firmware": snapshot.firmware or "?",
                },
            )

    async def _async_first_poll(self) -> Snapshot:
        """Make the longer first poll, and see what can be expected."""
        snapshot = await async_first_poll(self.hass, self.miner)
        known = self.memory.get("firmware")
        if not self.miner.sure and known not in (None, snapshot.firmware):
            raise NoMacError("it does not tell who it is, and has another firmware")
        with self.store.remembering_later() as memory:
            self.capabilities = self.expectations.settle(snapshot, memory)
        self.settings = Settings(
            self.name, self.capabilities, self.memory.setdefault("settings", {})
        )
        return snapshot

    async def async_send(
        self, command: Command, *, refresh: bool = True
    ) -> Answer | None:
        """Send a command; its value shows at once and until the miner is read again.

        `refresh` polls afterwards; what no poll shows can do without.

        Returns the miner's answer, or None when nothing had to be sent: mining would have
        restarted to change nothing, or a newer value took the place of this one.

        Raises:
            HomeAssistantError: translated, when the miner did not do it.
            ServiceValidationError: translated, when it was not even asked.

        """
        with self.explained():
            return await self.async_command(command, refresh=refresh)

    async def async_command(
        self, command: Command, *, refresh: bool = True
    ) -> Answer | None:
        """Send a command (see `async_send`), with the miner's own errors.

        Raises:
            WhatsminerError: see `Miner.send`.

        """
        if not self.settings.would_change(command):
            return None
        try:
            self._refuse_tenant()
            async with self.store.async_remembering():
                with self.settings.asking(command), self.access.learning():
                    self.async_update_listeners()
                    answer = await self.changeover.async_surely(
                        lambda: self.miner.send(command)
                    )
                    if answer is not None:
                        self.settings.accept(command)
            if answer is not None:
                reset = command.effect is Effect.RESETS  # which closes it
                self.access.update(is_open=None if reset else True)
                self.identify.note(command)
                self.preheat.note(command)
        except WrongMinerError as err:
            self.async_displace(err.found)
            raise
        finally:
            self.async_update_listeners()
        if answer is not None and refresh:
            self.async_refresh_soon()
        return answer

    def async_refresh_soon(self) -> None:
        """Poll in the background: a miner that hangs must not hold up the next in a script."""
        self.config_entry.async_create_task(
            self.hass, self.async_request_refresh(), f"{self.name} after a command"
        )

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn whatever goes wrong at the miner into a translated sentence that names it.

        Raises:
            HomeAssistantError: the miner did not do it.
            ServiceValidationError: it was not even asked.

        """
        try:
            yield
        except WhatsminerError as err:
            raise explain(err, self.config_entry.title) from err

    @override
    async def async_shutdown(self) -> None:
        """Leave nothing behind: the next set-up finds out by itself what has to be repaired."""
        await super().async_shutdown()
        self.access.close()
        self.preheat.close()
        await self.identify.async_close()
        await self.store.async_flush()
