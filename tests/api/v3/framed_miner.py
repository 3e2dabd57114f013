"""A miner that answers requests of V3 in the way that a test wants, on a real port.

It frames its answers, and checks signatures and opens sealed parameters, with code of its own.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
import hashlib
import json
import struct
import time
from typing import Any, Final, Self

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.api import HOST

MAC: Final = "c2:04:28:00:00:01"
SALT: Final = "Abc123xy"
type Handle = Callable[[Call], Awaitable[None]]


def framed(answer: object) -> bytes:
    """Return a frame with an answer; bytes are its content as they are."""
    content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return struct.pack("<I", len(content)) + content


def success(message: object, command: str = "", ahead: int = 0) -> dict[str, Any]:
    """Return a successful answer of a miner whose clock is ahead by some seconds."""
    when = int(time.time()) + ahead
    return {"code": 0, "when": when, "msg": message, "desc": command}


def refusal(code: object, text: object = "no") -> dict[str, Any]:
    """Return the answer of a miner that says no."""
    return {"code": code, "msg": text, "desc": ""}


class Call:
    """A request, with the connection on which it came."""

    def __init__(
        self,
        request: dict[str, Any],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Store the request."""
        self.request = request
        self.reader = reader
        self._writer = writer

    async def send(self, *segments: bytes) -> None:
        """Send segments that arrive one by one."""
        for segment in segments:
            self._writer.write(segment)
            await self._writer.drain()
            await a_while()

    async def answer(self, answer: object) -> None:
        """Send an answer in a frame."""
        await self.send(framed(answer))

    async def hang(self) -> None:
        """Send nothing more until the client closes."""
        while await self.reader.read(65536):
            pass

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()

    def abort(self) -> None:
        """Drop the connection without a proper end."""
        self._writer.transport.abort()


class FramedMiner:
    """A miner with one state: its answers, its password, its salt, and its API switch.

    `answers` has the message of each readable command, or a whole answer as `Raw` bytes, or a
    function that takes the `Call`; a command with a parameter may have a row of its own, such as
    `get.device.info network`. `device` is the message of `get.device.info`, of which a parameter
    selects a section. `refuses` has the answers to commands that it refuses although they are
    signed well. `requests` lists what arrived, `writes` the commands that were carried out, with
    their parameters in the clear. The clock of the miner is `ahead` by some seconds, and `ts` says
    which times it takes. `connections` counts connections, `peak` those at one time.
    """

    def __init__(self, device: Mapping[str, Any], **answers: Any) -> None:
        """Store the answers, which may be changed later."""
        self.device = dict(device)
        self.answers: dict[str, Any] = dict(answers)
        self.refuses: dict[str, Any] = {}
        self.account = self.password = "super"
        self.wrong = refusal(-4, "no permission")
        self.closed = refusal(-4, "no permission for write command")
        self.is_open = True
        self.ahead = 0
        self.ts: Callable[[int], bool] = lambda ts: True
        self.on_write: Callable[[str, Any], None] = lambda command, param: None
        self.answers_per_connection = 1000
        self.requests: list[dict[str, Any]] = []
        self.writes: list[tuple[str, Any]] = []
        self.connections = self.peak = 0
        self.host, self.port = HOST, 0
        self._open: set[asyncio.StreamReader] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Open a port."""
        self._server = await asyncio.start_server(self._accept, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        """Close the port and the connections that are still open."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def asked(self) -> list[str]:
        """Return the requests that arrived, each as its command and a text as its parameter."""
        return [name_of(request) for request in self.requests]

    @property
    def salt(self) -> str:
        """Return the salt."""
        return str(self.device["salt"])

    def forget(self) -> None:
        """Forget what has arrived."""
        self.requests.clear()
        self.writes.clear()
        self.connections = 0

    def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._tasks.add(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        self._open.add(reader)
        self.peak = max(self.peak, sum(not each.at_eof() for each in self._open))
        try:
            for _ in range(self.answers_per_connection):
                length = struct.unpack("<I", await reader.readexactly(4))[0]
                request = json.loads(await reader.readexactly(length))
                self.requests.append(request)
                await self._answer(Call(request, reader, writer))
        except ConnectionError, asyncio.IncompleteReadError:
            pass
        finally:
            self._open.discard(reader)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, call: Call) -> None:
        name, command = name_of(call.request), str(call.request["cmd"])
        for key in (name, command):
            if key in self.answers:
                answer = self.answers[key]
                if callable(answer):
                    await answer(call)
                elif isinstance(answer, bytes):
                    await call.send(answer)
                else:
                    await call.answer(success(answer, command, self.ahead))
                return
        await call.answer(self._reply(command, call.request))

    def _reply(self, command: str, request: Mapping[str, Any]) -> dict[str, Any]:
        if command == "get.device.info":
            section = request.get("param")
            if section is None:
                return success(self.device, command, self.ahead)
            if section not in self.device:
                return refusal(-1, "invalid param")
            return success({section: self.device[section]}, command)
        if not command.startswith("set."):
            return refusal(-2, "invalid command")
        if not self.is_open:
            return self.closed
        digest = self._digest(command, request)
        token = base64.b64encode(digest)[:8].decode()
        if (request.get("account"), request.get("token")) != (
            self.account,
            token,
        ) or not self.ts(request["ts"]):
            return self.wrong
        if command in self.refuses:
            answer: dict[str, Any] = self.refuses[command]
            return answer
        param = request.get("param")
        if command in ("set.miner.pools", "set.user.change_passwd"):
            param = opened(digest, str(param))
        self.writes.append((command, param))
        self.on_write(command, param)
        return success("ok", command)

    def _digest(self, command: str, request: Mapping[str, Any]) -> bytes:
        text = f"{command}{self.password}{self.salt}{request.get('ts')}"
        return hashlib.sha256(text.encode()).digest()


def name_of(request: Mapping[str, Any]) -> str:
    """Return the command of a request, with its parameter if that is a text."""
    param = request.get("param")
    return f"{request['cmd']} {param}" if isinstance(param, str) else request["cmd"]


def opened(key: bytes, sealed: str) -> Any:
    """Return the value of a sealed parameter."""
    decryptor = Cipher(algorithms.AES(key), modes.ECB()).decryptor()
    plain = decryptor.update(base64.b64decode(sealed)) + decryptor.finalize()
    return json.loads(plain[: -plain[-1]])


async def a_while() -> None:
    """Let all tasks do what they can do at once."""
    for _ in range(10):
        await asyncio.sleep(0)
