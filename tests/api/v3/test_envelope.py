"""Answers: whole objects, their codes, and the two ways of saying that nothing is allowed."""

from typing import Any

import pytest

from custom_components.whatsminer.api.errors import (
    MalformedReplyError,
    MiningProcessDownError,
    RefusedError,
    UnsupportedCommandError,
    WriteAccessClosedError,
    WrongPasswordError,
)
from custom_components.whatsminer.api.sanitize import Json
from custom_components.whatsminer.api.v3.envelope import (
    NOTHING,
    Answer,
    NotAllowedError,
    check,
    parse,
    permission_error,
)

from .framed_miner import refusal, success

CLOSED = "no permission for write command"


@pytest.mark.parametrize("code", [0, "0", 0.0])
def test_a_successful_answer_has_a_message_and_the_clock_of_the_miner(
    code: object,
) -> None:
    value = success({"a": 1}) | {"code": code, "when": "1692685512"}
    assert check(value, "x") == Answer(message={"a": 1}, when=1692685512)


def test_an_answer_without_a_clock_is_an_answer() -> None:
    assert check({"code": 0}, "x") == NOTHING


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0",
        b"{",
        b'{"code":0',
        b"[]",
        b'"ok"',
        b"1",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b'{"a":' * 5000,
        b"[" + b"1," * 40_000 + b"1]",
    ],
)
def test_what_is_no_json_object_is_one_declared_error(raw: bytes) -> None:
    with pytest.raises(MalformedReplyError):
        parse(raw, "x")


def test_what_an_answer_says_is_safe_to_store() -> None:
    raw = b'{"code":0,"msg":{"a":"b\nc","n":NaN,"i":' + b"9" * 5000 + b"}}\0"
    assert parse(raw, "x") == {"code": 0, "msg": {"a": "b c", "n": None, "i": None}}


@pytest.mark.parametrize("code", [None, "", "none", True, [], {}, {"code": 0}])
def test_an_answer_without_a_code_is_malformed(code: object) -> None:
    value: dict[str, Any] = {"code": code, "msg": "ok"}
    with pytest.raises(MalformedReplyError):
        check(value, "x")


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (-1, "invalid param", RefusedError),
        (-1, "percent must be a string", RefusedError),
        (-1, "Invalid JSON or password is wrong", NotAllowedError),
        (-1, "Password is wrong", NotAllowedError),
        (-2, "invalid command", UnsupportedCommandError),
        ("-2", "invalid command", UnsupportedCommandError),
        (-3, "param item is null", RefusedError),
        (-4, CLOSED, NotAllowedError),
        (-4, "no permission", NotAllowedError),
        (-5, "", RefusedError),
        (-99, "?", RefusedError),
        (1, {"a": 1}, RefusedError),
        (-1, "btminer process is down err", MiningProcessDownError),
    ],
)
def test_the_code_and_the_text_of_a_refusal_say_what_it_is(
    code: object, text: object, kind: type[Exception]
) -> None:
    with pytest.raises(kind) as caught:
        check(refusal(code, text), "set.x")
    assert type(caught.value) is kind
    if isinstance(caught.value, RefusedError):
        assert caught.value.command == "set.x"
        assert caught.value.reason == (text if isinstance(text, str) else "")


@pytest.mark.parametrize(
    ("code", "text", "is_open", "kind"),
    [
        (-4, CLOSED, False, WriteAccessClosedError),
        (-4, CLOSED, True, WrongPasswordError),
        (-1, "password is wrong", False, WriteAccessClosedError),
        (-1, "password is wrong", True, WrongPasswordError),
        # Where the miner does not report the switch, the text decides.
        (-4, CLOSED, None, WriteAccessClosedError),
        (-1, "password is wrong", None, WrongPasswordError),
    ],
)
def test_the_switch_tells_why_a_command_is_not_allowed(
    code: int, text: str, is_open: bool | None, kind: type[RefusedError]
) -> None:
    error = permission_error(NotAllowedError("set.x", code, text), is_open=is_open)
    assert type(error) is kind
    assert (error.command, error.code, error.reason) == ("set.x", code, text)


def test_what_is_missing_in_an_answer_is_empty() -> None:
    answer = Answer(message={"a": {"b": 1}, "rows": [{"c": 2}, 3], "text": "x"})
    assert answer.reading("a") == {"b": 1}
    assert answer.rows("rows") == ({"c": 2},)
    for other in ("text", "rows", "none"):
        assert answer.reading(other) == {}
    for other in ("text", "a", "none"):
        assert answer.rows(other) == ()
    messages: tuple[Json, ...] = (None, "ok", [], 1)
    for message in messages:
        assert Answer(message=message).reading("a") == {}
        assert Answer(message=message).reading() == {}
        assert Answer(message=message).rows("a") == ()
