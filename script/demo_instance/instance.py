"""The whole demo: simulated miners and a Home Assistant that is ready for them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
import sys

from . import miners
from .client import Client
from .loopback import HOME, pick_network
from .miners import MORE_PLANS, PLANS, DemoMiner, Plan
from .process import HomeAssistant
from .seed import seed


@dataclass(frozen=True, slots=True)
class Demo:
    """The parts of a running demo.

    Attributes:
        network: the network that is scanned for the miners.
        miners: the miners to add.
        more: further miners, left to the visitor.
    """

    url: str
    client: Client
    home: HomeAssistant
    network: IPv4Network
    miners: tuple[DemoMiner, ...]
    more: tuple[DemoMiner, ...]

    def miner(self, plan: Plan) -> DemoMiner:
        """Return the miner that follows a plan."""
        return next(miner for miner in self.miners if miner.plan is plan)


@asynccontextmanager
async def running(config: Path, port: int, *, for_visitor: bool) -> AsyncIterator[Demo]:
    """Run everything for as long as the block lasts; no miner is added yet.

    Args:
        config: the folder of Home Assistant's configuration.
        port: of its web page.
        for_visitor: whether it is for a person: the miners have the same addresses every
            time, and there are more to find. If not, they are in a network of their own.
    """
    network = HOME if for_visitor else pick_network()
    more_plans = MORE_PLANS if for_visitor else ()
    token = seed(config, port)
    url = f"http://127.0.0.1:{port}"
    say("Starting simulated miners and Home Assistant")
    async with (
        miners.running(PLANS, network) as started,
        miners.running(more_plans, network) as more,
        HomeAssistant(config) as home,
        # The client ends first: Home Assistant waits 10 s for one that stays connected.
        Client.open(url, token) as client,
    ):
        await home.wait_until_up(client)
        yield Demo(url, client, home, network, started, more)


def say(text: str) -> None:
    """Print what happens, for the person at the terminal."""
    print(f"==> {text}", file=sys.stderr, flush=True)
