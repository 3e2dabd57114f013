"""Blueprints come into Home Assistant through the links of the README."""

from collections.abc import Iterator
from pathlib import Path
import re
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest
from pytest_homeassistant_custom_component.test_util.aiohttp import AiohttpClientMocker
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from homeassistant.components.blueprint.models import Blueprint
from homeassistant.components.blueprint.schemas import BLUEPRINT_SCHEMA
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict

from . import BLUEPRINTS, FOLDER

ROOT: Final = BLUEPRINTS.parents[1]
FILES: Final = sorted((BLUEPRINTS / FOLDER).glob("*.yaml"))
_LINK: Final = re.compile(
    r"https://my\.home-assistant\.io/redirect/blueprint_import/\?[^)\s]+"
)
# Here GitHub has the files themselves, and not pages about them.
_RAW: Final = "https://raw.githubusercontent.com/whatsminer-ha/whatsminer/main/"

NEEDED: Final = {"miners", "temperature_sensor", "cap", "site", "grid_power"}

EACH = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def links() -> list[str]:
    """Return the addresses of the blueprints that the README's links import."""
    readme = (ROOT / "README.md").read_text()
    return [
        parse_qs(urlsplit(link).query)["blueprint_url"][0]
        for link in _LINK.findall(readme)
    ]


def inputs(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the inputs of a blueprint, taken out of their sections."""
    for key, value in load_yaml_dict(file)["blueprint"]["input"].items():
        if "input" in value:
            yield from value["input"].items()
        else:
            yield key, value


def test_the_readme_links_to_all_of_them() -> None:
    assert sorted(link.rpartition("/")[2] for link in links()) == [
        file.name for file in FILES
    ]


@EACH
async def test_a_link_imports_its_blueprint(
    hass: HomeAssistant,
    config_folder: Path,
    hass_ws_client: WebSocketGenerator,
    aioclient_mock: AiohttpClientMocker,
    file: Path,
) -> None:
    assert await async_setup_component(hass, "automation", {})
    client = await hass_ws_client(hass)
    path = file.relative_to(ROOT)
    link = next(link for link in links() if link.endswith(f"/{file.name}"))
    aioclient_mock.get(  # type: ignore[no-untyped-call]  # the test plugin's
        f"{_RAW}{path}", text=file.read_text()
    )

    await client.send_json_auto_id({"type": "blueprint/import", "url": link})
    answer = (await client.receive_json())["result"]
    assert answer["validation_errors"] is None
    assert answer["exists"] is False
    assert answer["blueprint"]["metadata"]["source_url"] == link

    await client.send_json_auto_id(
        {
            "type": "blueprint/save",
            "domain": "automation",
            "path": answer["suggested_filename"],
            "yaml": answer["raw_data"],
            "source_url": link,
        }
    )
    assert (await client.receive_json())["success"]
    await client.send_json_auto_id({"type": "blueprint/list", "domain": "automation"})
    listed = (await client.receive_json())["result"]
    assert "error" not in listed[f"{answer['suggested_filename']}.yaml"]


@EACH
def test_every_input_says_what_it_is(file: Path) -> None:
    """An input has no default where only the owner knows the value."""
    blueprint = Blueprint(
        load_yaml_dict(file), expected_domain="automation", schema=BLUEPRINT_SCHEMA
    )
    assert blueprint.validate() is None  # this Home Assistant is new enough
    for key, what in inputs(file):
        assert what["name"], key
        assert what["selector"], key
        assert "default" in what or key in NEEDED, key


@EACH
def test_names_begin_alike(file: Path) -> None:
    """Names that begin alike are together in the list of blueprints."""
    assert load_yaml_dict(file)["blueprint"]["name"].startswith("Whatsminer: ")
