"""The settings of a miner, which are read every few minutes, and after a command changed them."""

from collections.abc import Callable, Mapping
import time
from typing import Final

from ..errors import UnreachableError, WhatsminerError
from .envelope import Answer
from .fields import SETTINGS
from .requests import Conversation

_INTERVAL: Final = 300.0
# Seconds after a command in which each poll reads what it may have changed: a miner that restarts
# mining does not answer at once.
_EAGER: Final = 300.0


class SlowSettings:
    """Reads the settings of one miner at the end of a poll, in its conversation."""

    def __init__(self) -> None:
        """Begin without an answer."""
        self._answers: dict[str, Answer] = {}
        self._due = dict.fromkeys(SETTINGS, 0.0)
        self._eager_until = dict.fromkeys(SETTINGS, 0.0)

    @property
    def answers(self) -> Mapping[str, Answer]:
        """Return the last answer to each command that was answered."""
        return self._answers

    def expect(self, command: str) -> None:
        """Read some settings in each poll of the next minutes, because they will have changed."""
        self._due[command] = 0.0
        self._eager_until[command] = time.monotonic() + _EAGER

    def expect_all(self) -> None:
        """Read all settings in the next poll, because any of them may have changed."""
        self._due = dict.fromkeys(SETTINGS, 0.0)

    def forget(self) -> None:
        """Forget all answers, because the firmware has changed."""
        self._answers.clear()
        self.expect_all()

    async def read(
        self, conversation: Conversation, is_overtaken: Callable[[], bool]
    ) -> None:
        """Read what is due, unless a more urgent request waits; a poll can do without all of it.

        A command that the miner does not answer ends the conversation. The next poll goes on with
        the others.
        """
        now = time.monotonic()
        for command in SETTINGS:
            if now < self._due[command] and now >= self._eager_until[command]:
                continue
            if is_overtaken():
                return
            self._due[command] = now + _INTERVAL
            try:
                self._answers[command] = await conversation.ask(command)
            except UnreachableError:
                return
            except WhatsminerError:
                continue
