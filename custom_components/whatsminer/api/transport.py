"""One request, one TCP connection: bounded time, bounded size."""

import asyncio
from contextlib import suppress
import json

from .errors import CannotConnectError, MalformedReplyError, TimedOutError

DEFAULT_PORT = 4028
TIMEOUT = 10.0
MAX_REPLY = 1024 * 1024
# A miner closes after its answer. Some proxies do not: this long after a whole answer we stop waiting.
_CLOSE_GRACE = 0.5


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
    sent = False
    reply = bytearray()
    try:
        async with asyncio.timeout(timeout):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(request)
                await writer.drain()
                sent = writer.transport.get_write_buffer_size() == 0
                await _read(reader, reply)
            finally:
                writer.close()
            with suppress(OSError):
                await writer.wait_closed()
    except TimeoutError as err:
        if not _is_whole(reply):
            raise TimedOutError("no answer in time", request_sent=sent) from err
    except (OSError, ValueError, OverflowError) as err:
        # ValueError: a host name that cannot be one. OverflowError: a port that cannot be one.
        raise CannotConnectError(str(err), request_sent=sent) from err
    if not reply:
        raise CannotConnectError("closed without an answer", request_sent=sent)
    return bytes(reply)


async def _read(reader: asyncio.StreamReader, reply: bytearray) -> None:
    """Read until the miner closes, or until the answer is whole and it does not."""
    grace: float | None = None
    while True:
        try:
            async with asyncio.timeout(grace):
                chunk = await reader.read(65536)
        except TimeoutError:
            if grace is None:
                raise
            return
        if not chunk:
            return
        reply += chunk
        if len(reply) > MAX_REPLY:
            raise MalformedReplyError("the answer is longer than 1 MiB")
        grace = _CLOSE_GRACE if _is_whole(reply) else None


def _is_whole(reply: bytearray) -> bool:
    text = reply.rstrip(b"\0 \r\n")
    if not text.endswith(b"}"):
        return False
    try:
        json.loads(text.decode(errors="replace"))
    except ValueError, RecursionError:
        return False
    return True
