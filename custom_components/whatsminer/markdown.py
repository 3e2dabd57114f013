"""Escapes text for dialogues and repairs, which Home Assistant shows as Markdown."""

import re
from typing import Final

# All that Markdown takes for a mark somewhere. The blueprint tell_me.yaml has the same pattern.
_MARKS: Final = re.compile(r"[!-/:-@\[-`{-~]")


def escape_markdown(text: str) -> str:
    """Return Markdown that shows a text as it is.

    Names need none of this: `api.clean_name` leaves nothing in them that is a mark.
    """
    return _MARKS.sub(r"\\\g<0>", text)
