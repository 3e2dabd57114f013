"""How responsive Home Assistant is: the time of its pings, and the polls of good miners."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from demo_instance import DemoError
from demo_instance.client import Client
from demo_instance.miners import DemoMiner

_SECONDS_BETWEEN = 0.05
_SECONDS_TO_DIE = 15.0


class GoneError(DemoError):
    """Home Assistant does not answer any more, so that nothing can be verified."""


@dataclass(slots=True)
class Figures:
    """The figures of a part of the run.

    Attributes:
        seconds: how long it was.
        worst: seconds that a ping took at most.
        polls: when each good miner was polled, by its MAC address.
        writes: how often each file of our integration was written.
    """

    seconds: float = 0.0
    worst: float = 0.0
    polls: dict[str, list[float]] = field(default_factory=dict)
    writes: Counter[str] = field(default_factory=Counter)

    def late(self, interval: float) -> float:
        """Return the longest time without a poll of some good miner, in intervals."""
        return max(map(self._longest_gap, self.polls.values()), default=0.0) / interval

    def _longest_gap(self, times: Sequence[float]) -> float:
        """Return the longest time between two polls, and from the last one to the end."""
        return max(after - before for before, after in pairwise([*times, self.seconds]))


class Pulse:
    """Measures a Home Assistant and the polls of its miners."""

    def __init__(
        self, client: Client, miners: Sequence[DemoMiner], config: Path
    ) -> None:
        """Prepare; nothing is sent."""
        self._client = client
        self._miners = miners
        self._storage = config / ".storage"
        self._written: dict[str, int] = {}

    @asynccontextmanager
    async def taking(self) -> AsyncIterator[Figures]:
        """Measure for as long as the block lasts.

        Raises:
            GoneError: there has been no answer for too long.
        """
        loop = asyncio.get_running_loop()
        figures = Figures()
        begin = loop.time()
        try:
            async with asyncio.timeout(None) as end:
                beating = asyncio.create_task(self._beat(figures, begin, end))
                try:
                    yield figures
                finally:
                    beating.cancel()
                    with suppress(asyncio.CancelledError):
                        await beating
                    figures.seconds = loop.time() - begin
        except TimeoutError:
            if end.expired():
                raise GoneError(
                    f"Home Assistant has not answered for {_SECONDS_TO_DIE:.0f} s"
                ) from None
            raise

    async def _beat(self, figures: Figures, begin: float, end: asyncio.Timeout) -> None:
        loop = asyncio.get_running_loop()
        # Earlier requests do not count.
        seen = {miner.mac: len(miner.miner.requests) for miner in self._miners}
        figures.polls = {miner.mac: [0.0] for miner in self._miners}
        self._count_writes(Counter())
        while True:
            sent = loop.time()
            try:
                async with asyncio.timeout(_SECONDS_TO_DIE):
                    await self._client.ping()
            except TimeoutError, DemoError:
                end.reschedule(loop.time())
                return
            figures.worst = max(figures.worst, loop.time() - sent)
            for miner in self._miners:
                requests = miner.miner.requests
                new = requests[seen[miner.mac] :]
                seen[miner.mac] = len(requests)
                if any("edevs" in str(request.get("cmd")) for request in new):
                    figures.polls[miner.mac].append(loop.time() - begin)
            self._count_writes(figures.writes)
            await asyncio.sleep(_SECONDS_BETWEEN)

    def _count_writes(self, writes: Counter[str]) -> None:
        for path in self._storage.glob("whatsminer.*"):
            with suppress(FileNotFoundError):  # it is being replaced
                time = path.stat().st_mtime_ns
                if time != self._written.get(path.name):
                    self._written[path.name] = time
                    writes[path.name] += 1
