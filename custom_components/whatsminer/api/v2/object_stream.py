"""JSON objects as they arrive on a connection, in pieces of any size, and what follows them."""

from typing import Final

from ..errors import MalformedReplyError
from ..transport import Connection
from .envelope import PROCESS_DOWN
from .json_object import JsonObject

MAX_REPLY: Final = 1024 * 1024
# How every answer of a miner begins. The last one is an object that was written as JSON twice.
_BEGINNINGS: Final = (b"{", PROCESS_DOWN, b'"{')
_LONGEST_BEGINNING: Final = max(map(len, _BEGINNINGS))
# Bytes that may stand between two messages.
PADDING: Final = b"\0 \r\n"


class Received:
    """The bytes of an answer that have arrived so far, checked in linear time."""

    def __init__(self) -> None:
        """Start without bytes."""
        self.data = bytearray()
        self._beginning = b""
        self._object = JsonObject()
        self._followed = 0
        self._end: int | None = None

    def add(self, piece: bytes) -> None:
        """Add the next piece.

        Raises:
            MalformedReplyError: the answer is longer than 1 MiB.

        """
        self.data += piece
        if len(self.data) > MAX_REPLY:
            raise MalformedReplyError("the answer is longer than 1 MiB")
        if len(self._beginning) < _LONGEST_BEGINNING:
            self._beginning += piece if self._beginning else piece.lstrip(PADDING)

    @property
    def may_be_of_a_miner(self) -> bool:
        """Return whether the bytes begin as the answers of miners do."""
        begun = self._beginning
        return any(text.startswith(begun[: len(text)]) for text in _BEGINNINGS)

    @property
    def object_end(self) -> int | None:
        """Return where the JSON object ends in `data`, None while it is not whole."""
        if self._end is None:
            end = self._object.end(bytes(self.data[self._followed :]))
            if end is not None:
                self._end = self._followed + end
            self._followed = len(self.data)
        return self._end

    @property
    def is_whole(self) -> bool:
        """Return whether the bytes are one whole JSON object, followed by padding at most."""
        if self._beginning.startswith(b'"'):
            return self.data.rstrip(PADDING).endswith(b'}"')
        end = self.object_end
        return end is not None and not self.data[end:].strip(PADDING)

    def take_from(self, end: int) -> bytes:
        """Remove the bytes behind a position, and return them."""
        behind = bytes(self.data[end:])
        del self.data[end:]
        return behind


async def receive_object(connection: Connection, *, exact: bool = False) -> bytes:
    """Return one JSON object, no bytes if there is none; what follows stays in the connection.

    Padding that follows in the same piece is dropped, unless `exact`.
    """
    received = Received()
    while data := await connection.receive():
        received.add(data)
        if end := received.object_end:
            behind = received.take_from(end)
            connection.unread(behind if exact else behind.lstrip(PADDING))
            break
    return bytes(received.data).lstrip(PADDING)
