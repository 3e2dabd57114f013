"""The policy for commands, whatever the protocol: order, spacing, repetition, missing answers."""

from itertools import count
import math
import time
from typing import Final

from .commands import Command, Effect, Outcome, Result
from .errors import (
    MiningProcessDownError,
    RefusedError,
    TooSoonError,
    UnconfirmedError,
    UnreachableError,
    UnsupportedCommandError,
    WhatsminerError,
)
from .protocol import Attempt, IsWanted, Protocol
from .queue import Queue, Urgency

RESTART_SPACING: Final = 60.0
# These commands often end the process that would have answered.
_MAY_BE_SILENT: Final = (Effect.RESTARTS_MINING, Effect.REBOOTS, Effect.RESETS)


class Writer:
    """Sends commands to one miner."""

    def __init__(self, queue: Queue) -> None:
        """Create the writer; nothing is sent."""
        self._queue = queue
        # The code of the refusal by the name of the refused command.
        self._unsupported: dict[str, int | None] = {}
        self._restarted: float | None = None
        self._sequence = count()
        self._newest: dict[str, int] = {}

    def forget_firmware(self) -> None:
        """Forget which commands are unsupported, because the firmware has changed."""
        self._unsupported.clear()

    def check(self, command: Command, protocol: Protocol | None) -> None:
        """Raise what keeps a command from being sent now (see `Miner.check`).

        `protocol` is None while it is not known which one the miner speaks.
        """
        if command.effect is Effect.RESTARTS_MINING:
            self._refuse_if_too_soon()
        if protocol is None:
            return
        names = [attempt.name for attempt in protocol.attempts(command)]
        if all(name in self._unsupported for name in names):
            self._refuse_unsupported(names[-1])

    async def send(self, command: Command, protocol: Protocol) -> Result:
        """Send a command (see `Miner.send`)."""
        sequence = next(self._sequence)
        if command.setting:
            self._newest[command.setting] = sequence

        def is_wanted() -> bool:
            """Return whether to send it: checked now, and again when it has its turn."""
            if command.setting and self._newest[command.setting] != sequence:
                return False
            if command.effect is Effect.RESTARTS_MINING:
                self._refuse_if_too_soon()
            return True

        is_wanted()
        attempts = protocol.attempts(command)
        if command.effect is Effect.STOPS:
            return await self._power_off(attempts[0], protocol)
        for attempt in attempts[:-1]:
            try:
                return await self._attempt(command, attempt, is_wanted)
            except RefusedError as err:
                is_unknown = (
                    isinstance(err, UnsupportedCommandError) and err.request_sent
                )
                # A subclass is about the access, not about this way.
                if not is_unknown and not (
                    attempt.optional and type(err) is RefusedError
                ):
                    raise
        return await self._attempt(command, attempts[-1], is_wanted)

    async def _attempt(
        self, command: Command, attempt: Attempt, is_wanted: IsWanted
    ) -> Result:
        """Send a command in one way; remember a way that the firmware does not know.

        A missing answer counts as accepted if the effect of the command can cause that.
        """
        self._refuse_unsupported(attempt.name)
        try:
            async with self._queue.turn(Urgency.WRITE) as turn:
                result = await attempt.send(turn, is_wanted)
        except RefusedError as err:
            if isinstance(err, UnsupportedCommandError) and err.request_sent:
                self._unsupported[attempt.name] = err.code
            raise
        except WhatsminerError as err:
            if not err.request_sent:
                raise
            self._remember_restart(command)
            silent = isinstance(err, UnreachableError | MiningProcessDownError)
            if not silent or command.effect not in _MAY_BE_SILENT:
                raise
            return Result(Outcome.SILENT)
        if result.is_accepted:
            self._remember_restart(command)
        return result

    async def _power_off(self, attempt: Attempt, protocol: Protocol) -> Result:
        """Send a power off, and send it again if neither its answer nor the status confirms it.

        This takes one turn, so that no other command is sent in between.
        """
        failure: WhatsminerError | None = None
        sent = False
        async with self._queue.turn(Urgency.POWER_OFF) as turn:
            for _ in range(2):
                try:
                    return await attempt.send(turn, lambda: True)
                except RefusedError:
                    raise
                except WhatsminerError as err:
                    failure = err
                    sent = sent or err.request_sent
                    if err.request_sent and await self._is_off(protocol):
                        return Result(Outcome.SILENT)
        if failure and not sent:
            raise failure
        raise UnconfirmedError("power off was not confirmed") from failure

    @staticmethod
    async def _is_off(protocol: Protocol) -> bool:
        """Return whether mining is known to be off."""
        try:
            return await protocol.is_off()
        except WhatsminerError:
            return False

    def _remember_restart(self, command: Command) -> None:
        """Remember the time if a command has restarted mining, or may have."""
        if command.effect is Effect.RESTARTS_MINING:
            self._restarted = time.monotonic()

    def _refuse_unsupported(self, name: str) -> None:
        if name in self._unsupported:
            raise UnsupportedCommandError(
                name, self._unsupported[name], "known to be unsupported"
            )

    def _refuse_if_too_soon(self) -> None:
        if self._restarted is None:
            return
        left = self._restarted + RESTART_SPACING - time.monotonic()
        if left > 0:
            raise TooSoonError(math.ceil(left))
