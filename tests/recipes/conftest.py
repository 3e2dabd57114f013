"""Fixtures of the recipes' tests."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from aiohttp.test_utils import TestClient
import pytest
from pytest_homeassistant_custom_component.common import MockUser

from homeassistant.auth.models import TOKEN_TYPE_LONG_LIVED_ACCESS_TOKEN
from homeassistant.setup import async_setup_component
from tests.blueprints import Home
from tests.blueprints.conftest import config_folder, empty_home, home
from tests.fleet import Fleet, Owned

__all__ = ["config_folder", "empty_home", "home"]


@pytest.fixture
async def garage(fleet: Fleet) -> Owned:
    """The miner of the page, whose switch is `switch.garage_miner`."""
    return await fleet.add("garage_miner")


@pytest.fixture
async def other_side(
    home: Home,
    garage: Owned,
    hass_admin_user: MockUser,
    hass_client: Callable[[str], Awaitable[TestClient[Any, Any]]],
) -> TestClient[Any, Any]:
    """A program that uses Home Assistant's API with a long-lived token."""
    assert await async_setup_component(home.hass, "api", {})
    auth = home.hass.auth
    token = await auth.async_create_refresh_token(
        hass_admin_user,
        client_name="the other side",
        token_type=TOKEN_TYPE_LONG_LIVED_ACCESS_TOKEN,
        access_token_expiration=timedelta(days=365),
    )
    return await hass_client(auth.async_create_access_token(token))
