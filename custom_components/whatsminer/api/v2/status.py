"""The answer to `status`, and what shows that mining is off where it says nothing of that."""

from ..errors import (
    MalformedReplyError,
    MiningProcessDownError,
    RefusedError,
    UnsupportedCommandError,
)
from . import envelope, fields
from .envelope import NOTHING, Answer
from .generations import Generation
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
        except MalformedReplyError:
            if self._was_whole:
                raise
            return NOTHING
        self._was_whole = True
        return answer

    async def is_off(self, generation: Generation) -> bool:
        """Return whether the miner shows that mining is off; the caller has the turn.

        The status of V1 is not reliable, but V1 reports its boards only while it mines.
        """
        if generation is Generation.V1:
            return await self._is_off_by("devdetails") is True
        off = await self._is_off_by("status")
        return (await self._is_off_by("summary") if off is None else off) is True

    async def _is_off_by(self, command: str) -> bool | None:
        """Return whether the answer to a command shows that mining is off, None if it does not."""
        is_status = command == "status"
        try:
            answer = envelope.check(await self._requests.plain(command), command)
        except UnsupportedCommandError, MiningProcessDownError:
            return None if is_status else True  # the mining process answers the others
        except RefusedError:  # which says nothing of its state
            return None
        return fields.mining_off(answer.reading()) if is_status else False
