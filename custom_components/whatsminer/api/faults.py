"""Faults of a miner: the text, category and severity of each fault code."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
import re

from .fault_table import CATEGORIES, MINOR, TEXTS, Category

__all__ = ["MOST_FAULTS", "Category", "Fault", "Severity", "describe", "worst"]

# Faults that no miner reports; `outage.py` finds them. Their codes are words.
NO_HASH_RATE = "no_hash_rate"
NO_POOL = "no_pool"
NO_INPUT = "no_input"

# A miner has a handful at once. Each makes an event and a line in the logbook.
MOST_FAULTS = 32

# Codes count hashboards and pools from 0, the texts count them from 1.
_FIRST = {"N": 1, "P": 1}
_DIGITS = {"N": "[0-3]", "P": "[0-2]", "L": "[0-9]", "CCC": "(?!999)[0-9]{3}"}
_MOST_SHOWN = 20
# Words for a protection that acted, in a text of the table or in the miner's own.
_PROTECTION = re.compile(
    r"protect|\btrip|short[ -]?circuit|shut(s|ting)?[ -]?down", re.IGNORECASE
)


class Severity(StrEnum):
    """Whether a fault needs attention."""

    MINOR = "minor"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault code as the miner sent it, with its text, category and severity.

    `since` is when the fault began, in the miner's own time zone, which it does not report.
    """

    code: str
    text: str
    category: Category
    severity: Severity
    since: datetime | None = None


def describe(
    code: str, *, since: datetime | None = None, reason: str | None = None
) -> Fault:
    """Return the fault for a code, with the miner's own text if it sent one as `reason`.

    A code that is not in the table gets an "unknown" text. A fault is never minor if one of its
    texts says that a protection acted: the miner may have stopped.
    """
    known = _known(code)
    acted = _PROTECTION.search(f"{known.text} {reason or ''}")
    return replace(
        known,
        text=reason or known.text,
        severity=Severity.FAULT if acted else known.severity,
        since=since,
    )


def worst(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """Return the faults in their order; if there are many, the most severe of them."""
    if len(faults) > MOST_FAULTS:
        faults = sorted(faults, key=lambda fault: fault.severity is Severity.MINOR)
    return tuple(faults[:MOST_FAULTS])


def _known(code: str) -> Fault:
    if code in _OUTAGES:
        return _OUTAGES[code]
    digits = code.strip()
    if digits.isascii() and digits.isdecimal():
        if fault := _exact(code, digits) or _by_pattern(code, digits):
            return fault
        category = CATEGORIES.get(_type(digits), Category.OTHER)
    else:
        category = Category.OTHER
    return Fault(
        code=code,
        text=_unknown(digits, category),
        category=category,
        severity=Severity.FAULT,
    )


def _exact(code: str, digits: str) -> Fault | None:
    return _fault(code, digits, {}) if digits in _ROWS else None


def _by_pattern(code: str, digits: str) -> Fault | None:
    for row, pattern in _PATTERNS.items():
        if match := pattern.fullmatch(digits):
            return _fault(code, row, match.groupdict())
    return None


def _fault(code: str, row: str, places: dict[str, str]) -> Fault:
    category, text = _ROWS[row]
    return Fault(
        code=code,
        text=text.format(
            **{
                name: int(digits) + _FIRST.get(name, 0)
                for name, digits in places.items()
            }
        ),
        category=category,
        severity=Severity.MINOR if row in MINOR else Severity.FAULT,
    )


def _type(digits: str) -> str:
    """Return the type of a code: the part before its subtype (one digit) and its value.

    The value has one digit. It has three in a code of six digits, unless that starts with 1.
    """
    return digits[: 2 if len(digits) == 6 and digits[0] != "1" else -2]


def _unknown(code: str, category: Category) -> str:
    """Return a short, printable text for a code that is not in the table."""
    shown = "".join(filter(str.isprintable, code[:_MOST_SHOWN]))
    if len(code) > _MOST_SHOWN:
        shown += "…"
    about = "" if category is Category.OTHER else f" ({category.replace('_', ' ')})"
    return f"Unknown fault {shown}".rstrip() + f"{about}."


def _compiled(row: str) -> re.Pattern[str]:
    """Return the pattern of a row with letters; each letter names the group of its digits.

    No code has the patterns of two rows.
    """

    def group(letters: re.Match[str]) -> str:
        return f"(?P<{letters[1]}>{_DIGITS[letters[0]]})"

    return re.compile(re.sub(r"([A-Z])\1*", group, row))


_ROWS = {
    row: (category, text)
    for category, texts in TEXTS.items()
    for row, text in texts.items()
}
_OUTAGES = {
    code: Fault(code=code, text=text, category=category, severity=Severity.FAULT)
    for code, category, text in (
        (
            NO_HASH_RATE,
            Category.PERFORMANCE,
            "The miner is switched on, but has not hashed for more than 20 minutes. Restart mining. "
            "If that does not help, disconnect the miner from the mains for a minute.",
        ),
        (
            NO_POOL,
            Category.POOL,
            "The miner is switched on, but does not hash, and it has no pool that answers. "
            "Check its pools and the network.",
        ),
        (
            NO_INPUT,
            Category.POWER_SUPPLY,
            "The miner is switched on, but does not hash, and its power supply reports that it is "
            "off or takes no current. Disconnect the miner from the mains for a minute. If that "
            "does not help, check the power supply and its cables.",
        ),
    )
}
_PATTERNS = {row: _compiled(row) for row in _ROWS if not row.isdecimal()}
