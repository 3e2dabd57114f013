"""Text is shown as it is where Home Assistant shows Markdown."""

import re

import pytest

from custom_components.whatsminer.markdown import escape_markdown


@pytest.mark.parametrize(
    "text",
    [
        "![x](http://e.example/x.png)",
        "[click](https://e.example)",
        "<img src=x onerror=alert(1)>",
        "www.e.example, me@e.example, https://e.example",
        "**bold** _slanted_ `code` ~~gone~~ a|b",
        "# Heading",
        "1. item",
        "&lt;b&gt;",
        "already \\\\ escaped \\[",
    ],
)
def test_every_mark_is_escaped(text: str) -> None:
    """Without its backslashes the text is the original."""
    escaped = escape_markdown(text)
    assert re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", escaped) == text
    assert not re.search(r"(?<!\\)[!-/:-@\[\]-`{-~]", escaped.replace("\\\\", ""))


@pytest.mark.parametrize("text", ["", "Garage", "Größe 温度 ☀ 20 °C"])
def test_an_ordinary_text_stays_as_it_is(text: str) -> None:
    assert escape_markdown(text) == text
