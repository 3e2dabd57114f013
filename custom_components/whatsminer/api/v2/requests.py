"""Requests to one miner, each on a connection of its own, and the answers to them."""

import asyncio
from collections.abc import Mapping
import json
from typing import Final

from ..queue import Queue, Urgency
from ..sanitize import Json
from . import envelope
from .cipher import Session
from .envelope import Answer
from .exchange import exchange

DEFAULT_PORT: Final = 4028
# A poll has a dozen commands. Queries can join them in many more ways.
_MOST_REPLIES = 16
# Bytes. Answers have some thousand; larger ones are parsed in a thread, the largest are not kept.
_ORDINARY = 16 * 1024
_LARGEST_KEPT = 64 * 1024
_TOO_LARGE: Mapping[str, Json] = {"left_out": "larger than 64 KiB"}

# Commands that the mining process answers can be joined. The control board answers the others.
JOINABLE: Final = frozenset({"devdetails", "devs", "edevs", "pools", "summary"})
# `get_token` is missing, because it would void the token of this client.
READABLE: Final = JOINABLE | {
    "get_error_code",
    "get_miner_info",
    "get_psu",
    "get_version",
    "status",
}


def is_readable(command: str) -> bool:
    """Return whether a command only reads; several different ones may be joined by `+`."""
    parts = command.split("+")
    known = READABLE if len(parts) == 1 else JOINABLE
    return set(parts) <= known and len(parts) == len(set(parts))


class Requests:
    """Sends requests to one miner; the caller of all but `ask` has the turn in the queue."""

    def __init__(self, queue: Queue, host: str, port: int) -> None:
        """Store the address; nothing is sent."""
        self.queue = queue
        self.host = host
        self.port = port
        # The last answer to each plain command; that to `get_token` is secret and not kept.
        self.replies: dict[str, Mapping[str, Json]] = {}

    async def ask(self, command: str) -> Answer:
        """Take a turn, send a plain command and return its successful answer.

        Raises:
            RefusedError: the miner refused it. Other errors are those of `plain`.

        """
        async with self.queue.turn(Urgency.READ):
            return envelope.check(await self.plain(command), command)

    async def plain(self, command: str) -> Mapping[str, Json]:
        """Send a plain command and return the whole answer, unchecked.

        Raises:
            UnreachableError, NotAMinerError, MalformedReplyError, MiningProcessDownError.

        """
        request = json.dumps({"cmd": command}, separators=(",", ":")).encode()
        raw = await exchange(self.host, self.port, request)
        if len(raw) <= _ORDINARY:
            value = envelope.parse(raw, command)
        else:  # parsing would block the event loop for too long
            value = await asyncio.to_thread(envelope.parse, raw, command)
        if command != "get_token":
            self._keep(command, value if len(raw) <= _LARGEST_KEPT else _TOO_LARGE)
        return value

    def _keep(self, command: str, value: Mapping[str, Json]) -> None:
        """Keep the answers to the last 16 commands."""
        self.replies.pop(command, None)
        self.replies[command] = value
        if len(self.replies) > _MOST_REPLIES:
            del self.replies[next(iter(self.replies))]

    async def sealed(
        self, session: Session, command: str, parameters: Mapping[str, str | int]
    ) -> Answer:
        """Send an encrypted command and return its successful answer.

        Raises:
            RefusedError: the miner refused it. Other errors are those of `plain`.

        """
        request = session.seal(command, parameters)
        return unseal(session, await exchange(self.host, self.port, request), command)


def unseal(session: Session, raw: bytes, command: str) -> Answer:
    """Return the successful answer to an encrypted command.

    A refusal comes in plain text, any other answer encrypted.

    Raises:
        RefusedError, NotAMinerError, MalformedReplyError.

    """
    return envelope.check(envelope.parse(raw, command, session.open), command)
