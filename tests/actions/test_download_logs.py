"""The miner's own log, as a file in the configuration."""

import asyncio
from collections.abc import Generator
from datetime import UTC, datetime
import os
from pathlib import Path
from stat import S_IMODE
import tarfile
from tempfile import NamedTemporaryFile
from typing import IO
from unittest.mock import patch

import pytest

from custom_components.whatsminer.actions import download_logs as logs
from custom_components.whatsminer.actions.download_logs import Log, async_download_logs
from custom_components.whatsminer.api import files as api_files
from custom_components.whatsminer.api.protocol import Sink
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from custom_components.whatsminer.exceptions import translating
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from simulator import CutTransfer, HungTransfer, Refused, SimulatedMiner
from tests import act, every_generation, fails_with, names_of
from tests.words import speaks_v3


async def save_log(coordinator: WhatsminerCoordinator) -> Log:
    """Download the log; the errors are translated, as the action does."""
    with translating(coordinator.config_entry):
        return await async_download_logs(coordinator)


@pytest.fixture(autouse=True)
def config_folder(hass: HomeAssistant, tmp_path: Path) -> Generator[Path]:
    """A configuration folder for this test alone."""
    with patch.object(hass.config, "config_dir", str(tmp_path)):
        yield tmp_path


def files(folder: Path) -> list[str]:
    """Return every file below a folder."""
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()
    )


@every_generation
async def test_the_log_becomes_a_file(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    config_folder: Path,
) -> None:
    await hass.config.async_set_time_zone("Europe/Berlin")
    assert set_up.data.taken.date() == datetime(2026, 11, 1, tzinfo=UTC).date()

    log = await save_log(set_up)

    mac = miner.mac.replace(":", "").lower()
    assert (
        log.path
        == config_folder
        / f"whatsminer/logs/{set_up.data.model}_{mac}_20261101_010000.tgz"
    )
    assert log.size == len(miner.logs)
    assert log.path.read_bytes() == miner.logs
    assert tarfile.is_tarfile(log.path)
    assert files(config_folder) == [str(log.path.relative_to(config_folder))]
    if speaks_v3(miner):  # which needs no signature for that
        assert names_of(miner.v3.requests)[-1] == "get.log.download"
    else:
        assert names_of(miner.writes) == ["download_logs"]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
@pytest.mark.parametrize("folder_is_there", [False, True])
async def test_a_log_is_for_the_user_of_home_assistant_alone(
    set_up: WhatsminerCoordinator,
    config_folder: Path,
    umask: int,
    folder_is_there: bool,
) -> None:
    """The log names pools and workers; the part file and the reserved name are private, too."""
    folder = config_folder / "whatsminer/logs"
    if folder_is_there:
        folder.mkdir(parents=True)
        folder.chmod(0o777)
    modes: list[int] = []
    replace = Path.replace

    def seen(self: Path, target: Path) -> Path:
        modes.extend(path.stat().st_mode for path in folder.iterdir())
        return replace(self, target)

    usual = os.umask(umask)
    try:
        with patch.object(Path, "replace", seen):
            log = await save_log(set_up)
    finally:
        os.umask(usual)

    modes.append(log.path.stat().st_mode)
    assert [S_IMODE(mode) for mode in modes] == [0o600] * 3


async def test_two_logs_of_the_same_second_are_two_files(
    miner: SimulatedMiner, set_up: WhatsminerCoordinator, config_folder: Path
) -> None:
    """No file that was there before is replaced."""
    first = await save_log(set_up)
    first.path.write_bytes(b"kept")

    both = await asyncio.gather(save_log(set_up), save_log(set_up))

    stem = first.path.stem
    assert {log.path.name for log in both} == {f"{stem}_2.tgz", f"{stem}_3.tgz"}
    assert [log.path.read_bytes() for log in both] == [miner.logs] * 2
    assert first.path.read_bytes() == b"kept"
    assert len(files(config_folder)) == 3


async def test_a_log_that_fails_takes_nothing_from_another_of_the_same_second(
    miner: SimulatedMiner, set_up: WhatsminerCoordinator, config_folder: Path
) -> None:
    miner.misbehave("download_logs", CutTransfer(), times=1)

    ends = await asyncio.gather(
        save_log(set_up), save_log(set_up), return_exceptions=True
    )

    (log,) = (end for end in ends if isinstance(end, logs.Log))
    (error,) = (end for end in ends if isinstance(end, HomeAssistantError))
    assert error.translation_key == "transfer_broken"
    assert log.path.read_bytes() == miner.logs
    assert files(config_folder) == [str(log.path.relative_to(config_folder))]


async def test_a_large_log_is_never_held_whole(
    miner: SimulatedMiner, set_up: WhatsminerCoordinator
) -> None:
    miner.logs = b"\x1f\x8b" + bytes(range(256)) * 16 * 1024  # 4 MiB
    sizes: list[int] = []
    download = set_up.client.download_logs

    async def measure(sink: Sink) -> int:
        async def measured(piece: bytes) -> None:
            sizes.append(len(piece))
            await sink(piece)

        return await download(measured)

    with patch.object(set_up.client, "download_logs", measure):
        log = await save_log(set_up)

    assert log.path.read_bytes() == miner.logs
    assert max(sizes) <= 64 * 1024


@pytest.mark.parametrize(
    ("how", "key"),
    [
        (CutTransfer(), "transfer_broken"),
        (Refused(45), "write_access_closed"),
        (Refused(14), "unsupported_command"),
    ],
)
async def test_a_log_that_does_not_come_whole_leaves_nothing(
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    config_folder: Path,
    how: CutTransfer,
    key: str,
) -> None:
    """No file is left that could be taken for the log."""
    miner.misbehave("download_logs", how)

    with fails_with(key) as error:
        await save_log(set_up)

    assert error.value.translation_placeholders is not None
    assert error.value.translation_placeholders["miner"] == "Miner"
    assert files(config_folder) == []
    assert set_up.write_access.is_open is (key != "write_access_closed")


async def test_a_log_that_comes_shows_that_write_access_is_open(
    miner: SimulatedMiner, set_up: WhatsminerCoordinator
) -> None:
    set_up.write_access.update(is_open=False)
    await save_log(set_up)
    assert set_up.write_access.is_open is True


async def test_a_log_beyond_all_measure_is_not_taken(
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    config_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A log without an end would fill the disk."""
    monkeypatch.setattr(api_files, "MOST_LOG_BYTES", len(miner.logs) - 1)
    with fails_with("transfer_too_large"):
        await save_log(set_up)
    assert files(config_folder) == []


async def test_a_disk_that_cannot_be_written_is_told(
    miner: SimulatedMiner, set_up: WhatsminerCoordinator, config_folder: Path
) -> None:
    (config_folder / "whatsminer").write_text("in the way")
    with fails_with("log_not_written"):
        await save_log(set_up)
    assert miner.writes == []


async def test_a_disk_that_fills_up_is_told(
    miner: SimulatedMiner, set_up: WhatsminerCoordinator, config_folder: Path
) -> None:
    def on_a_full_disk(*, dir: Path, suffix: str, delete_on_close: bool) -> IO[bytes]:
        file = NamedTemporaryFile(
            dir=dir, suffix=suffix, delete_on_close=delete_on_close
        )
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, file.fileno())
        os.close(full)
        return file

    with (
        patch.object(logs, "NamedTemporaryFile", on_a_full_disk),
        fails_with("log_not_written") as error,
    ):
        await save_log(set_up)
    assert error.value.translation_placeholders == {
        "miner": "Miner",
        "reason": "No space left on device",
    }
    assert files(config_folder) == []


async def test_a_file_that_cannot_get_its_name_is_told(
    set_up: WhatsminerCoordinator, config_folder: Path
) -> None:
    with (
        patch.object(Path, "replace", side_effect=PermissionError(1, "Not permitted")),
        fails_with("log_not_written"),
    ):
        await save_log(set_up)
    assert files(config_folder) == []


async def test_a_power_off_does_not_wait_for_the_log(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    config_folder: Path,
) -> None:
    """The log can be asked for again."""
    miner.misbehave("download_logs", HungTransfer())
    begun = asyncio.Event()
    download = set_up.client.download_logs

    async def download_and_record(sink: Sink) -> int:
        async def record(piece: bytes) -> None:
            await sink(piece)
            begun.set()

        return await download(record)

    with patch.object(set_up.client, "download_logs", download_and_record):
        log = asyncio.create_task(save_log(set_up))
        await begun.wait()
        await act(hass, "switch.turn_off", "switch.miner")

    assert not miner.state.mining
    with fails_with("transfer_interrupted"):
        await log
    assert files(config_folder) == []
