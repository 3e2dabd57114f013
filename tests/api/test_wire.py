"""Fields that are read by their keys and units in an answer."""

from dataclasses import dataclass
from datetime import datetime
import math
from typing import Any

import pytest

from custom_components.whatsminer.api.wire import (
    decode,
    epoch,
    flag,
    integer,
    local_time,
    lower,
    number,
    scaled,
    text,
    wire,
)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Something to decode."""

    power: float | None = wire(number, "Power", "Power_RT")
    name: str | None = wire(text, "Name")
    extra: int = 7


def test_the_first_key_that_is_there_counts() -> None:
    """Firmware without the better key has another one."""
    assert decode(Reading, {"Power": 1, "Power_RT": 2}).power == 1
    assert decode(Reading, {"Power_RT": 2}).power == 2


@pytest.mark.parametrize("nothing", [None, ""])
def test_an_empty_value_is_not_there(nothing: str | None) -> None:
    """The next key is used."""
    assert decode(Reading, {"Power": nothing, "Power_RT": 2}).power == 2
    assert decode(Reading, {"Power": nothing}).power is None


def test_zero_and_no_are_there() -> None:
    """They are readings like any other."""
    assert decode(Reading, {"Power": 0, "Power_RT": 2}).power == 0


def test_what_is_not_on_the_wire_keeps_its_default() -> None:
    """Keys that are not declared are left out."""
    assert decode(Reading, {"extra": 1, "Other": 2}) == Reading()
    assert Reading().extra == 7


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3.0),
        (884.010009765625, 884.010009765625),
        ("3300", 3300.0),
        (" -1.5 ", -1.5),
        ("1e3", 1000.0),
        (True, None),
        ("true", None),
        ("", None),
        ("nan", None),
        ("inf", None),
        (math.inf, None),
        (10**400, None),
        ([1], None),
        ({"a": 1}, None),
        (None, None),
    ],
)
def test_a_number_may_be_text_but_must_be_finite(
    value: Any, expected: float | None
) -> None:
    """Other values are not readings."""
    assert number(value) == expected


def test_an_integer_may_come_as_a_float_or_text() -> None:
    """V3 firmware writes them in these ways."""
    assert [integer(value) for value in (5, 5.0, "5", "5.0", "no", None)] == [
        5,
        5,
        5,
        5,
        None,
        None,
    ]


def test_a_scale_has_a_floor() -> None:
    """A value at or below it is a sentinel."""
    convert = scaled(0.01, above=0)
    assert convert("22400") == 224.0
    assert convert(0) is None
    assert convert(-3) is None
    assert convert("none") is None
    assert scaled(2)(-3) == -6


def test_a_scale_has_a_ceiling() -> None:
    """It applies to the number in the answer, and a value at or above it is a sentinel."""
    convert = scaled(0.01, above=0, below=100)
    assert convert("99.5") == pytest.approx(0.995)
    assert convert(100) is None
    assert convert(2**32 - 1) is None
    assert convert(0) is None
    assert scaled(2)(1e17) == 2e17


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("'20210322.22.REL'", "20210322.22.REL"),
        (" H6 ", "H6"),
        ("'it's'", "it's"),
        (5626, "5626"),
        ("", None),
        ("''", None),
        (True, None),
        (["a"], None),
    ],
)
def test_text_loses_the_quotes_of_v1(value: Any, expected: str | None) -> None:
    assert text(value) == expected


def test_lower_case() -> None:
    """A mode is capitalised in one place and not in the other."""
    assert lower("Normal") == "normal"
    assert lower("") is None


@pytest.mark.parametrize("value", [True, "true", "True", 1, "1", 1.0, "Y", "enable"])
def test_the_ways_to_say_yes(value: Any) -> None:
    """All of them were seen."""
    assert flag(value) is True


@pytest.mark.parametrize("value", [False, "false", 0, "0", 0.0, "N", "disable"])
def test_the_ways_to_say_no(value: Any) -> None:
    """All of them were seen."""
    assert flag(value) is False


@pytest.mark.parametrize("value", ["", "maybe", 2, None, [True]])
def test_what_is_neither_is_unknown(value: Any) -> None:
    """It does not count as no."""
    assert flag(value) is None


def test_zero_seconds_since_1970_is_never() -> None:
    """A pool without a share has it."""
    assert epoch(0) is None
    assert epoch("1700000000") == 1_700_000_000
    assert epoch("never") is None


def test_a_local_time_has_no_zone() -> None:
    """The miner does not report its own."""
    assert local_time("2024-06-15 10:30:00") == datetime(2024, 6, 15, 10, 30)
    assert local_time("") is None
    assert local_time(None) is None
    assert local_time("yesterday") is None
