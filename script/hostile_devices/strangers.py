"""Devices that answer at the port of miners and are not miners."""

from collections.abc import Iterator
from functools import partial

from .device import Exchange, Hostile

_DOWN = b"Socket connect failed: Connection refused\n"
_ANSWERS = {
    "a web server": b"HTTP/1.1 400 Bad Request\r\n\r\n<html>no</html>",
    "a server of shells": b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
    "a miner whose process is down": _DOWN,
    "a miner whose process is down, at length": _DOWN * 20_000,
    "nothing but a brace": b"{",
    "an empty object": b"{}",
    "another maker's miner": b'{"STATUS":[{"STATUS":"S","Code":22,"Msg":"CGMiner versions",'
    b'"Description":"cgminer 4.11"}],"VERSION":[{"CGMiner":"4.11","API":"3.7"}],"id":1}',
}
_SHORT = {"a web server", "a miner whose process is down, at length"}


async def _send(answer: bytes, exchange: Exchange) -> None:
    await exchange.send(answer)


async def _echo(exchange: Exchange) -> None:
    await exchange.send(b'{"cmd":"%s"}' % exchange.command.encode())


def devices() -> Iterator[Hostile]:
    """Yield a device for each answer, and one that repeats the command."""
    for name, answer in _ANSWERS.items():
        yield Hostile(
            name=name,
            send=partial(_send, answer),
            hostname="whatsminer",
            short=name in _SHORT,
        )
    yield Hostile(name="an echo", send=_echo, hostname="whatsminer")
