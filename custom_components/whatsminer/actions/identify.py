"""Identifies one of many miners: its red LED flashes for a while."""

import logging
from typing import Final

from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Context, callback
from homeassistant.helpers.event import async_call_later

from ..api import Command, UnansweredError, WhatsminerError, commands
from ..coordinator import WhatsminerCoordinator

_LOGGER = logging.getLogger(__name__)

# Between the start of flashing and its end, and between two tries to end it, for ten minutes.
_SECONDS: Final = 30
_MOST_TRIES: Final = 1 + 10 * 60 // _SECONDS


class Identify:
    """Flashes the LED of one miner, and then lets the miner drive it again."""

    def __init__(self, coordinator: WhatsminerCoordinator) -> None:
        """Prepare; nothing is sent. Flashing ends with the entry."""
        self._coordinator = coordinator
        self._unsubs: list[CALLBACK_TYPE] = []
        # How many more tries to end the flashing there are.
        self._tries = 0
        self._is_closed = False
        entry = coordinator.config_entry
        entry.async_on_unload(self.async_close)
        entry.async_on_unload(coordinator.command_listeners.add(self._handle_command))

    async def async_start(self) -> None:
        """Flash for half a minute from now on.

        Raises:
            WhatsminerError: see `Miner.send`.

        """
        command = commands.set_led("red", period=200, duration=100, start=0)
        try:
            await self._coordinator.async_send(command, refresh=False)
        except UnansweredError:  # it may flash all the same
            await self._async_plan_end()
            raise
        await self._async_plan_end()

    async def _async_plan_end(self) -> None:
        """Plan the end of the flashing; it ends at once if the entry was unloaded by now."""
        self._tries = _MOST_TRIES
        if self._is_closed:
            await self._async_end()
        elif not self._unsubs:
            self._plan()

    @callback
    def _plan(self) -> None:
        """End the flashing in half a minute, or when Home Assistant stops."""
        hass = self._coordinator.hass
        self._unsubs = [
            async_call_later(hass, _SECONDS, self._async_end),
            hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, self.async_close),
        ]

    @callback
    def _handle_command(self, command: Command, _: Context | None) -> None:
        """Leave the LED alone after another command for it."""
        if command.name == "set_led":
            self._cancel()
            self._tries = 0

    async def async_close(self, _: object = None) -> None:
        """End the flashing now."""
        self._is_closed = True
        if self._unsubs:
            await self._async_end()

    async def _async_end(self, _: object = None) -> None:
        """Let the miner drive its LEDs again; try again later if it does not answer now."""
        self._cancel()
        try:
            await self._coordinator.client.send(commands.set_led_auto())
        except WhatsminerError as err:
            _LOGGER.debug("%s: still flashes: %s", self._coordinator.name, err)
            if self._is_closed or self._unsubs or not self._tries:
                return  # no time is left to try again, or another command was sent by now
            self._tries -= 1
            if self._tries:
                self._plan()
            else:
                _LOGGER.warning(
                    "%s: its LED flashes on: %s", self._coordinator.name, err
                )

    def _cancel(self) -> None:
        while self._unsubs:
            self._unsubs.pop()()
