"""The work of redaction grows as its data do, whatever they hold."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from custom_components.whatsminer.redaction import anonymise, redact

from .work import assert_linear

# Pieces of text that make a pattern begin again and again, or nearly match; each is repeated.
PIECES = (
    "a",
    "F",
    "0",
    "z",
    "_",
    ":",
    "::",
    "a:",
    "0::",
    "ab:cd::",
    "1:2:3:4:5:6:7:",
    "00:11:22:33:44:",
    "00-11-22-33-44-5g",
    "0011aabbccd",
    "1.",
    "1.2.3.",
    "1.2.3.4567.",
    "/",
    "//",
    "//:",
    "//a:",
    "//a:b/",
    ":/",
    "://",
    "w+",
    "w.",
    "w-w+w.:/",
    "@",
    "a@",
    "@a",
    "@1",
    "@1.",
    "a@b.",
    "%a@",
    "[fe80",
    "fe80::1%",
    "0x",
    "0xff",
    "a1",
    "bc1",
    "a1b2c3d4e5f6g7h",
    "aaaaaaaaaaaaaaa-",
    "aA",
    "AAa",
    "pass",
    "apike",
    "pin ",
    "key ",
    "owner ",
    "owner.",
    "owner.shed",
    " ",
    '"',
    "\n",
    "\0",
    "é",
    "ſ",
    "²",
    "K",
    "中",
    "\u0301",
    "🔥",
    "\u202e",
)


def repeated(piece: str, size: int) -> str:
    """Return a text of a given size that repeats one piece."""
    return piece * (size // len(piece))


def anonymise_with_names(text: str) -> object:
    """Redact a text with two known names and all other private things."""
    return anonymise({"User": "owner.shed7.owner.shed8", "title": "fe80", "Log": text})


@pytest.mark.parametrize(
    "work",
    [
        lambda text: redact({"Log": text}),
        lambda text: redact({text: 1}),
        lambda text: redact({"URL": "x://" + text}),
        anonymise_with_names,
        lambda text: anonymise({text: 1}),
        lambda text: anonymise({"User": text, "Log": text}),
    ],
    ids=["redact", "redact key", "redact address", "text", "key", "name"],
)
def test_no_text_costs_more_than_its_length(work: Callable[[str], object]) -> None:
    """Neither a long run of a pattern's characters nor near matches cost more."""
    for piece in PIECES:
        assert_linear(work, partial(repeated, piece))


@pytest.mark.parametrize(
    "make",
    [
        lambda size: [{"User": f"name{number}"} for number in range(size)],
        lambda size: [{"User": f"a.b.c.{number}"} for number in range(size)],
        lambda size: [{"User": "a." * number} for number in range(size // 100)],
        lambda size: [{"User": "a" * number} for number in range(size // 100)],
        lambda size: [{f"key{number}": f"name{number}"} for number in range(size)],
        lambda size: [{"sn": number} for number in range(10**9, 10**9 + size)],
        lambda size: [f"name{number}.shed" for number in range(size)],
    ],
    ids=["names", "like names", "long names", "words", "keys", "numbers", "texts"],
)
def test_no_number_of_names_costs_more_than_reading_them(
    make: Callable[[int], list[Any]],
) -> None:
    log = "name7 a.b.c.9999 a.a.a.a.a.a.a.a.a.a.a.a.a.a.b "

    def data(size: int) -> list[Any]:
        return [*make(size // 10), log * (size // len(log))]

    assert_linear(anonymise, data)


@pytest.mark.parametrize("work", [lambda data: redact({"x": data}), anonymise])
@pytest.mark.parametrize(
    "make",
    [
        lambda size: [[]] * size,
        lambda size: [{"a": [{"b": "c"}]}] * size,
        lambda size: {str(number): "x" for number in range(size)},
        lambda size: [nested(30)] * (size // 30),
        lambda size: nested(size),
    ],
    ids=["lists", "objects", "keys", "deep", "deeper"],
)
def test_no_shape_costs_more_than_its_values(
    work: Callable[[Any], object], make: Callable[[int], Any]
) -> None:
    assert_linear(work, make)


def nested(depth: int) -> Any:
    """Return lists in objects in lists, with texts in them."""
    data: Any = "inside"
    for _ in range(depth):
        data = [{"x": data}, "a::b"]
    return data
