"""The connections to one miner: one at a time, in a queue with the most urgent request first."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import IntEnum
import heapq
from itertools import count
import json

from . import reply
from .cipher import Session
from .reply import Answer
from .sanitize import Json
from .transport import exchange

# A poll has a dozen commands. Queries can join them in many more ways.
_MOST_REPLIES = 16
# Bytes. Answers have some thousand; larger ones are parsed in a thread, the largest are not kept.
_ORDINARY = 16 * 1024
_LARGEST_KEPT = 64 * 1024
_TOO_LARGE: Mapping[str, Json] = {"left_out": "larger than 64 KiB"}


class Urgency(IntEnum):
    """The urgency of a request; of several that wait, the lowest value is next."""

    POWER_OFF = 0
    WRITE = 1
    READ = 2
    QUERY = 3


@dataclass(slots=True, eq=False)
class Turn:
    """The turn of one caller to open connections, which it waits for or has.

    A power off calls `interrupt` to end the turn of another caller; without it, it waits.
    """

    urgency: Urgency
    called: asyncio.Future[None] | None = None
    interrupt: Callable[[], None] | None = None
    interrupted: bool = False


class Line:
    """Opens connections to one miner, one at a time, because its control board copes with one."""

    def __init__(self, host: str, port: int) -> None:
        """Store the address; nothing is sent."""
        self.host = host
        self.port = port
        # The last answer to each plain command; that to `get_token` is secret and not kept.
        self.replies: dict[str, Mapping[str, Json]] = {}
        self._holder: Turn | None = None
        self._order = count(1)
        self._waiting: list[tuple[Urgency, int, Turn]] = []

    @asynccontextmanager
    async def turn(self, urgency: Urgency) -> AsyncIterator[Turn]:
        """Wait for a turn and keep it, for one connection or for a few that belong together."""
        turn = Turn(urgency)
        try:
            if self._holder is None:
                self._holder = turn
            else:
                self._interrupt(self._holder, urgency)
                await self._queue(turn, next(self._order))
            yield turn
        finally:
            if self._holder is turn:
                self._call_next()

    async def give_way(self, turn: Turn) -> None:
        """Let more urgent requests go first, between two connections of a turn."""
        if self._waiting and self._waiting[0][0] < turn.urgency:
            called = self._queue(turn, -next(self._order))  # before equally urgent ones
            self._call_next()
            await called

    def is_overtaken(self, turn: Turn) -> bool:
        """Return whether a more urgent request waits for the end of a turn."""
        return any(
            urgency < turn.urgency and waiting.called and not waiting.called.done()
            for urgency, _, waiting in self._waiting
        )

    @staticmethod
    def _interrupt(holder: Turn, urgency: Urgency) -> None:
        """Interrupt a turn that would delay a power off."""
        if urgency is Urgency.POWER_OFF and holder.interrupt:
            holder.interrupted = True
            holder.interrupt()

    def _queue(self, turn: Turn, order: int) -> asyncio.Future[None]:
        turn.called = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (turn.urgency, order, turn))
        return turn.called

    def _call_next(self) -> None:
        """End the turn, and begin the next one that is still waited for."""
        self._holder = None
        while self._waiting:
            turn = heapq.heappop(self._waiting)[2]
            if turn.called and not turn.called.done():
                self._holder = turn
                turn.called.set_result(None)
                return

    async def ask(self, command: str, urgency: Urgency = Urgency.READ) -> Answer:
        """Take a turn, send a plain command and return its successful answer.

        Raises:
            RefusedError: the miner refused it. Other errors are those of `plain`.

        """
        async with self.turn(urgency):
            return reply.check(await self.plain(command), command)

    async def plain(self, command: str) -> Mapping[str, Json]:
        """Send a plain command and return the whole answer, unchecked; the caller has the turn.

        Raises:
            UnreachableError, NotAMinerError, MalformedReplyError, MiningProcessDownError.

        """
        request = json.dumps({"cmd": command}, separators=(",", ":")).encode()
        raw = await exchange(self.host, self.port, request)
        if len(raw) <= _ORDINARY:
            value = reply.parse(raw, command)
        else:  # parsing would block the event loop for too long
            value = await asyncio.to_thread(reply.parse, raw, command)
        if command != "get_token":
            self._keep(command, value if len(raw) <= _LARGEST_KEPT else _TOO_LARGE)
        return value

    def _keep(self, command: str, value: Mapping[str, Json]) -> None:
        """Keep the answers to the last 16 commands."""
        self.replies.pop(command, None)
        self.replies[command] = value
        if len(self.replies) > _MOST_REPLIES:
            del self.replies[next(iter(self.replies))]

    async def sealed(
        self, session: Session, command: str, parameters: Mapping[str, str | int]
    ) -> Answer:
        """Send an encrypted command and return its successful answer; the caller has the turn.

        Raises:
            RefusedError: the miner refused it. Other errors are those of `plain`.

        """
        request = session.seal(command, parameters)
        return unseal(session, await exchange(self.host, self.port, request), command)


def unseal(session: Session, raw: bytes, command: str) -> Answer:
    """Return the successful answer to an encrypted command.

    A refusal comes in plain text, any other answer encrypted.

    Raises:
        RefusedError, NotAMinerError, MalformedReplyError.

    """
    return reply.check(reply.parse(raw, command, session.open), command)
