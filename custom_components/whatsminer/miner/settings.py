"""The settings of a miner, and the value that each of them shows.

A requested value shows at once. It is withdrawn when the write fails, stays pending until a poll
confirms it or its time is up, and is stored if the firmware does not report the setting.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
import logging
import math
import time
from typing import Final, TypedDict

from ..api import (
    Capabilities,
    Command,
    Effect,
    Snapshot,
    UnansweredError,
    Value,
    commands,
    limits,
)
from .mining_run import SAME_START, MiningRuns

_LOGGER = logging.getLogger(__name__)

# A setting that acts at once is confirmed by one of the next polls; one that restarts mining,
# when the miner has come back.
_POLLS_TO_CONFIRM: Final = 2
_SECONDS_TO_CONFIRM: Final = 5 * 60
# After these the miner has forgotten its power percentage.
_NEW_RUN: Final = (
    Effect.STARTS,
    Effect.STOPS,
    Effect.RESTARTS_MINING,
    Effect.REBOOTS,
    Effect.RESETS,
)
_LIMIT: Final = "power_limit"
_PERCENT: Final = "power_percent"
# Stored beside the settings, because the miner forgets its percentage, but not what it can do.
_HIGHEST_PERCENT: Final = "highest_power_percent"


class StoredSetting(TypedDict, total=False):
    """What is stored of one setting."""

    value: Value
    """The last accepted request."""
    mining_since: str
    """Power percent: the start of the mining run that it belongs to."""
    reported: float
    """Power limit: what the miner reported last, which may be less than the request.

    Of the power percent, the highest that it has reported is stored, under a name of its own.
    """


@dataclass(slots=True)
class _Pending:
    """An accepted value that no poll has confirmed yet."""

    value: Value | None
    effect: Effect
    since: float
    polls: int = 0

    def is_over(self, *, restarted: bool, is_slow: bool) -> bool:
        """Return whether no later poll can confirm the value.

        `is_slow` means that a poll after the start may still show a reading from before it.
        """
        if self.effect is Effect.NEXT_START and restarted and is_slow:
            self.effect, self.since = Effect.STARTS, time.monotonic()
        match self.effect:
            case Effect.NEXT_START:
                return restarted
            case Effect.STARTS | Effect.RESTARTS_MINING | Effect.REBOOTS:
                return time.monotonic() - self.since >= _SECONDS_TO_CONFIRM
        return self.polls >= _POLLS_TO_CONFIRM


class Settings:
    """The settings of one miner."""

    def __init__(
        self, name: str, capabilities: Capabilities, stored: dict[str, StoredSetting]
    ) -> None:
        """Begin with the stored settings, which are kept up to date; `name` is for the log."""
        self.mining_runs = MiningRuns()
        self._name = name
        self._capabilities = capabilities
        self._stored = stored
        # Commands that are under way.
        self._requested: dict[str, Command] = {}
        self._pending: dict[str, _Pending] = {}
        self._snapshot: Snapshot | None = None

    def is_assumed(self, key: str) -> bool:
        """Return whether this miner never reports the setting."""
        return not self._capabilities.reports_setting(key)

    def value(self, key: str) -> Value | float | None:
        """Return the value to show for a setting, None when it is not known."""
        if key in self._requested:
            return self._requested[key].value
        if key in self._pending:
            return self._pending[key].value
        if (reported := self._reported(key)) is not None:
            return reported
        stored = self._stored.get(key, {})
        return stored.get("reported", stored.get("value"))

    def accepted_at(self, key: str, value: Value | None) -> float | None:
        """Return the monotonic time at which a value was accepted that no poll has confirmed yet."""
        pending = self._pending.get(key)
        return pending.since if pending and pending.value == value else None

    @property
    def is_zero_percent(self) -> bool:
        """Whether the power percent was set to 0 in this run: the miner may be on and not hash.

        Otherwise a reported 0 may mean that none is set.
        """
        return self._stored.get(_PERCENT, {}).get("value") == 0

    @property
    def highest_percent(self) -> float:
        """Return the highest power percent that the miner has reported, at least 100."""
        stored = self._stored.get(_HIGHEST_PERCENT, {})
        return max(limits.POWER_PERCENT.maximum, stored.get("reported", 0))

    def power_percent(self, percent: float, *, fast: bool) -> Command:
        """Return the command for a power percent, up to the highest that the miner has reported.

        More than 100 percent, which only some firmware takes, is never set the fast way.
        """
        return commands.power_percent(
            percent,
            fast=fast and percent <= limits.POWER_PERCENT.maximum,
            maximum=math.ceil(self.highest_percent),
        )

    def would_change(self, command: Command) -> bool:
        """Return whether to send a command: mining is not restarted to change nothing."""
        key = command.setting
        if key is None or command.effect is not Effect.RESTARTS_MINING:
            return True
        known = [self._reported_request(key), self._stored.get(key, {}).get("value")]
        if key in self._requested:
            known = [self._requested[key].value]
        elif key in self._pending:
            known = [self._pending[key].value]
        return command.value not in known

    @contextmanager
    def requesting(self, command: Command) -> Iterator[None]:
        """Show the value of a command while it is under way."""
        key = command.setting
        if key:
            self._requested[key] = command
        try:
            yield
        except UnansweredError:  # the miner may have the old value or the new one
            if command.effect is Effect.RESETS:
                self._stored.clear()
            elif key:
                self._stored.pop(key, None)
            raise
        finally:
            if key and self._requested.get(key) is command:
                del self._requested[key]

    def accept(self, command: Command) -> None:
        """Show the value of a command that the miner accepted, until a poll confirms it."""
        if command.effect is Effect.RESETS:
            self._stored.clear()
            self._pending.clear()
        if command.effect in _NEW_RUN:
            self.mining_runs.expect_end()
            self._stored.pop(_PERCENT, None)
            self._pending.pop(_PERCENT, None)
        key = command.setting
        if key is None or command.value is None:
            return
        assumed = self.is_assumed(key)
        if not assumed:
            self._pending[key] = _Pending(
                command.value, command.effect, time.monotonic()
            )
        is_zero_percent = key == _PERCENT and command.value == 0
        if assumed or key == _LIMIT or is_zero_percent:
            self._stored[key] = {"value": command.value}
        elif key == _PERCENT:
            self._stored.pop(key, None)
        if key == _PERCENT and key in self._stored and self._snapshot:
            self._bind_percent(self._snapshot.mining_since)

    def update(self, snapshot: Snapshot, began: float) -> None:
        """Compare the pending values with a poll that `began` at a monotonic time."""
        last, self._snapshot = self._snapshot, snapshot
        restarted = self.mining_runs.update(snapshot, began)
        for key, pending in list(self._pending.items()):
            reported = self._reported(key)
            if pending.value in (reported, self._reported_request(key)):
                del self._pending[key]
                continue
            if reported is None:  # which says nothing against it
                continue
            if began < pending.since:  # it may have been read before the command came
                continue
            pending.polls += 1
            is_slow = key in self._capabilities.support.slow_settings
            if pending.is_over(restarted=restarted, is_slow=is_slow):
                del self._pending[key]
                if (key, pending.value) == (_LIMIT, limits.DEFAULT_POWER_LIMIT):
                    continue  # the miner says how much that is
                _LOGGER.warning(
                    "%s: %s was set to %s, but the miner reports %s",
                    self._name,
                    key,
                    pending.value,
                    reported,
                )
        self._check_percent(snapshot, restarted=restarted, first=last is None)
        self._check_limit()
        percent = snapshot.settings.power_percent
        if percent is not None and percent > self.highest_percent:
            self._stored[_HIGHEST_PERCENT] = {"reported": percent}

    def _reported(self, key: str) -> Value | float | None:
        """Return what the miner reports; some firmware reports only the limit in force."""
        if key == _LIMIT and self._snapshot:
            return self._snapshot.power_limit
        if key == _PERCENT and self._snapshot and not self.is_zero_percent:
            return self._snapshot.power_percent
        return self._reported_request(key)

    def _reported_request(self, key: str) -> Value | float | None:
        """Return the last request that the miner took, if the firmware reports it."""
        if self._snapshot is None:
            return None
        value: Value | float | None = getattr(self._snapshot.settings, key)
        return value

    def _check_percent(
        self, snapshot: Snapshot, *, restarted: bool, first: bool
    ) -> None:
        """Forget the power percent when the miner has forgotten it."""
        if _PERCENT not in self._stored:
            return
        since = snapshot.mining_since
        text = self._stored[_PERCENT].get("mining_since")
        bound = datetime.fromisoformat(text) if text else None
        if snapshot.mining is False:
            same_run = False
        elif first:
            # After a restart of Home Assistant, a run is known by its start only.
            same_run = bool(since and bound and abs(since - bound) <= SAME_START)
        else:
            is_known_to_run = bound or not self.is_assumed(_PERCENT)
            same_run = not (is_known_to_run and restarted)
        if not same_run:
            del self._stored[_PERCENT]
        elif since and (bound is None or abs(since - bound) > SAME_START / 2):
            self._bind_percent(since)

    def _bind_percent(self, since: datetime | None) -> None:
        """Tie the power percent to the present run, by its start; two clocks drift apart."""
        if since:
            self._stored[_PERCENT]["mining_since"] = since.isoformat()

    def _check_limit(self) -> None:
        """Store the limit that the miner reports; one that we did not request voids the request."""
        reported = self._reported(_LIMIT)
        if not isinstance(reported, int | float) or _LIMIT in self._pending:
            return
        stored = self._stored.setdefault(_LIMIT, {})
        if stored.get("reported", reported) != reported:
            stored.pop("value", None)
        stored["reported"] = reported
