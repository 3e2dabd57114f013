"""JSON objects from a connection, and the bytes that follow one."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from custom_components.whatsminer.api.errors import MalformedReplyError
from custom_components.whatsminer.api.transport import connect
from custom_components.whatsminer.api.v2.object_stream import (
    MAX_REPLY,
    Received,
    receive_object,
)
from tests.api import HOST, Listen
from tests.api.file_miner import a_while
from tests.work import assert_linear

# With braces inside of strings, an escape, and a character of two bytes.
ANSWER = '{"STATUS":"S","Msg":{"a":"}{\\"\\\\","worker":"ä"},"n":[1,{}]}'.encode()
FILE = b"\x1f\x8b\x08\0} \r\n{"

type Receive = Callable[..., Awaitable[list[bytes]]]


@pytest.fixture
def receive(listen: Listen) -> Receive:
    """Return a function that receives an object and the rest, sent in these segments."""

    async def receive(*segments: bytes, most: int = 65536) -> list[bytes]:
        async def miner(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            for segment in segments:
                writer.write(segment)
                await writer.drain()
                await a_while()

        port = await listen(miner)
        received = []
        async with connect(HOST, port, timeout=5) as connection:
            received.append(await receive_object(connection))
            while data := await connection.receive(most):
                received.append(data)
            assert connection.ended
        return received

    return receive


async def test_the_answer_and_the_file_may_share_a_segment(receive: Receive) -> None:
    """They are separated where the object ends."""
    assert await receive(ANSWER + FILE) == [ANSWER, FILE]


async def test_what_is_ahead_is_given_out_in_the_size_that_is_wanted(
    receive: Receive,
) -> None:
    """No piece is larger, and none is lost."""
    pieces = await receive(ANSWER + FILE, FILE, most=4)
    assert max(len(piece) for piece in pieces[1:]) == 4
    assert b"".join(pieces) == ANSWER + FILE + FILE


@pytest.mark.parametrize("cut", range(1, len(ANSWER)))
async def test_the_answer_may_be_cut_anywhere(receive: Receive, cut: int) -> None:
    """It may be cut in a string, in a character, or before the last brace."""
    answer, *file = await receive(ANSWER[:cut], ANSWER[cut:] + FILE)
    assert answer == ANSWER
    assert b"".join(file) == FILE


async def test_a_control_character_ends_no_answer(receive: Receive) -> None:
    """Some firmware has them inside of its strings."""
    answer = b'{"Msg":"a\nb\tc"}'
    assert await receive(answer + FILE) == [answer, FILE]


async def test_what_is_ahead_is_still_to_be_received(listen: Listen) -> None:
    """This holds although the miner has closed."""

    async def miner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ANSWER + FILE)

    async with connect(HOST, await listen(miner), timeout=5) as connection:
        await receive_object(connection)
        await a_while()
        assert not connection.ended
        assert await connection.receive() == FILE
        assert connection.ended


@pytest.mark.parametrize("between", [b"\0", b"\n", b"\r\n", b"\0\0\n", b" \0"])
async def test_what_stands_before_an_object_is_no_part_of_it(
    receive: Receive, between: bytes
) -> None:
    """It may come in a piece of its own."""
    assert await receive(between + ANSWER + FILE) == [ANSWER, FILE]
    assert await receive(between, ANSWER + FILE) == [ANSWER, FILE]


@pytest.mark.parametrize("between", [b"\0", b"\n", b"\r\n", b"\0\0\n", b" \0"])
async def test_what_stands_behind_an_object_is_dropped_unless_each_byte_counts(
    listen: Listen, between: bytes
) -> None:
    """Without it, the end of the connection is seen."""

    async def miner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ANSWER + between)

    port = await listen(miner)
    for exact in (False, True):
        async with connect(HOST, port, timeout=5) as connection:
            assert await receive_object(connection, exact=exact) == ANSWER
            await a_while()
            assert connection.ended is not exact
            assert await connection.receive() == (between if exact else b"")


async def test_a_second_answer_follows_the_first(listen: Listen) -> None:
    """Each is read by itself, as after an update."""

    async def miner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ANSWER + b"\0" + b'{"second":1}\n{"thi')
        await writer.drain()
        await a_while()
        writer.write(b'rd":2}')

    async with connect(HOST, await listen(miner), timeout=5) as connection:
        assert await receive_object(connection) == ANSWER
        assert await receive_object(connection) == b'{"second":1}'
        assert not connection.ended
        assert await receive_object(connection) == b'{"third":2}'
        assert await receive_object(connection) == b""
        assert connection.ended


@pytest.mark.parametrize("sent", [b"", b"\0", b"\r\n"])
async def test_closing_without_an_answer_is_no_object(
    receive: Receive, sent: bytes
) -> None:
    """Padding before the end makes no difference."""
    assert await receive(sent) == [b""]


@pytest.mark.parametrize(
    "sent", [ANSWER[:20], b"Socket connect failed: x\n", b"{x}", b'"{\\"enc\\":1}"']
)
async def test_what_is_no_whole_object_is_left_to_the_parser(
    receive: Receive, sent: bytes
) -> None:
    """It may show what is wrong."""
    assert await receive(sent) == [sent]


async def test_an_answer_may_be_one_mebibyte_long(receive: Receive) -> None:
    """This is the longest that is allowed."""
    longest = b'{"a":"' + b"x" * (MAX_REPLY - 8) + b'"}'
    assert await receive(longest) == [longest]


@pytest.mark.parametrize("end", [b'"}', b""], ids=["whole", "endless"])
async def test_a_longer_answer_is_malformed(receive: Receive, end: bytes) -> None:
    """It may be whole JSON, or have no end."""
    with pytest.raises(MalformedReplyError):
        await receive(b'{"a":"' + b"x" * MAX_REPLY + end)


async def test_whoever_waits_on_an_aborted_connection_gets_nothing_more(
    listen: Listen,
) -> None:
    """The wait ends at once."""

    async def miner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x")
        await reader.read()

    async with connect(HOST, await listen(miner), timeout=5) as connection:
        assert await connection.receive() == b"x"
        waiting = asyncio.create_task(connection.receive())
        await a_while()
        assert not waiting.done()
        connection.abort()
        assert await waiting == b""


# What is sent to keep us busy


@pytest.mark.parametrize(
    ("begin", "middle"),
    [
        (b"", b"\0"),
        (b"", b"Socket connect failed"),
        (b'{"a":"', b'\\"'),
        (b'{"a":"', b"}"),
        (b'{"a":{', b'"":{},'),
        (b"{}", b"\0"),
        (b"{}", b"}"),
    ],
)
@pytest.mark.parametrize("size", [8, 1448])
def test_the_work_grows_as_what_is_received_does(
    begin: bytes, middle: bytes, size: int
) -> None:
    """The pieces may each resemble an end."""

    def make(length: int) -> list[bytes]:
        text = begin + middle * (length // len(middle))
        return [text[start : start + size] for start in range(0, len(text), size)]

    def receive(pieces: list[bytes]) -> None:
        received = Received()
        for piece in pieces:
            received.add(piece)
            assert received.may_be_of_a_miner
            assert received.object_end in (2, None)
        assert received.is_whole in (True, False)

    assert_linear(receive, make, 64 * 1024)


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (b'"{\\"enc\\":\\"x\\"}"', True),
        (b'"{\\"enc\\":\\"x\\"}"\0\n', True),
        (b'"{\\"enc\\":\\"x', False),
        (b'"{', False),
    ],
)
def test_an_object_that_was_written_as_json_twice_may_be_whole(
    data: bytes, *, whole: bool
) -> None:
    received = Received()
    for byte in data:
        received.add(bytes([byte]))
        assert received.may_be_of_a_miner
    assert received.is_whole is whole


def test_a_text_that_is_no_object_comes_from_no_miner() -> None:
    received = Received()
    received.add(b'"text"')
    assert not received.may_be_of_a_miner
