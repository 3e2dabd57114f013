"""One request on one connection, and its answer."""

import asyncio
from typing import Final

from ..errors import CannotConnectError, TimedOutError
from ..transport import TIMEOUT, Connection, connect
from .object_stream import Received

# A miner closes the connection after its answer, but some proxies do not. An answer that is whole
# is returned when nothing more has come for so many seconds.
_CLOSE_GRACE: Final = 0.5


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
