"""Numbers of a miner."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import (
    EntityCategory,
    Platform,
    UnitOfPower,
    UnitOfRatio,
    UnitOfTemperature,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .api import Command, commands, limits
from .const import CONF_PERCENT_METHOD, CONF_PRICE_ENTITY
from .coordinator import WhatsminerCoordinator
from .entity import (
    WhatsminerSettingDescription,
    WhatsminerSettingEntity,
    add_while,
    existing,
)
from .models import WhatsminerConfigEntry
from .site.coordinator import SiteConfigEntry, SiteCoordinator
from .site.number import SITE_BUDGET, SITE_LIMITS, SiteBudget, SiteLimit

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class WhatsminerNumberDescription(
    WhatsminerSettingDescription[float], NumberEntityDescription
):
    """Describes a number; `bounds_fn` returns a range that not every miner has.

    `command_fn` takes the place of `set_fn` where the command depends on the miner or its options.
    """

    bounds_fn: Callable[[WhatsminerCoordinator], tuple[float, float]] | None = None
    command_fn: Callable[[WhatsminerCoordinator, float], Command] | None = None


def _power_percent(coordinator: WhatsminerCoordinator, percent: float) -> Command:
    """Return the command, the fast one if the options ask for it."""
    options = coordinator.config_entry.options
    is_fast = options.get(CONF_PERCENT_METHOD) == "fast"
    return coordinator.settings.power_percent(percent, fast=is_fast)


def _percents(coordinator: WhatsminerCoordinator) -> tuple[float, float]:
    """Return 0 to 100, or more: some firmware goes beyond, which only shows when it is reported."""
    return limits.POWER_PERCENT.minimum, coordinator.settings.highest_percent


def _power_limits(coordinator: WhatsminerCoordinator) -> tuple[float, float]:
    """Return the usual limits in W. Any other one is set by the action, with a confirmation."""
    usual = coordinator.ordinary_power.usual_limits(coordinator.data)
    return usual.minimum, usual.maximum


def _frequency_shifts(coordinator: WhatsminerCoordinator) -> tuple[float, float]:
    """Return the shifts in percent: miners that are cooled by air can only be slowed down."""
    bounds = limits.TARGET_FREQUENCY
    is_air = coordinator.capabilities.air_cooled
    return bounds.minimum, 0 if is_air else bounds.maximum


def _power_targets(coordinator: WhatsminerCoordinator) -> tuple[float, float]:
    """Return the targets in W, up to the highest usual limit; not every firmware takes 0."""
    usual = coordinator.ordinary_power.usual_limits(coordinator.data)
    return coordinator.capabilities.limits.power_target.minimum, usual.maximum


def _upfreq_speeds(coordinator: WhatsminerCoordinator) -> tuple[float, float]:
    """Return the speeds of tuning that the firmware takes."""
    bounds = coordinator.capabilities.limits.upfreq_speed
    return bounds.minimum, bounds.maximum


NUMBERS: Final = (
    WhatsminerNumberDescription(
        key="power_percent",
        native_min_value=limits.POWER_PERCENT.minimum,
        native_max_value=limits.POWER_PERCENT.maximum,
        bounds_fn=_percents,
        native_step=1,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        mode=NumberMode.SLIDER,
        set_fn=commands.power_percent,
        command_fn=_power_percent,
    ),
    WhatsminerNumberDescription(
        key="power_limit",
        device_class=NumberDeviceClass.POWER,
        native_min_value=limits.POWER_LIMIT.minimum,
        native_max_value=limits.POWER_LIMIT.maximum,
        bounds_fn=_power_limits,
        native_step=1,
        native_unit_of_measurement=UnitOfPower.WATT,
        mode=NumberMode.BOX,
        set_fn=commands.power_limit,
    ),
    WhatsminerNumberDescription(
        key="power_target",
        device_class=NumberDeviceClass.POWER,
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        native_min_value=limits.POWER_TARGET.minimum,
        native_max_value=limits.POWER_TARGET.maximum,
        bounds_fn=_power_targets,
        native_step=1,
        native_unit_of_measurement=UnitOfPower.WATT,
        mode=NumberMode.BOX,
        set_fn=commands.power_target,
    ),
    WhatsminerNumberDescription(
        key="temperature_offset",
        device_class=NumberDeviceClass.TEMPERATURE_DELTA,
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        native_min_value=limits.TEMPERATURE_OFFSET.minimum,
        native_max_value=limits.TEMPERATURE_OFFSET.maximum,
        native_step=1,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        mode=NumberMode.BOX,
        set_fn=commands.temperature_offset,
    ),
    WhatsminerNumberDescription(
        key="target_frequency",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        native_min_value=limits.TARGET_FREQUENCY.minimum,
        bounds_fn=_frequency_shifts,
        native_step=1,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        mode=NumberMode.BOX,
        set_fn=commands.target_frequency,
    ),
    WhatsminerNumberDescription(
        key="upfreq_speed",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        native_min_value=limits.UPFREQ_SPEED.minimum,
        native_max_value=limits.UPFREQ_SPEED.maximum,
        bounds_fn=_upfreq_speeds,
        native_step=1,
        mode=NumberMode.BOX,
        set_fn=commands.upfreq_speed,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: WhatsminerConfigEntry | SiteConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the numbers of a miner, or of a site."""
    if isinstance(entry.runtime_data, SiteCoordinator):
        _add_of_site(entry.runtime_data, async_add_entities)
        return
    coordinator = entry.runtime_data.coordinator
    async_add_entities(
        WhatsminerNumber(coordinator, description)
        for description in existing(coordinator, Platform.NUMBER, NUMBERS)
    )


@callback
def _add_of_site(
    coordinator: SiteCoordinator, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the numbers of a site; the limits of the price while there is one."""
    async_add_entities([SiteBudget(coordinator, SITE_BUDGET)])
    add_while(
        coordinator,
        Platform.NUMBER,
        coordinator.config_entry.entry_id,
        SITE_LIMITS,
        lambda: CONF_PRICE_ENTITY in coordinator.config_entry.options,
        lambda limit: async_add_entities([SiteLimit(coordinator, limit)]),
        coordinator.async_add_listener,
    )


class WhatsminerNumber(WhatsminerSettingEntity[float], NumberEntity):
    """A number."""

    entity_description: WhatsminerNumberDescription

    @property
    @override
    def native_min_value(self) -> float:
        """Return the lowest number that this miner takes, or a lower one that it has."""
        bounds_fn = self.entity_description.bounds_fn
        lowest = (
            bounds_fn(self.coordinator)[0] if bounds_fn else super().native_min_value
        )
        return lowest if self.native_value is None else min(lowest, self.native_value)

    @property
    @override
    def native_max_value(self) -> float:
        """Return the highest number that this miner takes, or a higher one that it has."""
        bounds_fn = self.entity_description.bounds_fn
        highest = (
            bounds_fn(self.coordinator)[1] if bounds_fn else super().native_max_value
        )
        return highest if self.native_value is None else max(highest, self.native_value)

    @property
    @override
    def native_value(self) -> float | None:
        """Return the number."""
        return None if self.setting is None else float(self.setting)

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set the number, rounded to a whole one."""
        await self.async_set(value)

    @override
    def command(self, value: float) -> Command:
        """Return the command that sets a number on this miner."""
        if command_fn := self.entity_description.command_fn:
            return command_fn(self.coordinator, value)
        return super().command(value)
