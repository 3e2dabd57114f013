"""The plan decides in each minute of a day as a second plan does, which shares no code with it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product
import sys
from typing import Final

import pytest

from custom_components.whatsminer.site.decision import Inputs, Reason
from custom_components.whatsminer.site.plan import decide
from custom_components.whatsminer.site.plan_options import Fallback, PlanOptions, StopBy

from . import BY_PRICE, MINUTE
from .days import MINUTES, Trouble, cheap_at, price_at, site_of, sunny
from .model import Facts, Model, Moment, Wants
from .world import World

BREAK_EVEN: Final = replace(BY_PRICE, use_break_even=True, break_even_margin=0.02)
CHEAP: Final = replace(BY_PRICE, cheap_entity="binary_sensor.cheap")
MANUAL: Final = timedelta(hours=4)


@dataclass
class Day:
    """A day, and what it came to."""

    options: PlanOptions
    budget: list[int | None] | None
    count: int
    kwh: float = 0.0
    cost: float = 0.0
    over: float = 0.0  # W over the budget, times seconds

    def run(self) -> World:
        """Go through the day with both plans, which have a world each."""
        mine, theirs = World(site_of(self.count)), World(site_of(self.count))
        model = Model(wants_of(self.options))
        for minute, (inputs, moment) in enumerate(self._minutes()):
            for world in (mine, theirs):
                self._trouble(world, minute)
            plan = decide(mine.clock, self.options, inputs, mine.seen())
            done = mine.carry_out(plan)
            wishes = model.minute(moment, [facts_of(theirs, m) for m in theirs.by_id])
            expected = theirs.command(wishes)
            assert done == expected, (minute, moment, plan.decisions)
            self._count(mine, moment)
            for world in (mine, theirs):
                world.advance(MINUTE)
        return mine

    def _minutes(self) -> Iterator[tuple[Inputs, Moment]]:
        """Yield what both know, each in its own way."""
        price_lost, budget_lost, was_set = 0, 0, False
        for minute in range(MINUTES):
            now = World([], timedelta(minutes=minute)).clock
            price = price_at(minute) if self.options.price_entity else None
            cheap = cheap_at(minute) if self.options.cheap_entity else None
            budget = self.budget[minute] if self.budget else None
            is_lost = cheap is None if self.options.cheap_entity else price is None
            price_lost = price_lost + 1 if is_lost else -1
            budget_lost = budget_lost + 1 if budget is None else -1
            was_set = was_set or budget is not None
            inputs = Inputs(
                price=price,
                price_per_kwh=price,
                cheap=cheap,
                price_unknown_since=now - price_lost * MINUTE if is_lost else None,
                budget=budget,
                budget_unknown_since=now - budget_lost * MINUTE
                if budget is None and was_set
                else None,
            )
            moment = Moment(
                price=price,
                cheap=cheap,
                price_lost=price_lost,
                budget=budget,
                budget_lost=budget_lost if was_set else None,
            )
            yield inputs, moment

    @staticmethod
    def _trouble(world: World, minute: int) -> None:
        trouble = Trouble(minute, world.machines)
        trouble.happen()
        for machine, on in trouble.hands:
            if machine.on is not on:
                world.switch(machine, on)
            machine.alone = Reason.MANUAL
            machine.alone_until = world.passed + MANUAL

    def _count(self, world: World, moment: Moment) -> None:
        kwh = world.watts / 60_000
        self.kwh += kwh
        self.cost += kwh * (moment["price"] or 0.0)
        if moment["budget"] is not None:
            self.over += max(world.watts - max(moment["budget"], 0), 0.0) * 60


def wants_of(options: PlanOptions) -> Wants:
    """Return options in the words of the model."""
    follows = "cheap" if options.cheap_entity else "price"
    return Wants(
        follows=follows if options.follows_price else "nothing",
        stop_above=options.stop_above,
        start_below=options.start_below,
        always_below=options.always_below,
        break_even=options.use_break_even,
        margin=options.break_even_margin,
        price_unknown=str(options.price_unknown),
        budget_unknown=str(options.budget_unknown),
        budget_zero=str(options.budget_zero),
        unknown_for=options.unknown_for // MINUTE,
        dead_band=round(options.dead_band),
        ramp=round(options.ramp),
        by_percent=options.stop_by is StopBy.PERCENT,
        lowest=options.lowest_percent,
        minimum_on=options.minimum_on // MINUTE,
        minimum_off=options.minimum_off // MINUTE,
    )


def facts_of(world: World, miner: str) -> Facts:
    """Return what the model knows of a miner."""
    machine = world.by_id[miner]
    since = [
        None if then is None else (world.passed - then) // MINUTE
        for then in (machine.switched, machine.raised)
    ]
    return Facts(
        id=miner,
        alone=machine.alone is not None,
        on=machine.on,
        tuned=machine.is_tuned(world.passed),
        takes_percent=machine.takes_percent,
        percent=machine.percent,
        lowered=machine.is_lowered,
        full=round(machine.full) if machine.power_is_known else None,
        draw=round(machine.draw(world.passed)),
        efficiency=machine.efficiency,
        break_even=machine.break_even,
        switched=since[0],
        raised=since[1],
    )


SITES: Final = {
    "price": (BY_PRICE, False),
    "price, limits swapped": (
        replace(BY_PRICE, stop_above=0.12, start_below=0.16),
        False,
    ),
    "break-even price": (BREAK_EVEN, False),
    "cheap now, mine if unknown": (
        replace(CHEAP, price_unknown=Fallback.MINE),
        False,
    ),
    "budget": (PlanOptions(), True),
    "budget, keep if unknown": (
        PlanOptions(budget_unknown=Fallback.KEEP, dead_band=500, ramp=7),
        True,
    ),
    "price, budget": (replace(BY_PRICE, price_unknown=Fallback.STOP), True),
    "price, budget, mine at zero": (
        replace(BY_PRICE, budget_zero=Fallback.MINE),
        True,
    ),
    "break-even price, budget, stop if unknown": (
        replace(BREAK_EVEN, budget_unknown=Fallback.STOP),
        True,
    ),
}


@pytest.mark.parametrize("stop_by", list(StopBy))
@pytest.mark.parametrize(
    ("name", "count"),
    [
        *product(SITES, (1, 3)),
        ("budget, keep if unknown", 12),
        ("price, budget", 12),
        ("break-even price, budget, stop if unknown", 50),
    ],
)
def test_both_plans_decide_the_same_in_each_minute(
    name: str, stop_by: StopBy, count: int
) -> None:
    """`pytest -s` shows what the day came to, in lines that begin with "day"."""
    options, has_budget = SITES[name]
    peak = sum(round(machine.full) for machine in site_of(count)) * 6 // 5
    day = Day(
        replace(options, stop_by=stop_by), sunny(peak) if has_budget else None, count
    )
    world = day.run()
    sys.stdout.write(
        f"\nday {name}, {count} by {stop_by}: {world.switches} switches,"
        f" {world.starts} starts, {world.percents} percents, {day.kwh:.0f} kWh at"
        f" {day.cost / (day.kwh or 1):.3f}, over {day.over / 3.6e6:.2f} kWh\n"
    )
    assert world.switches or world.percents
