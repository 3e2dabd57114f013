"""How a power budget is shared out."""

from dataclasses import replace
from datetime import datetime
import math

import pytest

from custom_components.whatsminer.site.budget_rule import (
    Budget,
    Claim,
    budget_now,
    percent_of,
    share_out,
)
from custom_components.whatsminer.site.decision import Inputs, Reason
from custom_components.whatsminer.site.plan_options import Fallback, PlanOptions

from . import BY_BUDGET, HOUR, MINUTE, NOW, ON, SECOND

FLOOR, FULL = 1500.0, 3000.0


def counted(
    watts: float | None = None, *, since: datetime | None = None, **options: Fallback
) -> Budget:
    """Return the budget that counts now."""
    changed = replace(BY_BUDGET, **options)  # type: ignore[arg-type]  # fallbacks only
    return budget_now(NOW, changed, Inputs(budget=watts, budget_unknown_since=since))


def reason_of(budget: Budget) -> Reason | None:
    """Return the reason of a budget, if it has one."""
    return budget.why.reason if budget.why else None


def runs(miner: str, *, stays: bool = False, least: float = FLOOR) -> Claim:
    """Return what a miner claims that mines."""
    return Claim(miner, on=True, stays=stays, least=least, most=FULL)


def starts(miner: str) -> Claim:
    """Return what a miner claims that is off."""
    return Claim(miner, on=False, stays=False, least=0.0, most=FULL)


def percent(
    share: float,
    *,
    at: float | None = 100,
    left: float = 0.0,
    raised: datetime | None = None,
    options: PlanOptions = BY_BUDGET,
    full: float = FULL,
) -> int:
    """Return the percent for a miner with a share, while others leave something."""
    miner = replace(ON, percent=at, raised_at=raised, full=full)
    return percent_of(NOW, options, miner, share, left)


# The budget that counts


def test_a_budget_that_was_never_set_is_none() -> None:
    """Nothing is limited and nothing is waited for, unless the options say "stop"."""
    for fallback in (Fallback.KEEP, Fallback.MINE):
        assert counted(budget_unknown=fallback) == Budget()
    stopped = counted(budget_unknown=Fallback.STOP)
    assert (stopped.watts, reason_of(stopped)) == (0.0, Reason.BUDGET_NOT_SET)


@pytest.mark.parametrize("watts", [1e-9, 3000.0, math.inf])
def test_a_budget_above_zero_counts_as_it_is(watts: float) -> None:
    """It needs no reason, also if it was unknown before."""
    assert counted(watts, since=NOW - HOUR) == Budget(watts)


@pytest.mark.parametrize("watts", [0.0, -0.0, -500.0, -math.inf])
def test_zero_or_less_is_nothing_or_no_limit(watts: float) -> None:
    """The options say which."""
    nothing, mine = counted(watts), counted(watts, budget_zero=Fallback.MINE)
    assert (nothing.watts, reason_of(nothing)) == (0.0, Reason.BUDGET_ZERO)
    assert (mine.watts, reason_of(mine)) == (None, Reason.BUDGET_ZERO_MINE)
    assert not nothing.frozen and not mine.frozen


@pytest.mark.parametrize("fallback", list(Fallback))
def test_a_budget_that_is_lost_changes_nothing_at_first(fallback: Fallback) -> None:
    """So it is with one that has expired, since when it has."""
    since = NOW - BY_BUDGET.unknown_for + SECOND
    budget = counted(since=since, budget_unknown=fallback)
    assert budget.frozen and reason_of(budget) is Reason.BUDGET_UNKNOWN
    assert budget.until == (None if fallback is Fallback.KEEP else NOW + SECOND)


@pytest.mark.parametrize(
    ("fallback", "watts", "reason"),
    [
        (Fallback.MINE, None, Reason.BUDGET_UNKNOWN_MINE),
        (Fallback.STOP, 0.0, Reason.BUDGET_UNKNOWN_STOP),
    ],
)
def test_after_that_time_the_options_count(
    fallback: Fallback, watts: float | None, reason: Reason
) -> None:
    """From the first moment on that is not within it."""
    since = NOW - BY_BUDGET.unknown_for
    budget = counted(since=since, budget_unknown=fallback)
    assert (budget.watts, budget.frozen) == (watts, False)
    assert budget.why and budget.why.values == {"since": since}
    assert reason_of(budget) is reason


def test_keep_keeps_for_ever() -> None:
    """A day later, too."""
    assert counted(since=NOW - 24 * HOUR, budget_unknown=Fallback.KEEP).frozen


def test_what_is_lost_since_the_future_is_lost_since_now() -> None:
    """A clock that was set back makes no sentence about the future."""
    budget = counted(since=NOW + HOUR)
    assert budget.why and budget.why.values == {"since": NOW}
    assert budget.until == NOW + 15 * MINUTE


# The shares


@pytest.mark.parametrize(
    ("watts", "shares", "left"),
    [
        (7000, {"a": 3000, "b": 3000}, 1000),
        (6000, {"a": 3000, "b": 3000}, 0),
        (5000, {"a": 3000, "b": 2000}, 0),
        (4500, {"a": 3000, "b": 1500}, 0),
        (4499, {"a": 3000}, 1499),
        (3000, {"a": 3000}, 0),
        (1500, {"a": 1500}, 0),
        (1499, {}, 1499),
        (0, {}, 0),
        (-5, {}, -5),
    ],
)
def test_the_last_goes_down_to_its_least_and_then_off(
    watts: float, shares: dict[str, float], left: float
) -> None:
    """The first gets all that it can take before the last gets anything."""
    assert share_out(watts, [runs("a"), runs("b")], 150) == (shares, left)


def test_what_is_too_little_for_one_is_offered_to_the_next() -> None:
    """A smaller miner behind it may still mine."""
    claims = [runs("a"), runs("b"), runs("c", least=400)]
    assert share_out(4000, claims, 150) == ({"a": 3000, "c": 1000}, 0)


def test_what_cannot_be_switched_off_gets_its_least_before_all_others() -> None:
    """The others go down for it, and it gets the rest in its turn."""
    claims = [runs("a"), runs("b", stays=True)]
    assert share_out(4000, claims, 150) == ({"a": 2500, "b": 1500}, 0)
    assert share_out(5000, claims, 150) == ({"a": 3000, "b": 2000}, 0)
    assert share_out(2999, claims, 150) == ({"b": 2999}, 0)
    assert share_out(1000, claims, 150) == ({"b": 1500}, -500)
    both = [runs("a", stays=True), runs("b", stays=True)]
    assert share_out(2000, both, 150) == ({"a": 1500, "b": 1500}, -1000)


@pytest.mark.parametrize(("watts", "is_on"), [(6150, True), (6149.9, False)])
def test_a_start_needs_full_power_and_the_dead_band(watts: float, is_on: bool) -> None:
    """The start itself takes full power only."""
    shares, left = share_out(watts, [runs("a"), starts("b")], 150)
    assert ("b" in shares) is is_on
    assert left == pytest.approx(watts - sum(shares.values()))


def test_a_better_miner_that_is_off_starts_in_place_of_a_worse_one() -> None:
    """It needs as much as any start."""
    claims = [starts("a"), runs("b")]
    assert share_out(3150, claims, 150) == ({"a": 3000}, 150)
    assert share_out(3149, claims, 150) == ({"b": 3000}, 149)


def test_where_nothing_is_left_nothing_mines() -> None:
    """A miner that takes nothing now, because it does not hash, may take more at any moment."""
    assert share_out(0, [runs("a", least=0.0)], 150) == ({}, 0)


def test_tiny_remainders_of_sums_switch_nothing_off() -> None:
    """0.1 + 0.2 is not 0.3."""
    claims = [Claim(each, True, False, 0.1, 0.1) for each in "abc"]
    assert set(share_out(0.1 + 0.1 + 0.1, claims, 0)[0]) == set("abc")
    assert set(share_out(0.3, claims, 0)[0]) == set("abc")


# The percent


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (3000.0, 100),
        (2999.0, 97),  # 2924 W
        (2400.0, 77),  # 2325 W
        (1600.0, 50),  # 1525 W
        (1500.0, 50),  # never below the lowest
    ],
)
def test_too_much_is_lowered_at_once_to_half_a_dead_band_below(
    share: float, expected: int
) -> None:
    """A percent is a whole number, and is rounded down."""
    assert percent(share) == expected
    assert percent(share, raised=NOW) == expected


@pytest.mark.parametrize(
    ("share", "expected"), [(2250.0, 75), (2399.9, 75), (2400.0, 77), (2249.9, 72)]
)
def test_within_the_dead_band_a_percent_stays(share: float, expected: int) -> None:
    """At 75 percent the miner takes 2250 W."""
    assert percent(share, at=75) == expected


@pytest.mark.parametrize(
    ("at", "share", "expected"), [(50, 3000, 70), (80, 3000, 100), (50, 2000, 64)]
)
def test_it_goes_up_by_the_ramp(at: float, share: float, expected: int) -> None:
    """Never further than to what it may take."""
    assert percent(share, at=at) == expected


def test_it_goes_up_once_a_minute() -> None:
    """If the clock was set back since, it does not wait for the clock."""
    assert percent(FULL, at=50, raised=NOW - MINUTE + SECOND) == 50
    assert percent(FULL, at=50, raised=NOW - MINUTE) == 70
    assert percent(FULL, at=50, raised=NOW) == 50
    assert percent(FULL, at=50, raised=NOW + SECOND) == 70


@pytest.mark.parametrize(("left", "expected"), [(149.0, 98), (150.0, 100)])
def test_the_last_percents_need_a_dead_band_that_is_left(
    left: float, expected: int
) -> None:
    """98 percent are 60 W below full power, which is less than the dead band."""
    assert percent(FULL, at=98, left=left) == expected
    assert percent(FULL, left=left) == 100


def test_without_a_dead_band_the_share_is_used_whole() -> None:
    """Up to a percent."""
    options = replace(BY_BUDGET, dead_band=0.0)
    assert percent(2250.0, options=options) == 75
    assert percent(3016.0, full=5200.0, options=options) == 58  # not 57.99
    assert percent(2279.0, at=75, options=options) == 75
    assert percent(2280.0, at=75, options=options) == 76


def test_a_percent_that_is_unknown_counts_as_full_power() -> None:
    """So it is lowered rather than left."""
    assert percent(2400.0, at=None) == 77
    assert percent(FULL, at=None) == 100


def test_a_percent_below_the_lowest_goes_up_to_what_it_may_be() -> None:
    """Such as one that a person has set."""
    assert percent(FLOOR, at=30) == 50
    assert percent(FULL, at=10) == 30


@pytest.mark.parametrize("full", [0.0, 1e-9, 1e12])
def test_a_miner_with_an_absurd_power_has_a_percent_all_the_same(full: float) -> None:
    """It is between the lowest and 100."""
    for share in (0.0, full / 2, full):
        assert 50 <= percent(share, full=full) <= 100


def test_the_whole_way_up_and_down_keeps_within_the_share() -> None:
    """Each step is above the last; the way down is one step."""
    at, seen = 50.0, []
    raised = None
    for minute in range(6):
        now = NOW + minute * MINUTE
        miner = replace(ON, percent=at, raised_at=raised)
        new = percent_of(now, BY_BUDGET, miner, 2900.0, 0.0)
        raised = now if new > at else raised
        at = float(new)
        seen.append(new)
    assert seen == [70, 90, 94, 94, 94, 94]
    assert percent(1700.0, at=at) == 54
