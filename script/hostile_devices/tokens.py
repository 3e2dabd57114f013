"""Devices with hostile answers to `get_token` and to encrypted commands."""

from collections.abc import Iterator
from functools import partial

from .device import Edit, Exchange, Hostile, Send, unaltered, whole
from .plausible import ENCRYPTED, TOKEN_REJECTED, Answers, put, raw

_TOKENS: dict[str, object] = {
    "a salt with surrogates": {"time": "5626", "salt": "\ud800", "newsalt": "a"},
    "salts of 400,000 characters": {
        "time": "5626",
        "salt": "a" * 400_000,
        "newsalt": "b" * 400_000,
    },
    "salts with a $": {"time": "5626", "salt": "$1$x$", "newsalt": "$6$"},
    "no salts": {"time": "5626", "salt": "", "newsalt": ""},
    "a time of 5,000 digits": {
        "time": raw("9" * 5000),
        "salt": "a",
        "newsalt": "b",
        "timeout": raw("9" * 5000),
    },
    "a time that never ends": {
        "time": raw("1e400"),
        "salt": "a",
        "newsalt": "b",
        "timeout": "1e400",
    },
    "lists": {"time": [1], "salt": [[2]], "newsalt": {"a": 3}, "timeout": []},
    "a text": "over max connect",
}
_SEALED = {
    "an answer that is no base64": b'{"enc":"\xff\xfe"}',
    "an answer of 1 MiB that cannot be decrypted": b'{"enc":"%s"}'
    % (b"QUFB" * 260_000),
    "an answer that is a list": b'{"enc":[[[]]]}',
    "no miner's answer": b"HTTP/1.1 400 Bad Request\r\n\r\n<html>no</html>",
}
# Each with whether it turns.
_SHORT = {
    ("a salt with surrogates", False),
    ("a time of 5,000 digits", True),
    ("salts of 400,000 characters", True),
    ("no miner's answer", True),
}


def _token(token: object, said: Answers, poll: int) -> None:
    put(said, ("get_token", "Msg"), token)
    said[ENCRYPTED] = TOKEN_REJECTED  # otherwise the client would keep its token


async def _sealed(data: bytes, exchange: Exchange) -> None:
    """Answer encrypted requests with other data, and all others as usual."""
    if exchange.command != ENCRYPTED:
        await whole(exchange)
    else:
        await exchange.send(data)


def devices() -> Iterator[Hostile]:
    """Yield two devices for each token and for each encrypted answer.

    One is hostile while it is added, the other one when it is used.
    """
    kinds: list[tuple[str, Edit, Send]] = [
        *((name, partial(_token, token), whole) for name, token in _TOKENS.items()),
        *((name, unaltered, partial(_sealed, data)) for name, data in _SEALED.items()),
    ]
    for turns in (False, True):
        when = "when it is used" if turns else "when it is added"
        for name, edit, send in kinds:
            yield Hostile(
                name=f"{name}, {when}",
                edit=edit,
                send=send,
                asks_password=True,
                turns=turns,
                short=(name, turns) in _SHORT,
            )
