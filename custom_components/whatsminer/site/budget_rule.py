"""How a power budget is shared out among the miners of a site."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
import math
from typing import Final

from .decision import Inputs, PlanMiner, Reason, Why
from .plan_options import Fallback, PlanOptions, StopBy
from .time_rule import locked_until

_FULL: Final = 100
# The ramp is given for so long.
_RAMP_STEP: Final = timedelta(minutes=1)
# Sums of W are exact to so many digits.
_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class Budget:
    """W for all miners together, None for no limit; frozen means that nothing is to change."""

    watts: float | None = None
    frozen: bool = False
    why: Why | None = None
    until: datetime | None = None


def budget_now(now: datetime, options: PlanOptions, inputs: Inputs) -> Budget:
    """Return the budget that counts: what is unknown, or zero, means what the options say."""
    if inputs.budget is None:
        return _unknown(now, options, inputs.budget_unknown_since)
    if inputs.budget > 0:
        return Budget(inputs.budget)
    if options.budget_zero is Fallback.MINE:
        return Budget(why=Why(Reason.BUDGET_ZERO_MINE))
    return Budget(0.0, why=Why(Reason.BUDGET_ZERO))


def _unknown(now: datetime, options: PlanOptions, since: datetime | None) -> Budget:
    """Change nothing for some time, and then do what the options say.

    One that nobody has ever set is not waited for.
    """
    fallback = options.budget_unknown
    if since is None:
        is_stop = fallback is Fallback.STOP
        return Budget(0.0, why=Why(Reason.BUDGET_NOT_SET)) if is_stop else Budget()
    since = min(since, now)
    until = since + options.unknown_for
    if fallback is Fallback.KEEP or now < until:
        return Budget(
            frozen=True,
            why=Why.of(Reason.BUDGET_UNKNOWN, since=since),
            until=None if fallback is Fallback.KEEP else until,
        )
    if fallback is Fallback.MINE:
        return Budget(why=Why.of(Reason.BUDGET_UNKNOWN_MINE, since=since))
    return Budget(0.0, why=Why.of(Reason.BUDGET_UNKNOWN_STOP, since=since))


@dataclass(frozen=True, slots=True)
class Claim:
    """What one miner may take of a budget.

    Attributes:
        miner: the id of its entry.
        on: whether it mines; one that does not has to start first.
        stays: whether it cannot be switched off now.
        least: W that it takes at least while it is on.
        most: W that it takes at most.
    """

    miner: str
    on: bool
    stays: bool
    least: float
    most: float


def claim_of(
    now: datetime, options: PlanOptions, miner: PlanMiner, *, allowed: bool | None
) -> Claim | None:
    """Return what a miner may take, None if it takes nothing; `allowed` is what the price says.

    One whose full power is not known keeps what it takes, and does not start.
    """
    may_switch = options.stop_by is StopBy.POWER_OFF
    is_locked = locked_until(now, options, miner) is not None
    if not miner.on:
        may_start = may_switch and allowed and not is_locked
        if not may_start or miner.full is None:
            return None
        return Claim(miner.id, on=False, stays=False, least=0.0, most=miner.full)
    stays = not may_switch or is_locked
    if allowed is False and not stays:
        return None
    if miner.full is None:
        return Claim(miner.id, on=True, stays=True, least=miner.draw, most=miner.draw)
    if not (miner.tuned and miner.takes_percent):
        return Claim(miner.id, on=True, stays=stays, least=miner.draw, most=miner.draw)
    least = miner.full * options.lowest_percent / _FULL
    most = least if allowed is False else miner.full
    return Claim(miner.id, on=True, stays=stays, least=least, most=most)


def share_out(
    watts: float, claims: Sequence[Claim], dead_band: float
) -> tuple[Mapping[str, float], float]:
    """Return the W for each miner that is to be on, and what is left.

    First those that cannot be switched off get the least that they take. Then each in turn, the most
    efficient first, gets as much as it can take, or nothing if that is less than its least. So the
    least efficient goes down first, and off in the end. A miner that is off tunes at full power when it
    starts, whatever it is told; it starts if that and the dead band are left.
    """
    shares = {claim.miner: claim.least for claim in claims if claim.stays}
    left = round(watts - sum(shares.values()), _DIGITS)
    for claim in claims:
        has = shares.get(claim.miner, 0.0)
        share = has + min(max(left, 0.0), claim.most - has)
        enough = claim.least if claim.on else claim.most + dead_band
        if claim.stays or (left > 0 and left >= enough):
            shares[claim.miner] = share
            left = round(left - share + has, _DIGITS)
    return shares, left


def percent_of(
    now: datetime, options: PlanOptions, miner: PlanMiner, share: float, left: float
) -> int:
    """Return the power percent for a tuned miner that may take `share` W.

    It stays as it is while it is within the share, and less than the dead band below it. Otherwise it
    goes half a dead band below the share: lower at once, higher by the ramp in each minute.
    """
    full = miner.full or 0.0
    present = _FULL if miner.percent is None else miner.percent
    watts = full * present / _FULL
    is_top = share >= full and left >= options.dead_band and present < _FULL
    if watts <= share and share - watts < options.dead_band and not is_top:
        return round(present)
    wanted = _FULL
    if share < full:
        aim = (share - options.dead_band / 2) * _FULL / full
        wanted = max(math.floor(aim), options.lowest_percent)
    if wanted <= present:
        return wanted
    if miner.raised_at and timedelta(0) <= now - miner.raised_at < _RAMP_STEP:
        return round(present)
    return min(wanted, math.floor(present + options.ramp))
