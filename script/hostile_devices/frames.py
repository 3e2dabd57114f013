"""Devices that are hostile on port 4433, on which miners speak V3.

Each way to be hostile has two devices: one is a plausible miner of V2 besides, the other was a
plausible miner of V3 until it turned.
"""

from collections.abc import Iterator
from functools import partial

from .device import Exchange, Hostile, Send
from .plausible_v3 import frame

_PIECE = bytes(65536)


async def _send(data: bytes, exchange: Exchange) -> None:
    """Send some bytes, and close."""
    await exchange.send(data)
    exchange.writer.close()


async def _wrong_length(exchange: Exchange) -> None:
    """Announce more bytes than there are, or fewer, and wait for the next request."""
    text = exchange.data[4:]
    more = 7 if exchange.number % 2 else -7
    await exchange.send(frame(text, len(text) + more))
    await exchange.hang()


async def _half(exchange: Exchange) -> None:
    await _send(exchange.data[: len(exchange.data) // 2], exchange)


async def _flood(begin: bytes, piece: bytes, exchange: Exchange) -> None:
    """Send some bytes, and then others without an end."""
    await exchange.send(begin)
    while True:
        await exchange.send(piece)


async def _silence(exchange: Exchange) -> None:
    await exchange.hang()


async def _drop(exchange: Exchange) -> None:
    exchange.writer.transport.abort()


# Each with whether its two devices take part in the short form.
WAYS: dict[str, tuple[Send, bool, bool]] = {
    "wrong lengths": (_wrong_length, True, False),
    "half a frame": (_half, True, False),
    "a frame of 2 GB": (partial(_flood, b"\xff\xff\xff\x7f{", _PIECE), True, True),
    "heartbeats for ever": (partial(_flood, bytes(4), _PIECE), True, True),
    "drops every connection": (_drop, False, True),
    "JSON that is no object": (partial(_send, frame(b"[{}]")), False, True),
    "the text of a web server": (
        partial(_send, b"HTTP/1.1 400 Bad Request\r\n\r\n<html>no</html>"),
        True,
        False,
    ),
    "silence": (_silence, False, False),
}


def devices() -> Iterator[Hostile]:
    """Yield both devices of each way."""
    for name, (send, first, second) in WAYS.items():
        yield Hostile(name=f"{name}, of a miner of V2", send_v3=send, short=first)
        yield Hostile(
            name=f"{name}, of what was a miner of V3",
            send_v3=send,
            speaks_v3=True,
            turns=True,
            short=second,
        )
