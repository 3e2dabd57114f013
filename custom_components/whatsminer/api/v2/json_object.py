"""The search for the end of a JSON object in bytes that arrive in pieces of any size."""

import re
from typing import Final

from ..sanitize import MOST_VALUES

# The next bracket outside of strings, or the quotation mark of a string that continues in the next
# piece; and the rest of such a string. Possessive quantifiers, so that no pattern backtracks.
_MARK: Final = re.compile(
    rb'(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+")*+(["{}\[\]])', re.DOTALL
)
_REST_OF_STRING: Final = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)


class JsonObject:
    """Follows the brackets of one JSON object from piece to piece, in linear time."""

    def __init__(self) -> None:
        """Start before the object."""
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self._marks = 0

    def end(self, piece: bytes) -> int | None:
        """Return where the object ends in the next piece, None if it does not end there.

        An object with more brackets than an answer of a miner can have is not followed to its end.
        """
        position = 0
        while position < len(piece) and self._marks < MOST_VALUES:
            if self._in_string:
                position = self._skip_string(piece, position)
                continue
            mark = _MARK.match(piece, position)
            if mark is None:
                break
            position = mark.end()
            self._marks += 1
            match mark[1]:
                case b'"':
                    self._in_string = True
                case b"{" | b"[":
                    self._depth += 1
                case _:
                    self._depth -= 1
                    if self._depth <= 0:
                        return position
        return None

    def _skip_string(self, piece: bytes, position: int) -> int:
        """Return the position behind the string, or the end of the piece."""
        if self._escaped:  # the last piece ended in a backslash
            self._escaped = False
            position += 1
        match = _REST_OF_STRING.match(piece, position)
        assert match  # the pattern also matches no bytes
        position = match.end()
        if position < len(piece):
            self._escaped = piece[position] == ord("\\")
            self._in_string = self._escaped
            position += 1
        return position
