"""The result of one poll as a frozen dataclass: the readings, and what follows from them.

It is the same `Snapshot` for every protocol.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
import math
import time
from typing import Literal

from .cooling import Cooling, fits_liquid_model, fits_liquid_supply, shows_coolant
from .fault_table import Category
from .faults import Fault, describe, most_severe
from .outage import explains, outage
from .readings import (
    Board,
    Device,
    ErrorEntry,
    Performance,
    Pool,
    PowerSupply,
    ReportedSettings,
    Support,
)

# Seconds of mining after which fans that stand still are no longer about to start.
_FANS_RUN_BY = 15 * 60


type StopCause = Literal["none", "command", "other"]


@dataclass(frozen=True, kw_only=True)  # no slots, for the cached properties
class Readings:
    """What one poll has read, as it was reported, by subject.

    `taken` is when the performance was read, by our own clock, which may be changed; `monotonic`
    is the same moment in seconds, and shows how far two polls of one run of Home Assistant are
    apart. `generation` names the protocol and its version. `stale`
    means that the performance is out of date: its clock stands still, or it has a hash rate
    although mining is off. `limit_is_default` tells that nobody has set a power limit, None where
    the firmware does not say whether one is set. `idle_for` is for how many seconds a miner that is
    on has not hashed. `counts_while_off` means that the clock of the mining process goes on while
    mining is off, so that it does not show when mining was switched on.
    `takes_commands` is whether the owner has allowed commands, None where the firmware does not say.
    `errors` is None until the miner has reported them; the last
    `unread_errors` of a very long list are not in it. `pools_complete` is False if the miner may
    have more pools than `pools`.
    """

    taken: datetime
    monotonic: float = field(default_factory=time.monotonic, compare=False)
    generation: str
    support: Support = field(default_factory=Support)
    stale: bool = False
    idle_for: float | None = None
    counts_while_off: bool = False
    device: Device = field(default_factory=Device)
    settings: ReportedSettings = field(default_factory=ReportedSettings)
    performance: Performance = field(default_factory=Performance)
    limit_is_default: bool | None = None
    takes_commands: bool | None = None
    stop_reason: str | None = None
    coolant_temperature: float | None = None
    power_supply: PowerSupply = field(default_factory=PowerSupply)
    boards: tuple[Board, ...] = ()
    pools: tuple[Pool, ...] = ()
    pools_complete: bool = True
    errors: tuple[ErrorEntry, ...] | None = None
    unread_errors: int = 0

    @property
    def mining(self) -> bool | None:
        """Return whether mining is switched on, even while the miner warms up."""
        return self.settings.mining

    @property
    def power_mode(self) -> str | None:
        """Return the power mode: `low`, `normal`, `high`, or `custom` under a limit in watts."""
        return self.settings.power_mode

    @property
    def power_limit_set(self) -> float | None:
        """Return the requested limit in W, None if the firmware reports none."""
        return self.settings.power_limit

    @property
    def power_limit(self) -> float | None:
        """Return the requested limit in W, or the one in force if the firmware reports only that.

        0 is not a reading: the miner reports it during recalibration.
        """
        return self.settings.power_limit or self.performance.power_limit

    @property
    def stop_cause(self) -> StopCause | None:
        """Return why mining is off, in one word, None if the miner does not say it."""
        if self.mining:
            return "none"
        if self.mining is None or self.stop_reason is None:
            return None
        return "command" if "api" in self.stop_reason.lower().split() else "other"

    @property
    def cooling(self) -> Cooling:
        """Return the strongest evidence in this poll of what cools the miner."""
        supply, reported = self.power_supply, self.performance
        fans_turn = bool(reported.fan_speed_in or reported.fan_speed_out)
        if (
            self.device.liquid_cooled
            or shows_coolant(self.coolant_temperature, fans_turn=fans_turn)
            or fits_liquid_supply(supply.name, supply.model)
        ):
            return Cooling.LIQUID_SHOWN
        if fans_turn:
            return Cooling.FANS_TURN
        if fits_liquid_model(self.model):
            return Cooling.LIQUID_MODEL
        return Cooling.FANS_STAND if self._fans_stand() else Cooling.UNKNOWN

    @property
    def liquid_cooled(self) -> bool:
        """Return whether this poll shows that water or oil cools the miner."""
        return self.cooling.is_liquid

    def _fans_stand(self) -> bool:
        """Return whether both fans stand still while the miner hashes, and none is at fault."""
        reported = self.performance
        return (
            (reported.fan_speed_in, reported.fan_speed_out) == (0, 0)
            and not self.stale
            and self.mining is not False
            and bool(reported.hash_rate)
            and (reported.elapsed or 0) >= _FANS_RUN_BY
            and self.errors is not None
            and all(describe(e.code).category is not Category.FAN for e in self.errors)
        )

    @property
    def model(self) -> str | None:
        """Return the model, such as `M30S+_VE40` or `M30S+VE40`."""
        return self.device.model

    @property
    def model_name(self) -> str | None:
        """Return the model as people write it, such as `M30S+ VE40`."""
        return self.model.replace("_", " ") if self.model else None

    @property
    def platform(self) -> str | None:
        """Return the control board, such as `H6`."""
        return self.device.platform

    @property
    def firmware(self) -> str | None:
        """Return the firmware version, such as `20230714.15.Rel`."""
        return self.device.firmware

    @property
    def api_known(self) -> bool:
        """Return whether the version of the API is known; the oldest firmware reports none."""
        return self.device.api_known

    @property
    def board_serials(self) -> frozenset[str]:
        """Return the serial numbers of the hashboards; a new control board does not change them."""
        return frozenset(
            board.serial_number for board in self.boards if board.serial_number
        )


@dataclass(frozen=True, kw_only=True)
class Snapshot(Readings):
    """The result of one poll: what was read, and what follows from it."""

    @property
    def live(self) -> Performance:
        """Return the performance, or an empty one if it is stale."""
        return Performance() if self.stale else self.performance

    def rate(self, terahashes: float | None) -> float | None:
        """Return a reported hash rate of the miner or of a board, in TH/s, as it is now.

        It is 0 while mining is off, whatever was reported, and None if the performance is stale.
        """
        if self.mining is False:
            return 0.0
        return None if self.stale else terahashes

    @property
    def hash_rate(self) -> float | None:
        """Return the hash rate now, in TH/s."""
        return self.rate(self.performance.hash_rate)

    @property
    def target_hash_rate(self) -> float | None:
        """Return the target hash rate in TH/s; V2.2 only reports that of the factory."""
        return self.live.target_hash_rate or self.live.factory_hash_rate

    @property
    def running(self) -> bool | None:
        """Return whether the miner hashes now."""
        return None if self.hash_rate is None else self.hash_rate > 0

    @property
    def stable(self) -> bool | None:
        """Return whether tuning is finished."""
        if self.mining is False:
            return False
        stable = self.live.hash_stable
        return self.live.tuned if stable is None else stable

    @property
    def tuning_progress(self) -> float | None:
        """Return the frequency of the chips in percent of its target, 100 once tuning is finished."""
        if self.stable and self.running:
            return 100
        frequency, target = self.live.frequency, self.live.target_frequency
        if self.mining is False or frequency is None or not target:
            return None
        return min(99, max(0, math.floor(100 * frequency / target)))

    @property
    def efficiency(self) -> float | None:
        """Return the efficiency in J/TH, None while the miner does not hash."""
        if not self.hash_rate or self.live.power is None:
            return None
        return self.live.power / self.hash_rate

    @property
    def mining_since(self) -> datetime | None:
        """Return when mining started, by our own clock."""
        return self._ago(self.live.elapsed) if self.mining else None

    @property
    def power_percent(self) -> float | None:
        """Return the power percent; 0 means none, so 100, over V3 or if the miner hashes in full."""
        percent, target = self.settings.power_percent, self.target_hash_rate or math.inf
        unset = self.support.zero_percent_is_none or (self.hash_rate or 0) > target / 2
        return 100.0 if percent == 0 and unset else percent

    @property
    def booted(self) -> datetime | None:
        """Return when the control board started, by our own clock."""
        return self._ago(self.live.uptime)

    @property
    def board_temperature(self) -> float | None:
        """Return the temperature in °C: the mean of the boards if the summary has none (V2.2)."""
        if self.live.board_temperature is not None or self.stale:
            return self.live.board_temperature
        known = [board.temperature for board in self.boards if board.temperature]
        return sum(known) / len(known) if known else None

    @property
    def psu_fan_speed(self) -> int | None:
        """Return the fan speed of the power supply in rpm, which V1 reports as performance."""
        speed = self.power_supply.fan_speed
        return self.live.psu_fan_speed if speed is None else speed

    @property
    def psu_input_current(self) -> float | None:
        """Return the input current in A, which V1 may report as performance."""
        current = self.power_supply.input_current
        return self.live.psu_input_current if current is None else current

    @property
    def psu_input_voltage(self) -> float | None:
        """Return the input voltage in V, which V1 may report as performance."""
        voltage = self.power_supply.input_voltage
        return self.live.psu_input_voltage if voltage is None else voltage

    @property
    def accepted_shares(self) -> int | None:
        """Return the accepted shares since mining started; V2.2 only counts them by pool."""
        if self.live.accepted_shares is not None:
            return self.live.accepted_shares
        return self._pool_sum([pool.accepted_shares for pool in self.pools])

    @property
    def rejected_shares(self) -> int | None:
        """Return the rejected shares since mining started; V2.2 only counts them by pool."""
        if self.live.rejected_shares is not None:
            return self.live.rejected_shares
        return self._pool_sum([pool.rejected_shares for pool in self.pools])

    @property
    def pool(self) -> Pool:
        """Return the pool in use, an empty one if there is none."""
        active = (pool for pool in self.pools if pool.active and not self.stale)
        return next(active, Pool())

    @property
    def pool_connected(self) -> bool | None:
        """Return whether a pool is connected and in use, None if that is unknown."""
        if self.mining is False:
            return False
        if self.stale or not self.pools:
            return None
        return self.pool.status == "alive"

    @cached_property
    def hashboards(self) -> Mapping[int, Board]:
        """Return the hashboards by slot, with readings that are true now.

        Some firmware keeps the last hash rates of boards that no longer hash; they are 0.

        `alive` comes from the board's own status, on V2.2 from its chips. It is None unless the
        miner hashes, because no board answers while the boards are prepared.
        """
        found: dict[int, Board] = {}
        for board in self.boards:
            if board.slot is None:
                continue
            current = board
            if self.stale:
                current = Board(slot=board.slot, serial_number=board.serial_number)
            rate = self.rate(board.hash_rate)
            works = board.alive
            if works is None and board.effective_chips is not None:
                works = board.effective_chips > 0
            found[board.slot] = replace(
                current,
                alive=works if self.running else None,
                hash_rate=0.0 if rate and self.hash_rate == 0 else rate,
            )
        return found

    @cached_property
    def faults(self) -> tuple[Fault, ...] | None:
        """Return the active faults, each code once, with the miner's own text if it sent one.

        If there are more than `MOST_FAULTS`, these are the most severe.
        """
        if self.errors is None and not self._distinct_faults:
            return None
        return most_severe(list(self._distinct_faults.values()))

    @property
    def fault_count(self) -> int | None:
        """Return the number of active faults, including those that `faults` leaves out."""
        if self.faults is None:
            return None
        return len(self._distinct_faults) + self.unread_errors

    @cached_property
    def _distinct_faults(self) -> Mapping[str, Fault]:
        """Return the faults by code, the first of each.

        An outage is a fault as well, unless the miner reports one that may be its cause.
        """
        found: dict[str, Fault] = {}
        for entry in self.errors or ():
            if entry.code not in found:
                found[entry.code] = describe(
                    entry.code, since=entry.since, reason=entry.reason
                )
        pools = self.pools if self.pools_complete else None
        fault = outage(self.idle_for, self.live, self.power_supply, pools)
        if fault and not any(explains(known, fault) for known in found.values()):
            found[fault.code] = fault
        return found

    def _ago(self, seconds: float | None) -> datetime | None:
        try:
            return self.taken - timedelta(seconds=seconds) if seconds else None
        except OverflowError:
            return None

    def _pool_sum(self, shares: list[int | None]) -> int | None:
        known = [count for count in shares if count is not None]
        return sum(known) if known and not self.stale else None
