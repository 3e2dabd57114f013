"""Devices with impossible numbers, or with texts in place of numbers."""

from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Any

from .device import Hostile
from .plausible import Answers, put, raw

FIGURES = {
    "1e308": raw("1e308"),
    "-1e308": raw("-1e308"),
    "1e-300": raw("1e-300"),
    "1e400, which is infinite": raw("1e400"),
    "309 digits": raw("9" * 309),
    "4,000 digits": raw("9" * 4000),
    "5,000 digits": raw("9" * 5000),
    "2**63": raw(str(2**63)),
    "-2**70": raw(str(-(2**70))),
    "NaN": raw("NaN"),
    "Infinity": raw("Infinity"),
    "-Infinity": raw("-Infinity"),
    "a text with 1e999": "1e999",
    "a text with NaN": "nan",
    "a text with 5,000 digits": "9" * 5000,
    "digits of another script": "\u0661\u0662\u00b2",
    "a list": [1, [2]],
    "an object": {"a": {"b": 1}},
    "true": True,
    "null": None,
}
_SHORT = {"1e308", "1e-300", "5,000 digits", "NaN"}
_API_VERSIONS = {
    "api_ver of 2. and 5,000 digits": f"2.{'1' * 5000}",
    "api_ver of 4,000 digits and .2": f"{'1' * 4000}.2",
    "api_ver 1e308": raw("1e308"),
    "api_ver of 5,000 digits": raw("9" * 5000),
}
_SLOTS = {"-1": -1, "2**70": 2**70, "1e308": raw("1e308"), "0.5": 0.5, "a text": "two"}


def _replaced(value: Any, figures: Iterator[object]) -> Any:
    """Return JSON with each number in it replaced by the next of the figures."""
    if isinstance(value, dict):
        return {key: _replaced(item, figures) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, figures) for item in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number or (isinstance(value, str) and value.isdecimal()):
        return next(figures)
    return value


def _everywhere(figures: Iterator[object], said: Answers, poll: int) -> None:
    for command, answer in said.items():
        said[command] = _replaced(answer, figures)
        if "Code" in answer:  # otherwise the answer would be ignored
            said[command]["Code"] = 131


def _same_everywhere(figure: object, said: Answers, poll: int) -> None:
    _everywhere((figure for _ in count()), said, poll)


def _mixed(said: Answers, poll: int) -> None:
    known = list(FIGURES.values())
    _everywhere((known[number % len(known)] for number in count(poll)), said, poll)


def _version(api: object, said: Answers, poll: int) -> None:
    put(said, ("get_version", "Msg", "api_ver"), api)


def _code(said: Answers, poll: int) -> None:
    for answer in said.values():
        if "Code" in answer:
            answer["Code"] = raw("9" * 5000)


def _slot(slot: object, said: Answers, poll: int) -> None:
    for key in ("ASC", "Slot"):
        put(said, ("edevs", "DEVS", 0, key), slot)


def _errors_of_v1(said: Answers, poll: int) -> None:
    """Answer as the oldest firmware does, with the faults in the summary."""
    said["get_version"]["Msg"] = "whatsminer v1.4.0"
    said["summary"]["SUMMARY"][0] |= {
        "MAC": said["get_miner_info"]["Msg"]["mac"],
        "Error Code Count": raw("1e308"),
        "Error Code 0": raw("9" * 5000),
        "Error Code 1": raw("1e-300"),
    }


def devices() -> Iterator[Hostile]:
    """Yield devices with one figure in place of all numbers, or of one number."""
    for name, figure in FIGURES.items():
        yield Hostile(
            name=f"{name}, everywhere",
            edit=partial(_same_everywhere, figure),
            short=name in _SHORT,
        )
    yield Hostile(name="others at every poll", edit=_mixed, short=True)
    for name, api in _API_VERSIONS.items():
        yield Hostile(
            name=name,
            edit=partial(_version, api),
            hostname="whatsminer",
            short="2. and" in name,
        )
    for name, slot in _SLOTS.items():
        yield Hostile(
            name=f"a hashboard in slot {name}",
            edit=partial(_slot, slot),
            short=name == "2**70",
        )
    yield Hostile(name="a code of 5,000 digits", edit=_code)
    yield Hostile(name="faults of the oldest API", edit=_errors_of_v1)
