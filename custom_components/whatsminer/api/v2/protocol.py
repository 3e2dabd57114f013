"""V2 of the vendor's API, as `Miner` uses it: V1, V2.0.x and V2.2, on port 4028."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, override

from ..commands import Command, Outcome, Result
from ..decode import written
from ..errors import (
    MalformedReplyError,
    RefusedError,
    WriteAccessClosedError,
    WrongPasswordError,
    unsupported,
)
from ..identity import Evidence
from ..protocol import Attempt, IsWanted, Progress, Protocol, Sink, Target, WriteProbe
from ..queue import Turn, Urgency
from ..readings import Preheating
from ..sanitize import Json
from ..snapshot import Snapshot
from . import fields, transfers
from .cipher import Session
from .commands import CUSTOMER_KEYS, ROWS, Request, requests_for
from .envelope import Answer
from .generations import Generation
from .reader import Reader
from .requests import Requests, is_readable
from .session import Sessions
from .supplement import Supplement


class _NotWantedError(Exception):
    """A newer command has taken the place of one that waited for a token."""


class V2(Protocol):
    """V2 of the vendor's API for one miner."""

    name: ClassVar = "v2"

    def __init__(self, target: Target) -> None:
        """Create the client; nothing is sent."""
        super().__init__(target)
        self._requests = Requests(target.queue, target.host, target.v2_port)
        self.reader = Reader(self._requests, target.identity)
        self._sessions = self._sessions_for(target)
        self._supplement = Supplement(self._requests, target.identity)

    def _sessions_for(self, target: Target) -> Sessions:
        return Sessions(target, self._requests, self.reader.read_evidence)

    @property
    @override
    def may_speak_another(self) -> bool:
        return self.reader.generation is Generation.V2_2

    @property
    @override
    def replies(self) -> Mapping[str, Mapping[str, Json]]:
        return self._requests.replies

    @staticmethod
    @override
    def is_readable(command: str) -> bool:
        return is_readable(command)

    @override
    async def reach(self) -> None:
        await self.reader.reach()

    @override
    async def poll(self) -> Snapshot:
        return await self.reader.poll()

    @override
    async def supplement(self, snapshot: Snapshot) -> Snapshot:
        # Firmware that speaks V3 has this version of V2, which is not polled meanwhile. Commands
        # that fall back to it are written so.
        self.reader.generation = Generation.V2_2
        return await self._supplement.add(snapshot)

    @override
    async def read_evidence(self) -> Evidence:
        return await self.reader.read_evidence()

    @override
    async def firmware(self) -> str | None:
        return await self.reader.firmware()

    @override
    async def query(self, command: str) -> Mapping[str, Json]:
        if not self.is_readable(command):
            raise unsupported(command)
        return await self._requests.plain(command)

    @override
    def expect_change(self, command: Command) -> None:
        row = ROWS.get(command.name)  # another protocol may have sent the command
        if row and row.reported_by:
            self.reader.expect(row.reported_by)

    @override
    def forget_firmware(self) -> None:
        self.reader.forget_firmware()

    @override
    def attempts(self, command: Command) -> Sequence[Attempt]:
        return [
            self._attempt(command, request)
            for request in requests_for(command, self.reader.generation)
        ]

    def _attempt(self, command: Command, request: Request) -> Attempt:
        async def send(turn: Turn, is_wanted: IsWanted) -> Result:
            async def send_under(session: Session) -> Result:
                if not is_wanted():
                    raise _NotWantedError
                answer = await self._requests.sealed(
                    session, request.name, request.parameters
                )
                return Result(Outcome.ACCEPTED, _data(command, answer))

            try:
                return await self._sessions.run(turn, send_under)
            except _NotWantedError:
                return Result(Outcome.SUPERSEDED)

        return Attempt(request.name, send, optional=request.optional)

    @override
    async def is_off(self) -> bool:
        return await self.reader.is_off()

    @property
    @override
    def account(self) -> str:
        return "admin"

    @override
    async def check_password(self, password: str, account: str | None = None) -> None:
        """Check the password of the only account by an encrypted read."""
        sessions = self._sessions_for(replace(self._target, password=password))
        try:
            async with self._target.queue.turn(Urgency.READ) as turn:
                await sessions.run(
                    turn,
                    lambda session: self._requests.sealed(session, "get_version", {}),
                )
        except WrongPasswordError, WriteAccessClosedError:
            raise
        except RefusedError as err:
            if not err.request_sent:  # there is no token to check it with
                raise

    @override
    async def customer_messages(self) -> Mapping[str, str]:
        command = "get_customer_msg"  # the miner refuses it in plain text
        async with self._target.queue.turn(Urgency.QUERY) as turn:
            answer = await self._sessions.run(
                turn, lambda session: self._requests.sealed(session, command, {})
            )
        if not isinstance(answer.message, dict | list):
            raise MalformedReplyError(f"{command}: the answer has no messages")
        found = answer.reading()
        return {name: written(found.get(key)) for name, key in CUSTOMER_KEYS.items()}

    @property
    @override
    def write_probe(self) -> WriteProbe:
        match self.reader.led:
            case "auto":
                return WriteProbe.WRITE
            case None:  # V1 does not report the state of its LED
                return WriteProbe.READ
        return WriteProbe.NONE

    @override
    async def download_logs(self, sink: Sink) -> int:
        async with self._target.queue.turn(Urgency.WRITE) as turn:
            return await self._sessions.run(
                turn,
                lambda session: transfers.download_logs(
                    self._requests, turn, session, sink
                ),
            )

    @override
    async def update_firmware(
        self, image: AsyncIterator[bytes], size: int, progress: Progress
    ) -> Result:
        try:
            async with self._target.queue.turn(Urgency.WRITE) as turn:
                answer = await self._sessions.run(
                    turn,
                    lambda session: transfers.update_firmware(
                        self._requests, session, image, size, progress
                    ),
                )
        finally:
            self.reader.expect("get_version")
        return Result(Outcome.SILENT if answer is None else Outcome.ACCEPTED)


def _data(command: Command, answer: Answer) -> Preheating | None:
    """Return the readings in the answer to a command; only that to preheating has some."""
    if command.name != "preheat":
        return None
    return fields.PREHEATING.read(answer.reading())
