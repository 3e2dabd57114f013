"""The options of a plan, as a site stores them."""

from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest

from custom_components.whatsminer.site.plan_options import (
    DEFAULTS,
    Fallback,
    PlanOptions,
    StopBy,
)

STORED: dict[str, Any] = {
    "price_entity": "sensor.price",
    "cheap_entity": "binary_sensor.cheap",
    "stop_above": 0.2,
    "start_below": 0.1,
    "always_below": -0.1,
    "use_break_even": True,
    "break_even_margin": 0.03,
    "price_unknown": "mine",
    "minutes_unknown": 7,
    "budget_unknown": "stop",
    "budget_zero": "mine",
    "budget_expires": 9,
    "dead_band": 300,
    "ramp": 5,
    "stop_by": "percent",
    "lowest_percent": 40.0,
    "minutes_on": 11,
    "minutes_off": 12,
    "manual_hours": 2,
}


def test_options_that_nobody_has_set_are_the_defaults() -> None:
    """Those that are stored and those of the class are the same."""
    assert PlanOptions.of({}) == PlanOptions() == PlanOptions.of(DEFAULTS)


def test_each_stored_option_is_read() -> None:
    """Each is another one than by default."""
    read = PlanOptions.of(STORED)
    assert read == PlanOptions(
        price_entity="sensor.price",
        cheap_entity="binary_sensor.cheap",
        stop_above=0.2,
        start_below=0.1,
        always_below=-0.1,
        use_break_even=True,
        break_even_margin=0.03,
        price_unknown=Fallback.MINE,
        unknown_for=timedelta(minutes=7),
        budget_unknown=Fallback.STOP,
        budget_zero=Fallback.MINE,
        budget_expires=timedelta(minutes=9),
        dead_band=300,
        ramp=5,
        stop_by=StopBy.PERCENT,
        lowest_percent=40,
        minimum_on=timedelta(minutes=11),
        minimum_off=timedelta(minutes=12),
        manual_for=timedelta(hours=2),
    )
    default = PlanOptions()
    for each in fields(PlanOptions):
        assert getattr(read, each.name) != getattr(default, each.name), each.name


def test_options_of_something_else_are_ignored() -> None:
    """A site stores its miners and its hash price beside them."""
    assert PlanOptions.of({"all_miners": True, "hash_price": 0.05}) == PlanOptions()


@pytest.mark.parametrize(
    ("stored", "follows"),
    [
        ({}, False),
        ({"price_entity": ""}, False),
        ({"price_entity": "sensor.price"}, True),
        ({"cheap_entity": "binary_sensor.cheap"}, True),
        ({"stop_above": 0.2}, False),
    ],
)
def test_a_plan_follows_a_price_if_it_has_an_entity(
    stored: dict[str, Any], follows: bool
) -> None:
    """Limits without a price are none."""
    assert PlanOptions.of(stored).follows_price is follows


@pytest.mark.parametrize("key", ["price_unknown", "budget_zero", "stop_by"])
def test_a_word_that_does_not_exist_is_refused(key: str) -> None:
    """Nobody gets a plan that they have not chosen."""
    with pytest.raises(ValueError, match="wait"):
        PlanOptions.of({key: "wait"})
