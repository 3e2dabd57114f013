"""Where an answer of V2 has the list of errors."""

from collections.abc import Mapping

from ..decode import digits, integer, local_time
from ..error_list import MOST_ERRORS
from ..readings import ErrorEntry
from ..sanitize import Json


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


def summary_errors(reading: Mapping[str, Json]) -> tuple[ErrorEntry, ...]:
    """Return the errors that V1 lists in its summary, on some firmware with their times."""
    count = min(integer(reading.get("Error Code Count")) or 0, len(reading))
    return tuple(
        ErrorEntry(code=str(code), since=local_time(reading.get(f"Error {index} Time")))
        for index in range(min(count, MOST_ERRORS))
        if (code := integer(reading.get(f"Error Code {index}")))
    )
