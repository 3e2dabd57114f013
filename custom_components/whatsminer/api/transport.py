"""TCP connections to a miner, with limits for time and size."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final, cast

from .errors import CannotConnectError, TimedOutError

TIMEOUT: Final = 10.0
CHUNK: Final = 65536
# An ordinary answer comes in a few pieces. After so many small ones (in bytes), each read waits a
# moment (in seconds) for more, because a piece takes more work than the bytes in it.
_FEW_PIECES: Final = 64
_SMALL_PIECE: Final = 4096
_TIME_TO_GATHER: Final = 0.005


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
        # If few bytes arrive at a time, wait for more first.
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

    def unread(self, data: bytes) -> None:
        """Give bytes back, which `receive` returns next."""
        self._ahead = data + self._ahead

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


@asynccontextmanager
async def connect(
    host: str, port: int, *, timeout: float, connecting: float | None = None
) -> AsyncIterator[Connection]:
    """Open a connection, and close it after use.

    `timeout` (seconds) covers everything from the connect to the end of use. Bytes that were not
    sent by then are never sent. `connecting` is what the connect may take
    of it, by default 10 s.

    Raises:
        CannotConnectError: there is no connection, or it was lost.
        TimedOutError: the connection was open, or connecting, for too long.

    """
    connection: Connection | None = None
    try:
        async with asyncio.timeout(timeout):
            async with asyncio.timeout(TIMEOUT if connecting is None else connecting):
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
