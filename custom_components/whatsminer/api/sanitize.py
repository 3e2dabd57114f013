"""Makes what a device says safe to keep, to show and to calculate with.

Everything that comes from the network passes through here once: the answers of miners, in any
protocol, and the names in announcements. What is behind it need not be careful any more.
"""

import math
import re
from typing import Final
import unicodedata

from .errors import MalformedReplyError

type Json = bool | int | float | str | list[Json] | dict[str, Json] | None

LONGEST_NAME: Final = 64
# Home Assistant takes no longer states.
LONGEST_TEXT: Final = 255
# An answer of a miner has some hundred values, and lists in objects in lists.
MOST_VALUES: Final = 32_768
_DEEPEST: Final = 32
# Larger whole numbers cannot be stored as JSON.
_INTEGERS: Final = range(-(2**63), 2**63)
# What cleaning leaves out is made up for by so much more text.
_LOOKED_AT: Final = 4

# Tabs and new lines, of any kind.
_BREAKS: Final = re.compile(r"[^\S ]+")
# Marks that make links, pictures and HTML where Home Assistant shows Markdown.
_MARKUP: Final = re.compile(r"[&*:<>@\[\\\]`{|}~]")
# Letters and signs that show as a blank.
_BLANKS: Final = re.compile("[\u115f\u1160\u2800\u3164\uffa0]")
# An underscore emphasises, unless it is inside a word: M30S+_VE40 keeps its own.
_EMPHASIS: Final = re.compile(r"_(?![^\W_])|(?<![^\W_]|\+)_")
_WEB_ADDRESS: Final = re.compile(r"\bwww\.", re.IGNORECASE)
# What makes a heading or a list at the beginning of a line.
_LINE_MARKS: Final = " #+-=."


def clean_text(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text that Home Assistant can store and show.

    It is on one line, has at most `longest` characters, and no surrogates, control characters
    or marks that change the direction of writing.
    """
    if len(text) <= longest and text.isprintable():
        return text
    some = _BREAKS.sub(" ", text[: _LOOKED_AT * longest])
    return "".join(filter(str.isprintable, some))[:longest]


def clean_name(text: str) -> str:
    """Return a name of at most 64 characters, which is plain text also as Markdown."""
    some = clean_text(text, _LOOKED_AT * LONGEST_NAME)
    # One sign may stand for many, in entity ids as well.
    name = _BLANKS.sub("", unicodedata.normalize("NFKC", some))
    name = _MARKUP.sub("", clean_text(name, _LOOKED_AT * LONGEST_NAME))
    name = _WEB_ADDRESS.sub("www ", _EMPHASIS.sub("", name))
    name = " ".join(name.lstrip(_LINE_MARKS).split())[:LONGEST_NAME].rstrip()
    return name if any(map(str.isalnum, name)) else ""


def clean_json(value: object) -> Json:
    """Return parsed JSON with clean texts and with finite numbers; others are None.

    Raises:
        MalformedReplyError: no miner says so much, or nests so deeply.

    """
    return _Cleaner().clean(value, _DEEPEST)


class _Cleaner:
    """Cleans one answer, and counts its values."""

    def __init__(self) -> None:
        """Begin to count."""
        self._left = MOST_VALUES

    def clean(self, value: object, depth: int) -> Json:
        """Return a clean value that holds at most `depth` levels of lists and objects."""
        if isinstance(value, str):
            # As in `clean_text`, which is not called for nearly every value of every poll.
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
        """Count the values of a list or an object."""
        self._left -= count
        if self._left < 0 or depth <= 0:
            raise MalformedReplyError("the answer is larger than any miner's")
