"""An update of a miner: the image is sent once, byte for byte, and every outcome is reported."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
import hashlib
import json

import pytest

from custom_components.whatsminer.api import Miner, Outcome, Result, commands, files
from custom_components.whatsminer.api.errors import (
    CannotConnectError,
    FirmwareRefusedError,
    MalformedReplyError,
    TimedOutError,
    TokenRejectedError,
    TooManyTokensError,
    TransferError,
    UnreachableError,
    UnsupportedCommandError,
    UpdateOutcomeUnknownError,
    WriteAccessClosedError,
    WrongPasswordError,
)
from custom_components.whatsminer.api.v2 import transfers
from simulator.cipher import encrypt
from tests.api import HOST, message, refusal
from tests.api.file_miner import PASSWORD, Call, FileMiner, a_while

READY = message("ready")
DONE = message("API command OK")
# Every possible byte, and bytes that resemble an answer.
IMAGE = bytes(range(256)) + b'{"STATUS":"S"}\0\n' * 3

type After = Callable[[Call], Awaitable[None]]


class Updates:
    """A client, the miner that it updates, and the image that arrived."""

    def __init__(self, miner: FileMiner) -> None:
        """Start without an image."""
        self.miner = miner
        self.client = Miner(HOST, miner.port, password=PASSWORD)
        self.image = IMAGE
        self.piece = len(IMAGE)
        self.received = b""
        self.progress: list[float] = []
        self.read = 0
        miner.transfer = self.take
        self.after: After = self.confirm

    async def take(self, call: Call) -> None:
        """Receive an image as a miner does, and go on as the test wants."""
        await call.send(call.sealed(READY))
        self.received = await call.reader.readexactly(4)
        size = int.from_bytes(self.received, "little")
        self.received += await call.reader.readexactly(size)
        await self.after(call)

    async def confirm(self, call: Call) -> None:
        """Send a success; nothing may come after the image."""
        nothing = asyncio.create_task(call.reader.read(1))
        await a_while()
        assert not nothing.done()
        await call.send(call.sealed(DONE))
        assert await nothing == b""

    async def pieces(self) -> AsyncGenerator[bytes]:
        """Read the image piece by piece."""
        for start in range(0, len(self.image), self.piece):
            self.read += 1
            yield self.image[start : start + self.piece]

    async def update(self, pieces: AsyncGenerator[bytes] | None = None) -> Result:
        """Send the image, which never takes long here."""
        async with asyncio.timeout(20):
            return await self.client.update_firmware(
                pieces or self.pieces(), len(self.image), self.progress.append
            )


@pytest.fixture
async def updates() -> AsyncGenerator[Updates]:
    """Return a miner that accepts any firmware, unless the test changes that."""
    async with FileMiner(Call.hang) as miner:
        yield Updates(miner)
        assert miner.peak == 1


def answer_with(answer: bytes) -> After:
    """Return a function that answers with some bytes, and closes."""

    async def after(call: Call) -> None:
        await call.send(answer)

    return after


# As it should be


@pytest.mark.parametrize("piece", [1, 7, len(IMAGE) - 1, len(IMAGE)])
async def test_the_image_comes_byte_for_byte(updates: Updates, piece: int) -> None:
    """First come four bytes with its length, the lowest first, then the file, both in plain."""
    updates.piece = piece
    answer = await updates.update()
    assert answer == Result(Outcome.ACCEPTED)
    assert updates.received == b"\x30\x01\x00\x00" + IMAGE
    assert updates.miner.asked == ["get_token", "update_firmware"]


async def test_a_large_image_comes_whole(updates: Updates) -> None:
    """Its pieces are larger than the buffers on the way."""
    updates.image = hashlib.shake_128(b"firmware").digest(12_345_678)
    updates.piece = 3_000_000
    await updates.update()
    assert updates.received[:4] == (12_345_678).to_bytes(4, "little")
    assert updates.received[4:] == updates.image


async def test_the_image_is_read_as_it_is_sent(updates: Updates) -> None:
    """It is not read beforehand, so that a slow miner is not sent all of it at once."""
    updates.image = bytes(64 << 20)
    updates.piece = 64 << 10
    go_on = asyncio.Event()

    async def take_slowly(call: Call) -> None:
        await call.send(call.sealed(READY))
        await go_on.wait()
        size = 4 + len(updates.image)
        while size:
            size -= len(await call.reader.read(1 << 20))
        await updates.confirm(call)

    updates.miner.transfer = take_slowly
    task = asyncio.create_task(updates.update())
    for _ in range(1000):
        await a_while()
    assert 0 < updates.read < 512
    go_on.set()
    await task
    assert updates.read == 1024


async def test_how_far_it_is_goes_from_nothing_to_all(updates: Updates) -> None:
    """The share is reported after each piece."""
    updates.image, updates.piece = bytes(1000), 250
    await updates.update()
    assert updates.progress == [0.25, 0.5, 0.75, 1.0]


async def test_nothing_is_sent_before_the_miner_is_ready(updates: Updates) -> None:
    """It would take the image for something else."""

    async def make_wait(call: Call) -> None:
        early = asyncio.create_task(call.reader.read(1))
        await a_while()
        assert not early.done()
        await call.send(call.sealed(READY)[:10])
        await a_while()
        assert not early.done()
        assert updates.read == 0
        await call.send(call.sealed(READY)[10:])
        await early
        await call.send(call.sealed(DONE))

    updates.miner.transfer = make_wait
    assert await updates.update() == Result(Outcome.ACCEPTED)


@pytest.mark.parametrize("end", [b"\0", b"\n", b"\r\n\0"])
async def test_what_ends_the_first_answer_is_no_second_one(
    updates: Updates, end: bytes
) -> None:
    """Old firmware ends each answer with a NUL."""

    async def take(call: Call) -> None:
        await call.send(call.sealed(READY), end)
        await call.reader.readexactly(4 + len(IMAGE))
        await call.send(end + call.sealed(DONE) + end)

    updates.miner.transfer = take
    assert await updates.update() == Result(Outcome.ACCEPTED)


# The last answer


async def test_a_last_answer_under_another_key_leaves_the_outcome_open(
    updates: Updates,
) -> None:
    """The new firmware may have another password."""
    answer = json.dumps({"enc": encrypt("another key", json.dumps(DONE).encode())})
    updates.after = answer_with(answer.encode())
    with pytest.raises(UpdateOutcomeUnknownError):
        await updates.update()


@pytest.mark.parametrize("plainly", [False, True])
async def test_an_image_may_be_refused_in_the_end(
    updates: Updates, *, plainly: bool
) -> None:
    """The miner checked it, and keeps its present firmware."""
    answer = refusal(132, "API command ERROR")

    async def refuse(call: Call) -> None:
        await call.send(json.dumps(answer).encode() if plainly else call.sealed(answer))

    updates.after = refuse
    with pytest.raises(FirmwareRefusedError, match="API command ERROR") as caught:
        await updates.update()
    assert caught.value.code == 132
    assert updates.progress[-1] == 1


@pytest.mark.parametrize("code", [23, 135])
async def test_an_image_is_not_sent_again_whatever_its_refusal_is(
    updates: Updates, code: int
) -> None:
    """Before the image, these would be reasons to request another token."""
    await updates.client.send(commands.set_led_auto())
    updates.after = answer_with(json.dumps(refusal(code)).encode())
    with pytest.raises(FirmwareRefusedError) as caught:
        await updates.update()
    assert caught.value.code == code
    assert updates.miner.asked[2:] == ["update_firmware"]
    assert updates.read == 1


async def test_a_miner_that_just_closes_may_have_rebooted(updates: Updates) -> None:
    """It did not refuse the image, and its version will show the result."""
    updates.after = answer_with(b"")
    assert await updates.update() == Result(Outcome.SILENT)


async def test_a_miner_that_says_nothing_more_may_have_rebooted(
    updates: Updates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not close the connection. Checking and writing takes minutes at most."""
    monkeypatch.setattr(transfers, "CONCLUSION", 0.3)
    updates.after = Call.hang
    assert await updates.update() == Result(Outcome.SILENT)


async def test_when_the_line_is_dropped_after_the_image_nobody_knows(
    updates: Updates,
) -> None:
    """The image may not have arrived completely."""

    async def reset(call: Call) -> None:
        call.reset()

    updates.after = reset
    with pytest.raises(UpdateOutcomeUnknownError):
        await updates.update()


@pytest.mark.parametrize(
    "answer",
    [
        b'{"STATUS":"S","Code":13',
        b'{"enc":"AAAA"}',
        b"{}",
        b"\x16garbage",
        b"Socket connect failed: Connection refused\n",
    ],
    ids=["cut", "undecipherable", "no-status", "garbage", "process-down"],
)
async def test_after_a_last_answer_that_says_nothing_nobody_knows(
    updates: Updates, answer: bytes
) -> None:
    """The image was sent."""
    updates.after = answer_with(answer)
    with pytest.raises(UpdateOutcomeUnknownError):
        await updates.update()
    assert issubclass(UpdateOutcomeUnknownError, TransferError)
    assert not issubclass(UpdateOutcomeUnknownError, UnreachableError)


async def test_an_update_that_takes_all_too_long_is_given_up(
    updates: Updates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is for the whole update, even if the miner accepts bytes steadily."""
    monkeypatch.setattr(transfers, "UPDATE_TIMEOUT", 0.3)
    updates.after = Call.hang
    with pytest.raises(UpdateOutcomeUnknownError):
        await updates.update()


# Lost half-way


@pytest.mark.parametrize("how", ["closed", "reset"])
@pytest.mark.parametrize("taken", [4, 5, 128])
async def test_a_miner_that_is_lost_half_way_is_not_updated(
    updates: Updates, how: str, taken: int
) -> None:
    """The rest of the image could still be sent."""
    updates.miner.ended.clear()

    async def lose(call: Call) -> None:
        await call.send(call.sealed(READY))
        await call.reader.readexactly(taken)
        if how == "reset":
            call.reset()

    async def pieces() -> AsyncGenerator[bytes]:
        updates.miner.ended.clear()
        yield IMAGE[: taken - 4]
        await updates.miner.ended.wait()
        await a_while()
        yield IMAGE[taken - 4 :]

    updates.miner.transfer = lose
    with pytest.raises(UpdateOutcomeUnknownError):
        await updates.update(pieces())
    assert 1.0 not in updates.progress
    assert updates.miner.asked == ["get_token", "update_firmware"]


async def test_a_miner_that_takes_no_more_is_given_up(
    updates: Updates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is closed, and the rest of the image is never sent."""
    monkeypatch.setattr(files, "_STALLED", 0.3)
    updates.image, updates.piece = bytes(64 << 20), 1 << 20
    given_up = asyncio.Event()
    got = 0

    async def stall(call: Call) -> None:
        nonlocal got
        await call.send(call.sealed(READY))
        await given_up.wait()
        while data := await call.reader.read(1 << 20):
            got += len(data)

    updates.miner.transfer = stall
    with pytest.raises(UpdateOutcomeUnknownError):
        await updates.update()
    updates.miner.ended.clear()
    given_up.set()
    async with asyncio.timeout(5):
        await updates.miner.ended.wait()
    assert got < updates.read << 20


@pytest.mark.parametrize("size", [len(IMAGE) - 1, len(IMAGE) + 1])
async def test_an_image_of_another_size_than_told_is_none(
    updates: Updates, size: int
) -> None:
    """The miner is not left waiting for the rest."""

    async def pieces() -> AsyncGenerator[bytes]:
        yield (IMAGE + b"x")[:size]

    updates.after = Call.hang
    with pytest.raises(UpdateOutcomeUnknownError, match=f"{size} bytes instead of 304"):
        await updates.update(pieces())


# Not begun


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (14, UnsupportedCommandError),
        (45, WriteAccessClosedError),
        (136, TooManyTokensError),
        (132, FirmwareRefusedError),
    ],
)
async def test_an_update_may_be_refused_at_once(
    updates: Updates, code: int, error: type[Exception]
) -> None:
    """The image is not even read."""
    updates.miner.refuses["update_firmware"] = refusal(code, "because I say so")
    with pytest.raises(error, match="because I say so"):
        await updates.update()
    assert updates.miner.asked == ["get_token", "update_firmware"]
    assert updates.read == 0
    assert updates.progress == []


@pytest.mark.parametrize("new_salt", [False, True], ids=["135", "23"])
async def test_a_token_that_was_voided_is_replaced_without_a_word(
    updates: Updates, *, new_salt: bool
) -> None:
    """The image is sent once, completely."""
    await updates.client.send(commands.set_led_auto())
    updates.miner.access.void_tokens(new_salt=new_salt)
    assert await updates.update() == Result(Outcome.ACCEPTED)
    request = "?" if new_salt else "update_firmware"
    assert updates.miner.asked[2:] == [request, "get_token", "update_firmware"]
    assert updates.received[4:] == IMAGE
    assert updates.read == 1


@pytest.mark.parametrize(
    ("code", "error"), [(135, TokenRejectedError), (23, WrongPasswordError)]
)
async def test_a_token_is_replaced_once_and_not_for_ever(
    updates: Updates, code: int, error: type[Exception]
) -> None:
    """A refusal of the fresh one is an error."""
    await updates.client.send(commands.set_led_auto())
    updates.miner.refuses["update_firmware"] = refusal(code)
    with pytest.raises(error):
        await updates.update()
    assert updates.miner.asked[2:] == [
        "update_firmware",
        "get_token",
        "update_firmware",
    ]
    assert updates.read == 0


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", CannotConnectError),
        (b'{"STATUS":"S","Code":13', MalformedReplyError),
    ],
)
async def test_without_a_first_answer_nothing_was_begun(
    updates: Updates, answer: bytes, error: type[Exception]
) -> None:
    """The miner keeps its present firmware."""
    updates.miner.transfer = answer_with(answer)
    with pytest.raises(error):
        await updates.update()
    assert updates.read == 0


async def test_no_first_answer_in_time_is_a_timeout(
    updates: Updates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This is as with any other command; half an hour is for the image."""
    monkeypatch.setattr(transfers, "TIMEOUT", 0.2)
    updates.miner.transfer = Call.hang
    with pytest.raises(TimedOutError):
        await updates.update()
    assert updates.read == 0


# Others


async def test_a_power_off_waits_for_an_update(updates: Updates) -> None:
    """Half a firmware is worse than a miner that runs for another minute."""
    taken, go_on = asyncio.Event(), asyncio.Event()

    async def write_slowly(call: Call) -> None:
        taken.set()
        await go_on.wait()
        await updates.confirm(call)

    updates.after = write_slowly
    update = asyncio.create_task(updates.update())
    await taken.wait()
    off = asyncio.create_task(updates.client.send(commands.power_off()))
    read = asyncio.create_task(updates.client.query("status"))
    await a_while()
    assert not off.done()
    go_on.set()
    assert await update == Result(Outcome.ACCEPTED)
    await asyncio.gather(off, read)
    assert updates.miner.asked[1:] == ["update_firmware", "power_off", "status"]


async def test_an_image_that_cannot_be_read_is_given_up(updates: Updates) -> None:
    """The error of the caller is passed on, the connection is closed, and the turn ends."""

    async def pieces() -> AsyncGenerator[bytes]:
        yield IMAGE[:100]
        raise RuntimeError("no such file")

    updates.miner.ended.clear()
    with pytest.raises(RuntimeError, match="no such file"):
        await updates.update(pieces())
    async with asyncio.timeout(5):
        await updates.miner.ended.wait()
        await updates.client.send(commands.power_off())


async def test_an_update_that_is_given_up_lets_go_of_the_miner(
    updates: Updates,
) -> None:
    """Its turn ends, too."""
    taken = asyncio.Event()

    async def hang(call: Call) -> None:
        taken.set()
        await call.hang()

    updates.after = hang
    update = asyncio.create_task(updates.update())
    await taken.wait()
    updates.miner.ended.clear()
    update.cancel()
    with pytest.raises(asyncio.CancelledError):
        await update
    async with asyncio.timeout(5):
        await updates.miner.ended.wait()
        await updates.client.send(commands.power_off())
