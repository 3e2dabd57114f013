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
    """Return the code, the time and the reason of each error."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            reason = text(item.get("reason"))
            for key, since in item.items():
                if code := digits(key):
                    yield code, since, reason
        elif not isinstance(item, float) and (code := digits(item)):
            yield code, None, None


def summary_errors(reading: Mapping[str, Json]) -> tuple[ErrorEntry, ...]:
    """Return the errors that V1 lists in its summary, on some firmware with their times."""
    count = min(integer(reading.get("Error Code Count")) or 0, len(reading))
    return tuple(
        ErrorEntry(code=str(code), since=local_time(reading.get(f"Error {index} Time")))
        for index in range(min(count, _MOST_ERRORS))
        if (code := integer(reading.get(f"Error Code {index}")))
    )
