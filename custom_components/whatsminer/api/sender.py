"""Sends commands over the protocol that can: a stop holds for the one that made it."""

from contextlib import suppress

from .accounts import FINAL, Accounts
from .choice import ProtocolChoice
from .commands import Command, Effect, Result, set_led_auto
from .errors import (
    StartNeedsPasswordError,
    UnsupportedCommandError,
    WhatsminerError,
    WrongPasswordError,
)
from .protocol import Protocol
from .writer import Writer


class Sender:
    """Sends the commands for one miner.

    Mining that was stopped over one protocol is not known to start over another. So the one that
    accepted the last stop also starts it. `stopped_by` is its name, None if none has stopped it.
    """

    def __init__(
        self, choice: ProtocolChoice, accounts: Accounts, writer: Writer
    ) -> None:
        """Prepare; nothing is sent."""
        self._choice = choice
        self._accounts = accounts
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

    def check(self, command: Command) -> None:
        """Raise what is known to keep a command from being sent now; this sends nothing."""
        known = self._choice.known
        if known is None or not self._accounts.falls_back:
            self._writer.check(command, known)
            return
        # What the last protocol does not have needs the password of the better one.
        with suppress(UnsupportedCommandError):
            self._writer.check(command, self._choice.alternative)

    async def send(self, command: Command) -> Result:
        """Send a command (see `Miner.send`). A power off waits for nothing."""
        if command.effect is Effect.STOPS:
            return await self._stop(command)
        stopped_by = None
        if command.name == "mining" and self._stopped_by is not None:
            stopped_by = self._choice.named(self._stopped_by)
        if stopped_by is None:
            result = await self._accounts.use(
                lambda each: self._writer.send(command, each)
            )
        else:
            result = await self._start(command, stopped_by)
        if not result.is_accepted:
            return result
        if command.name == "mining":
            self.stopped_by = None
        elif command.name == "change_password":
            self._accounts.change_password(str(command.parameters["new"]))
        return result

    async def probe(self) -> None:
        """Send a command that changes nothing while the LED is on auto."""
        await self._accounts.probe(lambda each: self._writer.send(set_led_auto(), each))

    async def _start(self, command: Command, protocol: Protocol) -> Result:
        """Start mining over the protocol that has stopped it."""
        try:
            return await self._writer.send(command, protocol)
        except WrongPasswordError as err:
            if protocol is self._choice.current and not self._choice.alternative:
                raise  # there is only one account
            raise StartNeedsPasswordError(
                err, protocol.account, protocol.name.upper()
            ) from err

    async def _stop(self, command: Command) -> Result:
        """Send a power off over the protocol in use, else over whatever takes it."""
        credentials = self._accounts.credentials
        try:
            result = await self._stop_over(self._choice.current, command)
        except FINAL:
            raise
        except WhatsminerError as err:
            other = self._choice.alternative
            if other is None:
                raise
            try:
                result = await self._stop_over(other, command)
            except WhatsminerError:
                raise err from None
            if isinstance(err, WrongPasswordError):
                self._accounts.refuse(credentials, err)
        else:
            self._accounts.prove(credentials)
        return result

    async def _stop_over(self, protocol: Protocol, command: Command) -> Result:
        result = await self._writer.send(command, protocol)
        self._stopped_by, self._was_off = protocol.name, False
        return result
