"""What keeps a miner off: holders, their times, and what the miner should do."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.whatsminer.miner.hold import (
    BY_HAND,
    expire,
    forget,
    held_until,
    hold,
    holders,
    release,
    set_started,
    set_stopped,
    wanted,
)
from custom_components.whatsminer.miner.memory import StoredData

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
SOON = NOW + timedelta(minutes=5)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def data() -> StoredData:
    """What is stored of a miner that nobody holds."""
    return {}


def test_nobody_wants_anything_at_first(data: StoredData) -> None:
    assert wanted(data) is None
    assert holders(data) == {}
    assert held_until(data) is None


def test_a_held_miner_is_to_be_off(data: StoredData) -> None:
    hold(data, BY_HAND, None)

    assert wanted(data) is False
    assert holders(data) == {BY_HAND: None}


def test_a_miner_that_was_stopped_is_to_be_started_when_the_last_holder_lets_go(
    data: StoredData,
) -> None:
    hold(data, BY_HAND, None)
    hold(data, "site", None)
    set_stopped(data, stopped=True)

    release(data, BY_HAND)
    assert wanted(data) is False
    release(data, "site")
    assert wanted(data) is True

    set_stopped(data, stopped=False)
    assert data == {}


def test_a_miner_that_was_off_is_left_alone_when_the_last_holder_lets_go(
    data: StoredData,
) -> None:
    hold(data, BY_HAND, None)
    release(data, BY_HAND)

    assert data == {}


def test_who_holds_nothing_can_let_go_of_nothing(data: StoredData) -> None:
    release(data, BY_HAND)
    set_stopped(data, stopped=True)
    expire(data, NOW)
    forget(data)

    assert data == {}


def test_the_last_holder_decides_until_when(data: StoredData) -> None:
    hold(data, BY_HAND, SOON)
    hold(data, "site", LATER)
    assert held_until(data) == LATER

    hold(data, "roof", None)
    assert held_until(data) is None


def test_a_holder_that_holds_again_has_another_time(data: StoredData) -> None:
    hold(data, BY_HAND, LATER)
    hold(data, BY_HAND, SOON)

    assert held_until(data) == SOON


def test_time_lets_go_of_those_whose_time_is_over(data: StoredData) -> None:
    hold(data, BY_HAND, SOON)
    hold(data, "site", LATER)
    hold(data, "roof", None)

    expire(data, SOON)
    assert set(holders(data)) == {"site", "roof"}
    expire(data, LATER + timedelta(days=400))
    assert set(holders(data)) == {"roof"}


def test_a_start_counts_only_while_nobody_holds_the_miner_anew(
    data: StoredData,
) -> None:
    hold(data, BY_HAND, None)
    set_stopped(data, stopped=True)
    set_started(data)
    assert wanted(data) is False

    release(data, BY_HAND)
    assert wanted(data) is True
    set_started(data)
    assert data == {}


def test_what_is_forgotten_is_not_started(data: StoredData) -> None:
    hold(data, BY_HAND, None)
    set_stopped(data, stopped=True)

    forget(data)

    assert wanted(data) is None
