"""The recipes of docs/recipes.md, in a real Home Assistant, with a simulated miner."""

from pathlib import Path
import re
import shutil
from typing import Any, Final

from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
from tests import act
from tests.blueprints import BLUEPRINTS, Home

PAGE: Final = Path(__file__).parents[2] / "docs" / "recipes.md"
_BLOCK: Final = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks() -> dict[str, list[Any]]:
    """Return the YAML of the page by its heading, as a reader copies it."""
    found: dict[str, list[Any]] = {}
    for section in re.split(r"^##+ ", PAGE.read_text("utf-8"), flags=re.MULTILINE):
        heading, _, text = section.partition("\n")
        if texts := _BLOCK.findall(text):
            found[heading] = [parse_yaml(block) for block in texts]
    return found


async def cook(home: Home, heading: str) -> None:
    """Set up everything that a recipe puts into `configuration.yaml`."""
    shutil.copytree(
        BLUEPRINTS,
        home.hass.config.path("blueprints", "automation"),
        dirs_exist_ok=True,
    )
    merged: dict[str, Any] = {}
    for block in blocks()[heading]:
        for domain, config in block.items():
            assert domain not in merged, f"{domain} is there twice under {heading}"
            merged[domain] = config
    # Home Assistant always has its own actions; automations come last.
    for domain in ("homeassistant", *sorted(merged, key="automation".__eq__)):
        assert await async_setup_component(home.hass, domain, merged)
    await home.fleet.settle()
    for state in home.hass.states.async_all("automation"):
        assert state.state == "on", f"{state.entity_id} is not valid: see the log"


async def call(home: Home, action: str, entity_id: str, **data: Any) -> None:
    """Call an action of an entity, and wait for its effects."""
    await act(home.hass, action, entity_id, **data)
    await home.fleet.settle()
