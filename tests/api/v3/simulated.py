"""A simulated miner that speaks V3, and its owner."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from custom_components.whatsminer.api.commands import Command, Outcome
from custom_components.whatsminer.api.identity import Identity
from custom_components.whatsminer.api.protocol import Target
from custom_components.whatsminer.api.queue import Queue
from custom_components.whatsminer.api.snapshot import Snapshot
from custom_components.whatsminer.api.v3 import V3
from custom_components.whatsminer.api.writer import Writer
from simulator import Quirk, SimulatedMiner
from simulator.v3 import FIRMWARE_BY_API
from tests.api import HOST, Clock

PASSWORD: Final = "Secret-12"
AIR, HYDRO = "M60S", "M63"
every_version = pytest.mark.parametrize("api", FIRMWARE_BY_API)
every_cooling = pytest.mark.parametrize("model", [AIR, HYDRO])
# What only miners with fans take, and what only the others do.
FAN: Final = {"temperature_offset", "poweroff_cooling", "fan_zero_speed"}
HEAT: Final = {"heat_mode"}


@dataclass
class Owner:
    """A client of a simulated miner, whose time passes for both."""

    miner: SimulatedMiner
    clock: Clock
    password: str = PASSWORD
    account: str = ""
    target: Target = field(init=False)

    def __post_init__(self) -> None:
        """Create the client; nothing is sent."""
        self.target = Target(
            HOST,
            self.miner.port,
            self.password,
            Queue(),
            Identity(self.miner.mac.lower()),
            v3_port=self.miner.v3.port,
            account=self.account,
        )
        self.protocol = V3(self.target)
        self.writer = Writer(self.target.queue)

    def pass_time(self, seconds: float) -> None:
        """Let time pass for both."""
        self.clock.now += seconds
        self.miner.advance(seconds)

    async def poll(self, *, after: float = 30) -> Snapshot:
        """Let time pass and poll."""
        self.pass_time(after)
        return await self.protocol.poll()

    async def send(self, command: Command) -> Outcome:
        """Send a command, a while after the one before, and return what became of it."""
        self.pass_time(120)
        result = await self.writer.send(command, self.protocol)
        if result.is_accepted:
            self.protocol.expect_change(command)
        return result.outcome

    async def tune(self) -> None:
        """Wait until the miner has been tuned."""
        await self.poll(after=2400)


type Meet = Callable[..., Any]


@asynccontextmanager
async def met(
    clock: Clock,
    *quirks: Quirk,
    account: str = "",
    password: str = PASSWORD,
    **how: Any,
) -> AsyncGenerator[Owner]:
    """Return the owner of a miner, to whom it has been known for a while."""
    settings = {"model": AIR, "super_password": PASSWORD, **how}
    async with SimulatedMiner(
        generation="v3", quirks=frozenset(quirks), **settings
    ) as miner:
        yield Owner(miner, clock, password=password, account=account)
        assert miner.peak_connections <= 1
        assert miner.requests == []  # on the port of V2
