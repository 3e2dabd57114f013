"""The writer, which sends commands to one miner: tokens, retries and missing answers."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from itertools import count
import math
import time
from types import MappingProxyType
from typing import overload

from . import reply, transfers
from .cipher import Session, open_session
from .commands import Command, Effect
from .errors import (
    MalformedReplyError,
    MiningProcessDownError,
    RefusedError,
    TokenRejectedError,
    TooManyTokensError,
    TooSoonError,
    UnconfirmedError,
    UnreachableError,
    UnsupportedCommandError,
    WhatsminerError,
    WriteAccessClosedError,
    WrongPasswordError,
)
from .identity import Identity
from .line import Line, Turn, Urgency
from .readings import Generation, Status
from .reply import Answer
from .transfers import Progress, Sink
from .wire import decode, text

type Request[T] = Callable[[Session], Awaitable[T]]

RESTART_SPACING = 60.0
# These commands often end the process that would have answered.
_MAY_BE_SILENT = (Effect.RESTARTS_MINING, Effect.REBOOTS, Effect.RESETS)


class Writer:
    """Sends privileged commands to one miner, encrypted under a token."""

    def __init__(self, line: Line, identity: Identity, password: str) -> None:
        """Create the writer; nothing is sent."""
        self._line = line
        self._identity = identity
        self._password = password
        self._session: Session | None = None
        self._session_since = 0.0
        self._unsupported: set[str] = set()
        self._restarted: float | None = None
        self._sequence = count()
        self._newest: dict[str, int] = {}

    @property
    def password(self) -> str:
        """Return the password of the account `admin`; setting a new one drops the token."""
        return self._password

    @password.setter
    def password(self, password: str) -> None:
        if password != self._password:
            self._password = password
            self._session = None

    def forget_firmware(self) -> None:
        """Forget which commands are unsupported, because the firmware has changed."""
        self._unsupported.clear()

    async def send(self, command: Command, generation: Generation) -> Answer | None:
        """Send a command (see `Miner.send`)."""
        sequence = next(self._sequence)
        if command.setting:
            self._newest[command.setting] = sequence

        def wanted() -> bool:
            """Return whether to send it: checked now, and again when it has its turn."""
            if command.setting and self._newest[command.setting] != sequence:
                return False
            if command.effect is Effect.RESTARTS_MINING:
                self._refuse_if_too_soon()
            return True

        wanted()
        return await self._send(command, generation, wanted)

    async def check_password(self) -> None:
        """Check the password by an encrypted read (see `Miner.check_password`)."""
        try:
            async with self._line.turn(Urgency.READ) as turn:
                await self._privileged(turn, self._sealed("get_version"))
        except WrongPasswordError, WriteAccessClosedError:
            raise
        except RefusedError as err:
            if not err.request_sent:  # there is no token to check it with
                raise

    async def download_logs(self, sink: Sink) -> int:
        """Download the log (see `Miner.download_logs`)."""
        async with self._line.turn(Urgency.WRITE) as turn:
            return await self._privileged(
                turn,
                lambda session: transfers.download_logs(
                    self._line, turn, session, sink
                ),
            )

    async def update_firmware(
        self, image: AsyncIterator[bytes], size: int, progress: Progress
    ) -> Answer:
        """Send a firmware (see `Miner.update_firmware`)."""
        async with self._line.turn(Urgency.WRITE) as turn:
            return await self._privileged(
                turn,
                lambda session: transfers.update_firmware(
                    self._line, session, image, size, progress
                ),
            )

    async def _send(
        self, command: Command, generation: Generation, wanted: Callable[[], bool]
    ) -> Answer | None:
        """Send a command by its name in this firmware, or its fallback if it is unsupported."""
        name = command.name
        if generation is Generation.V1 and command.v1_name:
            name = command.v1_name
        if command.effect is Effect.STOPS:
            return await self._power_off(command, generation)
        try:
            return await self._attempt(command, name, wanted)
        except UnsupportedCommandError as err:
            if not err.request_sent:
                raise
            self._unsupported.add(name)
            if command.fallback is None:
                raise
            return await self._send(command.fallback, generation, wanted)

    async def _attempt(
        self, command: Command, name: str, wanted: Callable[[], bool]
    ) -> Answer | None:
        """Send a command; a missing answer counts as accepted if its effect can cause that."""
        if name in self._unsupported:
            raise UnsupportedCommandError(name, 14, "known to be unsupported")
        try:
            async with self._line.turn(Urgency.WRITE) as turn:
                answer = await self._privileged(
                    turn, self._sealed(name, command.parameters), wanted
                )
        except RefusedError:
            raise
        except WhatsminerError as err:
            if not err.request_sent:
                raise
            self._remember_restart(command)
            silent = isinstance(err, UnreachableError | MiningProcessDownError)
            if not silent or command.effect not in _MAY_BE_SILENT:
                raise
            return Answer()
        if answer is not None:
            self._remember_restart(command)
        return answer

    async def _power_off(self, command: Command, generation: Generation) -> Answer:
        """Send a power off, and send it again if neither its answer nor the status confirms it.

        This takes one turn, so that no other command is sent in between.
        """
        failure: WhatsminerError | None = None
        sent = False
        async with self._line.turn(Urgency.POWER_OFF) as turn:
            for _ in range(2):
                try:
                    answer = await self._privileged(
                        turn, self._sealed(command.name, command.parameters)
                    )
                except RefusedError:
                    raise
                except WhatsminerError as err:
                    failure = err
                    sent = sent or err.request_sent
                    if err.request_sent and await self._is_off(generation):
                        return Answer()
                else:
                    return answer
        if failure and not sent:
            raise failure
        raise UnconfirmedError("power off was not confirmed") from failure

    async def _is_off(self, generation: Generation) -> bool:
        """Return whether the miner reports that mining is off; the caller has the turn."""
        # The status of V1 is not reliable, but it reports its boards only while it mines.
        command = "devdetails" if generation is Generation.V1 else "status"
        try:
            try:
                answer = reply.check(await self._line.plain(command), command)
                off = decode(Status, answer.reading()).mining_off is True
            except RefusedError, MiningProcessDownError:
                off = generation is Generation.V1
            if off:  # the answer may be from another miner
                await self._identity.confirm()
        except WhatsminerError:
            return False
        return off

    def _sealed(
        self, name: str, parameters: Mapping[str, str | int] = MappingProxyType({})
    ) -> Request[Answer]:
        """Return a request that sends one encrypted command and returns its answer."""
        return lambda session: self._line.sealed(session, name, parameters)

    @overload
    async def _privileged[T](self, turn: Turn, request: Request[T]) -> T: ...
    @overload
    async def _privileged[T](
        self, turn: Turn, request: Request[T], wanted: Callable[[], bool]
    ) -> T | None: ...
    async def _privileged[T](
        self, turn: Turn, request: Request[T], wanted: Callable[[], bool] = lambda: True
    ) -> T | None:
        """Send a request under a token and return its result, None if it is no longer wanted.

        Another client can void our token, so one that was used before is replaced once.
        """
        fresh: Session | None = None
        while True:
            session = self._usable()
            if session is None:
                fresh = await self._fetch_session()
                await self._line.give_way(turn)
                session = self._session or fresh
            if not wanted():
                return None
            try:
                result = await request(session)
            except WrongPasswordError, TokenRejectedError:
                self._session = None
                if session is fresh:
                    raise
                await self._line.give_way(turn)
            else:
                if session.sliding:
                    self._session_since = time.monotonic()
                return result

    def _remember_restart(self, command: Command) -> None:
        """Remember the time if a command has restarted mining, or may have."""
        if command.effect is Effect.RESTARTS_MINING:
            self._restarted = time.monotonic()

    async def _fetch_session(self) -> Session:
        """Return a session under a new token of the expected miner; the caller has the turn."""
        try:
            value = await self._line.plain("get_token")
            session = _session(reply.check(value, "get_token"), self._password)
            await self._identity.confirm()
        except WhatsminerError as err:
            err.request_sent = False  # the command itself was not
            raise
        self._session, self._session_since = session, time.monotonic()
        return session

    def _usable(self) -> Session | None:
        session = self._session
        if session is None or session.life is None:
            return session
        age = time.monotonic() - self._session_since
        return session if age < session.life else None

    def _refuse_if_too_soon(self) -> None:
        if self._restarted is None:
            return
        left = self._restarted + RESTART_SPACING - time.monotonic()
        if left > 0:
            raise TooSoonError(math.ceil(left))


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
