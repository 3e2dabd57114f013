"""Files that a connection carries: a log that the miner sends, a firmware that it gets."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import logging
from typing import Final

from .decode import integer
from .errors import (
    CannotConnectError,
    MalformedReplyError,
    RefusedError,
    TransferBrokenError,
    TransferError,
    TransferInterruptedError,
    TransferTooLargeError,
    UnreachableError,
    UpdateOutcomeUnknownError,
    WhatsminerError,
)
from .protocol import Progress, Sink
from .queue import Turn
from .sanitize import Json
from .transport import TIMEOUT, Connection

_LOGGER = logging.getLogger(__name__)

# Seconds from the connect to the last byte.
DOWNLOAD_TIMEOUT: Final = 10 * 60.0
UPDATE_TIMEOUT: Final = 30 * 60.0
# Seconds that the miner may take to check and write an image.
CONCLUSION: Final = 5 * 60.0
# Seconds after which a piece that the miner did not accept will never be accepted.
_STALLED: Final = 60.0
# A log has some megabytes; a far larger size is a mistake.
MOST_LOG_BYTES: Final = 256 * 1024 * 1024


@dataclass(slots=True)
class Transfer:
    """How far a transfer is: whether the file itself has begun."""

    begun: bool = False


@contextmanager
def downloading(turn: Turn, command: str) -> Iterator[Transfer]:
    """Raise the errors of `Miner.download_logs` for those of the connection inside.

    What is inside may set `turn.interrupt`, by which a power off ends it.
    """
    transfer = Transfer()
    try:
        yield transfer
    except WhatsminerError as err:
        if turn.interrupted:
            raise TransferInterruptedError(command) from err
        if transfer.begun and isinstance(err, UnreachableError):
            raise TransferBrokenError(command) from err
        raise
    finally:
        turn.interrupt = None


@contextmanager
def updating(command: str) -> Iterator[Transfer]:
    """Raise the errors of `Miner.update_firmware` for those of the connection inside.

    A refusal is left to the protocol.
    """
    transfer = Transfer()
    try:
        yield transfer
    except TransferError, RefusedError:
        raise
    except WhatsminerError as err:
        if transfer.begun:
            raise UpdateOutcomeUnknownError(command) from err
        raise


def log_size(reported: Json, command: str) -> int:
    """Return the reported size of a log in bytes.

    Raises:
        MalformedReplyError, TransferTooLargeError, TransferBrokenError: there is no such log.

    """
    size = integer(reported)
    if size is None or size < 0:
        raise MalformedReplyError(f"{command}: the answer has no size")
    if size > MOST_LOG_BYTES:
        raise TransferTooLargeError(f"{command}: {size} bytes")
    if not size:
        raise TransferBrokenError(f"{command}: the log is empty")
    return size


async def next_piece(connection: Connection, size: int) -> bytes:
    """Return the next piece of a log, of which `size` bytes are missing."""
    async with asyncio.timeout(TIMEOUT):
        piece = await connection.receive()
    if not piece:
        raise CannotConnectError(f"{size} bytes are missing", request_sent=True)
    return piece


async def receive_log(
    connection: Connection, size: int, sink: Sink, command: str, piece: bytes = b""
) -> None:
    """Pass the `size` bytes of a log to `sink`; a first piece of them may have come before."""
    piece = piece or await next_piece(connection, size)
    while True:
        if len(piece) > size:
            _LOGGER.debug("%s: bytes after the reported size are ignored", command)
        await sink(piece[:size])
        size -= len(piece)
        if size <= 0:
            return
        piece = await next_piece(connection, size)


async def send_image(
    connection: Connection,
    image: AsyncIterator[bytes],
    size: int,
    progress: Progress,
    command: str,
) -> None:
    """Send the size of an image (4 bytes, the lowest first), and the image."""
    await connection.send(size.to_bytes(4, "little"))
    sent = 0
    async for piece in image:
        if connection.ended:
            raise CannotConnectError("closed during the transfer", request_sent=True)
        async with asyncio.timeout(_STALLED):
            await connection.send(piece)
        sent += len(piece)
        progress(sent / size)
    if sent != size:
        raise UpdateOutcomeUnknownError(f"{command}: {sent} bytes instead of {size}")
