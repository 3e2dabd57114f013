"""Readings of a miner."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    REVOLUTIONS_PER_MINUTE,
    EntityCategory,
    Platform,
    UnitOfFrequency,
    UnitOfPower,
    UnitOfRatio,
    UnitOfTemperature,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .api import Snapshot
from .coordinator import WhatsminerConfigEntry
from .entity import WhatsminerEntity, WhatsminerEntityDescription, existing

PARALLEL_UPDATES = 0

# Home Assistant has no units for these. They stay as they are: a change would split statistics.
TERAHASHES_PER_SECOND: Final = "TH/s"
JOULES_PER_TERAHASH: Final = "J/TH"


@dataclass(frozen=True, kw_only=True)
class WhatsminerSensorDescription(WhatsminerEntityDescription, SensorEntityDescription):
    """How a sensor gets its value."""

    value_fn: Callable[[Snapshot], datetime | float | str | None]


SENSORS: Final = (
    WhatsminerSensorDescription(
        key="hash_rate",
        translation_key="hash_rate",
        native_unit_of_measurement=TERAHASHES_PER_SECOND,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        value_fn=lambda snapshot: snapshot.hash_rate,
    ),
    WhatsminerSensorDescription(
        key="hash_rate_average",
        translation_key="hash_rate_average",
        native_unit_of_measurement=TERAHASHES_PER_SECOND,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        value_fn=lambda snapshot: snapshot.hash_rate_average,
    ),
    WhatsminerSensorDescription(
        key="power",
        device_class=SensorDeviceClass.POWER,
        native_unit_of_measurement=UnitOfPower.WATT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda snapshot: snapshot.live.power,
    ),
    WhatsminerSensorDescription(
        key="efficiency",
        translation_key="efficiency",
        native_unit_of_measurement=JOULES_PER_TERAHASH,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        value_fn=lambda snapshot: snapshot.efficiency,
    ),
    WhatsminerSensorDescription(
        key="chip_temperature",
        translation_key="chip_temperature",
        device_class=SensorDeviceClass.TEMPERATURE,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        value_fn=lambda snapshot: snapshot.live.chip_temperature,
    ),
    WhatsminerSensorDescription(
        key="environment_temperature",
        translation_key="environment_temperature",
        device_class=SensorDeviceClass.TEMPERATURE,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        exists_fn=lambda can: can.reports_environment,
        value_fn=lambda snapshot: snapshot.live.environment_temperature,
    ),
    WhatsminerSensorDescription(
        key="fan_speed_in",
        translation_key="fan_speed_in",
        native_unit_of_measurement=REVOLUTIONS_PER_MINUTE,
        state_class=SensorStateClass.MEASUREMENT,
        exists_fn=lambda can: can.has_fans,
        value_fn=lambda snapshot: snapshot.live.fan_speed_in,
    ),
    WhatsminerSensorDescription(
        key="fan_speed_out",
        translation_key="fan_speed_out",
        native_unit_of_measurement=REVOLUTIONS_PER_MINUTE,
        state_class=SensorStateClass.MEASUREMENT,
        exists_fn=lambda can: can.has_fans,
        value_fn=lambda snapshot: snapshot.live.fan_speed_out,
    ),
    WhatsminerSensorDescription(
        key="frequency",
        translation_key="frequency",
        device_class=SensorDeviceClass.FREQUENCY,
        native_unit_of_measurement=UnitOfFrequency.MEGAHERTZ,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        value_fn=lambda snapshot: snapshot.live.frequency,
    ),
    WhatsminerSensorDescription(
        key="mining_since",
        translation_key="mining_since",
        device_class=SensorDeviceClass.UPTIME,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda snapshot: snapshot.mining_since,
    ),
    WhatsminerSensorDescription(
        key="pool_rejection",
        translation_key="pool_rejection",
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=2,
        value_fn=lambda snapshot: snapshot.live.pool_rejection,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: WhatsminerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of a miner."""
    coordinator = entry.runtime_data
    async_add_entities(
        WhatsminerSensor(coordinator, description)
        for description in existing(coordinator, Platform.SENSOR, SENSORS)
    )


class WhatsminerSensor(WhatsminerEntity, SensorEntity):
    """One reading."""

    entity_description: WhatsminerSensorDescription

    @property
    @override
    def native_value(self) -> datetime | float | str | None:
        """Return the reading."""
        return self.entity_description.value_fn(self.coordinator.data)
