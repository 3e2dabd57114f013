"""What a network has for tests of scans and discovery: miners, and others on their port."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Network

import pytest

from custom_components.whatsminer.api import DEFAULT_PORT
from simulator import SimulatedMiner
from tests import loopback_network


@pytest.fixture
def network() -> IPv4Network:
    """Addresses that no other test uses."""
    return loopback_network()


@pytest.fixture
async def miners(network: IPv4Network) -> AsyncGenerator[list[SimulatedMiner]]:
    """One miner of each generation, in the network."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                SimulatedMiner(
                    generation=generation,
                    model=model,
                    host=str(network[number]),
                    port=DEFAULT_PORT,
                )
            )
            for number, generation, model in (
                (30, "v2", "M30S+"),
                (4, "v1", "M20S"),
                (62, "compat", "M63"),
            )
        ]


@dataclass
class Neighbour:
    """A device on a port of miners that is no miner; `heard` is what it was sent."""

    heard: list[bytes] = field(default_factory=list)
    connections: int = 0


@asynccontextmanager
async def neighbour(
    host: str, answer: bytes | None, port: int = DEFAULT_PORT
) -> AsyncGenerator[Neighbour]:
    """Answer everything with the same bytes; None: with nothing, until the other side ends."""
    it = Neighbour()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        it.connections += 1
        if heard := await reader.read(65536):
            it.heard.append(heard)
            if answer is not None:
                writer.write(answer)
            else:
                await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, host, port):
        yield it
