"""The entities that a new miner starts with are those that people look at or automate."""

import re
import sys
from typing import Final

import pytest

from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_registry import RegistryEntry

from . import entities_of, every_miner

# With the entities of three hashboards.
MOST: Final = 42
BOARD: Final = ["binary_sensor.alive", "sensor.hash_rate", "sensor.temperature"]
MINER: Final = {
    "binary_sensor.pool_connected",
    "binary_sensor.problem",
    "binary_sensor.running",
    "binary_sensor.stable",
    "binary_sensor.write_access",
    "button.identify",
    "button.reboot",
    "button.restart_mining",
    "event.fault",
    "number.power_limit",
    "number.power_percent",
    "select.power_mode",
    "sensor.chip_temperature_max",
    "sensor.coolant_temperature",
    "sensor.efficiency",
    "sensor.energy",
    "sensor.environment_temperature",
    "sensor.fan_speed_in",
    "sensor.fan_speed_out",
    "sensor.fault",
    "sensor.faults",
    "sensor.hash_rate",
    "sensor.mining_since",
    "sensor.pool",
    "sensor.power",
    "sensor.restart_count",
    "sensor.status",
    "sensor.stop_reason",
    "switch.mining",
}

pytestmark = [every_miner, pytest.mark.usefixtures("set_up")]


@pytest.fixture
def entities(hass: HomeAssistant, set_up: WhatsminerCoordinator) -> list[RegistryEntry]:
    """Every entity of the miner and of its hashboards, enabled or not."""
    return entities_of(hass, set_up.config_entry)


def split(entity: RegistryEntry) -> tuple[str, str]:
    """Return whose an entity is ("miner", "board0", …), and its platform with its key."""
    found = re.fullmatch(r"[^_]+_(?:(board\d)_)?(\w+)", entity.unique_id)
    assert found
    return found[1] or "miner", f"{entity.domain}.{found[2]}"


def enabled(entities: list[RegistryEntry]) -> dict[str, list[str]]:
    """Return the entities that are enabled, by whose they are."""
    found: dict[str, list[str]] = {}
    for owner, name in sorted(
        split(entity) for entity in entities if not entity.disabled
    ):
        found.setdefault(owner, []).append(name)
    return found


def test_a_new_miner_has_few_enabled_entities(
    entities: list[RegistryEntry], set_up: WhatsminerCoordinator
) -> None:
    """`-s` prints how many each kind of miner has."""
    found = enabled(entities)
    of_miner, total = len(found["miner"]), sum(map(len, found.values()))
    data = set_up.data
    sys.stdout.write(
        f"\nentities: {data.model} ({data.generation}): {total} of {len(entities)} enabled,"
        f" {of_miner} of the miner, {total - of_miner} of {len(found) - 1} hashboards\n"
    )
    assert total <= MOST


def test_what_people_look_at_or_automate_is_enabled(
    entities: list[RegistryEntry],
) -> None:
    disabled = {split(entity) for entity in entities if entity.disabled}
    assert not disabled & {("miner", name) for name in MINER}


def test_of_a_hashboard_its_rate_temperature_and_life_are_enabled(
    entities: list[RegistryEntry],
) -> None:
    found = enabled(entities)
    del found["miner"]
    assert len(found) >= 3
    assert all(names == BOARD for names in found.values())


def test_what_is_disabled_is_about_settings_or_diagnosis(
    entities: list[RegistryEntry],
) -> None:
    """So that it is not in the way on automatic pages once a person enables it."""
    kinds = {EntityCategory.CONFIG, EntityCategory.DIAGNOSTIC}
    bare = [
        split(each)
        for each in entities
        if each.disabled and each.entity_category not in kinds
    ]
    assert bare == []


def test_automatic_pages_begin_with_the_switch(
    hass: HomeAssistant, entities: list[RegistryEntry]
) -> None:
    """They show a device's entities in the order in which these got their states."""
    own = {entity.entity_id: split(entity) for entity in entities}
    shown = [
        own[state.entity_id]
        for state in hass.states.async_all()
        if state.entity_id in own
    ]
    assert shown[:2] == [("miner", "switch.mining"), ("miner", "sensor.status")]


def test_automatic_pages_leave_hashboards_out(entities: list[RegistryEntry]) -> None:
    """They would give "Hashboard 1" a heading that does not say whose it is."""
    shown = {
        split(entity)[0]
        for entity in entities
        if not entity.disabled and entity.entity_category is None
    }
    assert shown == {"miner"}
