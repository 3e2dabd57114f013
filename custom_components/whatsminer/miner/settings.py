"""What can be set on a miner: where its state comes from, during a change and afterwards.

A value that was asked for shows at once. It is withdrawn when the write fails, stays pending
until a poll confirms it or its time is up, and is remembered where no firmware reads it back.
"""

from collections.abc import Callable, Iterator, Mapping
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
    limits,
)

_LOGGER = logging.getLogger(__name__)

# A setting that acts at once is confirmed by one of the next polls; one that restarts mining,
# when the miner has come back.
_POLLS_TO_CONFIRM: Final = 2
_SECONDS_TO_CONFIRM: Final = 5 * 60
# Start times are computed from two clocks: this much apart, they are the same start.
_SAME_START: Final = 30.0
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


@dataclass(frozen=True, slots=True)
class Setting:
    """Where the state of a setting is read, and whether a miner reports it at all."""

    value_fn: Callable[[Snapshot], Value | float | None] = lambda _: None
    reported_fn: Callable[[Capabilities], bool] = lambda _: False


SETTINGS: Final[Mapping[str, Setting]] = {
    "mining": Setting(lambda snapshot: snapshot.mining, lambda _: True),
    "power_mode": Setting(lambda snapshot: snapshot.power_mode, lambda _: True),
    _LIMIT: Setting(lambda snapshot: snapshot.power_limit, lambda _: True),
    _PERCENT: Setting(
        lambda snapshot: snapshot.status.power_percent,
        lambda can: "power_percent" in can.reports,
    ),
    "fast_boot": Setting(
        lambda snapshot: snapshot.summary.fast_boot,
        lambda can: not can.is_v1,
    ),
    "target_frequency": Setting(
        lambda snapshot: snapshot.status.target_frequency_percent,
        lambda can: "target_frequency_percent" in can.reports,
    ),
    "upfreq_speed": Setting(
        lambda snapshot: snapshot.info.upfreq_speed,
        lambda can: "upfreq_speed" in can.reports,
    ),
    "fan_zero_speed": Setting(),
    "poweroff_cooling": Setting(),
    "temperature_offset": Setting(),
    "web_pools": Setting(),
}


class Remembered(TypedDict, total=False):
    """What is stored of one setting."""

    value: Value
    """The last accepted request."""
    mining_since: str
    """Power percent: the start of the mining run that it belongs to."""
    reported: float
    """Power limit: what the miner said last, which may be less than was asked for."""


@dataclass(slots=True)
class _Pending:
    """An accepted value that no poll has confirmed yet."""

    value: Value | None
    effect: Effect
    since: float
    polls: int = 0

    def is_over(self, *, restarted: bool) -> bool:
        """Tell whether there is no point in waiting any longer."""
        match self.effect:
            case Effect.NEXT_START:
                return restarted
            case Effect.STARTS | Effect.RESTARTS_MINING | Effect.REBOOTS:
                return time.monotonic() - self.since >= _SECONDS_TO_CONFIRM
        return self.polls >= _POLLS_TO_CONFIRM


class Settings:
    """The settings of one miner, as they are shown.

    `restarts` counts how often mining was seen to start.
    """

    def __init__(
        self,
        name: str,
        capabilities: Capabilities,
        remembered: dict[str, Remembered],
    ) -> None:
        """Prepare with what was stored, which is kept up to date; `name` is for the log."""
        self.remembered = remembered
        self.restarts = 0
        self._name = name
        self._capabilities = capabilities
        self._asked: dict[str, Command] = {}
        self._pending: dict[str, _Pending] = {}
        self._snapshot: Snapshot | None = None
        # When mining was told to start anew or to stop, until a poll sees what came of it.
        self._told: float | None = None
        # For how long mining had gone on when it was last seen, and when that was.
        self._run: tuple[float, float] | None = None

    @property
    def is_settled(self) -> bool:
        """Whether the last poll is newer than any command that stops or restarts mining."""
        return self._told is None

    def is_assumed(self, key: str) -> bool:
        """Tell whether this miner never reads the setting back."""
        return not SETTINGS[key].reported_fn(self._capabilities)

    def value(self, key: str) -> Value | float | None:
        """Return what to show for a setting, None when nobody knows."""
        if key in self._asked:
            return self._asked[key].value
        if key in self._pending:
            return self._pending[key].value
        if (reported := self._reported(key)) is not None:
            return reported
        memory = self.remembered.get(key, {})
        return memory.get("reported", memory.get("value"))

    def would_change(self, command: Command) -> bool:
        """Tell whether to send a command: mining is not restarted to change nothing."""
        key = command.setting
        if key is None or command.effect is not Effect.RESTARTS_MINING:
            return True
        known = [self._requested(key), self.remembered.get(key, {}).get("value")]
        if key in self._asked:
            known = [self._asked[key].value]
        elif key in self._pending:
            known = [self._pending[key].value]
        return command.value not in known

    @contextmanager
    def asking(self, command: Command) -> Iterator[None]:
        """Show the value of a command while it is under way."""
        key = command.setting
        if key:
            self._asked[key] = command
        try:
            yield
        except UnansweredError:  # nobody knows any more what the miner has
            if command.effect is Effect.RESETS:
                self.remembered.clear()
            elif key:
                self.remembered.pop(key, None)
            raise
        finally:
            if key and self._asked.get(key) is command:
                del self._asked[key]

    def accept(self, command: Command) -> None:
        """Take note that the miner accepted a command."""
        if command.effect is Effect.RESETS:
            self.remembered.clear()
            self._pending.clear()
        if command.effect in _NEW_RUN:
            self._told = time.monotonic()
            self.remembered.pop(_PERCENT, None)
            self._pending.pop(_PERCENT, None)
        key = command.setting
        if key is None or key not in SETTINGS or command.value is None:
            return
        assumed = self.is_assumed(key)
        if not assumed:
            self._pending[key] = _Pending(
                command.value, command.effect, time.monotonic()
            )
        if assumed or key == _LIMIT:
            self.remembered[key] = {"value": command.value}
        if assumed and key == _PERCENT and self._snapshot:
            self._bind_percent(self._snapshot)

    def update(self, snapshot: Snapshot, began: float) -> None:
        """Compare what was asked for with what a poll says that `began` at a monotonic time."""
        last, self._snapshot = self._snapshot, snapshot
        if self._told is not None and began >= self._told:
            self._told = None
        restarted = self._has_restarted(snapshot)
        self.restarts += restarted
        for key, pending in list(self._pending.items()):
            reported = self._reported(key)
            if reported == pending.value:
                del self._pending[key]
                continue
            if began < pending.since:  # it may have been read before the command came
                continue
            pending.polls += 1
            if pending.is_over(restarted=restarted):
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

    def _reported(self, key: str) -> Value | float | None:
        if self._snapshot is None:
            return None
        return SETTINGS[key].value_fn(self._snapshot)

    def _has_restarted(self, snapshot: Snapshot) -> bool:
        """Tell whether mining started anew since it was last seen; a stop alone is no start."""
        elapsed = snapshot.live.elapsed
        if snapshot.mining is False and self._run is None:
            self._run = (math.inf, 0.0)  # whatever comes after a stop is a new start
        if not snapshot.mining or not elapsed:
            return False
        now = time.monotonic()
        last, self._run = self._run, (elapsed, now)
        if last is None:
            return False
        # Told by our own steady clock: it sees a short run after a long gap, and no step of the time.
        expected = last[0] + now - last[1]
        return elapsed < last[0] or elapsed < expected - _SAME_START

    def _requested(self, key: str) -> Value | float | None:
        """Return what the firmware says was asked for; a limit in force is no request."""
        if key == _LIMIT and self._snapshot:
            return self._snapshot.power_limit_set
        return self._reported(key)

    def _check_percent(
        self, snapshot: Snapshot, *, restarted: bool, first: bool
    ) -> None:
        """Forget the power percent when the miner has."""
        if _PERCENT not in self.remembered:
            return
        since = snapshot.mining_since
        bound = self.remembered[_PERCENT].get("mining_since")
        if snapshot.mining is False:
            same_run = False
        elif first:
            # A new Home Assistant has nothing but the time when mining started.
            same_run = (
                since is not None
                and bound is not None
                and _apart(since, bound) <= _SAME_START
            )
        else:
            same_run = not (bound and restarted)
        if not same_run:
            del self.remembered[_PERCENT]
        elif not bound or _apart(since, bound) > _SAME_START / 2:
            self._bind_percent(snapshot)

    def _bind_percent(self, snapshot: Snapshot) -> None:
        """Tie the power percent to the present run, by its start; two clocks drift apart."""
        if snapshot.mining_since:
            self.remembered[_PERCENT]["mining_since"] = (
                snapshot.mining_since.isoformat()
            )

    def _check_limit(self) -> None:
        """Keep what became of the limit; a change that we did not ask for voids the request."""
        reported = self._reported(_LIMIT)
        if not isinstance(reported, int | float) or _LIMIT in self._pending:
            return
        memory = self.remembered.setdefault(_LIMIT, {})
        if memory.get("reported", reported) != reported:
            memory.pop("value", None)
        memory["reported"] = reported


def _apart(since: datetime | None, bound: str) -> float:
    """Return the seconds between two start times."""
    return abs((since - datetime.fromisoformat(bound)).total_seconds()) if since else 0
