"""Frames: four bytes with a length, the lowest first, and so many bytes of JSON.

Vendor document of V3, section "Communication protocol".
"""

from typing import Final

from ..errors import CannotConnectError, MalformedReplyError, NotAMinerError
from ..transport import Connection

# Bytes. Answers have less than 8 KiB.
MOST_BYTES: Final = 1024 * 1024
_HEADER: Final = 4
# A frame without a content keeps a connection open. No miner sends many before one answer.
_MOST_HEARTBEATS: Final = 64


class ClosedError(CannotConnectError):
    """The miner has closed the connection before the first byte of an answer."""


def frame(content: bytes) -> bytes:
    """Return a frame."""
    return len(content).to_bytes(_HEADER, "little") + content


async def receive_frame(connection: Connection) -> bytes:
    """Return the content of the next frame that has one; no byte behind it is read.

    Raises:
        ClosedError: the connection ended before the frame began.
        NotAMinerError: there is text instead of a frame.
        MalformedReplyError: the frame is longer than 1 MiB, or was cut short.
        OSError: the connection was lost.

    """
    for _ in range(_MOST_HEARTBEATS):
        header = await _receive(connection, _HEADER)
        if not header:
            raise ClosedError("closed without an answer", request_sent=connection.sent)
        length = int.from_bytes(header, "little")
        if len(header) < _HEADER:
            raise MalformedReplyError("the answer is cut short")
        if length > MOST_BYTES:
            _refuse(header)
        if length:
            content = await _receive(connection, length)
            if len(content) < length:
                raise MalformedReplyError("the answer is cut short")
            return content
    raise MalformedReplyError("the answer is empty")


async def _receive(connection: Connection, count: int) -> bytes:
    """Return so many bytes, fewer if the miner closes."""
    received = bytearray()
    while len(received) < count:
        piece = await connection.receive(count - len(received))
        if not piece:
            break
        received += piece
    return bytes(received)


def _refuse(header: bytes) -> None:
    """Raise the error for bytes that are no length, such as the first of `HTTP/1.1`."""
    if all(32 <= byte < 127 or byte in b"\r\n\t" for byte in header):
        raise NotAMinerError("another protocol answers")
    raise MalformedReplyError("the answer is too long")
