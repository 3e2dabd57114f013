"""The one line to a miner: a single connection at a time, the most urgent request first."""

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

# A poll has a dozen commands; a query may join them in any order.
_MOST_REPLIES = 16
# Answers of miners have some thousand bytes. Others are read, but not kept.
_ORDINARY = 16 * 1024
_LARGEST_KEPT = 64 * 1024
_TOO_LARGE: Mapping[str, Json] = {"left_out": "larger than 64 KiB"}


class Urgency(IntEnum):
    """Who goes next when several wait."""

    POWER_OFF = 0
    WRITE = 1
    READ = 2
    QUERY = 3


@dataclass(slots=True, eq=False)
class Turn:
    """A place on the line, held or waited for.

    `interrupt` ends what goes on in it when a power off comes; without it, that waits.
    """

    urgency: Urgency
    called: asyncio.Future[None] | None = None
    interrupt: Callable[[], None] | None = None
    interrupted: bool = False


class Line:
    """Orders the connections to one miner; its control board copes with one at a time."""

    def __init__(self, host: str, port: int) -> None:
        """Prepare; nothing is sent."""
        self.host = host
        self.port = port
        # The last answer to each plain command; that of `get_token` is nobody's business.
        self.replies: dict[str, Mapping[str, Json]] = {}
        self._holder: Turn | None = None
        self._order = count(1)
        self._waiting: list[tuple[Urgency, int, Turn]] = []

    @asynccontextmanager
    async def turn(self, urgency: Urgency) -> AsyncIterator[Turn]:
        """Hold the line, for one connection or for a few that belong together."""
        turn = Turn(urgency)
        try:
            if self._holder is None:
                self._holder = turn
            else:
                self._hurry(self._holder, urgency)
                await self._queue(turn, next(self._order))
            yield turn
        finally:
            if self._holder is turn:
                self._hand_over()

    async def give_way(self, turn: Turn) -> None:
        """Between two connections of a turn, let what is more urgent go first."""
        if self._waiting and self._waiting[0][0] < turn.urgency:
            called = self._queue(turn, -next(self._order))  # before its equals
            self._hand_over()
            await called

    def is_overtaken(self, turn: Turn) -> bool:
        """Tell whether somebody more urgent waits for the end of a turn."""
        return any(
            urgency < turn.urgency and waiting.called and not waiting.called.done()
            for urgency, _, waiting in self._waiting
        )

    @staticmethod
    def _hurry(holder: Turn, urgency: Urgency) -> None:
        """End what must not hold up a power off."""
        if urgency is Urgency.POWER_OFF and holder.interrupt:
            holder.interrupted = True
            holder.interrupt()

    def _queue(self, turn: Turn, order: int) -> asyncio.Future[None]:
        turn.called = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (turn.urgency, order, turn))
        return turn.called

    def _hand_over(self) -> None:
        """Call up the next one that still waits."""
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
            RefusedError: and all that `plain` raises.

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
        else:  # it takes longer than the event loop should be held
            value = await asyncio.to_thread(reply.parse, raw, command)
        if command != "get_token":
            self._keep(command, value if len(raw) <= _LARGEST_KEPT else _TOO_LARGE)
        return value

    def _keep(self, command: str, value: Mapping[str, Json]) -> None:
        """Keep the answer. Of more than 16 commands, the oldest is forgotten."""
        self.replies.pop(command, None)
        self.replies[command] = value
        if len(self.replies) > _MOST_REPLIES:
            del self.replies[next(iter(self.replies))]

    async def sealed(
        self, session: Session, command: str, parameters: Mapping[str, str | int]
    ) -> Answer:
        """Send an encrypted command and return its successful answer; the caller has the turn.

        Raises:
            RefusedError: and all that `plain` raises.

        """
        request = session.seal(command, parameters)
        return unseal(session, await exchange(self.host, self.port, request), command)


def unseal(session: Session, raw: bytes, command: str) -> Answer:
    """Return the successful answer to an encrypted command.

    Refusals come in plain text, everything else under the key.

    Raises:
        RefusedError, NotAMinerError, MalformedReplyError.

    """
    return reply.check(reply.parse(raw, command, session.open), command)
