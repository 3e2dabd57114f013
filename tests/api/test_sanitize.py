"""Texts and numbers of a device become ones that Home Assistant can store and show."""

import json
import math
from typing import Any

import orjson
import pytest

from custom_components.whatsminer.api.errors import MalformedReplyError
from custom_components.whatsminer.api.sanitize import (
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST_VALUES,
    clean_json,
    clean_name,
    clean_text,
    load_json,
)
from tests.work import assert_linear, assert_ratio

SURROGATES = "x\ud800y\udfffz"
CONTROLS = "".join(map(chr, [*range(32), *range(127, 160)]))
DIRECTIONS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\ufffe\uffff\ue000\U000e0041"
LINES = "one\r\ntwo\u2028three\u2029four\x0bfive\x0csix\x85seven\ttab"
NASTY = [
    SURROGATES,
    CONTROLS,
    DIRECTIONS,
    INVISIBLE,
    LINES,
    "\ud83d" * 300_000,
    "\n" * 20_000,
]


# Texts


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Garage",
        "M30S+_VE40",
        "stratum+tcp://btc.example.com:3333",
        " two  blanks ",
        "Größe, 温度 and Ωmega: 50 % — ok ☀",
        "é" * LONGEST_TEXT,
    ],
)
def test_an_ordinary_text_stays_as_it_is(text: str) -> None:
    """It may be in any language."""
    assert clean_text(text) == text


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
@pytest.mark.parametrize("clean", [clean_text, clean_name])
def test_every_text_can_be_stored_and_is_one_printable_line(
    clean: Any, text: str
) -> None:
    """Home Assistant's own encoder accepts it."""
    result = clean(text)
    assert result.isprintable()
    assert len(result) <= LONGEST_TEXT
    assert orjson.loads(orjson.dumps(result)) == result


def test_lines_become_one_line() -> None:
    """A blank replaces any kind of line break."""
    assert clean_text(LINES) == "one two three four five six seven tab"


def test_what_is_left_out_leaves_the_rest_readable() -> None:
    """Only the marks are removed."""
    assert clean_text(SURROGATES) == "xyz"
    assert clean_text(f"safe{DIRECTIONS}exe") == "safeexe"


@pytest.mark.parametrize("longest", [1, 64, 255])
def test_a_long_text_is_cut(longest: int) -> None:
    """Each kind of text has its own length."""
    assert clean_text("a" * 300_000, longest) == "a" * longest
    assert clean_text("\n" + "a" * 300_000, longest) == (" " + "a" * longest)[:longest]


def test_the_work_for_a_text_does_not_depend_on_its_length() -> None:
    """Only its beginning is read."""
    for clean in (clean_text, clean_name):
        for piece in ("\n\ud800", "_[", "www."):
            assert_ratio(clean, piece * 400_000, piece * 100_000, most=2)


# Names


@pytest.mark.parametrize(
    "name",
    [
        "Garage",
        "M30S+_VE40",
        "M30S+VE40",
        "shed-3",
        "Miner #1 (cellar)",
        "a_b.c/d",
        "20230714.15.Rel",
        "温度",
    ],
)
def test_an_ordinary_name_stays_as_it_is(name: str) -> None:
    """Models, host names and versions are names."""
    assert clean_name(name) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("![x](http://e.example/x.png)", "!x(http//e.example/x.png)"),
        ("[click](https://e.example)", "click(https//e.example)"),
        ("<img src=x onerror=alert(1)>", "img src=x onerror=alert(1)"),
        ("<b>&lt;script&gt;</b>", "blt;scriptgt;/b"),
        ("https://e.example", "https//e.example"),
        ("WWW.e.example", "www e.example"),
        ("me@e.example", "mee.example"),
        ("**bold** _slanted_ `code` ~~gone~~", "bold slanted code gone"),
        ("# Heading", "Heading"),
        ("- item", "item"),
        ("===", ""),
        ("a|b", "ab"),
        ("{miner}", "miner"),
        ("\\[x\\]", "x"),
        ("  \n  a \t b  ", "a b"),
        ("\u202egnp.exe", "gnp.exe"),
    ],
)
def test_a_name_is_plain_text_also_as_markdown(text: str, name: str) -> None:
    """It makes no picture, link, heading or emphasis."""
    assert clean_name(text) == name


def test_a_long_name_is_cut() -> None:
    """A title of 300 kB would go to every browser many times."""
    assert clean_name("ab" * 150_000) == "ab" * (LONGEST_NAME // 2)
    assert len(clean_name(" a" * 1000)) <= LONGEST_NAME
    assert clean_name("[" * 300_000) == ""


# Whole answers


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -(2**63),
        2**63 - 1,
        1.5,
        "text",
        [],
        {},
        {"a": [{"b": [1, "x", None]}]},
    ],
)
def test_ordinary_json_stays_as_it_is(value: object) -> None:
    assert clean_json(value) == value


@pytest.mark.parametrize(
    "number", [2**63, -(2**63) - 1, 10**309, math.inf, -math.inf, math.nan]
)
def test_a_number_that_cannot_be_stored_is_none(number: float) -> None:
    """The rest of the answer is used."""
    assert clean_json({"a": number, "b": [number, 1]}) == {"a": None, "b": [None, 1]}


def test_texts_and_keys_are_cleaned_at_every_depth() -> None:
    """Codes of faults are keys."""
    assert clean_json({"a\n\ud800b": [{SURROGATES: SURROGATES}]}) == {
        "a b": [{"xyz": "xyz"}]
    }
    assert clean_json({"k" * 1000: 1}) == {"k" * LONGEST_NAME: 1}


@pytest.mark.parametrize("opening", ['{"a":', "["])
def test_what_is_nested_too_deeply_is_no_answer(opening: str) -> None:
    """No miner has nearly as many as thirty levels."""
    closing = {"[": "]"}.get(opening, "}")
    clean_json(json.loads(opening * 31 + "1" + closing * 31))
    with pytest.raises(MalformedReplyError):
        clean_json(json.loads(opening * 33 + "1" + closing * 33))


@pytest.mark.parametrize(
    "value",
    [
        [0] * (MOST_VALUES + 1),
        dict.fromkeys(map(str, range(MOST_VALUES + 1)), 0),
        [[[]] * 1000] * 1000,
        [dict.fromkeys("abcdefgh", 1)] * 9000,
    ],
    ids=["list", "object", "lists", "objects"],
)
def test_what_has_too_many_values_is_no_answer(value: object) -> None:
    """They may be in one list or in many."""
    with pytest.raises(MalformedReplyError):
        clean_json(value)


@pytest.mark.parametrize(
    "make",
    [
        lambda size: ["\ud800" * 300] * size,
        lambda size: [{"a": 1.5}] * size,
        lambda size: dict.fromkeys(
            (f"{number}\n" for number in range(size)), "a" * 400
        ),
    ],
    ids=["texts", "objects", "keys"],
)
def test_the_work_grows_as_the_answer_does(make: Any) -> None:
    assert_linear(clean_json, make)


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ('{"a":"x\ny"}', {"a": "x\ny"}),
        ("[NaN,Infinity,1e999]", [None, None, math.inf]),
        ("1" * 20, int("1" * 20)),
        ("1" * 21, None),
        ("9" * 5000, None),
    ],
)
def test_json_is_read_as_firmware_writes_it(content: str, value: object) -> None:
    assert load_json(content) == value


@pytest.mark.parametrize("content", ["", "{", "{'a':1}", "[" * 100_000])
def test_what_is_no_json_is_one_error(content: str) -> None:
    with pytest.raises(ValueError):
        load_json(content)
