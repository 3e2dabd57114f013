"""Arguments of commands, read as the firmware's C JSON library reads them.

Where a string is due, anything else counts as empty. A missing argument is refused with
14, a wrong one with 132. Most firmware is lenient: text and whole numbers stand for each
other, as some clients need.
"""

import ipaddress
import re

from .errors import Code, Refusal
from .wire import Json, JsonObject

_TIMES = ("period", "duration", "start")  # of an LED: the arguments that are numbers
_WHOLE = re.compile(r"-?[0-9]{1,6}")


def name_of(arguments: JsonObject) -> str:
    """Return the command of a request; clients write either key."""
    name = arguments.get("cmd", arguments.get("command"))
    return name if isinstance(name, str) else ""


def lenient(arguments: JsonObject) -> JsonObject:
    """Return the arguments with text and whole numbers as the readers below want them."""
    return {
        key: _as_number(value) if key in _TIMES else _as_text(value)
        for key, value in arguments.items()
    }


def _as_number(value: Json) -> Json:
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    return value


def _as_text(value: Json) -> Json:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if whole else value


def text(arguments: JsonObject, key: str) -> str:
    """Read a string."""
    if key not in arguments:
        raise Refusal(Code.INVALID_COMMAND)
    value = arguments[key]
    return value if isinstance(value, str) else ""


def number(arguments: JsonObject, key: str, lowest: int, highest: int) -> int:
    """Read a whole number that travels as a string, both bounds included."""
    digits = text(arguments, key)
    require(bool(_WHOLE.fullmatch(digits)))
    require(lowest <= int(digits) <= highest)
    return int(digits)


def milliseconds(arguments: JsonObject, key: str, lowest: int) -> int:
    """Read the one kind of argument that is a number on the wire."""
    if key not in arguments:
        raise Refusal(Code.INVALID_COMMAND)
    value = arguments[key]
    if not isinstance(value, int) or isinstance(value, bool) or value < lowest:
        raise Refusal(Code.COMMAND_ERROR)
    return value


def one_of[Choice: str](
    arguments: JsonObject, key: str, choices: tuple[Choice, ...]
) -> Choice:
    """Read one of some words."""
    word = text(arguments, key)
    for choice in choices:
        if word == choice:
            return choice
    raise Refusal(Code.COMMAND_ERROR)


def address(arguments: JsonObject, key: str) -> str:
    """Read an IPv4 address."""
    try:
        return str(ipaddress.IPv4Address(text(arguments, key)))
    except ValueError as err:
        raise Refusal(Code.COMMAND_ERROR) from err


def require(condition: bool) -> None:
    """Refuse a value out of range, or what this machine cannot do."""
    if not condition:
        raise Refusal(Code.COMMAND_ERROR)
