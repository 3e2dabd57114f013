"""What the plan makes of a price, and when it waits."""

from dataclasses import replace
from itertools import permutations
import math

import pytest

from custom_components.whatsminer.site.decision import Inputs, PlanMiner, Reason, Why
from custom_components.whatsminer.site.plan import decide
from custom_components.whatsminer.site.plan_options import Fallback, PlanOptions, StopBy

from . import (
    BY_BUDGET,
    BY_CHEAP,
    BY_PRICE,
    HOUR,
    MINUTE,
    NEW,
    NOW,
    OFF,
    ON,
    SECOND,
    decided,
    one,
)

DEAR, BETWEEN, CHEAP = (Inputs(price=price) for price in (0.2, 0.14, 0.1))
PERCENT = replace(BY_PRICE, stop_by=StopBy.PERCENT)
HALF = replace(ON, percent=50, is_lowered=True, draw=1500.0)


def test_a_dear_price_stops_and_a_cheap_one_starts() -> None:
    """A miner that is as it should be is told so again, and nothing else."""
    for miner in (ON, NEW, OFF):
        dear, cheap = one(BY_PRICE, DEAR, miner), one(BY_PRICE, CHEAP, miner)
        assert (dear.on, dear.percent, dear.allowed) == (False, None, False)
        assert (cheap.on, cheap.percent, cheap.allowed) == (True, None, True)
        assert (dear.waiting, cheap.waiting) == (None, None)


@pytest.mark.parametrize("was", [True, False, None])
def test_between_the_limits_the_last_word_counts(was: bool | None) -> None:
    """Where there is none, nothing is switched."""
    running = one(BY_PRICE, BETWEEN, replace(ON, was_allowed=was))
    stopped = one(BY_PRICE, BETWEEN, replace(OFF, was_allowed=was))
    assert running.allowed is stopped.allowed is was
    assert running.on is (was is not False)
    assert stopped.on is was


def test_without_a_price_and_a_budget_nothing_is_to_do() -> None:
    """Miners stay as they are, but what the plan has lowered before goes back."""
    assert one(PlanOptions(), Inputs(), replace(ON, percent=60)).percent is None
    assert one(PlanOptions(), Inputs(), OFF).on is None
    lowered = replace(ON, percent=60, is_lowered=True)
    assert one(PlanOptions(), Inputs(), lowered).percent == 100


# Minimum times


@pytest.mark.parametrize("miner", [ON, NEW])
def test_a_miner_is_not_stopped_within_its_minimum_time(miner: PlanMiner) -> None:
    """It is from the first moment on that is not within it."""
    at = NOW - BY_PRICE.minimum_on
    early = one(BY_PRICE, DEAR, replace(miner, switched_at=at + SECOND))
    assert (early.on, early.why.reason) == (True, Reason.EXPENSIVE)
    assert early.waiting and early.waiting.reason is Reason.MINIMUM_ON
    assert early.waiting.values == {"minutes": 30.0, "until": NOW + SECOND}
    assert early.until == NOW + SECOND
    assert one(BY_PRICE, DEAR, replace(miner, switched_at=at)).on is False


@pytest.mark.parametrize(("miner", "dear"), [(ON, True), (OFF, False)])
def test_what_has_to_wait_is_not_done_at_a_price_between_the_limits(
    miner: PlanMiner, dear: bool
) -> None:
    """The time is over, but the price no longer asks for it."""
    switched = replace(miner, switched_at=NOW - SECOND)
    early = one(BY_PRICE, DEAR if dear else CHEAP, switched)
    assert early.waiting and early.allowed is miner.on

    later = one(BY_PRICE, BETWEEN, replace(miner, was_allowed=early.allowed))
    assert later.on is miner.on


def test_a_miner_is_not_started_within_its_minimum_time() -> None:
    """It is from the first moment on that is not within it."""
    at = NOW - BY_PRICE.minimum_off
    early = one(BY_PRICE, CHEAP, replace(OFF, switched_at=at + SECOND))
    assert (early.on, early.why.reason) == (False, Reason.CHEAP)
    assert early.waiting and early.waiting.reason is Reason.MINIMUM_OFF
    assert early.waiting.values == {"minutes": 15.0, "until": NOW + SECOND}
    assert early.until == NOW + SECOND
    assert one(BY_PRICE, CHEAP, replace(OFF, switched_at=at)).on is True


def test_nothing_waits_that_is_not_to_be_switched() -> None:
    """A miner that was just switched to what it is to be has no reason to wait."""
    for inputs, miner in ((CHEAP, ON), (DEAR, OFF)):
        decision = one(BY_PRICE, inputs, replace(miner, switched_at=NOW))
        assert decision.on is miner.on
        assert (decision.waiting, decision.until) == (None, None)


def test_a_switch_in_the_future_counts_as_one_now() -> None:
    """A clock that was set back makes nobody wait for longer than the minimum time."""
    decision = one(BY_PRICE, DEAR, replace(ON, switched_at=NOW + HOUR))
    assert decision.until == NOW + BY_PRICE.minimum_on


def test_the_next_change_is_the_first_of_all() -> None:
    """A time that has passed is none."""
    miners = [
        replace(ON, id="a", switched_at=NOW - 10 * MINUTE),
        replace(ON, id="b", switched_at=NOW - 20 * MINUTE),
        replace(ON, id="c", left_alone=Why(Reason.MANUAL), left_alone_until=NOW),
    ]
    assert decide(NOW, BY_PRICE, DEAR, miners).next_change == NOW + 10 * MINUTE
    assert decide(NOW, BY_PRICE, CHEAP, miners).next_change is None
    lost = Inputs(price_unknown_since=NOW - 12 * MINUTE)
    stop = replace(BY_PRICE, price_unknown=Fallback.STOP)
    assert decide(NOW, stop, lost, [ON]).next_change == NOW + 3 * MINUTE


# Stop by percent


def test_by_percent_a_dear_price_lowers_and_a_cheap_one_raises() -> None:
    """Nothing is switched, and minimum times do not count."""
    miner = replace(ON, switched_at=NOW)
    lower = one(PERCENT, DEAR, miner)
    assert (lower.on, lower.percent, lower.waiting) == (True, 50, None)
    raised = one(PERCENT, CHEAP, replace(miner, percent=50))
    assert (raised.on, raised.percent) == (True, 100)


@pytest.mark.parametrize(("was", "percent"), [(True, 100), (False, 50), (None, None)])
def test_by_percent_the_last_word_counts_between_the_limits(
    was: bool | None, percent: int | None
) -> None:
    """Where there is none, the percent stays as it is."""
    decision = one(PERCENT, BETWEEN, replace(ON, percent=80, was_allowed=was))
    assert (decision.on, decision.percent) == (True, percent)


def test_by_percent_a_miner_that_takes_none_mines_on() -> None:
    """It says why: it has no percent, or is not tuned yet."""
    for miner, reason in (
        (replace(ON, takes_percent=False), Reason.NO_PERCENT),
        (replace(NEW, takes_percent=False), Reason.NO_PERCENT),
        (NEW, Reason.TUNING),
    ):
        decision = one(PERCENT, DEAR, miner)
        assert (decision.on, decision.percent) == (True, None)
        assert decision.waiting and decision.waiting.reason is reason


def test_by_percent_a_miner_that_is_off_stays_off() -> None:
    """No command is sent to it, whatever the price is."""
    assert one(PERCENT, CHEAP, OFF).on is None
    assert one(PERCENT, CHEAP, OFF).why.reason is Reason.STAYS_OFF
    assert one(PERCENT, DEAR, OFF).on is False


def test_by_power_off_what_the_plan_lowered_goes_back() -> None:
    """What others lowered stays, and so does all that is to be switched off."""
    assert one(BY_PRICE, CHEAP, HALF).percent == 100
    assert one(BY_PRICE, CHEAP, replace(HALF, is_lowered=False)).percent is None
    assert one(BY_PRICE, DEAR, HALF).percent is None


# Who is told nothing


@pytest.mark.parametrize("options", [BY_PRICE, PERCENT, BY_CHEAP, BY_BUDGET])
@pytest.mark.parametrize("miner", [ON, NEW, OFF, replace(ON, on=None)])
def test_a_miner_that_is_left_alone_is_told_nothing(
    options: PlanOptions, miner: PlanMiner
) -> None:
    """It keeps what the price said last, and says why and until when."""
    why = Why.of(Reason.MANUAL, until=NOW + HOUR)
    alone = replace(
        miner, left_alone=why, left_alone_until=NOW + HOUR, was_allowed=False
    )
    for inputs in (DEAR, CHEAP, Inputs(cheap=True, budget=0.0), Inputs(budget=9e9)):
        decision = one(options, inputs, alone)
        assert (decision.on, decision.percent, decision.waiting) == (None,) * 3
        assert decision.allowed is False
        assert (decision.why, decision.until) == (why, NOW + HOUR)


# The order


@pytest.mark.parametrize("absurd", [None, 0.0, -5.0, math.nan, math.inf, -math.inf])
def test_the_most_efficient_miner_comes_first_and_an_absurd_one_last(
    absurd: float | None,
) -> None:
    """Those without an order are in that of their ids."""
    miners = [
        replace(ON, id="a", efficiency=absurd),
        replace(ON, id="b", efficiency=30.0),
        replace(ON, id="c", efficiency=20.0),
        replace(ON, id="d", efficiency=30.0),
        replace(ON, id="e", efficiency=None),
    ]
    for given in permutations(miners):
        plan = decide(NOW, BY_PRICE, CHEAP, given)
        assert [each.miner for each in plan.decisions] == list("cbdae")


def test_each_miner_has_its_own_break_even_price() -> None:
    """The less efficient one stops first."""
    options = replace(BY_PRICE, use_break_even=True, break_even_margin=0.01)
    miners = [
        replace(ON, id="a", efficiency=20.0, break_even_price=0.12),
        replace(ON, id="b", efficiency=30.0, break_even_price=0.08),
    ]
    inputs = Inputs(price=0.1, price_per_kwh=0.1)
    both = decided(options, inputs, *miners)
    assert (both["a"].on, both["b"].on) == (True, False)
