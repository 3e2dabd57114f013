"""JSON as the miner writes and reads it."""

import pytest

from simulator.wire import Fixed, Json, first_object, is_whole, single, to_json


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": 1, "b": [True, None, "x"]}, '{"a":1,"b":[true,null,"x"]}'),
        (Fixed(0), "0.00"),
        (Fixed(225043191209, 4), "225043191209.0000"),
        (0.0, "0"),
        (37.9, "37.9"),
        (single(884.01), "884.010009765625"),
        ("stratum+tcp://é", '"stratum+tcp://é"'),
        ((), "[]"),
    ],
)
def test_json_is_compact(value: Json, text: str) -> None:
    """There are no blanks, and each kind of number has its own format."""
    assert to_json(value) == text


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1}',
        b'{"a":1}\n',
        b'{"a":1}\x00\x00',
        b'{"a":1}\x03\x03\x03',
        b' {"a":1}x',
    ],
)
def test_only_the_first_object_counts(text: bytes) -> None:
    assert first_object(text) == {"a": 1}


@pytest.mark.parametrize("text", [b"", b"[]", b"1", b"{", b"\xff\xfe{}"])
def test_anything_else_is_no_object(text: bytes) -> None:
    with pytest.raises(ValueError):
        first_object(text)


def test_a_request_is_whole_only_with_its_last_byte() -> None:
    request = '{"cmd":"summary","é":[true,false,null,-1.5e+3,"}"],"x":{}}'.encode()

    assert [is_whole(request[:end]) for end in range(len(request))] == [False] * len(
        request
    )
    assert is_whole(request)


@pytest.mark.parametrize(
    "text", [b"hello", b'{"cmd":summary}', b"{1}", b"\x16\x03\x01"]
)
def test_text_that_can_never_be_json_is_not_waited_for(text: bytes) -> None:
    assert is_whole(text)
