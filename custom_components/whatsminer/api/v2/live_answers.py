"""The answers of every poll: joined in one connection, or singly where joins do not work.

What the firmware refuses or cuts short three times in a row is a property of it. It costs no
connection in every poll from then on, and is looked at again every hour.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
import math
import time
from typing import Final

from ..errors import (
    CannotConnectError,
    MalformedReplyError,
    MiningProcessDownError,
    NotAMinerError,
    RefusedError,
    UnreachableError,
    UnsupportedCommandError,
)
from ..freshness import Moment
from ..queue import Urgency
from . import envelope
from .envelope import NOTHING, Answer
from .requests import Requests

_SUMMARY: Final = "summary"
_SECTIONS: Final = {_SUMMARY: "SUMMARY", "pools": "POOLS", "edevs": "DEVS"}
# The two names of the same list.
_OTHER_NAME: Final = {"edevs": "devs", "devs": "edevs"}
# What happens so many times in a row is a property of the firmware, for so many seconds.
_TIMES: Final = 3
_LOOK_AGAIN: Final = 3600.0


@dataclass(slots=True)
class Live:
    """The answers of one poll, without those that are refused.

    `moment` is when the summary came, because the clocks of the miner are in it. `is_down` means
    that the miner says what firmware says while its mining process is down.
    """

    answers: dict[str, Answer] = field(default_factory=dict)
    moment: Moment = field(default_factory=Moment.now)
    is_down: bool = False

    def __contains__(self, part: str) -> bool:
        """Return whether a part was answered."""
        return part in self.answers

    def __getitem__(self, part: str) -> Answer:
        """Return the answer to a part, an empty one if there is none."""
        return self.answers.get(part, NOTHING)

    def add(self, part: str, answer: Answer) -> None:
        """Add an answer that came now."""
        self.answers[part] = answer
        if part == _SUMMARY:
            self.moment = Moment.now()
            self.is_down = False

    def add_refusal(self, part: str, error: RefusedError) -> None:
        """Add that the miner refused a part; other codes than 14 say nothing of its state."""
        if part == _SUMMARY:
            self.is_down = isinstance(error, UnsupportedCommandError)


@dataclass(slots=True)
class _Part:
    """What is known of one command.

    `wire` is the name under which the firmware knows it. `spoils` counts the joins in a row that
    failed because of this part, `useless` its single answers in a row that were refused or had
    nothing whole. `answer` is its last single answer, from the monotonic time `asked`.
    """

    name: str
    wire: str
    was_joined: bool = False
    spoils: int = 0
    useless: int = 0
    answer: Answer | None = None
    asked: float = 0.0

    @property
    def is_apart(self) -> bool:
        """Return whether joins go without this part."""
        return self.spoils >= _TIMES

    @property
    def is_given_up(self) -> bool:
        """Return whether no connection is spent on this part; the summary is always read."""
        return self.useless >= _TIMES and self.name != _SUMMARY

    @property
    def is_whole(self) -> bool:
        """Return whether the last single answer was neither refused nor cut short."""
        return self.answer is not None and not self.answer.is_cut

    def joined(self) -> None:
        """Remember that the part came in a join."""
        self.was_joined, self.answer = True, None
        self.spoils = self.useless = 0

    def look_again(self) -> None:
        """Let one more failure decide."""
        self.spoils = min(self.spoils, _TIMES - 1)
        self.useless = min(self.useless, _TIMES - 1)


class LiveAnswers:
    """Reads `summary`, `pools` and `edevs`, in two connections at most in the long run."""

    def __init__(self, requests: Requests) -> None:
        """Prepare; nothing is sent."""
        self._requests = requests
        self.forget_firmware()

    def forget_firmware(self) -> None:
        """Forget what the firmware refuses and cuts short."""
        self._parts = [_Part(name, name) for name in _SECTIONS]
        self._look_at = math.inf

    def look_again(self) -> None:
        """Try once more what was given up, because the miner may answer it by now."""
        self._look_at = math.inf
        for part in self._parts:
            part.look_again()

    async def read(self) -> Live:
        """Return the answers.

        Raises:
            MalformedReplyError: the summary is broken. Other errors are those of `Requests.plain`.

        """
        if time.monotonic() >= self._look_at:
            self.look_again()
        live = Live()
        settled = self._settled()
        together = [part for part in self._parts if not part.is_apart]
        if len(together) == 1 or self._parts[0] not in together:
            together = []
        singly = [part for part in self._parts if part not in together]
        try:
            weight = await self._read_joined(together, live) if together else 0
            if weight:
                await self._read_instead(together, live, weight)
            else:
                await self._read_refused(together, live)
            await self._read_in_turn(singly, live)
        except MiningProcessDownError:
            for part in self._parts:
                part.answer = None
            return Live(is_down=True)
        if self._settled() - settled:
            self._look_at = time.monotonic() + _LOOK_AGAIN
        return live

    def _settled(self) -> set[tuple[str, bool, bool]]:
        """Return what was decided of the parts."""
        return {
            (part.name, part.is_apart, part.is_given_up)
            for part in self._parts
            if part.is_apart or part.is_given_up
        }

    async def _read_joined(self, parts: Sequence[_Part], live: Live) -> int:
        """Read parts in one connection; return 0, or how many times a failure counts."""
        wires = [part.wire for part in parts]
        try:
            async with self._requests.queue.turn(Urgency.READ):
                whole = await self._requests.plain("+".join(wires))
                found = envelope.split(whole, wires)
        except RefusedError, MalformedReplyError, NotAMinerError:
            return 1
        except UnreachableError as err:
            if any(part.was_joined for part in parts) or not err.request_sent:
                raise
            return _TIMES  # to wait for an answer takes long
        for part in parts:
            try:
                live.add(part.name, envelope.check(found[part.wire], part.wire))
            except RefusedError as err:
                live.add_refusal(part.name, err)
            except MalformedReplyError:
                return 1
            else:
                part.joined()
        return 0

    async def _read_instead(
        self, parts: Sequence[_Part], live: Live, weight: int
    ) -> None:
        """Read the parts of a join that failed, and find out which of them it failed for."""
        live.answers.clear()
        for part in parts:
            await self._read_single(part, live)
        # If each is well by itself, the firmware does not join them.
        guilty = [part for part in parts if not part.is_whole] or parts
        for part in parts:
            part.spoils = part.spoils + weight if part in guilty else 0
            if part.is_apart:
                part.was_joined = False

    async def _read_refused(self, parts: Sequence[_Part], live: Live) -> None:
        """Read what a join refused singly, unless it is refused there as well.

        Where it came in a join before, the refusal is meant: a stopped miner has no boards.
        """
        for part in parts:
            if part.name in live or part.was_joined or part.is_given_up:
                continue
            await self._read_single(part, live)
            part.spoils += part.answer is not None

    async def _read_in_turn(self, parts: Sequence[_Part], live: Live) -> None:
        """Read the summary and one other part of those that are not joined.

        The others have their last answer, which is from the poll before.
        """
        others = [
            part for part in parts if part.name != _SUMMARY and not part.is_given_up
        ]
        turn = min(others, key=lambda part: part.asked, default=None)
        for part in parts:
            if part is turn or part.name == _SUMMARY:
                await self._read_single(part, live)
            elif part.answer:
                live.add(part.name, part.answer)

    async def _read_single(self, part: _Part, live: Live) -> None:
        """Read one part in a connection of its own."""
        part.asked = time.monotonic()
        part.answer = None
        try:
            answer = await self._ask(part)
        except RefusedError as err:
            live.add_refusal(part.name, err)
        except MalformedReplyError:
            if part.name == _SUMMARY:
                raise
        except CannotConnectError as err:
            # Closed without an answer: it is cut before its first byte.
            if part.name == _SUMMARY or not err.request_sent:
                raise
        else:
            if not answer.is_cut or answer.rows(_SECTIONS[part.name]):
                part.answer = answer
                live.add(part.name, answer)
        if part.answer is None:
            part.useless += 1
            return
        if part.name == _SUMMARY and part.useless:
            self.look_again()
        part.useless = 0

    async def _ask(self, part: _Part) -> Answer:
        """Ask for a part, also under the other name that firmware may have for it."""
        try:
            return await self._requests.ask(part.wire)
        except RefusedError:
            if part.wire not in _OTHER_NAME:
                raise
            other = _OTHER_NAME[part.wire]
            answer = await self._requests.ask(other)
            part.wire = other
            return answer
