"""Gives a miner another firmware, and sees what became of it."""

from asyncio import sleep
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import BinaryIO, Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from ..api import Miner, WhatsminerError
from ..const import DOMAIN
from ..coordinator import WhatsminerCoordinator

FOLDER: Final = ("whatsminer", "firmware")

_PIECE: Final = 64 * 1024
# A miner is away for one to three minutes; one that has not gone after three has not rebooted.
_LOOK_INTERVAL: Final = 5.0
_MOST_LOOKS: Final = 120
_ANSWERS_WHEN_THERE: Final = 36
_ANSWERS_WHEN_BACK: Final = 2


@dataclass(frozen=True, slots=True)
class Image:
    """A firmware file: size in bytes, SHA-256 in hexadecimal digits."""

    path: Path
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Update:
    """What the miner reported before and after; both are the same when it kept its firmware."""

    before: str | None
    after: str | None


def read_image(path: Path) -> Image:
    """Return what there is to know of a file; it is read from the disk, as a whole.

    Raises:
        OSError: it cannot be read.

    """
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
        return Image(path, file.tell(), digest)


async def async_find_image(hass: HomeAssistant, name: str) -> Image:
    """Return a file of `<config>/whatsminer/firmware/`, by its name there.

    Raises:
        ServiceValidationError: translated; there is none of that name, or it is elsewhere.

    """
    folder = Path(hass.config.path(*FOLDER))

    def find() -> Image:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise FileNotFoundError(name)
        return read_image(path)

    try:
        return await hass.async_add_executor_job(find)
    except (OSError, ValueError) as err:
        raise _not_found(name) from err


async def async_update_firmware(
    coordinator: WhatsminerCoordinator,
    image: Image,
    progress: Callable[[float], None] = lambda _: None,
) -> Update:
    """Send a firmware, wait for the miner to come back, and compare what it reports.

    `progress` is told the share that was sent (0 to 1).

    Raises:
        HomeAssistantError: translated; the miner refused it, or nobody knows what became of it.
        ServiceValidationError: translated; nothing was sent.

    """
    if not image.size:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="firmware_empty",
            translation_placeholders={"file": image.path.name},
        )
    before = coordinator.data.firmware
    miner = coordinator.miner
    try:
        with coordinator.explained(), miner.exclusive():
            with coordinator.access.learning():
                async with aclosing(_pieces(coordinator.hass, image)) as pieces:
                    await miner.update_firmware(pieces, image.size, progress)
            after = await _async_version_after(miner, before)
    finally:
        coordinator.expectations.expect_change()
        coordinator.async_refresh_soon()  # whatever became of it
    if after is None:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="firmware_not_back",
            translation_placeholders={"miner": coordinator.config_entry.title},
        )
    return Update(before, after)


async def _pieces(hass: HomeAssistant, image: Image) -> AsyncGenerator[bytes]:
    """Read a file piece by piece."""
    try:
        file: BinaryIO = await hass.async_add_executor_job(image.path.open, "rb")
        try:
            while piece := await hass.async_add_executor_job(file.read, _PIECE):
                yield piece
        finally:
            await hass.async_add_executor_job(file.close)
    except OSError as err:
        raise _not_found(image.path.name) from err


async def _async_version_after(miner: Miner, before: str | None) -> str | None:
    """Return the version of a miner that came back, or that never went; None for one away."""
    gone = False
    answers = 0
    for _ in range(_MOST_LOOKS):
        await sleep(_LOOK_INTERVAL)
        try:
            version = await miner.firmware()
        except WhatsminerError:
            gone, answers = True, 0
            continue
        answers += 1
        if version != before or answers >= (
            _ANSWERS_WHEN_BACK if gone else _ANSWERS_WHEN_THERE
        ):
            return version
    return None


def _not_found(name: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="firmware_not_found",
        translation_placeholders={"file": name, "folder": "/".join(FOLDER)},
    )
