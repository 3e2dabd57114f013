"""The readings of a site equal sums that are computed here in another way."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import combinations_with_replacement
import math
from typing import Final

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.whatsminer.site.totals import Member, Sum, Totals, totals_of

# No reading is larger, see `decode.py`.
HUGE: Final = 9e17
_HASHES: Final = Member(
    name="mining",
    reachable=True,
    mining=True,
    running=True,
    problem=False,
    hash_rate=112.5,
    power=3400.0,
)
_PRICED: Final = replace(
    _HASHES, name="mining, priced", ordinary_power=3350.0, break_even_price=0.07
)
_OFF: Final = Member(
    name="off",
    reachable=True,
    mining=False,
    running=False,
    problem=False,
    hash_rate=0.0,
    power=15.0,
)
STATES: Final = (
    Member(name="is being set up"),
    Member(name="offline", reachable=False),
    Member(
        name="offline, priced",
        reachable=False,
        ordinary_power=3000.0,
        break_even_price=0.05,
    ),
    _OFF,
    replace(_OFF, name="off, priced", ordinary_power=3100.0, break_even_price=0.06),
    replace(_OFF, name="off, takes nothing", power=0.0),
    replace(_OFF, name="starts", mining=True, power=None),
    _HASHES,
    _PRICED,
    replace(_HASHES, name="tunes", hash_rate=40.0, power=3900.0),
    replace(_HASHES, name="has a problem", problem=True, hash_rate=75.0),
    replace(_HASHES, name="has unknown faults", problem=None),
    replace(_HASHES, name="has no power", power=0.0),
    replace(_HASHES, name="does not report power", power=None),
    replace(_HASHES, name="is stale", running=None, hash_rate=None, power=None),
    replace(_HASHES, name="may be on", mining=None),
    replace(_HASHES, name="is huge", hash_rate=HUGE, power=HUGE),
    replace(_HASHES, name="takes less than nothing", power=-500.0),
    replace(_PRICED, name="has no ordinary power", ordinary_power=None),
    replace(_PRICED, name="earns nothing", break_even_price=0.0),
    replace(_PRICED, name="is the least efficient", break_even_price=0.01),
)


def exact(values: Sequence[float | None]) -> Fraction:
    """Return the sum of what is known without any rounding."""
    total = Fraction(0)
    for value in values:
        if value is not None:
            total += Fraction(value)
    return total


def check_sum(found: Sum, values: Sequence[float | None]) -> None:
    """Check a sum over the miners that report the reading."""
    reported = len(values) - values.count(None)
    assert found.miners == reported
    if reported == 0:
        assert found.value is None
    else:
        check_near(
            found.value, exact(values), among=exact([abs(v or 0) for v in values])
        )


def check_near(found: float | None, expected: Fraction, *, among: Fraction) -> None:
    """Check a number, which may be off by as much as rounding makes it among such numbers."""
    assert found is not None
    assert math.isfinite(found)
    assert abs(Fraction(found) - expected) <= among / 10**12


def check_efficiency(totals: Totals, members: Sequence[Member]) -> None:
    """Check J/TH of those that report both, together."""
    power, rate, gross = Fraction(0), Fraction(0), Fraction(0)
    for member in members:
        if None not in (member.power, member.hash_rate):
            power += exact([member.power])
            gross += abs(exact([member.power]))
            rate += exact([member.hash_rate])
    if rate == 0:
        assert totals.efficiency is None
    else:
        check_near(totals.efficiency, power / rate, among=gross / rate)


def check_prices(totals: Totals, members: Sequence[Member]) -> None:
    """Check the price of all together, and the lowest one."""
    earned, power, prices = Fraction(0), Fraction(0), []
    for member in members:
        if member.break_even_price is None or member.break_even_price == 0:
            continue
        prices.append(member.break_even_price)
        if member.ordinary_power is not None:
            power += Fraction(member.ordinary_power)
            earned += Fraction(member.ordinary_power) * Fraction(
                member.break_even_price
            )
    if power == 0:
        assert totals.break_even_price is None
    else:
        check_near(totals.break_even_price, earned / power, among=earned / power)
    least = totals.least_efficient
    if not prices:
        assert least is None
    else:
        assert least is not None
        assert least in members
        assert least.break_even_price == min(prices)


def check_names(totals: Totals, members: Sequence[Member], *, held: bool) -> None:
    """Check the lists, in which a name stands once for each miner that has it."""
    running, offline, with_problem, not_off = [], [], [], []
    for member in members:
        if member.hash_rate is not None and member.hash_rate > 0:
            running.append(member.name)
        if member.reachable is not None and not member.reachable:
            offline.append(member.name)
        if member.problem is not None and member.problem:
            with_problem.append(member.name)
        if held and (member.mining is None or member.mining):
            not_off.append(member.name)
    for found, expected in (
        (totals.running, running),
        (totals.offline, offline),
        (totals.with_problem, with_problem),
        (totals.not_off or [], not_off),
    ):
        expected.sort()
        assert list(found) == expected
    assert (totals.not_off is None) is not held


def check_problem(totals: Totals, members: Sequence[Member]) -> None:
    """Check that one problem is enough, and that what is not known is not said."""
    said = [member.problem for member in members if member.problem is not None]
    if not said:
        assert totals.problem is None
    else:
        assert totals.problem is (said.count(True) > 0)


def check(members: Sequence[Member], *, held: bool) -> None:
    """Check all readings of a site."""
    totals = totals_of(members, held=held)
    assert totals.miners == len(members)
    check_sum(totals.hash_rate, [member.hash_rate for member in members])
    check_sum(totals.power, [member.power for member in members])
    check_efficiency(totals, members)
    check_prices(totals, members)
    check_names(totals, members, held=held)
    check_problem(totals, members)


@pytest.mark.parametrize("held", [False, True], ids=["released", "held"])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_sums_are_right_in_every_combination_of_states(
    size: int, held: bool
) -> None:
    for members in combinations_with_replacement(STATES, size):
        check(members, held=held)


@pytest.mark.parametrize("held", [False, True], ids=["released", "held"])
def test_the_sums_of_many_miners_in_all_states_are_right(held: bool) -> None:
    members = [
        replace(state, name=f"{state.name} {number % 7}")
        for number, state in enumerate(STATES * 10)
    ]

    check(members, held=held)


def test_an_empty_site_knows_nothing() -> None:
    check([], held=False)
    totals = totals_of([], held=True)
    assert totals.hash_rate == totals.power == Sum(None, 0)
    assert totals.problem is totals.efficiency is totals.break_even_price is None


def test_the_members_may_come_in_any_order() -> None:
    members = [replace(state, name="Twin") for state in STATES]

    totals = totals_of(members, held=True)
    other = totals_of(members[::-1], held=True)

    for found in (totals, other):
        assert set(found.running) | set(found.offline) == {"Twin"}
    assert totals.efficiency == pytest.approx(other.efficiency)
    assert replace(totals, efficiency=None) == replace(other, efficiency=None)


_NAMES: Final = st.sampled_from(["Ada", "Bea", "", "Zoë"]) | st.text(max_size=5)
_FLAGS: Final = st.none() | st.booleans()
_MEASURED: Final = st.floats(1e-12, 1e18)
_RATES: Final = st.none() | st.just(0.0) | _MEASURED


@st.composite
def _member(draw: st.DrawFn) -> Member:
    """Return a miner in any state; what it says of itself is consistent, but may be absurd."""
    rate = draw(_RATES)
    return Member(
        name=draw(_NAMES),
        reachable=draw(_FLAGS),
        mining=draw(_FLAGS),
        running=None if rate is None else rate > 0,
        problem=draw(_FLAGS),
        hash_rate=rate,
        power=draw(_RATES | _MEASURED.map(lambda power: -power)),
        ordinary_power=draw(st.none() | _MEASURED),
        break_even_price=draw(_RATES),
    )


@given(members=st.lists(_member(), max_size=12), held=st.booleans())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_the_sums_of_any_miners_are_right(members: list[Member], held: bool) -> None:
    check(members, held=held)
