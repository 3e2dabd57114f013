"""TCP connections: what was sent, how they end, and whether a port accepts them."""

import asyncio

import pytest

from custom_components.whatsminer.api.errors import (
    CannotConnectError,
    MalformedReplyError,
    TimedOutError,
)
from custom_components.whatsminer.api.transport import connect, is_listening
from simulator import SimulatedMiner

from . import HOST, Listen
from .file_miner import a_while


async def test_what_is_sent_has_left(listen: Listen) -> None:
    """Before that, `sent` is false."""
    received = []

    async def miner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read())

    async with connect(HOST, await listen(miner), timeout=5) as connection:
        assert not connection.sent
        await connection.send(b"one")
        assert connection.sent
        await connection.send(b"two")
    await a_while()
    assert received == [b"onetwo"]


async def test_what_was_not_taken_in_time_is_never_sent(listen: Listen) -> None:
    """A miner must not act later on a request that was given up."""
    given_up, read = asyncio.Event(), asyncio.Event()
    got = 0

    async def miner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal got
        await given_up.wait()
        try:
            while data := await reader.read(1 << 20):
                got += len(data)
        finally:
            read.set()

    port = await listen(miner)
    with pytest.raises(TimedOutError) as caught:
        async with connect(HOST, port, timeout=0.3) as connection:
            await connection.send(bytes(64 << 20))
    assert not caught.value.request_sent
    given_up.set()
    async with asyncio.timeout(5):
        await read.wait()
    assert got < 64 << 20


@pytest.mark.parametrize("error", [RuntimeError("x"), MalformedReplyError("x")])
async def test_an_error_of_the_user_is_not_one_of_the_connection(
    listen: Listen, error: Exception
) -> None:
    """It is passed on unchanged, and the connection is closed."""
    ended = asyncio.Event()

    async def miner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        ended.set()

    port = await listen(miner)
    with pytest.raises(type(error)):
        async with connect(HOST, port, timeout=5):
            raise error
    async with asyncio.timeout(5):
        await ended.wait()


@pytest.mark.parametrize("sends", [True, False])
async def test_a_lost_connection_tells_how_far_the_request_got(
    listen: Listen, *, sends: bool
) -> None:
    """It shows whether the miner may have acted on the request."""

    async def miner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def use(port: int) -> None:
        async with connect(HOST, port, timeout=5) as connection:
            if sends:
                await connection.send(b"x")
            raise ConnectionResetError

    with pytest.raises(CannotConnectError) as caught:
        await use(await listen(miner))
    assert caught.value.request_sent is sends


async def test_a_trickle_is_let_gather(listen: Listen) -> None:
    """A piece takes more work than the bytes in it."""
    length = 4000

    async def miner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(length):
            writer.write(b"x")
            await asyncio.sleep(0)
        writer.close()

    pieces = []
    async with connect(HOST, await listen(miner), timeout=60) as connection:
        while piece := await connection.receive():
            pieces.append(piece)
    assert b"".join(pieces) == b"x" * length
    assert len(pieces) < length / 10


# Whether a port accepts connections


async def test_whoever_takes_connections_is_listening(listen: Listen) -> None:
    """Nothing is sent, and no connection is left open."""
    received = asyncio.get_running_loop().create_future()

    async def accept(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        received.set_result(await reader.read())

    assert await is_listening(HOST, await listen(accept), timeout=5) is True
    async with asyncio.timeout(5):
        assert await received == b""


async def test_a_miner_is_listening(air_miner: SimulatedMiner) -> None:
    """It receives no request."""
    assert await is_listening(air_miner.host, air_miner.port, timeout=5)
    assert air_miner.requests == []
    await air_miner.disconnect()
    assert not await is_listening(air_miner.host, air_miner.port, timeout=5)


async def test_who_swallows_the_attempt_is_not_listening(full_port: int) -> None:
    """An address without a host behaves like this."""
    assert await is_listening(HOST, full_port, timeout=0.1) is False


@pytest.mark.parametrize(("host", "port"), [("", 4028), (HOST, -1), (HOST, 70000)])
async def test_nobody_is_listening_at_an_impossible_address(
    host: str, port: int
) -> None:
    """It is not an error."""
    assert await is_listening(host, port, timeout=5) is False
