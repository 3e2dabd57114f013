"""Binary sensors of a miner and of its hashboards."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import WhatsminerCoordinator
from .entity import (
    WhatsminerBoardEntity,
    WhatsminerEntity,
    WhatsminerEntityDescription,
    add_boards,
    existing,
)
from .miner.history import still_counts
from .miner.status import has_problem
from .models import WhatsminerConfigEntry
from .site.binary_sensor import SITE_PROBLEM, SiteProblem
from .site.coordinator import SiteConfigEntry, SiteCoordinator

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class WhatsminerBinarySensorDescription(
    WhatsminerEntityDescription, BinarySensorEntityDescription
):
    """Describes a binary sensor of a miner."""

    value_fn: Callable[[WhatsminerCoordinator], bool | None]


@dataclass(frozen=True, kw_only=True)
class WhatsminerBoardBinarySensorDescription(
    WhatsminerEntityDescription, BinarySensorEntityDescription
):
    """Describes a binary sensor of a hashboard, which is given by its slot."""

    value_fn: Callable[[WhatsminerCoordinator, int], bool | None]


def _alive(coordinator: WhatsminerCoordinator, slot: int) -> bool | None:
    """Return whether a hashboard works, while the miner is off or starts whether it did before."""
    snapshot, boards = coordinator.data, coordinator.history.hashboards
    if not boards or not (snapshot.running or still_counts(snapshot)):
        return None
    board = boards.get(slot)
    return board.alive if board else False


BINARY_SENSORS: Final = (
    WhatsminerBinarySensorDescription(
        key="running",
        device_class=BinarySensorDeviceClass.RUNNING,
        value_fn=lambda coordinator: coordinator.data.running,
    ),
    WhatsminerBinarySensorDescription(
        key="stable",
        value_fn=lambda coordinator: coordinator.data.stable,
    ),
    WhatsminerBinarySensorDescription(
        key="pool_connected",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        value_fn=lambda coordinator: coordinator.data.pool_connected,
    ),
    WhatsminerBinarySensorDescription(
        key="problem",
        device_class=BinarySensorDeviceClass.PROBLEM,
        value_fn=lambda coordinator: has_problem(coordinator.data),
    ),
    # No lock: Home Assistant paints one that is open red, and this one should be.
    WhatsminerBinarySensorDescription(
        key="write_access",
        needs_password=True,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda coordinator: coordinator.write_access.is_open,
    ),
)

BOARD_BINARY_SENSORS: Final = (
    WhatsminerBoardBinarySensorDescription(
        key="alive",
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=_alive,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: WhatsminerConfigEntry | SiteConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the binary sensors of a miner and of its hashboards, or of a site."""
    if isinstance(entry.runtime_data, SiteCoordinator):
        async_add_entities([SiteProblem(entry.runtime_data, SITE_PROBLEM)])
        return
    coordinator = entry.runtime_data.coordinator
    async_add_entities(
        WhatsminerBinarySensor(coordinator, description)
        for description in existing(coordinator, Platform.BINARY_SENSOR, BINARY_SENSORS)
    )
    add_boards(
        coordinator,
        async_add_entities,
        lambda slot: (
            WhatsminerBoardBinarySensor(coordinator, description, slot)
            for description in existing(
                coordinator, Platform.BINARY_SENSOR, BOARD_BINARY_SENSORS, slot
            )
        ),
    )


class WhatsminerBinarySensor(WhatsminerEntity, BinarySensorEntity):
    """A binary sensor of a miner."""

    entity_description: WhatsminerBinarySensorDescription

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether it is on."""
        return self.entity_description.value_fn(self.coordinator)


class WhatsminerBoardBinarySensor(WhatsminerBoardEntity, BinarySensorEntity):
    """A binary sensor of a hashboard, which is available also when the board is missing."""

    entity_description: WhatsminerBoardBinarySensorDescription

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether it is on."""
        return self.entity_description.value_fn(self.coordinator, self.slot)
