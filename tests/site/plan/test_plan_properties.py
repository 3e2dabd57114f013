"""What holds for any plan, whatever its options are and whatever happens to its miners."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import timedelta
import math

from hypothesis import given, settings, strategies as st

from custom_components.whatsminer.site.decision import (
    Decision,
    Inputs,
    Plan,
    PlanMiner,
    Reason,
    Why,
)
from custom_components.whatsminer.site.plan import decide
from custom_components.whatsminer.site.plan_options import Fallback, PlanOptions, StopBy

from . import HOUR, MINUTE, NOW, SECOND
from .world import Machine, World

EXAMPLES = settings(max_examples=150, deadline=None, derandomize=True)
EXCUSES = {
    Reason.MINIMUM_ON,
    Reason.TUNING,
    Reason.NO_PERCENT,
    Reason.POWER_UNKNOWN,
}
ANYTHING = st.floats(allow_nan=True, allow_infinity=True)
PRICES = st.one_of(
    st.none(),
    st.sampled_from([-0.1, 0.0, 0.1, 0.12, 0.14, 0.16, 0.2]),
    st.floats(allow_nan=False, allow_infinity=False),
)
BUDGETS = st.one_of(
    st.none(),
    st.floats(0, 12_000),
    st.integers(0, 12).map(lambda each: each * 1000.0),
    st.floats(allow_nan=False, allow_infinity=False),
)
MINUTES = st.sampled_from([0, 1, 15, 30, 90]).map(lambda each: each * MINUTE)
OPTIONS = st.builds(
    PlanOptions,
    price_entity=st.sampled_from([None, "sensor.price"]),
    cheap_entity=st.sampled_from([None, None, "binary_sensor.cheap"]),
    stop_above=st.sampled_from([None, 0.16, 0.1]),
    start_below=st.sampled_from([None, 0.12]),
    always_below=st.sampled_from([0.0, 0.1, -1e9]),
    use_break_even=st.booleans(),
    break_even_margin=st.sampled_from([0.0, 0.02]),
    price_unknown=st.sampled_from(Fallback),
    unknown_for=MINUTES,
    budget_unknown=st.sampled_from(Fallback),
    budget_zero=st.sampled_from(Fallback),
    dead_band=st.sampled_from([0.0, 150.0, 1000.0]),
    ramp=st.sampled_from([1.0, 20.0, 100.0]),
    stop_by=st.sampled_from(StopBy),
    lowest_percent=st.sampled_from([10, 50, 99]),
    minimum_on=MINUTES,
    minimum_off=MINUTES,
)
MACHINES = st.lists(
    st.builds(
        Machine,
        id=st.sampled_from("abcdef"),
        full=st.one_of(st.sampled_from([1000.0, 3000.0, 3333.3]), st.floats(1, 9000)),
        efficiency=st.sampled_from([None, -1.0, 0.0, 18.0, 25.0, math.nan, math.inf]),
        takes_percent=st.sampled_from([True, True, False]),
        tuning=st.integers(0, 30).map(lambda each: each * MINUTE),
        power_is_known=st.sampled_from([True, True, True, False]),
        break_even=st.sampled_from([None, 0.08, 0.15]),
        on=st.booleans(),
        percent=st.sampled_from([100, 100, 70, 20]),
        alone=st.sampled_from([None, None, None, Reason.MANUAL]),
        alone_until=st.integers(1, 300).map(lambda each: each * MINUTE),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda machine: machine.id,
)


@dataclass
class Site:
    """A site that follows its plan, and is watched."""

    options: PlanOptions
    world: World
    inputs: Inputs = field(default_factory=Inputs)

    def follow(self) -> None:
        """Decide, check the plan, carry it out, and check what came of it."""
        seen = self.world.seen()
        plan = decide(self.world.clock, self.options, self.inputs, seen)
        backwards = decide(self.world.clock, self.options, self.inputs, seen[::-1])
        assert backwards == plan
        self.check_wishes(plan)
        before = deepcopy(self.world.by_id)
        self.world.carry_out(plan)
        self.check_minimum_times(before)
        self.check_price(plan)
        self.check_budget(plan)
        again = decide(self.world.clock, self.options, self.inputs, self.world.seen())
        assert self.world.carry_out(again) == {}, (plan, again)

    def check_wishes(self, plan: Plan) -> None:
        """Each miner has a reason; one that is left alone is told nothing."""
        assert sorted(each.miner for each in plan.decisions) == sorted(self.world.by_id)
        for each in plan.decisions:
            assert each.why.reason in Reason
            assert each.percent is None or (each.on and 1 <= each.percent <= 100)
            if self.world.by_id[each.miner].alone:
                assert (each.on, each.percent, each.waiting) == (None, None, None)
        assert plan.next_change is None or plan.next_change > self.world.clock

    def check_minimum_times(self, before: dict[str, Machine]) -> None:
        """No miner is switched within its minimum time, in time that really passes."""
        for machine in self.world.machines:
            old = before[machine.id]
            if machine.on is not old.on and old.switched is not None:
                least = self.options.minimum_on if old.on else self.options.minimum_off
                assert self.world.passed - old.switched >= least

    def check_price(self, plan: Plan) -> None:
        """What the price forbids is off or at its least; what nothing forbids mines."""
        known = (self.inputs.budget, self.inputs.budget_unknown_since)
        is_free = (
            known == (None, None) and self.options.budget_unknown is not Fallback.STOP
        )
        by_percent = self.options.stop_by is StopBy.PERCENT
        for each in plan.decisions:
            machine = self.world.by_id[each.miner]
            if machine.alone or each.waiting:
                continue
            if each.allowed is False and machine.on:
                assert by_percent and machine.percent == self.options.lowest_percent
            if each.allowed and is_free and self.options.follows_price:
                assert machine.on or by_percent

    def check_budget(self, plan: Plan) -> None:
        """While they may take more than the budget, nothing mines that could take less."""
        budget = self.inputs.budget
        if budget is None or (
            budget <= 0 and self.options.budget_zero is Fallback.MINE
        ):
            return
        if self.world.watts <= max(budget, 0.0) + 1e-5:
            return
        for each in plan.decisions:
            machine = self.world.by_id[each.miner]
            assert machine.alone or not machine.on or self._is_at_least(each), plan

    def _is_at_least(self, decision: Decision) -> bool:
        """Return whether a miner takes the least that it can, and has an excuse."""
        machine, lowest = self.world.by_id[decision.miner], self.options.lowest_percent
        excuses = {decision.why.reason, decision.waiting and decision.waiting.reason}
        if Reason.POWER_UNKNOWN in excuses:
            return True
        is_tuned = machine.is_tuned(self.world.passed)
        if machine.takes_percent and is_tuned and machine.percent > lowest:
            return not machine.power_is_known  # and is waited for
        return bool(excuses & EXCUSES) or self.options.stop_by is StopBy.PERCENT

    def set(self, **inputs: float | bool | None) -> None:
        """Change what the plan follows, and note since when something is unknown."""
        new = replace(self.inputs, **inputs)  # type: ignore[arg-type]  # prices, budget, cheap
        cheap_counts = self.options.cheap_entity is not None
        is_lost = new.cheap is None if cheap_counts else new.price is None
        self.inputs = replace(
            new,
            price_per_kwh=new.price,
            price_unknown_since=(self.inputs.price_unknown_since or self.world.clock)
            if is_lost
            else None,
            budget_unknown_since=(
                self.inputs.budget_unknown_since
                or (None if self.inputs.budget is None else self.world.clock)
            )
            if new.budget is None
            else None,
        )


type Action = Callable[[Site], None]


def _wait(by: timedelta) -> Action:
    return lambda site: site.world.advance(by)


def _set_back(site: Site) -> None:
    site.world.set_back += HOUR


def _hand(number: int) -> Action:
    """Let a person switch a miner, which is left alone for an hour then."""

    def act(site: Site) -> None:
        machine = site.world.machines[number % len(site.world.machines)]
        site.world.switch(machine, not machine.on)
        machine.alone = Reason.MANUAL
        machine.alone_until = site.world.passed + HOUR

    return act


ACTIONS = st.lists(
    st.one_of(
        st.integers(1, 60).map(lambda each: _wait(each * SECOND)),
        st.integers(1, 40).map(lambda each: _wait(each * MINUTE)),
        PRICES.map(lambda price: lambda site: site.set(price=price)),
        BUDGETS.map(lambda budget: lambda site: site.set(budget=budget)),
        st.sampled_from([True, False, None]).map(
            lambda cheap: lambda site: site.set(cheap=cheap)
        ),
        st.just(_set_back),
        st.integers(0, 4).map(_hand),
    ),
    max_size=15,
)


@given(options=OPTIONS, machines=MACHINES, actions=ACTIONS)
@EXAMPLES
def test_a_plan_holds_its_promises_and_settles(
    options: PlanOptions, machines: list[Machine], actions: Sequence[Action]
) -> None:
    """The same inputs for some hours end in a state in which nothing is commanded any more."""
    site = Site(options, World([replace(machine) for machine in machines]))
    site.set()
    site.follow()
    for action in actions:
        action(site)
        site.follow()
    for _ in range(
        100
    ):  # the longest time of all is a clock that was set back 15 hours
        site.world.advance(10 * MINUTE)
        site.follow()
    before = (site.world.switches, site.world.percents)
    for _ in range(20):
        site.world.advance(7 * MINUTE)
        site.follow()
    assert (site.world.switches, site.world.percents) == before


@given(
    options=OPTIONS,
    price=ANYTHING,
    per_kwh=ANYTHING,
    budget=ANYTHING,
    seen=st.lists(
        st.builds(
            PlanMiner,
            id=st.sampled_from("abcdef"),
            left_alone=st.sampled_from([None, None, Why(Reason.MANUAL)]),
            on=st.booleans(),
            tuned=st.booleans(),
            percent=st.floats(0, 120),
            full=st.one_of(st.none(), st.floats(0, 1e300)),
            draw=st.floats(0, 1e300),
            efficiency=ANYTHING,
            break_even_price=ANYTHING,
            switched_at=st.sampled_from([None, NOW - HOUR, NOW, NOW + HOUR]),
            raised_at=st.sampled_from([None, NOW - HOUR, NOW, NOW + HOUR]),
            was_allowed=st.sampled_from([None, True, False]),
        ),
        max_size=4,
    ),
)
@EXAMPLES
def test_no_number_is_too_absurd_for_a_plan(
    options: PlanOptions,
    price: float,
    per_kwh: float,
    budget: float,
    seen: list[PlanMiner],
) -> None:
    """Each miner has a decision, and a percent is one."""
    inputs = Inputs(price=price, price_per_kwh=per_kwh, budget=budget)
    plan = decide(NOW, options, inputs, seen)
    assert len(plan.decisions) == len(seen)
    for decision in plan.decisions:
        assert decision.percent is None or 0 <= decision.percent <= 120
