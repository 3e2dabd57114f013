"""One miner: what it says, and what it is told."""

from .commands import Command
from .line import Line
from .reader import Reader
from .reply import Answer
from .snapshot import Generation, Snapshot
from .transport import DEFAULT_PORT
from .writer import Writer


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
        self._password = password
        self._reader = Reader(self._line, mac)
        self._writer = Writer(self._line, password)
        self._generation = Generation.V2

    @property
    def mac(self) -> str | None:
        """The MAC address, in lower case with colons, once a poll has told it."""
        return self._reader.mac

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

        """
        snapshot = await self._reader.poll()
        self._generation = snapshot.generation
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
            UnreachableError, MalformedReplyError, NotAMinerError: no usable answer.

        """
        return await self._writer.send(command, self._generation)

    async def check_password(self, password: str | None = None) -> None:
        """Try a password, ours if none is given, by an encrypted read, which changes nothing.

        No error does not prove that a write will be accepted: some firmware lets reads in while
        the API switch is off.

        Raises:
            WrongPasswordError: the password is wrong.
            WriteAccessClosedError: the miner takes no commands; nothing is known of the password.
            TooManyTokensError: it cannot be tried now.
            RefusedError: there is no token to try it with.
            UnreachableError, MalformedReplyError, NotAMinerError: no usable answer.

        """
        password = self._password if password is None else password
        await Writer(self._line, password).check_password()
