"""TCP to a miner: one request, one connection, bounded time, bounded size."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
import json
from typing import Final

from .errors import CannotConnectError, MalformedReplyError, TimedOutError
from .reply import PROCESS_DOWN

DEFAULT_PORT: Final = 4028
TIMEOUT: Final = 10.0
MAX_REPLY: Final = 1024 * 1024
# A miner closes after its answer. Some proxies do not: this long after a whole answer we stop waiting.
_CLOSE_GRACE: Final = 0.5
CHUNK: Final = 65536
# How every answer of a miner begins.
_BEGINNINGS: Final = (b"{", PROCESS_DOWN)
# What may stand between two messages.
_PADDING: Final = b"\0 \r\n"


class Connection:
    """An open connection.

    `sent` tells whether all that was written has left for the miner.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Take over the two ends."""
        self.sent = False
        self._reader = reader
        self._writer = writer
        self._ahead = b""
        self._after_object = False

    @property
    def ended(self) -> bool:
        """Whether the miner has closed, and nothing of it is left to receive."""
        return not self._ahead and self._reader.at_eof()

    async def send(self, data: bytes) -> None:
        """Send some bytes."""
        self.sent = False
        self._writer.write(data)
        await self._writer.drain()
        self.sent = self._writer.transport.get_write_buffer_size() == 0

    async def receive(self, most: int = CHUNK) -> bytes:
        """Return what comes next, no bytes when the miner has closed."""
        if self._ahead:
            data, self._ahead = self._ahead[:most], self._ahead[most:]
            return data
        data = await self._reader.read(most)
        while data and self._after_object:
            if stripped := data.lstrip(_PADDING):
                self._after_object = False
                return stripped
            data = await self._reader.read(most)
        return data

    async def receive_object(self) -> bytes:
        """Return one JSON object, and leave what follows it; no bytes when there is none."""
        received = b""
        while data := await self.receive():
            received = (received + data).lstrip(_PADDING)
            if len(received) > MAX_REPLY:
                raise MalformedReplyError("the answer is longer than 1 MiB")
            if end := _end_of_object(received):
                self._ahead = received[end:].lstrip(_PADDING)
                self._after_object = not self._ahead
                return received[:end]
        return received

    async def close(self) -> None:
        """Close, without waiting for bytes that the miner does not take."""
        if self._writer.transport.get_write_buffer_size():
            self.abort()
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    def abort(self) -> None:
        """Close at once; whoever waits for data gets an error."""
        self._writer.transport.abort()


@asynccontextmanager
async def connect(host: str, port: int, *, timeout: float) -> AsyncIterator[Connection]:
    """Open a connection, and close it after use.

    `timeout` (seconds) covers everything from the connect to the end of use; what was not sent
    by then never will be.

    Raises:
        CannotConnectError: there is no connection, or it was lost.
        TimedOutError: the time is over.

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
        # ValueError: a host name that cannot be one. OverflowError: a port that cannot be one.
        raise CannotConnectError(
            str(err), request_sent=connection is not None and connection.sent
        ) from err


async def is_listening(host: str, port: int, *, timeout: float) -> bool:
    """Tell whether anybody takes connections there; nothing is sent."""
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
        TimedOutError: no whole answer within the time.
        MalformedReplyError: the answer is longer than 1 MiB.

    """
    reply = bytearray()
    try:
        async with connect(host, port, timeout=timeout) as connection:
            await connection.send(request)
            await _read(connection, reply)
            if not reply:
                raise CannotConnectError(
                    "closed without an answer", request_sent=connection.sent
                )
    except TimedOutError:
        if not _is_whole(reply):
            raise
    return bytes(reply)


async def _read(connection: Connection, reply: bytearray) -> None:
    """Read until the miner closes, or until the answer is whole and it does not.

    What is no miner is left at its first byte.
    """
    grace: float | None = None
    while True:
        try:
            async with asyncio.timeout(grace):
                chunk = await connection.receive()
        except TimeoutError:
            if grace is None:
                raise
            return
        if not chunk:
            return
        reply += chunk
        if len(reply) > MAX_REPLY:
            raise MalformedReplyError("the answer is longer than 1 MiB")
        if not _may_be_miner(reply):
            return
        grace = _CLOSE_GRACE if _is_whole(reply) else None


def _may_be_miner(reply: bytearray) -> bool:
    text = reply.lstrip(_PADDING)
    return any(text.startswith(begin[: len(text)]) for begin in _BEGINNINGS)


def _is_whole(reply: bytearray) -> bool:
    text = reply.strip(_PADDING)
    return text.endswith(b"}") and _end_of_object(text) == len(text)


def _end_of_object(data: bytes | bytearray) -> int | None:
    """Return where the JSON object at the beginning ends, None when it is not whole yet."""
    try:
        # One character a byte, so that the position counts bytes.
        return json.JSONDecoder(strict=False).raw_decode(data.decode("latin-1"))[1]
    except ValueError, RecursionError:
        return None
