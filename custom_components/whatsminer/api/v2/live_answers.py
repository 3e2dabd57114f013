"""The answers of every poll: joined in one connection, or singly where joins do not work."""

from typing import Final

from ..errors import (
    MalformedReplyError,
    MiningProcessDownError,
    NotAMinerError,
    RefusedError,
    UnreachableError,
)
from ..queue import Urgency
from . import envelope
from .envelope import Answer
from .requests import Requests

_LIVE: Final = ("summary", "pools", "edevs")


class LiveAnswers:
    """Reads `summary`, `pools` and `edevs`."""

    def __init__(self, requests: Requests) -> None:
        """Prepare; nothing is sent."""
        self._requests = requests
        self._joins: bool | None = None

    def forget_firmware(self) -> None:
        """Forget whether the firmware joins commands."""
        self._joins = None

    async def read(self) -> dict[str, Answer]:
        """Return the answers, without those that are refused."""
        if self._joins is not False:
            try:
                answers = await self._read_joined()
            except MiningProcessDownError:
                return {}
            except RefusedError, MalformedReplyError, NotAMinerError:
                pass
            except UnreachableError as err:
                if self._joins or not err.request_sent:
                    raise
            else:
                self._joins = True
                return answers
        answers = await self._read_singly()
        if len(answers) == len(_LIVE):
            self._joins = False
        return answers

    async def _read_joined(self) -> dict[str, Answer]:
        async with self._requests.queue.turn(Urgency.READ):
            parts = envelope.split(await self._requests.plain("+".join(_LIVE)), _LIVE)
        answers: dict[str, Answer] = {}
        for command, part in parts.items():
            try:
                answers[command] = envelope.check(part, command)
            except RefusedError:
                # If joins work, the miner refuses just this part: a stopped one has no boards.
                if not self._joins:
                    raise
        return answers

    async def _read_singly(self) -> dict[str, Answer]:
        answers: dict[str, Answer] = {}
        for command in _LIVE:
            try:
                answers[command] = await self._read_one(command)
            except RefusedError, MiningProcessDownError:
                continue
            except MalformedReplyError:
                if command == "summary":
                    raise
        return answers

    async def _read_one(self, command: str) -> Answer:
        try:
            return await self._requests.ask(command)
        except RefusedError:
            if command != "edevs":
                raise
            return await self._requests.ask("devs")
