"""The day of history that the demo begins with; tests/e2e reads it through Home Assistant."""

from itertools import pairwise
from typing import Any

import pytest

from demo_instance import history
from demo_instance.database import Series
from demo_instance.miners import AIR, HYDRO, OLD, PLANS, Plan
from demo_instance.past import SECONDS, Moment, live
from simulator import SimulatedMiner

# 2026-11-01 12:20 UTC, so that the hours of the price are not those of the day behind the miner.
_END = 1_793_535_600.0


def lived(plan: Plan) -> list[Moment]:
    """Return the day that a miner of the demo has behind it."""
    return live(
        SimulatedMiner(
            generation=plan.generation,
            model=plan.model,
            api=plan.api if plan.speaks_v3 else "3.0.5",
            start=_END - SECONDS,
        ),
        repeats=plan is OLD,
    )


def numbers(series: Series) -> list[float]:
    """Return the states as numbers, 0 for unknown."""
    return [0.0 if state == "unknown" else float(state) for _, state in series]


def test_a_miner_was_off_in_the_dear_hours_and_mines_at_the_end() -> None:
    day = lived(AIR)
    assert {moment.mining for moment in day if moment.price > 0.16} == {False}
    assert {moment.mining for moment in day if moment.price <= 0.12} == {True}
    assert day[-1].reading.at == _END
    assert day[-1].reading.tuned
    changes = sum(one.mining is not other.mining for one, other in pairwise(day))
    assert changes == 4


def test_the_price_changes_on_the_hour() -> None:
    day = lived(AIR)
    changed = [b.reading.at for a, b in pairwise(day) if a.price != b.price]
    assert len(changed) > 20
    assert {at % 3600 for at in changed} == {0}


def test_the_same_day_is_the_same_again() -> None:
    assert lived(HYDRO) == lived(HYDRO)


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.model)
def test_energy_fits_the_power(plan: Plan) -> None:
    day = lived(plan)
    energy = history.of_miner(day)["sensor.energy"]
    assert numbers(energy) == sorted(numbers(energy))
    full = max(moment.reading.power for moment in day) / 1000
    hours = sum(
        (other.reading.at - one.reading.at) / 3600
        for one, other in pairwise(day)
        if one.mining and other.mining
    )
    # A start takes a quarter of an hour, in which power grows.
    assert numbers(energy)[-1] == pytest.approx(full * hours, rel=0.05)


def test_a_miner_that_is_off_shows_what_the_integration_shows() -> None:
    shown = history.of_miner(lived(AIR))
    off = [at for at, state in shown["sensor.status"] if state == "off"]

    def states(key: str) -> set[Any]:
        return {state for at, state in shown[key] if at in off}

    assert states("switch.mining") == {"off"}
    assert set(map(float, states("sensor.hash_rate"))) == {0.0}
    assert states("sensor.efficiency") == {"unknown"}
    assert states("sensor.tuning_progress") == {"unknown"}
    assert max(map(float, states("sensor.power"))) < 20


def test_the_power_of_a_miner_is_unknown_that_repeats_the_last_one_while_it_is_off() -> (
    None
):
    shown = history.of_miner(lived(OLD))
    assert {
        status
        for (_, power), (_, status) in zip(
            shown["sensor.power"], shown["sensor.status"], strict=True
        )
        if power == "unknown"
    } == {"off"}


def test_activity_says_why_miners_were_switched() -> None:
    day = lived(AIR)
    texts = [
        event.data["text"]
        for event in history.activity(day, ["Garage miner", "Shed"], "sensor.plan")
    ]
    assert texts == [
        "Garage miner, Shed off: 0.19 is above 0.16 EUR/kWh",
        "Garage miner, Shed on: 0.12 is at or below 0.12 EUR/kWh",
        "Garage miner, Shed off: 0.18 is above 0.16 EUR/kWh",
        "Garage miner, Shed on: 0.11 is at or below 0.12 EUR/kWh",
    ]


def test_a_site_shows_the_sum_of_its_miners() -> None:
    days = [lived(plan) for plan in PLANS]
    site = history.of_site(days)
    for key in ("sensor.power", "sensor.hash_rate", "sensor.energy"):
        each = [numbers(history.of_miner(day)[key]) for day in days]
        sums = [sum(together) for together in zip(*each, strict=True)]
        assert numbers(site[key]) == pytest.approx(sums, abs=2)
    assert {state for _, state in site["sensor.plan"]} == {
        "following",
        "price_too_high",
    }
