"""The commands that go on after their first answer: log download, firmware upload.

What follows on the connection is bare bytes, neither encrypted nor JSON.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from .device import Device
from .errors import Code, Refusal
from .misbehaviour import Line
from .quirks import Quirk
from .storage import Image
from .wire import Json, JsonObject
from .writes import command

_PAUSE_SECONDS = 0.01  # from the answer to the first byte of the logs
_JOINED_BYTES = 512  # of the logs, that come along with the answer
_CHUNK_BYTES = 1 << 16
_LARGEST_IMAGE = 1 << 30  # a size in the wrong byte order is most often beyond it


class Transfer(Protocol):
    """What follows a command's first answer on the same connection."""

    async def run(
        self, first: bytes, line: Line, *, share: float | None, confirm: bool
    ) -> None:
        """Send the first answer and all that follows.

        Args:
            first: the answer to the command itself.
            line: the connection.
            share: the part of the bytes after which the transfer stops; None for a
                transfer that is completed.
            confirm: whether a completed transfer gets the final answer that is due.
        """


@command("download_logs")
def _download_logs(device: Device, arguments: JsonObject) -> Json:
    return {"logfilelen": str(len(device.storage.logs))}


@command("update_firmware")
def _update_firmware(device: Device, arguments: JsonObject) -> Json:
    return "ready"


@dataclass(frozen=True, slots=True)
class LogDownload:
    """Send the logs.

    Attributes:
        piece: how many bytes at most go out at a time.
    """

    device: Device
    piece: int = 1 << 30

    async def run(
        self, first: bytes, line: Line, *, share: float | None, confirm: bool
    ) -> None:
        """Send the logs; there is no final answer."""
        logs = self.device.storage.logs
        logs = logs[: len(logs) if share is None else int(len(logs) * share)]
        joined = _JOINED_BYTES if Quirk.JOINED_LOGS in self.device.quirks else 0
        await line.send(first + logs[:joined])
        await self.device.clock.pause(_PAUSE_SECONDS)
        for begin in range(joined, len(logs), self.piece):
            await line.send(logs[begin : begin + self.piece])


@dataclass(frozen=True, slots=True)
class FirmwareUpload:
    """Receive a firmware image and reboot into it.

    Attributes:
        answer: makes the final answer, a refusal with 132 or the plain success.
    """

    device: Device
    answer: Callable[[Refusal | None], bytes]

    async def run(
        self, first: bytes, line: Line, *, share: float | None, confirm: bool
    ) -> None:
        """Receive an image; nothing changes unless it is whole."""
        await line.send(first)
        image = await self._receive(line, share)
        if share is not None:
            return
        refusal = None
        if not image.whole or self.device.storage.refuses_firmware:
            refusal = Refusal(Code.COMMAND_ERROR)
        else:
            self.device.catch_up()
            self.device.storage.update(self.device.state.now)
            self.device.state.reboot()
        if confirm:
            await line.send(self.answer(refusal))

    async def _receive(self, line: Line, share: float | None) -> Image:
        """Read the size and that share of the image; what came is kept in any case."""
        announced = size = 0
        digest = sha256()
        try:
            announced = await _size(line)
            wanted = announced if announced <= _LARGEST_IMAGE else 0
            wanted = wanted if share is None else int(wanted * share)
            while size < wanted:
                data = await line.receive(min(_CHUNK_BYTES, wanted - size))
                if not data:
                    break
                digest.update(data)
                size += len(data)
        finally:
            image = Image(announced, size, digest.hexdigest())
            self.device.storage.images.append(image)
        return image


async def _size(line: Line) -> int:
    """Read four bytes, little-endian; 0 if the client ends its side before."""
    size = b""
    while len(size) < 4:
        data = await line.receive(4 - len(size))
        if not data:
            return 0
        size += data
    return int.from_bytes(size, "little")
