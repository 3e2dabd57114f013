"""Whether the integration is put together as Home Assistant and the shop want it.

hassfest and the action of the shop, which check this, cannot run here.
"""

import ast
import json
import re
from typing import Any

import pytest

from custom_components.whatsminer import PLATFORMS
from custom_components.whatsminer.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration

from .texts import FOLDER, ROOT, SOURCES

MANIFEST: dict[str, Any] = json.loads((FOLDER / "manifest.json").read_text())
# Files by whose name another component finds them; they may use it without a dependency.
FOUND_BY_NAME = (
    "diagnostics.py",
    "logbook.py",
    "repairs.py",
    "v3_password_repair.py",  # which belongs to it
)


def test_no_file_holds_the_marks_of_a_merge() -> None:
    """A merge can leave its marks in files that no tool reads."""
    marks = re.compile(r"^(<{7}|>{7}) ", re.MULTILINE)
    texts = (
        path
        for pattern in ("*.md", "*.json", "*.toml", "*.txt", "*/**/*")
        for path in ROOT.glob(pattern)
        if path.suffix in {".md", ".json", ".toml", ".txt", ".py", ".yaml", ".ambr", ""}
        and path.is_file()
        and not {".toolchain", ".git"} & set(path.parts)
    )
    assert [path for path in texts if marks.search(path.read_text())] == []


def test_the_manifest_is_in_order() -> None:
    """The keys of the manifest are domain, name, then the alphabet."""
    keys = list(MANIFEST)

    assert keys == ["domain", "name", *sorted(keys[2:])]
    assert MANIFEST["domain"] == FOLDER.name == DOMAIN
    assert MANIFEST["config_flow"] is True
    assert re.fullmatch(r"\d+\.\d+\.\d+", MANIFEST["version"])
    assert MANIFEST["documentation"].startswith("https://")
    assert MANIFEST["issue_tracker"].startswith("https://")
    assert all(owner.startswith("@") for owner in MANIFEST["codeowners"])
    assert MANIFEST["codeowners"]
    assert MANIFEST["integration_type"] == "device"
    assert MANIFEST["iot_class"] == "local_polling"
    assert MANIFEST["loggers"] == ["passlib"]
    assert MANIFEST["requirements"] == ["passlib==1.7.4"]
    assert "quality_scale" not in MANIFEST


def test_miners_are_discovered_by_their_host_name() -> None:
    """Host names are compared in lower case."""
    assert MANIFEST["dhcp"] == [
        {"hostname": "whatsminer*"},
        {"registered_devices": True},
    ]
    assert "async_step_dhcp" in (FOLDER / "discovery_flow.py").read_text()


def used_components() -> set[str]:
    """Return the components of Home Assistant that the code imports."""
    return {
        module.split(".")[2]
        for name, tree in SOURCES.items()
        if name not in FOUND_BY_NAME
        for node in ast.walk(tree)
        for module in imported(node)
        if module.startswith("homeassistant.components.")
    }


def imported(node: ast.AST) -> list[str]:
    """Return the modules that a piece of code imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom) or node.level or not node.module:
        return []
    if node.module == "homeassistant.components":
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return [node.module]


def test_components_that_are_used_are_named() -> None:
    named = {*MANIFEST["dependencies"], *MANIFEST.get("after_dependencies", ())}

    assert used_components() - {str(platform) for platform in PLATFORMS} == named
    for key in ("dependencies", "after_dependencies"):
        assert MANIFEST.get(key, []) == sorted(MANIFEST.get(key, []))


async def test_home_assistant_loads_the_integration(hass: HomeAssistant) -> None:
    integration = await async_get_integration(hass, DOMAIN)

    assert integration.version == MANIFEST["version"]
    assert not integration.is_built_in
    assert await integration.resolve_dependencies() is not None


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_platform_is_a_file(platform: str) -> None:
    tree = SOURCES[f"{platform}.py"]

    assert "async_setup_entry" in {
        node.name for node in tree.body if isinstance(node, ast.AsyncFunctionDef)
    }


def test_the_shop_takes_the_repository() -> None:
    """The keys of hacs.json are a closed list."""
    hacs = json.loads((ROOT / "hacs.json").read_text())

    assert set(hacs) <= {
        "content_in_root",
        "country",
        "filename",
        "hacs",
        "hide_default_branch",
        "homeassistant",
        "name",
        "persistent_directory",
        "render_readme",
        "zip_release",
    }
    assert hacs["name"] == MANIFEST["name"]
    assert hacs["homeassistant"] == "2026.10.0"
    assert [path.name for path in FOLDER.parent.iterdir() if path.is_dir()] == [DOMAIN]
    for image in ("icon.png", "logo.png"):
        assert (FOLDER / "brand" / image).is_file()
