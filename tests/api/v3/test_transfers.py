"""The log and the firmware: byte for byte or not at all, and never in the way of a power off."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
import struct
from typing import Any

import pytest

from custom_components.whatsminer.api import commands, files
from custom_components.whatsminer.api.commands import Outcome, Result
from custom_components.whatsminer.api.errors import (
    CannotConnectError,
    DefaultPasswordError,
    FirmwareRefusedError,
    MalformedReplyError,
    RefusedError,
    TimedOutError,
    TransferBrokenError,
    TransferInterruptedError,
    TransferTooLargeError,
    UnsupportedCommandError,
    UpdateOutcomeUnknownError,
    WriteAccessClosedError,
    WrongMinerError,
)
from custom_components.whatsminer.api.v3 import transfers

from .framed_miner import Call, Handle, a_while, framed, refusal, success
from .owner import Owner

NETWORK = "get.device.info network"
DOWNLOAD, UPDATE = "get.log.download", "set.system.update_firmware"
# Begins as any .tgz does, and holds every byte there is.
LOG = b"\x1f\x8b\x08\0" + bytes(range(256)) * 200
IMAGE = bytes(range(256)) * 300
HEAD = framed(success({"logsize": str(len(LOG))}, DOWNLOAD))
READY = success("ready", UPDATE)
DONE = success("ok", UPDATE)


# The log


@dataclass
class Download:
    """The log that arrived at an owner."""

    owner: Owner
    pieces: list[bytes] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def sink(self, piece: bytes) -> None:
        """Keep a piece."""
        self.pieces.append(piece)
        self.arrived.set()

    async def run(self, *segments: bytes) -> int:
        """Download a log that comes in some segments, after which the miner closes."""
        if segments:

            async def give(call: Call) -> None:
                await call.send(*segments)
                call.close()

            self.owner.miner.answers[DOWNLOAD] = give
        async with asyncio.timeout(10):
            return await self.owner.protocol.download_logs(self.sink)

    @property
    def log(self) -> bytes:
        """Return all pieces."""
        return b"".join(self.pieces)


@pytest.fixture
def download(owner: Owner) -> Download:
    """Return a download that has not begun."""
    return Download(owner)


SEGMENTS: dict[str, list[bytes]] = {
    "two": [HEAD, LOG],
    "one": [HEAD + LOG],
    "first-byte-with-the-answer": [HEAD + LOG[:1], LOG[1:]],
    "half-of-the-answer": [HEAD[:20], HEAD[20:] + LOG],
    "byte-by-byte": [*(bytes([byte]) for byte in HEAD), LOG],
    "heartbeat-first": [b"\0\0\0\0" + HEAD + LOG],
    "pieces": [HEAD, *(LOG[at : at + 10240] for at in range(0, len(LOG), 10240))],
}


@pytest.mark.parametrize("segments", SEGMENTS.values(), ids=SEGMENTS)
async def test_the_log_comes_whole_in_any_segments(
    download: Download, segments: list[bytes]
) -> None:
    assert await download.run(*segments) == len(LOG)
    assert download.log == LOG
    assert download.owner.miner.asked == [NETWORK, DOWNLOAD]
    assert download.owner.miner.connections == 1


async def test_a_log_may_begin_with_any_bytes(download: Download) -> None:
    """Its length alone says where it ends, and that of the answer where it begins."""
    log = b"\0\0\0\0\n{}" + LOG
    await download.run(framed(success({"logsize": len(log)})) + log + b"more")
    assert download.log == log


async def test_the_log_is_not_signed_for(download: Download) -> None:
    await download.run(HEAD, LOG)
    assert download.owner.miner.requests[-1] == {"cmd": DOWNLOAD}


async def test_the_log_of_another_miner_is_not_kept(download: Download) -> None:
    download.owner.miner.device["network"]["mac"] = "C2:04:28:00:00:99"
    with pytest.raises(WrongMinerError):
        await download.run(HEAD, LOG)
    assert download.owner.miner.asked == [NETWORK]


@pytest.mark.parametrize("count", [0, 1, len(LOG) - 1])
async def test_a_log_that_is_cut_short_is_broken(
    download: Download, count: int
) -> None:
    with pytest.raises(TransferBrokenError):
        await download.run(HEAD + LOG[:count])


async def test_a_log_that_stops_coming_is_broken(
    download: Download, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stall(call: Call) -> None:
        await call.send(HEAD + LOG[:100])
        await call.hang()

    monkeypatch.setattr(files, "TIMEOUT", 0.2)
    download.owner.miner.answers[DOWNLOAD] = stall
    with pytest.raises(TransferBrokenError):
        await download.run()


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ({}, MalformedReplyError),
        ("ok", MalformedReplyError),
        ({"logsize": "many"}, MalformedReplyError),
        ({"logsize": -1}, MalformedReplyError),
        ({"logsize": "0"}, TransferBrokenError),
        ({"logsize": str(2**30)}, TransferTooLargeError),
    ],
)
async def test_a_log_has_a_size(
    download: Download, message: object, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        await download.run(framed(success(message)))


async def test_a_log_may_be_refused(download: Download) -> None:
    with pytest.raises(UnsupportedCommandError):
        await download.run(framed(refusal(-2)))


async def test_a_miner_that_never_packs_its_log_is_given_up(
    download: Download, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfers, "_PACKED_WITHIN", 0.2)
    download.owner.miner.answers[DOWNLOAD] = lambda call: call.hang()
    with pytest.raises(TimedOutError):
        await download.run()


@pytest.mark.parametrize("segments", [[], [HEAD, LOG[:1000]]], ids=["asked", "half"])
async def test_a_power_off_interrupts_a_download(
    download: Download, segments: list[bytes]
) -> None:
    owner, asked = download.owner, asyncio.Event()

    async def stall(call: Call) -> None:
        await call.send(*segments)
        asked.set()
        await call.hang()

    owner.miner.answers[DOWNLOAD] = stall
    task = asyncio.create_task(download.run())
    await asked.wait()
    if segments:
        await download.arrived.wait()
    assert (await owner.send(commands.power_off())).outcome is Outcome.ACCEPTED
    with pytest.raises(TransferInterruptedError):
        await task
    assert owner.miner.asked.count(DOWNLOAD) == 1
    assert owner.miner.writes == [("set.miner.service", "stop")]


async def test_a_power_off_that_comes_first_lets_no_download_begin(
    download: Download,
) -> None:
    owner = download.owner
    stopping: list[asyncio.Task[Result]] = []

    async def slowly(call: Call) -> None:
        stopping.append(asyncio.create_task(owner.send(commands.power_off())))
        await a_while()
        del owner.miner.answers[NETWORK]
        await call.answer(success({"network": owner.miner.device["network"]}))

    owner.miner.answers[NETWORK] = slowly
    with pytest.raises(TransferInterruptedError):
        await download.run(HEAD, LOG)
    assert (await stopping[0]).outcome is Outcome.ACCEPTED
    assert DOWNLOAD not in owner.miner.asked


# The firmware


@dataclass
class Update:
    """A firmware that an owner sends."""

    owner: Owner
    image: bytes = IMAGE
    piece: int = 10_000
    progress: list[float] = field(default_factory=list)
    received: bytes = b""

    async def pieces(self) -> AsyncGenerator[bytes]:
        """Read the image piece by piece."""
        for start in range(0, len(self.image), self.piece):
            yield self.image[start : start + self.piece]

    async def run(self, size: int | None = None) -> Result:
        """Send the image."""
        async with asyncio.timeout(20):
            return await self.owner.protocol.update_firmware(
                self.pieces(),
                len(self.image) if size is None else size,
                self.progress.append,
            )

    def take(self, then: Handle) -> None:
        """Let the miner take an image, and do something then."""

        async def take(call: Call) -> None:
            await call.answer(READY)
            (size,) = struct.unpack("<I", await call.reader.readexactly(4))
            self.received = await call.reader.readexactly(size)
            await then(call)

        self.owner.miner.answers[UPDATE] = take


@pytest.fixture
def update(owner: Owner) -> Update:
    """Return an update whose miner takes the image and is content."""
    update = Update(owner)
    update.take(lambda call: call.answer(DONE))
    return update


@pytest.mark.parametrize("piece", [977, len(IMAGE)])
async def test_the_image_comes_byte_for_byte(update: Update, piece: int) -> None:
    """First come four bytes with its length, the lowest first; the file has no frame."""
    update.piece = piece
    assert await update.run() == Result(Outcome.ACCEPTED)
    assert update.received == IMAGE
    assert update.progress[-1] == 1
    assert update.owner.miner.asked == [NETWORK, "get.device.info salt", UPDATE]
    assert update.owner.miner.connections == 1


async def test_the_command_for_an_update_is_signed(update: Update) -> None:
    del update.owner.miner.answers[UPDATE]
    update.image = b""
    update.piece = 1
    with pytest.raises(UpdateOutcomeUnknownError):
        await update.run(size=1)
    assert update.owner.miner.writes == [(UPDATE, None)]


async def test_a_miner_may_reboot_without_a_last_answer(update: Update) -> None:
    async def close(call: Call) -> None:
        call.close()

    update.take(close)
    assert await update.run() == Result(Outcome.SILENT)


async def test_a_miner_may_say_nothing_more(
    update: Update, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfers, "CONCLUSION", 0.2)
    update.take(Call.hang)
    assert await update.run() == Result(Outcome.SILENT)


@pytest.mark.parametrize("code", [-1, -2, -4])
async def test_an_image_may_be_refused_in_the_end(update: Update, code: int) -> None:
    update.take(lambda call: call.answer(refusal(code, "wrong image")))
    with pytest.raises(FirmwareRefusedError) as caught:
        await update.run()
    assert (caught.value.code, caught.value.reason) == (code, "wrong image")
    assert update.owner.miner.asked.count(UPDATE) == 1


@pytest.mark.parametrize("answer", [framed(b"{"), framed([]), b"\xff\xff\xff\xff"])
async def test_after_a_last_answer_that_says_nothing_nobody_knows(
    update: Update, answer: bytes
) -> None:
    update.take(lambda call: call.send(answer))
    with pytest.raises(UpdateOutcomeUnknownError):
        await update.run()


async def test_a_miner_that_is_lost_half_way_may_have_either_firmware(
    update: Update,
) -> None:
    async def half(call: Call) -> None:
        await call.answer(READY)
        await call.reader.readexactly(1000)
        call.abort()

    update.image = bytes(8 << 20)
    update.owner.miner.answers[UPDATE] = half
    with pytest.raises(UpdateOutcomeUnknownError):
        await update.run()


@pytest.mark.parametrize("size", [len(IMAGE) - 1, len(IMAGE) + 1])
async def test_an_image_of_another_size_than_told_is_none(
    update: Update, size: int
) -> None:
    with pytest.raises(UpdateOutcomeUnknownError):
        await update.run(size)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal(-1, "busy"), FirmwareRefusedError),
        (refusal(-2), UnsupportedCommandError),
        (refusal(-4), DefaultPasswordError),
    ],
)
async def test_an_update_may_be_refused_at_once(
    update: Update, answer: dict[str, Any], kind: type[RefusedError]
) -> None:
    update.owner.miner.answers[UPDATE] = framed(answer)
    with pytest.raises(kind) as caught:
        await update.run()
    assert type(caught.value) is kind
    assert update.progress == []


async def test_a_closed_switch_is_no_word_about_the_image(update: Update) -> None:
    del update.owner.miner.answers[UPDATE]
    update.owner.miner.is_open = False
    update.owner.miner.device["system"]["apiswitch"] = "0"
    with pytest.raises(WriteAccessClosedError):
        await update.run()


async def test_without_a_salt_no_update_was_asked_for(update: Update) -> None:
    update.owner.miner.answers["get.device.info salt"] = framed(refusal(-1))
    with pytest.raises(RefusedError) as caught:
        await update.run()
    assert type(caught.value) is RefusedError
    assert not caught.value.request_sent


async def test_without_a_first_answer_nothing_was_begun(update: Update) -> None:
    async def close(call: Call) -> None:
        call.close()

    update.owner.miner.answers[UPDATE] = close
    with pytest.raises(CannotConnectError):
        await update.run()
    assert update.progress == []


async def test_another_miner_gets_no_firmware(update: Update) -> None:
    update.owner.miner.device["network"]["mac"] = "C2:04:28:00:00:99"
    with pytest.raises(WrongMinerError):
        await update.run()
    assert update.owner.miner.asked == [NETWORK]
