"""Fixtures of the tests of the folder `miner`."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.core import HomeAssistant
from simulator import SimulatedMiner
from tests import Clock

from . import Rig


@pytest.fixture
def new_rig(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    config_entry: MockConfigEntry,
    clock: Clock,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    entity_registry_enabled_by_default: None,
) -> Rig:
    """The miner with its entry, not yet set up. Every entity will be enabled."""
    return Rig(hass, miner, config_entry, clock, hass_storage, caplog)


@pytest.fixture
def rig(new_rig: Rig, set_up: WhatsminerCoordinator) -> Rig:
    """The miner, set up."""
    return new_rig
