"""Fixtures of the protocol tests."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, suppress
from functools import partial
import socket

import pytest

# Named first, so that this package is found and not the folder of the same name that the
# test plugin brings.
from custom_components.whatsminer.api import Miner, choice, commands, freshness, writer
from custom_components.whatsminer.api.v2 import (
    exchange,
    live_answers,
    requests,
    session,
    slow_answers,
    supplement,
)
from custom_components.whatsminer.api.v3 import slow_settings
from simulator import Quirk, SimulatedMiner
from tests import STRICT

from . import (
    ANOTHER_MAC,
    HOST,
    CannedMiner,
    Clock,
    Handler,
    Listen,
    Owner,
    Polls,
    fixture,
    message,
    table,
)
from .file_miner import Downloads, FileMiner, give_whole
from .home import Home


@pytest.fixture(autouse=True)
def sockets(socket_enabled: None) -> None:
    """Allow real connections on the loopback."""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the client's clock, which stands still until a test turns it."""
    clock = Clock()
    for module in (
        choice,
        freshness,
        live_answers,
        session,
        slow_answers,
        slow_settings,
        supplement,
        writer,
    ):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a miner half a second to answer, for tests in which it hangs."""
    monkeypatch.setattr(requests, "exchange", partial(exchange.exchange, timeout=0.5))


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


@pytest.fixture
def full_port() -> Generator[int]:
    """Return a port that accepts no connection, like one of a host that is powered off."""
    with (
        socket.create_server((HOST, 0), backlog=0) as full,
        socket.socket() as first,
        socket.socket() as second,
    ):
        port: int = full.getsockname()[1]
        for occupied in (first, second):
            occupied.setblocking(False)
            occupied.connect_ex((HOST, port))
        yield port


@pytest.fixture(params=["v1", "v2", "compat"])
async def any_miner(
    request: pytest.FixtureRequest,
) -> AsyncGenerator[SimulatedMiner]:
    """Return a miner of each generation in turn."""
    async with SimulatedMiner(
        generation=request.param, model="M50", quirks=STRICT
    ) as miner:
        yield miner


@pytest.fixture
async def proxied_miner() -> AsyncGenerator[SimulatedMiner]:
    """Return a V1 miner for which its control board answers while the process is down."""
    quirks = {Quirk.PROCESS_DOWN}
    async with SimulatedMiner(generation="v1", model="M20S", quirks=quirks) as miner:
        yield miner


@pytest.fixture
def polls(air_miner: SimulatedMiner, clock: Clock) -> Polls:
    """Return polls of a miner with firmware 2.0.5."""
    return Polls(air_miner, clock)


@pytest.fixture
def old_polls(old_miner: SimulatedMiner, clock: Clock) -> Polls:
    """Return polls of a miner with firmware of the first API, whose MAC address is known."""
    return Polls(old_miner, clock, old_miner.mac.lower())


@pytest.fixture
def any_polls(any_miner: SimulatedMiner, clock: Clock) -> Polls:
    """Return polls of a miner of each generation in turn."""
    return Polls(any_miner, clock)


@pytest.fixture
def client(air_miner: SimulatedMiner, clock: Clock) -> Miner:
    """Return the client of a miner with firmware 2.0.5."""
    return Miner(air_miner.host, air_miner.port, password=air_miner.password)


@pytest.fixture
async def polled(client: Miner, air_miner: SimulatedMiner) -> AsyncGenerator[Miner]:
    """Return a client that has polled before."""
    await client.poll()
    air_miner.requests.clear()
    yield client
    assert air_miner.peak_connections == 1


@pytest.fixture
async def downloads() -> AsyncGenerator[Downloads]:
    """Return a miner that sends its log, unless the test changes that."""
    async with FileMiner(give_whole) as miner:
        yield Downloads(miner)
        assert miner.peak == 1


@pytest.fixture
async def canned() -> AsyncGenerator[CannedMiner]:
    """Return a booting miner with firmware 2.0.5 that sends real answers."""
    answers = {
        "get_version": message({"api_ver": "2.0.5", "fw_ver": "20240924.14.Rel"}),
        "summary": fixture("v2_summary_booting"),
        "pools": table("POOLS"),
        "edevs": table("DEVS"),
        "status": fixture("status_20240924.14.rel"),
        "get_miner_info": message({"mac": ANOTHER_MAC}),
        "get_error_code": message({"error_code": []}),
    }
    async with CannedMiner(answers) as miner:
        yield miner


@pytest.fixture
def owner(air_miner: SimulatedMiner, clock: Clock) -> Owner:
    """Return the owner of a miner with firmware 2.0.5."""
    return Owner(air_miner, clock=clock)


@pytest.fixture
def old_owner(old_miner: SimulatedMiner, clock: Clock) -> Owner:
    """Return the owner of a miner with firmware of the first API."""
    return Owner(old_miner, clock=clock)


@pytest.fixture
def new_owner(hydro_miner: SimulatedMiner, clock: Clock) -> Owner:
    """Return the owner of a water-cooled miner with V2.2 firmware."""
    return Owner(hydro_miner, clock=clock)


@pytest.fixture
async def owner_with_token(owner: Owner) -> Owner:
    """Return an owner whose token was used before."""
    await owner.send(commands.set_led_auto())
    owner.forget()
    return owner


@pytest.fixture(params=[False, True], ids=["cold", "with-token"])
async def any_owner(request: pytest.FixtureRequest, owner: Owner) -> Owner:
    """Return an owner without a token, and one with a token."""
    if request.param:
        await owner.send(commands.set_led_auto())
        owner.forget()
    return owner


@pytest.fixture
async def home(clock: Clock) -> AsyncGenerator[Home]:
    """Return a miner that speaks V3."""
    async with SimulatedMiner(
        generation="v3", model="M60S", quirks={Quirk.DROPPED_RESTARTS}
    ) as miner:
        yield Home(miner, clock, miner.v3.port, password=miner.password)
        assert miner.peak_connections <= 1
