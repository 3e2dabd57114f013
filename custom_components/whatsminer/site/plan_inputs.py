"""What a plan follows: the price, "cheap now", and the power budget."""

from collections.abc import Mapping
from datetime import datetime, timedelta
import math
import re
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    STATE_OFF,
    STATE_ON,
    UnitOfEnergy,
)
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..const import CONF_PRICE_UNIT
from .decision import Inputs
from .memory import SiteMemory
from .plan_options import PlanOptions

# What hundredths of a currency are called.
_HUNDREDTHS: Final = frozenset(
    {"c", "ct", "cts", "cent", "cents", "¢", "p", "öre", "øre", "ore", "gr", "rp"}
)
_CURRENCY: Final = re.compile("[A-Z]{3}")
_KILOWATT_HOURS: Final = {"kwh": 1, "mwh": 1000}
_CHEAP: Final = {STATE_ON: True, STATE_OFF: False}


def price_unit(hass: HomeAssistant, entity_id: str | None) -> str | None:
    """Return the unit of a price entity, empty if it has none, None as long as it has no number."""
    state = hass.states.get(entity_id) if entity_id else None
    if state is None or _number(state.state) is None:
        return None
    return str(state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) or "")


def per_kilowatt_hour(price: float, unit: str | None, currency: str) -> float | None:
    """Return a price in the currency per kWh, None if its unit is no such price.

    One without a unit, as a helper may have, is taken for it, and any sign for that of the currency.
    """
    if not unit:
        return price
    money, _, energy = (part.strip() for part in unit.rpartition("/"))
    kilowatt_hours = _KILOWATT_HOURS.get(energy.lower())
    is_other = bool(_CURRENCY.fullmatch(money)) and money != currency
    if not kilowatt_hours or not money or is_other:
        return None
    return price / kilowatt_hours / (100 if money.lower() in _HUNDREDTHS else 1)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


class PlanInputs:
    """Reads what a plan follows, and remembers since when something is unknown."""

    def __init__(
        self, hass: HomeAssistant, site: ConfigEntry, memory: SiteMemory
    ) -> None:
        """Prepare; nothing is read yet."""
        self._hass = hass
        self._site = site
        self._memory = memory
        # What was unknown before is waited for anew, as after a restart of Home Assistant.
        self._begin = dt_util.utcnow()

    @property
    def sources(self) -> list[str]:
        """The ids of the entities that are followed."""
        options = PlanOptions.of(self._site.options)
        return [each for each in (options.price_entity, options.cheap_entity) if each]

    @property
    def unit(self) -> str | None:
        """The unit of the price."""
        return price_unit(self._hass, PlanOptions.of(self._site.options).price_entity)

    @property
    def unit_of_limits(self) -> str | None:
        """The unit that the price had when its limits were set, None if that is not known."""
        unit: str | None = self._site.options.get(CONF_PRICE_UNIT)
        return unit

    @property
    def has_other_unit(self) -> bool:
        """Whether the price has another unit than its limits, or none any more."""
        return None not in (self.unit, self.unit_of_limits) and (
            self.unit != self.unit_of_limits
        )

    @property
    def places(self) -> Mapping[str, str]:
        """What the sentences of the plan may name: see `reason_text`."""
        cheap_entity = PlanOptions.of(self._site.options).cheap_entity or ""
        cheap = self._hass.states.get(cheap_entity)
        currency = self._hass.config.currency
        return {
            # With the space before it: a helper may have none.
            "unit": f" {self.unit}" if self.unit else "",
            "unit_per_kwh": f"{currency}/{UnitOfEnergy.KILO_WATT_HOUR}",
            "cheap_entity": cheap.name if cheap else cheap_entity,
        }

    @property
    def budget(self) -> float | None:
        """The power budget in W, None until somebody sets one."""
        return self._memory.plan.get("budget")

    def set_budget(self, watts: float) -> None:
        """Set the power budget."""
        with self._memory.editing_plan() as plan:
            plan["budget"] = watts
            plan["budget_at"] = dt_util.utcnow().isoformat()

    def read(self, now: datetime, options: PlanOptions) -> Inputs:
        """Return the inputs now."""
        price = self._price(options)
        cheap = self._cheap(options)
        is_known = cheap if options.cheap_entity else price
        unknown_since = None
        if options.follows_price and is_known is None:
            unknown_since = self._unknown_since(now)
        else:
            with self._memory.editing_plan() as plan:
                plan.pop("price_unknown_since", None)
        budget, expired = self._budget(now, options)
        return Inputs(
            price=price,
            price_per_kwh=None
            if price is None
            else per_kilowatt_hour(price, self.unit, self._hass.config.currency),
            cheap=cheap,
            price_unknown_since=unknown_since,
            budget=budget,
            budget_unknown_since=expired,
        )

    def _price(self, options: PlanOptions) -> float | None:
        """Return the price; one in another unit than its limits cannot be compared."""
        state = self._state(options.price_entity)
        return None if state is None or self.has_other_unit else _number(state)

    def _cheap(self, options: PlanOptions) -> bool | None:
        return _CHEAP.get(self._state(options.cheap_entity) or "")

    def _state(self, entity_id: str | None) -> str | None:
        state = self._hass.states.get(entity_id) if entity_id else None
        return state.state if state else None

    def _unknown_since(self, now: datetime) -> datetime:
        with self._memory.editing_plan() as plan:
            since = plan.setdefault("price_unknown_since", now.isoformat())
            if datetime.fromisoformat(since) > now:  # the clock was set back
                since = plan["price_unknown_since"] = now.isoformat()
        return max(datetime.fromisoformat(since), min(self._begin, now))

    def _budget(
        self, now: datetime, options: PlanOptions
    ) -> tuple[float | None, datetime | None]:
        """Return the budget in W, and since when it is out of date."""
        plan = self._memory.plan
        if "budget" not in plan or "budget_at" not in plan:
            return None, None
        at = datetime.fromisoformat(plan["budget_at"])
        if at > now:  # the clock was set back
            at, plan["budget_at"] = now, now.isoformat()
        end = at + options.budget_expires
        if options.budget_expires > timedelta(0) and now >= end:
            return None, max(end, min(self._begin, now))
        return plan["budget"], None
