"""The whole demo: simulated miners and a Home Assistant that is ready for them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
import sys

from . import miners
from .client import Client
from .miners import DemoMiner
from .process import HomeAssistant
from .seed import seed


@dataclass(frozen=True, slots=True)
class Demo:
    """What runs."""

    url: str
    client: Client
    home: HomeAssistant
    miners: tuple[DemoMiner, ...]


@asynccontextmanager
async def running(config: Path, port: int, *, own_ports: bool) -> AsyncIterator[Demo]:
    """Run everything for as long as the block lasts; no miner is added yet.

    Args:
        config: the folder of Home Assistant's configuration.
        port: of its web page.
        own_ports: whether the miners have the same ports every time, see `miners`.
    """
    token = seed(config, port)
    url = f"http://127.0.0.1:{port}"
    say("Starting three simulated miners and Home Assistant")
    async with (
        miners.running(own_ports=own_ports) as started,
        Client.open(url, token) as client,
        HomeAssistant(config) as home,
    ):
        await home.wait_until_up(client)
        yield Demo(url, client, home, started)


def say(text: str) -> None:
    """Tell the person at the terminal what goes on."""
    print(f"==> {text}", file=sys.stderr, flush=True)
