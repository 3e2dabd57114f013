"""What the plan makes of a budget, also together with a price."""

from dataclasses import replace
import math

import pytest

from custom_components.whatsminer.site.decision import Inputs, PlanMiner, Reason, Why
from custom_components.whatsminer.site.plan_options import Fallback, PlanOptions, StopBy

from . import BY_BUDGET, BY_PRICE, HOUR, MINUTE, NEW, NOW, OFF, ON, decided, one

BEST = replace(ON, id="best", efficiency=20.0)
WORST = replace(ON, id="worst", efficiency=30.0)
PERCENT = replace(BY_BUDGET, stop_by=StopBy.PERCENT)
JUST = NOW - MINUTE


def wishes(
    watts: float,
    *miners: PlanMiner,
    options: PlanOptions = BY_BUDGET,
    price: float | None = None,
) -> dict[str, bool | int | None]:
    """Return the percent for each miner that is to be on, or whether it is."""
    inputs = Inputs(budget=watts, price=price)
    return {
        miner: decision.percent if decision.on and decision.percent else decision.on
        for miner, decision in decided(options, inputs, *miners).items()
    }


@pytest.mark.parametrize(
    ("watts", "best", "worst"),
    [
        (6000, 100, 100),
        (5000, 100, 64),
        (4500, 100, 50),
        (4499, 100, False),
        (2000, 64, False),
        (1500, 50, False),
        (1499, False, False),
        (0, False, False),
        (math.inf, 100, 100),
    ],
)
def test_the_least_efficient_goes_down_first_and_then_off(
    watts: float, best: int | bool, worst: int | bool
) -> None:
    """The others go down after it."""
    assert wishes(watts, WORST, BEST) == {"best": best, "worst": worst}


def test_on_the_way_up_the_most_efficient_starts_first() -> None:
    """Each start needs full power and the dead band."""
    off = [replace(each, on=False, tuned=False, draw=0.0) for each in (WORST, BEST)]
    assert wishes(3149, *off) == {"best": False, "worst": False}
    assert wishes(3150, *off) == {"best": True, "worst": False}
    assert wishes(6149, *off) == {"best": True, "worst": False}
    assert wishes(6150, *off) == {"best": True, "worst": True}


def test_a_better_miner_that_may_not_start_yet_takes_nothing_from_a_worse_one() -> None:
    """Once it may, it starts in its place."""
    off = replace(BEST, on=False, tuned=False, draw=0.0)
    waits = replace(off, switched_at=JUST)
    assert wishes(3200, waits, WORST) == {"best": False, "worst": 100}
    assert wishes(3200, off, WORST) == {"best": True, "worst": False}


def test_a_sentence_says_what_is_missing() -> None:
    """What a start, the floor, or a miner without a percent needs."""
    for miner, reason, needed in (
        (OFF, Reason.BUDGET_FOR_START, 3150.0),
        (ON, Reason.BUDGET_TOO_SMALL, 1500.0),
        (replace(ON, takes_percent=False), Reason.BUDGET_TOO_SMALL, 3000.0),
        (NEW, Reason.BUDGET_TOO_SMALL, 3000.0),
    ):
        why = one(BY_BUDGET, Inputs(budget=1000.0), miner).why
        assert why == Why.of(reason, budget=1000.0, left=1000.0, needed=needed)
    lowered = one(BY_BUDGET, Inputs(budget=2000.0), ON).why
    assert lowered == Why.of(Reason.LOWERED, budget=2000.0)


@pytest.mark.parametrize("miner", [NEW, replace(ON, takes_percent=False)])
def test_a_miner_that_takes_no_percent_mines_at_full_power_or_not_at_all(
    miner: PlanMiner,
) -> None:
    """It is one that tunes, or whose firmware knows no percent."""
    assert wishes(3000, miner) == {"a": True}
    assert wishes(2999, miner) == {"a": False}
    assert one(BY_BUDGET, Inputs(budget=9000.0), miner).percent is None


def test_a_better_miner_goes_down_for_one_that_cannot_be_switched_off() -> None:
    """One that tunes within its minimum time takes its full power."""
    tunes = replace(NEW, id="worst", efficiency=30.0, switched_at=JUST)
    assert wishes(5000, BEST, tunes) == {"best": 64, "worst": True}
    assert wishes(4000, BEST, tunes) == {"best": False, "worst": True}


def test_within_its_minimum_time_a_miner_goes_to_its_floor() -> None:
    """Both reasons are given."""
    decision = one(BY_BUDGET, Inputs(budget=1000.0), replace(ON, switched_at=JUST))
    assert (decision.on, decision.percent) == (True, 50)
    assert decision.why.reason is Reason.BUDGET_TOO_SMALL
    assert decision.waiting and decision.waiting.reason is Reason.MINIMUM_ON


def test_what_the_plan_has_no_say_in_is_used_already() -> None:
    """What a miner draws that a person switched on is missing for the others."""
    manual = replace(
        ON, id="manual", draw=2000.0, left_alone=Why(Reason.MANUAL), efficiency=1.0
    )
    assert wishes(5000, BEST, manual) == {"best": 100, "manual": None}
    assert wishes(4000, BEST, manual) == {"best": 64, "manual": None}
    assert wishes(3499, BEST, manual) == {"best": False, "manual": None}
    assert wishes(1000, BEST, manual) == {"best": False, "manual": None}


def test_a_miner_of_unknown_power_mines_on_and_does_not_start() -> None:
    """What it draws is missing for the others."""
    unknown = replace(ON, id="unknown", full=None, draw=2000.0)
    assert wishes(4000, BEST, unknown) == {"best": 64, "unknown": True}
    assert wishes(9000, replace(OFF, full=None)) == {"a": False}
    inputs = Inputs(budget=9000.0)
    for miner in (unknown, replace(OFF, full=None)):
        assert one(BY_BUDGET, inputs, miner).why.reason is Reason.POWER_UNKNOWN
    assert one(BY_PRICE, Inputs(price=0.0), replace(OFF, full=None)).on is True


def test_a_budget_of_zero_is_too_little_for_any_miner() -> None:
    """Also for one whose power nobody knows, and one that seems to take nothing."""
    for draw in (0.0, 2000.0):
        unknown = replace(ON, full=None, draw=draw)
        decision = one(BY_BUDGET, Inputs(budget=0.0), unknown)
        assert (decision.on, decision.why.reason) == (False, Reason.BUDGET_ZERO)


def test_a_miner_on_the_way_up_is_not_over_the_budget() -> None:
    """It is raised step by step, but the budget has room for all of it."""
    low = replace(ON, percent=60, is_lowered=True)
    decision = one(BY_BUDGET, Inputs(budget=9000.0), low)
    assert decision.percent is not None
    assert decision.percent < 100
    assert decision.why.reason is Reason.WITHIN_BUDGET


@pytest.mark.parametrize("watts", [0.0, 4000.0])
@pytest.mark.parametrize("options", [BY_BUDGET, PERCENT])
def test_a_miner_of_unknown_power_is_not_raised_under_a_budget(
    watts: float, options: PlanOptions
) -> None:
    """Nobody knows whether the budget has room for that."""
    lowered = replace(ON, full=None, percent=60, is_lowered=True)
    assert one(options, Inputs(budget=watts), lowered).percent is None


def test_an_efficiency_that_is_unknown_makes_a_miner_the_first_to_go_down() -> None:
    """It may be the worst of all."""
    for absurd in (None, 0.0, -1.0, math.nan, math.inf):
        unknown = replace(ON, id="a", efficiency=absurd)
        assert wishes(5000, unknown, WORST) == {"a": 64, "worst": 100}


def test_it_goes_up_by_the_ramp_of_each_minute() -> None:
    """The reason is the budget until it is at full power."""
    low = replace(ON, percent=50)
    assert wishes(9000, low) == {"a": 70}
    assert wishes(9000, replace(low, raised_at=JUST)) == {"a": 70}
    assert wishes(9000, replace(low, raised_at=NOW)) == {"a": 50}


def test_a_budget_of_zero_stops_or_does_not_count() -> None:
    """Without a limit, a miner goes back to full power at once."""
    mine = replace(BY_BUDGET, budget_zero=Fallback.MINE)
    for watts in (0.0, -10.0):
        assert wishes(watts, ON) == {"a": False}
        assert wishes(watts, replace(ON, percent=50), options=mine) == {"a": 100}


@pytest.mark.parametrize("fallback", list(Fallback))
def test_a_budget_that_is_lost_changes_nothing_for_a_time(fallback: Fallback) -> None:
    """Then it is as the options say."""
    options = replace(BY_BUDGET, budget_unknown=fallback)
    low = replace(ON, percent=50, is_lowered=True)
    lost = Inputs(budget_unknown_since=NOW - 14 * MINUTE)
    running, stopped = one(options, lost, low), one(options, lost, OFF)
    assert (running.on, running.percent, stopped.on) == (True, None, None)
    assert running.why == stopped.why
    long = Inputs(budget_unknown_since=NOW - HOUR)
    running, stopped = one(options, long, low), one(options, long, OFF)
    expected = {
        Fallback.KEEP: (True, None, None),
        Fallback.MINE: (True, 100, True),
        Fallback.STOP: (False, None, False),
    }
    assert (running.on, running.percent, stopped.on) == expected[fallback]


def test_a_dear_price_counts_while_the_budget_is_lost() -> None:
    """It stops what mines, and starts nothing."""
    lost = Inputs(price=0.2, budget_unknown_since=JUST)
    assert one(BY_PRICE, lost, ON).on is False
    assert one(BY_PRICE, replace(lost, price=0.1), OFF).on is None


@pytest.mark.parametrize("price", [0.1, 0.2])
@pytest.mark.parametrize("watts", [0.0, 1000.0, 2000.0, 9000.0])
def test_the_stricter_of_price_and_budget_counts(price: float, watts: float) -> None:
    """A miner mines if both allow it."""
    (wish,) = wishes(watts, ON, options=BY_PRICE, price=price).values()
    assert bool(wish) is (price == 0.1 and watts > 1500)


def test_what_the_price_stops_leaves_its_power_to_others() -> None:
    """At once, if it may be stopped, else after its minimum time."""
    options = replace(BY_PRICE, use_break_even=True)
    inputs = Inputs(price=0.1, price_per_kwh=0.1, budget=4000.0)
    stops = replace(BEST, break_even_price=0.05)
    mines = replace(WORST, break_even_price=0.2)
    both = decided(options, inputs, stops, mines)
    assert (both["best"].on, both["worst"].percent) == (False, 100)
    both = decided(options, inputs, replace(stops, switched_at=JUST), mines)
    assert (both["best"].percent, both["worst"].percent) == (50, 80)  # 4000 - 1500 W


def test_by_percent_the_floor_is_the_least() -> None:
    """All mine on, also without a budget; the best has what is left."""
    assert wishes(4000, BEST, WORST, options=PERCENT) == {"best": 80, "worst": 50}
    for watts in (0.0, 1000.0):
        assert wishes(watts, BEST, WORST, options=PERCENT) == {"best": 50, "worst": 50}
        assert wishes(watts, NEW, options=PERCENT) == {"a": True}
        tuning = one(PERCENT, Inputs(budget=watts), NEW).waiting
        assert tuning and tuning.reason is Reason.TUNING
    assert wishes(9000, OFF, options=PERCENT) == {"a": None}
