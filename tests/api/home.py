"""A simulated miner, and a client that finds out which protocol it speaks."""

from typing import Any

import pytest

from custom_components.whatsminer.api import CannotConnectError, Miner
from simulator import SimulatedMiner

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
        self.clock.now += after
        self.miner.advance(after)
        return str((await self.client.poll()).generation)

    async def outage(self) -> None:
        """Have a poll that fails, because the cable of the miner is pulled for a moment."""
        await self.miner.disconnect()
        with pytest.raises(CannotConnectError):
            await self.poll()
        self.miner.reconnect()
