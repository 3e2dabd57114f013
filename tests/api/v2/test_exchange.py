"""One request on one connection, for anything that the other side may do."""

import _socket
import asyncio
import errno
import json
import socket
import struct

import pytest

from custom_components.whatsminer.api import v2
from custom_components.whatsminer.api.errors import (
    CannotConnectError,
    MalformedReplyError,
    TimedOutError,
)
from custom_components.whatsminer.api.v2.exchange import exchange
from custom_components.whatsminer.api.v2.object_stream import MAX_REPLY
from simulator import Quirk, SimulatedMiner
from tests.api import HOST, Handler, Listen

REQUEST = b'{"cmd":"summary"}'
ANSWER = (
    b'{"STATUS":[{"STATUS":"S","Msg":"Summary"}],"SUMMARY":[{"Elapsed":24}],"id":1}'
)


def answering(answer: bytes, *, stays: bool = False) -> Handler:
    """Return a miner that reads a request, answers it, and closes unless it stays."""

    async def miner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(answer)
        if stays:
            await reader.read()

    return miner


async def test_the_request_goes_out_as_it_is_and_the_answer_comes_back_as_it_is(
    listen: Listen,
) -> None:
    """The request gets no newline and no early end, and nothing is decoded."""
    received = []

    async def miner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await reader.read(1000))
        received.append(b"ended" if reader.at_eof() else b"open")
        writer.write(ANSWER + b"\0\xff")

    assert await exchange(HOST, await listen(miner), REQUEST) == ANSWER + b"\0\xff"
    assert received == [REQUEST, b"open"]


async def test_an_answer_in_several_segments_is_put_together() -> None:
    """These are the miner's own segments, with pauses between them."""
    async with SimulatedMiner(quirks={Quirk.SPLIT_WRITES}) as miner:
        answer = await exchange(miner.host, miner.port, REQUEST)
    assert json.loads(answer)["SUMMARY"][0]["Elapsed"] == 86400


async def test_a_slow_answer_is_waited_for(listen: Listen) -> None:
    """The bytes so far are kept, even if they resemble a whole answer."""
    paused, go_on = asyncio.Event(), asyncio.Event()
    part = ANSWER.index(b"}") + 1  # the end of the first object inside

    async def miner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(ANSWER[:part])
        await writer.drain()
        paused.set()
        await go_on.wait()
        for byte in ANSWER[part:]:
            writer.write(bytes([byte]))
            await writer.drain()

    asked = asyncio.create_task(exchange(HOST, await listen(miner), REQUEST))
    await paused.wait()
    go_on.set()
    assert await asked == ANSWER


@pytest.mark.parametrize("end", [b"", b"\0", b"\n", b"\r\n\0"])
async def test_a_whole_answer_is_used_although_the_connection_stays_open(
    listen: Listen, monkeypatch: pytest.MonkeyPatch, end: bytes
) -> None:
    """Some proxies let the client close."""
    monkeypatch.setattr(v2.exchange, "_CLOSE_GRACE", 0.01)
    port = await listen(answering(ANSWER + end, stays=True))
    answer = await exchange(HOST, port, REQUEST, timeout=5)
    assert answer == ANSWER + end


async def test_a_miner_that_never_answers_times_out(listen: Listen) -> None:
    """It may have acted on the request all the same."""
    port = await listen(answering(b"", stays=True))
    with pytest.raises(TimedOutError) as caught:
        await exchange(HOST, port, REQUEST, timeout=0.1)
    assert caught.value.request_sent


@pytest.mark.parametrize("part", [ANSWER[:20], ANSWER[: ANSWER.index(b"}") + 1]])
async def test_an_answer_that_stops_half_way_times_out(
    listen: Listen, part: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part is not an answer."""
    monkeypatch.setattr(v2.exchange, "_CLOSE_GRACE", 0.01)
    port = await listen(answering(part, stays=True))
    with pytest.raises(TimedOutError) as caught:
        await exchange(HOST, port, REQUEST, timeout=0.1)
    assert caught.value.request_sent


async def test_an_answer_that_ends_half_way_is_left_to_the_parser(
    listen: Listen,
) -> None:
    """Only the parser knows which commands may be cut short."""
    port = await listen(answering(ANSWER[:20]))
    assert await exchange(HOST, port, REQUEST) == ANSWER[:20]


async def test_closing_without_an_answer_is_a_lost_connection(listen: Listen) -> None:
    """The request arrived and may have been carried out."""
    port = await listen(answering(b""))
    with pytest.raises(CannotConnectError) as caught:
        await exchange(HOST, port, REQUEST)
    assert caught.value.request_sent


@pytest.mark.parametrize("part", [b"", ANSWER[:20]], ids=["before", "within"])
async def test_a_reset_is_a_lost_connection(listen: Listen, part: bytes) -> None:
    """It comes before or within the answer."""
    arrived = asyncio.Event()

    async def miner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(part)
        await writer.drain()
        connection = writer.get_extra_info("socket")
        connection.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        writer.transport.abort()
        arrived.set()

    with pytest.raises(CannotConnectError) as caught:
        await exchange(HOST, await listen(miner), REQUEST)
    assert caught.value.request_sent
    assert arrived.is_set()


async def test_a_refused_connection_has_sent_nothing() -> None:
    """No program listens on the port."""
    async with SimulatedMiner() as miner:
        port = miner.port
    with pytest.raises(CannotConnectError) as caught:
        await exchange(HOST, port, REQUEST)
    assert not caught.value.request_sent


async def test_a_connection_that_is_not_accepted_in_time_has_sent_nothing(
    full_port: int,
) -> None:
    """The host does not react, like one that is powered off."""
    with pytest.raises(TimedOutError) as caught:
        await exchange(HOST, full_port, REQUEST, timeout=0.1)
    assert not caught.value.request_sent


async def test_a_request_that_is_not_taken_whole_counts_as_not_sent(
    listen: Listen,
) -> None:
    """A miner cannot act on a part of it."""

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reader.set_exception(ConnectionError())
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.Event().wait()

    with pytest.raises(TimedOutError) as caught:
        await exchange(HOST, await listen(deaf), bytes(64 << 20), timeout=0.5)
    assert not caught.value.request_sent


async def test_a_connection_that_the_system_gives_up_is_a_timeout(
    listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cable was pulled during the answer."""
    connect = asyncio.open_connection
    ours: list[asyncio.StreamReader] = []

    async def connect_and_keep(
        host: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await connect(host, port)
        ours.append(reader)
        return reader, writer

    async def miner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        ours[0].set_exception(TimeoutError(errno.ETIMEDOUT, "Connection timed out"))
        await reader.read()

    monkeypatch.setattr(asyncio, "open_connection", connect_and_keep)
    with pytest.raises(TimedOutError) as caught:
        await exchange(HOST, await listen(miner), REQUEST)
    assert caught.value.request_sent


@pytest.mark.parametrize("port", [-1, 0, 65536, 70000])
async def test_an_impossible_port_is_no_connection(port: int) -> None:
    """It fails like any other wrong address."""
    with pytest.raises(CannotConnectError) as caught:
        await exchange(HOST, port, REQUEST)
    assert not caught.value.request_sent


@pytest.mark.parametrize(
    "host",
    [
        "",
        "..",
        "a..b",
        "x" * 300,
        "host name",
        "http://127.0.0.1",
        "127.0.0.1:1",
        "a\0b",
    ],
)
async def test_an_impossible_host_is_no_connection(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """People may type anything."""

    def resolve(
        host: str, port: int, family: int, type: int, proto: int, flags: int
    ) -> object:  # without asking a name server
        return _socket.getaddrinfo(
            host, port, family, type, proto, socket.AI_NUMERICHOST
        )

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(CannotConnectError) as caught:
        await exchange(host, 4028, REQUEST)
    assert not caught.value.request_sent


async def test_an_answer_may_be_one_mebibyte_long(listen: Listen) -> None:
    """This is the longest that is allowed."""
    longest = b'{"a":"' + b"x" * (MAX_REPLY - 8) + b'"}'
    assert MAX_REPLY == 1024 * 1024
    port = await listen(answering(longest))
    assert await exchange(HOST, port, REQUEST) == longest


@pytest.mark.parametrize("end", ["ended", "endless"])
async def test_a_longer_answer_is_malformed(listen: Listen, end: str) -> None:
    """It may be whole JSON, or have no end."""
    too_long = b'{"a":"' + b"x" * (MAX_REPLY - 7) + b'"}'
    assert len(too_long) == MAX_REPLY + 1

    async def miner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(too_long)
        while end == "endless":
            writer.write(bytes(65536))
            await writer.drain()

    with pytest.raises(MalformedReplyError):
        await exchange(HOST, await listen(miner), REQUEST, timeout=5)


async def test_a_miner_is_let_go_of_whatever_happens(listen: Listen) -> None:
    """The control board copes with few connections, so none is left open."""
    ended = asyncio.Event()

    async def miner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        asked.cancel()
        await reader.read()
        ended.set()

    asked = asyncio.create_task(exchange(HOST, await listen(miner), REQUEST))
    with pytest.raises(asyncio.CancelledError):
        await asked
    async with asyncio.timeout(5):
        await ended.wait()


# Whatever else may answer there

PROCESS_DOWN = b"Socket connect failed: Connection refused\n"
NO_MINERS = {
    "ssh": b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n",
    "telnet": b"\xff\xfd\x18\xff\xfd\x20\xff\xfd\x23\xff\xfd\x27",
    "http": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "ftp": b"220 ready\r\n",
    "tls": b"\x15\x03\x01\x00\x02\x02\x46",
    "list": b'[{"STATUS":"S"}]',
    "almost": b"Socket connect failure",
}


@pytest.mark.parametrize("padding", [b"", b"\0", b"\r\n "])
@pytest.mark.parametrize("banner", NO_MINERS.values(), ids=NO_MINERS)
async def test_what_is_no_miner_is_left_at_once(
    listen: Listen, banner: bytes, padding: bytes
) -> None:
    """It would wait for another request. Its bytes go to the parser."""
    left = asyncio.Event()

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(padding + banner)
        try:
            while await reader.read(1000):
                pass
        finally:
            left.set()

    asked = asyncio.create_task(exchange(HOST, await listen(other), REQUEST))
    async with asyncio.timeout(5):  # of the ten seconds that a miner has
        assert await asked == padding + banner
        await left.wait()


@pytest.mark.parametrize("banner", NO_MINERS.values(), ids=NO_MINERS)
async def test_it_is_left_at_the_byte_that_no_miner_sends(
    listen: Listen, banner: bytes
) -> None:
    """The client does not wait for the rest, even from a slow device."""
    after = next(
        size
        for size in range(1, len(banner) + 1)
        if not PROCESS_DOWN.startswith(banner[:size])
    )
    left = asyncio.Event()

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in banner[:after]:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        try:
            while await reader.read(1000):
                pass
        finally:
            left.set()

    asked = asyncio.create_task(exchange(HOST, await listen(other), REQUEST))
    async with asyncio.timeout(5):
        assert await asked == banner[:after]
        await left.wait()


@pytest.mark.parametrize("answer", [ANSWER, PROCESS_DOWN, b" \0\r\n" + ANSWER])
@pytest.mark.parametrize("size", [1, 2, 20])
async def test_a_miner_is_heard_out_wherever_its_answer_is_cut(
    listen: Listen, answer: bytes, size: int
) -> None:
    """Only its first byte may have arrived so far."""
    taken = asyncio.Event()

    async def miner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(answer[:size])
        await writer.drain()
        await taken.wait()
        writer.write(answer[size:])

    asked = asyncio.create_task(exchange(HOST, await listen(miner), REQUEST))
    for _ in range(50):
        await asyncio.sleep(0)
    assert not asked.done()
    taken.set()
    assert await asked == answer


async def test_nesting_without_end_is_no_answer_yet(listen: Listen) -> None:
    """It causes no error in the client."""
    bomb = b'{"a":' + b"[" * 300_000 + b"]" * 300_000 + b"}"

    async def miner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(bomb)

    assert await exchange(HOST, await listen(miner), REQUEST) == bomb
