"""Requests to one miner, several on one connection, and the answers to them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
import json
from typing import Final

from ..errors import CannotConnectError, TimedOutError, WhatsminerError
from ..queue import Queue
from ..replies import Replies, parse_reply
from ..sanitize import Json
from ..transport import TIMEOUT, Connection, connect
from . import envelope
from .envelope import Answer
from .frames import frame, receive_frame

# The answer to this one has texts of the owner, and is in no report.
CUSTOMER_DATA: Final = "get.device.custom_data"
# Seconds from the connect to the last answer. Each answer has 10 s of its own.
_CONVERSATION: Final = 60.0


class Conversation:
    """Requests to one miner, one after another, on a connection that the first of them opens."""

    def __init__(
        self,
        requests: Requests,
        stack: AsyncExitStack,
        open_connection: Callable[[], AbstractAsyncContextManager[Connection]],
    ) -> None:
        """Prepare; nothing is sent."""
        self._requests = requests
        self._stack = stack
        self._open = open_connection
        self._connection: Connection | None = None
        # Whether it has carried an answer.
        self._is_used = False
        self._is_aborted = False

    def abort(self) -> None:
        """Close the connection at once, and open no other."""
        self._is_aborted = True
        if self._connection:
            self._connection.abort()

    async def close(self) -> None:
        """Close the connection; the next request opens another."""
        self._connection, self._is_used = None, False
        await self._stack.aclose()

    async def connection(self) -> Connection:
        """Return the connection, which is opened if there is none."""
        if self._connection is None and not self._is_aborted:
            self._connection = await self._stack.enter_async_context(self._open())
        if self._connection is None or self._is_aborted:
            raise CannotConnectError("interrupted")
        return self._connection

    async def ask(
        self, command: str, param: str | None = None, *, limit: float = TIMEOUT
    ) -> Answer:
        """Return the successful answer to a readable command; see `raw`.

        Raises:
            RefusedError: the miner refused it. Other errors are those of `raw`.

        """
        return envelope.check(await self.raw(command, param, limit=limit), command)

    async def raw(
        self, command: str, param: str | None = None, *, limit: float = TIMEOUT
    ) -> Mapping[str, Json]:
        """Return the whole answer to a readable command, which comes within `limit` seconds.

        A miner may close a connection after any answer. The command is then sent again, once, on
        another one.

        Raises:
            UnreachableError, NotAMinerError, MalformedReplyError.

        """
        request: dict[str, Json] = {"cmd": command}
        if param is not None:
            request["param"] = param
        if self._is_used:
            try:
                value = await self._exchange(request, limit)
            except CannotConnectError:
                self._requests.closes_early = True
            else:
                self._requests.closes_early = False
                return value
        return await self._exchange(request, limit)

    async def write(self, request: Mapping[str, Json]) -> Answer:
        """Return the successful answer to a signed command, which is sent once.

        Raises:
            RefusedError: the miner refused it. Other errors are those of `raw`.

        """
        if self._connection and (
            self._connection.ended or (self._is_used and self._requests.closes_early)
        ):
            await self.close()
        return envelope.check(
            await self._exchange(request, TIMEOUT), str(request["cmd"])
        )

    async def _exchange(
        self, request: Mapping[str, Json], limit: float
    ) -> Mapping[str, Json]:
        """Send a request and return its answer; after an error, the connection is closed."""
        connection = await self.connection()
        content = json.dumps(request, separators=(",", ":")).encode()
        try:
            async with asyncio.timeout(limit):
                await connection.send(frame(content))
                value = await self._receive(connection, request)
        except WhatsminerError:
            await self.close()
            raise
        except TimeoutError as err:
            await self.close()
            raise TimedOutError(
                "no answer in time", request_sent=connection.sent
            ) from err
        except OSError as err:
            await self.close()
            raise CannotConnectError(str(err), request_sent=connection.sent) from err
        self._is_used = True
        return value

    async def _receive(
        self, connection: Connection, request: Mapping[str, Json]
    ) -> Mapping[str, Json]:
        """Return the next answer; reports that the miner sends unasked are not for this client."""
        command, param = str(request["cmd"]), request.get("param")
        while True:
            raw = await receive_frame(connection)
            value = await parse_reply(envelope.parse, raw, command)
            if value.get("desc") != envelope.REPORT:
                break
        # The salt alone says nothing that a report could show.
        is_shown = param != "salt" and command != CUSTOMER_DATA
        if "token" not in request and is_shown:
            name = command if param is None else f"{command} {param}"
            self._requests.replies.keep(name, value, len(raw))
        return value


class Requests:
    """The address of one miner, and what is known of the way in which it answers.

    The caller of all methods has the turn in the queue.
    """

    def __init__(self, queue: Queue, host: str, port: int) -> None:
        """Store the address; nothing is sent."""
        self.queue = queue
        self.host = host
        self.port = port
        # The last answer to each readable command, as far as it may be in a report.
        self.replies = Replies()
        # Whether the miner has closed a connection before the second request on it.
        self.closes_early = False

    @asynccontextmanager
    async def conversation(
        self, *, timeout: float = _CONVERSATION, connecting: float | None = None
    ) -> AsyncIterator[Conversation]:
        """Return a conversation, whose connection is closed at the end.

        `timeout` and `connecting` are in seconds, and the limits of a connection.

        Raises:
            TimedOutError: a connection was open for too long.

        """
        open_connection = partial(
            connect, self.host, self.port, timeout=timeout, connecting=connecting
        )
        async with AsyncExitStack() as stack:
            yield Conversation(self, stack, open_connection)
