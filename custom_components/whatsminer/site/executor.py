"""Keeps the miners of one site off, and starts them again."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from datetime import datetime
import logging
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_point_in_utc_time

from ..actions.hold import async_hold, async_let_go, async_release
from ..entries.lookup import miner_entries
from ..entries.membership import members_of
from ..exceptions import async_raise_failures
from .memory import SiteMemory

_LOGGER = logging.getLogger(__name__)


class Executor:
    """Keeps the miners of one site off until it is released, also over restarts."""

    def __init__(
        self, hass: HomeAssistant, site: ConfigEntry, changed_fn: CALLBACK_TYPE
    ) -> None:
        """Prepare; `changed_fn` is called when the site begins to keep its miners off, or ends."""
        self._hass = hass
        self._site = site
        self._changed_fn = changed_fn
        self._memory = SiteMemory(hass, site.entry_id)
        self._end_timer: CALLBACK_TYPE | None = None

    @property
    def is_held(self) -> bool:
        """Whether the site keeps its miners off."""
        return self._memory.is_held

    @property
    def until(self) -> datetime | None:
        """Until when the site keeps its miners off, None until it is released."""
        return self._memory.until

    async def async_begin(self) -> None:
        """Go on with what is stored."""
        await self._memory.async_restore()
        self._site.async_on_unload(self._cancel)
        self._plan()

    async def async_hold(self, until: datetime | None = None) -> None:
        """Keep all miners off, also those that cannot be reached now.

        Raises:
            HomeAssistantError: translated; it names those that are not off yet.

        """
        await self._async_set(held=True, until=until)
        await self._async_for_each(
            members_of(self._hass, self._site),
            lambda miner: async_hold(self._hass, miner, self._site.entry_id, until),
        )

    async def async_release(self) -> None:
        """Let all miners mine again; those that were stopped for the site are started.

        Raises:
            HomeAssistantError: translated; it names those that are not on yet.

        """
        await self._async_set(held=False)
        await self._async_for_each(
            miner_entries(self._hass, include_disabled=False),
            lambda miner: async_release(self._hass, miner, self._site.entry_id),
        )

    @callback
    def async_handle_change(
        self, joined: Iterable[ConfigEntry], left: Iterable[ConfigEntry]
    ) -> None:
        """Keep those off that join a site that is off, and let go of those that leave it."""
        if not self.is_held:
            return
        for miner in joined:
            self._run(
                async_hold(self._hass, miner, self._site.entry_id, self._memory.until)
            )
        for miner in left:
            if self._hass.config_entries.async_get_entry(miner.entry_id):
                self._run(async_let_go(self._hass, miner, self._site.entry_id))

    async def _async_set(self, *, held: bool, until: datetime | None = None) -> None:
        await self._memory.async_set(held=held, until=until)
        self._plan()
        self._changed_fn()

    async def _async_for_each(
        self,
        miners: Iterable[ConfigEntry],
        job: Callable[[ConfigEntry], Coroutine[Any, Any, None]],
    ) -> None:
        """Do something for all miners at once, and raise one error for all failures."""
        results = await asyncio.gather(
            *(job(miner) for miner in miners), return_exceptions=True
        )
        failures = [result for result in results if result is not None]
        await async_raise_failures(self._hass, failures)

    @callback
    def _plan(self) -> None:
        """Release the miners when the time is over."""
        self._cancel()
        if self._memory.until:
            self._end_timer = async_track_point_in_utc_time(
                self._hass, self._expire, self._memory.until
            )

    @callback
    def _expire(self, _: datetime) -> None:
        self._end_timer = None
        self._run(self.async_release())

    @callback
    def _run(self, job: Coroutine[Any, Any, None]) -> None:
        """Do something in the background; the miners try again what fails."""

        async def run() -> None:
            try:
                await job
            except HomeAssistantError as err:
                _LOGGER.debug("%s: %s", self._site.title, err)

        self._site.async_create_background_task(self._hass, run(), self._site.title)

    @callback
    def _cancel(self) -> None:
        if self._end_timer:
            self._end_timer()
            self._end_timer = None


async def async_end_site(hass: HomeAssistant, site: ConfigEntry) -> None:
    """Let go of all miners of a site that is removed or disabled, and leave them as they are."""
    for miner in miner_entries(hass):
        await async_let_go(hass, miner, site.entry_id)
    await SiteMemory(hass, site.entry_id).async_remove()
