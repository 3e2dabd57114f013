"""Parameters of commands, with exactly the types that the firmware takes.

A missing one is refused with -3, a wrong one with -1.
"""

from collections.abc import Mapping
import ipaddress
import json

from ..wire import Json, JsonObject
from .codes import Code, refusal, require


def present(param: Json) -> Json:
    """Return a parameter that has to be there; null and an empty text are none."""
    if param is None or param == "":
        raise refusal(Code.INVALID_ITEM)
    return param


def number(param: Json, lowest: int, highest: int) -> int:
    """Read a bare number, both bounds included; a fraction is dropped."""
    value = present(param)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refusal(Code.FAIL)
    require(lowest <= value <= highest)
    return int(value)


def one_of[Choice: str](param: Json, choices: tuple[Choice, ...]) -> Choice:
    """Read one of some words."""
    value = present(param)
    for choice in choices:
        if value == choice:
            return choice
    raise refusal(Code.FAIL)


def enables(param: Json) -> bool:
    """Read ``enable`` or ``disable``."""
    return one_of(param, ("enable", "disable")) == "enable"


def members(param: Json) -> JsonObject:
    """Read an object, which the vendor's demo sends as the text of its JSON."""
    value = present(param)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as err:
            raise refusal(Code.FAIL) from err
    if not isinstance(value, Mapping):
        raise refusal(Code.FAIL)
    return dict(value)


def text(param: Json, key: str | None = None) -> str:
    """Read a text, or the one under a key of an object, which may be empty."""
    value = param
    if key is not None:
        if not isinstance(param, Mapping):
            raise refusal(Code.FAIL)
        if key not in param:
            raise refusal(Code.INVALID_ITEM, f"{key} item is null")
        value = param[key]
    if not isinstance(value, str):
        raise refusal(Code.FAIL)
    return value


def address(param: JsonObject, key: str) -> str:
    """Read an IPv4 address under a key of an object."""
    try:
        return str(ipaddress.IPv4Address(text(param, key)))
    except ValueError as err:
        raise refusal(Code.FAIL) from err
