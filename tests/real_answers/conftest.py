"""A Home Assistant in which every entity is enabled."""

import math
import socket

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.whatsminer.api import Miner
from homeassistant.core import HomeAssistant
from tests import Clock

from .home import Home
from .miner_v3 import DescribedV3Miner


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


@pytest.fixture(autouse=True)
def v3_port(monkeypatch: pytest.MonkeyPatch, closed_v3_port: int) -> int:
    """The port that all miners of a test that speak V3 have, each at its own address."""
    with socket.socket() as unused:
        unused.bind(("", 0))
        port: int = unused.getsockname()[1]
    monkeypatch.setitem(Miner.__init__.__kwdefaults__ or {}, "v3_port", port)
    monkeypatch.setattr(DescribedV3Miner, "v3_port", port)
    return port
