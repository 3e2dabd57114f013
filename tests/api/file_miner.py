"""A miner that sends and receives files in the way that a test wants."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
import json
from random import Random
import socket
import struct
from typing import Any, Self

from custom_components.whatsminer.api import Miner, Outcome, commands
from simulator.access import Access, TokenLimits
from simulator.cipher import decrypt, encrypt
from simulator.errors import Refusal

from . import HOST, message, refusal

PASSWORD = "satoshi"
# Begins as any .tgz does, and holds every byte there is.
LOG = b"\x1f\x8b\x08\0" + bytes(range(256)) * 400


@dataclass(frozen=True, slots=True)
class Call:
    """A decrypted request, with the connection on which it came."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    key: str

    def sealed(self, answer: object) -> bytes:
        """Return an answer under the key of the request."""
        return json.dumps(
            {"enc": encrypt(self.key, json.dumps(answer).encode())}
        ).encode()

    async def send(self, *segments: bytes) -> None:
        """Send segments that arrive one by one."""
        for segment in segments:
            self.writer.write(segment)
            await self.writer.drain()
            await a_while()

    async def hang(self) -> None:
        """Send nothing more until the client closes."""
        while await self.reader.read(65536):
            pass

    def reset(self) -> None:
        """Drop the connection without a proper end."""
        connection = self.writer.get_extra_info("socket")
        linger = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()


type Transfer = Callable[[Call], Awaitable[None]]


class FileMiner:
    """A miner that gives out tokens, powers off, and passes anything else to `transfer`.

    `asked` lists the commands that arrived, in order; `refuses` has the answers to those that
    are refused. `ended` is set when a connection has ended, `peak` is the most that were open
    at one time.
    """

    def __init__(self, transfer: Transfer) -> None:
        """Store the function that answers a request for a file."""
        self.transfer = transfer
        self.asked: list[str] = []
        self.access = Access(
            PASSWORD, limits=TokenLimits(), random=Random(1), now=lambda: 1_793_491_200
        )
        self.refuses: dict[str, Any] = {}
        self.ended = asyncio.Event()
        self.peak = 0
        self.port = 0
        self._open: set[asyncio.StreamReader] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Open a port."""
        self._server = await asyncio.start_server(self._accept, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        """Close the port and the connections that are still open."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._tasks.add(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await a_while()  # so that the end of a client's last connection comes first
        self._open.add(reader)
        busy = [other for other in self._open if not _is_over(other)]
        self.peak = max(self.peak, len(busy))
        try:
            await self._answer(json.loads(await reader.read(8192)), reader, writer)
        except ConnectionError:
            pass
        finally:
            self._open.discard(reader)
            self.ended.set()
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(
        self,
        request: dict[str, Any],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        call = Call(reader, writer, self.access.key)
        command, answer = self._understand(request)
        self.asked.append(command)
        if answer is None:
            await self.transfer(call)
        elif "data" not in request or answer["STATUS"] == "E":
            await call.send(json.dumps(answer).encode())
        else:
            await call.send(call.sealed(answer))

    def _understand(self, request: dict[str, Any]) -> tuple[str, dict[str, Any] | None]:
        """Return the command, and its answer unless it carries a file."""
        if "data" not in request:
            plainly: str = request["cmd"]
            token = self.access.issue("client") if plainly == "get_token" else {}
            return plainly, message(token)
        try:
            plain = decrypt(self.access.key, request["data"])
            inner = json.loads(plain.rstrip(b"\0"))
        except ValueError, Refusal:
            return "?", refusal(23, "enc json load err")
        command: str = inner["cmd"]
        try:
            self.access.check(inner["token"])
        except Refusal:
            return command, refusal(135, "check token err")
        if command in self.refuses:
            return command, self.refuses[command]
        if command in ("download_logs", "update_firmware"):
            assert inner.keys() == {"cmd", "token"}
            return command, None
        return command, message("API command OK")


def _is_over(reader: asyncio.StreamReader) -> bool:
    """Return whether the client has closed a connection, or dropped it."""
    return reader.at_eof() or reader.exception() is not None


async def a_while() -> None:
    """Let all tasks do what they can do at once."""
    for _ in range(10):
        await asyncio.sleep(0)


def size_answer(size: object) -> dict[str, object]:
    """Return the answer that reports the size of the log."""
    return message({"logfilelen": size})


class Downloads:
    """A client, the miner that it asks, and the log that arrived."""

    def __init__(self, miner: FileMiner) -> None:
        """Start without a log."""
        self.miner = miner
        self.client = Miner(HOST, miner.port, password=PASSWORD)
        self.pieces: list[bytes] = []
        self.arrived = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def sink(self, piece: bytes) -> None:
        """Store a piece, and hold it until the test lets it go."""
        self.pieces.append(piece)
        self.arrived.set()
        await self.go_on.wait()

    async def download(self) -> int:
        """Download the log, which never takes long here."""
        async with asyncio.timeout(10):
            return await self.client.download_logs(self.sink)

    async def power_off(self) -> None:
        """Power the miner off, which must not wait for anything that can take long."""
        async with asyncio.timeout(5):
            result = await self.client.send(commands.power_off())
            assert result.outcome is Outcome.ACCEPTED

    @property
    def log(self) -> bytes:
        """Return all pieces."""
        return b"".join(self.pieces)


def log_and(answer: object) -> Transfer:
    """Return a function that sends an answer and the log in one segment."""

    async def give(call: Call) -> None:
        await call.send(call.sealed(answer) + LOG)

    return give


async def give_whole(call: Call) -> None:
    """Send the log as a miner does."""
    await call.send(call.sealed(size_answer(str(len(LOG)))), LOG)


async def give_half(call: Call) -> None:
    """Send half of the log, and close."""
    await call.send(call.sealed(size_answer(str(len(LOG)))), LOG[: len(LOG) // 2])


async def hang_half_way(call: Call) -> None:
    """Send half of the log, and then nothing."""
    await give_half(call)
    await call.hang()
