"""Readings of a miner and of its hashboards."""

from collections.abc import Mapping
from datetime import datetime
from itertools import chain
from typing import Any, Final, override

from homeassistant.components.sensor import SensorEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .api import Board, Snapshot
from .coordinator import WhatsminerConfigEntry, WhatsminerCoordinator
from .entity import WhatsminerBoardEntity, WhatsminerEntity, add_boards, existing
from .meters import METERS
from .sensor_descriptions import BOARD_SENSORS, PROGRESS_SENSORS, SENSORS
from .sensor_kinds import WhatsminerSensorDescription

PARALLEL_UPDATES = 0

# Home Assistant takes no longer states.
_MOST_CHARACTERS: Final = 255


async def async_setup_entry(
    hass: HomeAssistant,
    entry: WhatsminerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of a miner and of its hashboards."""
    coordinator = entry.runtime_data
    async_add_entities(
        chain(
            (
                WhatsminerSensor(coordinator, description)
                for description in existing(coordinator, Platform.SENSOR, SENSORS)
            ),
            (
                WhatsminerProgressSensor(coordinator, description)
                for description in existing(
                    coordinator, Platform.SENSOR, PROGRESS_SENSORS
                )
            ),
            (
                description.meter(coordinator, description)
                for description in existing(coordinator, Platform.SENSOR, METERS)
            ),
        )
    )
    add_boards(
        coordinator,
        async_add_entities,
        lambda slot: (
            WhatsminerBoardSensor(coordinator, description, slot)
            for description in existing(
                coordinator, Platform.SENSOR, BOARD_SENSORS, slot
            )
        ),
    )


class WhatsminerSensor(WhatsminerEntity, SensorEntity):
    """One reading."""

    # As long as the list of faults may be; the count of them is recorded.
    _unrecorded_attributes = frozenset({"faults"})

    entity_description: WhatsminerSensorDescription[Snapshot]

    @property
    @override
    def native_value(self) -> datetime | StateType:
        """Return the reading."""
        value = self.entity_description.value_fn(self.coordinator.data)
        return value[:_MOST_CHARACTERS] if isinstance(value, str) else value

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return what belongs to the reading."""
        return self.entity_description.attributes_fn(self.coordinator.data)


class WhatsminerBoardSensor(WhatsminerBoardEntity, SensorEntity):
    """One reading of a hashboard."""

    entity_description: WhatsminerSensorDescription[Board]

    @property
    @override
    def available(self) -> bool:
        """Return whether the miner lists the hashboard."""
        return super().available and self.board is not None

    @property
    @override
    def native_value(self) -> datetime | StateType:
        """Return the reading."""
        return self.entity_description.value_fn(self.board) if self.board else None


class WhatsminerProgressSensor(WhatsminerEntity, SensorEntity):
    """How far something is that takes several polls."""

    entity_description: WhatsminerSensorDescription[WhatsminerCoordinator]

    @property
    @override
    def native_value(self) -> datetime | StateType:
        """Return the stage."""
        return self.entity_description.value_fn(self.coordinator)
