"""What each version of V3 reports and accepts."""

from functools import cache
import re
from typing import Final

from ..capabilities import BY_FIRMWARE
from ..readings import Support
from .commands import ROWS
from .fields import SETTINGS

type Version = tuple[int, int, int]

# The first version. What a miner with an unknown version has, all have.
FIRST: Final[Version] = (3, 0, 0)
_VERSION: Final = re.compile(r"(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?(?!\d)")

# What V3 does not report. The target hash rate is that of the factory, as in V2.2.
_MISSING: Final = {
    "accepted_shares",
    "board_accepted_shares",
    "board_rejected_shares",
    "hash_deviation",
    "rejected_shares",
    "stop_reason",
    "target_frequency",
}
_EVERY_VERSION: Final = {
    "fan_zero_speed",
    "fast_boot",
    "mining",
    "power_limit",
    "power_mode",
    "poweroff_cooling",
    "target_frequency",
    "temperature_offset",
    "upfreq_speed",
    "web_pools",
}
# By the version that has them first.
_LATER: Final = dict.fromkeys(
    ("power_percent", "power_target", "heat_mode", "fast_hash"), (3, 0, 3)
)


def version_of(api: str | None) -> Version:
    """Return a version such as `3.0.5` as numbers, the first version if it is not known."""
    found = _VERSION.match(api or "")
    if found is None:
        return FIRST
    return int(found[1]), int(found[2]), int(found[3] or 0)


def is_documented(api: str | None) -> bool:
    """Return whether there is a document for a version."""
    return version_of(api)[:2] == FIRST[:2]


@cache
def support_of(version: Version) -> Support:
    """Return what every miner with a version reports and accepts."""
    later = {name for name, since in _LATER.items() if version >= since}
    slow = {name for table in SETTINGS.values() for name in table.names}
    return Support(
        readings=BY_FIRMWARE - _MISSING,
        settings=frozenset(_EVERY_VERSION | later),
        slow_settings=frozenset(slow),
        commands=frozenset(name for name, row in ROWS.items() if version >= row.since),
        zero_percent_is_none=True,
    )
