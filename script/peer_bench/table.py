"""The table at the end: each reading and each command, by firmware and client."""

from collections.abc import Iterator
from typing import Final

from .clients import CLIENTS

HEAD: Final = ("firmware", "reading or command", *CLIENTS)
_WIDEST = 58


class Table:
    """Collects cells, in the order of their rows."""

    def __init__(self) -> None:
        """Begin with no rows."""
        self._rows: dict[tuple[str, str], dict[str, str]] = {}
        self._notes: list[str] = []

    def add(
        self, firmware: str, row: str, client: str, cell: object, note: str = ""
    ) -> None:
        """Fill a cell; a note says why it is not what the machine has."""
        text = _text(cell)
        if note:
            full = f"{client}: {note}"
            if full not in self._notes:
                self._notes.append(full)
            text += f" [{self._notes.index(full) + 1}]"
        self._rows.setdefault((firmware, row), {})[client] = text

    def lines(self) -> Iterator[str]:
        """Yield the table as Markdown, and its notes."""
        if not self._rows:
            return
        rows = [
            (firmware, row, *(cells.get(client, "") for client in CLIENTS))
            for (firmware, row), cells in self._rows.items()
        ]
        # All readings of a firmware, then its commands.
        rows.sort(key=lambda cells: (cells[0], cells[1].startswith("command")))
        widths = [max(map(len, cells)) for cells in zip(HEAD, *rows, strict=True)]
        yield "The clients read what the machine reports, except where a number points to a note:"
        yield ""
        for cells in (HEAD, tuple("-" * width for width in widths), *rows):
            padded = (
                cell.ljust(width) for cell, width in zip(cells, widths, strict=True)
            )
            yield f"| {' | '.join(padded)} |"
        yield ""
        for number, note in enumerate(self._notes, 1):
            yield f"[{number}] {note}  "


def _text(cell: object) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return f"{cell:g}"
    if isinstance(cell, list):
        text = ", ".join(
            "/".join(map(_text, part)) if isinstance(part, list) else _text(part)
            for part in cell
        )
        return (text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…") or "none"
    return str(cell)
