"""The queue of the requests for one miner: one turn at a time, the most urgent first."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import IntEnum
import heapq
from itertools import count


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


class Queue:
    """Gives turns to the requests for one miner: its control board copes with one at a time.

    There is one queue for all ports of the miner.
    """

    def __init__(self) -> None:
        """Begin with no request."""
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
