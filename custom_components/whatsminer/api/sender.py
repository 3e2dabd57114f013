"""Sends commands over the protocol that can: a stop holds for the one that made it."""

from collections.abc import Awaitable, Callable

from .choice import ProtocolChoice
from .commands import Command, Effect, Result
from .errors import (
    NoMacError,
    WhatsminerError,
    WriteAccessClosedError,
    WrongMinerError,
    WrongPasswordError,
)
from .protocol import Protocol, Target
from .writer import Writer

# Another protocol would meet the same.
_FINAL = (WriteAccessClosedError, WrongMinerError, NoMacError)


class Sender:
    """Sends the commands for one miner.

    Mining that was stopped over one protocol is not known to start over another. So the one that
    accepted the last stop also starts it. `stopped_by` is its name, None if none has stopped it.

    Each protocol has an account of its own. Where the best protocol refuses a password that the
    last one takes, what needs the password goes over the last one.
    """

    def __init__(self, target: Target, choice: ProtocolChoice, writer: Writer) -> None:
        """Prepare; nothing is sent."""
        self._target = target
        self._choice = choice
        self._writer = writer
        self._stopped_by: str | None = None
        # Whether mining was seen to be off since the stop, which takes up to two minutes.
        self._was_off = False
        # Which of the passwords is that of the last protocol only.
        self._falls_back: int | None = None

    @property
    def falls_back(self) -> bool:
        """Return whether the password is that of the last protocol, and not of the one in use."""
        return self._falls_back == self._target.password_changes

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
        protocol = None
        if command.name == "mining" and self._stopped_by is not None:
            protocol = self._choice.named(self._stopped_by)
        if protocol is None:
            result = await self.use(lambda each: self._writer.send(command, each))
        else:
            result = await self._writer.send(command, protocol)
        if command.name == "mining" and result.is_accepted:
            self.stopped_by = None
        return result

    async def use[Answer](
        self, request: Callable[[Protocol], Awaitable[Answer]]
    ) -> Answer:
        """Return the answer to a request that needs the password of the client.

        Raises:
            WhatsminerError: what the request raised, over the protocol in use if all refuse the
                password.

        """
        protocol = await self._choice.choose()
        other = self._choice.alternative
        if other is None:
            return await request(protocol)
        if self.falls_back:
            try:
                return await request(other)
            except WrongPasswordError:  # as it may be from now on
                self._falls_back = None
        password = self._target.password_changes
        try:
            return await request(protocol)
        except WrongPasswordError as err:
            try:
                answer = await request(other)
            except WhatsminerError:
                raise err from None
        self._falls_back = password
        return answer

    async def check_password(self, password: str) -> None:
        """Check whether one of the protocols takes a password (see `Miner.check_password`)."""
        protocol = await self._choice.choose()
        try:
            await protocol.check_password(password)
        except WrongPasswordError as err:
            other = self._choice.alternative
            if other is None:
                raise
            try:
                await other.check_password(password)
            except WhatsminerError:
                raise err from None

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
