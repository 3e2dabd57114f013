"""The client of one miner: everything that the integration asks of it or sends to it."""

from collections.abc import AsyncIterator, Mapping
import logging

from . import choice
from .client_state import ClientState
from .commands import Command, Result, set_led_auto
from .errors import (
    InvalidTextError,
    MalformedReplyError,
    NotAMinerError,
    UnansweredError,
    UnreachableError,
    WhatsminerError,
)
from .protocol import Progress, Sink
from .queue import Urgency
from .sanitize import Json
from .snapshot import Snapshot

_LOGGER = logging.getLogger(__name__)


def check_query(command: str) -> str:
    """Return a query if a protocol can read it: a readable command, or several joined by `+`.

    Raises:
        InvalidTextError: no protocol has a command that only reads under this name.

    """
    if any(protocol.is_readable(command) for protocol in choice.PROTOCOLS):
        return command
    raise InvalidTextError("command", command)


class Miner(ClientState):
    """The client of the Whatsminer at one address.

    All its requests wait in one queue: it opens one connection at a time, for a write before a
    read, and for a power off before anything else.
    """

    async def reach(self) -> None:
        """Send the first request; the first poll then uses its answer.

        A caller can thus leave out a miner that does not answer, without polling it. The miner is
        asked again which protocol it speaks.

        Raises:
            UnreachableError, NotAMinerError, MalformedReplyError, MiningProcessDownError,
            UpdatingError: see `poll`.

        """
        self._refuse_while_updating()
        self._choice.ask_again()
        await self._choice.use(lambda protocol: protocol.reach())

    async def poll(self) -> Snapshot:
        """Return what the miner reports now (vendor document, section "Readable API").

        A value that the miner refuses or does not know at the moment is None in the snapshot.

        Raises:
            UnreachableError: CannotConnectError or TimedOutError.
            NotAMinerError: another kind of device answers.
            MalformedReplyError: an answer was cut short or cannot be understood.
            MiningProcessDownError: only the control board's proxy answers yet.
            NoMacError: the miner reports no MAC address.
            WrongMinerError: another miner answers.
            UpdatingError: the firmware is being updated.

        """
        try:
            self._refuse_while_updating()
            protocol, snapshot = await self._choice.use(lambda each: each.poll())
            snapshot = await self._choice.supplement(protocol, snapshot)
        except WhatsminerError:
            raise
        except Exception as err:
            # This is a bug in the integration. It makes only this miner unavailable.
            if not self._bug_logged:
                self._bug_logged = True
                _LOGGER.exception("%s: please report this bug", self._target.host)
            raise MalformedReplyError("the answer is not understood") from err
        is_new = self._choice.learn(protocol, snapshot.firmware)
        self._sender.follow(mining=snapshot.mining, has_new_firmware=is_new)
        if is_new:
            protocol.forget_firmware()
            self._writer.forget_firmware()
        return snapshot

    async def send(self, command: Command) -> Result:
        """Send a command and return what became of it (vendor document, section "Writable API").

        The result is `SUPERSEDED` if a newer command for the same setting replaced this one before
        it was sent, and `SILENT` if a command that restarts mining got no answer; it counts as
        accepted. A power off is sent before everything else, is never replaced, and is repeated
        once if the miner does not confirm it. Only the protocol that stopped mining starts it.

        Raises:
            DefaultPasswordError, WrongPasswordError: the password is wrong.
            StartNeedsPasswordError: so it is for the protocol that has to start mining.
            WriteAccessClosedError: the miner accepts no commands.
            UnsupportedCommandError: this firmware does not know the command.
            TooManyTokensError: other clients hold all tokens.
            RefusedError: the miner refused the command for another reason.
            TooSoonError: mining was restarted less than a minute ago.
            UnconfirmedError: power off was sent twice, and the miner did not confirm it.
            UpdatingError: the firmware is being updated.
            WrongMinerError, NoMacError: the expected miner did not answer; nothing was sent.
            UnansweredError: the command was sent, and may have been carried out.
            UnreachableError, MalformedReplyError, NotAMinerError: the command was not sent.

        """
        self._refuse_while_updating()
        try:
            result = await self._sender.send(command)
        except (UnreachableError, MalformedReplyError, NotAMinerError) as err:
            if err.request_sent:
                self._choice.current.expect_change(command)
                raise UnansweredError(str(err), request_sent=True) from err
            raise
        if result.is_accepted:
            self._choice.current.expect_change(command)
        return result

    async def download_logs(self, sink: Sink) -> int:
        """Pass the miner's log (a .tgz) to `sink` piece by piece, and return its size in bytes.

        A power off interrupts it. `sink` must not raise OSError (document, `download_logs`).

        Raises:
            RefusedError: the miner refused it; `send` lists the kinds.
            TransferError, UpdatingError: it did not arrive as a whole; the firmware is updated.
            UnreachableError, MalformedReplyError, NotAMinerError: there is no usable answer.

        """
        return await (await self._protocol()).download_logs(sink)

    async def firmware(self) -> str | None:
        """Return the firmware version that the miner reports now, also during an update.

        Raises:
            RefusedError, UnreachableError, MalformedReplyError, MiningProcessDownError.

        """
        return await self._choice.firmware()

    async def update_firmware(
        self, image: AsyncIterator[bytes], size: int, progress: Progress
    ) -> Result:
        """Send a firmware of `size` bytes; the miner checks it, writes it, and reboots.

        `progress` gets the share that was sent (0 to 1). The result is `SILENT` if the miner
        rebooted without an answer. `image` must not raise OSError (vendor document,
        `update_firmware`).

        Raises:
            RefusedError: the miner refused the command (see `send`) or this firmware.
            UpdateOutcomeUnknownError: the miner may have either firmware.
            UnreachableError, MalformedReplyError, NotAMinerError: there is no usable answer.

        """
        return await self._accounts.use(
            lambda protocol: protocol.update_firmware(image, size, progress)
        )

    async def query(self, command: str) -> Mapping[str, Json]:
        """Send one readable command, or several joined by `+`; return the whole answer as received.

        A refusal is returned like any other answer.

        Raises:
            InvalidTextError: see `check_query`.
            UpdatingError: the firmware is being updated.
            UnreachableError, MalformedReplyError, NotAMinerError, MiningProcessDownError.

        """
        await self._protocol()
        check_query(command)
        async with self._target.queue.turn(Urgency.QUERY):
            return await self._choice.for_query(command).query(command)

    async def customer_messages(self) -> Mapping[str, str]:
        """Return the messages of the owner by name, read with the password; one not set is empty.

        Raises:
            RefusedError, UpdatingError, WrongMinerError, NoMacError: see `send`.
            UnreachableError, MalformedReplyError, NotAMinerError: there is no usable answer.

        """
        return await (await self._protocol()).customer_messages()

    async def check_password(
        self, password: str | None = None, account: str | None = None
    ) -> None:
        """Check a password, by default that of the client, without changing anything.

        `account` is that of V3, by default the client's. Where it is empty, a password that only V2
        takes is good as well. Some firmware then still refuses writes: its API switch is off.

        Raises:
            DefaultPasswordError, WrongPasswordError: the password is wrong.
            WriteAccessClosedError: the miner accepts no commands; the password was not checked.
            PasswordUntriedError, TooManyTokensError, RefusedError: it cannot be checked now.
            UpdatingError: the firmware is being updated.
            UnreachableError, MalformedReplyError, NotAMinerError: there is no usable answer.

        """
        self._refuse_while_updating()
        given = self.password if password is None else password
        await self._accounts.check_password(given, account)

    async def probe_write_access(self) -> None:
        """Send a command that changes nothing while `write_probe` is `WRITE`.

        Raises:
            WriteAccessClosedError: the miner takes no commands. Other errors are those of `send`.

        """
        self._refuse_while_updating()
        await self._sender.probe()
        self._choice.current.expect_change(set_led_auto())

    async def read_mac(self) -> str | None:
        """Return the MAC address of the miner that answers now, None if it reports none.

        Raises:
            UnreachableError, MalformedReplyError, NotAMinerError: no miner answers.

        """
        protocol = await self._protocol()
        async with self._target.queue.turn(Urgency.READ):
            return (await protocol.read_evidence()).mac
