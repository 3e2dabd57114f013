"""Requests under a token: where it comes from, how long it lives, when it is replaced."""

from collections.abc import Awaitable, Callable
import time

from ..decode import text
from ..errors import (
    MalformedReplyError,
    TokenRejectedError,
    TooManyTokensError,
    WhatsminerError,
    WrongPasswordError,
)
from ..identity import ReadEvidence
from ..protocol import Target
from ..queue import Turn
from . import envelope
from .cipher import Session, open_session
from .envelope import Answer
from .requests import Requests

type Send[T] = Callable[[Session], Awaitable[T]]


class Sessions:
    """Sends requests to one miner under a token of it, which it keeps as long as it is good."""

    def __init__(
        self, target: Target, requests: Requests, read_evidence: ReadEvidence
    ) -> None:
        """Prepare; nothing is sent."""
        self._target = target
        self._requests = requests
        self._read_evidence = read_evidence
        self._session: Session | None = None
        self._since = 0.0
        # How often the password had been set when the token came.
        self._credential_changes = 0

    async def run[T](self, turn: Turn, send: Send[T]) -> T:
        """Send something under a token and return the result.

        Another client can void our token, so one that was used before is replaced once. The
        caller has the turn; more urgent requests go first between two connections.

        Raises:
            WrongPasswordError, WriteAccessClosedError, TooManyTokensError, RefusedError,
            WrongMinerError, NoMacError, UnreachableError, MalformedReplyError, NotAMinerError.

        """
        queue = self._target.queue
        fresh: Session | None = None
        while True:
            session = self._usable()
            if session is None:
                fresh = await self._fetch()
                await queue.give_way(turn)
                session = self._session or fresh
            try:
                result = await send(session)
            except WrongPasswordError, TokenRejectedError:
                self._session = None
                if session is fresh:
                    raise
                await queue.give_way(turn)
            else:
                if session.sliding:
                    self._since = time.monotonic()
                return result

    async def _fetch(self) -> Session:
        """Return a session under a new token of the expected miner."""
        try:
            value = await self._requests.plain("get_token")
            changes = self._target.credential_changes
            token = envelope.check(value, "get_token")
            session = _session(token, self._target.password)
            await self._target.identity.confirm(self._read_evidence)
        except WhatsminerError as err:
            err.request_sent = False  # the command itself was not
            raise
        self._session, self._since = session, time.monotonic()
        self._credential_changes = changes
        return session

    def _usable(self) -> Session | None:
        """Return the session, unless its token is too old or for another password."""
        session = self._session
        if (
            session is None
            or self._credential_changes != self._target.credential_changes
        ):
            return None
        if session.life is None:
            return session
        age = time.monotonic() - self._since
        return session if age < session.life else None


def _session(token: Answer, password: str) -> Session:
    reading = token.reading()
    salt, newsalt, moment = (
        text(reading.get(key)) for key in ("salt", "newsalt", "time")
    )
    if isinstance(token.message, str):  # "over max connect"
        raise TooManyTokensError("get_token", token.code, token.message)
    if not (salt and newsalt and moment):
        raise MalformedReplyError("get_token: the token is incomplete")
    return open_session(
        password,
        salt=salt,
        newsalt=newsalt,
        time=moment,
        timeout=text(reading.get("timeout")),
    )
