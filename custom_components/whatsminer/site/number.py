"""Numbers of a site: what its plan follows."""

from typing import Final, override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EntityCategory, UnitOfPower
from homeassistant.exceptions import ServiceValidationError

from ..api import limits
from ..const import CONF_HAS_BUDGET, CONF_PRICE_UNIT, CONF_START_BELOW, CONF_STOP_ABOVE
from ..exceptions import about, translating
from .entity import SiteEntity

_WATTS: Final = limits.Bounds(0, 100_000_000)
_PRICES: Final = limits.Bounds(-1_000_000, 1_000_000)

SITE_BUDGET: Final = NumberEntityDescription(
    key="power_budget",
    device_class=NumberDeviceClass.POWER,
    native_unit_of_measurement=UnitOfPower.WATT,
    native_min_value=_WATTS.minimum,
    native_max_value=_WATTS.maximum,
    native_step=1,
    mode=NumberMode.BOX,
)
# There while the options name a price; their keys are those of the options that they change.
SITE_LIMITS: Final = tuple(
    NumberEntityDescription(
        key=key,
        entity_category=EntityCategory.CONFIG,
        native_min_value=_PRICES.minimum,
        native_max_value=_PRICES.maximum,
        native_step=0.0001,
        mode=NumberMode.BOX,
    )
    for key in (CONF_STOP_ABOVE, CONF_START_BELOW)
)


def _check(site: ConfigEntry, bounds: limits.Bounds, value: float) -> None:
    """Refuse what is no number: Home Assistant takes NaN for one within the bounds.

    Raises:
        ServiceValidationError: translated; nothing is changed.

    """
    with translating(site):
        bounds.check("value", value)


class SiteBudget(SiteEntity, NumberEntity):
    """The power that all miners of a site may take together."""

    @property
    @override
    def native_value(self) -> float | None:
        """Return the budget in W."""
        return self.coordinator.planning.inputs.budget

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set the budget, which counts from now on."""
        coordinator = self.coordinator
        _check(coordinator.config_entry, _WATTS, value)
        coordinator.planning.inputs.set_budget(value)
        if coordinator.config_entry.options.get(CONF_HAS_BUDGET):
            coordinator.planning.async_look_soon()
        else:
            coordinator.async_set_options(**{CONF_HAS_BUDGET: True})
        self.async_write_ha_state()


class SiteLimit(SiteEntity, NumberEntity):
    """The price above which, or up to which, something changes; in the unit of the price."""

    @property
    @override
    def native_unit_of_measurement(self) -> str | None:
        """Return the unit that the limits have."""
        inputs = self.coordinator.planning.inputs
        return inputs.unit_of_limits or inputs.unit or None

    @property
    @override
    def native_value(self) -> float | None:
        """Return the price."""
        price: float | None = self.coordinator.config_entry.options.get(
            self.entity_description.key
        )
        return price

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Set the price, in the unit that prices have now.

        Raises:
            ServiceValidationError: translated; the other limit is in another unit.

        """
        coordinator = self.coordinator
        inputs = coordinator.planning.inputs
        _check(coordinator.config_entry, _PRICES, value)
        if inputs.has_other_unit:
            raise ServiceValidationError(
                **about(coordinator.config_entry, "limits_in_other_unit")
            )
        changed: dict[str, object] = {self.entity_description.key: value}
        if unit := inputs.unit:
            changed[CONF_PRICE_UNIT] = unit
        coordinator.async_set_options(**changed)
