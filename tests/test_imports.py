"""Imports have no circles, and never go from a lower room of the integration to a higher one."""

import ast
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
import re
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
INTEGRATION: Final = ROOT / "custom_components/whatsminer"
PACKAGES: Final = (
    INTEGRATION,
    ROOT / "simulator",
    ROOT / "tests",
    *sorted(path.parent for path in (ROOT / "script").glob("*/__init__.py")),
)

# The rooms of the integration from the lowest to the highest, as patterns of files. The first
# pattern that fits a file counts. A file may import from its own room and from those before it.
ROOMS: Final = (
    (
        "what all protocols share",
        tuple(
            f"api/{name}.py"
            for name in (
                "capabilities",
                "commands",
                "cooling",
                "decode",
                "error_list",
                "errors",
                "fault*",
                "files",
                "freshness",
                "identity",
                "limits",
                "outage",
                "protocol",
                "queue",
                "readings",
                "replies",
                "sanitize",
                "snapshot",
                "transport",
                "writer",
            )
        ),
    ),
    ("one protocol", ("api/v?/*",)),
    (
        "the client",
        tuple(
            f"api/{name}.py"
            for name in (
                "__init__",
                "accounts",
                "choice",
                "client",
                "client_state",
                "sender",
            )
        ),
    ),
    ("faults in words", ("fault_texts/*",)),
    (
        "constants, issues and exceptions",
        (
            "const.py",
            "listing.py",
            "markdown.py",
            "names.py",
            "issues.py",
            "exceptions.py",
        ),
    ),
    ("redaction", ("redaction*.py",)),
    ("one miner", ("miner/*",)),
    ("which entry is which", ("entries/*",)),
    ("the coordinator", ("outage_log.py", "command_listeners.py", "coordinator.py")),
    (
        "what a service or a button does",
        (
            "actions/__init__.py",
            "actions/change_password.py",
            "actions/update_firmware.py",
            "actions/hold.py",
            "actions/identify.py",
            "actions/download_logs.py",
            "actions/preheat.py",
            "actions/set_network.py",
            "actions/time_zone.py",
        ),
    ),
    ("runtime data and base entities", ("models.py", "entity.py")),
    (
        "the decisions of a plan",
        tuple(
            f"site/{name}.py"
            for name in (
                "__init__",
                "budget_rule",
                "decision",
                "plan",
                "plan_options",
                "plan_texts/__init__",
                "price_rule",
                "time_rule",
            )
        ),
    ),
    (
        "a site",
        tuple(
            f"site/{name}.py"
            for name in (
                "announcer",
                "coordinator",
                "executor",
                "fights",
                "hand",
                "holding",
                "member_readings",
                "memory",
                "plan_inputs",
                "plan_report",
                "planned_miners",
                "planning",
                "totals",
            )
        ),
    ),
    (
        "platforms",
        (
            "site/*",
            "recorded.py",
            *(
                f"{platform}.py"
                for platform in (
                    "binary_sensor",
                    "button",
                    "event",
                    "number",
                    "select",
                    "sensor*",
                    "switch",
                )
            ),
        ),
    ),
    ("services", ("actions/*", "services.py")),
    ("migration", ("migration/*",)),
    ("dialogues", ("flow_helpers.py", "*_form.py", "*_flow.py", "*repair*.py")),
    ("reports", ("diagnostics.py", "logbook.py")),
    ("the dashboard", ("dashboard.py",)),
    ("set-up", ("__init__.py",)),
)


def modules_in(folder: Path) -> dict[str, Path]:
    """Return the files of a folder by their dotted names, relative to the folder's parent."""
    found: dict[str, Path] = {}
    for path in folder.rglob("*.py"):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = path
    return found


def imports_of(name: str, path: Path, modules: Mapping[str, Path]) -> Iterator[str]:
    """Return the modules that a file imports, also those for type checking only."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported = [
                alias.name.removeprefix("custom_components.") for alias in node.names
            ]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: 1 - node.level or None] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            source = source.removeprefix("custom_components.")
            imported = [
                full if (full := f"{source}.{alias.name}") in modules else source
                for alias in node.names
            ]
        else:
            continue
        # What is outside of the package has no part in a circle.
        yield from (each for each in imported if each in modules and each != name)


def graph_of(modules: Mapping[str, Path]) -> dict[str, set[str]]:
    """Return the imports of each module."""
    return {
        name: set(imports_of(name, path, modules)) for name, path in modules.items()
    }


def circle_in(graph: Mapping[str, set[str]]) -> list[str]:
    """Return the modules of a circle, an empty list if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as err:
        circle: list[str] = err.args[1]
        return circle
    return []


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_imports_have_no_circle(package: Path) -> None:
    """An import inside a function, or one for type checking only, counts as well."""
    assert circle_in(graph_of(modules_in(package))) == []


def room_of(path: Path) -> int:
    """Return the number of the room of a file of the integration."""
    name = str(path.relative_to(INTEGRATION))
    return next(
        number
        for number, (_, patterns) in enumerate(ROOMS)
        if any(fnmatch(name, pattern) for pattern in patterns)
    )


def test_no_file_imports_from_a_higher_room() -> None:
    """Data flows one way: what is below knows nothing of what is above."""
    modules = modules_in(INTEGRATION)
    upwards = [
        f"{name} ({ROOMS[room_of(modules[name])][0]}) imports {each}"
        f" ({ROOMS[room_of(modules[each])][0]})"
        for name, imported in graph_of(modules).items()
        for each in imported
        if room_of(modules[name]) < room_of(modules[each])
    ]
    assert upwards == []


def test_no_file_outside_of_the_api_imports_from_a_protocol() -> None:
    """What is above sees the neutral names of `api`, and knows no protocol."""
    modules = modules_in(INTEGRATION)
    protocols = {
        name for name, path in modules.items() if re.search("/api/v.*/", str(path))
    }
    assert protocols
    assert [
        f"{name} imports {each}"
        for name, imported in graph_of(modules).items()
        for each in imported & protocols
        if not name.startswith(f"{INTEGRATION.name}.api")
    ] == []


@pytest.mark.parametrize(
    ("files", "circle"),
    [
        ({"a": "from . import b", "b": "from . import c", "c": ""}, []),
        ({"a": "from .b import x", "b": "from .a import y"}, ["a", "b"]),
        (
            {
                "a": "if TYPE_CHECKING:\n    from .b import x",
                "b": "def f():\n    from . import c",
                "c": "import package.a",
            },
            ["a", "b", "c"],
        ),
    ],
)
def test_a_circle_is_found(
    tmp_path: Path, files: dict[str, str], circle: list[str]
) -> None:
    """The search for circles finds one, however its files are imported."""
    (tmp_path / "package").mkdir()
    for name, source in files.items():
        (tmp_path / "package" / f"{name}.py").write_text(source)
    found = circle_in(graph_of(modules_in(tmp_path / "package")))
    assert sorted(set(found)) == [f"package.{name}" for name in circle]
