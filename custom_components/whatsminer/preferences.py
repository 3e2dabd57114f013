"""The form of preferences: what can be entered in it, and what is wrong with what was."""

from collections.abc import Mapping
import math
from typing import Any, Final

# The successor of voluptuous in Home Assistant, and the same dialect.
import probatio

from homeassistant.const import Platform, UnitOfTime
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from .const import (
    CONF_HASH_PRICE,
    CONF_HASH_PRICE_ENTITY,
    CONF_HASH_PRICE_UNIT,
    CONF_PERCENT_METHOD,
    CONF_POLL_INTERVAL,
    HASH_PRICE_UNITS,
    LONGEST_POLL_INTERVAL,
    PERCENT_METHODS,
    POLL_INTERVAL,
    SHORTEST_POLL_INTERVAL,
)


def _choice(key: str, options: tuple[str, ...]) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(
            options=list(options), mode=SelectSelectorMode.LIST, translation_key=key
        )
    )


PREFERENCES_SCHEMA: Final = probatio.Schema(
    {
        probatio.Required(
            CONF_POLL_INTERVAL, default=int(POLL_INTERVAL.total_seconds())
        ): probatio.All(
            NumberSelector(
                NumberSelectorConfig(
                    min=SHORTEST_POLL_INTERVAL,
                    max=LONGEST_POLL_INTERVAL,
                    step=1,
                    mode=NumberSelectorMode.BOX,
                    unit_of_measurement=UnitOfTime.SECONDS,
                )
            ),
            probatio.Coerce(int),
        ),
        probatio.Required(CONF_PERCENT_METHOD, default=PERCENT_METHODS[0]): _choice(
            CONF_PERCENT_METHOD, PERCENT_METHODS
        ),
        # Without limits here: `errors_in` has a sentence for a price that is none.
        probatio.Optional(CONF_HASH_PRICE): NumberSelector(
            NumberSelectorConfig(step="any", mode=NumberSelectorMode.BOX)
        ),
        probatio.Optional(CONF_HASH_PRICE_ENTITY): EntitySelector(
            EntitySelectorConfig(
                domain=[Platform.SENSOR, Platform.NUMBER, "input_number"]
            )
        ),
        probatio.Required(CONF_HASH_PRICE_UNIT, default=HASH_PRICE_UNITS[0]): _choice(
            CONF_HASH_PRICE_UNIT, HASH_PRICE_UNITS
        ),
    }
)


def errors_in(preferences: Mapping[str, Any]) -> dict[str, str]:
    """Return the errors to show in the form, by field."""
    if (price := preferences.get(CONF_HASH_PRICE)) is None:
        return {}
    if not 0 < price < math.inf:
        return {CONF_HASH_PRICE: "hash_price_invalid"}
    if CONF_HASH_PRICE_ENTITY in preferences:
        return {CONF_HASH_PRICE_ENTITY: "hash_price_twice"}
    return {}
