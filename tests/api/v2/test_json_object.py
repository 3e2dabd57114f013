"""The end of an object is found in bytes that arrive in any pieces."""

import json

import pytest

from custom_components.whatsminer.api.sanitize import MOST_VALUES
from custom_components.whatsminer.api.v2.json_object import JsonObject
from tests.work import assert_linear, assert_ratio

OBJECTS = [
    b"{}",
    b'{"a":1}',
    b'{"a":{"b":[1,{"c":[]}]},"d":[[],{}]}',
    b'{"a":"}{][\\"}","b":"\\\\"}',
    b'{"\\\\\\"":"\\u0022\\\\"}',
    b' \r\n{"a" : "caf\xc3\xa9"}',
    json.dumps({"text": "\\" * 20 + '"' * 20, "list": ["}", "{"]}).encode(),
]


def _end(pieces: list[bytes]) -> int | None:
    """Return where the object ends, counted from the beginning of the first piece."""
    found, passed = JsonObject(), 0
    for piece in pieces:
        if (end := found.end(piece)) is not None:
            return passed + end
        passed += len(piece)
    return None


@pytest.mark.parametrize("text", OBJECTS)
@pytest.mark.parametrize("behind", [b"", b"\0", b"\x1f\x8b}}{{", b'{"next":1}'])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_an_object_ends_where_it_ends(text: bytes, behind: bytes, size: int) -> None:
    """The pieces and the bytes behind it make no difference."""
    whole = text + behind
    pieces = [whole[start : start + size] for start in range(0, len(whole), size)]
    assert _end(pieces) == len(text)


@pytest.mark.parametrize("text", OBJECTS)
def test_an_object_that_is_cut_has_no_end(text: bytes) -> None:
    """It is cut at every byte."""
    for length in range(len(text)):
        assert _end([text[:length]]) is None


def test_an_object_of_more_than_any_miner_says_has_no_end() -> None:
    """It is not followed further, but the end of the connection may still end it."""
    assert _end([b'{"a":[' + b"[]," * MOST_VALUES + b"1]}"]) is None


FAMILIES: dict[str, tuple[bytes, bytes, bytes]] = {
    "escaped-quotes": (b'{"a":"', b'\\"', b'"}'),
    "quotes-without-end": (b'{"a":"', b'\\"', b""),
    "backslashes": (b'{"a":"', b"\\", b'"}'),
    "strings": (b'{"a":[', b'"",', b'""]}'),
    "braces": (b"", b'{"a":', b""),
    "brackets": (b'{"a":', b"[", b""),
    "closed": (b'{"a":[', b"[],", b"1]}"),
    "plain": (b'{"a":"', b"x", b'"}'),
    "digits": (b'{"a":', b"1", b"}"),
    "padding": (b"", b"\0", b"{}"),
}


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
@pytest.mark.parametrize("size", [16, 65536])
def test_the_work_grows_as_the_text_does(
    family: tuple[bytes, bytes, bytes], size: int
) -> None:
    """Each byte is read once, in any pieces."""
    begin, middle, end = family

    def make(length: int) -> list[bytes]:
        text = begin + middle * (length // len(middle)) + end
        return [text[start : start + size] for start in range(0, len(text), size)]

    assert_linear(_end, make, 64 * 1024)


def test_no_text_costs_much_more_than_an_ordinary_one_of_its_length() -> None:
    row = b'{"Slot":0,"Temperature":75.1,"MHS av":33123456.7,"Status":"Alive"},'
    length = 1024 * 1024

    def make(begin: bytes, middle: bytes, end: bytes) -> list[bytes]:
        return [begin + middle * (length // len(middle)) + end]

    ordinary = make(b'{"DEVS":[', row, b"{}]}")
    for family in FAMILIES.values():
        assert_ratio(_end, make(*family), ordinary, most=3)
