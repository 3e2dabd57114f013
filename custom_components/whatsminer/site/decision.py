"""The words of a plan: what is known of a miner, what is wanted of it, and why.

All of this is data. `plan.py` makes decisions of it, `executor.py` carries them out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self


class Reason(StrEnum):
    """Why a miner is to do something, or is left as it is; a sentence of `plan_texts` each."""

    # What the price says.
    UNLIMITED = "unlimited"
    """No price, no "cheap now" and no budget says anything."""
    ALWAYS_CHEAP = "always_cheap"
    CHEAP = "cheap"
    CHEAP_NOW = "cheap_now"
    BELOW_BREAK_EVEN = "below_break_even"
    BETWEEN = "between"
    """The price is between the two at which something changes, and said nothing before."""
    BETWEEN_BREAK_EVEN = "between_break_even"
    STILL_CHEAP = "still_cheap"
    """The same, after it was low enough."""
    STILL_BELOW_BREAK_EVEN = "still_below_break_even"
    STILL_EXPENSIVE = "still_expensive"
    """The same, after it was too high."""
    STILL_ABOVE_BREAK_EVEN = "still_above_break_even"
    EXPENSIVE = "expensive"
    NOT_CHEAP_NOW = "not_cheap_now"
    ABOVE_BREAK_EVEN = "above_break_even"
    NO_LIMIT_SET = "no_limit_set"
    """There is a price, and nobody said which one is too high."""
    NO_BREAK_EVEN = "no_break_even"
    """The same, while the break-even price is not known."""
    PRICE_UNKNOWN = "price_unknown"
    PRICE_UNKNOWN_MINE = "price_unknown_mine"
    PRICE_UNKNOWN_STOP = "price_unknown_stop"
    # What the budget says.
    WITHIN_BUDGET = "within_budget"
    LOWERED = "lowered"
    BUDGET_TOO_SMALL = "budget_too_small"
    BUDGET_FOR_START = "budget_for_start"
    """It is off, and a start takes more than what is left."""
    BUDGET_ZERO = "budget_zero"
    BUDGET_ZERO_MINE = "budget_zero_mine"
    BUDGET_NOT_SET = "budget_not_set"
    """Nobody has ever set one, and the options say that nothing is to mine without."""
    BUDGET_UNKNOWN = "budget_unknown"
    BUDGET_UNKNOWN_MINE = "budget_unknown_mine"
    BUDGET_UNKNOWN_STOP = "budget_unknown_stop"
    # What has to be waited for.
    MINIMUM_ON = "minimum_on"
    MINIMUM_OFF = "minimum_off"
    TUNING = "tuning"
    # Why the plan cannot do what it wants.
    NO_PERCENT = "no_percent"
    """It cannot be lowered, and the plan is not to switch it off."""
    STAYS_OFF = "stays_off"
    """It is off, and the plan is not to switch it on."""
    POWER_UNKNOWN = "power_unknown"
    # Why the plan leaves it alone.
    MANUAL = "manual"
    MANUAL_AUTOMATION = "manual_automation"
    MANUAL_OUTSIDE = "manual_outside"
    HELD = "held"
    OTHER_SITE = "other_site"
    NOT_LOADED = "not_loaded"
    UNREACHABLE = "unreachable"
    NO_PASSWORD = "no_password"
    UPDATING = "updating"
    MINING_UNKNOWN = "mining_unknown"


class PlanState(StrEnum):
    """What the plan of a site does, in one word: the states of the sensor `plan`."""

    NOT_FOLLOWING = "not_following"
    FOLLOWING = "following"
    PRICE_TOO_HIGH = "price_too_high"
    OVER_BUDGET = "over_budget"
    INPUT_UNKNOWN = "input_unknown"
    MINIMUM_TIMES = "minimum_times"
    MANUAL = "manual"
    NOTHING_TO_DO = "nothing_to_do"


type Value = float | str | datetime


@dataclass(frozen=True, slots=True)
class Why:
    """A reason with what its sentence names."""

    reason: Reason
    values: Mapping[str, Value] = field(default_factory=dict)

    @classmethod
    def of(cls, reason: Reason, **values: Value) -> Self:
        """Return a reason with what its sentence names."""
        return cls(reason, values)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMiner:
    """What a plan has to know of one miner; None is what is not known.

    Attributes:
        id: that of its entry.
        left_alone: why the plan has no say in it, with the time until which, None otherwise.
        on: whether mining is switched on.
        tuned: whether it hashes and is tuned: before that it takes no percent.
        takes_percent: whether its firmware knows a power percent.
        percent: the one that it has.
        is_lowered: whether the plan has set that percent, and it is less than 100.
        full: W at 100 percent.
        draw: W that it takes, or may take at any moment while it is not tuned.
        efficiency: J/TH at full power, by which the plan orders the miners.
        break_even_price: in Home Assistant's currency per kWh.
        switched_at: when mining was switched on or off last.
        raised_at: when the plan raised its percent last.
        was_allowed: what the price said last, for a price between the two limits.
    """

    id: str
    left_alone: Why | None = None
    left_alone_until: datetime | None = None
    on: bool | None = None
    tuned: bool = False
    takes_percent: bool = True
    percent: float | None = None
    is_lowered: bool = False
    full: float | None = None
    draw: float = 0.0
    efficiency: float | None = None
    break_even_price: float | None = None
    switched_at: datetime | None = None
    raised_at: datetime | None = None
    was_allowed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a plan follows; None is what is not known.

    Attributes:
        price: now, in the unit of the limits.
        price_per_kwh: now, in Home Assistant's currency per kWh, to compare with break-even prices.
        cheap: whether electricity is cheap now.
        price_unknown_since: since when nothing says whether electricity is cheap.
        budget: W for all miners together.
        budget_unknown_since: since when there is none any more, None if there never was one.
    """

    price: float | None = None
    price_per_kwh: float | None = None
    cheap: bool | None = None
    price_unknown_since: datetime | None = None
    budget: float | None = None
    budget_unknown_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is wanted of one miner.

    Attributes:
        miner: the id of its entry.
        on: whether it is to mine, None to leave that as it is.
        percent: the power percent that it is to have, None to leave that as it is.
        why: the reason.
        waiting: why it cannot be done yet what `why` asks for.
        until: when that changes by itself.
        allowed: whether it may mine at a price at which nothing changes, to be remembered.
    """

    miner: str
    on: bool | None = None
    percent: int | None = None
    why: Why
    waiting: Why | None = None
    until: datetime | None = None
    allowed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The decisions of one moment, what they are in one word, and when they change by themselves."""

    decisions: Sequence[Decision] = ()
    state: PlanState = PlanState.NOT_FOLLOWING
    next_change: datetime | None = None
