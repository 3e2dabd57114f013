"""Devices whose names and messages are texts that cannot be stored or shown."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from .device import Hostile
from .plausible import Answers, put

# The beginning of a forged line of Home Assistant's log.
FORGED = "[homeassistant.forged]"
FORGED_LINE = f"2026-11-01 00:00:00.000 CRITICAL (MainThread) {FORGED} all is lost"
_PICTURE = "![picture](http://127.0.0.1:9/picture.png)"
_MARKDOWN = f"{_PICTURE} [click here](http://127.0.0.1:9/) **bold** `code` | a | b |"
_HTML = (
    "<img src=x onerror=alert(1)> <a href='http://127.0.0.1:9/'>click</a> &lt; <script>"
)
_BIDI = (
    "\u202egnirts\u202c \u2066isolated\u2069 \u200fmark\u200e \u200b\ufeff\u2028\u2029"
)

TEXTS = {
    "lone surrogates": "x\ud800",
    "surrogates in pieces": "\udfff\udc80middle\ud83d",
    "control characters": "a\0b\x01\x1b[31mred\x07\x7f\x85\tc",
    "lines, one like one of the log": f"first\n{FORGED_LINE}\r\nthird",
    "bidirectional controls": _BIDI,
    "Markdown": _MARKDOWN,
    "HTML": _HTML,
    "templates and placeholders": "{{ states|list }} {% raw %} {miner} %s %(name)s {0}",
    "100,000 characters": "long" * 25_000,
    "nothing but spaces": " \u00a0\u3000 ",
}
_SHORT = {
    "lone surrogates",
    "control characters",
    "lines, one like one of the log",
    "bidirectional controls",
    "Markdown",
    "HTML",
    "100,000 characters",
}


def _code(said: Answers, text: str) -> None:
    put(said, ("get_error_code", "Msg", "error_code", 0), {text: "2026-11-01 10:00:00"})


def _reason(said: Answers, text: str) -> None:
    fault = {"531": "2026-11-01 10:00:00", "reason": text}
    said["get_error_code"]["Msg"]["error_code"].append(fault)


def _model(said: Answers, text: str) -> None:
    put(said, ("get_version", "Msg", "miner_type"), text)
    put(said, ("devdetails", "DEVDETAILS", 0, "Model"), text)


def _firmware(said: Answers, text: str) -> None:
    put(said, ("get_version", "Msg", "fw_ver"), text)
    put(said, ("status", "Msg", "FirmwareVersion"), text)


def _key(said: Answers, text: str) -> None:
    for section in ("summary", "SUMMARY", 0), ("status", "Msg"), ("get_psu", "Msg"):
        put(said, (*section, text), "a key")


def _at(*path: str | int) -> Callable[[Answers, str], None]:
    def set_text(said: Answers, text: str) -> None:
        put(said, path, text)

    return set_text


FIELDS: dict[str, Callable[[Answers, str], Any]] = {
    "host name": _at("get_miner_info", "Msg", "hostname"),
    "model": _model,
    "firmware version": _firmware,
    "control board": _at("get_version", "Msg", "platform"),
    "serial number": _at("get_miner_info", "Msg", "minersn"),
    "light": _at("get_miner_info", "Msg", "ledstat"),
    "pool": _at("pools", "POOLS", 0, "URL"),
    "worker": _at("pools", "POOLS", 0, "User"),
    "state of the pool": _at("pools", "POOLS", 0, "Status"),
    "fault code": _code,
    "fault reason": _reason,
    "serial number of a hashboard": _at("edevs", "DEVS", 0, "PCB SN"),
    "stop reason": _at("status", "Msg", "mineroff_reason"),
    "power mode": _at("summary", "SUMMARY", 0, "Power Mode"),
    "power supply": _at("get_psu", "Msg", "name"),
    "description": _at("status", "Description"),
    "key": _key,
}


def _everywhere(text: str, said: Answers, poll: int) -> None:
    for change in FIELDS.values():
        change(said, text)


def _in(field: str, text: str, said: Answers, poll: int) -> None:
    FIELDS[field](said, text)


def _api_version(text: str, said: Answers, poll: int) -> None:
    put(said, ("get_version", "Msg", "api_ver"), f"2.9.9{text}")


def devices() -> Iterator[Hostile]:
    """Yield devices with one text in all fields, or with surrogates in one field."""
    for name, text in TEXTS.items():
        yield Hostile(
            name=f"{name}, everywhere",
            edit=partial(_everywhere, text),
            hostname=f"whatsminer{text}",
            short=name in _SHORT,
        )
    for field in FIELDS:
        yield Hostile(
            name=f"lone surrogates: {field}",
            edit=partial(_in, field, TEXTS["lone surrogates"]),
        )
    for name in ("lone surrogates", "Markdown", "100,000 characters"):
        yield Hostile(
            name=f"{name}: version of an unknown API",
            edit=partial(_api_version, TEXTS[name]),
            hostname="whatsminer",
            short=name == "Markdown",
        )
    yield Hostile(
        name="300,000 characters: host name",
        edit=partial(_in, "host name", "x" * 300_000),
        hostname="whatsminer" + "x" * 300_000,
        short=True,
    )
