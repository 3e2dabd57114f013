"""The table of what was tested: what was done, the miner's side, and Home Assistant's side."""

from collections.abc import Iterator, Sequence

HEAD = ("step", "what reached the miner", "what Home Assistant shows", "ms")
_WIDEST = 80


def lines(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table with this head; the last column is aligned right."""
    # A longer cell pushes aside only what is behind it.
    *widths, last = (
        min(_WIDEST, max(map(len, cells))) for cells in zip(HEAD, *rows, strict=True)
    )
    for cells in (HEAD, [*("-" * width for width in widths), "-" * last], *rows):
        left = (
            cell.ljust(width) for cell, width in zip(cells[:-1], widths, strict=True)
        )
        yield "  ".join([*left, cells[-1].rjust(last)])
