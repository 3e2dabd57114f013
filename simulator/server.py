"""The TCP server: it accepts connections and hands each of them to a handler."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
import socket
import struct
from typing import Any

from .wire import is_whole

_MOST_BYTES = 8192  # of a request; what is beyond is not read, and the rest is no JSON


@dataclass(slots=True, kw_only=True)
class Line:
    """A connection, for the code that answers on it.

    Attributes:
        client: the address of the client.
        split: whether what is sent goes out in several segments.
        idle_seconds: how long to wait for data.
        ended: whether the connection carries no further request.
        before_send: what happens before anything is sent.
    """

    client: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    split: bool
    idle_seconds: float
    ended: bool = False
    before_send: Callable[[], Awaitable[None]] | None = None
    _sending: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def send(self, data: bytes) -> None:
        """Send bytes; nothing else is sent between them."""
        if self.before_send is not None:
            await self.before_send()
        size = max(1, len(data) // 3) if self.split else max(1, len(data))
        async with self._sending:
            for start in range(0, len(data), size):
                self.writer.write(data[start : start + size])
                await self.writer.drain()
                await asyncio.sleep(0)

    def end(self) -> None:
        """Take no further request on this connection."""
        self.ended = True

    async def receive(self, most: int) -> bytes:
        """Return at most so many bytes, empty at the end of the client's side.

        Raises:
            TimeoutError: nothing came for too long.
        """
        async with asyncio.timeout(self.idle_seconds):
            return await self.reader.read(most)

    async def gone(self) -> None:
        """Wait until the client closes its side."""
        while await self.reader.read(_MOST_BYTES):
            pass

    async def unless_gone(self, wait: Coroutine[Any, Any, object]) -> bool:
        """Wait for something; False if the client closes its side before."""
        waiting = asyncio.ensure_future(wait)
        gone = asyncio.ensure_future(self.gone())
        try:
            await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
            return waiting.done()
        finally:
            await _cancel(waiting, gone)

    def reset(self) -> None:
        """Drop the connection without a proper end."""
        self.end()
        sock = self.writer.get_extra_info("socket")
        # Lingering for no time makes close() send RST instead of FIN.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


type Handle = Callable[[Line], Awaitable[None]]


@dataclass(slots=True)
class Occupancy:
    """How many connections are open now, and the most that were, over all ports of a miner."""

    now: int = 0
    peak: int = 0

    def enter(self) -> None:
        """Count a connection that opens."""
        self.now += 1
        self.peak = max(self.peak, self.now)

    def leave(self) -> None:
        """Count a connection that closes."""
        self.now -= 1


class Server:
    """A port that hands each connection to a handler, and closes it afterwards.

    The port can close and open again at once, as a rebooting board's does; that is why
    it accepts connections itself instead of leaving it to ``asyncio.start_server``.

    Attributes:
        host: the bound address.
        port: the bound port.
        connections: how many were accepted so far.
        is_open: whether the port is open, or would be if firmware did not keep it closed.
    """

    def __init__(
        self,
        host: str,
        port: int,
        handle: Handle,
        *,
        occupancy: Occupancy,
        idle_seconds: float,
        split: bool,
        enabled: bool = True,
    ) -> None:
        """Prepare a server; port 0 stands for any free one.

        One that is not enabled belongs to firmware that keeps the port closed.
        """
        self.host = host
        self.port = port
        self.connections = 0
        self.is_open = False
        self._enabled = enabled
        self._handle = handle
        self._occupancy = occupancy
        self._idle_seconds = idle_seconds
        self._split = split
        self._accepting: asyncio.Task[None] | None = None
        self._serving: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Open the port; clients can connect as soon as this returns.

        Raises:
            OSError: the port is in use or the address is not ours.
        """
        if self._enabled:
            self._listen()
        self.is_open = True

    def _listen(self) -> None:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listener = socket.create_server((self.host, self.port), family=family)
        listener.setblocking(False)
        self.port = listener.getsockname()[1]
        self._accepting = asyncio.create_task(self._accept(listener))
        # Not in the task, which may be cancelled before it begins.
        self._accepting.add_done_callback(lambda _: listener.close())

    async def close(self, *, spare: asyncio.Task[Any] | None = None) -> None:
        """Close the port and drop every connection, except the task ``spare``."""
        self.is_open = False
        accepting, self._accepting = self._accepting, None
        if accepting is not None:
            await _cancel(accepting)
        await _cancel(*(task for task in self._serving if task is not spare))

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            connection, address = await loop.sock_accept(listener)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            task = asyncio.create_task(self._serve(connection, address[0]))
            self._serving.add(task)
            task.add_done_callback(partial(self._served, connection))

    def _served(self, connection: socket.socket, task: asyncio.Task[None]) -> None:
        self._serving.discard(task)
        connection.close()  # which matters only if the task was cancelled early

    async def _serve(self, connection: socket.socket, client: str) -> None:
        reader, writer = await asyncio.open_connection(sock=connection)
        line = Line(
            client=client,
            reader=reader,
            writer=writer,
            split=self._split,
            idle_seconds=self._idle_seconds,
        )
        # Counted no earlier, so that the end of a client's last connection comes first.
        self.connections += 1
        self._occupancy.enter()
        try:
            await self._handle(line)
            writer.close()
        except TimeoutError, ConnectionError:
            pass
        finally:
            self._occupancy.leave()
            if not writer.is_closing():
                writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()


async def read_request(line: Line) -> bytes:
    """Read a request of V1 or V2, empty if none came.

    It ends when the JSON is whole, the client ends its side, or the buffer is full.
    """
    request = b""
    while len(request) < _MOST_BYTES and not is_whole(request):
        data = await line.receive(_MOST_BYTES - len(request))
        if not data:
            break
        request += data
    return request


async def _cancel(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks and wait until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
