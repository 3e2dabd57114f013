"""Shows which of many miners is this one: its red LED flashes for a while."""

import logging
from typing import TYPE_CHECKING, Final

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.helpers.event import async_call_later

from ..api import Command, UnansweredError, WhatsminerError, commands

if TYPE_CHECKING:
    from ..coordinator import WhatsminerCoordinator

_LOGGER = logging.getLogger(__name__)

# Between the flash and its end, and between two tries to end it: for ten minutes at most.
_SECONDS: Final = 30
_MOST_TRIES: Final = 1 + 10 * 60 // _SECONDS


class Identify:
    """Flashes the LED of one miner, and gives it back to the miner."""

    def __init__(self, coordinator: WhatsminerCoordinator) -> None:
        """Prepare; nothing is sent."""
        self._coordinator = coordinator
        self._unsubs: list[CALLBACK_TYPE] = []
        # How often the miner is still told to take its LED back.
        self._tries = 0
        self._over = False

    async def async_start(self) -> None:
        """Flash for half a minute from now on.

        Raises:
            HomeAssistantError: translated, when the miner did not do it.

        """
        command = commands.set_led("red", period=200, duration=100, start=0)
        with self._coordinator.explained():
            try:
                await self._coordinator.async_command(command, refresh=False)
            except UnansweredError:  # it may flash all the same
                await self._async_begun()
                raise
        await self._async_begun()

    async def _async_begun(self) -> None:
        """See to it that it ends."""
        self._tries = _MOST_TRIES
        if self._over:  # the entry was unloaded meanwhile
            await self._async_end()
        elif not self._unsubs:
            self._plan()

    @callback
    def _plan(self) -> None:
        """End it in half a minute, or when Home Assistant stops."""
        hass = self._coordinator.hass
        self._unsubs = [
            async_call_later(hass, _SECONDS, self._async_end),
            hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, self.async_close),
        ]

    @callback
    def note(self, command: Command) -> None:
        """Take note of a command that was accepted: somebody else may want the LED now."""
        if command.name == "set_led":
            self._forget()
            self._tries = 0

    async def async_close(self, _: object = None) -> None:
        """Leave no LED flashing."""
        self._over = True
        if self._unsubs:
            await self._async_end()

    async def _async_end(self, _: object = None) -> None:
        """Let the miner drive its LEDs again; try again later if it cannot be told now."""
        self._forget()
        try:
            await self._coordinator.miner.send(commands.set_led_auto())
        except WhatsminerError as err:
            _LOGGER.debug("%s: still flashes: %s", self._coordinator.name, err)
            if self._over or self._unsubs or not self._tries:
                return  # nobody is left to try again, or somebody wanted the LED meanwhile
            self._tries -= 1
            if self._tries:
                self._plan()
            else:
                _LOGGER.warning(
                    "%s: its LED flashes on: %s", self._coordinator.name, err
                )

    def _forget(self) -> None:
        while self._unsubs:
            self._unsubs.pop()()
