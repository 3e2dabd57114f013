"""Fixtures of the tests of the folder `miner`."""

from collections.abc import Generator
from typing import Any, Final
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.components.button import ButtonEntity
from homeassistant.components.number import NumberEntity
from homeassistant.components.select import SelectEntity
from homeassistant.components.switch import SwitchEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from simulator import SimulatedMiner
from tests import Clock

from . import Rig

CONTROLS: Final = (ButtonEntity, NumberEntity, SelectEntity, SwitchEntity)


@pytest.fixture
def controls_enabled_by_default() -> Generator[None]:
    """Enable all controls; sensors cost time in each poll, and stay as they are."""
    before = Entity.entity_registry_enabled_default

    def is_enabled(entity: Entity) -> bool:
        return isinstance(entity, CONTROLS) or bool(before.__get__(entity))

    with patch.object(Entity, "entity_registry_enabled_default", property(is_enabled)):
        yield


@pytest.fixture
def new_rig(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    config_entry: MockConfigEntry,
    clock: Clock,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    controls_enabled_by_default: None,
) -> Rig:
    """The miner with its entry, not yet set up. Every control will be enabled."""
    return Rig(hass, miner, config_entry, clock, hass_storage, caplog)


@pytest.fixture
def rig(new_rig: Rig, set_up: WhatsminerCoordinator) -> Rig:
    """The miner, set up."""
    return new_rig
