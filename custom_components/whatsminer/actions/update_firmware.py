"""Updates the firmware of a miner, and waits until the miner is back."""

from asyncio import sleep
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import BinaryIO, Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from ..api import Miner, WhatsminerError
from ..const import DOMAIN
from ..coordinator import WhatsminerCoordinator
from ..names import owner_name

FOLDER: Final = ("whatsminer", "firmware")

_PIECE: Final = 64 * 1024
# A miner is away for one to three minutes; one that has not gone after three has not rebooted.
_READ_INTERVAL: Final = 5.0
_MOST_READS: Final = 120
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
    """Return the size and hash of a file; it reads the whole file from the disk.

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
    """Send a firmware, wait for the miner to come back, and return what it reports.

    `progress` is called with the share that was sent (0 to 1).

    Raises:
        WhatsminerError: see `Miner.update_firmware`.
        HomeAssistantError: translated; the miner did not come back.
        ServiceValidationError: translated; nothing was sent.

    """
    if not image.size:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="firmware_empty",
            translation_placeholders={"file": image.path.name},
        )
    before = coordinator.data.firmware
    client = coordinator.client
    with _updating(coordinator):
        with coordinator.write_access.learning():
            async with aclosing(_pieces(coordinator.hass, image)) as pieces:
                await client.update_firmware(pieces, image.size, progress)
        after = await _async_version_after(client, before)
    if after is None:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="firmware_not_back",
            translation_placeholders={"miner": owner_name(coordinator.config_entry)},
        )
    return Update(before, after)


@contextmanager
def _updating(coordinator: WhatsminerCoordinator) -> Iterator[None]:
    """Let nothing else reach the miner, and show that; afterwards see what it has become."""
    try:
        with coordinator.client.exclusive():
            coordinator.async_update_listeners()
            yield
    finally:
        coordinator.expected_capabilities.expect_change()
        coordinator.async_update_listeners()
        coordinator.async_refresh_soon()  # also after an error


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


async def _async_version_after(client: Miner, before: str | None) -> str | None:
    """Return the version of a miner that came back, or never went, None if it stays away."""
    gone = False
    answers = 0
    for _ in range(_MOST_READS):
        await sleep(_READ_INTERVAL)
        try:
            version = await client.firmware()
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
