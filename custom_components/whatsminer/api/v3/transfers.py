"""The two commands that carry a file on the connection of their request.

The file has no frame. Vendor document of V3, sections "Download logs" and "Update firmware".
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from ..errors import FirmwareRefusedError, RefusedError
from ..files import (
    CONCLUSION,
    DOWNLOAD_TIMEOUT,
    UPDATE_TIMEOUT,
    downloading,
    log_size,
    receive_log,
    send_image,
    updating,
)
from ..protocol import Progress, Sink
from ..queue import Turn
from ..transport import Connection
from . import envelope
from .envelope import Answer
from .frames import ClosedError, receive_frame
from .reader import Reader
from .requests import Requests
from .session import Session, Write

_DOWNLOAD: Final = "get.log.download"
_UPDATE: Final = "set.system.update_firmware"
# Seconds that the miner may take to pack its log.
_PACKED_WITHIN: Final = 60.0


async def download_logs(
    requests: Requests, reader: Reader, turn: Turn, sink: Sink
) -> int:
    """Pass the miner's log to `sink` and return its size (see `Miner.download_logs`).

    `sink` must not raise OSError, which stands for a lost connection.
    """
    with downloading(turn, _DOWNLOAD) as transfer:
        async with requests.conversation(timeout=DOWNLOAD_TIMEOUT) as conversation:
            turn.interrupt = conversation.abort
            await reader.confirm(conversation)
            answer = await conversation.ask(_DOWNLOAD, limit=_PACKED_WITHIN)
            size = log_size(answer.reading().get("logsize"), _DOWNLOAD)
            transfer.begun = True
            await receive_log(await conversation.connection(), size, sink, _DOWNLOAD)
    return size


async def update_firmware(
    requests: Requests,
    reader: Reader,
    session: Session,
    image: AsyncIterator[bytes],
    size: int,
    progress: Progress,
) -> Answer | None:
    """Send a firmware of `size` bytes (see `Miner.update_firmware`).

    There is no answer if the miner rebooted before it sent one; its version then shows the result.
    """
    try:
        with updating(_UPDATE) as transfer:
            async with requests.conversation(timeout=UPDATE_TIMEOUT) as conversation:
                await reader.confirm(conversation)
                await session.send(conversation, Write(name=_UPDATE))
                transfer.begun = True
                connection = await conversation.connection()
                await send_image(connection, image, size, progress, _UPDATE)
                return await _receive_conclusion(connection)
    except RefusedError as err:
        # Nothing but the image can be the reason of a refusal after the image.
        if err.request_sent and (transfer.begun or type(err) is RefusedError):
            raise FirmwareRefusedError(_UPDATE, err.code, err.reason) from err
        raise


async def _receive_conclusion(connection: Connection) -> Answer | None:
    """Return the last answer, None if the miner reboots without one."""
    try:
        async with asyncio.timeout(CONCLUSION):
            raw = await receive_frame(connection)
    except TimeoutError, ClosedError:
        return None
    return envelope.check(envelope.parse(raw, _UPDATE), _UPDATE)
