"""The form for the plan of a site."""

from collections.abc import Mapping
from typing import Any, Final

import probatio  # the successor of voluptuous in Home Assistant

from homeassistant.const import Platform, UnitOfPower, UnitOfRatio, UnitOfTime
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
)

from .const import (
    CONF_ALWAYS_BELOW,
    CONF_BREAK_EVEN_MARGIN,
    CONF_BUDGET_EXPIRES,
    CONF_BUDGET_UNKNOWN,
    CONF_BUDGET_ZERO,
    CONF_CHEAP_ENTITY,
    CONF_DEAD_BAND,
    CONF_FOLLOW_PLAN,
    CONF_LOWEST_PERCENT,
    CONF_MANUAL_HOURS,
    CONF_MINUTES_OFF,
    CONF_MINUTES_ON,
    CONF_MINUTES_UNKNOWN,
    CONF_PRICE_ENTITY,
    CONF_PRICE_UNIT,
    CONF_PRICE_UNKNOWN,
    CONF_RAMP,
    CONF_START_BELOW,
    CONF_STOP_ABOVE,
    CONF_STOP_BY,
    CONF_USE_BREAK_EVEN,
)
from .flow_helpers import Errors, Fields
from .hash_price_form import choice
from .site.plan_inputs import price_unit
from .site.plan_options import DEFAULTS, Fallback, StopBy

_DAY: Final = 24 * 60


def _number(maximum: float, unit: str, minimum: float = 0) -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(
            min=minimum,
            max=maximum,
            step=1,
            mode=NumberSelectorMode.BOX,
            unit_of_measurement=unit,
        )
    )


def _required(key: str) -> probatio.Required:
    return probatio.Required(key, default=DEFAULTS[key])


_PRICE: Final = NumberSelector(
    NumberSelectorConfig(step="any", mode=NumberSelectorMode.BOX)
)
_MINUTES: Final = _number(_DAY, UnitOfTime.MINUTES)
_FALLBACKS: Final = tuple(each.value for each in Fallback)

# By section.
_FIELDS: Final[Mapping[str, Fields]] = {
    "price": {
        probatio.Optional(CONF_PRICE_ENTITY): EntitySelector(
            EntitySelectorConfig(
                domain=[Platform.SENSOR, Platform.NUMBER, "input_number"]
            )
        ),
        probatio.Optional(CONF_STOP_ABOVE): _PRICE,
        probatio.Optional(CONF_START_BELOW): _PRICE,
    },
    "more_price": {
        probatio.Optional(CONF_CHEAP_ENTITY): EntitySelector(
            EntitySelectorConfig(
                domain=[Platform.BINARY_SENSOR, "input_boolean", "schedule"]
            )
        ),
        _required(CONF_USE_BREAK_EVEN): BooleanSelector(),
        _required(CONF_BREAK_EVEN_MARGIN): _PRICE,
        _required(CONF_ALWAYS_BELOW): _PRICE,
        _required(CONF_PRICE_UNKNOWN): choice(CONF_PRICE_UNKNOWN, _FALLBACKS),
    },
    "budget": {
        _required(CONF_DEAD_BAND): _number(100_000, UnitOfPower.WATT),
        _required(CONF_RAMP): _number(100, UnitOfRatio.PERCENTAGE, minimum=1),
        _required(CONF_BUDGET_ZERO): choice(
            CONF_BUDGET_ZERO, (Fallback.STOP.value, Fallback.MINE.value)
        ),
        _required(CONF_BUDGET_EXPIRES): _MINUTES,
        _required(CONF_BUDGET_UNKNOWN): choice(CONF_BUDGET_UNKNOWN, _FALLBACKS),
    },
    "stopping": {
        _required(CONF_STOP_BY): choice(
            CONF_STOP_BY, tuple(each.value for each in StopBy)
        ),
        _required(CONF_LOWEST_PERCENT): _number(100, UnitOfRatio.PERCENTAGE),
    },
    "times": {
        _required(CONF_MINUTES_ON): _MINUTES,
        _required(CONF_MINUTES_OFF): _MINUTES,
        _required(CONF_MINUTES_UNKNOWN): _MINUTES,
        _required(CONF_MANUAL_HOURS): _number(7 * 24, UnitOfTime.HOURS, minimum=1),
    },
}
PLAN_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(CONF_FOLLOW_PLAN, default=False): BooleanSelector(),
        **{
            probatio.Required(name): section(
                probatio.Schema(fields), {"collapsed": name != "price"}
            )
            for name, fields in _FIELDS.items()
        },
    }
)
# The options that the form changes.
PLAN_KEYS: Final = frozenset(
    {
        CONF_FOLLOW_PLAN,
        CONF_PRICE_UNIT,
        *(str(key) for fields in _FIELDS.values() for key in fields),
    }
)


def filled_in(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form shows of the options of a site, by section."""
    return {
        CONF_FOLLOW_PLAN: options.get(CONF_FOLLOW_PLAN, False),
        **_by_section(options),
    }


def _by_section(options: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        name: {key: options[key] for key in map(str, fields) if key in options}
        for name, fields in _FIELDS.items()
    }


def read_plan(
    hass: HomeAssistant,
    user_input: Mapping[str, Any],
    before: Mapping[str, Any],
) -> tuple[dict[str, Any], Errors]:
    """Return the options as they were entered, and the errors for the form.

    The limits are in the unit that the price has now. While it has no number, they are in the unit that
    they had `before`, unless the price is another entity.
    """
    given = {CONF_FOLLOW_PLAN: user_input[CONF_FOLLOW_PLAN]}
    for name in _FIELDS:
        given |= user_input[name]
    stop, start = given.get(CONF_STOP_ABOVE), given.get(CONF_START_BELOW)
    errors: Errors = {}
    if stop is not None and start is not None and start > stop:
        errors["base"] = "limits_crossed"
    elif CONF_PRICE_ENTITY not in given and (
        stop is not None or start is not None or given[CONF_USE_BREAK_EVEN]
    ):
        errors["base"] = "limits_without_price"
    elif (
        CONF_PRICE_ENTITY in given
        and CONF_CHEAP_ENTITY not in given
        and stop is start is None
        and not given[CONF_USE_BREAK_EVEN]
    ):
        errors["base"] = "price_without_limits"
    has_limits = stop is not None or start is not None or given[CONF_ALWAYS_BELOW]
    entity_id = given.get(CONF_PRICE_ENTITY)
    unit = price_unit(hass, entity_id)
    if unit is None and entity_id == before.get(CONF_PRICE_ENTITY):
        unit = before.get(CONF_PRICE_UNIT)
    if has_limits and unit:
        given[CONF_PRICE_UNIT] = unit
    return given, errors
