"""The versions of the V3 API. What each of them has is said where it is used."""

from typing import Final

# The firmware that each version is simulated with. Versions compare as text.
FIRMWARE_BY_API: Final = {
    "3.0.0": "20241011.12.Rel",
    "3.0.1": "20250409.15.REL",
    "3.0.2": "20250915.16.Rel2",
    "3.0.3": "20251120.16.Rel2",
    "3.0.4": "20260116.16.Rel2",
    "3.0.5": "20260312.16.REL3",
}
NEWEST_API: Final = "3.0.5"
