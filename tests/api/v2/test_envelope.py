"""Checked answers from bytes: envelopes, refusals, and the mistakes of firmware."""

from contextlib import suppress
import json
from typing import Any
from unittest.mock import ANY

import pytest

from custom_components.whatsminer.api.errors import (
    MalformedReplyError,
    MiningProcessDownError,
    NotAMinerError,
    RefusedError,
    TokenRejectedError,
    TooManyTokensError,
    UnsupportedCommandError,
    WriteAccessClosedError,
    WrongPasswordError,
)
from custom_components.whatsminer.api.v2.envelope import Answer, check, parse, split
from tests.api import fixture, message, refusal, table
from tests.work import assert_linear

# What a blind search and replace would damage.
TRICKY = '}{ ,} ,] [,{ ""temp0 \\" "329":"x" "inf" \\u00e9'


def compact(value: object) -> bytes:
    """Return JSON as a miner writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


# Whole answers


def test_the_long_envelope_of_cgminer() -> None:
    """Shape A is that of V1."""
    value = parse(
        b'{"STATUS":[{"STATUS":"S","When":1,"Code":11,"Msg":"Summary",'
        b'"Description":"cgminer 4.9.2"}],"SUMMARY":[{"Elapsed":5}],"id":1}\0',
        "summary",
    )
    answer = check(value, "summary")
    assert (answer.code, answer.message) == (11, "Summary")
    assert answer.description == "cgminer 4.9.2"
    assert answer.reading("SUMMARY") == {"Elapsed": 5}


def test_the_short_envelope() -> None:
    """Shape B is that of 2.0.x, without a code."""
    value = table("DEVS", {"ASC": 0}, {"ASC": 1})
    answer = check(parse(compact(value), "edevs"), "edevs")
    assert answer.code is None
    assert answer.rows("DEVS") == ({"ASC": 0}, {"ASC": 1})


def test_the_envelope_with_a_message() -> None:
    """Shape C has the readings of any section in its message."""
    answer = check(fixture("compat_m60s")["summary"], "summary")
    assert answer.code == 131
    assert answer.reading("SUMMARY")["Power"] == 3173.4533333333334


def test_the_joined_envelope() -> None:
    """Shape D has an answer for each part."""
    bundle = fixture("compat_m60s")
    joined = {"summary": [bundle["summary"]], "edevs": [bundle["edevs"]], "id": 1}
    parts = split(parse(compact(joined), "summary+edevs"), ("summary", "edevs"))
    assert parts == {"summary": bundle["summary"], "edevs": bundle["edevs"]}


def test_a_joined_part_may_come_without_its_list() -> None:
    assert split({"pools": table("POOLS")}, ["pools"]) == {"pools": table("POOLS")}


@pytest.mark.parametrize(
    "joined",
    [
        {"summary": [table("SUMMARY")], "id": 1},
        {"summary": [table("SUMMARY")], "pools": [], "id": 1},
        {"summary": [table("SUMMARY")], "pools": [{}, {}], "id": 1},
        {"summary": [table("SUMMARY")], "pools": ["Socket connect failed"], "id": 1},
        table("SUMMARY", {"Elapsed": 1}),
    ],
    ids=["missing", "empty", "two", "text", "first-only"],
)
def test_a_joined_answer_without_a_part_is_malformed(joined: dict[str, Any]) -> None:
    with pytest.raises(MalformedReplyError):
        split(joined, ("summary", "pools"))


def test_a_joined_read_can_be_refused_as_a_whole() -> None:
    """The error names the joined command."""
    with pytest.raises(UnsupportedCommandError) as caught:
        split(refusal(14, "invalid cmd"), ("summary", "pools"))
    assert caught.value.command == "summary+pools"


@pytest.mark.parametrize("status", ["S", "I", "RESTART"])
@pytest.mark.parametrize("listed", [False, True])
def test_what_counts_as_success(status: str, *, listed: bool) -> None:
    """The status may be a text, or in a list."""
    envelope = {"STATUS": status, "Code": 131, "Msg": "ok", "Description": "d"}
    value: dict[str, Any] = {"STATUS": [envelope]} if listed else envelope
    assert check(value, "x") == Answer(
        code=131, message="ok", description="d", body=value
    )


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (14, UnsupportedCommandError),
        (23, WrongPasswordError),
        (45, WriteAccessClosedError),
        (132, RefusedError),
        (135, TokenRejectedError),
        (136, TooManyTokensError),
        (137, RefusedError),
        (None, RefusedError),
        ("45", WriteAccessClosedError),
        ("high", RefusedError),
        (14.0, UnsupportedCommandError),
        (True, RefusedError),
        (1e999, RefusedError),
    ],
)
@pytest.mark.parametrize("status", ["E", "F"])
@pytest.mark.parametrize("listed", [False, True])
def test_a_refusal_becomes_the_exception_of_its_code(
    code: Any, error: type[RefusedError], status: str, *, listed: bool
) -> None:
    """It has the miner's own text. The code may be text as well."""
    envelope = {"STATUS": status, "Code": code, "Msg": "because"}
    value: dict[str, Any] = {"STATUS": [envelope]} if listed else envelope
    with pytest.raises(RefusedError) as caught:
        check(value, "set_led")
    assert type(caught.value) is error
    assert caught.value.reason == "because"
    assert caught.value.command == "set_led"


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"hello": 1},
        {"STATUS": []},
        {"STATUS": [1]},
        {"STATUS": [{}]},
        {"STATUS": 1},
    ],
)
def test_an_answer_without_a_status_is_malformed(value: dict[str, Any]) -> None:
    """It may be a success or a refusal."""
    with pytest.raises(MalformedReplyError):
        check(value, "summary")


def test_a_reading_that_is_not_there_is_empty() -> None:
    """The message is a text instead of an object, or the section is missing."""
    assert Answer(message="text").reading("SUMMARY") == {}
    assert Answer(body={"DEVS": "none"}).rows("DEVS") == ()
    assert Answer(body={"DEVS": [1, {"ASC": 0}]}).rows("DEVS") == ({"ASC": 0},)


def test_the_body_of_an_answer_is_not_shown() -> None:
    """It may hold secrets."""
    assert "secret" not in repr(Answer(body={"User": "secret"}))


# The mistakes of firmware


def test_a_valid_answer_survives_byte_for_byte() -> None:
    """Strings may contain what would be a mistake outside of them."""
    value = message({"User": TRICKY, "Debug": "a b"})
    assert parse(compact(value), "pools") == value


MISTAKES: dict[str, tuple[bytes, object]] = {
    "comma-before-brace": (b'{"a":1,}', {"a": 1}),
    "comma-before-bracket": (b'{"a":[1,],}', {"a": [1]}),
    "no-comma-between-objects": (
        b'{"a":[{"b":1}{"b":2}]}',
        {"a": [{"b": 1}, {"b": 2}]},
    ),
    "comma-after-bracket": (b'{"a":[,{"b":1}]}', {"a": [{"b": 1}]}),
    "no-comma-between-strings": (
        b'{"vendor":"7""temp0":"31"}',
        {"vendor": "7", "temp0": "31"},
    ),
    "one-bare-pair": (b'{"a":["329":"x"]}', {"a": [{"329": "x"}]}),
    "bare-pairs": (b'{"a":["329":"x","8":"y"]}', {"a": [{"329": "x"}, {"8": "y"}]}),
    "newlines-between-mistakes": (
        b'{"a":[{"b":1}\n{"b":2}],\n}',
        {"a": [{"b": 1}, {"b": 2}]},
    ),
}


@pytest.mark.parametrize(("broken", "whole"), MISTAKES.values(), ids=MISTAKES)
def test_a_known_mistake_is_mended(broken: bytes, whole: object) -> None:
    assert parse(broken, "summary") == whole


@pytest.mark.parametrize(
    "mistake",
    [
        b'{"s":%s,}',
        b'{"s":%s,"a":[{"b":1}{"b":2}]}',
        b'{"s":%s,"a":[,{"b":1}]}',
        b'{"s":%s"temp0":"31"}',
        b'{"s":%s,"a":["329":"x"]}',
    ],
)
def test_strings_in_a_broken_answer_are_left_alone(mistake: bytes) -> None:
    """Only the text around them is repaired."""
    tricky = compact(TRICKY + " two  blanks")
    assert parse(mistake % tricky, "pools")["s"] == TRICKY + " two  blanks"


def test_the_psu_of_early_2023_lacks_a_comma() -> None:
    psu = message({"name": "P221B", "vendor": "7", "temp0": "31.0", "pin": "3400"})
    broken = compact(psu).replace(b'"7","temp0"', b'"7""temp0"')
    assert parse(broken, "get_psu") == psu


def test_the_error_list_of_2_0_4_is_no_json() -> None:
    """It holds pairs without braces."""
    pair = {"329": "2022-01-17 11:28:11"}
    broken = compact(message({"error_code": [pair]})).replace(b"[{", b"[")
    broken = broken.replace(b"}]", b"]")
    assert b'["329":"2022-01-17 11:28:11"]' in broken
    assert parse(broken, "get_error_code") == message({"error_code": [pair]})


def test_trailing_nuls_and_newlines_are_dropped() -> None:
    """Old firmware ends its text like a string in C."""
    assert parse(b'\n{"a":1}\n\0\0', "summary") == {"a": 1}


def test_newlines_between_the_members_are_dropped() -> None:
    """Some firmware breaks its lines."""
    assert parse(b'{"a":\r\n[1,\n2]\n}', "summary") == {"a": [1, 2]}


def test_a_control_character_in_a_string_spoils_no_answer() -> None:
    """Strict JSON forbids it, but a miner's debug text may have it. The text becomes one line."""
    assert parse(b'{"Debug":"37.7\t3.0\n"}', "summary") == {"Debug": "37.7 3.0 "}


def test_a_pool_user_in_latin_1_does_not_spoil_the_answer() -> None:
    """The bad byte is replaced."""
    assert parse(b'{"User":"caf\xe9.1","URL":"u"}', "pools") == {
        "User": "caf\N{REPLACEMENT CHARACTER}.1",
        "URL": "u",
    }


@pytest.mark.parametrize("word", [b"NaN", b"Infinity", b"-Infinity"])
def test_what_is_no_number_is_nothing(word: bytes) -> None:
    """C prints these words, but JSON does not have them."""
    assert parse(b'{"a":%s}' % word, "summary") == {"a": None}


# Answers that were cut short


LIST = b'{"STATUS":"S","When":1,"Code":131,"Msg":{"error_code":[{"111":"10:30:00"}'


@pytest.mark.parametrize(
    ("cut", "codes"),
    [
        (b',{"112":"2024-06-1', ["111"]),
        (b',{"112"', ["111"]),
        (b",{", ["111"]),
        (b",", ["111"]),
        (b',{"112":"10:31:00"}]},"Descr', ["111", "112"]),
    ],
)
def test_an_error_list_that_was_cut_short_keeps_what_is_whole(
    cut: bytes, codes: list[str]
) -> None:
    """Hundreds of errors overflow the miner's buffer."""
    value = parse(LIST + cut, "get_error_code")
    assert value["Code"] == 131
    assert value["Msg"] == {"error_code": [{code: ANY} for code in codes]}


def test_a_bare_error_list_that_was_cut_short_keeps_what_is_whole() -> None:
    """It has both mistakes at once."""
    cut = b'{"STATUS":"S","Msg":{"error_code":["329":"2022-01-17 11:28:11","330":"20'
    assert parse(cut, "get_error_code")["Msg"] == {
        "error_code": [{"329": "2022-01-17 11:28:11"}]
    }


@pytest.mark.parametrize(
    "command", ["summary", "pools", "summary+pools+edevs", "status"]
)
def test_any_other_answer_that_was_cut_short_is_malformed(command: str) -> None:
    """A part of the readings could mislead."""
    with pytest.raises(MalformedReplyError):
        parse(LIST + b",{", command)


def test_every_cut_of_an_answer_ends_in_one_exception() -> None:
    whole = compact(fixture("compat_m60s")["edevs"])
    for length in range(1, len(whole)):
        with pytest.raises(MalformedReplyError):
            parse(whole[:length], "summary+edevs")


@pytest.mark.parametrize("command", ["edevs", "devs", "pools"])
def test_a_table_that_was_cut_short_keeps_the_rows_that_are_whole(command: str) -> None:
    """Half a row is none, wherever the cut is."""
    answer = fixture("compat_m60s")["edevs"]
    boards = answer["DEVS"]
    whole = compact(answer)
    ends = [whole.index(compact(row)) + len(compact(row)) for row in boards]
    for length in range(1, len(whole)):
        try:
            found = check(parse(whole[:length], command), command)
        except MalformedReplyError:
            assert length < ends[0]
            continue
        count = sum(end <= length for end in ends)
        assert found.is_cut
        assert list(found.rows("DEVS")) == boards[:count]
    assert not check(parse(whole, command), command).is_cut


@pytest.mark.parametrize(
    "cut",
    [
        b'{"STATUS":[{"STATUS":"S"}],"POOLS":[{"URL":"}],{[","POOL":1},{"URL":"}]',
        b'{"STATUS":[{"STATUS":"S"}],"POOLS":[{"URL":"}],{[","POOL":1}{"POOL":2,',
        b'{"STATUS":[{"STATUS":"S",}],"POOLS":[{"URL":"}],{[","POOL":1},{"A":[{}',
        b'{"STATUS":[{"STATUS":"S"}],\n"POOLS":[,{"URL":"}],{[","POOL":1,},',
    ],
)
def test_a_table_may_be_cut_short_and_have_other_mistakes(cut: bytes) -> None:
    """Brackets inside of texts are no brackets of the table."""
    found = check(parse(cut, "pools"), "pools")
    assert found.is_cut
    assert found.rows("POOLS") == ({"URL": "}],{[", "POOL": 1},)


# What is no answer


@pytest.mark.parametrize("end", [b"", b"\n", b"\n\0"])
def test_the_text_of_a_miner_without_its_process(end: bytes) -> None:
    """The API is up, but the mining process is not."""
    text = b"Socket connect failed: Connection refused"
    with pytest.raises(MiningProcessDownError):
        parse(text + end, "summary")


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n{}",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x16\x03\x01\x00\xa5\x01{[",
        b"[1,2]",
        b'"text"',
        b"null",
    ],
)
def test_what_is_no_json_object_comes_from_no_miner(raw: bytes) -> None:
    """Another program listens on the port."""
    with pytest.raises(NotAMinerError):
        parse(raw, "summary")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0\0\n",
        b"{]",
        b'{"a"}',
        b'{"a":1}}',
        b'{"a":1}{"b":2}',
        b'{"a":1 "b":2}',
        b"{\xff\xfe\xfd}",
        b'{"a":1,\x01}',
        b'{"a":1,\x01\x01"b":2}',
        b'{"a":' + b"[" * 400_000 + b"]" * 400_000 + b"}",
    ],
)
@pytest.mark.parametrize("command", ["summary", "get_error_code"])
def test_what_cannot_be_mended_is_malformed(raw: bytes, command: str) -> None:
    """It never causes another exception."""
    with pytest.raises(MalformedReplyError):
        parse(raw, command)


# What is sent to keep us busy


@pytest.mark.parametrize(
    ("begin", "middle", "end"),
    [
        (b'{"a":"', b'\\"', b""),
        (b'{"a":"x" "', b'\\"', b'"}'),
        (b'{"a":"', b"\\", b'"}'),
        (b'{"a":[', b'"":"",', b""),
        (b'{"a":[', b'""', b"]}"),
        (b'{"a":[', b'["":""', b"]}"),
        (b'{"a":[', b"{}{}", b"]}"),
        (b'{"a":[', b",,", b"]}"),
        (b'{"a":', b"[", b""),
        (b"{", b" \n", b""),
        (b'{"a":', b"1", b",}"),
    ],
)
@pytest.mark.parametrize("command", ["summary", "get_error_code"])
def test_the_work_of_mending_grows_as_the_answer_does(
    begin: bytes, middle: bytes, end: bytes, command: str
) -> None:
    """64 kB of quotation marks once took fifteen seconds."""

    def make(size: int) -> bytes:
        return begin + middle * (size // len(middle)) + end

    def read(raw: bytes) -> None:
        with suppress(MalformedReplyError):
            parse(raw, command)

    assert_linear(read, make, 15_000)


def test_what_is_far_too_long_is_not_mended() -> None:
    """No firmware makes a small mistake in so long an answer."""
    rows = b'{"b":1}' * 8000
    assert parse(b'{"a":[' + rows + b"]}", "pools") == {"a": [{"b": 1}] * 8000}
    with pytest.raises(MalformedReplyError):
        parse(b'{"a":[' + rows + rows + b"]}", "pools")


@pytest.mark.parametrize("digits", [21, 309, 4301, 100_000])
def test_a_number_of_very_many_digits_is_none(digits: int) -> None:
    """The rest of the answer is used."""
    raw = b'{"a":' + b"1" * digits + b',"b":1}'
    assert parse(raw, "summary") == {"a": None, "b": 1}


@pytest.mark.parametrize(
    ("said", "reading"),
    [
        ({"vin": "22400"}, {"vin": "22400"}),
        ([{"vin": "22400"}], {"vin": "22400"}),
        ([{"vin": "22400"}, {"vin": "22500"}], {"vin": "22400"}),
        (["P221B", {"vin": "22400"}], {"vin": "22400"}),
        ([], {}),
        (["vin"], {}),
        ("vin", {}),
        (None, {}),
    ],
)
def test_the_object_of_a_message_may_be_in_a_list(said: Any, reading: object) -> None:
    """This holds for every command that answers in `Msg`."""
    answer = check({"STATUS": "S", "Code": 131, "Msg": said}, "get_psu")
    assert answer.reading() == reading
    assert answer.reading("SUMMARY") == reading
