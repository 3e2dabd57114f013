"""A tiny client, written from the vendor's document and not from the simulator."""

import asyncio
import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from passlib.hash import md5_crypt

from simulator import SimulatedMiner


def md5(salt: str, secret: str) -> str:
    """Return the last part of ``$1$salt$hash``."""
    return str(md5_crypt.using(salt=salt).hash(secret)).split("$")[3]


@dataclass(frozen=True)
class Session:
    """A password with a token."""

    key: str
    sign: str

    def _aes(self) -> Cipher[modes.ECB]:
        return Cipher(
            algorithms.AES(hashlib.sha256(self.key.encode()).digest()), modes.ECB()
        )

    def envelope(self, plain: bytes, *, pkcs7: bool = False) -> bytes:
        """Encrypt a request."""
        missing = -len(plain) % 16
        padding = bytes([missing or 16] * (missing or 16)) if pkcs7 else bytes(missing)
        encryptor = self._aes().encryptor()
        data = encryptor.update(plain + padding) + encryptor.finalize()
        return json.dumps({"enc": 1, "data": base64.b64encode(data).decode()}).encode()

    def open(self, answer: dict[str, Any]) -> bytes:
        """Decrypt an answer; the padding stays."""
        decryptor = self._aes().decryptor()
        return decryptor.update(base64.b64decode(answer["enc"])) + decryptor.finalize()


async def exchange(
    miner: SimulatedMiner,
    *segments: bytes,
    end: bool = False,
    source: str = "127.0.0.1",
) -> bytes:
    """Connect, send segments, and return all that comes back before the end.

    Args:
        miner: the miner.
        segments: what to send, each in a write of its own.
        end: whether to end this side after sending.
        source: the local address to come from.
    """
    reader, writer = await asyncio.open_connection(
        miner.host, miner.port, local_addr=(source, 0)
    )
    try:
        for segment in segments:
            writer.write(segment)
            await writer.drain()
            for _ in range(5):  # lets the miner see this segment alone
                await asyncio.sleep(0)
        if end:
            writer.write_eof()
        return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


async def give_up(miner: SimulatedMiner, request: bytes) -> None:
    """Send a request and close the connection as soon as the miner has read it."""
    before = len(miner.requests)
    task = asyncio.create_task(exchange(miner, request))
    while len(miner.requests) == before:
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})


@dataclass(frozen=True)
class Dialog:
    """A command whose connection stays open after the first answer."""

    client: Client
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def answer(self) -> dict[str, Any]:
        """Read an answer, and no byte more."""
        return self.client.parse(await self.reader.readuntil(b'"}'))

    async def rest(self) -> bytes:
        """Read to the end; old firmware puts a NUL between an answer and a file."""
        return (await self.reader.read()).removeprefix(b"\0")

    async def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()


class Client:
    """Talks to a simulated miner."""

    def __init__(self, miner: SimulatedMiner, password: str | None = None) -> None:
        """Use the miner's password if none is given."""
        self.miner = miner
        self.password = miner.password if password is None else password
        self.session: Session | None = None

    async def read(self, command: str, **arguments: object) -> Any:
        """Send a plain command and return the parsed answer."""
        request = json.dumps({"cmd": command, **arguments}).encode()
        return json.loads((await exchange(self.miner, request)).rstrip(b"\0"))

    async def summary(self) -> dict[str, Any]:
        """Return the keys of ``summary`` in any generation."""
        answer = await self.read("summary")
        found: dict[str, Any] = answer.get("Msg") or answer["SUMMARY"][0]
        return found

    async def boards(self) -> list[dict[str, Any]]:
        """Return the entries of ``edevs``."""
        found: list[dict[str, Any]] = (await self.read("edevs"))["DEVS"]
        return found

    async def message(self, command: str, **arguments: object) -> dict[str, Any]:
        """Return the ``Msg`` of a read."""
        found: dict[str, Any] = (await self.read(command, **arguments))["Msg"]
        return found

    async def log_in(self) -> Session:
        """Get a token."""
        token = await self.message("get_token")
        key = md5(token["salt"], self.password)
        self.session = Session(key, md5(token["newsalt"], key + token["time"]))
        return self.session

    async def command(self, command: str, **arguments: object) -> bytes:
        """Return a privileged command as it goes over the wire."""
        session = self.session or await self.log_in()
        request = {"cmd": command, **arguments, "token": session.sign}
        return session.envelope(json.dumps(request).encode())

    async def send(self, command: str, **arguments: object) -> dict[str, Any]:
        """Send a privileged command; return the answer, decrypted if it was encrypted."""
        request = await self.command(command, **arguments)
        return self.parse(await exchange(self.miner, request))

    @asynccontextmanager
    async def dialog(self, command: str) -> AsyncGenerator[Dialog]:
        """Send a privileged command and keep the connection."""
        request = await self.command(command)
        streams = await asyncio.open_connection(self.miner.host, self.miner.port)
        dialog = Dialog(self, *streams)
        try:
            await dialog.send(request)
            yield dialog
        finally:
            dialog.writer.close()
            with suppress(ConnectionError):
                await dialog.writer.wait_closed()

    def parse(self, answer: bytes) -> dict[str, Any]:
        """Parse an answer, decrypted if it was encrypted."""
        parsed: dict[str, Any] = json.loads(answer.strip(b"\0"))
        if "enc" in parsed and self.session is not None:
            parsed = json.loads(self.session.open(parsed).rstrip(b"\0"))
        return parsed

    async def code(self, command: str, **arguments: object) -> int:
        """Send a privileged command and return the code of the answer."""
        code: int = (await self.send(command, **arguments))["Code"]
        return code
