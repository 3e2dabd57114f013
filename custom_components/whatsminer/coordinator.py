"""Polls one miner, and sends it commands."""

from collections.abc import Iterator
from datetime import timedelta
import logging
import time
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_PASSWORD
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.helpers.update_coordinator import UpdateFailed

from .api import (
    Capabilities,
    Command,
    Effect,
    MalformedReplyError,
    NoMacError,
    Outcome,
    Result,
    Snapshot,
    UnansweredError,
    UnreachableError,
    UpdatingError,
    WhatsminerError,
    WrongMinerError,
)
from .command_listeners import CommandListeners
from .const import CONF_POLL_INTERVAL, POLL_INTERVAL
from .entries.displaced_miner import DisplacedMiner
from .entries.first_poll import async_first_poll
from .entries.lookup import MinerCoordinator, raise_if_address_is_taken
from .entries.membership import sites_of
from .entries.missing_miner import async_forget_sought_hosts, async_seek_miner
from .exceptions import translation
from .issues import Issue, clear_issues, raise_issue
from .miner.activity import refuse_without_effect
from .miner.break_even import BreakEven
from .miner.credentials import Credentials
from .miner.expected_capabilities import ExpectedCapabilities
from .miner.hash_price import HashPrice
from .miner.history import History
from .miner.last_switch import LastSwitch
from .miner.memory import Memory
from .miner.ordinary_power import OrdinaryPower
from .miner.record import (
    client_for_entry,
    mac_of,
    record_for_entry,
    restore_client,
    store_boards,
    store_client,
)
from .miner.settings import Settings
from .miner.site_listeners import SiteListeners
from .miner.status import Status, status_of
from .miner.write_access import WriteAccess
from .names import owner_name
from .outage_log import OutageLogCoordinator

_LOGGER = logging.getLogger(__name__)


def poll_interval(entry: ConfigEntry) -> timedelta:
    """Return how often the miner of an entry is polled."""
    seconds = entry.options.get(CONF_POLL_INTERVAL)
    return timedelta(seconds=seconds) if seconds else POLL_INTERVAL


def _break_even(hass: HomeAssistant, entry: ConfigEntry, memory: Memory) -> BreakEven:
    """Return the break-even price of a miner, which also knows the hash prices of its sites."""

    def shared() -> Iterator[HashPrice]:
        return (HashPrice(site.options) for site in sites_of(hass, entry))

    return BreakEven(hass, entry, memory, shared)


def _reload(hass: HomeAssistant, entry_id: str) -> None:
    """Reload an entry, unless it has just been removed."""
    if hass.config_entries.async_get_entry(entry_id):
        hass.config_entries.async_schedule_reload(entry_id)


def _update_issues(hass: HomeAssistant, entry: ConfigEntry, snapshot: Snapshot) -> None:
    """Create or delete the issues that a poll decides."""
    clear_issues(hass, entry, Issue.WRONG_MINER, Issue.NEW_CONTROL_BOARD)
    if snapshot.api_known:
        clear_issues(hass, entry, Issue.UNKNOWN_FIRMWARE)
    else:
        raise_issue(
            hass,
            entry,
            Issue.UNKNOWN_FIRMWARE,
            placeholders={
                "api": snapshot.device.api or "",
                "firmware": snapshot.firmware or "?",
            },
        )


class WhatsminerCoordinator(OutageLogCoordinator[Snapshot], MinerCoordinator):
    """Polls one miner, and sends it commands."""

    # The id of the miner's device, which is registered before any entity.
    device_id: str
    # These are decided by the first poll.
    capabilities: Capabilities
    settings: Settings

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Prepare; nothing is sent."""
        super().__init__(
            hass,
            _LOGGER,
            config_entry=entry,
            name=entry.title,
            update_interval=poll_interval(entry),
        )
        record = record_for_entry(hass, entry)
        self.client = client_for_entry(hass, entry)
        self.memory = record.memory
        self.break_even = _break_even(hass, entry, self.memory)
        self.credentials = Credentials(hass, entry, self.client, self.memory)
        self.expected_capabilities = ExpectedCapabilities(record)
        self.history = History()
        self.last_switch = LastSwitch()
        self.ordinary_power = OrdinaryPower(self.memory)
        self.write_access = WriteAccess(hass, entry, self.client)
        self.command_listeners = CommandListeners()
        self.site_listeners = SiteListeners()
        # A poll that begins before this time may fail without making entities unavailable.
        self._patience = 0.0
        self._displaced_miner = DisplacedMiner(hass, entry, self.client)

    @property
    def has_password(self) -> bool:
        """Whether commands can be sent; without a password there are readings only."""
        return bool(self.config_entry.data.get(CONF_PASSWORD))

    @property
    def status(self) -> Status | None:
        """What the miner does at the moment, None if that is not known."""
        return status_of(self.data, self.settings, updating=self.client.updating)

    @callback
    def async_apply_options(self) -> None:
        """Use changed options without a reload, and poll the miner."""
        # First, because the energy sensor compares the time since the last poll with the interval.
        self.async_update_listeners()
        self.update_interval = poll_interval(self.config_entry)
        was_v2_only = self.client.v2_only
        if client_for_entry(self.hass, self.config_entry).v2_only is not was_v2_only:
            self.expected_capabilities.expect_change()
        self.async_refresh_soon()

    @override
    async def _async_setup(self) -> None:
        restore_client(self.client, await self.memory.async_load())

    @override
    async def _async_update_data(self) -> Snapshot:
        """Poll the miner; after a single poll that fails, the last readings stay."""
        began = time.monotonic()
        try:
            raise_if_address_is_taken(self.hass, self.config_entry)
            poll = self._async_first_poll if self.data is None else self.client.poll
            snapshot = self.last_switch.bounded(await poll(), self.memory.data)
        except WhatsminerError as err:
            if not isinstance(err, UpdatingError):
                await async_seek_miner(
                    self.hass, self.config_entry, self.memory.data.get("host")
                )
            may_be_chance = isinstance(err, UnreachableError | MalformedReplyError)
            if may_be_chance and self.data is not None and began < self._patience:
                _LOGGER.debug("%s: missed one poll: %s", self.name, err)
                return self.data
            if isinstance(err, WrongMinerError):
                self._displaced_miner.async_seek(err.found)
            raise UpdateFailed(
                **translation(err, owner_name(self.config_entry))
            ) from err
        # One poll may be missed; one and a half intervals are more than that.
        self._patience = began + 1.5 * poll_interval(self.config_entry).total_seconds()
        self._learn(snapshot, began)
        _update_issues(self.hass, self.config_entry, snapshot)
        if self.client.is_confirmed:
            await async_forget_sought_hosts(self.hass, self.config_entry)
        if self.has_password:
            # Nothing encrypted goes to a miner that may be another: see `WriteAccess`.
            if self.client.is_confirmed:
                await self.credentials.async_settle()
            await self.write_access.async_probe(snapshot.takes_commands)
        if self.expected_capabilities.take_reload(snapshot):
            # The entities take this poll first: mining may have started.
            self.hass.loop.call_soon(_reload, self.hass, self.config_entry.entry_id)
        return snapshot

    async def _async_first_poll(self) -> Snapshot:
        """Make the longer first poll, and decide what to expect of the next ones."""
        snapshot = await async_first_poll(self.hass, self.client)
        known = self.memory.data.get("firmware")
        if not self.client.is_confirmed and known not in (None, snapshot.firmware):
            raise NoMacError("it reports no MAC address, and its firmware has changed")
        with self.memory.editing_later() as data:
            self.capabilities = self.expected_capabilities.decide(snapshot, data)
            stored = data.setdefault("settings", {})
            self.settings = Settings(self.name, self.capabilities, stored)
        return snapshot

    def _learn(self, snapshot: Snapshot, began: float) -> None:
        """Update what is known of the miner from a poll that `began` at a monotonic time."""
        with self.memory.editing_later() as data:
            self.last_switch.update(snapshot, self.settings, data)
            store_client(self.client, data)
            self.settings.update(snapshot, began)
            if not self.last_update_success:
                self.history.at_most.clear()  # the hash rate may have been any
            self.history.update(snapshot, self.settings)
            self.break_even.update(snapshot, data)
            self.ordinary_power.update(snapshot, self.settings, data)
            store_boards(snapshot, data)

    @callback
    @override
    def async_set_wrong_miner(self, mac: str) -> None:
        """Make the entities unavailable: the miner with another MAC address is at the address."""
        self._displaced_miner.async_seek(mac)
        error = WrongMinerError(mac_of(self.config_entry), mac)
        self.async_set_update_error(
            UpdateFailed(**translation(error, owner_name(self.config_entry)))
        )

    async def async_send(
        self,
        command: Command,
        *,
        context: Context | None = None,
        refresh: bool = True,
    ) -> Result:
        """Send a command; its value shows at once and until the miner is read again.

        `context` tells whose it is, `refresh` polls afterwards. `UNCHANGED` would have changed nothing.

        Raises:
            NoEffectError: the command has no effect while the miner does what it does.
            WhatsminerError: see `Miner.send`.

        """
        if self.last_update_success:  # otherwise nobody knows what the miner does
            refuse_without_effect(command, self.status)
        if not self.settings.would_change(command):
            return Result(Outcome.UNCHANGED)
        try:
            raise_if_address_is_taken(self.hass, self.config_entry)
            with self.command_listeners.sending(command, context):
                self.client.check(command)  # what is refused unsent is never shown
                result = await self._async_request(command)
            if result.is_accepted:
                is_reset = command.effect is Effect.RESETS  # which closes it
                self.write_access.update(is_open=not is_reset or None)
                self.command_listeners.tell(command, context)
        except WrongMinerError as err:
            self.async_set_wrong_miner(err.found)
            raise
        except UnansweredError:  # it may have been carried out
            self.async_refresh_soon()
            raise
        finally:
            self.async_update_listeners()
        if result.is_accepted and refresh:
            self.async_refresh_soon()
        return result

    async def _async_request(self, command: Command) -> Result:
        """Send a command, and remember what it has changed."""
        async with self.memory.editing() as data:
            with self.settings.requesting(command), self.write_access.learning():
                self.async_update_listeners()
                result = await self.credentials.async_with_password(
                    lambda: self.client.send(command)
                )
                store_client(self.client, data)
                if result.is_accepted:
                    self.settings.accept(command)
        return result

    @callback
    @override
    def async_refresh_soon(self) -> None:
        """Poll in the background: a miner that hangs must not hold up the next in a script."""
        self.config_entry.async_create_task(
            self.hass, self.async_request_refresh(), f"{self.name} after a command"
        )

    @override
    async def async_shutdown(self) -> None:
        """Delete the issues, which the next set-up creates if need be, and store the memory."""
        await super().async_shutdown()
        self.write_access.shut_down()
        await self.memory.async_flush()
