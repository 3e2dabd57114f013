"""Readings from the values in an answer: which keys hold them, their units, what is plausible.

`Fields(Performance, elapsed=(SECONDS, "Elapsed"))` fills a dataclass from an answer. A converter
returns None for a value that is not a reading.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime
import math
import re
from typing import Any, Final, cast

from .sanitize import Json, clean_name

type Converter[T] = Callable[[Json], T | None]
type Field = tuple[Converter[Any], *tuple[str, ...]]

# No reading is so large, or so close to zero. Sums, products and quotients of the rest are finite.
_TOO_LARGE: Final = 1e18
_TOO_SMALL: Final = 1e-12
_NO_MAC: Final = "00:00:00:00:00:00"
# The years 2016, when the first Whatsminer was made, and 2106. A clock that was not set since the
# miner started shows 1970.
_FIRST_EPOCH: Final = 1_451_606_400
_LAST_EPOCH: Final = 2**32
_FIRST_YEAR: Final = 2016
# What a miner reports as a limit if none was set.
NO_LIMIT: Final = 2**31 - 1


def first(reading: Mapping[str, Json], *keys: str) -> Json:
    """Return the value of the first key that is present, None if there is none."""
    for key in keys:
        value = reading.get(key)
        if value is not None and value != "":
            return value
    return None


class Fields[D]:
    """The keys under which answers hold the fields of a dataclass, each with its converter.

    If a field has several keys, the first that is present counts.
    """

    def __init__(self, kind: type[D], **rows: Field) -> None:
        """Declare the fields; the others keep their defaults."""
        if unknown := rows.keys() - {item.name for item in fields(cast(Any, kind))}:
            raise TypeError(f"{kind.__name__} has no {', '.join(sorted(unknown))}")
        self._kind = kind
        self._rows = tuple((name, row[0], row[1:]) for name, row in rows.items())

    @property
    def names(self) -> frozenset[str]:
        """Return the names of the fields that are declared."""
        return frozenset(name for name, _, _ in self._rows)

    def read(self, reading: Mapping[str, Json]) -> D:
        """Return the dataclass, filled from one object of an answer."""
        return self._kind(**self.values(reading))

    def values(self, reading: Mapping[str, Json]) -> dict[str, Any]:
        """Return the values of the fields that one object of an answer has."""
        found: dict[str, Any] = {}
        for name, convert, keys in self._rows:
            for key in keys:
                value = reading.get(key)
                if value is not None and value != "":
                    if (converted := convert(value)) is not None:
                        found[name] = converted
                    break
        return found


def merged[D](
    kind: type[D], *parts: tuple[Fields[D], Mapping[str, Json]], **known: Any
) -> D:
    """Return a dataclass from several answers: each field from the first that has it."""
    values = known
    for table, reading in parts:
        values = table.values(reading) | values
    return kind(**values)


def number(value: Json) -> float | None:
    """Return a number that can be calculated with, from a number or a text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        result = float(value)
    except ValueError, OverflowError:
        return None
    if not abs(result) < _TOO_LARGE:  # this is true for NaN, too
        return None
    return result if abs(result) > _TOO_SMALL else 0.0


def scaled(
    factor: float, *, above: float = -math.inf, below: float = math.inf
) -> Converter[float]:
    """Return a converter that multiplies a number between two bounds; others are not readings."""

    def convert(value: Json) -> float | None:
        result = number(value)
        if result is None or not above < result < below:
            return None
        return result * factor

    return convert


def plausible(*factors: float, above: float, below: float) -> Converter[float]:
    """Return a converter for a number whose unit differs from firmware to firmware.

    The factors stand for the units. The first whose result is between the two bounds counts.
    """

    def convert(value: Json) -> float | None:
        result = number(value)
        if result is None:
            return None
        results = (result * factor for factor in factors)
        return next((found for found in results if above < found < below), None)

    return convert


def measured(convert: Converter[float]) -> Converter[float]:
    """Return a converter to which 0 is not a reading: the miner sends it before it measures."""
    return lambda value: convert(value) or None


def integer(value: Json) -> int | None:
    """Return a whole number, from a number or a text."""
    result = number(value)
    return None if result is None else int(result)


def whole(minimum: int, maximum: int) -> Converter[int]:
    """Return a converter to whole numbers from `minimum` to `maximum`; others are not readings."""

    def convert(value: Json) -> int | None:
        result = integer(value)
        return result if result is not None and minimum <= result <= maximum else None

    return convert


def text(value: Json) -> str | None:
    """Return a text without the quotes that V1 firmware puts inside its strings."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    return str(value).strip().strip("'") or None


def written(value: Json) -> str:
    """Return a text as its owner wrote it, also one that the firmware took for a number."""
    return str(value) if isinstance(value, int | float | str) else ""


def plain_name(value: Json) -> str | None:
    """Return a short text that is fit for titles, devices and issues."""
    result = text(value)
    return None if result is None else clean_name(result) or None


def digits(value: Json) -> str | None:
    """Return a code, which is a whole number, as a text; a sentence is none."""
    result = text(value)
    is_code = result and result.isascii() and result.isdecimal()
    return plain_name(result) if is_code else None


def lower(value: Json) -> str | None:
    """Return a text in lower case, because firmware capitalises some values and not others."""
    result = text(value)
    return None if result is None else result.lower()


def renamed(names: Mapping[str, str]) -> Converter[str]:
    """Return a converter to a text in lower case, or to our own name for it."""

    def convert(value: Json) -> str | None:
        result = lower(value)
        return None if result is None else names.get(result, result)

    return convert


def flag(value: Json) -> bool | None:
    """Return a boolean, from any of the ways in which firmware writes it."""
    if not isinstance(value, bool | int | float | str):
        return None
    match str(value).strip().lower():
        case "true" | "1" | "1.0" | "y" | "enable":
            return True
        case "false" | "0" | "0.0" | "n" | "disable":
            return False
    return None


def epoch(value: Json) -> int | None:
    """Return seconds since 1970, None for never and for a time of a clock that was not set."""
    result = integer(value)
    return result if result and _FIRST_EPOCH <= result < _LAST_EPOCH else None


def is_no_limit(limit: Json) -> bool | None:
    """Return whether a reported limit means that none is set, None if there is no value.

    It is empty then, or the highest number that there is.
    """
    if limit is None:
        return None
    return limit == "" or number(limit) == NO_LIMIT


def mac_address(value: Json) -> str | None:
    """Return a MAC address in lower case with colons, None if it is not valid."""
    plain = re.sub(r"[^0-9a-f]", "", (text(value) or "").lower())
    pretty = ":".join(plain[index : index + 2] for index in range(0, 12, 2))
    return None if len(plain) != 12 or pretty == _NO_MAC else pretty


def local_time(value: Json) -> datetime | None:
    """Return a time in the miner's own time zone, which it does not report.

    The time of a clock that was not set is None.
    """
    if not isinstance(value, str):
        return None
    try:
        result = datetime.fromisoformat(value)
    except ValueError:
        return None
    return result if result.year >= _FIRST_YEAR else None


# The units and the plausible ranges that every protocol has in common.
CHIP_TEMPERATURE: Final = scaled(1, above=0, below=300)
ENVIRONMENT: Final = scaled(1, above=-100, below=300)
# Of a board, the coolant or the power supply, which frost cools as well.
TEMPERATURE: Final = measured(ENVIRONMENT)
# What a power supply can take, in V and A.
INPUT_VOLTS: Final = (50, 1000)
MOST_INPUT_AMPERES: Final = 60
FREQUENCY: Final = scaled(1, above=-1, below=100_000)
PERCENT: Final = scaled(1, above=-1000, below=1000)
POSITIVE: Final = scaled(1, above=0, below=1e6)
REVOLUTIONS: Final = whole(0, 100_000)
SHARES: Final = whole(0, 2**53)
# Twenty years.
SECONDS: Final = scaled(1, above=-0.5, below=20 * 366 * 86_400)
# -1 W and 2**32 - 1 W mean that the power supply did not answer. No miner takes 100 kW.
WATT: Final = scaled(1, above=-0.5, below=100_000)
LIMIT: Final = scaled(1, above=0, below=NO_LIMIT)
# No board hashes faster, in TH/s.
MOST_TERAHASH: Final = 10_000
