"""A tiny client of V3, written from the vendor's document and not from the simulator."""

import asyncio
import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from simulator import SimulatedMiner

STATUS = "summary+pools+edevs"
TS = 1_793_491_200


def framed(text: bytes) -> bytes:
    """Put four bytes with the length before a text."""
    return len(text).to_bytes(4, "little") + text


def sign(command: str, password: str, salt: str, ts: int) -> tuple[bytes, str]:
    """Return digest and token."""
    digest = hashlib.sha256((command + password + salt + str(ts)).encode()).digest()
    return digest, base64.b64encode(digest)[:8].decode()


def seal(
    digest: bytes, value: object, *, nul: bool = False, twice: bool = False
) -> str:
    """Encrypt a parameter."""
    text = json.dumps(value, separators=(",", ":"))
    plain = (json.dumps(text) if twice else text).encode()
    missing = -len(plain) % 16
    padding = bytes(missing) if nul else bytes([missing or 16] * (missing or 16))
    encryptor = Cipher(algorithms.AES(digest), modes.ECB()).encryptor()
    return base64.b64encode(encryptor.update(plain + padding)).decode()


@dataclass(frozen=True)
class Connection:
    """A connection to port 4433."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, *segments: bytes) -> None:
        """Send bytes as they are, each segment for itself."""
        for segment in segments:
            self.writer.write(segment)
            await self.writer.drain()
            for _ in range(5):  # lets the miner see this segment alone
                await asyncio.sleep(0)

    async def request(self, request: object) -> None:
        """Send a request in its frame."""
        await self.send(framed(json.dumps(request).encode()))

    async def answer(self) -> dict[str, Any]:
        """Read the next frame that is no heartbeat."""
        length = 0
        while not length:
            length = int.from_bytes(await self.reader.readexactly(4), "little")
        answer: dict[str, Any] = json.loads(await self.reader.readexactly(length))
        return answer

    async def ask(self, command: str, param: object = None) -> dict[str, Any]:
        """Send an unsigned command and return its answer."""
        request = {"cmd": command}
        await self.request(request if param is None else request | {"param": param})
        return await self.answer()

    async def rest(self) -> bytes:
        """Read to the end."""
        return await self.reader.read()

    async def is_closed(self) -> bool:
        """Return whether the miner closes the connection without another byte."""
        with suppress(ConnectionResetError):
            return await self.reader.read(1) == b""
        return True


@asynccontextmanager
async def connected(miner: SimulatedMiner) -> AsyncGenerator[Connection]:
    """Connect to the V3 port of a miner."""
    connection = Connection(*await asyncio.open_connection(miner.host, miner.v3.port))
    try:
        yield connection
    finally:
        connection.writer.close()
        with suppress(ConnectionError):
            await connection.writer.wait_closed()


class V3Client:
    """Talks V3 to a simulated miner, each command on a connection of its own."""

    def __init__(
        self, miner: SimulatedMiner, account: str = "super", password: str | None = None
    ) -> None:
        """Use the password of the account if none is given."""
        self.miner = miner
        self.account = account
        self.password = password

    async def ask(self, command: str, param: object = None) -> dict[str, Any]:
        """Send an unsigned command and return its answer."""
        async with connected(self.miner) as connection:
            return await connection.ask(command, param)

    async def read(self, command: str, param: object = None) -> Any:
        """Return the ``msg`` of an unsigned command that is answered with 0."""
        answer = await self.ask(command, param)
        assert (answer["code"], answer["desc"]) == (0, command), answer
        return answer["msg"]

    async def info(self, section: str) -> Any:
        """Return a section of ``get.device.info``."""
        return (await self.read("get.device.info", section))[section]

    async def summary(self) -> dict[str, Any]:
        """Return the section ``summary``."""
        found: dict[str, Any] = (await self.read("get.miner.status", "summary"))[
            "summary"
        ]
        return found

    async def setting(self) -> dict[str, Any]:
        """Return the settings of the miner."""
        found: dict[str, Any] = await self.read("get.miner.setting")
        return found

    async def signed(
        self, command: str, param: object = None, **changes: object
    ) -> dict[str, object]:
        """Return a signed command; changes replace or add members, None removes one."""
        password = self.password
        if password is None:
            password = self.miner.v3.accounts.passwords[self.account]
        digest, token = sign(command, password, await self.info("salt"), TS)
        if command in ("set.miner.pools", "set.user.change_passwd"):
            param = seal(digest, param)
        request = {
            "cmd": command,
            "param": param,
            "ts": TS,
            "token": token,
            "account": self.account,
            **changes,
        }
        return {key: value for key, value in request.items() if value is not None}

    async def send(
        self, command: str, param: object = None, **changes: object
    ) -> dict[str, Any]:
        """Send a signed command and return its answer."""
        request = await self.signed(command, param, **changes)
        async with connected(self.miner) as connection:
            await connection.request(request)
            return await connection.answer()

    async def result(
        self, command: str, param: object = None, **changes: object
    ) -> tuple[int, Any]:
        """Send a signed command and return code and message."""
        answer = await self.send(command, param, **changes)
        assert answer["desc"] == command
        return answer["code"], answer["msg"]
