"""Cleaning of what a device sends, so that it is safe to store, to show and to calculate with.

Everything that comes from the network passes through here once: the answers of miners, in any
protocol, and the names in announcements. The rest of the code need not check them again.
"""

import json
import math
import re
from typing import Final
import unicodedata

from .errors import MalformedReplyError

type Json = bool | int | float | str | list[Json] | dict[str, Json] | None

LONGEST_NAME: Final = 64
# Home Assistant does not accept longer states.
LONGEST_TEXT: Final = 255
# An answer of a miner has some hundred values, in a few levels of lists and objects.
MOST_VALUES: Final = 32_768
_DEEPEST: Final = 32
# Home Assistant cannot store other whole numbers as JSON.
_INTEGERS: Final = range(-(2**63), 2**63)
# A whole number of more digits is not a reading, and to convert it takes long.
_MOST_DIGITS: Final = 20
# Cleaning removes characters, so it begins with so many times the wanted length.
_SURPLUS: Final = 4

# Tabs and new lines, of any kind.
_BREAKS: Final = re.compile(r"[^\S ]+")
# Marks that make links, pictures and HTML where Home Assistant shows Markdown.
_MARKUP: Final = re.compile(r"[&*:<>@\[\\\]`{|}~]")
# Letters and signs that are displayed as a blank.
_BLANKS: Final = re.compile("[\u115f\u1160\u2800\u3164\uffa0]")
# An underscore that makes Markdown emphasise, not one inside a word such as M30S+_VE40.
_EMPHASIS: Final = re.compile(r"_(?![^\W_])|(?<![^\W_]|\+)_")
_WEB_ADDRESS: Final = re.compile(r"\bwww\.", re.IGNORECASE)
# Marks that make a heading or a list at the beginning of a line.
_LINE_MARKS: Final = " #+-=."


def clean_text(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text that Home Assistant can store and show.

    The text is one line of at most `longest` characters, without surrogates, control characters
    and marks that change the direction of writing.
    """
    if len(text) <= longest and text.isprintable():
        return text
    some = _BREAKS.sub(" ", text[: _SURPLUS * longest])
    return "".join(filter(str.isprintable, some))[:longest]


def clean_name(text: str) -> str:
    """Return a name of at most 64 characters, without any that have a meaning in Markdown."""
    some = clean_text(text, _SURPLUS * LONGEST_NAME)
    # NFKC can turn one character into several, as the code for entity ids does.
    name = _BLANKS.sub("", unicodedata.normalize("NFKC", some))
    name = _MARKUP.sub("", clean_text(name, _SURPLUS * LONGEST_NAME))
    name = _WEB_ADDRESS.sub("www ", _EMPHASIS.sub("", name))
    name = " ".join(name.lstrip(_LINE_MARKS).split())[:LONGEST_NAME].rstrip()
    return name if any(map(str.isalnum, name)) else ""


def load_json(content: str) -> object:
    """Return the value of a JSON text, which may have control characters in its texts.

    NaN, Infinity and whole numbers that take long to convert are None: they are not readings.

    Raises:
        ValueError: it is not JSON, or nested too deeply.

    """
    try:
        value: object = _DECODER.decode(content)
    except RecursionError as err:
        raise ValueError("nested too deeply") from err
    return value


def clean_json(value: object) -> Json:
    """Return parsed JSON with clean texts and finite numbers; other values become None.

    Raises:
        MalformedReplyError: it has more values, or more levels, than any answer of a miner.

    """
    return _Cleaner().clean(value, _DEEPEST)


class _Cleaner:
    """Cleans one answer and counts its values."""

    def __init__(self) -> None:
        """Start to count."""
        self._left = MOST_VALUES

    def clean(self, value: object, depth: int) -> Json:
        """Return a clean value that holds at most `depth` levels of lists and objects."""
        if isinstance(value, str):
            # The check of `clean_text` without a call, as it is made for each value of each poll.
            is_clean = len(value) <= LONGEST_TEXT and value.isprintable()
            return value if is_clean else clean_text(value)
        if isinstance(value, float):
            return value if math.isfinite(value) else None
        if isinstance(value, bool):
            return value
        if isinstance(value, int):
            return value if value in _INTEGERS else None
        if isinstance(value, dict):
            self._enter(len(value), depth)
            return {
                clean_text(key, LONGEST_NAME): self.clean(item, depth - 1)
                for key, item in value.items()
            }
        if isinstance(value, list):
            self._enter(len(value), depth)
            return [self.clean(item, depth - 1) for item in value]
        return None

    def _enter(self, count: int, depth: int) -> None:
        """Count the values of a list or an object, and raise an error if there are too many."""
        self._left -= count
        if self._left < 0 or depth <= 0:
            raise MalformedReplyError("the answer is larger than any miner's")


def _whole_number(digits: str) -> int | None:
    return int(digits) if len(digits) <= _MOST_DIGITS else None


_DECODER: Final = json.JSONDecoder(
    strict=False, parse_constant=lambda _: None, parse_int=_whole_number
)
