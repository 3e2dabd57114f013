"""The client of one miner: everything that the integration asks of it or sends to it."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
import logging
from typing import Final

from .commands import Command
from .errors import (
    InvalidTextError,
    MalformedReplyError,
    NotAMinerError,
    UnansweredError,
    UnreachableError,
    UpdatingError,
    WhatsminerError,
)
from .identity import Identity
from .line import Line, Urgency
from .reader import Reader
from .readings import Generation
from .reply import Answer
from .sanitize import Json
from .snapshot import Snapshot
from .transfers import Progress, Sink
from .transport import DEFAULT_PORT
from .writer import Writer

_LOGGER = logging.getLogger(__name__)

# Commands that the mining process answers can be joined. The control board answers the others.
JOINABLE: Final = frozenset({"devdetails", "devs", "edevs", "pools", "summary"})
# `get_token` is missing, because it would void the token of this client.
READABLE: Final = JOINABLE | {
    "get_error_code",
    "get_miner_info",
    "get_psu",
    "get_version",
    "status",
}


def check_query(command: str) -> str:
    """Return a query if it is a readable command, or several different ones joined by `+`.

    Raises:
        InvalidTextError: a command cannot be read or joined, or occurs twice.

    """
    parts = command.split("+")
    known = READABLE if len(parts) == 1 else JOINABLE
    if set(parts) <= known and len(parts) == len(set(parts)):
        return command
    raise InvalidTextError("command", command)


class Miner:
    """The client of the Whatsminer at one address.

    All its requests wait in one queue: it opens one connection at a time, for a write before a
    read, and for a power off before anything else.
    """

    def __init__(
        self,
        host: str,
        port: int = DEFAULT_PORT,
        *,
        password: str = "",
        mac: str | None = None,
    ) -> None:
        """Create the client; nothing is sent.

        `mac` is the address of the expected miner, in lower case with colons. Without it, the
        first poll accepts any miner. `password` is that of the account `admin`.
        """
        self._line = Line(host, port)
        self._identity = Identity(self._line, mac)
        self._reader = Reader(self._line, self._identity)
        self._writer = Writer(self._line, self._identity, password)
        self._generation = Generation.V2
        self._firmware: str | None = None
        self._updating = False
        self._bug_logged = False

    @property
    def address(self) -> tuple[str, int]:
        """Return host and port."""
        return self._line.host, self._line.port

    @property
    def mac(self) -> str | None:
        """Return the MAC address in lower case with colons, None before it was first reported."""
        return self._identity.mac

    @property
    def is_confirmed(self) -> bool:
        """Return whether the last poll confirmed the MAC address; a stopped V1 reports none."""
        return self._identity.is_confirmed

    @property
    def replies(self) -> Mapping[str, Mapping[str, Json]]:
        """Return the last answer to each readable command as received, secrets included."""
        return self._line.replies

    @property
    def password(self) -> str:
        """Return the password of the account `admin`; setting it sends nothing to the miner."""
        return self._writer.password

    @password.setter
    def password(self, password: str) -> None:
        self._writer.password = password

    async def reach(self) -> None:
        """Ask for the version; the first poll then uses this answer.

        A caller can thus leave out a miner that does not answer, without polling it.

        Raises:
            UnreachableError, NotAMinerError, MalformedReplyError, MiningProcessDownError,
            UpdatingError: see `poll`.

        """
        self._refuse_while_updating()
        await self._reader.reach()

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
        self._refuse_while_updating()
        try:
            snapshot = await self._reader.poll()
        except WhatsminerError:
            raise
        except Exception as err:
            # This is a bug in the integration. It makes only this miner unavailable.
            if not self._bug_logged:
                self._bug_logged = True
                _LOGGER.exception("%s: please report this bug", self._line.host)
            raise MalformedReplyError("the answer is not understood") from err
        self._generation = snapshot.generation
        if snapshot.firmware and self._firmware not in (None, snapshot.firmware):
            self._reader.forget_firmware()
            self._writer.forget_firmware()
        self._firmware = snapshot.firmware or self._firmware
        return snapshot

    async def send(self, command: Command) -> Answer | None:
        """Send a command and return its answer (vendor document, section "Writable API").

        The result is None if a newer command for the same setting replaced this one before it
        was sent. The answer has no code if a command that restarts mining got no answer; it
        counts as accepted. A power off is sent before everything else, is never replaced, and
        is repeated once if the miner does not confirm it.

        Raises:
            WrongPasswordError: the password is wrong.
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
            answer = await self._writer.send(command, self._generation)
        except (UnreachableError, MalformedReplyError, NotAMinerError) as err:
            if err.request_sent:
                raise UnansweredError(str(err), request_sent=True) from err
            raise
        if answer is not None and command.reported_by:
            self._reader.expect(command.reported_by)
        return answer

    async def download_logs(self, sink: Sink) -> int:
        """Pass the miner's log (a .tgz) to `sink` piece by piece, and return its size in bytes.

        A power off interrupts it. `sink` must not raise OSError (document, `download_logs`).

        Raises:
            RefusedError: the miner refused it; `send` lists the kinds.
            TransferError: the log did not arrive as a whole.
            UpdatingError: the firmware is being updated.
            UnreachableError, MalformedReplyError, NotAMinerError: there is no usable answer.

        """
        self._refuse_while_updating()
        return await self._writer.download_logs(sink)

    @property
    def updating(self) -> bool:
        """Return whether the firmware is being updated, so that other requests are refused."""
        return self._updating

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Refuse other requests, from the first byte of a firmware until its version is reported.

        Raises:
            UpdatingError: another update is under way.

        """
        self._refuse_while_updating()
        self._updating = True
        try:
            yield
        finally:
            self._updating = False

    def _refuse_while_updating(self) -> None:
        if self._updating:
            raise UpdatingError("the firmware is being updated")

    async def firmware(self) -> str | None:
        """Return the firmware version that the miner reports now, also during an update.

        Raises:
            RefusedError, UnreachableError, MalformedReplyError, NotAMinerError,
            MiningProcessDownError.

        """
        return await self._reader.firmware()

    async def update_firmware(
        self, image: AsyncIterator[bytes], size: int, progress: Progress
    ) -> Answer:
        """Send a firmware of `size` bytes; the miner checks it, writes it, and reboots.

        `progress` gets the share that was sent (0 to 1). The answer has no code if the miner
        rebooted without an answer. `image` must not raise OSError (vendor document,
        `update_firmware`).

        Raises:
            RefusedError: the miner refused the command (see `send`) or this firmware.
            UpdateOutcomeUnknownError: the miner may have either firmware.
            UnreachableError, MalformedReplyError, NotAMinerError: there is no usable answer.

        """
        try:
            return await self._writer.update_firmware(image, size, progress)
        finally:
            self._reader.expect("get_version")

    async def query(self, command: str) -> Mapping[str, Json]:
        """Send one readable command, or several joined by `+`; return the whole answer as received.

        A refusal is returned like any other answer.

        Raises:
            InvalidTextError: see `check_query`.
            UpdatingError: the firmware is being updated.
            UnreachableError, MalformedReplyError, NotAMinerError, MiningProcessDownError.

        """
        self._refuse_while_updating()
        check_query(command)
        async with self._line.turn(Urgency.QUERY):
            return await self._line.plain(command)

    async def check_password(self, password: str | None = None) -> None:
        """Check a password, by default that of the client, by an encrypted read.

        The miner may still refuse a write: some firmware accepts encrypted reads while the API
        switch is off.

        Raises:
            WrongPasswordError: the password is wrong.
            WriteAccessClosedError: the miner accepts no commands; the password was not checked.
            TooManyTokensError: other clients hold all tokens; the password was not checked.
            RefusedError: the miner gave no token to check the password with.
            UpdatingError: the firmware is being updated.
            UnreachableError, MalformedReplyError, NotAMinerError: there is no usable answer.

        """
        self._refuse_while_updating()
        password = self.password if password is None else password
        await Writer(self._line, self._identity, password).check_password()

    async def read_mac(self) -> str | None:
        """Return the MAC address of the miner that answers now, None if it reports none.

        Raises:
            UnreachableError, MalformedReplyError, NotAMinerError: no miner answers.

        """
        return await self._identity.read_mac()
