"""What a protocol has to be able to do, so that `Miner` can use it."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import ClassVar, Final

from .commands import Command, Result
from .errors import NotAMinerError, unsupported
from .identity import Evidence, Identity
from .queue import Queue, Turn
from .sanitize import Json
from .snapshot import Snapshot

V3_PORT: Final = 4433

type Sink = Callable[[bytes], Awaitable[None]]
type Progress = Callable[[float], None]
type IsWanted = Callable[[], bool]


@dataclass(slots=True)
class Target:
    """The miner that a protocol talks to, and what all protocols for it share.

    `v2_port` and `v3_port` are the ports of V2 and V3. `account` signs the commands of V3, where
    an empty one stands for the account that every miner has. `credential_changes` counts how often
    the password or the account was changed.
    """

    host: str
    v2_port: int
    password: str = field(repr=False)
    queue: Queue
    identity: Identity
    credential_changes: int = 0
    v3_port: int = V3_PORT
    account: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to write a command.

    `name` is that of the command in the protocol. `send` takes the caller's turn, and a function
    that is asked at the last moment whether the command is still wanted. It returns what became
    of the command: accepted, or superseded if it was not wanted. It raises the errors of
    `Miner.send`. If the firmware refuses an `optional` way, the next one is tried.
    """

    name: str
    send: Callable[[Turn, IsWanted], Awaitable[Result]]
    optional: bool = False


class WriteProbe(Enum):
    """How to try, without changing anything, whether the miner takes commands."""

    WRITE = auto()
    """A command that changes nothing at the moment."""
    READ = auto()
    """A read that needs the password; some firmware accepts it while it takes no commands."""
    NONE = auto()
    """Every command would change something now."""


class Protocol(ABC):
    """One way to talk to a miner.

    It opens one connection at a time, in a turn of the queue that all protocols for a miner share.
    It uses readings, and sends commands, only after the identity was confirmed. All methods raise
    the errors that the method of `Miner` with the same name lists. What a protocol need not have
    is not abstract. `name` is stored over restarts of Home Assistant.
    """

    name: ClassVar[str]

    def __init__(self, target: Target) -> None:
        """Store the target; nothing is sent."""
        self._target = target

    async def probe(self) -> bool:
        """Return whether the miner speaks this protocol; nothing is changed.

        The last of `PROTOCOLS` needs no probe.
        """
        return True

    @property
    def may_speak_another(self) -> bool:
        """Return whether the miner has firmware that may speak an earlier one of `PROTOCOLS`.

        It does not answer in it while it is starting.
        """
        return False

    # Reading

    async def reach(self) -> None:
        """Send the first request of a first poll, which may then use its answer."""
        if not await self.probe():
            raise NotAMinerError("it speaks another protocol")

    @abstractmethod
    async def poll(self) -> Snapshot:
        """Return what the miner reports now."""

    async def supplement(self, snapshot: Snapshot) -> Snapshot:
        """Return a snapshot of a better protocol with what only this one reports.

        It comes from the expected miner. That the miner does not answer is no error.
        """
        return snapshot

    @abstractmethod
    async def read_evidence(self) -> Evidence:
        """Return the MAC address that the miner reports now; the caller has the turn."""

    async def firmware(self) -> str | None:
        """Return the firmware version that the confirmed miner reports now."""
        return (await self.poll()).firmware

    @abstractmethod
    def expect_change(self, command: Command) -> None:
        """Let the next poll read what an accepted command has changed."""

    @abstractmethod
    def forget_firmware(self) -> None:
        """Forget what is known of the firmware, because it has changed."""

    # Writing

    @abstractmethod
    def attempts(self, command: Command) -> Sequence[Attempt]:
        """Return the ways to write a command: the next is for firmware that refuses the first.

        Raises:
            UnsupportedCommandError: the protocol has no such command.

        """

    @abstractmethod
    async def is_off(self) -> bool:
        """Return whether the expected miner reports that mining is off; the caller has the turn."""

    @property
    @abstractmethod
    def account(self) -> str:
        """Return the account whose password commands need; the factory sets it to the same word."""

    @abstractmethod
    async def check_password(self, password: str, account: str | None = None) -> None:
        """Check the password of an account without changing anything.

        The account is by default that of the target, an empty one the usual one of the protocol.
        """

    @property
    def write_probe(self) -> WriteProbe:
        """Return how the miner can be probed for write access now."""
        return WriteProbe.READ

    # Raw answers

    @property
    def replies(self) -> Mapping[str, Mapping[str, Json]]:
        """Return the last answer to each readable command as received, secrets included."""
        return {}

    @staticmethod
    def is_readable(command: str) -> bool:
        """Return whether a command, by its name in the protocol, changes nothing."""
        return False

    async def query(self, command: str) -> Mapping[str, Json]:
        """Return the whole answer to a readable command; the caller has the turn."""
        raise unsupported(command)

    # Texts that the owner has stored

    async def customer_messages(self) -> Mapping[str, str]:
        """Return the text of each of `CUSTOMER_MESSAGES`, empty where there is none."""
        raise unsupported("customer_messages")

    # Files

    async def download_logs(self, sink: Sink) -> int:
        """Pass the miner's log to `sink` piece by piece, and return its size in bytes."""
        raise unsupported("download_logs")

    async def update_firmware(
        self, image: AsyncIterator[bytes], size: int, progress: Progress
    ) -> Result:
        """Send a firmware of `size` bytes; `progress` gets the share that was sent (0 to 1)."""
        raise unsupported("update_firmware")
