"""The owner of a miner, who sends it commands and polls it."""

from dataclasses import dataclass, field
from typing import Any

from custom_components.whatsminer.api.commands import Command, Outcome, Result
from custom_components.whatsminer.api.protocol import Target
from custom_components.whatsminer.api.snapshot import Snapshot
from custom_components.whatsminer.api.v3 import V3
from custom_components.whatsminer.api.v3.reader import Reader
from custom_components.whatsminer.api.v3.requests import Requests
from custom_components.whatsminer.api.writer import Writer
from tests.api import Clock

from .framed_miner import FramedMiner

# What a steady poll asks for, and what comes along every few minutes.
STATUS = "get.miner.status summary+pools+edevs"
LIVE = ["get.device.info", STATUS]
SLOW = ["get.system.setting", "get.miner.setting", "get.fan.setting"]


@dataclass
class Owner:
    """A writer that knows a miner by its MAC address."""

    miner: FramedMiner
    target: Target
    protocol: V3 = field(init=False)
    writer: Writer = field(init=False)

    def __post_init__(self) -> None:
        """Create the protocol; nothing is sent."""
        self.protocol = V3(self.target)
        self.writer = Writer(self.target.queue)

    async def send(self, command: Command) -> Result:
        """Send a command."""
        return await self.writer.send(command, self.protocol)

    async def accepted(self, command: Command) -> None:
        """Send a command, which the miner has to accept."""
        assert (await self.send(command)).outcome is Outcome.ACCEPTED


@dataclass
class Polls:
    """Polls of a miner; time passes between them, and its clocks go on."""

    miner: FramedMiner
    target: Target
    requests: Requests
    clock: Clock
    reader: Reader = field(init=False)

    def __post_init__(self) -> None:
        """Create the reader; nothing is sent."""
        self.reader = Reader(self.requests, self.target.identity)

    @property
    def summary(self) -> dict[str, Any]:
        """Return the summary that the miner answers with."""
        summary: dict[str, Any] = self.miner.answers["get.miner.status"]["summary"]
        return summary

    async def poll(self, *, after: float = 30) -> Snapshot:
        """Let time pass and poll."""
        self.clock.now += after
        answer = self.miner.answers.get("get.miner.status")
        if isinstance(answer, dict) and isinstance(answer.get("summary"), dict):
            for name in ("elapsed", "bootup-time"):
                answer["summary"][name] += after
        self.miner.forget()
        return await self.reader.poll()
