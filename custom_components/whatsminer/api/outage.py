"""An outage: the miner is switched on, but produces nothing, whether or not it reports a fault."""

from collections.abc import Sequence
from typing import Final

from .fault_table import Category
from .faults import NO_HASH_RATE, NO_INPUT, NO_POOL, Fault, Severity, describe
from .readings import Performance, Pool, PowerSupply

# Seconds after which a miner that was switched on hashes, even if it is still being tuned.
_STARTS_WITHIN: Final = 20 * 60
# W. The control board alone takes less.
_DRAWS_POWER: Final = 100
# Faults of these parts may keep a miner from hashing, and so may one that is not known.
_MAY_STOP: Final = frozenset(
    {
        Category.POWER_SUPPLY,
        Category.TEMPERATURE,
        Category.COOLANT,
        Category.HASHBOARD,
        Category.POOL,
        Category.SECURITY,
        Category.OTHER,
    }
)


class IdleTime:
    """Follows how long a miner that is on has not hashed, as far as the polls show it."""

    def __init__(self) -> None:
        """Begin without a poll."""
        self._idle: float | None = None
        # When the last poll was read, if the miner did not hash then.
        self._last: float | None = None
        self._elapsed = 0.0
        self._has_restarted = False

    def update(
        self,
        *,
        mining: bool | None,
        hashes: bool | None,
        performance: Performance,
        read: float,
    ) -> float | None:
        """Return for how many seconds the miner has not hashed, None unless it is on.

        The state was `read` at a monotonic time. Time counts between two polls in a row in which the
        miner does not hash. `hashes` is None if nothing shows it. A restart gives the miner the time
        to start anew, but only once before it hashes: it may restart again and again.
        """
        before, self._elapsed = self._elapsed, performance.elapsed or 0.0
        if mining is False or hashes:
            self._idle, self._last, self._has_restarted = 0.0, None, False
        elif not mining or hashes is None:
            self._last = None
        else:
            if self._idle is None:
                self._idle = _idle_before(performance)
            elif self._elapsed < before and not self._has_restarted:
                self._idle, self._has_restarted = 0.0, True
            elif self._last is not None:
                self._idle += read - self._last
            self._last = read
        return self._idle if mining else None


def hashes_now(performance: Performance, *, stale: bool, is_down: bool) -> bool | None:
    """Return whether a miner that is on hashes, None if nothing shows it.

    It does not while its mining process is down or hangs. An average that fades after the last hash
    is less than a hundredth of the target.
    """
    if stale or is_down:
        return False
    target = performance.target_hash_rate or performance.factory_hash_rate or 0
    rate = performance.hash_rate
    return None if rate is None else rate > target / 100


def _idle_before(performance: Performance) -> float:
    """Return for how many seconds a miner that does not hash has not done so, as far as it says.

    It has hashed a short while ago if one of its averages is not 0.
    """
    if performance.hash_rate_1m or performance.hash_rate_15m:
        return 0.0
    if performance.hash_rate_15m is None and performance.hash_rate_average:
        return 0.0
    runs = (performance.elapsed, performance.uptime)
    return min((seconds for seconds in runs if seconds is not None), default=0.0)


def is_idle_too_long(idle_for: float | None) -> bool:
    """Return whether a miner that has not hashed for `idle_for` seconds should do so by now."""
    return idle_for is not None and idle_for >= _STARTS_WITHIN


def outage(
    idle_for: float | None,
    performance: Performance,
    supply: PowerSupply,
    pools: Sequence[Pool] | None,
) -> Fault | None:
    """Return the fault of a miner that has not hashed for `idle_for` seconds while it is on.

    `pools` is None if the miner may have others.
    """
    if not is_idle_too_long(idle_for):
        return None
    if _is_without_input(performance, supply):
        return describe(NO_INPUT)
    if pools is not None and not any(map(_may_answer, pools)):
        return describe(NO_POOL)
    return describe(NO_HASH_RATE)


def explains(fault: Fault, outage: Fault) -> bool:
    """Return whether a fault that the miner reports may be the cause of an outage."""
    may_stop = fault.category in _MAY_STOP or fault.category is outage.category
    return may_stop and fault.severity is not Severity.MINOR


def _is_without_input(performance: Performance, supply: PowerSupply) -> bool:
    """Return whether the power supply is off or takes no current.

    Some power supplies always report 0 A, but not while they draw power.
    """
    current = supply.input_current
    if current is None:
        current = performance.psu_input_current
    draws = (performance.power or 0) >= _DRAWS_POWER
    return supply.enabled is False or (current == 0 and not draws)


def _may_answer(pool: Pool) -> bool:
    return bool(pool.url) and pool.status in (None, "alive")
