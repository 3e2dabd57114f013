"""Sends commands over the protocol that can: a stop holds for the one that made it."""

from .choice import ProtocolChoice
from .commands import Command, Effect, Result
from .errors import NoMacError, WhatsminerError, WriteAccessClosedError, WrongMinerError
from .protocol import Protocol
from .writer import Writer

# Another protocol would meet the same.
_FINAL = (WriteAccessClosedError, WrongMinerError, NoMacError)


class Sender:
    """Sends the commands for one miner.

    Mining that was stopped over one protocol is not known to start over another. So the one that
    accepted the last stop also starts it. `stopped_by` is its name, None if none has stopped it.
    """

    def __init__(self, choice: ProtocolChoice, writer: Writer) -> None:
        """Prepare; nothing is sent."""
        self._choice = choice
        self._writer = writer
        self._stopped_by: str | None = None
        # Whether mining was seen to be off since the stop, which takes up to two minutes.
        self._was_off = False

    @property
    def stopped_by(self) -> str | None:
        """Return the name of the protocol that stopped mining."""
        return self._stopped_by

    @stopped_by.setter
    def stopped_by(self, name: str | None) -> None:
        self._stopped_by, self._was_off = name, True

    def follow(self, *, mining: bool | None, has_new_firmware: bool) -> None:
        """Forget the stop if a poll shows that mining was started, or may be started otherwise."""
        if has_new_firmware or (mining and self._was_off):
            self.stopped_by = None
        self._was_off = self._was_off or mining is False

    async def send(self, command: Command) -> Result:
        """Send a command (see `Miner.send`). A power off waits for nothing."""
        if command.effect is Effect.STOPS:
            return await self._stop(command)
        protocol = await self._choice.choose()
        if command.name != "mining":
            return await self._writer.send(command, protocol)
        if self._stopped_by is not None:
            protocol = self._choice.named(self._stopped_by) or protocol
        result = await self._writer.send(command, protocol)
        if result.is_accepted:
            self.stopped_by = None
        return result

    async def _stop(self, command: Command) -> Result:
        """Send a power off over the protocol in use, else over whatever takes it."""
        try:
            return await self._stop_over(self._choice.current, command)
        except _FINAL:
            raise
        except WhatsminerError as err:
            other = self._choice.alternative
            if other is None:
                raise
            try:
                return await self._stop_over(other, command)
            except WhatsminerError:
                raise err from None

    async def _stop_over(self, protocol: Protocol, command: Command) -> Result:
        result = await self._writer.send(command, protocol)
        self._stopped_by, self._was_off = protocol.name, False
        return result
