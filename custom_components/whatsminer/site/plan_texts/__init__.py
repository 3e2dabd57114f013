"""The decisions of a plan in words: a file of texts for each language.

`reasons` has a sentence for each `Reason`, `actions` what a line of Activity begins with, and `states`
what the plan says of a miner on the device page.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
import json
from pathlib import Path
from typing import Final, TypedDict

from homeassistant.util import dt as dt_util

from ...listing import names
from ..decision import Decision, Value, Why

_ENGLISH: Final = "en"
# In W; shown in such steps.
_ROUGH: Final = frozenset({"left", "needed"})
_STEP: Final = 50


class _Texts(TypedDict):
    """The file of one language."""

    decimal_point: str
    actions: dict[str, str]
    states: dict[str, str]
    reasons: dict[str, str]


# Read while this module is imported, for which Home Assistant uses a thread.
_TEXTS: Final[dict[str, _Texts]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in Path(__file__).parent.glob("*.json")
}


def reason_text(why: Why, places: Mapping[str, str], language: str) -> str:
    """Return a reason in words of the language, in English where it has no file.

    `places` has what all reasons of a site may name: the units of its prices, and the entity that says
    whether electricity is cheap.
    """
    texts = _texts(language)
    values = {key: _shown(key, value, texts) for key, value in why.values.items()}
    reasons = texts["reasons"]
    key: str = why.reason
    # Some name somebody who is not always known, or count something.
    if not all(values.values()) and f"{key}_unknown" in reasons:
        key = f"{key}_unknown"
    elif why.values.get("minutes") == 1:
        key = f"{key}_one"
    return reasons[key].format(**places, **values)


def decision_text(decision: Decision, places: Mapping[str, str], language: str) -> str:
    """Return in words what the plan wants of a miner, and why."""
    why = reason_text(decision.waiting or decision.why, places, language)
    if decision.waiting:
        because = reason_text(decision.why, places, language)
        why = f"{why} ({because})"
    texts = _texts(language)
    states, key = texts["states"], _state_of(decision)
    if decision.until and f"{key}_until" in states:
        key = f"{key}_until"
    until = _shown("until", decision.until or "", texts)
    return states[key].format(percent=decision.percent, until=until, why=why)


def action_text(
    action: str,
    miners: Sequence[str],
    why: str,
    language: str,
    *,
    percent: int | None = None,
    until: datetime | None = None,
) -> str:
    """Return a line of Activity: what the plan has done with some miners, and why."""
    texts = _texts(language)
    several = f"{action}_several"
    if len(miners) > 1 and several in texts["actions"]:
        action = several
    return texts["actions"][action].format(
        miners=names(miners),
        why=why,
        percent=percent,
        until=_shown("until", until or "", texts),
    )


def _state_of(decision: Decision) -> str:
    if decision.waiting and decision.on is not None:
        return "stays_on" if decision.on else "stays_off"
    if decision.on is None:
        return "left"
    if not decision.on:
        return "off"
    return "on" if decision.percent is None else "percent"


def _texts(language: str) -> _Texts:
    main = language.partition("-")[0]
    return _TEXTS.get(language) or _TEXTS.get(main) or _TEXTS[_ENGLISH]


def _shown(key: str, value: Value, texts: _Texts) -> str:
    """Return a value as people write it: a time, with the date unless it is today, or a number."""
    if isinstance(value, datetime):
        local = dt_util.as_local(value)
        is_today = local.date() == dt_util.now().date()
        return local.strftime("%H:%M" if is_today else "%Y-%m-%d %H:%M")
    if isinstance(value, str):
        return value
    if key in _ROUGH:
        # They may change a little with each poll, which would be a new state each time.
        return f"{value // _STEP * _STEP:.0f}"
    text = f"{value:.4f}".rstrip("0").rstrip(".") if value % 1 else f"{value:.0f}"
    return text.replace(".", texts["decimal_point"])
