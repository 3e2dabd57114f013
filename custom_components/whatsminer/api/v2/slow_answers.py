"""The answers that are read every few minutes, and those that a poll can do without."""

from collections.abc import Mapping
import time
from typing import Final

from ..errors import (
    MiningProcessDownError,
    RefusedError,
    UnsupportedCommandError,
    WhatsminerError,
)
from ..freshness import Ages
from ..sanitize import Json
from .envelope import NOTHING, Answer
from .generations import Generation
from .requests import Requests

# Sent at set-up and then every few minutes, one in a poll. At set-up, `get_miner_info` is sent to
# confirm the MAC address.
_SLOW: Final = ("get_version", "devdetails", "get_psu", "get_miner_info")
_INTERVAL: Final = 300.0
_SPREAD: Final = 60.0
# The last answer is used for at least so many seconds and so many polls, if no newer one comes.
# Both are several times the usual distance.
_KEPT_FOR: Final = {"get_error_code": (300.0, 3), "get_psu": (1000.0, 12)}


class SlowAnswers:
    """Reads the slow commands one after the other, in the third connection of a poll."""

    def __init__(self, requests: Requests) -> None:
        """Prepare; nothing is sent."""
        self.ages = Ages()
        # Whether the mining process answered `devdetails`, by which V1 shows that it mines.
        self.process_is_up = True
        self._requests = requests
        self._answers: dict[str, Answer] = {}
        self._due = dict.fromkeys(_SLOW, 0.0)
        # When each was sent last.
        self._sent = dict.fromkeys(_SLOW, 0.0)
        self._is_slow_next = False

    def __contains__(self, command: str) -> bool:
        """Return whether a command was answered."""
        return command in self._answers

    def __getitem__(self, command: str) -> Answer:
        """Return the last answer to a command, an empty one if there is none."""
        return self._answers.get(command, NOTHING)

    def __setitem__(self, command: str, answer: Answer) -> None:
        """Keep an answer that was read for another purpose."""
        self._answers[command] = answer

    def reading(self, command: str, section: str | None = None) -> Mapping[str, Json]:
        """Return the object with the readings in the last answer to a command."""
        return self[command].reading(section)

    def recent(self, command: str) -> Answer | None:
        """Return the last answer to a command, unless it is too old."""
        if self.ages.is_recent(command, *_KEPT_FOR[command]):
            return self._answers[command]
        return None

    def expect(self, command: str) -> None:
        """Send a slow command soon, because its answer will have changed.

        This is the next poll, unless the errors are due or another one has waited for longer.
        """
        self._due[command] = 0.0

    def expect_all(self) -> None:
        """Send all slow commands again, after the errors: another miner may answer."""
        self._is_slow_next = False
        self._due = dict.fromkeys(_SLOW, 0.0)

    def begin(self, version: Answer) -> None:
        """Keep the first answer to `get_version`, and read the others at their intervals."""
        self._answers["get_version"] = version
        for position, command in enumerate(_SLOW):
            self._due[command] = time.monotonic() + _INTERVAL + position * _SPREAD

    async def read_next(self, generation: Generation) -> str:
        """Read the errors (V1: `devdetails`), or a slow command; return which it was.

        If slow commands are due, the two alternate, and the one that was sent longest ago goes
        first. After an outage the errors come first.
        """
        now = time.monotonic()
        overdue = [command for command in _SLOW if self._due[command] <= now]
        if overdue and self._is_slow_next:
            command = min(overdue, key=self._sent.__getitem__)
        else:
            command = "devdetails" if generation is Generation.V1 else "get_error_code"
        self._is_slow_next = not self._is_slow_next or not overdue
        answered = await self.refresh(command)
        if command in self._due:
            self._due[command] = now + (_INTERVAL if answered else _SPREAD)
        return command

    async def refresh(self, command: str) -> bool:
        """Send a command that a poll can do without, and return whether the miner answered.

        Without a new answer, the last one is kept for a while.
        """
        answered, says_down = True, False
        self._sent[command] = time.monotonic()
        try:
            self._answers[command] = await self._requests.ask(command)
            self.ages.renew(command)
        except (RefusedError, MiningProcessDownError) as err:
            answered = False
            # Other codes than 14 say nothing of the process.
            says_down = isinstance(
                err, UnsupportedCommandError | MiningProcessDownError
            )
            if command == "get_error_code":  # the last one is out of date
                self.ages.forget(command)
        except WhatsminerError:
            return False
        if command == "devdetails" and (answered or says_down):
            self.process_is_up = answered
        return True
