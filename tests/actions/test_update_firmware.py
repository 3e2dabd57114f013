"""Firmware updates: from a file to what the miner reports afterwards."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
import hashlib
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from custom_components.whatsminer.actions import update_firmware as firmware
from custom_components.whatsminer.actions.update_firmware import (
    Image,
    Update,
    async_find_image,
    async_update_firmware,
    read_image,
)
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from custom_components.whatsminer.exceptions import translating
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from simulator import (
    Closed,
    CutTransfer,
    Misbehaviour,
    Refused,
    SimulatedMiner,
    Unconfirmed,
)
from tests import Held, act, every_generation, fails_with, shown

CONTENT = b"\x00firmware" * 50_000
# More than what a connection that is lost half-way could have swallowed.
LARGE = CONTENT * 40


type Install = Callable[..., Coroutine[Any, Any, Update]]


async def send(
    coordinator: WhatsminerCoordinator,
    image: Image,
    progress: Callable[[float], None] = lambda _: None,
) -> Update:
    """Update the firmware; the errors are translated, as the dialogue and the action do."""
    with translating(coordinator.config_entry):
        return await async_update_firmware(coordinator, image, progress)


@pytest.fixture(autouse=True)
def config_folder(hass: HomeAssistant, tmp_path: Path) -> Generator[Path]:
    """A configuration folder for this test alone."""
    with patch.object(hass.config, "config_dir", str(tmp_path)):
        yield tmp_path


@pytest.fixture
def folder(config_folder: Path) -> Path:
    """The folder that firmware is taken from."""
    folder = config_folder / "whatsminer" / "firmware"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def file(folder: Path) -> Path:
    """A firmware file."""
    file = folder / "new.bin"
    file.write_bytes(CONTENT)
    return file


@pytest.fixture
def install(set_up: WhatsminerCoordinator, file: Path) -> Install:
    """A function that updates the firmware from the file."""
    return lambda *progress: send(set_up, read_image(file), *progress)


@pytest.fixture(autouse=True)
def waited(monkeypatch: pytest.MonkeyPatch, miner: SimulatedMiner) -> list[float]:
    """The seconds between two checks, which pass for the miner and not for the test."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        miner.advance(seconds)

    monkeypatch.setattr(firmware, "sleep", sleep)
    return waited


@every_generation
async def test_a_miner_takes_another_firmware(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    install: Install,
) -> None:
    before = miner.firmware_version.strip("'")
    miner.next_firmware = "20991231.11.Rel"
    shares: list[float] = []

    update = await install(shares.append)

    assert update == Update(before, "20991231.11.Rel")
    (image,) = miner.images
    assert (image.announced, image.size) == (len(CONTENT), len(CONTENT))
    assert image.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert shares == sorted(shares)
    assert shares[-1] == 1
    # Firmware decides what there is: the entry begins anew.
    await hass.async_block_till_done(wait_background_tasks=True)
    assert set_up.config_entry.state is ConfigEntryState.LOADED
    assert (
        set_up.config_entry.runtime_data.coordinator.data.firmware == "20991231.11.Rel"
    )


async def test_each_update_is_followed_however_soon_it_comes_after_the_last(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    file: Path,
) -> None:
    for version in ("20991231.11.Rel", "20991231.12.Rel", "20991231.13.Rel"):
        coordinator = set_up.config_entry.runtime_data.coordinator
        miner.next_firmware = version
        await send(coordinator, read_image(file))
        await hass.async_block_till_done(wait_background_tasks=True)

        assert set_up.config_entry.runtime_data.coordinator is not coordinator
        assert set_up.config_entry.runtime_data.coordinator.data.firmware == version


async def test_no_final_answer_is_no_failure(
    miner: SimulatedMiner, install: Install
) -> None:
    """Some miners reboot without a final answer."""
    miner.next_firmware = "20991231.11.Rel"
    miner.misbehave("update_firmware", Unconfirmed())
    update = await install()
    assert update.after == "20991231.11.Rel"


async def test_a_miner_that_comes_back_with_its_firmware_is_told(
    miner: SimulatedMiner, waited: list[float], install: Install
) -> None:
    before = miner.firmware_version
    miner.next_firmware = before
    assert await install() == Update(before, before)
    assert sum(waited) < miner.state.reboot_seconds + 30


async def test_a_miner_that_never_goes_is_told(
    miner: SimulatedMiner, waited: list[float], install: Install
) -> None:
    """A miner may take some minutes to write a firmware before it reboots."""
    before = miner.firmware_version
    miner.misbehave("update_firmware", CutTransfer(1.0))
    assert await install() == Update(before, before)
    assert 120 <= sum(waited) <= 300


async def test_a_refused_firmware_is_an_error(
    miner: SimulatedMiner, install: Install
) -> None:
    miner.refuses_firmware = True
    with fails_with("firmware_refused"):
        await install()
    assert miner.state.mining


@pytest.mark.parametrize(
    ("how", "key"),
    [
        (CutTransfer(), "firmware_unknown"),
        (Refused(45), "write_access_closed"),
        (Refused(14), "unsupported_command"),
        (Refused(132), "firmware_refused"),
    ],
)
async def test_what_went_wrong_is_told(
    miner: SimulatedMiner, file: Path, how: Misbehaviour, key: str, install: Install
) -> None:
    file.write_bytes(LARGE)
    miner.misbehave("update_firmware", how, times=1)
    with fails_with(key) as error:
        await install()
    assert error.value.translation_placeholders is not None
    assert error.value.translation_placeholders["miner"] == "Miner"

    miner.next_firmware = "20991231.11.Rel"
    update = await install()
    assert update.after == "20991231.11.Rel"


@pytest.mark.parametrize("refuses", [False, True])
async def test_the_status_says_so_during_an_update(
    hass: HomeAssistant, miner: SimulatedMiner, install: Install, refuses: bool
) -> None:
    """It ends with the update, whatever became of it."""
    seen: set[str] = set()
    miner.next_firmware = "20991231.11.Rel"
    miner.refuses_firmware = refuses
    try:
        await install(lambda _: seen.add(shown(hass, "sensor.miner_status")))
    except HomeAssistantError:
        assert refuses
    assert seen == {"updating"}
    assert shown(hass, "sensor.miner_status") != "updating"


async def test_the_version_is_read_as_soon_as_a_lost_miner_answers(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    file: Path,
    install: Install,
) -> None:
    file.write_bytes(LARGE)
    miner.misbehave("update_firmware", CutTransfer())
    miner.firmware_version = "20991231.11.Rel"  # as if it had enough, after all
    with fails_with("firmware_unknown"):
        await install()

    await hass.async_block_till_done(wait_background_tasks=True)

    assert (
        set_up.config_entry.runtime_data.coordinator.data.firmware == "20991231.11.Rel"
    )


async def test_a_miner_that_does_not_come_back_is_told(
    miner: SimulatedMiner, install: Install
) -> None:
    """The update fails after ten minutes."""
    miner.state.reboot_seconds = 3600
    with fails_with("firmware_not_back"):
        await install()


async def test_one_update_at_a_time(
    miner: SimulatedMiner, set_up: WhatsminerCoordinator, file: Path
) -> None:
    image = read_image(file)
    first = asyncio.create_task(send(set_up, image))
    await asyncio.sleep(0)
    with fails_with("firmware_in_progress", ServiceValidationError):
        await send(set_up, image)
    await first
    assert len(miner.images) == 1


async def test_an_empty_file_is_no_firmware(
    miner: SimulatedMiner, file: Path, install: Install
) -> None:
    file.write_bytes(b"")
    with fails_with("firmware_empty", ServiceValidationError):
        await install()
    assert miner.requests == []


async def test_a_file_that_is_gone_when_it_is_sent_is_told(
    miner: SimulatedMiner, set_up: WhatsminerCoordinator, file: Path
) -> None:
    image = read_image(file)
    file.unlink()
    with fails_with("firmware_not_found"):
        await send(set_up, image)
    assert not any(image.size for image in miner.images)


async def test_a_file_is_found_by_its_name(hass: HomeAssistant, file: Path) -> None:
    image = await async_find_image(hass, "new.bin")
    assert image.path == file
    assert image.size == len(CONTENT)
    assert image.sha256 == hashlib.sha256(CONTENT).hexdigest()


@pytest.mark.parametrize(
    "name",
    [
        "missing.bin",
        "",
        ".",
        "..",
        "../secrets.yaml",
        "../../secrets.yaml",
        "/etc/passwd",
        "link.bin",
        "nul\0.bin",
    ],
)
async def test_no_other_file_is_read(
    hass: HomeAssistant, folder: Path, config_folder: Path, name: str
) -> None:
    """Neither a path above the folder nor a link out of it is read."""
    (config_folder / "secrets.yaml").write_text("secret")
    (folder.parent / "secrets.yaml").write_text("secret")
    (folder / "link.bin").symlink_to(config_folder / "secrets.yaml")
    with fails_with("firmware_not_found", ServiceValidationError):
        await async_find_image(hass, name)


async def test_readings_go_on_after_an_update(
    hass: HomeAssistant, miner: SimulatedMiner, install: Install
) -> None:
    miner.next_firmware = "20991231.11.Rel"
    await install()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert float(shown(hass, "sensor.miner_power")) > 0


# While it goes on


@pytest.fixture
async def half_sent(
    hass: HomeAssistant, miner: SimulatedMiner, install: Install
) -> AsyncGenerator[asyncio.Task[Update]]:
    """An update that has begun, and waits for the miner."""
    miner.next_firmware = "20991231.11.Rel"
    miner.misbehave("update_firmware", held := Held(), times=1)
    update = hass.async_create_task(install())
    await held.reached.wait()
    yield update
    held.release.set()
    assert (await update).after == "20991231.11.Rel"
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.usefixtures("half_sent")
async def test_a_command_meanwhile_is_refused_at_once(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """The caller must not believe that a power off was sent."""
    with fails_with("firmware_in_progress", ServiceValidationError):
        await act(hass, "switch.turn_off", "switch.miner")
    assert shown(hass, "switch.miner") == "on"


@pytest.mark.usefixtures("half_sent")
async def test_readings_meanwhile_are_unavailable(
    hass: HomeAssistant, set_up: WhatsminerCoordinator
) -> None:
    """Readings would stand still during the update."""
    await set_up.async_refresh()
    assert shown(hass, "sensor.miner_power") == STATE_UNAVAILABLE


@pytest.mark.usefixtures("half_sent")
async def test_a_reload_meanwhile_opens_no_second_connection(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    install: Install,
) -> None:
    await hass.config_entries.async_reload(set_up.config_entry.entry_id)
    assert miner.peak_connections == 1
    with fails_with("firmware_in_progress"):
        await install()


@pytest.mark.parametrize("how", [Refused(132), Closed()], ids=["refused", "closed"])
async def test_a_version_that_cannot_be_read_at_first_is_not_taken_for_the_old_one(
    miner: SimulatedMiner, how: Misbehaviour, install: Install
) -> None:
    """A miner that has just come back does not answer everything."""
    miner.next_firmware = "20991231.11.Rel"
    miner.misbehave("get_version", how, times=3)
    update = await install()
    assert update.after == "20991231.11.Rel"
