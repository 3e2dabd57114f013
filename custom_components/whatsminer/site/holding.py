"""Keeps the miners of one site off, and starts them again."""

from collections.abc import Callable, Coroutine, Iterable, Mapping
from datetime import datetime
import logging
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_point_in_utc_time

from ..actions.hold import async_hold, async_let_go, async_release
from ..entries.error_isolation import async_for_all
from ..entries.lookup import miner_entries
from ..entries.membership import members_of
from ..exceptions import about
from .memory import SiteMemory

_LOGGER = logging.getLogger(__name__)


class Holding:
    """Keeps the miners of one site off until it is released, also over restarts."""

    def __init__(
        self,
        hass: HomeAssistant,
        site: ConfigEntry,
        memory: SiteMemory,
        changed_fn: CALLBACK_TYPE,
    ) -> None:
        """Prepare; `changed_fn` is called when the site begins to keep its miners off, or ends."""
        self._hass = hass
        self._site = site
        self._changed_fn = changed_fn
        self._memory = memory
        self._end_timer: CALLBACK_TYPE | None = None

    @property
    def is_held(self) -> bool:
        """Whether the site keeps its miners off."""
        return self._memory.is_held

    @property
    def until(self) -> datetime | None:
        """Until when the site keeps its miners off, None until it is released."""
        return self._memory.until

    @callback
    def async_begin(self) -> None:
        """Go on with what is stored."""
        self._site.async_on_unload(self._cancel)
        self._set_timer()

    async def async_hold(
        self, until: datetime | None = None, context: Context | None = None
    ) -> None:
        """Keep all miners off, also those that cannot be reached now.

        `context` is that of the call, which may switch the miners as well.

        Raises:
            HomeAssistantError: translated; it names those that are not off yet.

        """
        members = self._members(context)
        self._memory.miners = {miner.entry_id for miner in members}
        await self._async_set(held=True, until=until)
        await self._async_for_each(
            members,
            lambda miner: async_hold(self._hass, miner, self._site.entry_id, until),
        )

    async def async_release(self, context: Context | None = None) -> None:
        """Let all miners mine again; those that were stopped for the site are started.

        `context` is that of the call, which may switch the miners as well.

        Raises:
            HomeAssistantError: translated; it names those that are not on yet.

        """
        members = self._members(context)
        self._memory.miners = set()
        await self._async_set(held=False)
        await self._async_for_each(
            members,
            lambda miner: async_release(self._hass, miner, self._site.entry_id),
        )

    @callback
    def async_follow(self, now: Mapping[str, ConfigEntry]) -> None:
        """Keep those off that join a site that is off, and let go of those that leave it.

        `now` has the entries of its miners by their ids.
        """
        if not self.is_held:
            return
        before, self._memory.miners = self._memory.miners, set(now)
        if now.keys() == before:
            return
        site_id, entries = self._site.entry_id, self._hass.config_entries
        self._run(self._memory.async_write())
        for entry_id in now.keys() - before:
            self._run(
                async_hold(self._hass, now[entry_id], site_id, self._memory.until)
            )
        for entry_id in before - now.keys():
            if miner := entries.async_get_entry(entry_id):
                self._run(async_let_go(self._hass, miner, site_id))

    def _members(self, context: Context | None) -> list[ConfigEntry]:
        """Return the miners, which know at once which call switches their site."""
        members = members_of(self._hass, self._site)
        for miner in members:
            if miner.state is ConfigEntryState.LOADED:
                miner.runtime_data.hold.set_site_call(context)
        return members

    async def _async_set(self, *, held: bool, until: datetime | None = None) -> None:
        self._memory.is_held, self._memory.until = held, until
        await self._memory.async_write()
        if self._hass.config_entries.async_get_entry(self._site.entry_id) is None:
            await self._memory.async_remove()  # the site was removed meanwhile
            raise HomeAssistantError(**about(self._site, "not_loaded"))
        self._set_timer()
        self._changed_fn()

    async def _async_for_each(
        self,
        miners: Iterable[ConfigEntry],
        job: Callable[[ConfigEntry], Coroutine[Any, Any, None]],
    ) -> None:
        """Do something for all miners at once, and raise one error for all failures."""

        try:
            await async_for_all(self._hass, miners, job, what=self._site.title)
        finally:
            self._changed_fn()

    @callback
    def _set_timer(self) -> None:
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

        # Not a task of the entry, which would be cancelled when the site is reloaded.
        self._hass.async_create_background_task(run(), self._site.title)

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
