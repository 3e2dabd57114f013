"""The two commands that carry a file on the connection of their request.

The request and the first answer are encrypted, the file is not.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
import logging
from typing import Final

from .cipher import Session
from .errors import (
    CannotConnectError,
    FirmwareRefusedError,
    MalformedReplyError,
    RefusedError,
    TokenRejectedError,
    TransferBrokenError,
    TransferError,
    TransferInterruptedError,
    TransferTooLargeError,
    UnreachableError,
    UpdateOutcomeUnknownError,
    WhatsminerError,
    WrongPasswordError,
)
from .line import Line, Turn, unseal
from .reply import Answer
from .transport import CHUNK, TIMEOUT, Connection, connect
from .wire import integer

_LOGGER = logging.getLogger(__name__)

type Sink = Callable[[bytes], Awaitable[None]]
type Progress = Callable[[float], None]

# Seconds from the connect to the last byte.
_DOWNLOAD_TIMEOUT: Final = 10 * 60.0
_UPDATE_TIMEOUT: Final = 30 * 60.0
# Seconds that the miner may take to check and write an image.
_CONCLUSION: Final = 5 * 60.0
# Seconds after which a piece that the miner did not accept will never be accepted.
_STALLED: Final = 60.0
# A log has some megabytes; a far larger size is a mistake.
MOST_LOG_BYTES: Final = 256 * 1024 * 1024


async def download_logs(line: Line, turn: Turn, session: Session, sink: Sink) -> int:
    """Pass the miner's log (a .tgz) to `sink` piece by piece, and return its size in bytes.

    A power off interrupts it. `sink` must not raise OSError, which stands for a lost connection.

    Raises:
        RefusedError: the miner refused it.
        TransferError: the log did not arrive as a whole.
        UnreachableError, NotAMinerError, MalformedReplyError: there is no usable answer.

    """
    name = "download_logs"
    begun = False
    try:
        async with connect(
            line.host, line.port, timeout=_DOWNLOAD_TIMEOUT
        ) as connection:
            if line.is_overtaken(turn):  # while it was connecting
                raise TransferInterruptedError(name)
            turn.interrupt = connection.abort
            answer = await _request(connection, session, name)
            size = integer(answer.reading().get("logfilelen"))
            if size is None or size < 0:
                raise MalformedReplyError(f"{name}: the answer has no size")
            if size > MOST_LOG_BYTES:
                raise TransferTooLargeError(f"{name}: {size} bytes")
            if not size:
                raise TransferBrokenError(f"{name}: the log is empty")
            begun = True
            await _receive(connection, size, sink)
    except WhatsminerError as err:
        if turn.interrupted:
            raise TransferInterruptedError(name) from err
        if begun and isinstance(err, UnreachableError):
            raise TransferBrokenError(name) from err
        raise
    finally:
        turn.interrupt = None
    return size


async def update_firmware(
    line: Line,
    session: Session,
    image: AsyncIterator[bytes],
    size: int,
    progress: Progress,
) -> Answer:
    """Send a firmware of `size` bytes; the miner checks it, writes it, and reboots.

    `progress` gets the share that was sent (0 to 1). The answer has no code if the miner rebooted
    without an answer; its version then shows the result. `image` must not raise OSError.

    Raises:
        RefusedError: the miner refused the command; FirmwareRefusedError: it refused the image.
        UpdateOutcomeUnknownError: the miner may have either firmware.
        UnreachableError, NotAMinerError, MalformedReplyError: the request got no usable answer.

    """
    name = "update_firmware"
    begun = False
    try:
        async with connect(line.host, line.port, timeout=_UPDATE_TIMEOUT) as connection:
            await _request(connection, session, name)
            begun = True
            await connection.send(size.to_bytes(4, "little"))
            sent = 0
            async for piece in image:
                if connection.ended:
                    raise CannotConnectError(
                        "closed during the transfer", request_sent=True
                    )
                async with asyncio.timeout(_STALLED):
                    await connection.send(piece)
                sent += len(piece)
                progress(sent / size)
            if sent != size:
                raise UpdateOutcomeUnknownError(
                    f"{name}: {sent} bytes instead of {size}"
                )
            raw = b""
            with suppress(TimeoutError):  # it may reboot without an answer
                async with asyncio.timeout(_CONCLUSION):
                    raw = await connection.receive_object()
            return unseal(session, raw, name) if raw else Answer()
    except RefusedError as err:
        # The image is used up by now, so no other token helps.
        if type(err) is RefusedError or (
            begun and isinstance(err, WrongPasswordError | TokenRejectedError)
        ):
            raise FirmwareRefusedError(name, err.code, err.reason) from err
        raise
    except TransferError:
        raise
    except WhatsminerError as err:
        if begun:
            raise UpdateOutcomeUnknownError(name) from err
        raise


async def _receive(connection: Connection, size: int, sink: Sink) -> None:
    """Pass `size` bytes from the connection to `sink`."""
    while size > 0:
        async with asyncio.timeout(TIMEOUT):
            piece = await connection.receive(CHUNK)
        if not piece:
            raise CannotConnectError(f"{size} bytes are missing", request_sent=True)
        if len(piece) > size:
            _LOGGER.debug("download_logs: bytes after the reported size are ignored")
        await sink(piece[:size])
        size -= len(piece)


async def _request(connection: Connection, session: Session, command: str) -> Answer:
    """Send the request and return the answer that precedes the file."""
    async with asyncio.timeout(TIMEOUT):
        await connection.send(session.seal(command, {}))
        raw = await connection.receive_object()
    if not raw:
        raise CannotConnectError("closed without an answer", request_sent=True)
    return unseal(session, raw, command)
