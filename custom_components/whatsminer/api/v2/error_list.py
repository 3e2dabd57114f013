"""The list of errors in an answer, which each firmware writes in its own way."""

from collections.abc import Iterator, Mapping
from itertools import islice

from ..decode import integer, local_time, plain_name, text
from ..readings import ErrorEntry
from ..sanitize import Json

# No miner has more at once.
_MOST_ERRORS = 1024


def error_list(value: Json) -> tuple[ErrorEntry, ...]:
    """Return the errors of any firmware, which lists objects, pairs, plain codes, or none."""
    return tuple(islice(_errors(value), _MOST_ERRORS))


def unread_errors(value: Json) -> int:
    """Return the number of errors in a list that `error_list` leaves out."""
    rows = value if isinstance(value, list) else [value]
    count = sum(
        len(row.keys() - {"reason"}) if isinstance(row, dict) else 1 for row in rows
    )
    return max(0, count - _MOST_ERRORS)


def _errors(value: Json) -> Iterator[ErrorEntry]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            reason = text(item.get("reason"))
            for key, since in item.items():
                if key != "reason" and (code := plain_name(key)):
                    yield ErrorEntry(code=code, since=local_time(since), reason=reason)
        elif not isinstance(item, float) and (code := plain_name(item)):
            yield ErrorEntry(code=code)


def summary_errors(reading: Mapping[str, Json]) -> tuple[ErrorEntry, ...]:
    """Return the errors that V1 lists in its summary, on some firmware with their times."""
    count = min(integer(reading.get("Error Code Count")) or 0, len(reading))
    return tuple(
        ErrorEntry(code=str(code), since=local_time(reading.get(f"Error {index} Time")))
        for index in range(min(count, _MOST_ERRORS))
        if (code := integer(reading.get(f"Error Code {index}")))
    )
