"""Sends commands over the protocol that can: a stop holds for the one that made it."""

from collections.abc import Sequence
from contextlib import suppress

from .accounts import NOT_OF_LAST, Accounts
from .choice import ProtocolChoice
from .commands import Command, Effect, Result, set_led_auto
from .errors import (
    StartNeedsPasswordError,
    UnconfirmedError,
    WhatsminerError,
    WrongMinerError,
    WrongPasswordError,
)
from .protocol import Protocol
from .writer import Writer


class Sender:
    """Sends the commands for one miner.

    Mining that was stopped over one protocol is not known to start over another. So each one that
    has stopped it, or may have, also starts it. `stopped_by` are their names, until a poll shows
    that mining is on again.
    """

    def __init__(
        self, choice: ProtocolChoice, accounts: Accounts, writer: Writer
    ) -> None:
        """Prepare; nothing is sent."""
        self._choice = choice
        self._accounts = accounts
        self._writer = writer
        self._stopped_by: tuple[str, ...] = ()
        # Whether mining was seen to be off since the stop, which takes up to two minutes.
        self._was_off = False

    @property
    def stopped_by(self) -> tuple[str, ...]:
        """Return the names of the protocols that stopped mining."""
        return self._stopped_by

    @stopped_by.setter
    def stopped_by(self, names: tuple[str, ...]) -> None:
        self._stopped_by, self._was_off = names, True

    def follow(self, *, mining: bool | None, has_new_firmware: bool) -> None:
        """Forget the stop if a poll shows that mining was started, or may be started otherwise."""
        if has_new_firmware or (mining and self._was_off):
            self.stopped_by = ()
        self._was_off = self._was_off or mining is False

    def check(self, command: Command) -> None:
        """Raise what is known to keep a command from being sent now; this sends nothing."""
        known = self._choice.known
        if known is None or not self._accounts.falls_back:
            self._writer.check(command, known)
            return
        # What only the better one takes needs its password.
        with suppress(*NOT_OF_LAST):
            self._writer.check(command, self._choice.alternative)

    async def send(self, command: Command) -> Result:
        """Send a command (see `Miner.send`). A power off waits for nothing."""
        if command.effect is Effect.STOPS:
            return await self._stop(command)

        async def send_over(protocol: Protocol) -> Result:
            return await self._writer.send(command, protocol)

        if command.name == "mining" and (
            stopped_by := self._choice.named(self._stopped_by)
        ):
            return await self._start(command, stopped_by)
        if command.name == "change_password":
            result = await self._accounts.use_one(send_over)
            if result.is_accepted:
                self._accounts.change_password(str(command.parameters["new"]))
            return result
        return await self._accounts.use(send_over)

    async def probe(self) -> None:
        """Send a command that changes nothing while the LED is on auto."""
        await self._accounts.use(lambda each: self._writer.send(set_led_auto(), each))

    async def _start(self, command: Command, protocols: Sequence[Protocol]) -> Result:
        """Start mining over the protocols that have stopped it; the last of them counts."""
        for protocol in protocols[:-1]:
            with suppress(WhatsminerError):
                await self._writer.send(command, protocol)
        protocol = protocols[-1]
        try:
            result = await self._writer.send(command, protocol)
        except WrongPasswordError as err:
            if protocol is self._choice.current and not self._choice.alternative:
                raise  # there is only one account
            raise StartNeedsPasswordError(
                err, protocol.account, protocol.name.upper()
            ) from err
        self._was_off = True  # so that a poll which shows mining shows this start
        return result

    async def _stop(self, command: Command) -> Result:
        """Send a power off over the protocol in use, else over whatever takes it."""
        credentials = self._accounts.credentials
        try:
            result = await self._stop_over(self._choice.preferred, command)
        except WrongMinerError:
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
        """Send a power off, which may have stopped mining even if nobody confirms it."""
        try:
            result = await self._writer.send(command, protocol)
        except UnconfirmedError:
            self._remember_stop(protocol)
            raise
        self._remember_stop(protocol)
        return result

    def _remember_stop(self, protocol: Protocol) -> None:
        """Add a protocol: if another one has stopped mining before, this one changed nothing."""
        self._stopped_by = tuple(dict.fromkeys((*self._stopped_by, protocol.name)))
        self._was_off = False
