"""For how long a miner stays on or off once it was switched."""

from datetime import datetime

from .decision import PlanMiner
from .plan_options import PlanOptions


def locked_until(
    now: datetime, options: PlanOptions, miner: PlanMiner
) -> datetime | None:
    """Return until when a miner is not to be switched, None if it may be switched now."""
    if miner.switched_at is None:
        return None
    at = min(miner.switched_at, now)  # a clock may have been set back
    until = at + (options.minimum_on if miner.on else options.minimum_off)
    return until if until > now else None
