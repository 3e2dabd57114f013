"""Complaints about the integration in Home Assistant's log."""

from collections.abc import Collection
import re

# A record begins with its time and level; further lines without them belong to it.
RECORD = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S* (?P<level>[A-Z]+) ")
# Warnings about every custom integration, and about programs that no miner needs and whose
# installation needs root.
_ALWAYS = (
    "has not been tested by Home Assistant",
    "[haffmpeg.core]",
    "[homeassistant.components.camera.img_util] Error loading libturbojpeg",
)
# The WebSocket API and automations log a refusal as an error.
_REFUSALS = (
    "[homeassistant.components.websocket_api",
    "[homeassistant.components.automation.",
)


def records_of(text: str) -> list[str]:
    """Return the records of a log, each with the lines after it that have no time."""
    records: list[str] = []
    for line in text.splitlines(keepends=True):
        if RECORD.match(line) or not records:
            records.append(line)
        else:
            records[-1] += line
    return records


def complaints(records: Collection[str], provoked: Collection[str]) -> list[str]:
    """Return errors of any kind, and complaints about our integration.

    Args:
        records: of the log.
        provoked: texts of the refusals that were provoked.
    """
    return [
        record
        for record in records
        if _complains(record) and not _expected(record, provoked)
    ]


def _complains(record: str) -> bool:
    begin = RECORD.match(record)
    # Text before the first record was not logged: it is a traceback, or Python's own.
    level = begin["level"] if begin else "ERROR"
    if level in ("ERROR", "CRITICAL") or "Traceback" in record:
        return True
    if "Detected that custom integration" in record:
        return True
    named = "whatsminer" in record.lower()
    return named and (level == "WARNING" or "deprecat" in record.lower())


def _expected(record: str, provoked: Collection[str]) -> bool:
    if any(text in record for text in _ALWAYS):
        return True
    # The text is the last of the record, except for its prefix in the answer.
    return any(name in record for name in _REFUSALS) and any(
        text.removeprefix("Validation error: ") in record for text in provoked
    )
