"""Heats up the boards of a stopped miner: a command that has to be repeated until it is done."""

from datetime import datetime
import logging
from typing import TYPE_CHECKING, Final, Literal

from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.helpers.event import async_call_later

from ..api import (
    Answer,
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

if TYPE_CHECKING:
    from ..coordinator import WhatsminerCoordinator

_LOGGER = logging.getLogger(__name__)

_INTERVAL: Final = 10
_LONGEST: Final = 10 * 60

type _Timer = Literal["repetition", "deadline"]


class Preheat:
    """What is known of the preheating of one miner.

    `state` is what the miner answered last; None while it mines, when that was long ago, and
    when it refused since.
    """

    def __init__(self, coordinator: WhatsminerCoordinator) -> None:
        """Prepare; nothing is sent."""
        self.state: PreheatStage | None = None
        self._coordinator = coordinator
        # What cancels them.
        self._timers: dict[_Timer, CALLBACK_TYPE] = {}
        self._over = False

    async def async_start(self) -> None:
        """Preheat for ten minutes from now on, or until it is complete.

        Raises:
            HomeAssistantError: translated, when the miner does not even begin.

        """
        await self.async_ask()
        self._renew()
        self._plan()

    async def async_ask(self) -> Answer:
        """Send the command once, and return what the miner answers.

        Raises:
            HomeAssistantError: translated, when it does not do it.

        """
        with self._coordinator.explained():
            answer = await self._async_ask()
        if "repetition" not in self._timers:
            self._renew()
        return answer

    async def _async_ask(self) -> Answer:
        try:
            answer = await self._coordinator.async_command(
                commands.pre_power_on(), refresh=False
            )
        except WhatsminerError as err:
            if _ends(err):
                self._end_and_tell()
            raise
        if TYPE_CHECKING:
            assert answer  # nothing takes its place, and there is no value to compare
        self.state = Preheating.of(answer).stage
        self._coordinator.async_update_listeners()
        return answer

    @callback
    def _plan(self) -> None:
        """Ask again in a moment, unless there is nothing left to wait for."""
        self._cancel("repetition")
        if "deadline" in self._timers and self.state != "complete":
            self._timers["repetition"] = async_call_later(
                self._coordinator.hass, _INTERVAL, self._repeat
            )

    @callback
    def _repeat(self, _: datetime) -> None:
        """Ask in the background; that ends with the entry."""
        self._coordinator.config_entry.async_create_background_task(
            self._coordinator.hass,
            self._async_repeat(),
            f"{self._coordinator.name} preheat",
        )

    async def _async_repeat(self) -> None:
        try:
            await self._async_ask()
        except WhatsminerError as err:
            if _ends(err):
                _LOGGER.warning("%s: preheating ended: %s", self._coordinator.name, err)
                return
            _LOGGER.debug("%s: preheating goes on: %s", self._coordinator.name, err)
        if "deadline" not in self._timers:  # it ended meanwhile
            self._end_and_tell()
        self._plan()

    @callback
    def _renew(self) -> None:
        """Let ten minutes begin."""
        self._cancel("deadline")
        if not self._over:  # otherwise the entry was unloaded meanwhile
            self._timers["deadline"] = async_call_later(
                self._coordinator.hass, _LONGEST, self._end_and_tell
            )

    @callback
    def note(self, command: Command) -> None:
        """Take note of a command that was accepted."""
        if command.effect in (Effect.STARTS, Effect.REBOOTS, Effect.RESETS):
            self.end()

    @callback
    def end(self) -> None:
        """Forget it, because mining is on again; whoever calls this tells the listeners."""
        self.state = None
        self._cancel("repetition")
        self._cancel("deadline")

    @callback
    def close(self) -> None:
        """Leave nothing behind."""
        self._over = True
        self.end()

    @callback
    def _end_and_tell(self, _: datetime | None = None) -> None:
        self.end()
        self._coordinator.async_update_listeners()

    def _cancel(self, timer: _Timer) -> None:
        if unsub := self._timers.pop(timer, None):
            unsub()


def _ends(error: WhatsminerError) -> bool:
    """Tell a no of the miner from what says nothing about its boards: a lost connection."""
    return isinstance(error, RefusedError) and not isinstance(
        error, TokenRejectedError | TooManyTokensError
    )
