"""A download never delays a power off, and closes its connection when it is cancelled."""

import asyncio

import pytest

from custom_components.whatsminer.api import commands
from custom_components.whatsminer.api.commands import Command
from custom_components.whatsminer.api.errors import (
    TransferError,
    TransferInterruptedError,
    UnreachableError,
)
from tests.api import wire_name
from tests.api.file_miner import (
    LOG,
    Call,
    Downloads,
    a_while,
    give_half,
    give_whole,
    hang_half_way,
    size_answer,
)

# Power off


def connect_slowly(
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[asyncio.Event, asyncio.Event]:
    """Let connections wait; return an event that one does, and one that lets them go on."""
    connecting, connected = asyncio.Event(), asyncio.Event()
    connect = asyncio.open_connection

    async def connect_later(
        host: str, port: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        connecting.set()
        await connected.wait()
        return await connect(host, port)

    monkeypatch.setattr(asyncio, "open_connection", connect_later)
    return connecting, connected


async def test_a_power_off_interrupts_a_download(downloads: Downloads) -> None:
    """It is sent at once, on its own connection."""
    downloads.miner.transfer = hang_half_way
    task = asyncio.create_task(downloads.download())
    await downloads.arrived.wait()
    await downloads.power_off()
    with pytest.raises(TransferInterruptedError):
        await task
    assert downloads.miner.asked == ["get_token", "download_logs", "power_off"]
    assert issubclass(TransferInterruptedError, TransferError)
    assert not issubclass(TransferInterruptedError, UnreachableError)

    downloads.miner.transfer = give_whole
    downloads.pieces.clear()
    assert await downloads.download() == len(LOG)
    assert downloads.log == LOG


@pytest.mark.parametrize("part", [0, 10])
async def test_a_power_off_interrupts_the_wait_for_the_answer(
    downloads: Downloads, part: int
) -> None:
    """A part of the answer may have arrived."""
    waiting = asyncio.Event()

    async def hang(call: Call) -> None:
        await call.send(call.sealed(size_answer("5"))[:part])
        waiting.set()
        await call.hang()

    downloads.miner.transfer = hang
    task = asyncio.create_task(downloads.download())
    await waiting.wait()
    await downloads.power_off()
    with pytest.raises(TransferInterruptedError):
        await task


async def test_a_power_off_that_came_while_it_connected_goes_first(
    downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There was nothing to interrupt yet, and the log is not even requested."""
    await downloads.download()
    downloads.pieces.clear()
    downloads.miner.transfer = Call.hang
    connecting, connected = connect_slowly(monkeypatch)
    download = asyncio.create_task(downloads.download())
    await connecting.wait()
    off = asyncio.create_task(downloads.power_off())
    await a_while()
    connected.set()
    with pytest.raises(TransferInterruptedError):
        await download
    await off
    assert downloads.miner.asked[2:] == ["power_off"]


async def test_a_power_off_that_was_given_up_interrupts_nothing(
    downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was cancelled while the download connected."""
    await downloads.download()
    downloads.pieces.clear()
    connecting, connected = connect_slowly(monkeypatch)
    download = asyncio.create_task(downloads.download())
    await connecting.wait()
    off = asyncio.create_task(downloads.power_off())
    await a_while()
    off.cancel()
    await a_while()
    connected.set()
    assert await download == len(LOG)


async def test_a_power_off_goes_between_the_token_and_the_download(
    downloads: Downloads,
) -> None:
    """The download is then not interrupted."""
    download = asyncio.create_task(downloads.download())
    await a_while()
    await downloads.power_off()
    assert await download == len(LOG)
    assert downloads.miner.asked == ["get_token", "power_off", "download_logs"]


async def test_a_log_that_is_through_is_not_interrupted(downloads: Downloads) -> None:
    """It is complete, although its last piece is still written to disk."""
    downloads.go_on.clear()

    async def give(call: Call) -> None:
        await call.send(call.sealed(size_answer("5")), b"\x1f1234")

    downloads.miner.transfer = give
    download = asyncio.create_task(downloads.download())
    await downloads.arrived.wait()
    off = asyncio.create_task(downloads.power_off())
    await a_while()
    downloads.go_on.set()
    assert await download == 5
    await off


@pytest.mark.parametrize(
    "command",
    [commands.power_on(), commands.power_percent(50, fast=True)],
    ids=["on", "percent"],
)
async def test_nothing_else_interrupts_a_download(
    downloads: Downloads, command: Command
) -> None:
    """Other requests wait."""
    go_on = asyncio.Event()

    async def give(call: Call) -> None:
        await give_half(call)
        await go_on.wait()
        await call.send(LOG[len(LOG) // 2 :])

    downloads.miner.transfer = give
    download = asyncio.create_task(downloads.download())
    await downloads.arrived.wait()
    write = asyncio.create_task(downloads.client.send(command))
    read = asyncio.create_task(downloads.client.query("status"))
    await a_while()
    assert not write.done()
    go_on.set()
    assert await download == len(LOG)
    await asyncio.gather(write, read)
    assert downloads.miner.asked[1:] == ["download_logs", wire_name(command), "status"]


# Giving up


async def test_a_download_that_is_given_up_lets_go_of_the_miner(
    downloads: Downloads,
) -> None:
    """Its turn ends, too."""
    downloads.miner.transfer = hang_half_way
    download = asyncio.create_task(downloads.download())
    await downloads.arrived.wait()
    downloads.miner.ended.clear()
    download.cancel()
    with pytest.raises(asyncio.CancelledError):
        await download
    async with asyncio.timeout(5):
        await downloads.miner.ended.wait()
    await downloads.power_off()


async def test_a_log_that_cannot_be_kept_is_given_up(
    downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error of the caller's function is passed on."""

    async def full(piece: bytes) -> None:
        raise RuntimeError("disk full")

    downloads.miner.transfer = hang_half_way
    monkeypatch.setattr(downloads, "sink", full)
    with pytest.raises(RuntimeError, match="disk full"):
        await downloads.download()
    await downloads.power_off()
