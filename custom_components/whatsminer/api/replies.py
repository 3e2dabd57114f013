"""The answers of a miner as received: parsed where that does not block, and kept for reports."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from .sanitize import Json

# A poll has a dozen commands. Queries can join them in many more ways.
_MOST_REPLIES: Final = 16
# Bytes. Answers have some thousand; larger ones are parsed in a thread, the largest are not kept.
_ORDINARY: Final = 16 * 1024
_LARGEST_KEPT: Final = 64 * 1024
_TOO_LARGE: Final[Mapping[str, Json]] = {"left_out": "larger than 64 KiB"}


async def parse_reply(
    parse: Callable[[bytes, str], dict[str, Json]], raw: bytes, command: str
) -> Mapping[str, Json]:
    """Return what `parse` makes of an answer; a large one does not block the event loop."""
    if len(raw) <= _ORDINARY:
        return parse(raw, command)
    return await asyncio.to_thread(parse, raw, command)


class Replies(dict[str, Mapping[str, Json]]):
    """The answers to the last 16 commands, by command."""

    def keep(self, command: str, value: Mapping[str, Json], size: int) -> None:
        """Keep an answer of `size` bytes; of the largest, only that they came."""
        self.pop(command, None)
        self[command] = value if size <= _LARGEST_KEPT else _TOO_LARGE
        if len(self) > _MOST_REPLIES:
            del self[next(iter(self))]
