"""Ports that a simulated miner does not have: its web page, and those that only listen."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

_PAGE = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: https://%b/\r\n\r\n"


@asynccontextmanager
async def listening(
    address: str, port: int, answer: bytes
) -> AsyncGenerator[list[bytes]]:
    """Listen on a port; yield what arrives there."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(TimeoutError, asyncio.IncompleteReadError):
            asked.append(await asyncio.wait_for(reader.readuntil((b"}", b"\r\n")), 1))
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, address, port)
    async with server:
        yield asked


def web_page(address: str) -> AbstractAsyncContextManager[list[bytes]]:
    """Have the web page of a miner, which redirects to HTTPS.

    Raises:
        PermissionError: on port 80, which is for root only.
    """
    return listening(address, 80, _PAGE % address.encode())
