"""What the price says about one miner."""

from dataclasses import replace
from datetime import datetime, timedelta
import math

import pytest

from custom_components.whatsminer.site.decision import Inputs, PlanMiner, Reason
from custom_components.whatsminer.site.plan_options import Fallback, PlanOptions
from custom_components.whatsminer.site.price_rule import Verdict, price_verdict

from . import BY_CHEAP, BY_PRICE, HOUR, MINUTE, NOW, ON, SECOND

UNLIMITED = PlanOptions(price_entity="sensor.price")
BREAK_EVEN = replace(BY_PRICE, use_break_even=True, break_even_margin=0.02)
WORTH = replace(ON, break_even_price=0.1)


def verdict(
    options: PlanOptions,
    price: float | None = None,
    *,
    was: bool | None = None,
    cheap: bool | None = None,
    per_kwh: float | None = None,
    since: datetime | None = None,
    miner: PlanMiner = ON,
) -> Verdict:
    """Return what the price says now about a miner."""
    inputs = Inputs(
        price=price, price_per_kwh=per_kwh, cheap=cheap, price_unknown_since=since
    )
    return price_verdict(NOW, options, inputs, replace(miner, was_allowed=was))


def test_without_a_price_everything_is_allowed() -> None:
    """Neither a price that is given all the same nor one that was too high counts."""
    said = verdict(PlanOptions(stop_above=0.1), 5.0, was=False)
    assert (said.allowed, said.why.reason) == (True, Reason.UNLIMITED)


@pytest.mark.parametrize(
    ("price", "allowed", "reason"),
    [
        (0.119, True, Reason.CHEAP),
        (0.12, True, Reason.CHEAP),
        (math.nextafter(0.12, 1), None, Reason.BETWEEN),
        (0.16, None, Reason.BETWEEN),
        (math.nextafter(0.16, 1), False, Reason.EXPENSIVE),
        (math.inf, False, Reason.EXPENSIVE),
        (math.nan, None, Reason.BETWEEN),
    ],
)
def test_a_miner_starts_at_or_below_one_limit_and_stops_above_the_other(
    price: float, allowed: bool | None, reason: Reason
) -> None:
    """A price that is equal to a limit starts, and does not stop."""
    said = verdict(BY_PRICE, price)
    assert (said.allowed, said.why.reason) == (allowed, reason)


@pytest.mark.parametrize("was", [True, False, None])
def test_between_the_limits_it_says_what_it_said_last(was: bool | None) -> None:
    """Nothing is said about a miner for which nothing has been said."""
    said = verdict(BY_PRICE, 0.14, was=was)
    assert said.allowed is was
    assert said.why.values == {"price": 0.14, "limit": 0.12, "upper_limit": 0.16}


def test_a_price_that_flaps_between_the_limits_changes_nothing() -> None:
    """It takes one at a limit, or beyond the other."""
    allowed, seen = None, []
    for price in (0.14, 0.121, 0.12, 0.15, 0.16, 0.121, 0.161, 0.16, 0.121, 0.12, 0.14):
        allowed = verdict(BY_PRICE, price, was=allowed).allowed
        seen.append(allowed)
    yes, no = [True], [False]
    assert seen == [None] * 2 + yes * 4 + no * 3 + yes * 2


@pytest.mark.parametrize("price", [0.1, 0.13, 0.14, 0.1601, 0.3])
def test_a_start_above_the_stop_is_no_start_above_the_stop(price: float) -> None:
    """With the two limits the wrong way round, "stop above" counts for both."""
    swapped = replace(BY_PRICE, stop_above=0.13, start_below=0.16)
    alone = replace(BY_PRICE, stop_above=0.13, start_below=None)
    assert verdict(swapped, price).allowed == verdict(alone, price).allowed
    assert verdict(swapped, price).allowed is (price <= 0.13)


@pytest.mark.parametrize("limit", ["stop_above", "start_below"])
@pytest.mark.parametrize(("price", "allowed"), [(0.2, True), (0.2001, False)])
def test_one_limit_alone_is_both(limit: str, price: float, allowed: bool) -> None:
    """There is nothing between."""
    options = replace(UNLIMITED, **{limit: 0.2})  # type: ignore[arg-type]  # a number for either
    assert verdict(options, price, was=not allowed).allowed is allowed


def test_without_a_limit_a_price_says_nothing() -> None:
    """It does not keep what it said while there was a limit."""
    said = verdict(UNLIMITED, 0.5, was=False)
    assert (said.allowed, said.why.reason) == (None, Reason.NO_LIMIT_SET)


@pytest.mark.parametrize("price", [-0.2, 0.0])
def test_at_or_below_the_price_that_is_always_cheap_there_is_mining(
    price: float,
) -> None:
    """Without another limit, too."""
    said = verdict(UNLIMITED, price, was=False)
    assert (said.allowed, said.why.reason) == (True, Reason.ALWAYS_CHEAP)
    assert said.why.values == {"price": price, "limit": 0.0}
    options = replace(BREAK_EVEN, stop_above=-1.0, start_below=-2.0)
    miner = replace(ON, break_even_price=-1.0)
    assert verdict(options, price, per_kwh=price, miner=miner).allowed is True


def test_what_is_always_cheap_counts_before_cheap_now() -> None:
    """Above it, "cheap now" counts, and the limits do not."""
    options = replace(
        BY_CHEAP, price_entity="sensor.price", always_below=0.05, stop_above=0.1
    )
    assert verdict(options, 0.05, cheap=False).why.reason is Reason.ALWAYS_CHEAP
    assert verdict(options, 0.05).why.reason is Reason.ALWAYS_CHEAP
    assert verdict(options, 0.051, cheap=False).why.reason is Reason.NOT_CHEAP_NOW
    assert verdict(options, 0.5, cheap=True).why.reason is Reason.CHEAP_NOW


@pytest.mark.parametrize(
    ("cheap", "reason"), [(True, Reason.CHEAP_NOW), (False, Reason.NOT_CHEAP_NOW)]
)
def test_cheap_now_counts_alone(cheap: bool, reason: Reason) -> None:
    """Its price may be unknown, and what it said last does not count."""
    for options in (BY_CHEAP, replace(BY_CHEAP, price_entity="sensor.price")):
        said = verdict(options, cheap=cheap, was=not cheap, since=NOW - HOUR)
        assert (said.allowed, said.why.reason) == (cheap, reason)


def test_a_cheap_now_that_is_unknown_is_not_replaced_by_the_limits() -> None:
    """It counts as unknown, whatever the price is."""
    options = replace(BY_PRICE, cheap_entity="binary_sensor.cheap")
    assert verdict(options, 0.1).why.reason is Reason.PRICE_UNKNOWN
    assert verdict(options, 0.9, was=True).allowed is True


@pytest.mark.parametrize(
    ("per_kwh", "allowed", "reason"),
    [
        (0.08, True, Reason.BELOW_BREAK_EVEN),
        (0.0801, None, Reason.BETWEEN_BREAK_EVEN),
        (0.1, None, Reason.BETWEEN_BREAK_EVEN),
        (0.1001, False, Reason.ABOVE_BREAK_EVEN),
    ],
)
def test_a_miner_stops_above_its_break_even_price_and_starts_a_margin_below(
    per_kwh: float, allowed: bool | None, reason: Reason
) -> None:
    """The price is compared per kWh; the one in the unit of the limits says the opposite here."""
    price = 0.5 if allowed else 0.01
    said = verdict(BREAK_EVEN, price, per_kwh=per_kwh, miner=WORTH)
    assert (said.allowed, said.why.reason) == (allowed, reason)
    for was in (True, False):
        last = verdict(BREAK_EVEN, price, per_kwh=per_kwh, miner=WORTH, was=was)
        assert last.allowed is (was if allowed is None else allowed)


def test_without_a_break_even_price_the_limits_count() -> None:
    """That is so for a miner without one, for a price without a unit, and if it is not wanted."""
    assert verdict(BREAK_EVEN, 0.2, per_kwh=0.01).why.reason is Reason.EXPENSIVE
    assert verdict(BREAK_EVEN, 0.1, per_kwh=0.9).why.reason is Reason.CHEAP
    assert verdict(BREAK_EVEN, 0.2, miner=WORTH).why.reason is Reason.EXPENSIVE
    not_wanted = verdict(BY_PRICE, 0.1, per_kwh=0.9, miner=WORTH)
    assert not_wanted.why.reason is Reason.CHEAP
    without = replace(BREAK_EVEN, stop_above=None, start_below=None)
    assert verdict(without, 0.2, per_kwh=0.2).why.reason is Reason.NO_BREAK_EVEN


@pytest.mark.parametrize("options", [BY_PRICE, BY_CHEAP, BREAK_EVEN])
@pytest.mark.parametrize("was", [True, False, None])
def test_an_unknown_price_changes_nothing_at_first(
    options: PlanOptions, was: bool | None
) -> None:
    """It says what it said last, and when that ends."""
    since = NOW - options.unknown_for + SECOND
    for fallback in Fallback:
        said = verdict(replace(options, price_unknown=fallback), was=was, since=since)
        assert (said.allowed, said.why.reason) == (was, Reason.PRICE_UNKNOWN)
        assert said.why.values == {"since": since}
        ends = None if fallback is Fallback.KEEP else NOW + SECOND
        assert said.until == ends


@pytest.mark.parametrize(
    ("fallback", "allowed", "reason"),
    [
        (Fallback.STOP, False, Reason.PRICE_UNKNOWN_STOP),
        (Fallback.MINE, True, Reason.PRICE_UNKNOWN_MINE),
    ],
)
def test_after_that_time_the_options_count(
    fallback: Fallback, allowed: bool, reason: Reason
) -> None:
    """From the first moment on that is not within it."""
    options = replace(BY_PRICE, price_unknown=fallback)
    said = verdict(options, was=not allowed, since=NOW - options.unknown_for)
    assert (said.allowed, said.why.reason, said.until) == (allowed, reason, None)
    at_once = replace(options, unknown_for=timedelta(0))
    assert verdict(at_once, was=not allowed).allowed is allowed


@pytest.mark.parametrize("was", [True, False, None])
def test_keep_keeps_for_ever(was: bool | None) -> None:
    """A day later, too."""
    assert verdict(BY_PRICE, was=was, since=NOW - 24 * HOUR).allowed is was


@pytest.mark.parametrize("since", [None, NOW + HOUR])
def test_what_is_unknown_since_the_future_is_unknown_since_now(
    since: datetime | None,
) -> None:
    """A clock that was set back makes no sentence about the future."""
    said = verdict(replace(BY_PRICE, price_unknown=Fallback.STOP), since=since)
    assert said.why.values == {"since": NOW}
    assert said.until == NOW + 15 * MINUTE


def test_the_order_of_the_rules_is_always_cheap_now_break_even_limits() -> None:
    """Each of them is asked only if those before it say nothing."""
    options = replace(BREAK_EVEN, cheap_entity="binary_sensor.cheap", always_below=0.01)
    by_rule = {
        Reason.ALWAYS_CHEAP: (options, 0.01),
        Reason.CHEAP_NOW: (options, 0.02),
        Reason.BELOW_BREAK_EVEN: (replace(options, cheap_entity=None), 0.02),
        Reason.CHEAP: (
            replace(options, cheap_entity=None, use_break_even=False),
            0.02,
        ),
    }
    seen = [
        verdict(given, price, cheap=True, per_kwh=price, miner=WORTH).why.reason
        for given, price in by_rule.values()
    ]
    assert seen == list(by_rule)
