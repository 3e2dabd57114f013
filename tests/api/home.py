"""A simulated miner, and a client that finds out which protocol it speaks."""

from typing import Any

import pytest

from custom_components.whatsminer.api import CannotConnectError, Miner
from simulator import SimulatedMiner
from tests import names_of

from . import Clock


class Home:
    """A miner and its client; time passes for both."""

    def __init__(
        self, miner: SimulatedMiner, clock: Clock, port: int, **how: Any
    ) -> None:
        """Create the client; nothing is sent. `port` is where V3 is asked for."""
        self.miner = miner
        self.clock = clock
        self.client = Miner(
            miner.host, miner.port, v3_port=port, mac=miner.mac.lower(), **how
        )

    async def poll(self, *, after: float = 30) -> str:
        """Let time pass and poll; return the generation of the snapshot."""
        self.pass_time(after)
        return str((await self.client.poll()).generation)

    def pass_time(self, seconds: float) -> None:
        """Let time pass for both."""
        self.clock.now += seconds
        self.miner.advance(seconds)

    @property
    def is_polled_over_v2(self) -> bool:
        """Return whether the miner was asked over V2 for more than V3 does not have."""
        added = {"get_miner_info", "pools", "status"}
        return not added.issuperset(names_of(self.miner.requests))

    async def outage(self) -> None:
        """Have a poll that fails, because the cable of the miner is pulled for a moment."""
        await self.miner.disconnect()
        with pytest.raises(CannotConnectError):
            await self.poll()
        self.miner.reconnect()
