"""The electricity price at which a miner earns as much as it costs to run."""

import math
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..api import Snapshot
from ..const import (
    CONF_HASH_PRICE,
    CONF_HASH_PRICE_ENTITY,
    CONF_HASH_PRICE_UNIT,
    PER_PETAHASH,
)
from .memory import Memory, StoredData

_TERAHASHES_PER_PETAHASH: Final = 1000
# 1 TH/s at 1 J/TH is 1 W, and 1 W is so many kWh in a day.
_KILOWATT_HOURS_PER_DAY: Final = 0.024
# The share by which an efficiency has to differ from the stored one to be worth a disk write.
_WORTH_STORING: Final = 0.02


class BreakEven:
    """The break-even price of one miner, from the hash price in its options and its efficiency."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, memory: Memory) -> None:
        """Begin without a poll."""
        self._hass = hass
        self._entry = entry
        self._memory = memory
        self._snapshot: Snapshot | None = None
        # J/TH, as it was measured last while mining was stable.
        self._last: float | None = None

    @property
    def wanted(self) -> bool:
        """Whether the options have a hash price."""
        options = self._entry.options
        return CONF_HASH_PRICE in options or CONF_HASH_PRICE_ENTITY in options

    @property
    def source(self) -> str | None:
        """The id of the entity whose state is the hash price, if the options name one."""
        return self._entry.options.get(CONF_HASH_PRICE_ENTITY)

    @property
    def hash_price(self) -> float | None:
        """What 1 TH/s earns in a day, in Home Assistant's currency."""
        options = self._entry.options
        value = options.get(CONF_HASH_PRICE)
        if self.source:
            state = self._hass.states.get(self.source)
            value = state and state.state
        price = _positive(value)
        if price and options.get(CONF_HASH_PRICE_UNIT, PER_PETAHASH) == PER_PETAHASH:
            return price / _TERAHASHES_PER_PETAHASH
        return price

    @property
    def efficiency(self) -> float | None:
        """J/TH while mining is stable: now, or else the last time.

        Tuning takes more for less. While there is nothing better, that counts.
        """
        live = None
        if self._snapshot:
            live = _positive(self._snapshot.efficiency)
            if self._snapshot.stable is not False and live:
                return live
        return self._last or self._memory.data.get("efficiency") or live

    @property
    def price(self) -> float | None:
        """Home Assistant's currency per kWh."""
        if not (hash_price := self.hash_price) or not (efficiency := self.efficiency):
            return None
        return _positive(hash_price / (efficiency * _KILOWATT_HOURS_PER_DAY))

    def update(self, snapshot: Snapshot, stored: StoredData) -> None:
        """Use the efficiency of a poll, and store it if it differs enough from the stored one."""
        self._snapshot = snapshot
        efficiency = _positive(snapshot.efficiency)
        if snapshot.stable is False or not efficiency:
            return
        self._last = efficiency
        last = stored.get("efficiency")
        if not last or abs(efficiency - last) > _WORTH_STORING * last:
            stored["efficiency"] = efficiency


def _positive(value: float | str | None) -> float | None:
    """Return a number above zero, None for everything else."""
    try:
        number = float(value or 0)
    except ValueError:
        return None
    return number if 0 < number < math.inf else None
