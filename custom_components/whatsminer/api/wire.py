"""Fields of dataclasses that are declared by their keys and units in an answer.

`elapsed: float | None = wire(number, "Elapsed")` is the value of the first key that is present,
converted. A converter returns None for a value that is not a reading, so every field is optional.
"""

from collections.abc import Callable, Mapping
from dataclasses import field, fields
from datetime import datetime
import math
from typing import Any, Final, cast

from .sanitize import Json, clean_name

type Converter[T] = Callable[[Json], T | None]

# No reading is so large, or so close to zero. Sums, products and quotients of the rest are finite.
_TOO_LARGE: Final = 1e18
_TOO_SMALL: Final = 1e-12
# The year 2106.
_LAST_EPOCH: Final = 2**32


def wire[T](convert: Converter[T], *keys: str) -> T | None:
    """Declare a field that is read from the first of `keys` that is present."""
    # Typed as its default value, as dataclasses.field() is.
    return cast(T | None, field(default=None, metadata={"wire": (convert, keys)}))


def decode[D](kind: type[D], reading: Mapping[str, Json]) -> D:
    """Return a dataclass of `kind` filled from one object of an answer."""
    values: dict[str, Any] = {}
    for item in fields(cast(Any, kind)):
        if "wire" not in item.metadata:
            continue
        convert, keys = item.metadata["wire"]
        key = next((key for key in keys if reading.get(key) not in (None, "")), None)
        if key is not None:
            values[item.name] = convert(reading[key])
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


def plain_name(value: Json) -> str | None:
    """Return a short text that is fit for titles, devices and issues."""
    result = text(value)
    return None if result is None else clean_name(result) or None


def lower(value: Json) -> str | None:
    """Return a text in lower case, because firmware capitalises some values and not others."""
    result = text(value)
    return None if result is None else result.lower()


def flag(value: Json) -> bool | None:
    """Return a boolean, from any of the ways in which firmware writes it."""
    if not isinstance(value, bool | int | float | str):
        return None
    match str(value).lower():
        case "true" | "1" | "1.0" | "y" | "enable":
            return True
        case "false" | "0" | "0.0" | "n" | "disable":
            return False
    return None


def epoch(value: Json) -> int | None:
    """Return seconds since 1970, None for never."""
    result = integer(value)
    return result if result and 0 < result < _LAST_EPOCH else None


def local_time(value: Json) -> datetime | None:
    """Return a time in the miner's own time zone, which it does not report."""
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None
