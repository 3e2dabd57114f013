"""Base descriptions of sensors by quantity: unit, device class, state class, digits."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    REVOLUTIONS_PER_MINUTE,
    EntityCategory,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfFrequency,
    UnitOfPower,
    UnitOfRatio,
    UnitOfTemperature,
)
from homeassistant.helpers.typing import StateType

from .entity import WhatsminerEntityDescription

# Home Assistant has no units for these. They stay as they are: a change would split statistics.
TERAHASHES_PER_SECOND: Final = "TH/s"
JOULES_PER_TERAHASH: Final = "J/TH"
# Home Assistant takes no longer states.
_MOST_CHARACTERS: Final = 255


@dataclass(frozen=True, kw_only=True)
class WhatsminerSensorDescription[SourceT](
    WhatsminerEntityDescription, SensorEntityDescription
):
    """Describes a sensor, whose source is a poll, a hashboard, or the runtime data.

    What is stored has so many `digits` after the decimal point: more would be noise, and a row in the
    database at each poll.
    """

    digits: int | None = 2
    value_fn: Callable[[SourceT], datetime | StateType]
    attributes_fn: Callable[[SourceT], Mapping[str, Any] | None] = lambda _: None

    def state(self, source: SourceT) -> datetime | StateType:
        """Return the value as it is stored."""
        value = self.value_fn(source)
        if isinstance(value, str):
            return value[:_MOST_CHARACTERS]
        if self.digits is None or not isinstance(value, float):
            return value
        return round(value, self.digits)


@dataclass(frozen=True, kw_only=True)
class HashRate[SourceT](WhatsminerSensorDescription[SourceT]):
    """A hash rate."""

    native_unit_of_measurement: str | None = TERAHASHES_PER_SECOND
    state_class: SensorStateClass | None = SensorStateClass.MEASUREMENT
    suggested_display_precision: int | None = 1


@dataclass(frozen=True, kw_only=True)
class Temperature[SourceT](WhatsminerSensorDescription[SourceT]):
    """A temperature."""

    device_class: SensorDeviceClass | None = SensorDeviceClass.TEMPERATURE
    native_unit_of_measurement: str | None = UnitOfTemperature.CELSIUS
    state_class: SensorStateClass | None = SensorStateClass.MEASUREMENT
    suggested_display_precision: int | None = 1


@dataclass(frozen=True, kw_only=True)
class Frequency[SourceT](WhatsminerSensorDescription[SourceT]):
    """The clock of the chips."""

    device_class: SensorDeviceClass | None = SensorDeviceClass.FREQUENCY
    native_unit_of_measurement: str | None = UnitOfFrequency.MEGAHERTZ
    state_class: SensorStateClass | None = SensorStateClass.MEASUREMENT
    suggested_display_precision: int | None = 0


@dataclass(frozen=True, kw_only=True)
class Power[SourceT](WhatsminerSensorDescription[SourceT]):
    """A power."""

    device_class: SensorDeviceClass | None = SensorDeviceClass.POWER
    native_unit_of_measurement: str | None = UnitOfPower.WATT
    state_class: SensorStateClass | None = SensorStateClass.MEASUREMENT
    suggested_display_precision: int | None = 0


@dataclass(frozen=True, kw_only=True)
class FanSpeed[SourceT](WhatsminerSensorDescription[SourceT]):
    """The speed of a fan."""

    native_unit_of_measurement: str | None = REVOLUTIONS_PER_MINUTE
    state_class: SensorStateClass | None = SensorStateClass.MEASUREMENT


@dataclass(frozen=True, kw_only=True)
class Percentage[SourceT](WhatsminerSensorDescription[SourceT]):
    """A share of something."""

    native_unit_of_measurement: str | None = UnitOfRatio.PERCENTAGE
    state_class: SensorStateClass | None = SensorStateClass.MEASUREMENT
    suggested_display_precision: int | None = 2


@dataclass(frozen=True, kw_only=True)
class Shares[SourceT](WhatsminerSensorDescription[SourceT]):
    """Shares, counted since mining started."""

    state_class: SensorStateClass | None = SensorStateClass.TOTAL_INCREASING


@dataclass(frozen=True, kw_only=True)
class Voltage[SourceT](WhatsminerSensorDescription[SourceT]):
    """A voltage."""

    device_class: SensorDeviceClass | None = SensorDeviceClass.VOLTAGE
    native_unit_of_measurement: str | None = UnitOfElectricPotential.VOLT
    state_class: SensorStateClass | None = SensorStateClass.MEASUREMENT
    suggested_display_precision: int | None = 0


@dataclass(frozen=True, kw_only=True)
class Current[SourceT](WhatsminerSensorDescription[SourceT]):
    """A current."""

    device_class: SensorDeviceClass | None = SensorDeviceClass.CURRENT
    native_unit_of_measurement: str | None = UnitOfElectricCurrent.AMPERE
    state_class: SensorStateClass | None = SensorStateClass.MEASUREMENT
    suggested_display_precision: int | None = 1


@dataclass(frozen=True, kw_only=True)
class Price[SourceT](WhatsminerSensorDescription[SourceT]):
    """A price per kWh, which is shown by a `PriceSensor`."""

    digits: int | None = 5
    state_class: SensorStateClass | None = SensorStateClass.MEASUREMENT
    suggested_display_precision: int | None = 4


class DescribedSensor[SourceT](SensorEntity):
    """A sensor whose state and attributes its description makes of a source."""

    entity_description: WhatsminerSensorDescription[SourceT]

    @property
    @abstractmethod
    def source(self) -> SourceT:
        """What is read, see `WhatsminerSensorDescription`."""

    @property
    @override
    def native_value(self) -> datetime | StateType:
        """Return the value."""
        return self.entity_description.state(self.source)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return the attributes."""
        return self.entity_description.attributes_fn(self.source)


class PriceSensor(SensorEntity):
    """A price per kWh, in the currency of Home Assistant."""

    @property
    @override
    def native_unit_of_measurement(self) -> str:
        """Return the unit, which no device class has."""
        return f"{self.hass.config.currency}/{UnitOfEnergy.KILO_WATT_HOUR}"


def reported[SourceT](
    *descriptions: WhatsminerSensorDescription[SourceT], prefix: str = ""
) -> tuple[WhatsminerSensorDescription[SourceT], ...]:
    """Return descriptions of sensors that exist if the reading of the same name is reported."""
    return tuple(
        replace(description, reading=prefix + description.key)
        for description in descriptions
    )


def details[SourceT](
    *descriptions: WhatsminerSensorDescription[SourceT],
) -> tuple[WhatsminerSensorDescription[SourceT], ...]:
    """Return descriptions of sensors for diagnosis, disabled until somebody wants them."""
    return tuple(
        replace(
            description,
            entity_category=EntityCategory.DIAGNOSTIC,
            entity_registry_enabled_default=False,
        )
        for description in descriptions
    )
