"""Devices that refuse, with long or hostile messages."""

from collections.abc import Iterable, Iterator
from functools import partial

from .device import Hostile
from .plausible import ENCRYPTED, TOKEN_REJECTED, Answers
from .texts import FORGED_LINE, TEXTS

_LINES = f"{FORGED_LINE}\nsecond\nthird\nfourth\n" * 5_000
_IDENTITY = ("get_version", "get_miner_info")
_LIVE = ("summary", "pools", "edevs", "devs", "devdetails", "status")


def _refuse(
    commands: Iterable[str], code: object, text: object, said: Answers, poll: int
) -> None:
    for command in commands:
        said[command] = {"STATUS": "E", "When": 1, "Code": code, "Msg": text}


def _later(
    commands: Iterable[str], code: object, text: object, said: Answers, poll: int
) -> None:
    """Refuse from the third poll on, when the device is an entry."""
    if poll > 2:
        _refuse(commands, code, text, said, poll)


def _refuse_token(code: object, text: object, said: Answers, poll: int) -> None:
    _refuse(["get_token"], code, text, said, poll)
    said[ENCRYPTED] = TOKEN_REJECTED  # otherwise the client would keep its token


def devices() -> Iterator[Hostile]:
    """Yield devices that refuse everything, some commands, or only later."""
    yield Hostile(
        name="20,000 lines, to everything",
        edit=partial(_refuse, (*_IDENTITY, *_LIVE), 45, _LINES),
        hostname="whatsminer-refuses",
        short=True,
    )
    yield Hostile(
        name="20,000 lines, who it is",
        edit=partial(_refuse, ["get_miner_info"], -1, _LINES),
    )
    yield Hostile(
        name="20,000 lines, after some polls",
        edit=partial(_later, ["get_version", "get_error_code", *_LIVE], 14, _LINES),
        short=True,
    )
    yield Hostile(
        name="20,000 lines, a token",
        edit=partial(_refuse_token, -1, _LINES),
        asks_password=True,
        turns=True,
        short=True,
    )
    for name in ("Markdown", "HTML", "lone surrogates"):
        yield Hostile(
            name=f"{name}, a token",
            edit=partial(_refuse_token, -1, TEXTS[name]),
            asks_password=True,
            turns=True,
            short=name == "Markdown",
        )
    yield Hostile(
        name="a message that is a list of lists",
        edit=partial(_refuse, _LIVE, 14, [[["no"] * 1000] * 100]),
    )
    yield Hostile(
        name="a code of 4,000 digits",
        edit=partial(_refuse, _LIVE, int("9" * 4000), "no"),
    )
