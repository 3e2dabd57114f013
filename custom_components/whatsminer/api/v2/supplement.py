"""What only V2 reports of a miner that is read over V3: shares, difficulty, and why it is off."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
import time
from typing import Final

from ..errors import NoMacError, UnreachableError, WhatsminerError, WrongMinerError
from ..identity import Identity
from ..readings import Pool
from ..snapshot import Snapshot
from . import fields
from .envelope import NOTHING, Answer
from .requests import Requests

_INTERVAL: Final = 300.0
# A port that does not answer, as behind a firewall, is asked less and less often, in the end once
# in so many seconds. Each time a command may have to wait for the answer.
_LONGEST_INTERVAL: Final = 3600.0
_SECONDS_TO_ANSWER: Final = 4.0
# An answer is used for so many seconds, if no newer one comes.
_KEPT_FOR: Final = 1000.0
READINGS: Final = frozenset({"accepted_shares", "rejected_shares", "stop_reason"})


class Supplement:
    """Reads over V2 what another protocol does not report; every poll can do without it.

    It takes one connection when mining is switched, and every few minutes: the pools while mining
    is on, and the status while it is off. Before the first of them, and after every failure, it
    takes another one to compare the MAC address: behind a router that forwards ports, another
    miner may answer, which mines for the same worker at the same pool.
    """

    def __init__(self, requests: Requests, identity: Identity) -> None:
        """Begin without an answer; nothing is sent."""
        self._requests = requests
        self._identity = identity
        # Whether the expected miner answers over V2, as far as is known.
        self._is_confirmed = False
        self._mining: bool | None = None
        self._due = 0.0
        self._interval = _INTERVAL
        self._answer = NOTHING
        self._read = 0.0
        self._has_answered = False

    async def add(self, snapshot: Snapshot) -> Snapshot:
        """Return a snapshot with these readings, as far as the miner reports them over V2.

        Once it has, they belong to what its firmware reports.
        """
        now, mining = time.monotonic(), snapshot.mining
        if mining is not self._mining:  # it begins to count anew, or has another reason
            self._mining, self._answer, self._due = mining, NOTHING, now
        if now >= self._due:
            self._due = now + self._interval
            command = "status" if mining is False else "pools"
            try:
                async with asyncio.timeout(_SECONDS_TO_ANSWER):
                    self._answer = await self._ask(command)
            except (UnreachableError, TimeoutError, WrongMinerError, NoMacError) as err:
                self._is_confirmed = False
                self._interval = min(2 * self._interval, _LONGEST_INTERVAL)
                if isinstance(err, WrongMinerError | NoMacError):
                    self._answer = NOTHING  # it may have been that miner's as well
            except WhatsminerError:
                self._is_confirmed = False
            else:
                self._read, self._has_answered = now, True
                self._interval, self._due = _INTERVAL, now + _INTERVAL
        if not self._has_answered:
            return snapshot
        answer = self._answer if now - self._read < _KEPT_FOR else NOTHING
        support = replace(
            snapshot.support, readings=snapshot.support.readings | READINGS
        )
        return replace(
            snapshot,
            support=support,
            pools=tuple(_counted(snapshot.pools, answer)),
            stop_reason=fields.stop_reason(answer.reading()),
        )

    async def _ask(self, command: str) -> Answer:
        """Return the answer of the expected miner.

        This says nothing of the miner that answers over the other protocol, so that `Identity` is
        only read.
        """
        if not self._is_confirmed:
            info = await self._requests.ask("get_miner_info")
            mac = fields.info_mac(info.reading())
            if mac is None or self._identity.mac is None:
                raise NoMacError("the miner reports no MAC address over V2")
            if mac != self._identity.mac:
                raise WrongMinerError(self._identity.mac, mac)
            self._is_confirmed = True
        return await self._requests.ask(command)


def _counted(pools: Iterable[Pool], answer: Answer) -> Iterable[Pool]:
    """Return the pools with what V2 counts for the same worker at the same pool."""
    found = {
        (pool.url, pool.worker): pool for pool in fields.pools(answer.rows("POOLS"))
    }
    for pool in pools:
        counted = found.get((pool.url, pool.worker), Pool())
        yield replace(
            pool,
            accepted_shares=counted.accepted_shares,
            rejected_shares=counted.rejected_shares,
            difficulty=counted.difficulty
            if pool.difficulty is None
            else pool.difficulty,
        )
