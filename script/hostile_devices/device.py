"""A hostile device: a TCP server, and what is hostile in its answers."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
import json
from typing import Self

from . import plausible, plausible_v3
from .plausible import ENCRYPTED, Answers

PORT, V3_PORT = 4028, 4433
_MOST_BYTES = 8192  # of a request


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and where its answer goes.

    Attributes:
        command: as it came, `summary+pools+edevs`, on V3 without its parameter.
        number: how many requests there were before.
        data: the answer of a plausible miner, as the device alters it.
    """

    command: str
    number: int
    data: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        """Send bytes, and wait until the client takes them."""
        self.writer.write(data)
        await self.writer.drain()

    async def hang(self) -> None:
        """Send nothing more, and wait until the client closes."""
        while await self.reader.read(_MOST_BYTES):
            pass


# Alters the answers of a plausible miner; the number counts its polls, from 0.
type Edit = Callable[[Answers, int], None]
type Send = Callable[[Exchange], Awaitable[None]]


async def whole(exchange: Exchange) -> None:
    """Send the answer as a miner does."""
    await exchange.send(exchange.data)


def unaltered(said: Answers, poll: int) -> None:
    """Leave the answers as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hostile:
    """What is hostile in a device.

    Attributes:
        name: a description for the table.
        edit: alters the answers of a plausible miner.
        send: sends an answer.
        hostname: its name in DHCP requests; None for a device that sends none.
        asks_password: whether it is added with a password.
        turns: whether it is plausible until the farm orders it to be hostile.
        never_answers: whether it is silent from the beginning.
        send_v3: sends an answer on the port of V3, which is closed without it.
        speaks_v3: whether that port is plausible before the device turns.
        short: whether it takes part in the short form.
    """

    name: str
    edit: Edit = unaltered
    send: Send = whole
    hostname: str | None = None
    asks_password: bool = False
    turns: bool = False
    never_answers: bool = False
    send_v3: Send | None = None
    speaks_v3: bool = False
    short: bool = False


class Device:
    """A hostile device that runs as long as the ``async with`` block lasts.

    Attributes:
        host: its address.
        asked: how often each command came.
    """

    def __init__(self, hostile: Hostile, host: str, mac: str) -> None:
        """Prepare; the port is closed."""
        self.asked: Counter[str] = Counter()
        self.turned = False
        self._hostile = hostile
        self.host = host
        self._mac = mac

    async def __aenter__(self) -> Self:
        """Open the ports.

        Raises:
            OSError: the address is none of this machine, or a port is in use.
        """
        self._servers = [await asyncio.start_server(self._serve, self.host, PORT)]
        if self._hostile.send_v3:
            server = await asyncio.start_server(self._serve_v3, self.host, V3_PORT)
            self._servers.append(server)
        return self

    async def __aexit__(self, *error: object) -> None:
        """Close the ports and every connection."""
        for server in self._servers:
            server.close()
            server.abort_clients()
            await server.wait_closed()

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(ConnectionError):
            if request := await reader.read(_MOST_BYTES):
                await self._answer(_command(request), reader, writer)
        await _close(writer)

    async def _serve_v3(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer one request after another."""
        with suppress(ConnectionError, asyncio.IncompleteReadError, ValueError):
            while not writer.is_closing():
                length = int.from_bytes(await reader.readexactly(4), "little")
                request = json.loads(await reader.readexactly(min(length, _MOST_BYTES)))
                number = self.asked.total()
                self.asked[str(request["cmd"])] += 1
                text = plausible_v3.answer(
                    self._mac, self.host, plausible.now(), request
                )
                send = self._hostile.send_v3
                if send is None or (self._hostile.speaks_v3 and not self.turned):
                    send = whole
                data = plausible_v3.frame(text)
                await send(Exchange(request["cmd"], number, data, reader, writer))
        await _close(writer)

    async def _answer(
        self, command: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        number = self.asked.total()
        self.asked[command] += 1
        said = plausible.answers(self._mac, self.host, plausible.now())
        send: Send = whole
        if self.turned or not self._hostile.turns:
            self._hostile.edit(said, self.polls)
            send = self._hostile.send
        data = plausible.answer(said, command)
        await send(Exchange(command, number, data, reader, writer))

    @property
    def polls(self) -> int:
        """How often it was asked for its hashboards, as in every poll."""
        return sum(count for command, count in self.asked.items() if "edevs" in command)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


def _command(request: bytes) -> str:
    """Return the command of a request."""
    try:
        return str(json.loads(request).get("cmd", ENCRYPTED))
    except ValueError, AttributeError:
        return ENCRYPTED
