"""Reads back what a command has set, and its neighbours, because "ok" proves nothing.

Some firmware answers "ok", and changes another setting than the one that it was told.
"""

from collections.abc import Awaitable, Callable, Mapping
import logging

from ..commands import Command, Value
from ..errors import UnsupportedCommandError, WhatsminerError
from .commands import ROWS
from .fields import SETTINGS
from .requests import Conversation

_LOGGER = logging.getLogger(__name__)

type Send = Callable[[Command], Awaitable[object]]


class ReadBack:
    """Compares the settings before and after a command, where they have nothing to do with it."""

    def __init__(self, host: str, conversation: Conversation, command: Command) -> None:
        """Prepare; nothing is sent."""
        row = ROWS[command.name]
        self._host = host
        self._conversation = conversation
        self._command = command
        self._reads = row.reported_by if row.is_watched else None
        self._before: Mapping[str, Value] = {}

    async def begin(self) -> None:
        """Read the settings before the command."""
        self._before = await self._read()

    async def end(self, send: Send, name: str) -> None:
        """Read them after it, and put back with `send` those that have moved.

        Raises:
            UnsupportedCommandError: the command, which has a `name` in V3, has changed another
                setting.

        """
        after = await self._read() if self._before else {}
        own = self._command.name
        moved = {
            key: value
            for key, value in self._before.items()
            if key != own and after.get(key, value) != value
        }
        if not moved:
            return
        settings = ", ".join(moved)
        _LOGGER.warning(
            "%s: %s has changed %s, which is put back; %s is not used with this firmware",
            self._host,
            name,
            settings,
            name,
        )
        for key, value in moved.items():
            try:
                await send(Command(name=key, value=value))
            except WhatsminerError as err:
                _LOGGER.warning("%s: %s was not put back: %s", self._host, key, err)
        raise UnsupportedCommandError(name, None, f"it changes {settings}")

    async def _read(self) -> Mapping[str, Value]:
        """Return the settings, none if the miner does not tell them now."""
        if self._reads is None:
            return {}
        try:
            answer = await self._conversation.ask(self._reads)
        except WhatsminerError:
            return {}
        return SETTINGS[self._reads].values(answer.reading())
