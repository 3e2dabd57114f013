"""An outage: the miner is switched on, but produces nothing, whether or not it reports a fault."""

from collections.abc import Sequence
from typing import Final

from .faults import NO_HASH_RATE, NO_INPUT, NO_POOL, Fault, describe
from .readings import Performance, Pool, PowerSupply

# Seconds after which a miner that was switched on hashes, even if it is still being tuned.
_STARTS_WITHIN: Final = 20 * 60


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
    currents = supply.input_current, performance.psu_input_current
    if supply.enabled is False or 0 in currents:
        return describe(NO_INPUT)
    if pools is not None and not any(map(_may_answer, pools)):
        return describe(NO_POOL)
    return describe(NO_HASH_RATE)


def _may_answer(pool: Pool) -> bool:
    return bool(pool.url) and pool.status in (None, "alive")
