"""The generations of firmware that speak V2, and how to tell them apart."""

from collections.abc import Mapping
from enum import StrEnum
import re

from ..decode import text
from ..sanitize import Json
from .envelope import Answer

# The versions that are documented, besides V1.
_DOCUMENTED = ((2, 0), (2, 2))
# Finds "2.0" in "2.0.5" and "1.4" in "whatsminer v1.4.0", but nothing in the date of a firmware.
_VERSION = re.compile(r"(?<!\d)(\d)\.(\d{1,3})(?!\d)")


class Generation(StrEnum):
    """The version of the API that a firmware speaks on port 4028."""

    V1 = "v1"
    V2 = "v2"
    V2_2 = "v2.2"
    """Firmware of this version speaks V3 on another port."""


def _number(api: Json) -> tuple[int, int] | None:
    """Return a version as numbers, (2, 0) for "2.0.5"."""
    found = _VERSION.search(text(api) or "")
    return (int(found[1]), int(found[2])) if found else None


def is_documented(version: Mapping[str, Json]) -> bool:
    """Return whether there is a document for a version; the oldest firmware reports none."""
    number = _number(version.get("api_ver"))
    return number is None or number[0] == 1 or number in _DOCUMENTED


def generation_of(
    version: Mapping[str, Json], status: Answer, summary: Answer
) -> Generation:
    """Return the generation, which the reported version and the form of the answers show."""
    if (
        summary.code is not None and summary.reading()
    ):  # without a section, that of `Msg`
        return Generation.V2_2
    number = _number(version.get("api_ver")) or _number(status.description)
    if number is None:  # the oldest firmware answers with a text instead of an object
        return Generation.V2 if text(version.get("fw_ver")) else Generation.V1
    if number < (2, 0):
        return Generation.V1
    return Generation.V2_2 if number >= (2, 2) else Generation.V2
