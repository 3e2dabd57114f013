"""Keeps a miner off until it is released.

A miner that cannot be reached is stopped as soon as it answers, and so is one that mines again
after a reboot. The same holds for the start after a release.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
import logging
import time
from typing import Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import CONF_PASSWORD
from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util

from ..api import (
    MalformedReplyError,
    Snapshot,
    UnconfirmedError,
    UnreachableError,
    commands,
)
from ..command_listeners import HOLD
from ..const import ACCESS_CHECK_INTERVAL
from ..coordinator import WhatsminerCoordinator
from ..entries.membership import planning_site
from ..exceptions import about, translating
from ..miner import hold as held
from ..miner.memory import StoredData
from ..miner.record import record_for_entry

_LOGGER = logging.getLogger(__name__)

# The states of an entry in which its miner is not even tried again.
_HOPELESS: Final = frozenset(
    {
        ConfigEntryState.FAILED_UNLOAD,
        ConfigEntryState.MIGRATION_ERROR,
        ConfigEntryState.SETUP_ERROR,
    }
)


def _is_planned(coordinator: WhatsminerCoordinator) -> bool:
    """Return whether the plan of a site decides when the miner mines."""
    return planning_site(coordinator.hass, coordinator.config_entry) is not None


# It is long because a hold and its release share what is under way.
class Hold:
    """Carries out what keeps one miner off, and its release."""

    def __init__(self, coordinator: WhatsminerCoordinator) -> None:
        """Begin with what is stored; nothing is sent before the entry is set up."""
        self._coordinator = coordinator
        self._memory = coordinator.memory
        # How many commands are under way, or about to be sent; then no poll causes another one.
        self._under_way = 0
        # No poll causes a command before this monotonic time, after a refusal.
        self._not_before = 0.0
        # The poll before a command that may have been carried out, though it failed.
        self._outdated: Snapshot | None = None
        # The id of the context of the last call that switched a site of the miner, and of the last
        # one that stopped the miner itself. They are the same if an area has both.
        self._site_call: str | None = None
        self._stop_call: str | None = None
        self._end_timer: CALLBACK_TYPE | None = None
        held.expire(self._memory.data, dt_util.utcnow())
        self._set_timer()
        entry = coordinator.config_entry
        entry.async_on_unload(self._cancel)
        entry.async_on_unload(coordinator.async_add_listener(self._handle_update))

    @callback
    def async_begin(self) -> None:
        """Do what is to be done, as the first poll shows it."""
        self._handle_update()

    @callback
    def set_site_call(self, context: Context | None) -> None:
        """Remember which call switches a site of the miner."""
        self._site_call = context.id if context else None

    @callback
    def async_follow_plan(self, on: bool | None) -> None:
        """Start a miner that was let go, unless the plan of its site switches it on or off."""
        if not held.wanted(self._memory.data) or on:
            return
        if on is False:  # it starts when the plan says so, and not for the release
            with self._memory.editing_later() as data:
                held.set_started(data)
        elif self._coordinator.last_update_success:
            if time.monotonic() >= self._not_before:
                self._retry(by_plan=True)

    async def async_carry_out(self, *, by_plan: bool = False) -> None:
        """Stop or start the miner as the holders want, unless it does so already.

        If a site follows its plan, this starts the miner only when the plan lets it.

        Raises:
            HomeAssistantError: translated; it is tried again with a later poll.

        """
        self._set_timer()
        wanted = held.wanted(self._memory.data)
        if wanted is None:
            return
        if wanted and not by_plan and _is_planned(self._coordinator):
            return
        if not self._is_done(on=wanted):
            await self._async_send(on=wanted)
        elif not wanted and self._stop_call and self._stop_call == self._site_call:
            await self._async_set_stopped(True)
        if wanted:
            async with self._memory.editing() as data:
                held.set_started(data)

    @asynccontextmanager
    async def switching(
        self, *, on: bool, context: Context | None
    ) -> AsyncGenerator[None]:
        """Let somebody else switch the miner, who decides what becomes of it.

        A person who starts it lets go in the name of all holders; an automation cannot start it. What is
        stopped by somebody else is not started by a release. A call that switches a site may switch its
        miners as well, as one for an area does, and that is nobody else.

        Raises:
            ServiceValidationError: translated; the miner is held off.

        """
        call = context.id if context else None
        if on and held.wanted(self._memory.data) is False:
            await asyncio.sleep(0)  # the same call may be about to turn on the site
            is_person = context is not None and context.user_id is not None
            if not is_person and not self._is_of_site(call):
                entry = self._coordinator.config_entry
                raise ServiceValidationError(**about(entry, "held_off"))
        elif not on and self._coordinator.settings.value("mining") is not False:
            self._stop_call = call
        self._under_way += 1
        try:
            yield
            if on or not self._is_of_site(call):
                async with self._memory.editing() as data:
                    held.forget(data) if on else held.set_stopped(data, stopped=False)
        finally:
            self._under_way -= 1
        self._set_timer()

    def _is_of_site(self, call: str | None) -> bool:
        """Return whether a call switches a site of the miner as well."""
        return call is not None and call == self._site_call

    def _is_done(self, *, on: bool) -> bool:
        """Return whether the miner is known to be on or off, or about to be."""
        coordinator = self._coordinator
        is_known = (
            coordinator.last_update_success and coordinator.data is not self._outdated
        )
        return is_known and coordinator.settings.value("mining") is on

    async def _async_send(self, *, on: bool) -> None:
        """Send the command; it is known that the miner was stopped even if no answer comes."""
        coordinator = self._coordinator
        if not coordinator.has_password:
            if on:  # it must not start when a password is given, who knows when
                await self._async_set_stopped(False)
            raise ServiceValidationError(**about(coordinator.config_entry, "read_only"))
        if not on and coordinator.settings.value("mining"):
            await self._async_set_stopped(True)
            if held.wanted(self._memory.data) is not on:  # somebody let go meanwhile
                return
        self._under_way += 1
        try:
            with translating(coordinator.config_entry):
                await coordinator.async_send(
                    commands.power_on() if on else commands.power_off(),
                    context=HOLD,
                )
        except HomeAssistantError as err:
            self._outdated = coordinator.data
            if isinstance(err.__cause__, UnreachableError | MalformedReplyError):
                raise _later(coordinator.config_entry, on=on) from err
            if not isinstance(err.__cause__, UnconfirmedError):
                wait = ACCESS_CHECK_INTERVAL.total_seconds()
                self._not_before = time.monotonic() + wait
            raise
        finally:
            self._under_way -= 1
        self._not_before = 0.0

    async def _async_set_stopped(self, stopped: bool) -> None:
        async with self._memory.editing() as data:
            held.set_stopped(data, stopped=stopped)

    @callback
    def _handle_update(self) -> None:
        """Try again when a poll shows that the miner is not as the holders want.

        What the settings show may be a command that is under way, so that the poll counts as well.
        """
        wanted = held.wanted(self._memory.data)
        coordinator = self._coordinator
        if wanted is None or not coordinator.last_update_success:
            return
        shown = {coordinator.data.mining, coordinator.settings.value("mining")}
        if wanted and shown == {True}:  # somebody else has started it
            with self._memory.editing_later() as data:
                held.set_started(data)
        elif shown == {not wanted} and coordinator.has_password:
            if time.monotonic() >= self._not_before:
                self._retry()

    @callback
    def _retry(self, *, by_plan: bool = False) -> None:
        if self._under_way:
            return
        self._under_way += 1
        self._coordinator.config_entry.async_create_background_task(
            self._coordinator.hass,
            self._async_retry(by_plan=by_plan),
            f"{self._coordinator.name} is held off, or released",
        )

    async def _async_retry(self, *, by_plan: bool) -> None:
        try:
            await self.async_carry_out(by_plan=by_plan)
        except HomeAssistantError as err:
            _LOGGER.debug(
                "%s: tried again with a later poll: %s", self._coordinator.name, err
            )
        finally:
            self._under_way -= 1

    @callback
    def _set_timer(self) -> None:
        """Let the holder whose time is over first go then."""
        self._cancel()
        times = [until for until in held.holders(self._memory.data).values() if until]
        if times:
            self._end_timer = async_track_point_in_utc_time(
                self._coordinator.hass, self._expire, min(times)
            )

    @callback
    def _expire(self, now: datetime) -> None:
        self._end_timer = None
        with self._memory.editing_later() as data:
            held.expire(data, now)
        self._set_timer()
        self._retry()

    @callback
    def _cancel(self) -> None:
        if self._end_timer:
            self._end_timer()
            self._end_timer = None


@asynccontextmanager
async def _changing(
    hass: HomeAssistant, entry: ConfigEntry
) -> AsyncGenerator[StoredData]:
    """Edit what is stored of a miner, and tell the plans of its sites."""
    async with record_for_entry(hass, entry).memory.editing() as data:
        yield data
    if entry.state is ConfigEntryState.LOADED:
        entry.runtime_data.coordinator.site_listeners.tell()


async def async_hold(
    hass: HomeAssistant,
    entry: ConfigEntry,
    holder: str,
    until: datetime | None = None,
) -> None:
    """Keep a miner off in the name of a holder, also if it cannot be told so now.

    Raises:
        HomeAssistantError: translated; the miner is not off yet, and is stopped with a later poll.
        ServiceValidationError: translated; the miner was set up without a password.

    """
    if not entry.data.get(CONF_PASSWORD):
        raise ServiceValidationError(**about(entry, "read_only"))
    async with _changing(hass, entry) as data:
        held.hold(data, holder, until)
    await _async_carry_out(entry, on=False)


async def async_release(hass: HomeAssistant, entry: ConfigEntry, *names: str) -> None:
    """Let go in the name of some holders, of all if none is named.

    The miner is started if it was stopped for that, and nobody else keeps it off.

    Raises:
        HomeAssistantError: translated; the miner is not on yet, and is started with a later poll.

    """
    async with _changing(hass, entry) as data:
        held.release(data, *(names or held.holders(data)))
        wanted = held.wanted(data)
    if wanted:
        await _async_carry_out(entry, on=True)


async def async_let_go(hass: HomeAssistant, entry: ConfigEntry, holder: str) -> None:
    """Let go in the name of a holder, and leave the miner as it is."""
    async with _changing(hass, entry) as data:
        if set(held.holders(data)) == {holder}:
            held.forget(data)
        held.release(data, holder)


async def _async_carry_out(entry: ConfigEntry, *, on: bool) -> None:
    if entry.state in _HOPELESS:
        raise HomeAssistantError(**about(entry, "not_loaded"))
    if entry.state is not ConfigEntryState.LOADED:
        raise _later(entry, on=on)
    hold: Hold = entry.runtime_data.hold
    await hold.async_carry_out()


def _later(entry: ConfigEntry, *, on: bool) -> HomeAssistantError:
    return HomeAssistantError(**about(entry, "starts_later" if on else "stops_later"))
