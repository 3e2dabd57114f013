"""The repair of bad JSON. Only this file knows the mistakes that firmware makes in it.

A mistake is repaired only if it can mean just one thing.
"""

import json
import re
from typing import Final

# A longer text is not repaired: no firmware makes a small mistake in so long an answer.
_LONGEST: Final = 64 * 1024

# One whole string, or one that is never closed. Possessive quantifiers, here and below, so that
# each character is matched once.
_STRING: Final = re.compile(r'"(?:[^"\\]++|\\.)*+("?)', re.DOTALL)
# Bytes in hexadecimal, or any other escape.
_ESCAPES: Final = re.compile(
    r"((?:\\x[0-9a-fA-F]{2})++)|\\(u[0-9a-fA-F]{4}|.)", re.DOTALL
)
# What JSON has behind a backslash, besides `u` and four digits.
_KNOWN_ESCAPES: Final = frozenset('"\\/bfnrt')

# The key that is added to a table that was cut short.
CUT_SHORT: Final = "cut_short"
# Stands for one whole string while the text between strings is repaired.
_MARK: Final = "\x01"
# Blanks, but not between two numbers or words, because these would become one.
_BLANKS: Final = re.compile(r"(?<![\w.+-])[\r\n\t ]++|[\r\n\t ]++(?![\w.+-])")
# C prints numbers like this that are none.
_NO_NUMBER: Final = re.compile(r"(?<![\w.])-?(?:nan|inf)(?![\w.])")
_COMMAS: Final = re.compile(r",{2,}+")
# Between these, there is a comma missing.
_GAP: Final = re.compile(rf"(?<=[}}\]])(?=[{{\[{_MARK}])|(?<={_MARK})(?={_MARK})")
_PAIR_LIST: Final = re.compile(rf"\[{_MARK}:{_MARK}(?:,{_MARK}:{_MARK})*+\]")


def repair(text: str, *, cut: bool, table: bool = False) -> str:
    """Return a text without the mistakes that firmware is known to make.

    `cut` tells whether an answer that ends too early is closed behind its last whole entry. Of a
    `table` only the rows that are whole are kept, and `CUT_SHORT` is added to it.

    Raises:
        ValueError: no firmware sends this.

    """
    if len(text) > _LONGEST:
        raise ValueError("too long to be repaired")
    strings: list[str] = []

    def take(found: re.Match[str]) -> str:
        if not found[1]:  # the answer is cut short within this string
            return ""
        strings.append(_ESCAPES.sub(_escape, found[0]))
        return _MARK

    skeleton = _BLANKS.sub("", _STRING.sub(take, text))
    if skeleton.count(_MARK) != len(strings):
        raise ValueError("a control character between strings")
    if cut:
        skeleton = _close(skeleton)
    elif table:
        skeleton = _whole_rows(skeleton)
    skeleton = _repair_skeleton(skeleton)
    remaining = iter(strings)
    return re.sub(_MARK, lambda _: next(remaining), skeleton)


def _escape(found: re.Match[str]) -> str:
    """Return an escape as JSON has it.

    Firmware that escapes a mark means the mark. Before a letter or a digit, it has not escaped
    the backslash itself.
    """
    hexadecimal, escaped = found.groups()
    if hexadecimal:
        letters = bytes.fromhex(hexadecimal.replace("\\x", "")).decode(errors="replace")
        return json.dumps(letters)[1:-1]
    if escaped in _KNOWN_ESCAPES or len(escaped) > 1:
        return found[0]
    return rf"\\{escaped}" if escaped.isalnum() else escaped


def _repair_skeleton(skeleton: str) -> str:
    """Return the text between strings without mistakes."""
    skeleton = _COMMAS.sub(",", _NO_NUMBER.sub("null", skeleton))
    for wrong, right in ((",}", "}"), (",]", "]"), ("[,", "["), ("{,", "{")):
        skeleton = skeleton.replace(wrong, right)
    skeleton = _GAP.sub(",", skeleton)
    # API 2.0.4 lists faults as ["329":"2022-01-17 11:28:11"].
    return _PAIR_LIST.sub(
        lambda found: found[0].replace(f"{_MARK}:{_MARK}", f"{{{_MARK}:{_MARK}}}"),
        skeleton,
    )


def _close(skeleton: str) -> str:
    """Return a text without the half entry at its end, and with every bracket closed."""
    if not skeleton.endswith("}"):
        skeleton = skeleton.rpartition(",")[0] or skeleton
    closing: list[str] = []
    for character in skeleton:
        if character in "{[":
            closing.append("}" if character == "{" else "]")
        elif character in "}]" and closing:
            closing.pop()
    return skeleton + "".join(reversed(closing))


def _whole_rows(skeleton: str) -> str:
    """Return a table without the half row at its end, and closed; one that is closed as it is."""
    open_brackets: list[str] = []
    end = 0
    for position, character in enumerate(skeleton):
        if character in "{[":
            open_brackets.append(character)
        elif character in "}]" and open_brackets:
            open_brackets.pop()
            if character == "}" and open_brackets == ["{", "["]:
                end = position + 1
    if not open_brackets:
        return skeleton
    if not end:
        raise ValueError("nothing is whole")
    return f'{skeleton[:end]}],"{CUT_SHORT}":true}}'
