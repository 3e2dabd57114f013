"""Faults in words: a file of texts for each language.

The keys of `faults` are those of `api/fault_table.py`, and the three outages. `titles` has what a line
of the logbook begins with; an outage has no number, so it has titles of its own.
"""

import json
from pathlib import Path
from typing import Final, Literal, TypedDict

from ..api import Fault

type FaultChange = Literal["appeared", "cleared"]

_ENGLISH: Final = "en"
# A code comes from the miner, and may be anything.
_MOST_SHOWN: Final = 20


class _Unknown(TypedDict):
    """The texts of a code that is not in the table."""

    known_category: str
    other: str


class _Texts(TypedDict):
    """The file of one language."""

    categories: dict[str, str]
    faults: dict[str, str]
    titles: dict[str, dict[FaultChange, str]]
    unknown: _Unknown


# Read while this module is imported, for which Home Assistant uses a thread.
_TEXTS: Final[dict[str, _Texts]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in Path(__file__).parent.glob("*.json")
}


def fault_text(fault: Fault, language: str) -> str:
    """Return a fault in words of the language, in English the miner's own if it sent some.

    Where the language has no file, its main language counts (`de` for `de-CH`), or else English.
    The miner's own words are English; they also count if nothing else is known of the code.
    """
    texts = _texts(language)
    if fault.reason and (texts is _TEXTS[_ENGLISH] or not fault.row):
        return fault.reason
    if fault.row:
        return texts["faults"][fault.row].format(**fault.places)
    # The code goes in last: it may look like a placeholder.
    category = texts["categories"].get(fault.category)
    text = texts["unknown"]["known_category" if category else "other"]
    return _join(text.format(code=_shown(fault.code), category=category))


def fault_line(code: str, change: FaultChange, text: str, language: str) -> str:
    """Return the line of the logbook for a fault with a code and a text."""
    titles = _texts(language)["titles"]
    title = titles.get(code, titles["fault"])[change]
    return f"{title.format(code=_shown(code))}: {text}"


def _texts(language: str) -> _Texts:
    main = language.partition("-")[0]
    return _TEXTS.get(language) or _TEXTS.get(main) or _TEXTS[_ENGLISH]


def _shown(code: str) -> str:
    """Return the beginning of a code, as far as it can be printed."""
    shown = "".join(filter(str.isprintable, code.strip()[:_MOST_SHOWN]))
    return shown + "…" if len(code.strip()) > _MOST_SHOWN else shown


def _join(text: str) -> str:
    """Return a text without the gap that a code leaves of which nothing can be shown."""
    return text.replace("  ", " ").replace(" .", ".")
