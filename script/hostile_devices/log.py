"""What must not be in Home Assistant's log, whatever devices answer."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
import re

from demo_instance.log import RECORD, records_of

from .report import Mismatch
from .texts import FORGED_LINE

_OURS = "custom_components.whatsminer"
_OUR_FILES = "custom_components/whatsminer/"
# An outage of a miner is one line of this logger.
_OUTAGE = f"[{_OURS}.coordinator] Error fetching"
# Home Assistant's own record of an entry that it was about to set up.
_STOPPED = "CancelledError: Home Assistant is stopping"
_LONGEST_RECORD = 4000
_LEVELS = ("INFO", "WARNING", "ERROR", "CRITICAL")


def check(log: Path, names: Mapping[str, Collection[str]], most: int) -> str:
    """Verify the log; return how many records it has, for the table.

    Args:
        log: the file.
        names: by device, its possible names in the log.
        most: how many records may name a device.
    """
    records = records_of(log.read_text(errors="backslashreplace"))
    complaints = list(_complaints(records))
    counts = mentions(records, names)
    complaints += [
        f"{name} is named in {count} records"
        for name, count in counts.most_common()
        if count > most
    ]
    if complaints:
        raise Mismatch(f"{len(complaints)} complaints, the first: {complaints[0]}")
    return (
        f"{len(records)} records, at most {max(counts.values(), default=0)} of a device"
    )


def _complaints(records: Iterable[str]) -> Iterable[str]:
    for record in records:
        first = record.partition("\n")[0][:200]
        begin = RECORD.match(record)
        if record.startswith(FORGED_LINE):
            yield f"a device has written: {first}"
        elif (_OURS not in record and _OUR_FILES not in record) or _STOPPED in record:
            continue
        elif "Traceback" in record:
            yield f"a traceback: {record.rstrip().rpartition('\n')[2][:200]}, at {first}"
        elif begin and begin["level"] in ("ERROR", "CRITICAL") and _OUTAGE not in first:
            yield f"an error: {first}"
        elif len(record) > _LONGEST_RECORD:
            yield f"a record of {len(record)} characters: {first}"
        elif not all(map(str.isprintable, record.splitlines())):
            yield f"a record that is not printable: {first!a}"


def mentions(
    records: Iterable[str], names: Mapping[str, Collection[str]]
) -> Counter[str]:
    """Count the records that name each device."""
    named = {name: device for device, called in names.items() for name in called}
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, named))})(?!\w)")
    counts: Counter[str] = Counter(dict.fromkeys(names, 0))
    for record in records:
        begin = RECORD.match(record)
        if not begin or begin["level"] in _LEVELS:
            counts.update({named[name] for name in pattern.findall(record)})
    return counts
