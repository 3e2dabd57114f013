"""What a hash rate earns, as the options of a miner or of a site say."""

from collections.abc import Mapping
from dataclasses import dataclass
import math
from typing import Any, Final

from homeassistant.core import HomeAssistant

from ..const import (
    CONF_HASH_PRICE,
    CONF_HASH_PRICE_ENTITY,
    CONF_HASH_PRICE_UNIT,
    PER_PETAHASH,
)

_TERAHASHES_PER_PETAHASH: Final = 1000


@dataclass(frozen=True, slots=True)
class HashPrice:
    """The hash price in some options: a number, or the state of an entity."""

    options: Mapping[str, Any]

    @property
    def is_given(self) -> bool:
        """Whether the options have a hash price."""
        return CONF_HASH_PRICE in self.options or self.source is not None

    @property
    def source(self) -> str | None:
        """The id of the entity whose state is the hash price, if the options name one."""
        return self.options.get(CONF_HASH_PRICE_ENTITY)

    def per_terahash(self, hass: HomeAssistant) -> float | None:
        """Return what 1 TH/s earns in a day, in Home Assistant's currency, None if unknown."""
        value = self.options.get(CONF_HASH_PRICE)
        if self.source:
            state = hass.states.get(self.source)
            value = state and state.state
        price = positive(value)
        unit = self.options.get(CONF_HASH_PRICE_UNIT, PER_PETAHASH)
        if price and unit == PER_PETAHASH:
            return price / _TERAHASHES_PER_PETAHASH
        return price


def positive(value: float | str | None) -> float | None:
    """Return a number above zero, None for everything else."""
    try:
        number = float(value or 0)
    except ValueError:
        return None
    return number if 0 < number < math.inf else None
