"""Switches of a miner."""

from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .api import commands
from .entity import WhatsminerSettingDescription, WhatsminerSettingEntity, existing
from .models import WhatsminerConfigEntry
from .site.coordinator import SiteConfigEntry, SiteCoordinator
from .site.switch import SITE_FOLLOW_PLAN, SITE_MINING, SiteFollowPlan, SiteMining

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class WhatsminerSwitchDescription(
    WhatsminerSettingDescription[bool], SwitchEntityDescription
):
    """Describes a switch."""


SWITCHES: Final = (
    WhatsminerSwitchDescription(
        key="mining",
        name=None,
        set_fn=lambda on: commands.power_on() if on else commands.power_off(),
    ),
    WhatsminerSwitchDescription(
        key="fast_boot",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        set_fn=lambda on: commands.fast_boot(on=on),
    ),
    WhatsminerSwitchDescription(
        key="fast_hash",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        set_fn=lambda on: commands.fast_hash(on=on),
    ),
    WhatsminerSwitchDescription(
        key="start_after_boot",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        set_fn=lambda on: commands.start_after_boot(on=on),
    ),
    WhatsminerSwitchDescription(
        key="web_pools",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        set_fn=lambda on: commands.web_pools(on=on),
    ),
    WhatsminerSwitchDescription(
        key="poweroff_cooling",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        set_fn=lambda on: commands.poweroff_cooling(on=on),
    ),
    WhatsminerSwitchDescription(
        key="fan_zero_speed",
        entity_category=EntityCategory.CONFIG,
        entity_registry_enabled_default=False,
        set_fn=lambda on: commands.fan_zero_speed(on=on),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: WhatsminerConfigEntry | SiteConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the switches of a miner, or that of a site."""
    if isinstance(entry.runtime_data, SiteCoordinator):
        site = entry.runtime_data
        async_add_entities(
            [SiteMining(site, SITE_MINING), SiteFollowPlan(site, SITE_FOLLOW_PLAN)]
        )
        return
    coordinator = entry.runtime_data.coordinator
    async_add_entities(
        (WhatsminerMiningSwitch if description.key == "mining" else WhatsminerSwitch)(
            coordinator, description
        )
        for description in existing(coordinator, Platform.SWITCH, SWITCHES)
    )


class WhatsminerSwitch(WhatsminerSettingEntity[bool], SwitchEntity):
    """A switch."""

    entity_description: WhatsminerSwitchDescription

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether it is on."""
        return None if self.setting is None else bool(self.setting)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Turn it on."""
        await self.async_set(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn it off."""
        await self.async_set(False)


class WhatsminerMiningSwitch(WhatsminerSwitch):
    """The switch that stops and starts mining; a miner that is held off stays off."""

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Start mining."""
        async with self.runtime_data.hold.switching(on=True, context=self._context):
            await super().async_turn_on(**kwargs)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Stop mining."""
        async with self.runtime_data.hold.switching(on=False, context=self._context):
            await super().async_turn_off(**kwargs)
