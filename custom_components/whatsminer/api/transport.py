"""TCP connections to a miner, one for each request, with limits for time and size."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final, cast

from .errors import CannotConnectError, MalformedReplyError, TimedOutError
from .json_object import JsonObject
from .reply import PROCESS_DOWN

DEFAULT_PORT: Final = 4028
TIMEOUT: Final = 10.0
MAX_REPLY: Final = 1024 * 1024
# A miner closes the connection after its answer, but some proxies do not. An answer that is whole
# is returned when nothing more has come for so many seconds.
_CLOSE_GRACE: Final = 0.5
CHUNK: Final = 65536
# An ordinary answer comes in a few pieces. After so many small ones (in bytes), each read waits a
# moment (in seconds) for more, because a piece takes more work than the bytes in it.
_FEW_PIECES: Final = 64
_SMALL_PIECE: Final = 4096
_TIME_TO_GATHER: Final = 0.005
# How every answer of a miner begins.
_BEGINNINGS: Final = (b"{", PROCESS_DOWN)
_LONGEST_BEGINNING: Final = max(map(len, _BEGINNINGS))
# Bytes that may stand between two messages.
_PADDING: Final = b"\0 \r\n"


class Connection:
    """An open connection to a miner.

    `sent` is True if all bytes that were written have left for the miner.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Wrap the two streams of a connection."""
        self.sent = False
        self._reader = reader
        self._writer = writer
        self._ahead = b""
        self._after_object = False
        self._small_pieces = 0
        self._trickles = False

    @property
    def ended(self) -> bool:
        """Return whether the miner has closed and everything that it sent was received."""
        return not self._ahead and self._reader.at_eof()

    async def send(self, data: bytes) -> None:
        """Send some bytes."""
        self.sent = False
        self._writer.write(data)
        await self._writer.drain()
        self.sent = self._writer.transport.get_write_buffer_size() == 0

    async def receive(self, most: int = CHUNK) -> bytes:
        """Return the next bytes, none if the miner has closed."""
        if self._ahead:
            data, self._ahead = self._ahead[:most], self._ahead[most:]
            return data
        data = await self._read(most)
        while data and self._after_object:
            if stripped := data.lstrip(_PADDING):
                self._after_object = False
                return stripped
            data = await self._read(most)
        return data

    async def _read(self, most: int) -> bytes:
        """Return the bytes that have arrived; if few arrive at a time, wait for more first."""
        if self._trickles:
            transport = cast(asyncio.ReadTransport, self._writer.transport)
            transport.pause_reading()
            await asyncio.sleep(_TIME_TO_GATHER)
            transport.resume_reading()
        data = await self._reader.read(most)
        is_small = len(data) < _SMALL_PIECE  # and no more has arrived
        self._small_pieces += is_small
        self._trickles = is_small and self._small_pieces > _FEW_PIECES
        return data

    async def receive_object(self) -> bytes:
        """Return one JSON object, no bytes if there is none; what follows is left to `receive`."""
        received = Received()
        while data := await self.receive():
            received.add(data)
            if end := received.object_end:
                self._ahead = received.take_from(end).lstrip(_PADDING)
                self._after_object = not self._ahead
                break
        return bytes(received.data).lstrip(_PADDING)

    async def close(self) -> None:
        """Close without waiting for the miner to accept the remaining bytes."""
        if self._writer.transport.get_write_buffer_size():
            self.abort()
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    def abort(self) -> None:
        """Close at once, which also ends a wait for data."""
        self._writer.transport.abort()


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
            self._beginning += piece if self._beginning else piece.lstrip(_PADDING)

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
        end = self.object_end
        return end is not None and not self.data[end:].strip(_PADDING)

    def take_from(self, end: int) -> bytes:
        """Remove the bytes behind a position, and return them."""
        behind = bytes(self.data[end:])
        del self.data[end:]
        return behind


@asynccontextmanager
async def connect(host: str, port: int, *, timeout: float) -> AsyncIterator[Connection]:
    """Open a connection, and close it after use.

    `timeout` (seconds) covers everything from the connect to the end of use. Bytes that were not
    sent by then are never sent.

    Raises:
        CannotConnectError: there is no connection, or it was lost.
        TimedOutError: the connection was open, or connecting, for too long.

    """
    connection: Connection | None = None
    try:
        async with asyncio.timeout(timeout):
            async with asyncio.timeout(TIMEOUT):
                reader, writer = await asyncio.open_connection(host, port)
            connection = Connection(reader, writer)
            try:
                yield connection
            finally:
                await connection.close()
    except TimeoutError as err:
        raise TimedOutError(
            "no answer in time",
            request_sent=connection is not None and connection.sent,
        ) from err
    except (OSError, ValueError, OverflowError) as err:
        # ValueError: the host name is not valid. OverflowError: the port is not valid.
        raise CannotConnectError(
            str(err), request_sent=connection is not None and connection.sent
        ) from err


async def is_listening(host: str, port: int, *, timeout: float) -> bool:
    """Return whether the port accepts connections; nothing is sent."""
    try:
        async with connect(host, port, timeout=timeout):
            return True
    except CannotConnectError, TimedOutError:
        return False


async def exchange(
    host: str, port: int, request: bytes, *, timeout: float = TIMEOUT
) -> bytes:
    """Send one request and return the miner's whole answer, undecoded.

    The connection is closed when this returns. `timeout` (seconds) covers everything from the
    connect to the last byte (vendor document, section 1).

    Raises:
        CannotConnectError: there is no connection, or it ended without an answer.
        TimedOutError: there was no whole answer within the time.
        MalformedReplyError: the answer is longer than 1 MiB.

    """
    received = Received()
    try:
        async with connect(host, port, timeout=timeout) as connection:
            await connection.send(request)
            await _read(connection, received)
            if not received.data:
                raise CannotConnectError(
                    "closed without an answer", request_sent=connection.sent
                )
    except TimedOutError:
        if not received.is_whole:
            raise
    return bytes(received.data)


async def _read(connection: Connection, received: Received) -> None:
    """Read until the miner closes, or until nothing more follows a whole answer.

    Stop at the first byte that no miner sends.
    """
    while received.may_be_of_a_miner:
        try:
            async with asyncio.timeout(_CLOSE_GRACE) as quiet:
                piece = await connection.receive()
        except TimeoutError:
            if not quiet.expired():  # the operating system gave the connection up
                raise
            if received.is_whole:
                return
            continue
        if not piece:
            return
        received.add(piece)
