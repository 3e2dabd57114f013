"""A Home Assistant in which every entity is enabled."""

import math

from freezegun.api import FrozenDateTimeFactory
import pytest

from homeassistant.core import HomeAssistant
from tests import Clock

from .home import Home


@pytest.fixture
def home(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    entity_registry_enabled_by_default: None,
) -> Home:
    """Home Assistant without a miner."""
    # Time that is moved looks like a task that took as long, which fills the log.
    hass.loop.slow_callback_duration = math.inf
    # To note where each future comes from takes half of the time of these many polls.
    hass.loop.set_debug(False)
    return Home(hass, Clock(hass, freezer, []))
