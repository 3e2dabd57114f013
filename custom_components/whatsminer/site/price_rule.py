"""What the price says about one miner."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from .decision import Inputs, PlanMiner, Reason, Why
from .plan_options import Fallback, PlanOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reasons:
    """What a price is that is low enough, too high, or between two limits; `still` is by what it was."""

    low: Reason
    high: Reason
    still: Mapping[bool | None, Reason]


_LIMITS: Final = _Reasons(
    low=Reason.CHEAP,
    high=Reason.EXPENSIVE,
    still={
        True: Reason.STILL_CHEAP,
        False: Reason.STILL_EXPENSIVE,
        None: Reason.BETWEEN,
    },
)
_BREAK_EVEN: Final = _Reasons(
    low=Reason.BELOW_BREAK_EVEN,
    high=Reason.ABOVE_BREAK_EVEN,
    still={
        True: Reason.STILL_BELOW_BREAK_EVEN,
        False: Reason.STILL_ABOVE_BREAK_EVEN,
        None: Reason.BETWEEN_BREAK_EVEN,
    },
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the price allows a miner to mine; None is to leave it as it is.

    It `is_kept` if the price says nothing now, and what it said last counts.
    """

    allowed: bool | None
    why: Why
    until: datetime | None = None
    is_kept: bool = False


def price_verdict(
    now: datetime, options: PlanOptions, inputs: Inputs, miner: PlanMiner
) -> Verdict:
    """Return what the price says about a miner.

    The price at which there is always mining counts first, then "cheap now" if there is one, else
    the miner's break-even price if that is wanted and known, else the two limits.
    """
    if not options.follows_price:
        return Verdict(True, Why(Reason.UNLIMITED))
    price = inputs.price
    if price is not None and price <= options.always_below:
        why = Why.of(Reason.ALWAYS_CHEAP, price=price, limit=options.always_below)
        return Verdict(True, why)
    if options.cheap_entity:
        if inputs.cheap is None:
            return _unknown(now, options, inputs, miner)
        reason = Reason.CHEAP_NOW if inputs.cheap else Reason.NOT_CHEAP_NOW
        return Verdict(inputs.cheap, Why(reason))
    if price is None:
        return _unknown(now, options, inputs, miner)
    own = miner.break_even_price if options.use_break_even else None
    if own is not None and inputs.price_per_kwh is not None:
        return _compared(
            inputs.price_per_kwh,
            stop=own,
            start=own - options.break_even_margin,
            reasons=_BREAK_EVEN,
            miner=miner,
        )
    return _within_limits(price, options, miner)


def _within_limits(price: float, options: PlanOptions, miner: PlanMiner) -> Verdict:
    """Compare a price with the two limits of the options; one limit is both."""
    limits = [
        limit
        for limit in (options.start_below, options.stop_above)
        if limit is not None
    ]
    if not limits:
        wanted = options.use_break_even
        reason = Reason.NO_BREAK_EVEN if wanted else Reason.NO_LIMIT_SET
        return Verdict(None, Why(reason))
    return _compared(
        price,
        stop=limits[-1],
        start=limits[0],
        reasons=_LIMITS,
        miner=miner,
    )


def _compared(
    price: float,
    *,
    stop: float,
    start: float,
    reasons: _Reasons,
    miner: PlanMiner,
) -> Verdict:
    """Compare a price with two limits; between them it says what it said last."""
    if price > stop:
        return Verdict(False, Why.of(reasons.high, price=price, limit=stop))
    if price <= start:
        return Verdict(True, Why.of(reasons.low, price=price, limit=start))
    was = miner.was_allowed
    still = Why.of(reasons.still[was], price=price, limit=start, upper_limit=stop)
    return Verdict(was, still, is_kept=True)


def _unknown(
    now: datetime, options: PlanOptions, inputs: Inputs, miner: PlanMiner
) -> Verdict:
    """Change nothing for some time, and then do what the options say."""
    since = min(inputs.price_unknown_since or now, now)
    until = since + options.unknown_for
    if now >= until:
        match options.price_unknown:
            case Fallback.STOP:
                return Verdict(False, Why.of(Reason.PRICE_UNKNOWN_STOP, since=since))
            case Fallback.MINE:
                return Verdict(True, Why.of(Reason.PRICE_UNKNOWN_MINE, since=since))
    acts = options.price_unknown is not Fallback.KEEP
    why = Why.of(Reason.PRICE_UNKNOWN, since=since)
    return Verdict(miner.was_allowed, why, until if acts else None, is_kept=True)
