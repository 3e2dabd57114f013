"""Ways in which a miner can get a command wrong, for tests."""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol, override


class Exchange(Protocol):
    """A request that was understood and waits to be carried out."""

    def carry_out(self) -> bytes:
        """Do what was asked and return the answer as it goes over the wire."""

    def text(self) -> bytes:
        """Do what was asked and return the text of the answer, without its frame."""

    def framed(self, text: bytes, announced: int | None = None) -> bytes:
        """Return a text as it goes over the wire.

        Args:
            text: what to send.
            announced: a length to announce that is not that of the text. Only V3 announces
                a length; for V2 the text is all that goes over the wire.
        """

    def refuse(self, code: int, text: str | None) -> bytes:
        """Return a refusal instead, as it goes over the wire."""

    async def serve(
        self, line: Line, *, share: float | None = None, confirm: bool = True
    ) -> None:
        """Do everything as usual, also what follows the answer.

        Args:
            line: the connection.
            share: the part of a log or firmware transfer after which it stops.
            confirm: whether a firmware transfer gets its final answer.
        """


class Line(Protocol):
    """The connection of the request.

    V2 closes it once the answer is sent. V3 goes on with the next request, unless the
    connection was ended.
    """

    async def send(self, data: bytes) -> None:
        """Send bytes."""

    async def receive(self, most: int) -> bytes:
        """Return bytes that follow the request, empty at the end of the client's side.

        Raises:
            TimeoutError: the connection has been idle for too long.
        """

    async def gone(self) -> None:
        """Wait until the client closes its side."""

    async def unless_gone(self, wait: Coroutine[Any, Any, object]) -> bool:
        """Wait for something; False if the client closes its side before."""

    def end(self) -> None:
        """Close the connection after this request, also on V3."""

    def reset(self) -> None:
        """Drop the connection without a proper end."""


class Misbehaviour(ABC):
    """What happens to a request instead of the ordinary answer."""

    @abstractmethod
    async def respond(self, exchange: Exchange, line: Line) -> None:
        """Deal with one request."""


@dataclass(frozen=True, slots=True)
class Raw(Misbehaviour):
    """Answer with exactly these bytes, and close the connection.

    Attributes:
        execute: whether the command is carried out all the same.
    """

    data: bytes
    execute: bool = False

    @override
    async def respond(self, exchange: Exchange, line: Line) -> None:
        if self.execute:
            exchange.carry_out()
        await line.send(self.data)
        line.end()


@dataclass(frozen=True, slots=True)
class Framed(Misbehaviour):
    """Answer with another text. On V3 its frame is right, and the connection stays open.

    Attributes:
        data: the text.
        announced: the length that the frame announces instead of the right one, after
            which the connection is closed.
        execute: whether the command is carried out all the same.
    """

    data: bytes
    announced: int | None = None
    execute: bool = False

    @override
    async def respond(self, exchange: Exchange, line: Line) -> None:
        if self.execute:
            exchange.carry_out()
        await line.send(exchange.framed(self.data, self.announced))
        if self.announced is not None:
            line.end()


@dataclass(frozen=True, slots=True)
class InPieces(Misbehaviour):
    """Answer as usual, but in several TCP segments.

    Attributes:
        cuts: after how many bytes of the answer, its frame included, a segment ends.
    """

    cuts: tuple[int, ...]

    @override
    async def respond(self, exchange: Exchange, line: Line) -> None:
        answer = exchange.carry_out()
        for begin, end in pairwise((0, *self.cuts, len(answer))):
            await line.send(answer[begin:end])
            for _ in range(5):  # lets the client see this segment alone
                await asyncio.sleep(0)


GARBAGE = Raw(b"\x16\x03\x01\x00\xa5\x01{[not json\xff\xfe")


@dataclass(frozen=True, slots=True)
class Truncated(Misbehaviour):
    """Carry the command out, but end the answer early.

    Attributes:
        keep: how many bytes get through; None for half of them.
    """

    keep: int | None = None

    @override
    async def respond(self, exchange: Exchange, line: Line) -> None:
        answer = exchange.carry_out()
        await line.send(answer[: len(answer) // 2 if self.keep is None else self.keep])
        line.end()


@dataclass(frozen=True, slots=True)
class Dropped(Truncated):
    """Carry the command out, but reset the connection in the middle of the answer."""

    @override
    async def respond(self, exchange: Exchange, line: Line) -> None:
        await Truncated.respond(self, exchange, line)
        line.reset()


@dataclass(frozen=True, slots=True)
class Hang(Misbehaviour):
    """Never answer; the connection stays open until the client gives up.

    Attributes:
        execute: whether the command is carried out all the same.
    """

    execute: bool = False

    @override
    async def respond(self, exchange: Exchange, line: Line) -> None:
        if self.execute:
            exchange.carry_out()
        await line.gone()


@dataclass(frozen=True, slots=True)
class Closed(Misbehaviour):
    """Close the connection without an answer.

    Attributes:
        execute: whether the command is carried out all the same.
    """

    execute: bool = False

    @override
    async def respond(self, exchange: Exchange, line: Line) -> None:
        if self.execute:
            exchange.carry_out()
        line.end()


@dataclass(frozen=True, slots=True)
class Refused(Misbehaviour):
    """Refuse, without carrying the command out.

    Attributes:
        text: the ``Msg``; None for the one the miner uses with this code.
    """

    code: int
    text: str | None = None

    @override
    async def respond(self, exchange: Exchange, line: Line) -> None:
        await line.send(exchange.refuse(self.code, self.text))


@dataclass(frozen=True, slots=True)
class Delayed(Misbehaviour):
    """Carry out and answer as usual, but only once an event is set.

    A client that gives up before has not been served.
    """

    release: asyncio.Event

    @override
    async def respond(self, exchange: Exchange, line: Line) -> None:
        if await line.unless_gone(self.release.wait()):
            await exchange.serve(line)


@dataclass(frozen=True, slots=True)
class CutTransfer(Misbehaviour):
    """Close the connection in the middle of a log or firmware transfer.

    Attributes:
        share: the part of the file that gets through. With 1.0 a firmware image comes
            in whole, but nothing follows from it.
    """

    share: float = 0.5

    @override
    async def respond(self, exchange: Exchange, line: Line) -> None:
        await exchange.serve(line, share=self.share)
        line.end()


@dataclass(frozen=True, slots=True)
class HungTransfer(CutTransfer):
    """Fall silent in the middle of a transfer until the client gives up."""

    @override
    async def respond(self, exchange: Exchange, line: Line) -> None:
        await CutTransfer.respond(self, exchange, line)
        await line.gone()


@dataclass(frozen=True, slots=True)
class Unconfirmed(Misbehaviour):
    """Take a firmware image and reboot into it, but close without the final answer."""

    @override
    async def respond(self, exchange: Exchange, line: Line) -> None:
        await exchange.serve(line, confirm=False)
        line.end()
