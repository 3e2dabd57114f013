"""Tells those who want to know which commands a miner has accepted, and whose they were."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from homeassistant.core import CALLBACK_TYPE, Context, callback

from .api import Command, MalformedReplyError, UnconfirmedError, UnreachableError

type CommandListener = Callable[[Command, Context | None], None]

# The contexts of commands that nobody's action causes: those of a hold or its release, and those of
# the plan of a site.
HOLD: Final = Context()
PLAN: Final = Context()

# After these it is not known whether a command that was sent has been carried out.
_MAYBE_DONE: Final = (MalformedReplyError, UnconfirmedError, UnreachableError)


class CommandListeners:
    """Those who want to know which commands one miner has accepted, or may have accepted."""

    def __init__(self) -> None:
        """Begin without any."""
        self._listeners: list[CommandListener] = []
        # The commands that are under way, each with its context.
        self.under_way: list[tuple[Command, Context | None]] = []

    @callback
    def add(self, listener: CommandListener) -> CALLBACK_TYPE:
        """Call `listener` with each command, and with its context. Returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @contextmanager
    def sending(self, command: Command, context: Context | None) -> Iterator[None]:
        """Remember a command while it is under way; tell of it if it may be done though it has failed."""
        sent = command, context
        self.under_way.append(sent)
        try:
            yield
        except _MAYBE_DONE as err:
            if err.request_sent:
                self.tell(command, context)
            raise
        finally:
            self.under_way.remove(sent)

    @callback
    def tell(self, command: Command, context: Context | None) -> None:
        """Tell all of them of a command that was accepted, or may have been."""
        for listener in list(self._listeners):
            listener(command, context)
