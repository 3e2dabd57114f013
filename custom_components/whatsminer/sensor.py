"""Sensors of a miner and of its hashboards."""

from collections.abc import Iterator
from datetime import datetime
from typing import override

from homeassistant.components.sensor import SensorEntity
from homeassistant.const import Platform
from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.helpers.typing import StateType

from .api import Board, Snapshot
from .coordinator import WhatsminerCoordinator
from .entity import (
    WhatsminerBoardEntity,
    WhatsminerEntity,
    add_boards,
    add_while,
    existing,
)
from .entries.membership import planning_site
from .miner.record import mac_of
from .models import WhatsminerConfigEntry, WhatsminerData
from .sensor_base import DescribedSensor, PriceSensor, WhatsminerSensorDescription
from .sensor_condition import CONDITION_SENSORS, STATUS_SENSORS
from .sensor_descriptions import BOARD_SENSORS, PRICE_SENSORS, RUNTIME_SENSORS, SENSORS
from .sensor_totals import TOTALS
from .site.coordinator import SiteConfigEntry, SiteCoordinator
from .site.miner_plan import MINER_PLAN_SENSORS, MinerPlanSensor
from .site.sensor import (
    SITE_ENERGY,
    SITE_PLAN_SENSORS,
    SITE_PRICE_SENSORS,
    SITE_SENSORS,
    SiteEnergy,
    SitePlanSensor,
    SitePriceSensor,
    SiteSensor,
)

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: WhatsminerConfigEntry | SiteConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of a miner and of its hashboards, or of a site."""
    if isinstance(entry.runtime_data, SiteCoordinator):
        _add_of_site(entry.runtime_data, async_add_entities)
        return
    coordinator = entry.runtime_data.coordinator
    async_add_entities(_of_miner(coordinator))
    add_while(
        coordinator,
        Platform.SENSOR,
        mac_of(entry),
        PRICE_SENSORS,
        lambda: coordinator.break_even.wanted,
        lambda price: async_add_entities([WhatsminerPriceSensor(coordinator, price)]),
        coordinator.async_add_listener,
        coordinator.site_listeners.add,
    )
    add_while(
        coordinator,
        Platform.SENSOR,
        mac_of(entry),
        MINER_PLAN_SENSORS,
        lambda: planning_site(hass, entry) is not None,
        lambda plan: async_add_entities([MinerPlanSensor(coordinator, plan)]),
        coordinator.site_listeners.add,
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


def _of_miner(coordinator: WhatsminerCoordinator) -> Iterator[WhatsminerEntity]:
    """Return the sensors of a miner itself, but those of prices and of its plan."""
    for status in existing(coordinator, Platform.SENSOR, STATUS_SENSORS):
        yield WhatsminerStatusSensor(coordinator, status)
    for reading in existing(coordinator, Platform.SENSOR, SENSORS):
        yield WhatsminerSensor(coordinator, reading)
    runtime_sensors = (*CONDITION_SENSORS, *RUNTIME_SENSORS)
    for value in existing(coordinator, Platform.SENSOR, runtime_sensors):
        yield WhatsminerRuntimeSensor(coordinator, value)
    for total in existing(coordinator, Platform.SENSOR, TOTALS):
        yield total.entity_class(coordinator, total)


@callback
def _add_of_site(
    coordinator: SiteCoordinator, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of a site."""
    async_add_entities(
        SiteSensor(coordinator, description) for description in SITE_SENSORS
    )
    async_add_entities([SiteEnergy(coordinator, SITE_ENERGY)])
    async_add_entities(
        SitePlanSensor(coordinator, description) for description in SITE_PLAN_SENSORS
    )
    add_while(
        coordinator,
        Platform.SENSOR,
        coordinator.config_entry.entry_id,
        SITE_PRICE_SENSORS,
        lambda: coordinator.has_prices,
        lambda price: async_add_entities([SitePriceSensor(coordinator, price)]),
        coordinator.async_add_listener,
    )


class WhatsminerSensor(WhatsminerEntity, DescribedSensor[Snapshot]):
    """A sensor of a miner."""

    entity_description: WhatsminerSensorDescription[Snapshot]

    @property
    @override
    def source(self) -> Snapshot:
        """The last poll."""
        return self.coordinator.data


class WhatsminerBoardSensor(WhatsminerBoardEntity, SensorEntity):
    """A sensor of a hashboard."""

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
        return self.entity_description.state(self.board) if self.board else None


class WhatsminerRuntimeSensor(WhatsminerEntity, DescribedSensor[WhatsminerData]):
    """A sensor whose value is in the runtime data."""

    # As long as the list of faults may be; the count of them is recorded.
    _unrecorded_attributes = frozenset({"faults"})

    entity_description: WhatsminerSensorDescription[WhatsminerData]

    @property
    @override
    def source(self) -> WhatsminerData:
        """The runtime data."""
        return self.runtime_data


class WhatsminerStatusSensor(WhatsminerRuntimeSensor):
    """The status, which says so while a firmware update keeps the miner from answering."""

    @property
    @override
    def available(self) -> bool:
        """Return whether the miner answers, or is being updated."""
        return super().available or self.coordinator.client.updating


class WhatsminerPriceSensor(PriceSensor, WhatsminerRuntimeSensor):
    """A price per kWh of a miner, which also changes with the entity of the hash price."""

    # The entity that is listened to, and the function that ends that.
    _source: str | None = None
    _unsubscribe: CALLBACK_TYPE | None = None

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the hash price."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self.coordinator.site_listeners.add(self._handle_coordinator_update)
        )
        self._listen()

    @override
    async def async_will_remove_from_hass(self) -> None:
        """Stop listening."""
        await super().async_will_remove_from_hass()
        self._stop_listening()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        self._listen()
        super()._handle_coordinator_update()

    @callback
    def _listen(self) -> None:
        """Listen to the entity that the options name now."""
        source = self.coordinator.break_even.source
        if source == self._source:
            return
        self._stop_listening()
        self._source = source
        if source:
            self._unsubscribe = async_track_state_change_event(
                self.hass, source, self._handle_hash_price
            )

    @callback
    def _handle_hash_price(self, event: Event[EventStateChangedData]) -> None:
        self.async_write_ha_state()

    @callback
    def _stop_listening(self) -> None:
        if self._unsubscribe:
            self._unsubscribe()
        self._source = self._unsubscribe = None
