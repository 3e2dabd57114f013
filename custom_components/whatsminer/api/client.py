"""One miner: what it says, and what it is told."""

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

# Those of the mining process can be joined; the control board answers the others.
JOINABLE: Final = frozenset({"devdetails", "devs", "edevs", "pools", "summary"})
# All but `get_token`, which would void ours.
READABLE: Final = JOINABLE | {
    "get_error_code",
    "get_miner_info",
    "get_psu",
    "get_version",
    "status",
}


def check_query(command: str) -> str:
    """Return a readable command, or several joined by `+`, each once.

    Raises:
        InvalidTextError: it is anything else, or cannot be joined.

    """
    parts = command.split("+")
    known = READABLE if len(parts) == 1 else JOINABLE
    if set(parts) <= known and len(parts) == len(set(parts)):
        return command
    raise InvalidTextError("command", command)


class Miner:
    """A Whatsminer at an address.

    Everything is sent over one line: one connection at a time, a write before a read, a power
    off before anything else.
    """

    def __init__(
        self,
        host: str,
        port: int = DEFAULT_PORT,
        *,
        password: str = "",
        mac: str | None = None,
    ) -> None:
        """Prepare; nothing is sent.

        `mac` is the miner that is expected there, in lower case with colons; without it the
        first poll takes whichever answers. `password` is that of the account `admin`.
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
        """Host and port."""
        return self._line.host, self._line.port

    @property
    def mac(self) -> str | None:
        """The MAC address, in lower case with colons, once a poll has told it."""
        return self._identity.mac

    @property
    def sure(self) -> bool:
        """Whether the last poll is sure to be of this miner; a stopped V1 cannot tell."""
        return self._identity.sure

    @property
    def replies(self) -> Mapping[str, Mapping[str, Json]]:
        """The last answer to each readable command, as it is, secrets included."""
        return self._line.replies

    @property
    def password(self) -> str:
        """The password of the account `admin`; setting it tells the miner nothing."""
        return self._writer.password

    @password.setter
    def password(self, password: str) -> None:
        self._writer.password = password

    async def reach(self) -> None:
        """Ask for the version, which the next first poll then does not ask for again.

        A miner that does not answer can so be left out before it is polled.

        Raises:
            UnreachableError, NotAMinerError, MalformedReplyError, MiningProcessDownError,
            UpdatingError: see `poll`.

        """
        self._refuse_while_updating()
        await self._reader.reach()

    async def poll(self) -> Snapshot:
        """Return what the miner says now (vendor document, section "Readable API").

        What the miner refuses or does not know at the moment is None in the snapshot.

        Raises:
            UnreachableError: CannotConnectError or TimedOutError.
            NotAMinerError: something else answers there.
            MalformedReplyError: an answer was cut short or cannot be understood.
            MiningProcessDownError: nothing but the control board's proxy answers yet.
            NoMacError: there is nothing to know the miner by.
            WrongMinerError: another miner answers there.
            UpdatingError: it gets another firmware.

        """
        self._refuse_while_updating()
        try:
            snapshot = await self._reader.poll()
        except WhatsminerError:
            raise
        except Exception as err:
            # A bug in this integration. It makes only this miner unavailable.
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
        """Send a command and return the answer (vendor document, section "Writable API").

        The answer is None when a newer command for the same setting took its place before it
        was sent. It has no code when the miner fell silent, as it may when it restarts mining.
        A power off goes before everything else, is never replaced, and is sent once more when
        the miner does not confirm it.

        Raises:
            WrongPasswordError: the password is wrong.
            WriteAccessClosedError: the miner takes no commands.
            UnsupportedCommandError: this firmware does not know the command.
            TooManyTokensError: other clients hold all tokens.
            RefusedError: the miner said no for another reason.
            TooSoonError: mining was restarted less than a minute ago.
            UnconfirmedError: power off was sent twice without effect.
            UpdatingError: the miner gets another firmware.
            WrongMinerError, NoMacError: another miner answers, or may; it was not sent.
            UnansweredError: it was sent, and nobody knows what became of it.
            UnreachableError, MalformedReplyError, NotAMinerError: it was not sent.

        """
        self._refuse_while_updating()
        try:
            answer = await self._writer.send(command, self._generation)
        except (UnreachableError, MalformedReplyError, NotAMinerError) as err:
            if err.request_sent:
                raise UnansweredError(str(err), request_sent=True) from err
            raise
        if answer is not None and command.told_by:
            self._reader.expect(command.told_by)
        return answer

    async def download_logs(self, sink: Sink) -> int:
        """Hand the miner's log (a .tgz) to `sink` piece by piece, and return its size in bytes.

        A power off interrupts it. `sink` raises no OSError (vendor document, `download_logs`).

        Raises:
            RefusedError: or one of its kinds, see `send`.
            TransferError: the log did not come whole.
            UpdatingError: the miner gets another firmware.
            UnreachableError, MalformedReplyError, NotAMinerError: no usable answer.

        """
        self._refuse_while_updating()
        return await self._writer.download_logs(sink)

    @property
    def updating(self) -> bool:
        """Whether it gets another firmware, and takes nothing else."""
        return self._updating

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep everybody else off, from the first byte of a firmware to the new version.

        Raises:
            UpdatingError: somebody does so already.

        """
        self._refuse_while_updating()
        self._updating = True
        try:
            yield
        finally:
            self._updating = False

    def _refuse_while_updating(self) -> None:
        if self._updating:
            raise UpdatingError("the miner gets another firmware")

    async def firmware(self) -> str | None:
        """Return the firmware version that the miner reports now; also while it is updated.

        Raises:
            RefusedError, UnreachableError, MalformedReplyError, NotAMinerError,
            MiningProcessDownError.

        """
        return await self._reader.firmware()

    async def update_firmware(
        self, image: AsyncIterator[bytes], size: int, progress: Progress
    ) -> Answer:
        """Send a firmware of `size` bytes; the miner checks it, writes it, and reboots.

        `progress` is told the share that was sent (0 to 1). The answer has no code when the
        miner rebooted without one. `image` raises no OSError (vendor document,
        `update_firmware`).

        Raises:
            RefusedError: or one of its kinds, see `send`; also when this firmware is not taken.
            UpdateOutcomeUnknownError: nobody knows what became of it.
            UnreachableError, MalformedReplyError, NotAMinerError: no usable answer.

        """
        try:
            return await self._writer.update_firmware(image, size, progress)
        finally:
            self._reader.expect("get_version")

    async def query(self, command: str) -> Mapping[str, Json]:
        """Ask one readable command, or several joined by `+`; return the whole answer as it is.

        A refusal is an answer, too.

        Raises:
            InvalidTextError: see `check_query`.
            UpdatingError: the miner gets another firmware.
            UnreachableError, MalformedReplyError, NotAMinerError, MiningProcessDownError.

        """
        self._refuse_while_updating()
        check_query(command)
        async with self._line.turn(Urgency.QUERY):
            return await self._line.plain(command)

    async def check_password(self, password: str | None = None) -> None:
        """Try a password, ours if none is given, by an encrypted read, which changes nothing.

        No error does not prove that a write will be accepted: some firmware lets reads in while
        the API switch is off.

        Raises:
            WrongPasswordError: the password is wrong.
            WriteAccessClosedError: the miner takes no commands; nothing is known of the password.
            TooManyTokensError: it cannot be tried now.
            RefusedError: there is no token to try it with.
            UpdatingError: the miner gets another firmware.
            UnreachableError, MalformedReplyError, NotAMinerError: no usable answer.

        """
        self._refuse_while_updating()
        password = self.password if password is None else password
        await Writer(self._line, self._identity, password).check_password()

    async def read_mac(self) -> str | None:
        """Return the MAC address of whoever answers now, None if it does not tell.

        Raises:
            UnreachableError, MalformedReplyError, NotAMinerError: nobody that could be a miner.

        """
        return await self._identity.read_mac()
