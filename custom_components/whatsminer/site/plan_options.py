"""The options of a plan."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, Self

from ..const import (
    CONF_ALWAYS_BELOW,
    CONF_BREAK_EVEN_MARGIN,
    CONF_BUDGET_EXPIRES,
    CONF_BUDGET_UNKNOWN,
    CONF_BUDGET_ZERO,
    CONF_CHEAP_ENTITY,
    CONF_DEAD_BAND,
    CONF_LOWEST_PERCENT,
    CONF_MANUAL_HOURS,
    CONF_MINUTES_OFF,
    CONF_MINUTES_ON,
    CONF_MINUTES_UNKNOWN,
    CONF_PRICE_ENTITY,
    CONF_PRICE_UNKNOWN,
    CONF_RAMP,
    CONF_START_BELOW,
    CONF_STOP_ABOVE,
    CONF_STOP_BY,
    CONF_USE_BREAK_EVEN,
)


class Fallback(StrEnum):
    """What to do about something that is unknown."""

    KEEP = "keep"
    STOP = "stop"
    MINE = "mine"


class StopBy(StrEnum):
    """How a miner stops."""

    POWER_OFF = "power_off"
    PERCENT = "percent"
    """Less power, which keeps it tuned and warm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOptions:
    """What the owner of a site wants from its plan.

    Prices are in the unit of the price entity, the margin in Home Assistant's currency per kWh.
    """

    price_entity: str | None = None
    cheap_entity: str | None = None
    stop_above: float | None = None
    start_below: float | None = None
    always_below: float = 0.0
    use_break_even: bool = False
    break_even_margin: float = 0.01
    price_unknown: Fallback = Fallback.KEEP
    unknown_for: timedelta = timedelta(minutes=15)
    budget_unknown: Fallback = Fallback.MINE
    budget_zero: Fallback = Fallback.STOP
    budget_expires: timedelta = timedelta(0)
    dead_band: float = 150.0
    ramp: float = 20.0
    stop_by: StopBy = StopBy.POWER_OFF
    lowest_percent: int = 50
    minimum_on: timedelta = timedelta(minutes=30)
    minimum_off: timedelta = timedelta(minutes=15)
    manual_for: timedelta = timedelta(hours=4)

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """Read the options of a site."""
        given = {**DEFAULTS, **options}
        return cls(
            price_entity=given.get(CONF_PRICE_ENTITY),
            cheap_entity=given.get(CONF_CHEAP_ENTITY),
            stop_above=given.get(CONF_STOP_ABOVE),
            start_below=given.get(CONF_START_BELOW),
            always_below=given[CONF_ALWAYS_BELOW],
            use_break_even=given[CONF_USE_BREAK_EVEN],
            break_even_margin=given[CONF_BREAK_EVEN_MARGIN],
            price_unknown=Fallback(given[CONF_PRICE_UNKNOWN]),
            unknown_for=timedelta(minutes=given[CONF_MINUTES_UNKNOWN]),
            budget_unknown=Fallback(given[CONF_BUDGET_UNKNOWN]),
            budget_zero=Fallback(given[CONF_BUDGET_ZERO]),
            budget_expires=timedelta(minutes=given[CONF_BUDGET_EXPIRES]),
            dead_band=given[CONF_DEAD_BAND],
            ramp=given[CONF_RAMP],
            stop_by=StopBy(given[CONF_STOP_BY]),
            lowest_percent=int(given[CONF_LOWEST_PERCENT]),
            minimum_on=timedelta(minutes=given[CONF_MINUTES_ON]),
            minimum_off=timedelta(minutes=given[CONF_MINUTES_OFF]),
            manual_for=timedelta(hours=given[CONF_MANUAL_HOURS]),
        )

    @property
    def follows_price(self) -> bool:
        """Whether there is a price or a "cheap now"."""
        return bool(self.price_entity or self.cheap_entity)


_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_DEFAULT: Final = PlanOptions()
# The options that the form begins with.
DEFAULTS: Final[Mapping[str, Any]] = {
    CONF_ALWAYS_BELOW: _DEFAULT.always_below,
    CONF_BREAK_EVEN_MARGIN: _DEFAULT.break_even_margin,
    CONF_BUDGET_EXPIRES: _DEFAULT.budget_expires // _MINUTE,
    CONF_BUDGET_UNKNOWN: _DEFAULT.budget_unknown.value,
    CONF_BUDGET_ZERO: _DEFAULT.budget_zero.value,
    CONF_DEAD_BAND: _DEFAULT.dead_band,
    CONF_LOWEST_PERCENT: _DEFAULT.lowest_percent,
    CONF_MANUAL_HOURS: _DEFAULT.manual_for // _HOUR,
    CONF_MINUTES_OFF: _DEFAULT.minimum_off // _MINUTE,
    CONF_MINUTES_ON: _DEFAULT.minimum_on // _MINUTE,
    CONF_MINUTES_UNKNOWN: _DEFAULT.unknown_for // _MINUTE,
    CONF_PRICE_UNKNOWN: _DEFAULT.price_unknown.value,
    CONF_RAMP: _DEFAULT.ramp,
    CONF_STOP_BY: _DEFAULT.stop_by.value,
    CONF_USE_BREAK_EVEN: _DEFAULT.use_break_even,
}
