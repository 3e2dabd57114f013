"""Sends what the plan of a site wants of its miners, and tries again what failed."""

from collections.abc import Callable
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
from ..const import ACCESS_CHECK_INTERVAL, CONF_PERCENT_METHOD
from ..coordinator import BY_ITSELF, WhatsminerCoordinator
from ..exceptions import async_sentences, exception_for
from ..models import WhatsminerConfigEntry
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


@dataclass(frozen=True, slots=True)
class Failure:
    """A command that failed: the sentence that says why, and when it is tried again."""

    text: str
    retry_at: datetime


type DoneListener = Callable[[WhatsminerConfigEntry, Command, Decision], None]
type FailedListener = Callable[[WhatsminerConfigEntry, Command, Failure], None]


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
        self.failures: dict[str, Failure] = {}

    @callback
    def carry_out(
        self, miner: WhatsminerConfigEntry, decision: Decision, now: datetime
    ) -> None:
        """Send what a decision needs, unless that is under way, or has just failed."""
        miner_id = miner.entry_id
        if miner.state is not ConfigEntryState.LOADED or miner_id in self._sending:
            return
        if decision.why.reason is not Reason.OTHER_SITE:
            miner.runtime_data.hold.async_follow_plan(decision.on)
        coordinator = miner.runtime_data.coordinator
        command = needed_command(coordinator, decision)
        if command is None:
            self.failures.pop(miner_id, None)
            return
        failure = self.failures.get(miner_id)
        # A clock that was set back must not keep it from trying for long.
        if failure and now < failure.retry_at <= now + ACCESS_CHECK_INTERVAL:
            return
        self._sending.add(miner_id)
        # Not a task of the site's entry, which would be cancelled when the site is reloaded.
        self._hass.async_create_background_task(
            self._async_send(miner, coordinator, command, decision),
            f"{miner.title} follows the plan",
        )

    async def _async_send(
        self,
        miner: WhatsminerConfigEntry,
        coordinator: WhatsminerCoordinator,
        command: Command,
        decision: Decision,
    ) -> None:
        try:
            result = await coordinator.async_send(command, context=BY_ITSELF)
        except (WhatsminerError, HomeAssistantError) as err:
            _LOGGER.debug("%s does not follow the plan: %s", miner.title, err)
            self._failed_fn(miner, command, await self._async_note(miner, err))
        else:
            self.failures.pop(miner.entry_id, None)
            if result.is_accepted:
                self._done_fn(miner, command, decision)
        finally:
            self._sending.discard(miner.entry_id)

    async def _async_note(
        self, miner: WhatsminerConfigEntry, err: WhatsminerError | HomeAssistantError
    ) -> Failure:
        """Remember a failure, and when to try again."""
        wait = _PATIENCE if isinstance(err, _PASSING) else ACCESS_CHECK_INTERVAL
        if isinstance(err, WhatsminerError):
            err = exception_for(err, miner.title)
        (text,) = await async_sentences(self._hass, [err])
        failure = Failure(text, dt_util.utcnow() + wait)
        self.failures[miner.entry_id] = failure
        return failure
