"""What the pages of Home Assistant make of a text that they show as Markdown."""

from collections.abc import Iterable, Iterator, Mapping
import re
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

_MARKDOWN: Final = MarkdownIt("commonmark", {"html": True}).enable(
    ["strikethrough", "table"]
)
# What becomes a link without any mark, or another character.
_WORDS: Final = re.compile(
    r"(?:https?|ftp)://|\bwww\.|[\w.+-]+@[\w-]+\.|(?<!\\)&#?\w+;", re.IGNORECASE
)


def marks(markdown: str) -> list[str]:
    """Return all that is not plain text: emphasis, links, pictures, headings, HTML and so on."""
    return [*_kinds(_MARKDOWN.parse(markdown)), *_WORDS.findall(markdown)]


def _kinds(tokens: Iterable[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type != "text":
            yield token.type
        yield from _kinds(token.children or ())


def is_shown_as_text(text: str, given: Mapping[str, str]) -> bool:
    """Return whether what stands for the names in braces adds no marks to a text."""
    plain = dict.fromkeys(given, "x")
    return marks(text.format(**given)) == marks(text.format(**plain))
