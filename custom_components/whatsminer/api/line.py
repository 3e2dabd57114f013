"""The one line to a miner: a single connection at a time, the most urgent request first."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from enum import IntEnum
import heapq
from itertools import count
import json

from . import reply
from .cipher import Session
from .errors import MalformedReplyError, NotAMinerError
from .reply import Answer, Json
from .transport import exchange


class Urgency(IntEnum):
    """Who goes next when several wait."""

    POWER_OFF = 0
    WRITE = 1
    READ = 2


class Line:
    """Orders the connections to one miner; its control board copes with one at a time."""

    def __init__(self, host: str, port: int) -> None:
        """Prepare; nothing is sent."""
        self.host = host
        self.port = port
        self._busy = False
        self._order = count()
        self._waiting: list[tuple[Urgency, int, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def turn(self, urgency: Urgency) -> AsyncIterator[None]:
        """Hold the line for one connection."""
        if self._busy:
            called = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (urgency, next(self._order), called))
            try:
                await called
            except asyncio.CancelledError:
                if called.done() and not called.cancelled():
                    self._hand_over()
                raise
        self._busy = True
        try:
            yield
        finally:
            self._hand_over()

    def _hand_over(self) -> None:
        """Call the next one up; the line stays busy in between, so that nobody jumps in."""
        while self._waiting:
            called = heapq.heappop(self._waiting)[2]
            if not called.done():
                called.set_result(None)
                return
        self._busy = False

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
        return reply.parse(await exchange(self.host, self.port, request), command)

    async def sealed(
        self, session: Session, command: str, parameters: Mapping[str, str | int]
    ) -> Answer:
        """Send an encrypted command and return its successful answer; the caller has the turn.

        Raises:
            RefusedError: and all that `plain` raises.

        """
        request = session.seal(command, parameters)
        value = reply.parse(await exchange(self.host, self.port, request), command)
        # Refusals come in plain text, everything else under the key.
        if isinstance(data := value.get("enc"), str):
            try:
                value = reply.parse(session.open(data), command)
            except NotAMinerError as err:
                raise MalformedReplyError("the answer cannot be decrypted") from err
        return reply.check(value, command)
