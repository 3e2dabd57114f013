"""One poll as a frozen dataclass: what the firmware said, and what it means.

Every firmware generation becomes the same `Snapshot`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
import re
import time

from .faults import MOST_FAULTS, Fault, Severity, describe
from .readings import (
    Board,
    Details,
    ErrorEntry,
    Generation,
    MinerInfo,
    PoolState,
    Psu,
    Status,
    Summary,
    Version,
)

# Beside V1. Of the others there is no document for this port.
_KNOWN_APIS = ((2, 0), (2, 2))
# What `status` says for "no limit was set".
_NO_LIMIT = 2**31 - 1
# M30, M50, M60: air. M33, M53, M63, M7B...: water. M36, M56, M66: oil. M20 and M21: air.
_LIQUID_MODEL = re.compile(r"M\d[3-9B]", re.IGNORECASE)
_LIQUID_PSU = re.compile(r"P[45]\d\d", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)  # no slots: what is asked for often is cached
class Snapshot:
    """All that one poll knows.

    `taken` is our own clock, which may be set; `monotonic` says how far two polls of one run
    of Home Assistant are apart. `mining` is what the miner was told: True for on, even while it
    still warms up. `stale` means that the summary is a leftover: its clock stands still, or it
    has a hash rate although mining is off. `errors` is None until the miner has told; of a very
    long list, `unread_errors` are not in it.
    """

    taken: datetime
    monotonic: float = field(default_factory=time.monotonic, compare=False)
    generation: Generation
    mining: bool | None
    stale: bool = False
    summary: Summary = field(default_factory=Summary)
    status: Status = field(default_factory=Status)
    boards: tuple[Board, ...] = ()
    pools: tuple[PoolState, ...] = ()
    errors: tuple[ErrorEntry, ...] | None = None
    unread_errors: int = 0
    version: Version = field(default_factory=Version)
    info: MinerInfo = field(default_factory=MinerInfo)
    psu: Psu = field(default_factory=Psu)
    details: Details = field(default_factory=Details)

    @property
    def live(self) -> Summary:
        """The summary, or an empty one when what it says is no longer true."""
        return Summary() if self.stale else self.summary

    def rate(self, terahashes: float | None) -> float | None:
        """Return one of the miner's or a board's hash rates in TH/s as it is now.

        0 while stopped, whatever the firmware still shows; unknown when it is a leftover.
        """
        if self.mining is False:
            return 0.0
        return None if self.stale else terahashes

    @property
    def hash_rate(self) -> float | None:
        """TH/s now."""
        return self.rate(self.summary.hash_rate)

    @property
    def target_hash_rate(self) -> float | None:
        """TH/s that tuning aims at; V2.2 has none but that of the factory."""
        return self.live.target_hash_rate or self.live.factory_hash_rate

    @property
    def running(self) -> bool | None:
        """Whether it really hashes."""
        return None if self.hash_rate is None else self.hash_rate > 0

    @property
    def stable(self) -> bool | None:
        """Whether tuning is finished."""
        if self.mining is False:
            return False
        if self.live.hash_stable is not None:
            return self.live.hash_stable
        return self.live.tuned

    @property
    def efficiency(self) -> float | None:
        """J/TH, unknown while not hashing."""
        if not self.hash_rate or self.live.power is None:
            return None
        return self.live.power / self.hash_rate

    @property
    def mining_since(self) -> datetime | None:
        """When mining started, by our own clock."""
        return self._ago(self.live.elapsed) if self.mining else None

    @property
    def booted(self) -> datetime | None:
        """When the control board started, by our own clock."""
        return self._ago(self.live.uptime)

    @property
    def board_temperature(self) -> float | None:
        """°C, the mean of the boards where the summary has none (V2.2)."""
        if self.live.board_temperature is not None or self.stale:
            return self.live.board_temperature
        known = [board.temperature for board in self.boards if board.temperature]
        return sum(known) / len(known) if known else None

    @property
    def psu_fan_speed(self) -> int | None:
        """rpm; V1 tells it in the summary."""
        told = self.psu.fan_speed
        return self.live.psu_fan_speed if told is None else told

    @property
    def accepted_shares(self) -> int | None:
        """Shares since mining started; V2.2 counts them by pool only."""
        if self.live.accepted_shares is not None:
            return self.live.accepted_shares
        return self._pool_sum([pool.accepted_shares for pool in self.pools])

    @property
    def rejected_shares(self) -> int | None:
        """Shares since mining started; V2.2 counts them by pool only."""
        if self.live.rejected_shares is not None:
            return self.live.rejected_shares
        return self._pool_sum([pool.rejected_shares for pool in self.pools])

    @property
    def pool(self) -> PoolState:
        """The pool that is mined for, an empty one if there is none."""
        active = (pool for pool in self.pools if pool.active and not self.stale)
        return next(active, PoolState())

    @property
    def pool_connected(self) -> bool | None:
        """Whether work comes from a pool."""
        if self.stale or not self.pools:
            return None
        return self.pool.status == "alive"

    @cached_property
    def hashboards(self) -> Mapping[int, Board]:
        """The hashboards by slot, with readings that are true now.

        Whether one is alive is told by its own status, on V2.2 by its chips, and only while
        others hash: all are silent while they are prepared.
        """
        found: dict[int, Board] = {}
        for board in self.boards:
            if board.slot is None:
                continue
            known = board
            if self.stale:
                known = Board(slot=board.slot, serial_number=board.serial_number)
            works = board.alive
            if works is None and board.effective_chips is not None:
                works = board.effective_chips > 0
            found[board.slot] = replace(
                known,
                alive=works if self.running else None,
                hash_rate=self.rate(board.hash_rate),
            )
        return found

    @cached_property
    def faults(self) -> tuple[Fault, ...] | None:
        """The faults that are active, each code once, in the miner's own words if it has some.

        Of more than `MOST_FAULTS`, the worst.
        """
        if self.errors is None:
            return None
        found = [
            replace(
                known := describe(entry.code),
                text=entry.reason or known.text,
                since=entry.since,
            )
            for entry in self._distinct_errors.values()
        ]
        if len(found) > MOST_FAULTS:
            found.sort(key=lambda fault: fault.severity is Severity.MINOR)
        return tuple(found[:MOST_FAULTS])

    @property
    def fault_count(self) -> int | None:
        """How many faults are active, also of those that are not in `faults`."""
        if self.errors is None:
            return None
        return len(self._distinct_errors) + self.unread_errors

    @cached_property
    def _distinct_errors(self) -> Mapping[str, ErrorEntry]:
        """The errors by their codes."""
        found: dict[str, ErrorEntry] = {}
        for entry in self.errors or ():
            found.setdefault(entry.code, entry)
        return found

    @property
    def power_mode(self) -> str | None:
        """`low`, `normal` or `high`."""
        return self.summary.power_mode or self.status.power_mode

    @property
    def power_limit_set(self) -> float | None:
        """The limit in W as it was asked for, where the firmware tells it."""
        limit = self.status.power_limit
        return None if limit == _NO_LIMIT else limit

    @property
    def power_limit(self) -> float | None:
        """The limit in W: as it was asked for, on firmware that does not tell it as in force.

        0 is no reading, it shows during recalibration. Without a status nobody knows which.
        """
        if self.status == Status():
            return None
        return self.power_limit_set or self.summary.power_limit

    @property
    def liquid_cooled(self) -> bool:
        """Whether water or oil does the cooling; a fan at 0 rpm proves nothing."""
        return bool(
            self.summary.liquid_cooling
            or self.status.coolant_temperature is not None
            or _LIQUID_MODEL.match(self.model or "")
            or any(
                _LIQUID_PSU.match(name or "")
                for name in (self.psu.name, self.psu.model)
            )
        )

    @property
    def model(self) -> str | None:
        """The model, `M30S+_VE40` or `M30S+VE40`."""
        return self.version.model or self.details.model

    @property
    def platform(self) -> str | None:
        """The control board, `H6`."""
        return self.version.platform or self.summary.platform

    @property
    def firmware(self) -> str | None:
        """The firmware version, `20230714.15.Rel`."""
        return self.version.firmware or self.status.firmware or self.summary.firmware

    @property
    def api_known(self) -> bool:
        """Whether its API is of a version that is known here; the oldest firmware tells none."""
        number = self.version.number
        return number is None or number[0] == 1 or number in _KNOWN_APIS

    @property
    def board_serials(self) -> frozenset[str]:
        """The serial numbers of its hashboards, which stay when its control board is replaced."""
        return frozenset(
            board.serial_number for board in self.boards if board.serial_number
        )

    def _ago(self, seconds: float | None) -> datetime | None:
        try:
            return self.taken - timedelta(seconds=seconds) if seconds else None
        except OverflowError:
            return None

    def _pool_sum(self, shares: list[int | None]) -> int | None:
        known = [count for count in shares if count is not None]
        return sum(known) if known and not self.stale else None
