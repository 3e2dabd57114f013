"""Log download and firmware upload over V3."""

import hashlib
from itertools import pairwise

import pytest

from simulator import (
    CutTransfer,
    HungTransfer,
    Misbehaviour,
    Quirk,
    SimulatedMiner,
    Unconfirmed,
)

from .client import Connection, V3Client, connected

LOG = "get.log.download"
UPDATE = "set.system.update_firmware"
IMAGE = bytes(range(256)) * 3000
NEW = "20270102.03.Rel"


# Logs


@pytest.mark.parametrize("logs", [None, b"", b"x", b"x" * 300_000], ids=repr)
async def test_the_logs_follow_their_size(v3: V3Client, logs: bytes | None) -> None:
    """They need no signature, and the connection carries on after them."""
    if logs is not None:
        v3.miner.logs = logs
    async with connected(v3.miner) as connection:
        answer = await connection.ask(LOG)
        size = answer["msg"]["logsize"]
        assert (answer["code"], size) == (0, str(len(v3.miner.logs)))
        assert await connection.reader.readexactly(int(size)) == v3.miner.logs
        assert (await connection.ask("get.fan.setting"))["code"] == 0

    assert v3.miner.v3.writes == []


async def first_segments(v3: V3Client) -> tuple[bytes, bytes]:
    """Return the first segment behind the size of the logs, and the next one."""
    async with connected(v3.miner) as connection:
        await connection.request({"cmd": LOG})
        first = await connection.reader.read(1 << 16)
        behind = first[4 + int.from_bytes(first[:4], "little") :]
        return behind, await connection.reader.read(1 << 16)


async def test_the_logs_come_in_pieces_of_10_kib(v3: V3Client) -> None:
    v3.miner.logs = b"x" * 50_000
    behind, piece = await first_segments(v3)

    assert behind == b""
    assert len(piece) % 10_240 == 0


@pytest.mark.parametrize("quirks", [{Quirk.JOINED_LOGS}])
async def test_the_first_of_them_may_share_a_segment_with_the_answer(
    v3: V3Client,
) -> None:
    behind, _ = await first_segments(v3)

    assert behind
    assert v3.miner.logs.startswith(behind)


@pytest.mark.parametrize("share", [0.0, 0.5])
async def test_a_download_may_end_early(v3: V3Client, share: float) -> None:
    v3.miner.misbehave(LOG, CutTransfer(share))
    async with connected(v3.miner) as connection:
        size = int((await connection.ask(LOG))["msg"]["logsize"])
        assert len(await connection.rest()) == int(size * share)


# Firmware


async def start(v3: V3Client, connection: Connection) -> None:
    """Ask for an update and wait until the miner is ready for the file."""
    await connection.request(await v3.signed(UPDATE))
    answer = await connection.answer()
    assert (answer["code"], answer["msg"]) == (0, "ready")


def sized(image: bytes, announced: int | None = None) -> bytes:
    """Put the size before an image."""
    size = len(image) if announced is None else announced
    return size.to_bytes(4, "little") + image


@pytest.mark.parametrize("segments", [1, 3])
async def test_a_firmware_is_installed(v3: V3Client, segments: int) -> None:
    v3.miner.next_firmware = NEW
    data = sized(IMAGE)
    cuts = [len(data) * part // segments for part in range(segments + 1)]
    async with connected(v3.miner) as connection:
        await start(v3, connection)
        parts = [data[begin:end] for begin, end in pairwise(cuts)]
        await connection.send(*parts)
        answer = await connection.answer()
        assert (answer["code"], answer["msg"], answer["desc"]) == (0, "ok", UPDATE)
        assert await connection.is_closed()
    with pytest.raises(ConnectionRefusedError):
        await v3.summary()
    v3.miner.advance(90)

    assert (await v3.info("system"))["fwversion"] == NEW
    (image,) = v3.miner.images
    assert image.whole
    assert image.sha256 == hashlib.sha256(IMAGE).hexdigest()


async def test_an_update_needs_a_signature(v3: V3Client) -> None:
    assert await v3.result(UPDATE, token="wrong") == (-4, "no permission")
    assert v3.miner.images == []


async def test_a_refused_image_changes_nothing(v3: V3Client) -> None:
    v3.miner.refuses_firmware = True
    version = v3.miner.firmware_version
    async with connected(v3.miner) as connection:
        await start(v3, connection)
        await connection.send(sized(IMAGE))
        assert (await connection.answer())["code"] == -1
        assert (await connection.ask("get.fan.setting"))["code"] == 0

    assert v3.miner.firmware_version == version


async def test_half_an_image_changes_nothing(v3: V3Client) -> None:
    version = v3.miner.firmware_version
    async with connected(v3.miner) as connection:
        await start(v3, connection)
        await connection.send(sized(IMAGE[:1000], len(IMAGE)))
        connection.writer.write_eof()
        assert (await connection.answer())["code"] == -1

    assert v3.miner.firmware_version == version
    assert not v3.miner.images[0].whole


@pytest.mark.parametrize(
    ("quirks", "how"),
    [(set(), Unconfirmed()), ({Quirk.SILENT_RESTARTS}, None)],
)
async def test_the_last_answer_may_never_come(
    v3: V3Client, how: Misbehaviour | None
) -> None:
    v3.miner.next_firmware = NEW
    if how is not None:
        v3.miner.misbehave(UPDATE, how)
    async with connected(v3.miner) as connection:
        await start(v3, connection)
        await connection.send(sized(IMAGE))
        assert await connection.is_closed()
    v3.miner.advance(90)

    assert (await v3.info("system"))["fwversion"] == NEW


async def test_the_miner_may_fall_silent_during_the_file() -> None:
    async with SimulatedMiner(generation="v3") as miner:
        v3 = V3Client(miner)
        miner.misbehave(UPDATE, HungTransfer(0.5))
        async with connected(miner) as connection:
            await start(v3, connection)
            await connection.send(sized(IMAGE[:1000]))
            assert not connection.reader.at_eof()

        assert await v3.summary()
