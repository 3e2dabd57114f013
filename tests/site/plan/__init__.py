"""Tests of the pure plan of a site: no Home Assistant, no miners, and no clock but `NOW`."""

from datetime import UTC, datetime, timedelta
from typing import Final

from custom_components.whatsminer.site.decision import (
    Decision,
    Inputs,
    Plan,
    PlanMiner,
    Reason,
)
from custom_components.whatsminer.site.plan import decide
from custom_components.whatsminer.site.plan_options import PlanOptions

NOW: Final = datetime(2026, 11, 1, 12, tzinfo=UTC)
SECOND: Final = timedelta(seconds=1)
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)

# Stops above 0.16, starts at or below 0.12.
BY_PRICE: Final = PlanOptions(
    price_entity="sensor.price", stop_above=0.16, start_below=0.12
)
BY_CHEAP: Final = PlanOptions(cheap_entity="binary_sensor.cheap")
BY_BUDGET: Final = PlanOptions(dead_band=150.0, ramp=20.0)
ON: Final = PlanMiner(
    id="a", on=True, tuned=True, percent=100, full=3000.0, draw=3000.0, efficiency=25.0
)
OFF: Final = PlanMiner(id="a", on=False, full=3000.0, draw=0.0, efficiency=25.0)
NEW: Final = PlanMiner(id="a", on=True, full=3000.0, draw=3000.0, efficiency=25.0)


def decided(
    options: PlanOptions, inputs: Inputs, *miners: PlanMiner, now: datetime = NOW
) -> dict[str, Decision]:
    """Return the decisions by the ids of the miners."""
    plan = decide(now, options, inputs, miners)
    return {decision.miner: decision for decision in plan.decisions}


def one(
    options: PlanOptions, inputs: Inputs, miner: PlanMiner, now: datetime = NOW
) -> Decision:
    """Return the decision about the only miner of a site."""
    return decided(options, inputs, miner, now=now)[miner.id]


def reasons_of(plan: Plan) -> set[Reason]:
    """Return the reasons that a plan gives, and what it waits for."""
    return {
        why.reason
        for decision in plan.decisions
        for why in (decision.why, decision.waiting)
        if why
    }
