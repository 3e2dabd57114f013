"""Follows the miners of one site."""

from collections.abc import Callable, Iterable
from functools import partial
import logging
from typing import Final

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
    ConfigEntryState,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import area_registry as ar, device_registry as dr
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator

from ..const import DOMAIN
from ..coordinator import WhatsminerCoordinator
from ..entries.lookup import is_site
from ..entries.membership import members_of
from ..exceptions import about
from ..miner.hash_price import HashPrice
from ..models import WhatsminerConfigEntry
from ..names import device_of
from .holding import Holding
from .member_readings import MemberReadings
from .memory import SiteMemory
from .planning import Planning
from .totals import Member, Totals, totals_of

_LOGGER = logging.getLogger(__name__)

# The readings change at most once in so many seconds, however many miners are polled.
_SECONDS_APART: Final = 1.0

type SiteConfigEntry = ConfigEntry[SiteCoordinator]
type PollListener = Callable[[str, WhatsminerCoordinator], None]


def loaded_coordinator(site: SiteConfigEntry | None) -> SiteCoordinator | None:
    """Return the coordinator of a site, None while there is none."""
    if site is None or site.state is not ConfigEntryState.LOADED:
        return None
    return site.runtime_data


def loaded_site(entry: ConfigEntry) -> SiteCoordinator:
    """Return the coordinator of a site.

    Raises:
        HomeAssistantError: translated; the entry is not loaded.

    """
    site = loaded_coordinator(entry)
    if site is None:
        raise HomeAssistantError(**about(entry, "not_loaded"))
    return site


@callback
def tell_miners(miners: Iterable[WhatsminerConfigEntry]) -> None:
    """Tell miners that they may have other sites, or one of these another hash price or plan."""
    for miner in miners:
        if miner.state is ConfigEntryState.LOADED:
            miner.runtime_data.coordinator.site_listeners.tell()


class SiteCoordinator(DataUpdateCoordinator[Totals]):
    """Follows the miners of one site: it asks none of them, and uses what their polls bring."""

    config_entry: SiteConfigEntry

    def __init__(self, hass: HomeAssistant, entry: SiteConfigEntry) -> None:
        """Prepare; `async_begin` does the rest."""
        super().__init__(hass, _LOGGER, config_entry=entry, name=entry.title)
        self.memory = SiteMemory(hass, entry.entry_id)
        self.holding = Holding(hass, entry, self.memory, self._update)
        self.planning = Planning(
            hass, entry, self.memory, lambda: self.members, self.async_update_listeners
        )
        self._readings = MemberReadings(entry)
        # The entries of the miners, by their ids.
        self.members: dict[str, WhatsminerConfigEntry] = {}
        # The coordinators of those that are loaded, each with the function that ends listening.
        self._followed: dict[str, tuple[WhatsminerCoordinator, CALLBACK_TYPE]] = {}
        self._poll_listeners: list[PollListener] = []
        self._end_price: CALLBACK_TYPE | None = None
        self._is_stopped = False
        self._update_soon = Debouncer(
            hass,
            _LOGGER,
            cooldown=_SECONDS_APART,
            immediate=True,
            function=self._update,
        )

    @property
    def hash_price(self) -> HashPrice:
        """The hash price for all miners that have none of their own."""
        return HashPrice(self.config_entry.options)

    @property
    def has_prices(self) -> bool:
        """Whether the site or one of its miners has a hash price."""
        return self.hash_price.is_given or any(
            HashPrice(member.options).is_given for member in self.members.values()
        )

    async def async_begin(self) -> None:
        """Read what is stored, and follow the miners from now on."""
        await self.memory.async_restore()
        self.holding.async_begin()
        entry, bus = self.config_entry, self.hass.bus
        entry.async_on_unload(self._stop)
        for end in (
            bus.async_listen(dr.EVENT_DEVICE_REGISTRY_UPDATED, self.async_update_soon),
            bus.async_listen(ar.EVENT_AREA_REGISTRY_UPDATED, self.async_update_soon),
            async_dispatcher_connect(
                self.hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._handle_entry
            ),
        ):
            entry.async_on_unload(end)
        self._listen_to_price()
        self._update()
        self.planning.async_begin()

    @callback
    def async_add_poll_listener(self, listener: PollListener) -> CALLBACK_TYPE:
        """Call `listener` with each poll of a miner, beginning with the last ones.

        It gets the id of the miner's entry and the miner's coordinator. Returns what ends that.
        """
        self._poll_listeners.append(listener)
        for entry_id, (coordinator, _) in self._followed.items():
            listener(entry_id, coordinator)
        return lambda: self._poll_listeners.remove(listener)

    @callback
    def async_apply_options(self) -> None:
        """Use changed options without a reload."""
        self._listen_to_price()
        self._update()
        tell_miners(self.members.values())
        self.planning.async_apply_options()

    @callback
    def async_set_options(self, **changed: object) -> None:
        """Change some options, as entities do."""
        entry = self.config_entry
        self.hass.config_entries.async_update_entry(
            entry, options={**entry.options, **changed}
        )
        self.async_apply_options()

    @callback
    def async_update_soon(self, *_: object) -> None:
        """Update at once, or a second after the last time."""
        self._update_soon.async_schedule_call()

    @callback
    def _update(self) -> None:
        """Find out which miners belong to the site, and what they do."""
        if self._is_stopped:
            return
        members = {
            member.entry_id: member
            for member in members_of(self.hass, self.config_entry)
        }
        before, self.members = self.members, members
        self._follow()
        self.holding.async_follow(members)
        held = self.holding.is_held
        self.async_set_updated_data(totals_of(self.read(), held=held))
        self.planning.async_look_soon()
        changed = members.keys() ^ before.keys()
        tell_miners((members | before)[each] for each in changed)

    def read(self) -> list[Member]:
        """Read what the coordinators of the miners know."""
        return list(self._readings.read(self.members.values()))

    @callback
    def _follow(self) -> None:
        """Listen to the coordinators of the miners that are loaded, and to no others."""
        loaded = {
            entry_id: entry.runtime_data.coordinator
            for entry_id, entry in self.members.items()
            if entry.state is ConfigEntryState.LOADED
        }
        for entry_id, (coordinator, end) in list(self._followed.items()):
            if loaded.get(entry_id) is not coordinator:
                end()
                del self._followed[entry_id]
        for entry_id, coordinator in loaded.items():
            if entry_id not in self._followed:
                self._followed[entry_id] = (coordinator, self._listen(coordinator))
                self._pass_on(entry_id, coordinator)
                self.planning.hands.handle_poll(coordinator.config_entry, coordinator)

    def _listen(self, coordinator: WhatsminerCoordinator) -> CALLBACK_TYPE:
        """Listen to the polls and commands of a miner; return what ends that."""
        miner: WhatsminerConfigEntry = coordinator.config_entry
        ends = (
            coordinator.async_add_listener(partial(self._handle_poll, coordinator)),
            # The plan of another site may have decided about it.
            coordinator.site_listeners.add(self.planning.async_look_soon),
            coordinator.command_listeners.add(
                partial(self.planning.hands.handle_command, miner)
            ),
        )

        @callback
        def end() -> None:
            for each in ends:
                each()

        return end

    @callback
    def _handle_poll(self, coordinator: WhatsminerCoordinator) -> None:
        self._pass_on(coordinator.config_entry.entry_id, coordinator)
        self.planning.hands.handle_poll(coordinator.config_entry, coordinator)
        self.async_update_soon()

    @callback
    def _pass_on(self, entry_id: str, coordinator: WhatsminerCoordinator) -> None:
        for listener in self._poll_listeners:
            listener(entry_id, coordinator)

    @callback
    def _handle_entry(self, _: ConfigEntryChange, entry: ConfigEntry) -> None:
        if entry is self.config_entry:
            self._rename()
        elif entry.domain == DOMAIN and not is_site(entry):
            self.async_update_soon()

    @callback
    def _rename(self) -> None:
        """Give the device the name that the entry has by now."""
        registry, entry = dr.async_get(self.hass), self.config_entry
        device = device_of(self.hass, entry)
        if device and device.name != entry.title:
            registry.async_update_device(device.id, name=entry.title)

    @callback
    def _listen_to_price(self) -> None:
        if self._end_price:
            self._end_price()
            self._end_price = None
        if source := self.hash_price.source:
            self._end_price = async_track_state_change_event(
                self.hass, source, self.async_update_soon
            )

    @callback
    def _stop(self) -> None:
        """Stop following."""
        self._is_stopped = True
        self._update_soon.async_shutdown()
        for _, end in self._followed.values():
            end()
        self._followed.clear()
        if self._end_price:
            self._end_price()
