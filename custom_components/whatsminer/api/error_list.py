"""The list of errors in an answer, which each firmware writes in its own way."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from .decode import digits, local_time, text
from .readings import ErrorEntry
from .sanitize import Json

# No miner has more at once.
MOST_ERRORS: Final = 1024


def error_list(value: Json) -> tuple[ErrorEntry, ...]:
    """Return the errors of any firmware, which lists objects, pairs, plain codes, or none.

    A code is a whole number. A sentence in its place is none: some say that all is well.
    """
    return tuple(
        ErrorEntry(code=code, since=local_time(since), reason=reason)
        for code, since, reason in islice(_errors(value), MOST_ERRORS)
    )


def unread_errors(value: Json) -> int:
    """Return the number of errors in a list that `error_list` leaves out."""
    return max(0, sum(1 for _ in _errors(value)) - MOST_ERRORS)


def _errors(value: Json) -> Iterator[tuple[str, Json, str | None]]:
    """Return the code, the time and the reason of each error; code 0 is none."""
    for item in value if isinstance(value, list) else [value]:
        for code, since, reason in _pairs(item):
            if code and code.strip("0"):
                yield code, since, reason


def _pairs(item: Json) -> Iterator[tuple[str | None, Json, str | None]]:
    """Return what may be codes in one item, with their times and reasons."""
    if isinstance(item, dict):
        reason = text(item.get("reason"))
        if "code" in item:
            yield digits(item["code"]), item.get("time"), reason
        for key, since in item.items():
            yield digits(key), since, reason
    elif isinstance(item, list):  # a code and its time
        code, since = (*item, None, None)[:2]
        yield digits(code), since, None
    elif not isinstance(item, float):
        yield digits(item), None, None
