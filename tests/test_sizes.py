"""Classes and functions are short, or say beside them why they are not."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

INTEGRATION: Final = Path(__file__).parents[1] / "custom_components/whatsminer"
MOST_LINES: Final = {ast.ClassDef: 200, ast.FunctionDef: 40, ast.AsyncFunctionDef: 40}
# A comment directly above, which gives the reason.
REASON: Final = "# It is long because "


def too_long(source: str) -> Iterator[str]:
    """Return the names of what is too long, and has no reason beside it."""
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            above = lines[first - 2].strip() if first > 1 else ""
            if length > MOST_LINES[type(node)] and not above.startswith(REASON):
                yield f"{node.name} has {length} lines"


def test_classes_and_functions_are_short() -> None:
    """A class has at most 200 lines and a function 40, with its docstring."""
    assert {
        str(path.relative_to(INTEGRATION)): found
        for path in INTEGRATION.rglob("*.py")
        if (found := list(too_long(path.read_text())))
    } == {}


def test_what_is_too_long_is_found() -> None:
    """A reason counts only directly above, and decorators are no part of the length."""
    body = "\n".join(["    x = 1"] * 40)
    function = f"@decorator\ndef f():\n{body}\n"
    assert list(too_long(function)) == ["f has 41 lines"]
    assert list(too_long(f"{REASON}of this test.\n{function}")) == []
    assert list(too_long(f"{REASON}of this test.\n\n{function}")) == ["f has 41 lines"]
    assert list(too_long(f"class C:\n{body}\n")) == []
