"""The list of errors in an answer, which each firmware writes in its own way."""

from collections.abc import Iterator, Mapping
from itertools import islice

from ..decode import digits, integer, local_time, text
from ..readings import ErrorEntry
from ..sanitize import Json

# No miner has more at once.
_MOST_ERRORS = 1024


def errors_in(message: Json) -> Json:
    """Return the list in the answer to `get_error_code`, which may take the place of its object.

    Without one, this is None: nothing is known of the errors.
    """
    for row in message if isinstance(message, list) else [message]:
        if isinstance(row, dict) and "error_code" in row:
            return row["error_code"] or []
    is_list = isinstance(message, list) or (
        isinstance(message, dict) and any(map(digits, message))
    )
    return message if is_list else None


def error_list(value: Json) -> tuple[ErrorEntry, ...]:
    """Return the errors of any firmware, which lists objects, pairs, plain codes, or none.

    A code is a whole number. A sentence in its place is none: some say that all is well.
    """
    return tuple(
        ErrorEntry(code=code, since=local_time(since), reason=reason)
        for code, since, reason in islice(_errors(value), _MOST_ERRORS)
    )


def unread_errors(value: Json) -> int:
    """Return the number of errors in a list that `error_list` leaves out."""
    return max(0, sum(1 for _ in _errors(value)) - _MOST_ERRORS)


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


def summary_errors(reading: Mapping[str, Json]) -> tuple[ErrorEntry, ...]:
    """Return the errors that V1 lists in its summary, on some firmware with their times."""
    count = min(integer(reading.get("Error Code Count")) or 0, len(reading))
    return tuple(
        ErrorEntry(code=str(code), since=local_time(reading.get(f"Error {index} Time")))
        for index in range(min(count, _MOST_ERRORS))
        if (code := integer(reading.get(f"Error Code {index}")))
    )
