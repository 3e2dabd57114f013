"""Fields that are read by their keys and units in an answer."""

from dataclasses import dataclass
from datetime import UTC, datetime
import math
from typing import Any

import pytest

from custom_components.whatsminer.api.decode import (
    Fields,
    epoch,
    first,
    flag,
    integer,
    is_no_limit,
    local_time,
    lower,
    mac_address,
    measured,
    merged,
    number,
    plausible,
    renamed,
    scaled,
    text,
    written,
)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Something to decode."""

    power: float | None = None
    name: str | None = None
    on: bool | None = None
    extra: int = 7


FIELDS = Fields(
    Reading,
    power=(number, "Power", "Power_RT"),
    name=(text, "Name"),
    on=(flag, "On", "Enabled"),
)


# Keys


def test_the_first_key_that_is_there_counts() -> None:
    """Firmware without the better key has another one."""
    assert FIELDS.read({"Power": 1, "Power_RT": 2}).power == 1
    assert FIELDS.read({"Power_RT": 2}).power == 2
    assert first({"a": 1, "b": 2}, "a", "b") == 1
    assert first({"b": 2}, "a", "b") == 2
    assert first({"c": 3}, "a", "b") is None


@pytest.mark.parametrize("nothing", [None, ""])
def test_an_empty_value_is_not_there(nothing: str | None) -> None:
    """The next key is used."""
    assert FIELDS.read({"Power": nothing, "Power_RT": 2}).power == 2
    assert FIELDS.read({"Power": nothing}).power is None
    assert first({"a": nothing, "b": 2}, "a", "b") == 2
    assert first({"a": nothing}, "a", "b") is None


def test_zero_and_no_are_there() -> None:
    """They are readings like any other."""
    assert FIELDS.read({"Power": 0, "Power_RT": 2}).power == 0
    assert FIELDS.read({"On": False, "Enabled": True}).on is False
    assert first({"a": 0, "b": 2}, "a", "b") == 0
    assert first({"a": False, "b": 2}, "a", "b") is False


def test_a_value_that_is_no_reading_is_there() -> None:
    """The next key of the same object would not be the better one."""
    assert FIELDS.read({"Power": "n/a", "Power_RT": 2}).power is None


def test_what_is_not_declared_keeps_its_default() -> None:
    """Keys that are not declared are left out."""
    assert FIELDS.read({"extra": 1, "Other": 2}) == Reading()
    assert FIELDS.read({}) == Reading()
    assert Reading().extra == 7


def test_a_field_that_does_not_exist_cannot_be_declared() -> None:
    """It would be a mistake in the code."""
    with pytest.raises(TypeError, match=r"^Reading has no colour, size$"):
        Fields(Reading, power=(number, "P"), size=(number, "S"), colour=(text, "C"))


# Several answers


def both(*answers: dict[str, Any], **known: Any) -> Reading:
    """Return what is read from several answers."""
    return merged(Reading, *((FIELDS, answer) for answer in answers), **known)


def test_of_several_answers_the_first_that_has_a_reading_counts() -> None:
    """What is empty or no reading in one answer is looked for in the next."""
    one: dict[str, Any] = {"Name": "one", "Power": "n/a"}
    other: dict[str, Any] = {"Name": "other", "Power_RT": 2}
    assert both(one, other) == Reading(name="one", power=2)
    assert both(other, one) == Reading(name="other", power=2)
    assert both({"Name": ""}, {}, one) == Reading(name="one")
    assert both({"On": False, "Power": 0}, {"On": True, "Power": 1}) == Reading(
        on=False, power=0
    )


@pytest.mark.parametrize("known", ["known", None])
def test_what_is_known_counts_before_all_answers(known: str | None) -> None:
    """This holds for fields without a key as well, and if it is known to be unknown."""
    read = both({"Name": "one", "Power": 1}, {"Power": 2}, name=known, extra=8)
    assert read == Reading(name=known, power=1, extra=8)


# Converters


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


@pytest.mark.parametrize(
    ("value", "expected"),
    [(" 'a' ", " 'a' "), ("", ""), (5, "5"), (1.5, "1.5"), (None, ""), (["x"], "")],
)
def test_a_text_of_the_owner_stays_as_it_was_written(value: Any, expected: str) -> None:
    assert written(value) == expected


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


@pytest.mark.parametrize(
    "reported",
    [
        "C2:04:28:00:0A:01",
        "c2:04:28:00:0a:01",
        "C2-04-28-00-0A-01",
        "C20428000A01",
        "'c204.2800.0a01'",
        " C2 04 28 00 0A 01 ",
    ],
)
def test_a_mac_address_is_always_written_the_same_way(reported: str) -> None:
    """It is the ID of the miner."""
    assert mac_address(reported) == "c2:04:28:00:0a:01"


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "unknown",
        "00:00:00:00:00:00",
        "000000000000",
        "C2:04:28:00:0A",
        "C2:04:28:00:0A:01:02",
        "C2:04:28:00:0G:01",
        True,
        204280001,
        ["C2:04:28:00:0A:01"],
        {"mac": "C2:04:28:00:0A:01"},
    ],
)
def test_what_identifies_no_miner_is_no_mac_address(value: Any) -> None:
    """Firmware that does not know the address sends zeros."""
    assert mac_address(value) is None


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


@pytest.mark.parametrize("seconds", [1, 1234, 86_400 * 365, 1_400_000_000])
def test_a_time_before_the_first_whatsminer_is_that_of_a_clock_that_was_not_set(
    seconds: int,
) -> None:
    assert epoch(seconds) is None
    assert epoch(str(seconds)) is None
    assert local_time(datetime.fromtimestamp(seconds, UTC).isoformat(" ")) is None


def test_a_unit_is_known_by_what_is_plausible() -> None:
    """The first that fits counts."""
    convert = plausible(0.01, 1, above=50, below=1000)
    assert convert("22400") == 224
    assert convert("225.5") == 225.5
    assert convert(39_610) == pytest.approx(396.1)
    for value in (0, "2.3", 1500, -230, 1e9, "none", None):
        assert convert(value) is None


def test_zero_may_be_no_measurement() -> None:
    convert = measured(scaled(1, above=-100, below=300))
    assert convert("-7.5") == -7.5
    assert convert(31) == 31
    for value in (0, "0.00", -0.0, -273, None):
        assert convert(value) is None


def test_a_text_may_have_a_name_of_our_own() -> None:
    convert = renamed({"user": "custom"})
    assert convert("User") == "custom"
    assert convert("Low") == "low"
    assert convert("") is None


@pytest.mark.parametrize(
    ("limit", "is_unset"),
    [
        (None, None),
        ("", True),
        (2**31 - 1, True),
        ("2147483647", True),
        ("3600", False),
    ],
)
def test_a_limit_that_is_not_set_is_empty_or_the_highest_number(
    limit: Any, is_unset: bool | None
) -> None:
    assert is_no_limit(limit) is is_unset
