"""Finds where a JSON object ends, in bytes that arrive in any pieces."""

import re
from typing import Final

from .sanitize import MOST_VALUES

# The next bracket outside of texts, or the quotation mark of a text that goes on in the next
# piece. And the rest of such a text. Possessive, so that no pattern goes back.
_MARK: Final = re.compile(
    rb'(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+")*+(["{}\[\]])', re.DOTALL
)
_REST_OF_TEXT: Final = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)


class JsonObject:
    """Follows the brackets of one object from piece to piece, in work linear in the bytes."""

    def __init__(self) -> None:
        """Begin before the object."""
        self._depth = 0
        self._in_text = False
        self._escaped = False
        self._marks = 0

    def end(self, piece: bytes) -> int | None:
        """Return where in the next piece the object ends, None if it does not.

        It does not end either when it has more brackets than an answer may have.
        """
        position = 0
        while position < len(piece) and self._marks < MOST_VALUES:
            if self._in_text:
                position = self._skip_text(piece, position)
                continue
            mark = _MARK.match(piece, position)
            if mark is None:
                break
            position = mark.end()
            self._marks += 1
            match mark[1]:
                case b'"':
                    self._in_text = True
                case b"{" | b"[":
                    self._depth += 1
                case _:
                    self._depth -= 1
                    if self._depth <= 0:
                        return position
        return None

    def _skip_text(self, piece: bytes, position: int) -> int:
        """Return the position after the text, or the end of the piece."""
        if self._escaped:  # the piece before ended in a backslash
            self._escaped = False
            position += 1
        match = _REST_OF_TEXT.match(piece, position)
        assert match  # it matches nothing as well
        position = match.end()
        if position < len(piece):
            self._escaped = piece[position] == ord("\\")
            self._in_text = self._escaped
            position += 1
        return position
