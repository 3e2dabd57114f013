"""Downloads the log of a miner into a file."""

from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
import re
from tempfile import NamedTemporaryFile
from typing import IO, Final

from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from ..const import DOMAIN
from ..coordinator import WhatsminerCoordinator
from ..miner.record import mac_of
from ..names import owner_name

FOLDER: Final = ("whatsminer", "logs")


@dataclass(frozen=True, slots=True)
class Log:
    """A downloaded log (.tgz): where it is, and its size in bytes."""

    path: Path
    size: int


async def async_download_logs(coordinator: WhatsminerCoordinator) -> Log:
    """Fetch a miner's log into `<config>/whatsminer/logs/`, never holding more than a piece.

    Raises:
        WhatsminerError: see `Miner.download_logs`; no file is left.
        HomeAssistantError: translated; it cannot be written, and no file is left.

    """
    hass = coordinator.hass
    folder = Path(hass.config.path(*FOLDER))
    # Removes the part file, unless it has got its name by then.
    held = ExitStack()
    try:
        try:
            file = await hass.async_add_executor_job(_open, folder, held)
            with coordinator.write_access.learning():
                size = await coordinator.client.download_logs(
                    lambda piece: _async_write(coordinator, file, piece)
                )
            coordinator.write_access.update(is_open=True)
            path = await hass.async_add_executor_job(
                _keep, file, folder, _file_stem(coordinator)
            )
        finally:
            await hass.async_add_executor_job(held.close)
    except OSError as err:
        raise _not_written(coordinator, err) from err
    return Log(path, size)


def _file_stem(coordinator: WhatsminerCoordinator) -> str:
    """Return a name of model, MAC address and time."""
    model = re.sub(r"[^\w+-]", "", coordinator.data.model or "Whatsminer")
    mac = mac_of(coordinator.config_entry).replace(":", "")
    return f"{model}_{mac}_{dt_util.now():%Y%m%d_%H%M%S}"


def _open(folder: Path, held: ExitStack) -> IO[bytes]:
    """Open a part file of a name that no other download has, for our own user alone."""
    folder.mkdir(parents=True, exist_ok=True)
    return held.enter_context(
        NamedTemporaryFile(dir=folder, suffix=".part", delete_on_close=False)
    )


def _keep(file: IO[bytes], folder: Path, stem: str) -> Path:
    """Give a file that is complete its name: the first that is free."""
    file.close()
    path = _claim(folder, stem)
    try:
        return Path(file.name).replace(path)
    except OSError:
        path.unlink()
        raise


def _claim(folder: Path, stem: str) -> Path:
    """Reserve a name by an empty file, so that a download at the same time takes another."""
    path = folder / f"{stem}.tgz"
    numbers = count(2)
    while True:
        try:
            # A log contains pools and workers: like the file, it is for our own user alone.
            path.touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            path = folder / f"{stem}_{next(numbers)}.tgz"
        else:
            return path


async def _async_write(
    coordinator: WhatsminerCoordinator, file: IO[bytes], piece: bytes
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
            "miner": owner_name(coordinator.config_entry),
            "reason": err.strerror or str(err),
        },
    )
