"""The mistakes that firmware makes in its JSON, inside and outside of strings."""

import pytest

from custom_components.whatsminer.api.errors import MalformedReplyError
from custom_components.whatsminer.api.v2.envelope import parse
from simulator import Quirk, SimulatedMiner
from tests.api import generation_of, reader_of
from tests.work import assert_linear

# Inside of strings

ESCAPES: dict[str, tuple[bytes, str]] = {
    "apostrophe": (rb"\'20200101.11.REL\'", "'20200101.11.REL'"),
    "apostrophe-alone": (rb"\'", "'"),
    "apostrophe-after-a-backslash": (rb"a\\\'b", r"a\'b"),
    "mark": (rb"acct\.rig\-1\&\$\_", "acct.rig-1&$_"),
    "blank": (rb"a\ b", "a b"),
    "bracket": (rb"\[x\]\{y\}", "[x]{y}"),
    "letter": (rb"HOME\worker", r"HOME\worker"),
    "digit": (rb"acct\001", r"acct\001"),
    "byte": (rb"\x27rig\x27", "'rig'"),
    "bytes-of-a-letter": (rb"caf\xc3\xa9", "caf\u00e9"),
    "byte-that-is-no-letter": (rb"caf\xe9", "caf\ufffd"),
    "byte-of-a-quotation-mark": (rb"a\x22b\x5cc", 'a"b\\c'),
    "half-a-byte": (rb"a\x2", r"a\x2"),
    "half-a-code": (rb"a\u12", r"a\u12"),
    "no-code": (rb"dom\user", r"dom\user"),
    "long-code": (rb"\U0001F600", r"\U0001F600"),
    "letter-of-two-bytes": ("a\\\u00e4b".encode(), "a\\\u00e4b"),
    "with-escapes-that-json-has": (
        rb"\'a\\b\"c\/d\u00e9\'",
        "'a\\b\"c/d\u00e9'",
    ),
    "with-a-control-character": (b"\x01\\'a", "'a"),
}


@pytest.mark.parametrize(("written", "meant"), ESCAPES.values(), ids=ESCAPES)
@pytest.mark.parametrize(
    "answer",
    [b'{"a":"%s","b":1}', b'{"b":1,"a":"%s"}', b'{"a":"%s"\n,"b":1,}'],
    ids=["first", "last", "with-another-mistake"],
)
def test_an_escape_that_json_does_not_have_spoils_no_answer(
    answer: bytes, written: bytes, meant: str
) -> None:
    """A mark stands for itself. Before a letter or a digit, the backslash is part of the text."""
    assert parse(answer % written, "summary") == {"a": meant, "b": 1}


def test_an_escape_in_a_key_is_mended_as_well() -> None:
    assert parse(rb'{"Pool\'s":1}', "pools") == {"Pool's": 1}


@pytest.mark.parametrize("text", [rb"\\'", rb"\\x27", rb"\"\\\/\b\f\n\r\t\u0027"])
def test_an_escape_that_json_has_is_left_alone(text: bytes) -> None:
    """It means the same beside a mistake."""
    whole = parse(b'{"a":"%s"}' % text, "pools")
    assert parse(b'{"a":"%s",}' % text, "pools") == whole
    assert parse(rb'{"a":"%s","b":"\'"}' % text, "pools") == whole | {"b": "'"}


@pytest.mark.parametrize("raw", [rb'{"a":"x\","b":1}', rb'{"a":"\"}', b'{"a":"x\\'])
def test_a_string_without_its_end_is_malformed(raw: bytes) -> None:
    """Where it was meant to end can only be guessed."""
    with pytest.raises(MalformedReplyError):
        parse(raw, "summary")


@pytest.mark.parametrize("middle", [b"\\'", b"\\x27", b"\\x", b"\\u1", b"\\a\\\\"])
def test_the_work_of_mending_strings_grows_as_they_do(middle: bytes) -> None:
    def make(size: int) -> bytes:
        return b'{"a":"' + middle * (size // len(middle)) + b'"}'

    def read(raw: bytes) -> None:
        parse(raw, "summary")

    assert_linear(read, make, 15_000)


@pytest.mark.parametrize("generation", ["v1", "v2", "compat"])
async def test_a_simulated_miner_with_wrong_escapes_is_read(generation: str) -> None:
    async with SimulatedMiner(
        generation=generation, quirks={Quirk.BAD_ESCAPES}
    ) as miner:
        miner.state.pools[0].user = "o'brien.rig"
        snapshot = await reader_of(miner).poll()
        assert snapshot.generation is generation_of(generation)
        assert snapshot.firmware == miner.firmware_version
        assert snapshot.pools
        assert snapshot.pools[0].worker == "o'brien.rig"


# Outside of strings


MISTAKES: dict[str, tuple[bytes, object]] = {
    "no-comma-after-object": (b'{"Msg":{"a":1}"b":2}', {"Msg": {"a": 1}, "b": 2}),
    "no-comma-after-list": (b'{"a":[1]"b":2}', {"a": [1], "b": 2}),
    "no-comma-between-lists": (b'{"a":[[1][2]]}', {"a": [[1], [2]]}),
    "two-commas": (b'{"a":1,,"b":2}', {"a": 1, "b": 2}),
    "many-commas": (b'{"a":[1,,,2,, ,],}', {"a": [1, 2]}),
    "comma-first": (b'{,"a":[,1]}', {"a": [1]}),
    "nan": (b'{"a":nan,"b":-nan,"c":1}', {"a": None, "b": None, "c": 1}),
    "inf": (b'{"a":[inf,-inf,1]}', {"a": [None, None, 1]}),
}


@pytest.mark.parametrize(("broken", "whole"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_that_can_mean_only_one_thing_is_mended(
    broken: bytes, whole: object
) -> None:
    assert parse(broken, "summary") == whole


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1 2,}',
        b'{"a":[1\n2],}',
        b'{"a":1 "b":2}',
        b'{"a":1"b":2}',
        b'{"a":tr ue,}',
        b'{"a":,"b":2}',
        b'{"a":1.,"b":2}',
        b'{"a" 1}',
        b'{"a":1.2.3}',
    ],
)
def test_a_mistake_that_can_mean_several_things_is_malformed(raw: bytes) -> None:
    """Two numbers are not one, and a number before a gap may be cut short."""
    with pytest.raises(MalformedReplyError):
        parse(raw, "summary")
