"""Devices that make clients wait."""

import asyncio
from collections.abc import Iterator
from functools import partial

from .device import Exchange, Hostile, Send, whole

_FROM_THE_BEGINNING = 10
_TURNING = 40
_FROM_THE_BEGINNING_IN_SHORT = 2
_TURNING_IN_SHORT = 8
_SECONDS_OF_A_TRICKLE = 0.3


async def _never(exchange: Exchange) -> None:
    await exchange.hang()


async def _first_only(exchange: Exchange) -> None:
    """Answer the first request, and no other."""
    if exchange.command != "get_version":
        await exchange.hang()
    await whole(exchange)


async def _half(exchange: Exchange) -> None:
    await exchange.send(exchange.data[: len(exchange.data) // 2])
    await exchange.hang()


async def _slowly(seconds: float, exchange: Exchange) -> None:
    await asyncio.sleep(seconds)
    await whole(exchange)


async def _trickle(exchange: Exchange) -> None:
    """Send a byte from time to time."""
    for byte in exchange.data:
        await exchange.send(bytes([byte]))
        await asyncio.sleep(_SECONDS_OF_A_TRICKLE)


async def _closes(exchange: Exchange) -> None:
    """Close without an answer."""


async def _resets(exchange: Exchange) -> None:
    exchange.writer.transport.abort()


# Each with whether it takes part in the short form.
_OTHERS: dict[str, tuple[Send, bool]] = {
    "answers the first request only": (_first_only, False),
    "half an answer, then silence": (_half, True),
    "a byte now and then": (_trickle, True),
    "closes without an answer": (_closes, False),
    "resets the connection": (_resets, False),
    "needs 2 s for each answer": (partial(_slowly, 2), False),
    "needs 4 s for each answer": (partial(_slowly, 4), False),
    "needs 9 s for each answer": (partial(_slowly, 9), False),
}


def devices() -> Iterator[Hostile]:
    """Yield devices that are silent from the beginning, or fall silent later."""
    for number in range(_FROM_THE_BEGINNING):
        yield Hostile(
            name=f"never answers, {number + 1}",
            send=_never,
            hostname="whatsminer",
            never_answers=True,
            short=number < _FROM_THE_BEGINNING_IN_SHORT,
        )
    for number in range(_TURNING):
        yield Hostile(
            name=f"falls silent, {number + 1}",
            send=_never,
            turns=True,
            short=number < _TURNING_IN_SHORT,
        )
    for name, (send, short) in _OTHERS.items():
        yield Hostile(name=name, send=send, turns=True, short=short)
