"""JSON as the miner reads and writes it."""

from collections.abc import Mapping, Sequence
import json
import re
import struct
from typing import Self, cast

type Json = str | float | bool | Sequence[Json] | Mapping[str, Json] | None
type JsonObject = dict[str, Json]

# The end of a text that was cut within a literal or a number.
_CUT = re.compile(r"t|tr|tru|f|fa|fal|fals|n|nu|nul|-|\.|[eE][+-]?")


class Fixed(float):
    """A number that is printed with a fixed count of decimals, as ``%.2f`` would."""

    digits: int

    def __new__(cls, value: float, digits: int = 2) -> Self:
        """Wrap ``value``."""
        number = super().__new__(cls, value)
        number.digits = digits
        return number


def single(value: float) -> float:
    """Round to a C ``float``, which is why compat firmware prints ``884.010009765625``."""
    return cast(float, struct.unpack("f", struct.pack("f", value))[0])


def to_json(value: Json) -> str:
    """Write compact JSON; a plain float is printed as short as it can be (``0``, ``37.9``)."""
    if isinstance(value, Fixed):
        return f"{value:.{value.digits}f}"
    if value is None or isinstance(value, (bool, int, str)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    if isinstance(value, Mapping):
        members = (f"{to_json(key)}:{to_json(item)}" for key, item in value.items())
        return "{" + ",".join(members) + "}"
    return "[" + ",".join(map(to_json, value)) + "]"


def first_object(text: bytes) -> JsonObject:
    """Return the JSON object that ``text`` begins with, whatever follows it.

    This is how the firmware's C parser reads, and why it accepts NUL and PKCS#7 padding
    as well as a trailing newline.

    Raises:
        ValueError: there is no JSON object at the start.
    """
    decoded = text.decode(errors="replace").lstrip()
    value, _ = json.JSONDecoder().raw_decode(decoded)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004
    return value


def is_whole(request: bytes) -> bool:
    """Return whether no more bytes are needed: the JSON is complete or already wrong."""
    text = request.decode(errors="replace").strip()
    if not text:
        return False
    try:
        json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as err:
        rest = text[err.pos :]
        return not (
            not rest
            or err.msg.startswith("Unterminated string")
            or _CUT.fullmatch(rest)
        )
    return True
