"""The answer to `status`, and what shows whether mining is on."""

from ..errors import (
    CannotConnectError,
    MalformedReplyError,
    MiningProcessDownError,
    NotAMinerError,
    RefusedError,
    UnsupportedCommandError,
)
from ..readings import Performance
from . import envelope, fields
from .envelope import NOTHING, Answer
from .generations import Generation
from .live_answers import Live
from .requests import Requests


class Status:
    """Reads the status of one miner."""

    def __init__(self, requests: Requests) -> None:
        """Prepare; nothing is sent."""
        self._requests = requests
        self._was_whole = False

    def forget(self) -> None:
        """Forget that the status was whole."""
        self._was_whole = False

    async def read(self) -> Answer:
        """Return the status, or nothing if it is refused.

        Raises:
            MalformedReplyError: it is broken, and was whole before. Firmware that breaks it in
                every answer has no status. Other errors are those of `Requests.ask`.

        """
        try:
            answer = await self._requests.ask("status")
        except RefusedError, MiningProcessDownError:
            return NOTHING
        except MalformedReplyError, NotAMinerError:
            if self._was_whole:
                raise
            return NOTHING
        except CannotConnectError as err:  # closed without an answer
            if self._was_whole or not err.request_sent:
                raise
            return NOTHING
        self._was_whole = True
        return answer

    async def is_off(self, generation: Generation) -> bool:
        """Return whether the miner shows that mining is off; the caller has the turn."""
        if generation is Generation.V1:  # its status is not reliable
            return await self._is_process_down("devdetails")
        try:
            answer = envelope.check(await self._requests.plain("status"), "status")
            off = fields.mining_off(answer.reading())
        except (
            RefusedError,
            MiningProcessDownError,
            MalformedReplyError,
            NotAMinerError,
        ):
            off = None
        return await self._is_process_down("summary") if off is None else off

    async def _is_process_down(self, command: str) -> bool:
        """Return whether the answer to a command of the mining process says that it is down."""
        try:
            envelope.check(await self._requests.plain(command), command)
        except UnsupportedCommandError, MiningProcessDownError:
            return True
        except RefusedError:  # which says nothing of its state
            return False
        return False


def is_mining(
    status: Answer, live: Live, performance: Performance, *, frozen: bool
) -> bool | None:
    """Return whether mining is on (V2.0, V2.2), None if nothing shows it.

    Where the status does not say it, a miner that hashes is on, and one whose mining process is
    down is off.
    """
    off = fields.mining_off(status.reading())
    if off is not None:
        return not off
    if live.is_down:
        return False
    return True if performance.hash_rate and not frozen else None


def is_mining_v1(live: Live, *, process_is_up: bool, frozen: bool) -> bool | None:
    """Return whether mining is on (V1), None if nothing shows it.

    Its status does not count: some V1 firmware says "true" in `btmineroff` while it hashes.
    """
    if live.is_down or frozen or not process_is_up:
        return False
    return True if "summary" in live else None
