"""Preheats a stopped miner, by a command that has to be repeated until the boards are warm."""

from datetime import datetime
import logging
from typing import Final, Literal

from homeassistant.core import CALLBACK_TYPE, Context, callback
from homeassistant.helpers.event import async_call_later

from ..api import (
    Command,
    Effect,
    Preheating,
    PreheatStage,
    RefusedError,
    TokenRejectedError,
    TooManyTokensError,
    WhatsminerError,
    commands,
)
from ..coordinator import WhatsminerCoordinator

_LOGGER = logging.getLogger(__name__)

_INTERVAL: Final = 10
_LONGEST: Final = 10 * 60

type _Timer = Literal["repetition", "deadline"]


class Preheat:
    """The preheating of one miner.

    `state` is the miner's last answer. It is None while the miner mines, ten minutes after the
    last start, and after a refusal.
    """

    def __init__(self, coordinator: WhatsminerCoordinator) -> None:
        """Prepare; nothing is sent. Preheating ends with the entry."""
        self.state: PreheatStage | None = None
        self._coordinator = coordinator
        # The functions that cancel the timers.
        self._timers: dict[_Timer, CALLBACK_TYPE] = {}
        self._is_closed = False
        self._last_poll = coordinator.data
        entry = coordinator.config_entry
        entry.async_on_unload(self._close)
        # Before any entity listens, so that they show the end of preheating with the poll.
        entry.async_on_unload(coordinator.async_add_listener(self._handle_update))
        entry.async_on_unload(coordinator.command_listeners.add(self._handle_command))

    async def async_start(self) -> None:
        """Preheat for ten minutes from now on, or until it is complete.

        Raises:
            WhatsminerError: the miner does not even begin, see `Miner.send`.

        """
        await self.async_send_once()
        self._set_deadline()
        self._plan()

    async def async_send_once(self) -> Preheating:
        """Send the command once, and return how far the miner is.

        Raises:
            WhatsminerError: see `Miner.send`.

        """
        preheating = await self._async_send()
        if "repetition" not in self._timers:
            self._set_deadline()
        return preheating

    async def _async_send(self) -> Preheating:
        try:
            result = await self._coordinator.async_send(
                commands.preheat(), refresh=False
            )
        except WhatsminerError as err:
            if _is_refusal(err):
                self._end_and_show()
            raise
        preheating = result.data or Preheating()
        self.state = preheating.stage
        self._coordinator.async_update_listeners()
        return preheating

    @callback
    def _plan(self) -> None:
        """Send it again in a moment, unless preheating is complete or over."""
        self._cancel("repetition")
        if "deadline" in self._timers and self.state != "complete":
            self._timers["repetition"] = async_call_later(
                self._coordinator.hass, _INTERVAL, self._repeat
            )

    @callback
    def _repeat(self, _: datetime) -> None:
        """Send it again in the background, which ends with the entry."""
        self._coordinator.config_entry.async_create_background_task(
            self._coordinator.hass,
            self._async_repeat(),
            f"{self._coordinator.name} preheat",
        )

    async def _async_repeat(self) -> None:
        try:
            await self._async_send()
        except WhatsminerError as err:
            if _is_refusal(err):
                _LOGGER.warning("%s: preheating ended: %s", self._coordinator.name, err)
                return
            _LOGGER.debug("%s: preheating goes on: %s", self._coordinator.name, err)
        if "deadline" not in self._timers:  # it ended while the command was under way
            self._end_and_show()
        self._plan()

    @callback
    def _set_deadline(self) -> None:
        """End preheating in ten minutes, unless the entry was unloaded by now."""
        self._cancel("deadline")
        if not self._is_closed:
            self._timers["deadline"] = async_call_later(
                self._coordinator.hass, _LONGEST, self._end_and_show
            )

    @callback
    def _handle_command(self, command: Command, _: Context | None) -> None:
        if command.effect in (Effect.STARTS, Effect.REBOOTS, Effect.RESETS):
            self._end()

    @callback
    def _handle_update(self) -> None:
        """End preheating when a poll shows that the miner mines, or is about to.

        The listeners are also called when the mining switch is turned on, which may yet fail.
        """
        if self._coordinator.data is self._last_poll:
            return
        self._last_poll = self._coordinator.data
        if self._coordinator.settings.value("mining"):
            self._end()

    @callback
    def _end(self) -> None:
        self.state = None
        self._cancel("repetition")
        self._cancel("deadline")

    @callback
    def _close(self) -> None:
        """End preheating with the entry; a command that is under way begins nothing anew."""
        self._is_closed = True
        self._end()

    @callback
    def _end_and_show(self, _: datetime | None = None) -> None:
        self._end()
        self._coordinator.async_update_listeners()

    def _cancel(self, timer: _Timer) -> None:
        if unsub := self._timers.pop(timer, None):
            unsub()


def _is_refusal(error: WhatsminerError) -> bool:
    """Return whether the miner refuses to preheat, and the error is no chance of the network."""
    return isinstance(error, RefusedError) and not isinstance(
        error, TokenRejectedError | TooManyTokensError
    )
