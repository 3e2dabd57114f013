"""Keeps a miner's own log as a file."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
import re
from typing import BinaryIO, Final

from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinator import WhatsminerCoordinator

FOLDER: Final = ("whatsminer", "logs")


@dataclass(frozen=True, slots=True)
class Log:
    """A downloaded log (.tgz): where it is, and its size in bytes."""

    path: Path
    size: int


async def async_download_logs(coordinator: WhatsminerCoordinator) -> Log:
    """Fetch a miner's log into `<config>/whatsminer/logs/`, never holding more than a piece.

    Raises:
        HomeAssistantError: translated, when the miner did not give it whole or it cannot be
            written; then nothing of it is left.

    """
    hass = coordinator.hass
    path = Path(hass.config.path(*FOLDER, _file_name(coordinator)))
    part = path.with_suffix(".part")
    try:
        with coordinator.explained(), coordinator.access.learning():
            file = await hass.async_add_executor_job(_open, part)
            try:
                size = await coordinator.miner.download_logs(
                    lambda piece: _async_write(coordinator, file, piece)
                )
            finally:
                await hass.async_add_executor_job(file.close)
        coordinator.access.update(is_open=True)
        await hass.async_add_executor_job(part.replace, path)
    except OSError as err:
        raise _not_written(coordinator, err) from err
    finally:
        await hass.async_add_executor_job(_remove, part)
    return Log(path, size)


def _file_name(coordinator: WhatsminerCoordinator) -> str:
    """Return a name that tells model, MAC and time."""
    model = re.sub(r"[^\w+-]", "", coordinator.data.model or "Whatsminer")
    mac = (coordinator.config_entry.unique_id or "").replace(":", "")
    return f"{model}_{mac}_{dt_util.now():%Y%m%d_%H%M%S}.tgz"


def _open(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("wb")


def _remove(path: Path) -> None:
    with suppress(OSError):  # it may be there or not
        path.unlink()


async def _async_write(
    coordinator: WhatsminerCoordinator, file: BinaryIO, piece: bytes
) -> None:
    try:
        await coordinator.hass.async_add_executor_job(file.write, piece)
    except OSError as err:
        raise _not_written(coordinator, err) from err


def _not_written(
    coordinator: WhatsminerCoordinator, err: OSError
) -> HomeAssistantError:
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="log_not_written",
        translation_placeholders={
            "miner": coordinator.config_entry.title,
            "reason": err.strerror or str(err),
        },
    )
