"""Keeps a miner off until it is released.

A miner that cannot be reached is stopped as soon as it answers, and so is one that mines again
after a reboot. The same holds for the start after a release.
"""

from datetime import datetime
import logging
import time

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
from ..const import ACCESS_CHECK_INTERVAL, DOMAIN
from ..coordinator import WhatsminerCoordinator
from ..exceptions import read_only, translating
from ..miner import hold as held
from ..miner.record import record_for_entry

_LOGGER = logging.getLogger(__name__)


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
        self._end_timer: CALLBACK_TYPE | None = None
        held.expire(self._memory.data, dt_util.utcnow())
        self._plan()
        entry = coordinator.config_entry
        entry.async_on_unload(self._cancel)
        entry.async_on_unload(coordinator.async_add_listener(self._handle_update))

    @callback
    def async_begin(self) -> None:
        """Do what is to be done, as the first poll shows it."""
        self._handle_update()

    async def async_carry_out(self) -> None:
        """Stop or start the miner as the holders want, unless it does so already.

        Raises:
            HomeAssistantError: translated; it is tried again with a later poll.

        """
        self._plan()
        wish = held.wish(self._memory.data)
        if wish is None:
            return
        if not self._is_done(on=wish):
            await self._async_send(on=wish)
        if wish:
            async with self._memory.editing() as data:
                held.set_started(data)

    async def async_prepare_switch(self, *, on: bool, context: Context | None) -> None:
        """Let somebody else switch the miner: who does so decides what becomes of it.

        A person lets go in the name of all holders. An automation cannot.

        Raises:
            ServiceValidationError: translated; the miner is held off.

        """
        if not on:
            await self._async_set_stopped(False)
            return
        is_person = context is not None and context.user_id is not None
        if held.wish(self._memory.data) is False and not is_person:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="held_off",
                translation_placeholders={
                    "miner": self._coordinator.config_entry.title
                },
            )
        async with self._memory.editing() as data:
            held.forget(data)
        self._plan()

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
            raise read_only(coordinator.config_entry)
        if not on and coordinator.settings.value("mining"):
            await self._async_set_stopped(True)
            if held.wish(self._memory.data) is not on:  # somebody let go meanwhile
                return
        self._under_way += 1
        try:
            with translating(coordinator.config_entry):
                await coordinator.async_send(
                    commands.power_on() if on else commands.power_off()
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
        wish = held.wish(self._memory.data)
        coordinator = self._coordinator
        if wish is None or not coordinator.last_update_success:
            return
        shown = {coordinator.data.mining, coordinator.settings.value("mining")}
        if wish and shown == {True}:  # somebody else has started it
            with self._memory.editing_later() as data:
                held.set_started(data)
        elif shown == {not wish} and coordinator.has_password:
            if time.monotonic() >= self._not_before:
                self._retry()

    @callback
    def _retry(self) -> None:
        if self._under_way:
            return
        self._under_way += 1
        self._coordinator.config_entry.async_create_background_task(
            self._coordinator.hass,
            self._async_retry(),
            f"{self._coordinator.name} is held off, or released",
        )

    async def _async_retry(self) -> None:
        try:
            await self.async_carry_out()
        except HomeAssistantError as err:
            _LOGGER.debug(
                "%s: tried again with a later poll: %s", self._coordinator.name, err
            )
        finally:
            self._under_way -= 1

    @callback
    def _plan(self) -> None:
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
        self._plan()
        self._retry()

    @callback
    def _cancel(self) -> None:
        if self._end_timer:
            self._end_timer()
            self._end_timer = None


async def async_hold(
    hass: HomeAssistant, entry: ConfigEntry, holder: str, until: datetime | None = None
) -> None:
    """Keep a miner off in the name of a holder, also if it cannot be told so now.

    Raises:
        HomeAssistantError: translated; the miner is not off yet, and is stopped with a later poll.
        ServiceValidationError: translated; the miner was set up without a password.

    """
    if not entry.data.get(CONF_PASSWORD):
        raise read_only(entry)
    async with record_for_entry(hass, entry).memory.editing() as data:
        held.hold(data, holder, until)
    await _async_carry_out(entry, on=False)


async def async_release(hass: HomeAssistant, entry: ConfigEntry, *names: str) -> None:
    """Let go in the name of some holders, of all if none is named.

    The miner is started if it was stopped for that, and nobody else keeps it off.

    Raises:
        HomeAssistantError: translated; the miner is not on yet, and is started with a later poll.

    """
    async with record_for_entry(hass, entry).memory.editing() as data:
        if names and not held.holders(data).keys() & set(names):
            return
        held.release(data, *(names or held.holders(data)))
        wish = held.wish(data)
    if wish:
        await _async_carry_out(entry, on=True)


async def async_let_go(hass: HomeAssistant, entry: ConfigEntry, holder: str) -> None:
    """Let go in the name of a holder, and leave the miner as it is."""
    async with record_for_entry(hass, entry).memory.editing() as data:
        if set(held.holders(data)) == {holder}:
            held.forget(data)
        held.release(data, holder)


async def _async_carry_out(entry: ConfigEntry, *, on: bool) -> None:
    if entry.state is not ConfigEntryState.LOADED:
        raise _later(entry, on=on)
    hold: Hold = entry.runtime_data.hold
    await hold.async_carry_out()


def _later(entry: ConfigEntry, *, on: bool) -> HomeAssistantError:
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="starts_later" if on else "stops_later",
        translation_placeholders={"miner": entry.title},
    )
