"""Fixtures of the blueprints' tests."""

from collections.abc import AsyncGenerator, Generator, Sequence
from pathlib import Path
from unittest.mock import patch

import pytest

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from tests.fleet import Fleet, Owned
from tests.site import Site

from . import EmptyHome, Home
from .assist import Assist
from .phone import Phone
from .sites import make_site


@pytest.fixture(autouse=True)
def templates_that_work(caplog: pytest.LogCaptureFixture) -> Generator[None]:
    """Fail if a template failed: its automation then does nothing, and some tests would pass."""
    yield
    records = [*caplog.get_records("setup"), *caplog.get_records("call")]
    messages = [record.getMessage() for record in records]
    wrong = ("Error rendering", "Template variable")
    assert [text for text in messages if any(word in text for word in wrong)] == []


@pytest.fixture
def config_folder(hass: HomeAssistant, tmp_path: Path) -> Generator[Path]:
    """Keep blueprints out of the test plugin's folder."""
    with patch.object(hass.config, "config_dir", str(tmp_path)):
        yield tmp_path


@pytest.fixture
async def empty_home(fleet: Fleet, config_folder: Path) -> AsyncGenerator[EmptyHome]:
    """A home without miners, whose automations end with the test."""
    # In debug mode the loop keeps a stack trace for each callback, which takes half of the time.
    fleet.hass.loop.set_debug(False)
    home = EmptyHome(fleet)
    yield home
    await home.close()


@pytest.fixture
async def home(empty_home: EmptyHome, garage: Owned) -> Home:
    """A home with a miner in the garage."""
    return Home(empty_home.fleet, garage)


@pytest.fixture
async def garage(request: pytest.FixtureRequest, fleet: Fleet) -> Owned:
    """A miner that mines and is tuned: with firmware 2.0.5, or with V3 in `either_protocol`."""
    if getattr(request, "param", "v2") == "v2":
        return await fleet.add("Garage")
    port = request.getfixturevalue("ordinary_v3_port")
    return await fleet.add("Garage", generation="v3", model="M30S+", v3_port=port)


@pytest.fixture
async def hall(fleet: Fleet) -> Owned:
    """A miner with firmware that speaks V3, which mines and is tuned."""
    return await fleet.add("Hall", generation="compat", model="M63")


@pytest.fixture
def phone(home: Home) -> Phone:
    """The phone of the owner, to whom nothing was told yet."""
    return Phone(home)


@pytest.fixture
async def assist(home: Home) -> Assist:
    """The assistant, which knows no miners yet."""
    assert await async_setup_component(home.hass, "homeassistant", {})
    assert await async_setup_component(home.hass, "conversation", {})
    return Assist(home)


@pytest.fixture
async def both(assist: Assist, hall: Owned) -> Sequence[Owned]:
    """The miners of the next fixture."""
    return (assist.garage, hall)


@pytest.fixture
async def site(assist: Assist, both: Sequence[Owned]) -> Site:
    """A site with both miners, which no input of the automation names."""
    return await make_site(assist, "Shed")
