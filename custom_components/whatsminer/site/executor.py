"""Sends what the plan of a site wants of its miners, and tries again what failed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
import logging
from typing import Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from ..api import (
    Command,
    MalformedReplyError,
    NoEffectError,
    TooSoonError,
    UnconfirmedError,
    UnreachableError,
    WhatsminerError,
    commands,
)
from ..command_listeners import PLAN
from ..const import ACCESS_CHECK_INTERVAL, CONF_PERCENT_METHOD
from ..coordinator import WhatsminerCoordinator
from ..exceptions import about, async_sentences, exception_for
from ..models import WhatsminerConfigEntry
from ..names import owner_name
from .decision import Decision, Reason

_LOGGER = logging.getLogger(__name__)

_FULL: Final = 100
# A command that may come through next time is tried again after that time, a refused one later.
_PATIENCE: Final = timedelta(minutes=1)
_PASSING: Final = (
    MalformedReplyError,
    NoEffectError,
    TooSoonError,
    UnconfirmedError,
    UnreachableError,
)
# A command that the miner takes without an effect is tried again after that time, and each further
# time after twice as long. One that is needed again later has had an effect.
_LONGEST_WAIT: Final = timedelta(hours=1)
_MOST_DOUBLINGS: Final = 6
_SHOWS_WITHIN: Final = timedelta(minutes=15)
# So many times it may be needed again before that is told: a miner may have forgotten its percent.
_MOST_REPETITIONS: Final = 2
# So many miners start in one look at the plan, so that not all of a shed do so in one second.
_MOST_STARTS: Final = 5


@dataclass(frozen=True, slots=True)
class Failure:
    """A command that failed: the sentence that says why, and when it is tried again.

    It is new unless the command before it has failed for the same reason.
    """

    text: str
    retry_at: datetime
    is_new: bool


@dataclass(frozen=True, slots=True)
class _Accepted:
    """The last command that a miner has accepted, when, and how often in a row."""

    command: Command
    at: datetime
    times: int

    @property
    def wait(self) -> timedelta:
        """How long to wait before the same command is sent again."""
        wait: timedelta = _PATIENCE * 2 ** min(self.times - 1, _MOST_DOUBLINGS)
        return min(wait, _LONGEST_WAIT)

    def is_repeated(self, command: Command, now: datetime) -> bool:
        """Return whether a command is the same again, because this one had no effect."""
        is_same = (command.name, command.value) == (
            self.command.name,
            self.command.value,
        )
        return is_same and now - self.at < self.wait + _SHOWS_WITHIN


type DoneListener = Callable[[WhatsminerConfigEntry, Command, Decision], None]
type FailedListener = Callable[[WhatsminerConfigEntry, Failure], None]


def needed_command(
    coordinator: WhatsminerCoordinator, decision: Decision
) -> Command | None:
    """Return the command that a decision needs, None if the miner does so already."""
    mining = coordinator.settings.value("mining")
    if decision.on is not None and mining is not decision.on:
        return commands.power_on() if decision.on else commands.power_off()
    if decision.percent is None or not mining:
        return None
    percent = coordinator.settings.value("power_percent")
    present = percent if isinstance(percent, int | float) else _FULL
    if abs(present - decision.percent) < 1:
        return None
    method = coordinator.config_entry.options.get(CONF_PERCENT_METHOD)
    return coordinator.settings.power_percent(decision.percent, fast=method == "fast")


def is_done(coordinator: WhatsminerCoordinator, decision: Decision) -> bool:
    """Return whether the last poll shows what a decision wants; a requested value shows at once."""
    poll, percent = coordinator.data, decision.percent
    if decision.on not in (None, poll.mining):
        return False
    if percent is None or coordinator.settings.is_assumed("power_percent"):
        return True
    return poll.power_percent is not None and abs(poll.power_percent - percent) < 1


class Executor:
    """Sends commands to the miners of one site, to each one at a time."""

    def __init__(
        self, hass: HomeAssistant, done_fn: DoneListener, failed_fn: FailedListener
    ) -> None:
        """Prepare; `done_fn` and `failed_fn` are called with what became of each command."""
        self._hass = hass
        self._done_fn = done_fn
        self._failed_fn = failed_fn
        # By the ids of the miners' entries.
        self._sending: set[str] = set()
        self._accepted: dict[str, _Accepted] = {}
        self.failures: dict[str, Failure] = {}

    @callback
    def carry_out(
        self,
        decisions: Iterable[tuple[WhatsminerConfigEntry, Decision]],
        now: datetime,
    ) -> None:
        """Send what decisions about miners need, but start only some miners at once."""
        starts = 0
        for miner, decision in decisions:
            command = self._due(miner, decision, now)
            if command is None:
                continue
            starts += command.value is True
            if command.value is True and starts > _MOST_STARTS:
                continue
            self._sending.add(miner.entry_id)
            # Not a task of the site's entry, which would be cancelled when the site is reloaded.
            self._hass.async_create_background_task(
                self._async_send(miner, command, decision),
                f"{miner.title} follows the plan",
            )

    def _due(
        self, miner: WhatsminerConfigEntry, decision: Decision, now: datetime
    ) -> Command | None:
        """Return the command that is to be sent now, None if there is none, or it has to wait."""
        miner_id = miner.entry_id
        if miner.state is not ConfigEntryState.LOADED or miner_id in self._sending:
            return None
        if decision.why.reason is not Reason.OTHER_SITE:
            miner.runtime_data.hold.async_follow_plan(decision.on)
        coordinator = miner.runtime_data.coordinator
        command = needed_command(coordinator, decision)
        if command is None:
            if is_done(coordinator, decision):
                self.failures.pop(miner_id, None)
                self._accepted.pop(miner_id, None)
            return None
        failure, accepted = self.failures.get(miner_id), self._accepted.get(miner_id)
        # A clock that was set back must not keep it from trying for long.
        if failure and now < failure.retry_at <= now + _LONGEST_WAIT:
            return None
        is_repeated = accepted and accepted.is_repeated(command, now)
        if (
            accepted
            and is_repeated
            and timedelta(0) <= now - accepted.at < accepted.wait
        ):
            return None
        return command

    async def _async_send(
        self, miner: WhatsminerConfigEntry, command: Command, decision: Decision
    ) -> None:
        coordinator = miner.runtime_data.coordinator
        try:
            result = await coordinator.async_send(command, context=PLAN)
        except (WhatsminerError, HomeAssistantError) as err:
            _LOGGER.debug("%s does not follow the plan: %s", miner.title, err)
            wait = _PATIENCE if isinstance(err, _PASSING) else ACCESS_CHECK_INTERVAL
            if isinstance(err, WhatsminerError):
                err = exception_for(err, owner_name(miner))
            await self._async_fail(miner, err, wait)
        else:
            if result.is_accepted:
                await self._async_accept(miner, command, decision)
        finally:
            self._sending.discard(miner.entry_id)

    async def _async_accept(
        self, miner: WhatsminerConfigEntry, command: Command, decision: Decision
    ) -> None:
        """Tell that a command was accepted, or that it has no effect again and again."""
        now = dt_util.utcnow()
        last = self._accepted.get(miner.entry_id)
        times = last.times + 1 if last and last.is_repeated(command, now) else 1
        accepted = self._accepted[miner.entry_id] = _Accepted(command, now, times)
        if times > _MOST_REPETITIONS:
            without_effect = HomeAssistantError(**about(miner, "without_effect"))
            await self._async_fail(miner, without_effect, accepted.wait)
        else:
            self.failures.pop(miner.entry_id, None)
            self._done_fn(miner, command, decision)

    async def _async_fail(
        self, miner: WhatsminerConfigEntry, err: HomeAssistantError, wait: timedelta
    ) -> None:
        """Remember a failure, and when to try again."""
        (text,) = await async_sentences(self._hass, [err])
        last = self.failures.get(miner.entry_id)
        is_new = last is None or last.text != text
        failure = Failure(text, dt_util.utcnow() + wait, is_new)
        self.failures[miner.entry_id] = failure
        self._failed_fn(miner, failure)
