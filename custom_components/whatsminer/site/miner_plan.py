"""The sensor of a miner that says why its site's plan lets it mine, or not."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, override

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.util.json import JsonObjectType

from ..coordinator import WhatsminerCoordinator
from ..entity import WhatsminerEntity
from ..entries.membership import planning_site
from ..sensor_base import DescribedSensor, WhatsminerSensorDescription
from .coordinator import SiteConfigEntry, SiteCoordinator, loaded_coordinator
from .decision import Reason


class MinerPlanState(StrEnum):
    """Why a miner is on or off, in a few words."""

    FAILED = "failed"
    """Its last command has failed."""
    UNLIMITED = "unlimited"
    PRICE_LOW_ENOUGH = "price_low_enough"
    PRICE_BETWEEN = "price_between"
    PRICE_TOO_HIGH = "price_too_high"
    PRICE_LIMIT_MISSING = "price_limit_missing"
    PRICE_UNKNOWN = "price_unknown"
    WITHIN_BUDGET = "within_budget"
    LOWERED = "lowered"
    BUDGET_TOO_SMALL = "budget_too_small"
    BUDGET_UNKNOWN = "budget_unknown"
    MINIMUM_ON = "minimum_on"
    MINIMUM_OFF = "minimum_off"
    TUNING = "tuning"
    NO_PERCENT = "no_percent"
    STAYS_OFF = "stays_off"
    POWER_UNKNOWN = "power_unknown"
    MANUAL = "manual"
    MANUAL_AUTOMATION = "manual_automation"
    HELD = "held"
    UNREACHABLE = "unreachable"
    NO_PASSWORD = "no_password"
    UPDATING = "updating"
    MINING_UNKNOWN = "mining_unknown"


# What each reason is in a few words. None: the plan has not looked at the miner yet since its entry
# is loaded, or since this plan decides about it.
STATES: Final[Mapping[Reason, MinerPlanState | None]] = {
    Reason.UNLIMITED: MinerPlanState.UNLIMITED,
    Reason.ALWAYS_CHEAP: MinerPlanState.PRICE_LOW_ENOUGH,
    Reason.CHEAP: MinerPlanState.PRICE_LOW_ENOUGH,
    Reason.CHEAP_NOW: MinerPlanState.PRICE_LOW_ENOUGH,
    Reason.BELOW_BREAK_EVEN: MinerPlanState.PRICE_LOW_ENOUGH,
    Reason.STILL_CHEAP: MinerPlanState.PRICE_LOW_ENOUGH,
    Reason.STILL_BELOW_BREAK_EVEN: MinerPlanState.PRICE_LOW_ENOUGH,
    Reason.BETWEEN: MinerPlanState.PRICE_BETWEEN,
    Reason.BETWEEN_BREAK_EVEN: MinerPlanState.PRICE_BETWEEN,
    Reason.EXPENSIVE: MinerPlanState.PRICE_TOO_HIGH,
    Reason.NOT_CHEAP_NOW: MinerPlanState.PRICE_TOO_HIGH,
    Reason.ABOVE_BREAK_EVEN: MinerPlanState.PRICE_TOO_HIGH,
    Reason.STILL_EXPENSIVE: MinerPlanState.PRICE_TOO_HIGH,
    Reason.STILL_ABOVE_BREAK_EVEN: MinerPlanState.PRICE_TOO_HIGH,
    Reason.NO_LIMIT_SET: MinerPlanState.PRICE_LIMIT_MISSING,
    Reason.NO_BREAK_EVEN: MinerPlanState.PRICE_LIMIT_MISSING,
    Reason.PRICE_UNKNOWN: MinerPlanState.PRICE_UNKNOWN,
    Reason.PRICE_UNKNOWN_MINE: MinerPlanState.PRICE_UNKNOWN,
    Reason.PRICE_UNKNOWN_STOP: MinerPlanState.PRICE_UNKNOWN,
    Reason.WITHIN_BUDGET: MinerPlanState.WITHIN_BUDGET,
    Reason.LOWERED: MinerPlanState.LOWERED,
    Reason.BUDGET_TOO_SMALL: MinerPlanState.BUDGET_TOO_SMALL,
    Reason.BUDGET_FOR_START: MinerPlanState.BUDGET_TOO_SMALL,
    Reason.BUDGET_ZERO: MinerPlanState.BUDGET_TOO_SMALL,
    Reason.BUDGET_ZERO_MINE: MinerPlanState.UNLIMITED,
    Reason.BUDGET_NOT_SET: MinerPlanState.BUDGET_UNKNOWN,
    Reason.BUDGET_UNKNOWN: MinerPlanState.BUDGET_UNKNOWN,
    Reason.BUDGET_UNKNOWN_MINE: MinerPlanState.BUDGET_UNKNOWN,
    Reason.BUDGET_UNKNOWN_STOP: MinerPlanState.BUDGET_UNKNOWN,
    Reason.MINIMUM_ON: MinerPlanState.MINIMUM_ON,
    Reason.MINIMUM_OFF: MinerPlanState.MINIMUM_OFF,
    Reason.TUNING: MinerPlanState.TUNING,
    Reason.NO_PERCENT: MinerPlanState.NO_PERCENT,
    Reason.STAYS_OFF: MinerPlanState.STAYS_OFF,
    Reason.POWER_UNKNOWN: MinerPlanState.POWER_UNKNOWN,
    Reason.MANUAL: MinerPlanState.MANUAL,
    Reason.MANUAL_OUTSIDE: MinerPlanState.MANUAL,
    Reason.MANUAL_AUTOMATION: MinerPlanState.MANUAL_AUTOMATION,
    Reason.HELD: MinerPlanState.HELD,
    Reason.OTHER_SITE: None,
    Reason.NOT_LOADED: None,
    Reason.UNREACHABLE: MinerPlanState.UNREACHABLE,
    Reason.NO_PASSWORD: MinerPlanState.NO_PASSWORD,
    Reason.UPDATING: MinerPlanState.UPDATING,
    Reason.MINING_UNKNOWN: MinerPlanState.MINING_UNKNOWN,
}


def miner_plan_state(report: JsonObjectType) -> MinerPlanState | None:
    """Return in a few words what a report of `plan_report` says: what is waited for, else the reason."""
    if report["failure"]:
        return MinerPlanState.FAILED
    return STATES[Reason(str(report["waiting_for"] or report["reason"]))]


MINER_PLAN_SENSORS: Final[tuple[WhatsminerSensorDescription[JsonObjectType], ...]] = (
    WhatsminerSensorDescription(
        key="plan",
        # The plan of a site has other states.
        translation_key="miner_plan",
        device_class=SensorDeviceClass.ENUM,
        options=[*MinerPlanState],
        value_fn=miner_plan_state,
        attributes_fn=lambda report: {"text": report["failure"] or report["text"]},
    ),
)


class MinerPlanSensor(WhatsminerEntity, DescribedSensor[JsonObjectType]):
    """Why a miner is on or off, as the plan that decides about it says.

    It is written when the plan says something else, not with each poll of the miner.
    """

    _unrecorded_attributes = frozenset({"text"})

    entity_description: WhatsminerSensorDescription[JsonObjectType]

    def __init__(
        self,
        coordinator: WhatsminerCoordinator,
        description: WhatsminerSensorDescription[JsonObjectType],
    ) -> None:
        """Begin without a plan."""
        super().__init__(coordinator, description)
        # The site whose plan decides, and its coordinator while it is loaded.
        self._site: SiteConfigEntry | None = None
        self._followed: SiteCoordinator | None = None
        self._end_site: CALLBACK_TYPE = lambda: None
        self._end_plan: CALLBACK_TYPE = lambda: None
        self._shown: JsonObjectType | None = None

    @property
    @override
    def available(self) -> bool:
        """Return whether the plan has looked at the miner, which need not answer for that."""
        return self._shown is not None and miner_plan_state(self._shown) is not None

    @property
    @override
    def source(self) -> JsonObjectType:
        """What the plan wants of the miner, and why."""
        assert self._shown is not None  # else it is unavailable
        return self._shown

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the plan."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.site_listeners.add(self._follow_site))
        self.async_on_remove(self._stop_following)
        self._follow_site()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Do nothing: the plan looks at each poll, and tells this sensor."""

    @callback
    def _follow_site(self) -> None:
        """Follow the site whose plan decides now."""
        site = planning_site(self.hass, self.coordinator.config_entry)
        if site is not self._site:
            self._stop_following()
            self._site = site
            if site:
                self._end_site = site.async_on_state_change(self._follow_plan)
        self._follow_plan()

    @callback
    def _follow_plan(self) -> None:
        """Follow the plan of the site while it is loaded."""
        followed = loaded_coordinator(self._site)
        if followed is not self._followed:
            self._end_plan()
            self._end_plan = lambda: None
            self._followed = followed
            if followed:
                self._end_plan = followed.async_add_listener(self._handle_plan)
        self._handle_plan()

    @callback
    def _handle_plan(self) -> None:
        """Show what the plan says of the miner, if it is something else."""
        miner = self.coordinator.config_entry
        plan = self._followed.planning.plan_of(miner) if self._followed else None
        if plan != self._shown:
            self._shown = plan
            self.async_write_ha_state()

    @callback
    def _stop_following(self) -> None:
        self._end_site()
        self._end_plan()
        self._end_site = self._end_plan = lambda: None
        self._site = self._followed = None
