"""Selects of a miner."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, cast, override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .api import HeatMode, Limits, PowerMode, commands
from .entity import WhatsminerSettingDescription, WhatsminerSettingEntity, existing
from .models import WhatsminerConfigEntry

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class WhatsminerSelectDescription(
    WhatsminerSettingDescription[str], SelectEntityDescription
):
    """Describes a select; `settable_fn` returns which of its options a firmware takes."""

    settable_fn: Callable[[Limits], Collection[str]]


SELECTS: Final = (
    WhatsminerSelectDescription(
        key="power_mode",
        options=["low", "normal", "high", "custom"],
        # The miner leaves the other modes when a limit in watts is set.
        settable_fn=lambda _: commands.POWER_MODES,
        # Every other mode is refused.
        set_fn=lambda mode: commands.power_mode(cast(PowerMode, mode)),
    ),
    WhatsminerSelectDescription(
        key="heat_mode",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        options=["anti_icing", "heating", "normal"],
        settable_fn=lambda limits: limits.heat_modes,
        set_fn=lambda mode: commands.heat_mode(cast(HeatMode, mode)),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: WhatsminerConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the selects of a miner."""
    coordinator = entry.runtime_data.coordinator
    async_add_entities(
        WhatsminerSelect(coordinator, description)
        for description in existing(coordinator, Platform.SELECT, SELECTS)
    )


class WhatsminerSelect(WhatsminerSettingEntity[str], SelectEntity):
    """A select."""

    entity_description: WhatsminerSelectDescription

    @property
    @override
    def options(self) -> list[str]:
        """Return the options that can be set, and the present one if it can only be shown."""
        settable = self.entity_description.settable_fn(
            self.coordinator.capabilities.limits
        )
        return [
            option
            for option in super().options
            if option in settable or option == self.setting
        ]

    @property
    @override
    def current_option(self) -> str | None:
        """Return the option, None for one that is not known here."""
        option = str(self.setting)
        return option if option in self.options else None

    @override
    async def async_select_option(self, option: str) -> None:
        """Select an option."""
        await self.async_set(option)
