"""The fields for a hash price, of a miner or of a site."""

from collections.abc import Mapping
import math
from typing import Any, Final

import probatio  # the successor of voluptuous in Home Assistant

from homeassistant.const import Platform
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
    HASH_PRICE_UNITS,
)
from .flow_helpers import Errors, Fields


def choice(key: str, options: tuple[str, ...]) -> SelectSelector:
    """Return a list of options of which one is chosen."""
    return SelectSelector(
        SelectSelectorConfig(
            options=list(options), mode=SelectSelectorMode.LIST, translation_key=key
        )
    )


HASH_PRICE_FIELDS: Final[Fields] = {
    # Without limits here: `hash_price_errors` has a sentence for a price that is none.
    probatio.Optional(CONF_HASH_PRICE): NumberSelector(
        NumberSelectorConfig(step="any", mode=NumberSelectorMode.BOX)
    ),
    probatio.Optional(CONF_HASH_PRICE_ENTITY): EntitySelector(
        EntitySelectorConfig(domain=[Platform.SENSOR, Platform.NUMBER, "input_number"])
    ),
    probatio.Required(CONF_HASH_PRICE_UNIT, default=HASH_PRICE_UNITS[0]): choice(
        CONF_HASH_PRICE_UNIT, HASH_PRICE_UNITS
    ),
}


def hash_price_errors(preferences: Mapping[str, Any]) -> Errors:
    """Return the errors for the form: the hash price is none, or was given twice."""
    if (price := preferences.get(CONF_HASH_PRICE)) is None:
        return {}
    if not 0 < price < math.inf:
        return {CONF_HASH_PRICE: "hash_price_invalid"}
    if CONF_HASH_PRICE_ENTITY in preferences:
        return {CONF_HASH_PRICE_ENTITY: "hash_price_twice"}
    return {}
