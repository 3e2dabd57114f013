"""Frames: whole in any pieces, without heartbeats, and nothing that is no frame."""

import asyncio
from collections.abc import Sequence

import pytest

from custom_components.whatsminer.api.errors import (
    CannotConnectError,
    MalformedReplyError,
    NotAMinerError,
    TimedOutError,
)
from custom_components.whatsminer.api.transport import connect
from custom_components.whatsminer.api.v3.frames import (
    MOST_BYTES,
    ClosedError,
    frame,
    receive_frame,
)
from tests.api import HOST, Listen

from .framed_miner import a_while

# The frames of the vendor's examples.
ASKS_SALT = b'{"cmd":"get.device.info","param":"salt"}'
STOPS = (
    b'{"cmd":"set.miner.service","param":"stop","ts":1759800000,'
    b'"token":"Cg2iuKaj","account":"super"}'
)
ANSWER = b'{"code":0,"when":1759800001,"msg":"ok","desc":"set.miner.service"}'
WHOLE = b"\x42\0\0\0" + ANSWER


async def receive(listen: Listen, *segments: bytes, count: int = 1) -> list[bytes]:
    """Return the frames that arrive in some segments, one by one, until the miner closes."""

    async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4)
        for segment in segments:
            writer.write(segment)
            await writer.drain()
            await a_while()

    port = await listen(send)
    async with connect(HOST, port, timeout=5) as connection:
        await connection.send(b"go")
        return [await receive_frame(connection) for _ in range(count)]


@pytest.mark.parametrize(
    ("content", "header"),
    [
        (ASKS_SALT, "28000000"),
        (b'{"cmd":"get.miner.status","param":"summary+pools+edevs"}', "38000000"),
        (b'{"cmd":"get.miner.setting"}', "1b000000"),
        (STOPS, "5f000000"),
        (ANSWER, "42000000"),
        (b"x" * 0x0102, "02010000"),
    ],
)
def test_the_length_comes_first_its_lowest_byte_before_the_others(
    content: bytes, header: str
) -> None:
    assert frame(content) == bytes.fromhex(header) + content


@pytest.mark.parametrize("cut", range(len(WHOLE) + 1))
async def test_a_frame_may_be_split_at_every_byte(listen: Listen, cut: int) -> None:
    assert await receive(listen, WHOLE[:cut], WHOLE[cut:]) == [ANSWER]


async def test_a_frame_may_come_byte_by_byte(listen: Listen) -> None:
    assert await receive(listen, *(bytes([byte]) for byte in WHOLE)) == [ANSWER]


@pytest.mark.parametrize("cut", range(2 * len(WHOLE)))
async def test_two_frames_may_share_segments(listen: Listen, cut: int) -> None:
    both = WHOLE * 2
    assert await receive(listen, both[:cut], both[cut:], count=2) == [ANSWER] * 2


@pytest.mark.parametrize(
    "segments",
    [
        [b"\0\0\0\0" + WHOLE],
        [b"\0\0", b"\0\0" + WHOLE],
        [b"\0\0\0\0" * 3, WHOLE[:2], WHOLE[2:]],
    ],
)
async def test_a_heartbeat_is_no_answer(
    listen: Listen, segments: Sequence[bytes]
) -> None:
    assert await receive(listen, *segments) == [ANSWER]


async def test_a_miner_that_sends_nothing_but_heartbeats_gives_no_answer(
    listen: Listen,
) -> None:
    with pytest.raises(MalformedReplyError):
        await receive(listen, b"\0" * 4096)


async def test_the_longest_frame_has_a_mebibyte(listen: Listen) -> None:
    content = b"x" * MOST_BYTES
    assert MOST_BYTES == 1024 * 1024
    assert await receive(listen, frame(content)) == [content]
    with pytest.raises(MalformedReplyError):
        await receive(listen, frame(content + b"x"))


@pytest.mark.parametrize(
    "header", [b"\0\0\0\x80", b"\xff\xff\xff\xff", b"\x01\0\x10\0", b"\x16\x03\x01\x02"]
)
async def test_a_length_that_no_frame_has_is_refused_before_its_content_comes(
    listen: Listen, header: bytes
) -> None:
    with pytest.raises(MalformedReplyError):
        await receive(listen, header + b"{}")


@pytest.mark.parametrize(
    "text", [b"HTTP/1.1 400 Bad Request\r\n", b'{"STATUS":"E"}', b"SSH-2.0-x\r\n"]
)
async def test_text_on_the_port_is_another_protocol(
    listen: Listen, text: bytes
) -> None:
    with pytest.raises(NotAMinerError):
        await receive(listen, text)


async def test_a_connection_that_ends_before_an_answer_is_told_apart(
    listen: Listen,
) -> None:
    """The miner may be restarting."""
    for segments in ([], [b"\0\0\0\0"]):
        with pytest.raises(ClosedError) as caught:
            await receive(listen, *segments)
        assert caught.value.request_sent
        assert isinstance(caught.value, CannotConnectError)


@pytest.mark.parametrize("count", range(1, len(WHOLE)))
async def test_a_frame_that_is_cut_short_is_no_answer(
    listen: Listen, count: int
) -> None:
    with pytest.raises(MalformedReplyError):
        await receive(listen, WHOLE[:count])


async def test_a_frame_whose_end_never_comes_takes_no_longer_than_its_connection(
    listen: Listen,
) -> None:
    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(WHOLE[:20])
        await reader.read()

    port = await listen(stall)
    with pytest.raises(TimedOutError):
        async with connect(HOST, port, timeout=0.2) as connection:
            await receive_frame(connection)
