"""The dashboard's module reaches the web page, if there is one; node tests what it does."""

from http import HTTPStatus
import json
from pathlib import Path
import shutil
import subprocess
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.whatsminer import dashboard
from custom_components.whatsminer.const import DOMAIN
from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL
from homeassistant.core import HomeAssistant
from homeassistant.loader import async_get_integration
from homeassistant.setup import async_setup_component

from .fleet import Fleet
from .texts import FOLDER, ROOT

VERSION = json.loads((FOLDER / "manifest.json").read_text())["version"]


@pytest.fixture
async def web_page(hass: HomeAssistant, tmp_path: Path) -> None:
    """Set up the web page, without the files of its own."""
    (tmp_path / "hass_frontend").mkdir()
    config = {"frontend": {"development_repo": str(tmp_path)}}
    assert await async_setup_component(hass, "frontend", config)


def modules(hass: HomeAssistant) -> list[str]:
    """Return the addresses of the integration's modules that the web page loads."""
    urls: frozenset[str] = hass.data[DATA_EXTRA_MODULE_URL].urls
    return [url for url in urls if DOMAIN in url]


@pytest.mark.usefixtures("web_page")
async def test_the_web_page_gets_the_module(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    assert await async_setup_component(hass, DOMAIN, {})

    (url,) = modules(hass)
    response = await (await hass_client_no_auth()).get(url)
    assert response.status == HTTPStatus.OK
    assert response.content_type == "text/javascript"
    assert "max-age" in response.headers["Cache-Control"]
    assert await response.text() == dashboard.MODULE.read_text()


@pytest.mark.usefixtures("web_page")
async def test_it_loads_it_once_for_all_miners(
    hass: HomeAssistant, fleet: Fleet
) -> None:
    anna = await fleet.add("Anna")
    await fleet.add("Bert")
    await fleet.reload(anna)

    assert len(modules(hass)) == 1


@pytest.mark.usefixtures("web_page")
async def test_its_address_changes_with_its_content_and_the_version(
    hass: HomeAssistant, tmp_path: Path
) -> None:
    """Browsers keep what they got from an address for a month."""
    other = tmp_path / dashboard.MODULE.name
    other.write_text("// another content")
    with (
        patch.object(dashboard, "MODULE", other),
        patch.object(hass.http, "async_register_static_paths"),
    ):
        await dashboard.async_setup_dashboard(hass)
    assert await async_setup_component(hass, DOMAIN, {})

    one, two = modules(hass)
    assert one != two
    for url in one, two:
        assert url.startswith(f"{dashboard.MODULE_URL}?v={VERSION}-")


async def test_without_a_web_page_nothing_is_served(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    assert await async_setup_component(hass, DOMAIN, {})

    assert DATA_EXTRA_MODULE_URL not in hass.data
    response = await (await hass_client_no_auth()).get(dashboard.MODULE_URL)
    assert response.status == HTTPStatus.NOT_FOUND


async def test_home_assistant_sets_up_the_web_page_before(hass: HomeAssistant) -> None:
    """But the integration works without it, and does not bring it along."""
    integration = await async_get_integration(hass, DOMAIN)

    assert {"frontend", "http"} <= set(integration.after_dependencies)
    assert "frontend" not in integration.dependencies


def has_node() -> bool:
    """Return whether there is a node that knows a module by its content."""
    if not (node := shutil.which("node")):
        return False
    version = subprocess.run(
        [node, "--version"], capture_output=True, text=True, check=True
    ).stdout
    major, minor, _ = map(int, version.strip().removeprefix("v").split("."))
    return (major, minor) >= (20, 19)


@pytest.mark.skipif(not has_node(), reason="there is no node 20.19 or newer")
def test_the_module_does_what_its_own_tests_say() -> None:
    files = sorted((ROOT / "tests" / "frontend").glob("*.test.mjs"))
    assert files

    run = subprocess.run(
        ["node", "--test", *files], capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stdout
