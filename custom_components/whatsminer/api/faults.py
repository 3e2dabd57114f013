"""Faults of a miner: what each code concerns, and how severe it is.

No language is in here: the folder `fault_texts` says the same in words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
import re

from .fault_table import CATEGORIES, CODES, MINOR, Category

__all__ = ["MOST_FAULTS", "Category", "Fault", "Severity", "describe", "most_severe"]

# Faults that no miner reports; `outage.py` finds them. Their codes are words.
NO_HASH_RATE = "no_hash_rate"
NO_POOL = "no_pool"
NO_INPUT = "no_input"

# A miner has a handful at once. Each makes an event and a line in the logbook.
MOST_FAULTS = 32

# Codes count hashboards and pools from 0, people count them from 1.
_FIRST = {"N": 1, "P": 1}
_DIGITS = {"N": "[0-3]", "P": "[0-2]", "L": "[0-9]", "CCC": "(?!999)[0-9]{3}"}
# Words for a protection that acted, in the miner's own text.
_PROTECTION = re.compile(
    r"protect|\btrip|short[ -]?circuit|shut(s|ting)?[ -]?down", re.IGNORECASE
)


class Severity(StrEnum):
    """Whether a fault needs attention."""

    MINOR = "minor"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault code as the miner sent it, with what is known of it.

    `row` is the code as the table has it, such as `53N`, None if it is not in there. `places` has
    the number that each letter of the row stands for, as people count: N is 1 for the first
    hashboard. `reason` is the miner's own text, if it sent one. `since` is when the fault began,
    in the miner's own time zone, which it does not report.
    """

    code: str
    row: str | None = None
    places: Mapping[str, int] = field(default_factory=dict)
    category: Category
    severity: Severity
    since: datetime | None = None
    reason: str | None = None


def describe(
    code: str, *, since: datetime | None = None, reason: str | None = None
) -> Fault:
    """Return the fault for a code, with the miner's own text if it sent one as `reason`.

    A fault is never minor if that text says that a protection acted: the miner may have stopped.
    """
    row, places = _row(code.strip())
    acted = _PROTECTION.search(reason or "")
    return Fault(
        code=code,
        row=row,
        places=places,
        category=_ROWS[row] if row else _category(code.strip()),
        severity=Severity.MINOR if row in MINOR and not acted else Severity.FAULT,
        since=since,
        reason=reason or None,
    )


def most_severe(faults: Sequence[Fault], most: int = MOST_FAULTS) -> tuple[Fault, ...]:
    """Return the faults in their order; if there are more than `most`, the most severe of them."""
    if len(faults) > most:
        faults = sorted(faults, key=lambda fault: fault.severity is Severity.MINOR)
    return tuple(faults[:most])


def _row(code: str) -> tuple[str | None, Mapping[str, int]]:
    """Return the row of a code, and the numbers that its letters stand for."""
    if code in _PLAIN:
        return code, {}
    for row, pattern in _PATTERNS.items():
        if match := pattern.fullmatch(code):
            return row, {
                letter: int(digits) + _FIRST.get(letter, 0)
                for letter, digits in match.groupdict().items()
            }
    return None, {}


def _category(code: str) -> Category:
    """Return the category of a code that is not in the table, by its type.

    The type is what comes before its subtype (one digit) and its value. The value has one digit. It
    has three in a code of six digits, unless that starts with 1.
    """
    if not (code.isascii() and code.isdecimal()):
        return Category.OTHER
    kind = code[: 2 if len(code) == 6 and code[0] != "1" else -2]
    return CATEGORIES.get(kind, Category.OTHER)


def _compiled(row: str) -> re.Pattern[str]:
    """Return the pattern of a row with letters; each letter names the group of its digits.

    No code has the patterns of two rows.
    """

    def group(letters: re.Match[str]) -> str:
        return f"(?P<{letters[1]}>{_DIGITS[letters[0]]})"

    return re.compile(re.sub(r"([A-Z])\1*", group, row))


_ROWS = {
    NO_HASH_RATE: Category.PERFORMANCE,
    NO_POOL: Category.POOL,
    NO_INPUT: Category.POWER_SUPPLY,
} | {row: category for category, rows in CODES.items() for row in rows.split()}
_PATTERNS = {row: _compiled(row) for row in _ROWS if re.search("[A-Z]", row)}
_PLAIN = _ROWS.keys() - _PATTERNS.keys()
