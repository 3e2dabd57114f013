"""Texts in places that Home Assistant shows as Markdown: all of a dialogue or an issue but its title."""

import re
from typing import Final

# All that Markdown takes for a mark somewhere. The blueprint tell_me.yaml has the same pattern.
_MARKS: Final = re.compile(r"[!-/:-@\[-`{-~]")


def escape_markdown(text: str) -> str:
    """Return Markdown that shows a text as it is.

    What miners call themselves needs no escaping: `api.clean_name` leaves no mark in it.
    """
    return _MARKS.sub(r"\\\g<0>", text)
