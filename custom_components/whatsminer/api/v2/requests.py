"""Requests to one miner, each on a connection of its own, and the answers to them."""

from collections.abc import Mapping
import json
from typing import Final

from ..errors import WrongPasswordError
from ..queue import Queue, Urgency
from ..replies import Replies, parse_reply
from ..sanitize import Json
from . import envelope
from .cipher import Session
from .envelope import Answer, WrongKeyError
from .exchange import exchange

DEFAULT_PORT: Final = 4028

# The key under which the command is sent, and the one that some firmware of 2020 looks for.
_KEY: Final = "cmd"
_OTHER_KEY: Final = "command"
# Commands after which the miner may have another password, and so another key.
_MAY_CHANGE_PASSWORD: Final = frozenset({"update_pwd", "factory_reset"})

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
        self.replies = Replies()
        self._key = _KEY
        # The key of each command that was refused under the usual key of that time.
        self._keys: dict[str, str] = {}

    def forget_keys(self) -> None:
        """Forget under which keys the miner looks for commands, because it may be another one."""
        self._key = _KEY
        self._keys.clear()

    def change_key(self) -> None:
        """Send all commands under the other key."""
        self._key = _other(self._key)
        self._keys.clear()

    async def ask(self, command: str) -> Answer:
        """Take a turn, send a plain command and return its successful answer.

        Raises:
            RefusedError: the miner refused it. Other errors are those of `plain`.

        """
        async with self.queue.turn(Urgency.READ):
            return envelope.check(await self.plain(command), command)

    async def plain(self, command: str) -> Mapping[str, Json]:
        """Send a plain command and return the whole answer, unchecked.

        If the miner finds no command in the request, it is asked again with the other key, which
        is kept if it works.

        Raises:
            UnreachableError, NotAMinerError, MalformedReplyError, MiningProcessDownError.

        """
        key = self._keys.get(command, self._key)
        value = await self._send(key, command)
        if command not in self._keys and envelope.finds_no_command(value):
            second = await self._send(_other(key), command)
            if envelope.finds_no_command(second):
                self._keys[command] = key
            else:
                value = second
                self._key = self._keys[command] = _other(key)
        return value

    async def _send(self, key: str, command: str) -> Mapping[str, Json]:
        """Send a plain command under a key, and keep its answer."""
        request = json.dumps({key: command}, separators=(",", ":")).encode()
        raw = await exchange(self.host, self.port, request)
        value = await parse_reply(envelope.parse, raw, command)
        if command != "get_token":
            self.replies.keep(command, value, len(raw))
        return value

    async def sealed(
        self, session: Session, command: str, parameters: Mapping[str, str | int]
    ) -> Answer:
        """Send an encrypted command and return its successful answer.

        Raises:
            RefusedError: the miner refused it. Other errors are those of `plain`.

        """
        request = self.seal(session, command, parameters)
        return unseal(session, await exchange(self.host, self.port, request), command)

    def seal(
        self, session: Session, command: str, parameters: Mapping[str, str | int]
    ) -> bytes:
        """Return the request for an encrypted command.

        A miner that looks for plain commands under the other key gets both, as it is not known
        for which of them it looks here. It ignores keys that it does not know.
        """
        if _OTHER_KEY in (self._key, *self._keys.values()):
            parameters = {**parameters, _OTHER_KEY: command}
        return session.seal(command, parameters)


def _other(key: str) -> str:
    return _OTHER_KEY if key == _KEY else _KEY


def unseal(session: Session, raw: bytes, command: str) -> Answer:
    """Return the successful answer to an encrypted command.

    A refusal comes in plain text or encrypted, any other answer encrypted. The miner encrypts
    with the key of its password, so an answer under another key shows that ours is wrong.

    Raises:
        RefusedError, NotAMinerError, MalformedReplyError.

    """
    try:
        value = envelope.parse(raw, command, session.open)
    except WrongKeyError as err:
        if command in _MAY_CHANGE_PASSWORD:
            raise
        reason = "the answer is encrypted with the key of another password"
        raise WrongPasswordError(command, None, reason) from err
    return envelope.check(value, command)
