"""Whether a reading is still true."""

import pytest

from custom_components.whatsminer.api.freshness import (
    Ages,
    MiningChange,
    ProcessClock,
    is_leftover,
)
from custom_components.whatsminer.api.readings import Performance

from . import Clock

# Leftovers


@pytest.mark.parametrize(
    ("mining", "rate", "leftover"),
    [
        (False, 90, True),
        (False, 0, False),
        (False, None, False),
        (True, 90, False),
        (None, 90, False),
    ],
)
def test_a_hash_rate_of_a_stopped_miner_is_a_leftover(
    *, mining: bool | None, rate: float | None, leftover: bool
) -> None:
    """Some firmware keeps its last readings."""
    assert is_leftover(Performance(hash_rate=rate), mining=mining) is leftover


# The clock of the mining process


def test_a_clock_that_advances_is_not_frozen(clock: Clock) -> None:
    process = ProcessClock()
    for elapsed in (0, 1, 2, 30.5, 3):  # it restarted at last
        assert not process.is_frozen(elapsed, clock.now)
        clock.now += 30


def test_a_clock_that_stands_still_is_frozen_after_five_seconds(clock: Clock) -> None:
    """It may count whole seconds, and two polls may follow each other at once."""
    process = ProcessClock()
    assert not process.is_frozen(24, clock.now)
    clock.now += 4.9
    assert not process.is_frozen(24, clock.now)
    clock.now += 0.1
    assert process.is_frozen(24, clock.now)
    assert process.is_frozen(24, clock.now)
    assert not process.is_frozen(25, clock.now)


def test_a_clock_that_is_not_reported_is_not_frozen(clock: Clock) -> None:
    """Then nothing is known of it, and it is followed anew."""
    process = ProcessClock()
    assert not process.is_frozen(24, clock.now)
    clock.now += 30
    assert not process.is_frozen(None, clock.now)
    assert not process.is_frozen(24, clock.now)
    clock.now += 30
    assert process.is_frozen(24, clock.now)


# Mining


def test_mining_was_switched_if_a_poll_shows_another_state_than_the_last() -> None:
    """The first poll has no other to be compared with."""
    change = MiningChange()
    assert not change.update(True, 10)
    assert not change.update(True, 20)
    assert change.at == 0
    assert change.update(False, 30)
    assert change.at == 30
    assert not change.update(False, 40)
    assert change.update(True, 50)
    assert change.at == 50


def test_an_unknown_state_is_no_change() -> None:
    """The last one that was known is compared."""
    change = MiningChange()
    assert not change.update(None, 10)
    assert not change.update(True, 20)
    assert not change.update(None, 30)
    assert not change.update(True, 40)
    assert not change.update(None, 50)
    assert change.at == 0
    assert change.update(False, 60)
    assert change.at == 60


# Ages


def test_an_answer_is_recent_for_a_time_or_for_some_polls(clock: Clock) -> None:
    """It is too old only if both are over."""
    ages = Ages()
    ages.begin_poll()
    ages.renew("get_psu")
    clock.now += 100
    for _ in range(3):
        ages.begin_poll()
    assert ages.is_recent("get_psu", 100, 3)
    assert ages.is_recent("get_psu", 100, 2)
    assert ages.is_recent("get_psu", 99, 3)
    assert not ages.is_recent("get_psu", 99, 2)
    ages.renew("get_psu")
    assert ages.is_recent("get_psu", 0, 0)


def test_an_answer_is_older_than_what_came_after_it(clock: Clock) -> None:
    ages = Ages()
    ages.renew("get_psu")
    assert not ages.is_older("get_psu", clock.now - 1)
    assert not ages.is_older("get_psu", clock.now)
    assert ages.is_older("get_psu", clock.now + 1)


def test_an_answer_that_never_came_is_neither_recent_nor_old(clock: Clock) -> None:
    """The same holds for one that was forgotten."""
    ages = Ages()
    ages.renew("get_psu")
    ages.forget("get_psu")
    ages.forget("get_error_code")
    for name in ("get_psu", "get_error_code"):
        assert not ages.is_recent(name, 1e9, 1000)
        assert not ages.is_older(name, clock.now + 1)
