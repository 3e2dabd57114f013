"""The log of a miner: piece by piece, complete or not at all, without delaying a power off."""

import asyncio
from collections.abc import AsyncGenerator, Callable
import logging

import pytest

from custom_components.whatsminer.api import files, transport
from custom_components.whatsminer.api.errors import (
    CannotConnectError,
    MalformedReplyError,
    NotAMinerError,
    RefusedError,
    TimedOutError,
    TokenRejectedError,
    TransferBrokenError,
    TransferTooLargeError,
    UnsupportedCommandError,
    WriteAccessClosedError,
    WrongPasswordError,
)
from custom_components.whatsminer.api.queue import Queue, Urgency
from custom_components.whatsminer.api.v2 import transfers
from custom_components.whatsminer.api.v2.cipher import Session
from custom_components.whatsminer.api.v2.object_stream import MAX_REPLY
from custom_components.whatsminer.api.v2.requests import Requests
from tests.api import HOST, message, refusal
from tests.api.file_miner import (
    LOG,
    Call,
    Downloads,
    a_while,
    hang_half_way,
    log_and,
    size_answer,
)

type Segments = Callable[[bytes, bytes], list[bytes]]


# As it should be


async def test_the_log_is_asked_for_under_a_token(downloads: Downloads) -> None:
    """The size of the log is returned."""
    assert await downloads.download() == len(LOG)
    assert downloads.log == LOG
    assert downloads.miner.asked == ["get_token", "download_logs"]
    await downloads.miner.ended.wait()
    await downloads.download()
    assert downloads.miner.asked[2:] == ["download_logs"]


SEGMENTS: dict[str, Segments] = {
    "one": lambda head, log: [head + log],
    "two": lambda head, log: [head, log],
    "first-byte-with-the-answer": lambda head, log: [head + log[:1], log[1:]],
    "answer-in-two": lambda head, log: [head[:20], head[20:] + log],
    "last-brace-with-the-log": lambda head, log: [head[:-1], head[-1:] + log],
    "answer-byte-by-byte": lambda head, log: [*_bytes_of(head), log],
    "many": lambda head, log: [
        head,
        *(log[start : start + 1000] for start in range(0, len(log), 1000)),
    ],
    "nul": lambda head, log: [head + b"\0" + log],
    "nul-before-the-log": lambda head, log: [head, b"\0" + log],
    "nul-alone": lambda head, log: [head, b"\0", log],
    "nul-after-the-answer": lambda head, log: [head + b"\0", log],
    "nuls-apart": lambda head, log: [head + b"\0", b"\0", b"\0\n" + log],
    "newline": lambda head, log: [head + b"\n" + log],
    "newline-alone": lambda head, log: [head, b"\r", b"\n", log],
    "newline-first": lambda head, log: [b"\n", head, log],
}


def _bytes_of(data: bytes) -> list[bytes]:
    return [bytes([byte]) for byte in data]


@pytest.mark.parametrize("segments", SEGMENTS.values(), ids=SEGMENTS)
async def test_the_log_comes_whole_in_any_segments(
    downloads: Downloads, segments: Segments
) -> None:
    """Only the answer shows where it ends and the file begins."""

    async def give(call: Call) -> None:
        await call.send(*segments(call.sealed(size_answer(str(len(LOG)))), LOG))

    downloads.miner.transfer = give
    assert await downloads.download() == len(LOG)
    assert downloads.log == LOG


@pytest.mark.parametrize("log", [b"\0" * 9, b"}{]", b'{"STATUS":"E"}', b"\n"])
async def test_what_is_in_the_log_is_not_looked_at(
    downloads: Downloads, log: bytes
) -> None:
    """The bytes in it may be like those of an answer."""
    log = b"\x1f" + log + b"\0\n"

    async def give(call: Call) -> None:
        await call.send(call.sealed(size_answer(len(log))), *_bytes_of(log))

    downloads.miner.transfer = give
    assert await downloads.download() == len(log)
    assert downloads.log == log


FIRST_BYTES = [b"\0", b"\n", b"\r\n\0", b" ", b"\0" * 8, b"\0" * 100, b"{", b"\0\0{}"]


@pytest.mark.parametrize("first", FIRST_BYTES)
@pytest.mark.parametrize("rest", [b"", LOG], ids=["alone", "long"])
@pytest.mark.parametrize("ending", [b"", b"\r\n"])
@pytest.mark.parametrize("segments", ["one", "two", "many"])
async def test_the_log_may_begin_like_the_end_of_an_answer(
    downloads: Downloads, first: bytes, rest: bytes, ending: bytes, segments: str
) -> None:
    """Exactly as many bytes are passed on as the miner says, also if its answer ends so."""
    log = first + rest

    async def give(call: Call) -> None:
        head = call.sealed(size_answer(str(len(log))))
        if segments == "two":  # what ends the answer comes with the log
            await call.send(head, ending + log)
        else:
            await call.send(*SEGMENTS[segments](head + ending, log))

    downloads.miner.transfer = give
    assert await downloads.download() == len(log)
    assert downloads.log == log


@pytest.mark.parametrize("ending", [b"", b"\0"])
async def test_such_a_log_is_whole_without_the_end_of_the_connection(
    downloads: Downloads, ending: bytes
) -> None:
    """The miner leaves the connection open."""

    async def give(call: Call) -> None:
        await call.send(call.sealed(size_answer(9)) + ending, b"\0log of 9")
        await call.hang()

    downloads.miner.transfer = give
    assert await downloads.download() == 9
    assert downloads.log == b"\0log of 9"


@pytest.mark.parametrize("sent", [b"\0", b"\0log of ", b"\n" * 8])
async def test_such_a_log_that_is_cut_short_is_broken(
    downloads: Downloads, sent: bytes
) -> None:
    """It is not known where it begins, so nothing is passed on."""

    async def give(call: Call) -> None:
        await call.send(call.sealed(size_answer(9)), sent)

    downloads.miner.transfer = give
    with pytest.raises(TransferBrokenError):
        await downloads.download()
    assert downloads.pieces == []


@pytest.mark.parametrize("ending", [b"\0", b"\0\n", b"\n" * 3])
async def test_a_log_that_is_too_large_to_be_held_begins_behind_the_end_of_the_answer(
    downloads: Downloads, monkeypatch: pytest.MonkeyPatch, ending: bytes
) -> None:
    """It is passed on while it comes."""
    monkeypatch.setattr(transfers, "MOST_HELD_BYTES", len(LOG) - 1)

    async def give(call: Call) -> None:
        head = call.sealed(size_answer(str(len(LOG))))
        await call.send(head, ending[:1], ending[1:] + LOG[:1000])
        await downloads.arrived.wait()
        await call.send(LOG[1000:])

    downloads.miner.transfer = give
    assert await downloads.download() == len(LOG)
    assert downloads.log == LOG


async def test_what_follows_the_log_is_no_part_of_it(
    downloads: Downloads, caplog: pytest.LogCaptureFixture
) -> None:
    """It may be in the same segment. The debug log has a line about it."""
    caplog.set_level(logging.DEBUG)

    async def give(call: Call) -> None:
        await call.send(
            call.sealed(size_answer(str(len(LOG)))) + LOG + b"more", b"and more"
        )

    downloads.miner.transfer = give
    assert await downloads.download() == len(LOG)
    assert downloads.log == LOG
    assert "download_logs: bytes after the reported size are ignored" in caplog.text


async def test_a_log_that_just_ends_leaves_no_trace(
    downloads: Downloads, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await downloads.download()
    assert "ignored" not in caplog.text


async def test_the_log_is_handed_on_while_it_comes(downloads: Downloads) -> None:
    """The miner has not sent the rest yet."""

    async def give(call: Call) -> None:
        await call.send(call.sealed(size_answer(str(len(LOG)))), LOG[:1000])
        await downloads.arrived.wait()
        assert downloads.log == LOG[:1000]
        await call.send(LOG[1000:])

    downloads.miner.transfer = give
    assert await downloads.download() == len(LOG)
    assert downloads.log == LOG


async def test_no_more_than_a_piece_is_held(downloads: Downloads) -> None:
    """The miner has to wait while the piece is written to disk."""
    size = 64 * 1024 * 1024
    sent = 0

    async def give(call: Call) -> None:
        nonlocal sent
        await call.send(call.sealed(size_answer(size)))
        while sent < size:
            call.writer.write(b"x" * 1024 * 1024)
            await call.writer.drain()
            sent += 1024 * 1024

    downloads.miner.transfer = give
    downloads.go_on.clear()
    task = asyncio.create_task(downloads.client.download_logs(downloads.sink))
    await downloads.arrived.wait()
    for _ in range(100):
        await a_while()
    assert len(downloads.pieces) == 1
    assert sent < size / 2
    downloads.go_on.set()
    assert await task == size
    assert max(len(piece) for piece in downloads.pieces) <= 256 * 1024
    assert sum(len(piece) for piece in downloads.pieces) == size


# Not whole


@pytest.mark.parametrize("size", [0, "0"])
async def test_an_empty_log_is_none(downloads: Downloads, size: object) -> None:
    """Even an archive without files has some bytes."""
    downloads.miner.transfer = log_and(size_answer(size))
    with pytest.raises(TransferBrokenError):
        await downloads.download()
    assert downloads.pieces == []


@pytest.mark.parametrize("sent", [0, 1, 1000, len(LOG) - 1])
@pytest.mark.parametrize("end", ["closed", "reset"])
async def test_a_log_that_is_cut_short_is_broken(
    downloads: Downloads, sent: int, end: str
) -> None:
    """A single byte may be missing. The bytes that arrived were passed on."""

    async def give(call: Call) -> None:
        await call.send(call.sealed(size_answer(str(len(LOG)))), LOG[:sent])
        if end == "reset":
            call.reset()

    downloads.miner.transfer = give
    with pytest.raises(TransferBrokenError):
        await downloads.download()
    assert downloads.log == LOG[:sent]


async def test_a_log_that_stops_coming_is_broken(
    downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The turn ends, and the connection is closed."""
    monkeypatch.setattr(files, "TIMEOUT", 0.2)
    downloads.miner.transfer = hang_half_way
    with pytest.raises(TransferBrokenError):
        await downloads.download()
    assert downloads.log == LOG[: len(LOG) // 2]
    await downloads.power_off()


async def test_a_log_that_never_ends_is_broken(
    downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even a steady flow of bytes is given up."""
    monkeypatch.setattr(transfers, "DOWNLOAD_TIMEOUT", 0.2)

    async def drip(call: Call) -> None:
        await call.send(call.sealed(size_answer(1 << 27)))
        while True:
            await call.send(b"x")
            await downloads.arrived.wait()
            downloads.arrived.clear()

    async def sink(piece: bytes) -> None:
        downloads.arrived.set()

    downloads.miner.transfer = drip
    monkeypatch.setattr(downloads, "sink", sink)
    with pytest.raises(TransferBrokenError):
        await downloads.download()


SIZES: list[object] = [None, "", "many", -1, "-1", True, [], {}]


@pytest.mark.parametrize(
    "answer",
    [*map(size_answer, SIZES), message("ready"), message({}), message(None)],
    ids=lambda answer: str(answer["Msg"]),
)
async def test_a_log_without_a_size_is_malformed(
    downloads: Downloads, answer: dict[str, object]
) -> None:
    """Its end could not be found."""
    downloads.miner.transfer = log_and(answer)
    with pytest.raises(MalformedReplyError):
        await downloads.download()
    assert downloads.pieces == []


async def test_a_log_may_be_large_but_not_of_any_size(
    downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has to fit on a disk. The bound itself is allowed."""
    assert files.MOST_LOG_BYTES == 256 * 1024 * 1024
    monkeypatch.setattr(files, "MOST_LOG_BYTES", len(LOG))
    assert await downloads.download() == len(LOG)
    downloads.pieces.clear()
    monkeypatch.setattr(files, "MOST_LOG_BYTES", len(LOG) - 1)
    with pytest.raises(TransferTooLargeError):
        await downloads.download()
    assert downloads.pieces == []


# No answer


async def _keep_nothing(piece: bytes) -> None:
    raise AssertionError


async def _nothing() -> AsyncGenerator[bytes]:
    raise AssertionError
    yield b""


async def test_no_answer_in_time_is_a_timeout(
    downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This is as with any other command."""
    monkeypatch.setattr(transfers, "TIMEOUT", 0.2)
    downloads.miner.transfer = Call.hang
    with pytest.raises(TimedOutError) as caught:
        await downloads.download()
    assert caught.value.request_sent


async def test_closing_without_an_answer_is_a_lost_connection(
    downloads: Downloads,
) -> None:
    """The transfer had not begun."""

    async def close(call: Call) -> None:
        return

    downloads.miner.transfer = close
    with pytest.raises(CannotConnectError) as caught:
        await downloads.download()
    assert caught.value.request_sent


async def test_a_miner_that_does_not_accept_in_time_holds_nobody_up(
    full_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ten minutes are for the file, not for the connect."""
    monkeypatch.setattr(transport, "TIMEOUT", 0.2)
    requests = Requests(Queue(), HOST, full_port)
    session = Session(sign="", aes_key=bytes(32))
    async with asyncio.timeout(10), requests.queue.turn(Urgency.WRITE) as turn:
        with pytest.raises(TimedOutError) as caught:
            await transfers.download_logs(requests, turn, session, _keep_nothing)
        assert not caught.value.request_sent
        with pytest.raises(TimedOutError):
            await transfers.update_firmware(requests, session, _nothing(), 1, print)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b'{"STATUS":"S","Code":131,"Msg":{"logfi', MalformedReplyError),
        (b'{"enc":"AAAA"}', MalformedReplyError),
        (b"{}", MalformedReplyError),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", NotAMinerError),
        (b'{"a":"' + b"x" * MAX_REPLY, MalformedReplyError),
    ],
    ids=["cut", "undecipherable", "no-status", "http", "endless"],
)
async def test_an_answer_that_says_nothing_is_no_log(
    downloads: Downloads, answer: bytes, error: type[Exception]
) -> None:
    """Nothing is passed on."""

    async def give(call: Call) -> None:
        await call.send(answer)

    downloads.miner.transfer = give
    with pytest.raises(error):
        await downloads.download()
    assert downloads.pieces == []


# Refusals and tokens


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (14, UnsupportedCommandError),
        (45, WriteAccessClosedError),
        (132, RefusedError),
    ],
)
async def test_a_log_may_be_refused(
    downloads: Downloads, code: int, error: type[Exception]
) -> None:
    """The error has the miner's own text, and nothing is repeated."""
    downloads.miner.refuses["download_logs"] = refusal(code, "because I say so")
    with pytest.raises(error, match="because I say so"):
        await downloads.download()
    assert downloads.miner.asked == ["get_token", "download_logs"]
    assert downloads.pieces == []


@pytest.mark.parametrize("new_salt", [False, True], ids=["135", "23"])
async def test_a_token_that_was_voided_is_replaced_without_a_word(
    downloads: Downloads, *, new_salt: bool
) -> None:
    """Another client voided it since its last use."""
    await downloads.power_off()
    downloads.miner.access.void_tokens(new_salt=new_salt)
    assert await downloads.download() == len(LOG)
    assert downloads.log == LOG
    request = "?" if new_salt else "download_logs"
    assert downloads.miner.asked[2:] == [request, "get_token", "download_logs"]


@pytest.mark.parametrize(
    ("code", "error"), [(135, TokenRejectedError), (23, WrongPasswordError)]
)
async def test_a_token_is_replaced_once_and_not_for_ever(
    downloads: Downloads, code: int, error: type[Exception]
) -> None:
    """A refusal of the fresh one is an error."""
    await downloads.power_off()
    downloads.miner.refuses["download_logs"] = refusal(code)
    with pytest.raises(error):
        await downloads.download()
    assert downloads.miner.asked[2:] == ["download_logs", "get_token", "download_logs"]


async def test_a_wrong_password_is_said_at_once(downloads: Downloads) -> None:
    """This is as with any other command."""
    downloads.client.password = "wrong"
    with pytest.raises(WrongPasswordError):
        await downloads.download()
    assert downloads.miner.asked == ["get_token", "?"]
