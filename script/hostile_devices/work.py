"""Devices whose answers are expensive: to read, to repair, to wait for."""

import asyncio
from collections.abc import Iterator
from functools import partial

from .device import Exchange, Hostile, Send
from .plausible import Answers

_KB = 1024
_MB = 1024 * _KB


def _quotes(size: int) -> bytes:
    r"""Return `{"a":"\"\"\"…}`: a string that never ends, with a quote at each second byte."""
    return b'{"a":"' + rb"\"" * (size // 2) + b"}"


def _nested(depth: int, opening: bytes, closing: bytes) -> bytes:
    inner = opening * depth + b"1" + closing * depth
    return b'{"STATUS":"S","Msg":{"mineroff":%s}}' % inner


def _many(what: bytes) -> bytes:
    return b'{"a":' + what * ((_MB - 10) // len(what)) + b"}"


# Replacements of an answer, or of a part of a joined one.
ANSWERS = {
    "64 KiB of escaped quotes": _quotes(64 * _KB),
    "1 MiB of escaped quotes": _quotes(_MB - 10),
    "1 MiB of backslashes": _many(b"\\"),
    "1 MiB of quotes": _many(b'"'),
    "1 MiB of strings side by side": _many(b'"x"'),
    "1 MiB of commas": _many(b","),
    "1 MiB of braces": _many(b"}{"),
    "1 MiB of opening brackets": _many(b"["),
    "1 MiB of digits": _many(b"9"),
    "1 MiB of pairs in a list": b"[".join(
        (b'{"STATUS":"S","Msg":{"error_code":', b'"1":"2",' * (128 * _KB - 100))
    ),
    "1 MiB of small values": b'{"STATUS":"S","Msg":{"a":[%s0]}}' % (b"0," * 500_000),
    "a list 3,000 deep": _nested(3000, b"[", b"]"),
    "an object 3,000 deep": _nested(3000, b'{"a":', b"}"),
    "a list 500 deep": _nested(500, b"[", b"]"),
    "a list 100,000 deep": _nested(100_000, b"[", b"]"),
    "an object 100,000 deep": _nested(100_000, b'{"a":', b"}"),
    "80,000 keys": b'{"STATUS":"S","Msg":{%s}}'
    % b",".join(b'"k%d":0' % number for number in range(80_000)),
    "one key 80,000 times": b'{"STATUS":"S","Msg":{%s}}'
    % b",".join([b'"Elapsed":1'] * 80_000),
    "no UTF-8": b'{"STATUS":"S","Msg":{"a":"\xed\xa0\x80\xff\xc0\x80"}}',
    "1 MiB of NUL bytes": b'{"STATUS":"S",' + bytes(_MB - 100) + b'"Msg":{}}',
    "more than 1 MiB": b'{"a":"' + b"x" * _MB + b'"}',
}
# The commands with such an answer; all others are plausible. A device whose version is hostile is
# not recognised as a miner. One with hostile readings cannot be added, so that it turns later.
_WHO, _READINGS, _FAULTS = "who it is", "what it reads", "its faults"
_PLACES = {
    _WHO: ("get_version",),
    _READINGS: ("summary", "status"),
    _FAULTS: ("get_error_code",),
}
_EVERYWHERE = "1 MiB of escaped quotes"
_SHORT = {
    ("64 KiB of escaped quotes", _WHO),
    ("1 MiB of escaped quotes", _READINGS),
    ("1 MiB of strings side by side", _FAULTS),
    ("a list 3,000 deep", _READINGS),
    ("an object 100,000 deep", _FAULTS),
    ("80,000 keys", _READINGS),
}


def _replace(commands: tuple[str, ...], data: bytes, said: Answers, poll: int) -> None:
    for command in commands:
        said[command] = data


def _braces(said: Answers, poll: int) -> None:
    """Make the answers long, with a possible end in each piece."""
    said["get_version"]["Description"] = "}" * (_MB - _KB)


async def _in_pieces(size: int, exchange: Exchange) -> None:
    """Send an answer in pieces that arrive one by one."""
    for start in range(0, len(exchange.data), size):
        await exchange.send(exchange.data[start : start + size])
        await asyncio.sleep(0)


async def _endless(piece: bytes, exchange: Exchange) -> None:
    """Send the same bytes until the client closes."""
    await exchange.send(exchange.data[:1])
    while True:
        await exchange.send(piece)
        await asyncio.sleep(0)


async def _half(exchange: Exchange) -> None:
    """Send half of an answer and close."""
    await exchange.send(exchange.data[: len(exchange.data) // 2])


async def _padded(exchange: Exchange) -> None:
    """Send the answer, and then padding without end."""
    await exchange.send(exchange.data)
    while True:
        await exchange.send(b"\0\r\n " * 16)
        await asyncio.sleep(0.01)


_SENDERS: dict[str, Send] = {
    "an endless answer": partial(_endless, b"x" * 4096),
    "an endless answer of padding": partial(_endless, b"\0\r\n " * 1024),
    "an endless answer, byte by byte": partial(_endless, b"x"),
    "half an answer": _half,
    "an answer, then padding for ever": _padded,
}


def devices() -> Iterator[Hostile]:
    """Yield devices for each answer, and for each way of sending."""
    for number, (name, data) in enumerate(ANSWERS.items()):
        for other, (place, commands) in enumerate(_PLACES.items()):
            short = (name, place) in _SHORT
            if short or name == _EVERYWHERE or number % len(_PLACES) == other:
                yield Hostile(
                    name=f"{name}: {place}",
                    edit=partial(_replace, commands, data),
                    hostname="whatsminer",
                    turns=place == _READINGS,
                    short=short,
                )
    for size in (1, 64):
        yield Hostile(
            name=f"1 MiB of braces in pieces of {size}",
            edit=_braces,
            send=partial(_in_pieces, size),
            short=size == 64,
        )
    for name, send in _SENDERS.items():
        yield Hostile(
            name=name,
            send=send,
            turns=name not in ("an endless answer", "half an answer"),
            short=name == "an endless answer",
        )
