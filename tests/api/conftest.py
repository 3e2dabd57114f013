"""Fixtures of the protocol tests."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, suppress
from functools import partial

import pytest

# Named first, so that this package is found and not the folder of the same name that the
# test plugin brings.
from custom_components.whatsminer.api import line, reader, transport, writer
from simulator import SimulatedMiner

from . import HOST, Clock, Handler, Listen
from .file_miner import Downloads, FileMiner, give_whole


@pytest.fixture(autouse=True)
def sockets(socket_enabled: None) -> None:
    """Allow real connections on the loopback."""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the client's clock, which stands still until a test turns it."""
    clock = Clock()
    monkeypatch.setattr(reader, "time", clock)
    monkeypatch.setattr(writer, "time", clock)
    return clock


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a miner half a second to answer, for tests in which it hangs."""
    monkeypatch.setattr(line, "exchange", partial(transport.exchange, timeout=0.5))


@pytest.fixture
async def listen() -> AsyncGenerator[Listen]:
    """Return a function that opens a port, served by a function of the test."""
    async with AsyncExitStack() as stack:
        tasks: set[asyncio.Task[None]] = set()

        async def open_port(handle: Handler) -> int:
            async def serve(
                reader: asyncio.StreamReader, writer: asyncio.StreamWriter
            ) -> None:
                with suppress(ConnectionError):
                    await handle(reader, writer)
                writer.close()
                with suppress(ConnectionError):
                    await writer.wait_closed()

            def accept(
                reader: asyncio.StreamReader, writer: asyncio.StreamWriter
            ) -> None:
                tasks.add(asyncio.create_task(serve(reader, writer)))

            server = await asyncio.start_server(accept, HOST, 0)
            stack.callback(server.close)
            port: int = server.sockets[0].getsockname()[1]
            return port

        yield open_port
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture(params=["v1", "v2", "compat"])
async def any_miner(
    request: pytest.FixtureRequest,
) -> AsyncGenerator[SimulatedMiner]:
    """Return a miner of each generation in turn."""
    async with SimulatedMiner(generation=request.param, model="M50") as miner:
        yield miner


@pytest.fixture
async def downloads() -> AsyncGenerator[Downloads]:
    """Return a miner that sends its log, unless the test changes that."""
    async with FileMiner(give_whole) as miner:
        yield Downloads(miner)
        assert miner.peak == 1
