"""Tells those who want to know which commands a miner has accepted."""

from collections.abc import Callable

from homeassistant.core import CALLBACK_TYPE, Context, callback

from .api import Command

type CommandListener = Callable[[Command, Context | None], None]


class CommandListeners:
    """Those who want to know which commands one miner has accepted, and whose they were."""

    def __init__(self) -> None:
        """Begin without any."""
        self._listeners: list[CommandListener] = []

    @callback
    def add(self, listener: CommandListener) -> CALLBACK_TYPE:
        """Call `listener` with each command, and with its context. Returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def tell(self, command: Command, context: Context | None) -> None:
        """Tell all of them of a command that was accepted."""
        for listener in list(self._listeners):
            listener(command, context)
