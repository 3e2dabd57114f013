"""Log download and firmware upload."""

import asyncio
from contextlib import suppress
import gzip
import hashlib
import io
import tarfile

import pytest

from simulator import (
    Closed,
    CutTransfer,
    Delayed,
    HungTransfer,
    Misbehaviour,
    Quirk,
    SimulatedMiner,
    Truncated,
    Unconfirmed,
    log_archive,
)

from .client import Client, Dialog

each_generation = pytest.mark.parametrize("generation", ["v1", "v2", "compat"])

IMAGE = bytes(range(256)) * 3000  # more than any buffer on the way holds
NEW = "20270102.03.Rel"


async def download(client: Client) -> tuple[int, bytes]:
    """Return the announced length and the bytes that came."""
    async with client.dialog("download_logs") as dialog:
        answer = await dialog.answer()
        assert list(answer["Msg"]) == ["logfilelen"]
        return int(answer["Msg"]["logfilelen"]), await dialog.rest()


async def upload(dialog: Dialog, image: bytes, announced: int | None = None) -> None:
    """Wait for ``ready`` and send an image."""
    answer = await dialog.answer()
    assert (answer["Code"], answer["Msg"]) == (131, "ready")
    size = len(image) if announced is None else announced
    await dialog.send(size.to_bytes(4, "little") + image)


async def update(client: Client, image: bytes = IMAGE) -> int:
    """Send an image and return the code of the final answer."""
    async with client.dialog("update_firmware") as dialog:
        await upload(dialog, image)
        code: int = (await dialog.answer())["Code"]
        assert await dialog.rest() == b""
        return code


async def version(client: Client) -> str:
    """Return the firmware version that the miner reports."""
    return str((await client.message("get_version"))["fw_ver"])


# Logs


@each_generation
async def test_the_logs_follow_their_length(client: Client) -> None:
    """The logs are a whole archive of text files."""
    length, logs = await download(client)

    assert (length, logs) == (len(client.miner.logs), client.miner.logs)
    with tarfile.open(fileobj=io.BytesIO(logs)) as archive:
        names = archive.getnames()
        member = archive.extractfile("logs/miner.log")
        assert member is not None
        assert b"chip temp" in member.read()
    assert names == ["logs/miner.log", "logs/power.log", "logs/system.log"]
    assert client.miner.writes == [{"cmd": "download_logs"}]
    assert await client.summary()


def test_an_archive_of_the_same_files_is_the_same() -> None:
    one, two = (log_archive({"a.log": b"text", "b.log": b""}) for _ in "ab")

    assert one == two
    assert gzip.decompress(one).startswith(b"a.log\0")


@pytest.mark.parametrize("logs", [b"", b"x", b"x" * 300_000], ids=len)
async def test_a_test_may_set_the_logs(client: Client, logs: bytes) -> None:
    client.miner.logs = logs

    assert await download(client) == (len(logs), logs)


async def test_the_logs_come_after_their_answer(client: Client) -> None:
    """Some firmware sends both in one segment."""
    assert not await first_segment(client)
    async with SimulatedMiner(speed=1) as running:
        assert not await first_segment(Client(running))

    async with SimulatedMiner(quirks={Quirk.JOINED_LOGS}) as joined:
        assert client.miner.logs.startswith(await first_segment(Client(joined)))
        assert await first_segment(Client(joined))
        assert await download(Client(joined)) == (len(joined.logs), joined.logs)


async def first_segment(client: Client) -> bytes:
    """Return what arrives in one segment with the answer to ``download_logs``."""
    async with client.dialog("download_logs") as dialog:
        segment = await dialog.reader.read(1 << 16)
        assert segment.startswith(b'{"enc":"')
        return segment.partition(b'"}')[2]


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5])
async def test_a_download_may_end_early(client: Client, share: float) -> None:
    """The announced length is that of the whole."""
    client.miner.misbehave("download_logs", CutTransfer(share))
    length, logs = await download(client)

    assert length == len(client.miner.logs)
    assert logs == client.miner.logs[: int(length * share)]


async def test_a_download_may_hang(client: Client) -> None:
    client.miner.misbehave("download_logs", HungTransfer())
    half = len(client.miner.logs) // 2
    async with client.dialog("download_logs") as dialog:
        await dialog.answer()
        assert await dialog.reader.readexactly(half) == client.miner.logs[:half]
        more = asyncio.ensure_future(dialog.reader.read(1))
        assert await client.summary()  # time enough for another byte to come
        assert not more.done()
        more.cancel()
    client.miner.behave()

    assert await download(client) == (len(client.miner.logs), client.miner.logs)


async def test_a_delayed_download_is_whole(client: Client) -> None:
    release = asyncio.Event()
    client.miner.misbehave("download_logs", Delayed(release))
    task = asyncio.create_task(download(client))
    while not client.miner.writes:
        await asyncio.sleep(0)
    release.set()

    assert await task == (len(client.miner.logs), client.miner.logs)


@pytest.mark.parametrize("how", [Closed(execute=True), Truncated(10)])
async def test_nothing_follows_an_answer_that_is_not_whole(
    client: Client, how: Misbehaviour
) -> None:
    client.miner.misbehave("download_logs", how)
    async with client.dialog("download_logs") as dialog:
        assert len(await dialog.reader.read()) in {0, 10}


@pytest.mark.parametrize("command", ["download_logs", "update_firmware"])
async def test_both_need_the_switch(client: Client, command: str) -> None:
    client.miner.api_open = False
    assert await client.code(command) == 45
    client.miner.api_open = True
    client.miner.void_tokens()
    assert await client.code(command) == 135
    assert client.miner.images == []


async def test_a_nul_behind_the_answer_is_no_part_of_a_file() -> None:
    """Old firmware ends each answer so, also where bytes follow it."""
    async with SimulatedMiner(generation="v1", quirks={Quirk.TRAILING_NUL}) as miner:
        client = Client(miner)
        length, logs = await download(client)
        assert (length, logs) == (len(miner.logs), miner.logs)
        assert await update(client) == 131
        assert [image.whole for image in miner.images] == [True]


# Firmware


@each_generation
async def test_a_new_firmware_comes_back_under_its_version(client: Client) -> None:
    client.miner.next_firmware = NEW
    before = await version(client)
    assert await update(client) == 131

    with pytest.raises(ConnectionRefusedError):
        await version(client)
    client.miner.advance(90)
    assert await version(client) == client.miner.firmware_version == NEW != before
    assert (await client.summary())["Uptime"] == 0
    assert NEW in str(await client.message("status"))
    (image,) = client.miner.images
    assert (image.announced, image.size, image.whole) == (len(IMAGE), len(IMAGE), True)
    assert image.sha256 == hashlib.sha256(IMAGE).hexdigest()
    assert client.miner.writes == [{"cmd": "update_firmware"}]


async def test_settings_survive_an_update(client: Client) -> None:
    await client.send("set_low_power")
    await update(client)
    client.miner.advance(90)

    assert client.miner.state.power_mode == "low"
    assert await client.code("power_off") == 131


async def test_the_new_version_has_a_date_unless_it_is_set(client: Client) -> None:
    client.miner.advance(86_400)
    await update(client)

    assert client.miner.firmware_version == "20261102.14.Rel"


@pytest.mark.parametrize("refuses", [False, True])
async def test_what_is_no_image_is_refused(client: Client, refuses: bool) -> None:
    client.miner.refuses_firmware = refuses
    before = await version(client)

    assert await update(client, IMAGE if refuses else b"") == 132
    assert await version(client) == before
    assert client.miner.images[0].whole is refuses
    assert not client.miner.state.away


async def test_a_size_in_the_wrong_byte_order_is_refused(client: Client) -> None:
    """In the wrong byte order the size is one of gigabytes."""
    async with client.dialog("update_firmware") as dialog:
        await dialog.answer()
        await dialog.send((200).to_bytes(4, "big"))
        assert (await dialog.answer())["Code"] == 132

    assert client.miner.images[0].announced == 200 << 24


@pytest.mark.parametrize("sent", [0, 3, 4, 1000, len(IMAGE) + 3])
async def test_an_image_that_does_not_arrive_whole_changes_nothing(
    client: Client, sent: int
) -> None:
    data = (len(IMAGE).to_bytes(4, "little") + IMAGE)[:sent]
    before = await version(client)
    async with client.dialog("update_firmware") as dialog:
        await dialog.answer()
        await dialog.send(data)
        dialog.writer.write_eof()
        assert (await dialog.answer())["Code"] == 132

    assert await version(client) == before
    (image,) = client.miner.images
    assert (image.size, image.whole) == (max(0, sent - 4), False)


async def test_a_client_that_falls_silent_is_dropped() -> None:
    async with SimulatedMiner(idle_seconds=0.3) as miner:
        async with Client(miner).dialog("update_firmware") as dialog:
            await upload(dialog, b"half", announced=8)
            assert await dialog.rest() == b""

        assert [image.whole for image in miner.images] == [False]
        assert not miner.state.away


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
async def test_an_upload_may_be_cut(client: Client, share: float) -> None:
    client.miner.misbehave("update_firmware", CutTransfer(share))
    before = await version(client)
    async with client.dialog("update_firmware") as dialog:
        # Whether the client gets an end or an error depends on how much it has sent.
        with suppress(ConnectionError):
            await upload(dialog, IMAGE)
            assert await dialog.rest() == b""

    assert await version(client) == before
    assert [image.size for image in client.miner.images] == [int(len(IMAGE) * share)]


async def test_an_upload_may_hang(client: Client) -> None:
    client.miner.misbehave("update_firmware", HungTransfer())
    async with client.dialog("update_firmware") as dialog:
        await upload(dialog, IMAGE)
        more = asyncio.ensure_future(dialog.reader.read(1))
        while not client.miner.images:
            await asyncio.sleep(0)
        assert not more.done()
        more.cancel()

    assert not client.miner.state.away


@pytest.mark.parametrize("quirks", [set[Quirk](), {Quirk.SILENT_RESTARTS}])
async def test_the_final_answer_may_be_lost(quirks: set[Quirk]) -> None:
    async with SimulatedMiner(quirks=quirks) as miner:
        client = Client(miner)
        miner.next_firmware = NEW
        if not quirks:
            miner.misbehave("update_firmware", Unconfirmed())
        async with client.dialog("update_firmware") as dialog:
            await upload(dialog, IMAGE)
            assert await dialog.rest() == b""
        miner.advance(90)

        assert await version(client) == NEW
