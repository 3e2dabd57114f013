"""The two commands that carry a file on the connection of their request.

The request and the first answer are encrypted, the file is not.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from ..errors import (
    CannotConnectError,
    FirmwareRefusedError,
    RefusedError,
    TokenRejectedError,
    TransferInterruptedError,
    UpdateOutcomeUnknownError,
    WrongPasswordError,
)
from ..files import (
    CONCLUSION,
    DOWNLOAD_TIMEOUT,
    UPDATE_TIMEOUT,
    downloading,
    log_size,
    next_piece,
    receive_log,
    send_image,
    updating,
)
from ..protocol import Progress, Sink
from ..queue import Turn
from ..transport import TIMEOUT, Connection, connect
from .cipher import Session
from .envelope import Answer
from .object_stream import PADDING, receive_object
from .requests import Requests, unseal

# A larger log is passed on as it comes, even if it is not certain where it begins.
MOST_HELD_BYTES: Final = 16 * 1024 * 1024
# Bytes that may stand between the answer and the log.
_MOST_PADDING: Final = 16
# Seconds without more bytes after which a log counts as whole, if it may have some more.
_QUIET: Final = 0.5


async def download_logs(
    requests: Requests, turn: Turn, session: Session, sink: Sink
) -> int:
    """Pass the miner's log to `sink` and return its size (see `Miner.download_logs`).

    `sink` must not raise OSError, which stands for a lost connection.
    """
    name = "download_logs"
    with downloading(turn, name) as transfer:
        async with connect(
            requests.host, requests.port, timeout=DOWNLOAD_TIMEOUT
        ) as connection:
            if requests.queue.is_overtaken(turn):  # while it was connecting
                raise TransferInterruptedError(name)
            turn.interrupt = connection.abort
            request = requests.seal(session, name, {})
            answer = unseal(session, await _ask(connection, request, exact=True), name)
            size = log_size(answer.reading().get("logfilelen"), name)
            transfer.begun = True
            await _receive(connection, size, sink, name)
    return size


async def update_firmware(
    requests: Requests,
    session: Session,
    image: AsyncIterator[bytes],
    size: int,
    progress: Progress,
) -> Answer | None:
    """Send a firmware of `size` bytes (see `Miner.update_firmware`).

    There is no answer if the miner rebooted before it sent one; its version then shows the result.
    """
    name = "update_firmware"
    try:
        with updating(name) as transfer:
            async with connect(
                requests.host, requests.port, timeout=UPDATE_TIMEOUT
            ) as connection:
                request = requests.seal(session, name, {})
                unseal(session, await _ask(connection, request), name)
                transfer.begun = True
                await send_image(connection, image, size, progress, name)
                raw = await _receive_conclusion(connection)
                return unseal(session, raw, name) if raw else None
    except RefusedError as err:
        begun = transfer.begun
        if begun and isinstance(err, WrongPasswordError) and err.code is None:
            # The answer cannot be read: the new firmware may have another password.
            raise UpdateOutcomeUnknownError(name) from err
        # The image is used up by now, so no other token helps.
        if type(err) is RefusedError or (
            begun and isinstance(err, WrongPasswordError | TokenRejectedError)
        ):
            raise FirmwareRefusedError(name, err.code, err.reason) from err
        raise


async def _receive_conclusion(connection: Connection) -> bytes:
    """Return the last answer, no bytes if the miner reboots without one."""
    with suppress(TimeoutError):
        async with asyncio.timeout(CONCLUSION):
            return await receive_object(connection)
    return b""


async def _receive(connection: Connection, size: int, sink: Sink, command: str) -> None:
    """Pass the `size` bytes of the log from the connection to `sink`."""
    piece = await next_piece(connection, size)
    if _padding(piece):
        piece = await _begin(connection, piece, size)
    await receive_log(connection, size, sink, command, piece)


async def _begin(connection: Connection, piece: bytes, size: int) -> bytes:
    """Return the log, or its begin, where the first piece begins with padding.

    Some firmware ends its answer with a NUL or a new line. A log may begin with them as well. The
    number of bytes shows which it is, so that the log is held until all have come. A log that is
    too large for this is expected to be a .tgz, which never begins with them.
    """
    if size > MOST_HELD_BYTES:
        while not (rest := piece.lstrip(PADDING)):
            piece = await next_piece(connection, size)
        return rest
    held = bytearray(piece)
    while len(held) < size:
        held += await next_piece(connection, size - len(held))
    with suppress(TimeoutError):
        while piece and len(held) < size + _padding(held):
            async with asyncio.timeout(_QUIET):
                piece = await connection.receive()
            held += piece
    return bytes(held[min(len(held) - size, _padding(held)) :])


def _padding(data: bytes | bytearray) -> int:
    """Return how many bytes of padding come first; more than a few belong to the log."""
    first = bytes(data[:_MOST_PADDING])
    return len(first) - len(first.lstrip(PADDING))


async def _ask(connection: Connection, request: bytes, *, exact: bool = False) -> bytes:
    """Send the request and return the answer that precedes the file."""
    async with asyncio.timeout(TIMEOUT):
        await connection.send(request)
        raw = await receive_object(connection, exact=exact)
    if not raw:
        raise CannotConnectError("closed without an answer", request_sent=True)
    return raw
