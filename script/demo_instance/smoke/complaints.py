"""What Home Assistant's log says of us."""

from collections.abc import Sequence
from pathlib import Path
import re

from .report import Mismatch

# A record begins with its time and level; what follows without is a part of it.
RECORD = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S* (?P<level>[A-Z]+) ")
_STARTED = "Home Assistant initialized in"
# What is said of every custom integration, and of programs that no miner needs and whose
# installation would take root.
_ALWAYS = (
    "has not been tested by Home Assistant",
    "[haffmpeg.core]",
    "[homeassistant.components.camera.img_util] Error loading libturbojpeg",
)
# Where one line tells of each outage.
_OUTAGE = "[custom_components.whatsminer.coordinator] Error fetching"
# Refusals of the WebSocket API are logged as errors, though it is what we wanted.
_REFUSAL = "[homeassistant.components.websocket_api"


def check(log: Path, refusals: Sequence[str], outages: Sequence[str]) -> str:
    """Look for errors of any kind, and for complaints about our integration.

    Args:
        log: the file.
        refusals: texts of the refusals that were provoked.
        outages: texts of the reasons for which miners were unavailable.

    Returns:
        How much was looked through, for the table.
    """
    records = records_of(log.read_text(errors="replace"))
    if not any(_STARTED in record for record in records):
        raise Mismatch("the log does not tell of a start")
    complaints = [
        record
        for record in records
        if _complains(record) and not _expected(record, refusals, outages)
    ]
    if complaints:
        first = complaints[0].partition("\n")[0]
        raise Mismatch(f"{len(complaints)} complaints, the first: {first}")
    return f"{len(records)} records"


def records_of(text: str) -> list[str]:
    """Return the records of a log, each with what follows it without a time."""
    records: list[str] = []
    for line in text.splitlines(keepends=True):
        if RECORD.match(line) or not records:
            records.append(line)
        else:
            records[-1] += line
    return records


def _complains(record: str) -> bool:
    begin = RECORD.match(record)
    # What is no record was written past the log: a traceback, or Python itself.
    level = begin["level"] if begin else "ERROR"
    if level in ("ERROR", "CRITICAL") or "Traceback" in record:
        return True
    if "Detected that custom integration" in record:
        return True
    named = "whatsminer" in record.lower()
    return named and (level == "WARNING" or "deprecat" in record.lower())


def _expected(record: str, refusals: Sequence[str], outages: Sequence[str]) -> bool:
    if any(text in record for text in _ALWAYS):
        return True
    if _OUTAGE in record and any(outage in record for outage in outages):
        return True
    # The text is the last of the record, except for its prefix in the answer.
    return _REFUSAL in record and any(
        refusal.removeprefix("Validation error: ") in record for refusal in refusals
    )
