"""V3 of the vendor's API, as `Miner` uses it, on port 4433."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Final, override

from .. import commands
from ..commands import Command, Outcome, Result, set_led_auto
from ..decode import first, written
from ..errors import (
    MalformedReplyError,
    PasswordUntriedError,
    RefusedError,
    unsupported,
)
from ..identity import Evidence
from ..protocol import Attempt, IsWanted, Progress, Protocol, Sink, Target, WriteProbe
from ..queue import Turn, Urgency
from ..sanitize import Json
from ..snapshot import Snapshot
from . import device_info, transfers
from .commands import CUSTOMER_KEYS, ROWS, name_of, writes_for
from .envelope import FAILED, Answer
from .fields import SETTINGS
from .read_back import ReadBack
from .reader import DEVICE, PARTS, STATUS, Reader
from .requests import CUSTOMER_DATA, Conversation, Requests
from .session import Session, Write

# The commands that only read, with the parameter that they are sent with.
READABLE: Final[Mapping[str, str | None]] = {
    DEVICE: None,
    STATUS: PARTS,
    **dict.fromkeys(SETTINGS),
    CUSTOMER_DATA: None,
}
# Commands after which the miner may have another salt.
_MAY_CHANGE_SALT: Final = frozenset({"change_password", "factory_reset"})


class V3(Protocol):
    """V3 of the vendor's API for one miner."""

    name: ClassVar = "v3"

    def __init__(self, target: Target) -> None:
        """Create the client; nothing is sent."""
        super().__init__(target)
        self._requests = Requests(target.queue, target.host, target.v3_port)
        self._session = Session(target)
        self._reader = Reader(self._requests, target.identity)
        # Whether the miner has just answered, so that it need not be reached again.
        self._is_reached = False

    @override
    async def probe(self) -> bool:
        """Return whether a miner with a version of V3 answers; nothing is changed.

        Raises:
            UnreachableError: nothing answers, which a miner does not while it restarts.
            MiningProcessDownError: a miner that is starting answers.

        """
        self._is_reached = False
        self._is_reached = await self._reader.probe()
        return self._is_reached

    # Reading

    @override
    async def reach(self) -> None:
        await self._reader.reach()

    @override
    async def poll(self) -> Snapshot:
        return await self._reader.poll()

    @override
    async def read_evidence(self) -> Evidence:
        return await self._reader.read_evidence()

    @override
    async def firmware(self) -> str | None:
        return await self._reader.firmware()

    @override
    def expect_change(self, command: Command) -> None:
        row = ROWS.get(command.name)  # another protocol may have sent the command
        if row and row.reported_by:
            self._reader.expect(row.reported_by)

    @override
    def forget_firmware(self) -> None:
        self._reader.forget_firmware()

    # Writing

    @override
    def attempts(self, command: Command) -> Sequence[Attempt]:
        name = name_of(writes_for(command, self._session.account))

        async def send(turn: Turn, is_wanted: IsWanted) -> Result:
            return await self._send(command, is_wanted)

        return [Attempt(name, send)]

    async def _send(self, command: Command, is_wanted: IsWanted) -> Result:
        """Send a command in one conversation, and read back what it may have changed."""
        writes = writes_for(command, self._session.account)
        async with self._requests.conversation() as conversation:
            await self._reader.confirm(conversation)
            read_back = ReadBack(self._target.host, conversation, command)
            await read_back.begin()
            for write in writes:
                if await self._write(conversation, write, is_wanted) is None:
                    return Result(Outcome.SUPERSEDED)
            if command.name in _MAY_CHANGE_SALT:
                self._session.forget()

            async def put_back(other: Command) -> None:
                for write in writes_for(other, self._session.account):
                    await self._write(conversation, write)

            await read_back.end(put_back, name_of(writes))
        return Result(Outcome.ACCEPTED)

    async def _write(
        self,
        conversation: Conversation,
        write: Write,
        is_wanted: IsWanted = lambda: True,
    ) -> Answer | None:
        """Send one command, in the other way if the firmware finds its parameter invalid."""
        try:
            return await self._session.send(conversation, write, is_wanted=is_wanted)
        except RefusedError as refusal:
            if write.instead is None or type(refusal) is not RefusedError:
                raise
            if refusal.code != FAILED:
                raise
            other = replace(write, param=write.instead, instead=None)
            try:
                return await self._session.send(
                    conversation, other, is_wanted=is_wanted
                )
            except RefusedError:
                raise refusal from None

    @override
    async def is_off(self) -> bool:
        return await self._reader.is_off()

    @property
    @override
    def account(self) -> str:
        return self._session.account

    @override
    async def check_password(self, password: str, account: str | None = None) -> None:
        """Check a password by a signed command that changes nothing.

        The LED stays on auto. If it is not, fast boot stays what it is.

        Raises:
            PasswordUntriedError: neither is known.

        """
        async with (
            self._target.queue.turn(Urgency.READ),
            self._requests.conversation() as conversation,
        ):
            device = await self._reader.confirm_device(conversation)
            command = await _harmless(conversation, device_info.led(device))
            (write,) = writes_for(command, self._session.account)
            try:
                await self._session.send(
                    conversation, write, password=password, account=account
                )
            except RefusedError as err:
                # A refusal for another reason shows that the signature is right.
                if type(err) is not RefusedError or not err.request_sent:
                    raise

    @property
    @override
    def write_probe(self) -> WriteProbe:
        # The check of a password is a command as well; it changes nothing, whatever the LED shows.
        return WriteProbe.WRITE if self._reader.led == "auto" else WriteProbe.READ

    # Raw answers, and texts of the owner

    @property
    @override
    def replies(self) -> Mapping[str, Mapping[str, Json]]:
        return self._requests.replies

    @staticmethod
    @override
    def is_readable(command: str) -> bool:
        return command in READABLE

    @override
    async def query(self, command: str) -> Mapping[str, Json]:
        if command not in READABLE:
            raise unsupported(command)
        async with self._requests.conversation() as conversation:
            return await conversation.raw(command, READABLE[command])

    @override
    async def customer_messages(self) -> Mapping[str, str]:
        async with (
            self._target.queue.turn(Urgency.QUERY),
            self._requests.conversation() as conversation,
        ):
            await self._reader.confirm(conversation)
            found = (await conversation.ask(CUSTOMER_DATA)).reading()
        return {
            name: written(first(found, *keys)) for name, keys in CUSTOMER_KEYS.items()
        }

    # Files

    @override
    async def download_logs(self, sink: Sink) -> int:
        async with self._target.queue.turn(Urgency.WRITE) as turn:
            return await transfers.download_logs(
                self._requests, self._reader, turn, sink
            )

    @override
    async def update_firmware(
        self, image: AsyncIterator[bytes], size: int, progress: Progress
    ) -> Result:
        async with self._target.queue.turn(Urgency.WRITE):
            answer = await transfers.update_firmware(
                self._requests, self._reader, self._session, image, size, progress
            )
        return Result(Outcome.SILENT if answer is None else Outcome.ACCEPTED)


async def _harmless(conversation: Conversation, led: str | None) -> Command:
    """Return a command that changes nothing, as far as the miner says what there is.

    Raises:
        PasswordUntriedError: there is none; nothing was sent.

    """
    if led == "auto":
        return set_led_auto()
    command = ROWS["fast_boot"].reported_by or ""
    try:
        reading = (await conversation.ask(command)).reading()
    except RefusedError, MalformedReplyError:
        reading = {}
    fast_boot = SETTINGS[command].read(reading).fast_boot
    if fast_boot is not None:
        return commands.fast_boot(on=fast_boot)
    if led is None:
        return set_led_auto()
    raise PasswordUntriedError("set.system.led", None, "the LED is not on auto")
