"""Each reason and each state of a plan has a moment in which it is given."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import pytest

from custom_components.whatsminer.site.decision import (
    Inputs,
    Plan,
    PlanMiner,
    PlanState,
    Reason,
    Why,
)
from custom_components.whatsminer.site.plan import decide
from custom_components.whatsminer.site.plan_options import Fallback, PlanOptions, StopBy

from . import BY_BUDGET, BY_CHEAP, BY_PRICE, HOUR, MINUTE, NEW, NOW, OFF, ON, reasons_of

BY_HAND: Final = (
    Reason.MANUAL,
    Reason.MANUAL_AUTOMATION,
    Reason.MANUAL_OUTSIDE,
    Reason.HELD,
)
LEFT_ALONE: Final = (
    *BY_HAND,
    Reason.OTHER_SITE,
    Reason.NOT_LOADED,
    Reason.UNREACHABLE,
    Reason.NO_PASSWORD,
    Reason.UPDATING,
    Reason.MINING_UNKNOWN,
)
BREAK_EVEN = replace(BY_PRICE, use_break_even=True)
PERCENT = replace(BY_PRICE, stop_by=StopBy.PERCENT)
LOST = NOW - HOUR
JUST = NOW - MINUTE
WORTH = replace(ON, break_even_price=0.1)


class Moment(NamedTuple):
    """What a plan knows at a moment with one miner, and the state that it has then."""

    options: PlanOptions
    inputs: Inputs
    miner: PlanMiner
    state: PlanState = PlanState.FOLLOWING

    @property
    def plan(self) -> Plan:
        """The plan of this moment."""
        return decide(NOW, self.options, self.inputs, [self.miner])


def _priced(
    price: float | None, state: PlanState = PlanState.FOLLOWING, **changes: object
) -> Moment:
    options = replace(BY_PRICE, **changes)  # type: ignore[arg-type]  # given below
    inputs = Inputs(price=price, price_unknown_since=LOST)
    return Moment(options, inputs, ON, state)


def _limited(
    watts: float | None,
    miner: PlanMiner = ON,
    state: PlanState = PlanState.FOLLOWING,
    **changes: object,
) -> Moment:
    options = replace(BY_BUDGET, **changes)  # type: ignore[arg-type]  # given below
    since = None if watts is not None else LOST
    return Moment(
        options, Inputs(budget=watts, budget_unknown_since=since), miner, state
    )


def _still(was: bool | None, state: PlanState) -> Moment:
    return Moment(BY_PRICE, Inputs(price=0.14), replace(ON, was_allowed=was), state)


def _still_worth(was: bool | None, state: PlanState) -> Moment:
    inputs = Inputs(price=0.095, price_per_kwh=0.095)
    return Moment(BREAK_EVEN, inputs, replace(WORTH, was_allowed=was), state)


DEAR, OVER = PlanState.PRICE_TOO_HIGH, PlanState.OVER_BUDGET
UNKNOWN, WAITS = PlanState.INPUT_UNKNOWN, PlanState.MINIMUM_TIMES

MOMENTS: Final[Mapping[Reason, Moment]] = {
    Reason.UNLIMITED: Moment(PlanOptions(), Inputs(), ON, PlanState.NOTHING_TO_DO),
    Reason.ALWAYS_CHEAP: _priced(-0.01),
    Reason.CHEAP: _priced(0.1),
    Reason.CHEAP_NOW: Moment(BY_CHEAP, Inputs(cheap=True), ON),
    Reason.BELOW_BREAK_EVEN: Moment(
        BREAK_EVEN, Inputs(price=0.05, price_per_kwh=0.05), WORTH
    ),
    Reason.BETWEEN: _priced(0.14),
    Reason.STILL_CHEAP: _still(True, PlanState.FOLLOWING),
    Reason.STILL_EXPENSIVE: _still(False, DEAR),
    Reason.BETWEEN_BREAK_EVEN: _still_worth(None, PlanState.FOLLOWING),
    Reason.STILL_BELOW_BREAK_EVEN: _still_worth(True, PlanState.FOLLOWING),
    Reason.STILL_ABOVE_BREAK_EVEN: _still_worth(False, DEAR),
    Reason.EXPENSIVE: _priced(0.2, DEAR),
    Reason.NOT_CHEAP_NOW: Moment(BY_CHEAP, Inputs(cheap=False), ON, DEAR),
    Reason.ABOVE_BREAK_EVEN: Moment(
        BREAK_EVEN, Inputs(price=0.11, price_per_kwh=0.11), WORTH, DEAR
    ),
    Reason.NO_LIMIT_SET: _priced(0.2, UNKNOWN, stop_above=None, start_below=None),
    Reason.NO_BREAK_EVEN: _priced(
        0.2, UNKNOWN, stop_above=None, start_below=None, use_break_even=True
    ),
    Reason.PRICE_UNKNOWN: _priced(None, UNKNOWN),
    Reason.PRICE_UNKNOWN_MINE: _priced(None, UNKNOWN, price_unknown=Fallback.MINE),
    Reason.PRICE_UNKNOWN_STOP: _priced(None, UNKNOWN, price_unknown=Fallback.STOP),
    Reason.WITHIN_BUDGET: _limited(4000.0),
    Reason.LOWERED: _limited(2000.0, state=OVER),
    Reason.BUDGET_TOO_SMALL: _limited(1000.0, state=OVER),
    Reason.BUDGET_FOR_START: _limited(3100.0, OFF, OVER),
    Reason.BUDGET_ZERO: _limited(0.0, state=OVER),
    Reason.BUDGET_ZERO_MINE: _limited(0.0, budget_zero=Fallback.MINE),
    Reason.BUDGET_NOT_SET: Moment(
        replace(BY_BUDGET, budget_unknown=Fallback.STOP), Inputs(), ON, UNKNOWN
    ),
    Reason.BUDGET_UNKNOWN: _limited(None, ON, UNKNOWN, budget_unknown=Fallback.KEEP),
    Reason.BUDGET_UNKNOWN_MINE: _limited(None, state=UNKNOWN),
    Reason.BUDGET_UNKNOWN_STOP: _limited(
        None, ON, UNKNOWN, budget_unknown=Fallback.STOP
    ),
    Reason.MINIMUM_ON: _limited(1000.0, replace(ON, switched_at=JUST), WAITS),
    Reason.MINIMUM_OFF: _limited(9000.0, replace(OFF, switched_at=JUST), WAITS),
    Reason.TUNING: Moment(PERCENT, Inputs(price=0.2), NEW, WAITS),
    Reason.NO_PERCENT: Moment(
        PERCENT, Inputs(price=0.2), replace(ON, takes_percent=False), DEAR
    ),
    Reason.STAYS_OFF: Moment(PERCENT, Inputs(price=0.1), OFF, PlanState.NOTHING_TO_DO),
    Reason.POWER_UNKNOWN: _limited(4000.0, replace(ON, full=None)),
    **{
        reason: Moment(
            BY_PRICE,
            Inputs(price=0.2),
            replace(ON, left_alone=Why(reason)),
            PlanState.MANUAL if reason in BY_HAND else PlanState.NOTHING_TO_DO,
        )
        for reason in LEFT_ALONE
    },
}


@pytest.mark.parametrize("reason", list(Reason))
def test_each_reason_is_given_at_some_moment(reason: Reason) -> None:
    """Nobody gets a sentence that says something else."""
    assert reason in reasons_of(MOMENTS[reason].plan)


@pytest.mark.parametrize("reason", list(Reason))
def test_the_state_is_what_the_reason_makes_of_it(reason: Reason) -> None:
    """There is one miner only."""
    assert MOMENTS[reason].plan.state is MOMENTS[reason].state


def test_each_state_occurs() -> None:
    """A site that does not follow its plan has an empty one."""
    seen = {moment.plan.state for moment in MOMENTS.values()}
    assert seen | {Plan().state} == set(PlanState)
    assert Plan().state is PlanState.NOT_FOLLOWING


@pytest.mark.parametrize(
    ("reasons", "state"),
    [
        ([Reason.BUDGET_UNKNOWN, Reason.EXPENSIVE], UNKNOWN),
        ([Reason.PRICE_UNKNOWN, Reason.MINIMUM_ON], UNKNOWN),
        ([Reason.MINIMUM_ON, Reason.EXPENSIVE, Reason.LOWERED], WAITS),
        ([Reason.ABOVE_BREAK_EVEN, Reason.LOWERED], DEAR),
        ([Reason.LOWERED, Reason.MANUAL], OVER),
        ([Reason.CHEAP, Reason.MANUAL], PlanState.FOLLOWING),
        (BY_HAND, PlanState.MANUAL),
    ],
)
def test_the_most_important_reason_is_the_state(
    reasons: Sequence[Reason], state: PlanState
) -> None:
    """The reasons of several miners, which are the same as above where they can be."""
    miners = [
        replace(MOMENTS[reason].miner, id=str(number), left_alone=Why(reason))
        for number, reason in enumerate(reasons)
        if reason is not Reason.CHEAP
    ]
    if Reason.CHEAP in reasons:
        miners.append(ON)
    assert decide(NOW, BY_PRICE, Inputs(price=0.1), miners).state is state


def test_between_the_limits_a_miner_that_was_stopped_is_stopped_by_the_price() -> None:
    """What the price said last is why it does not mine."""
    stopped = replace(OFF, was_allowed=False)
    plan = decide(NOW, BY_PRICE, Inputs(price=0.14), [stopped])
    assert plan.state is PlanState.PRICE_TOO_HIGH
    running = replace(ON, was_allowed=True)
    plan = decide(NOW, BY_PRICE, Inputs(price=0.14), [running])
    assert plan.state is PlanState.FOLLOWING


def test_a_site_without_miners_has_nothing_to_do() -> None:
    """Whatever it follows."""
    plan = decide(NOW, BY_PRICE, Inputs(price=0.2), [])
    assert plan.state is PlanState.NOTHING_TO_DO
    assert plan.next_change is None


def test_an_unknown_budget_is_the_state_also_when_a_price_is_the_reason() -> None:
    """The miner says that it is too dear, the site says that an input is missing."""
    lost = Inputs(price=0.2, budget_unknown_since=LOST)
    plan = decide(NOW, BY_PRICE, lost, [ON])
    assert reasons_of(plan) == {Reason.EXPENSIVE}
    assert plan.state is UNKNOWN
