"""Whether it is worth mining now: the electricity price at which a miner earns what it costs."""

import math
from typing import TYPE_CHECKING, Final

from ..api import Snapshot
from ..const import (
    CONF_HASH_PRICE,
    CONF_HASH_PRICE_ENTITY,
    CONF_HASH_PRICE_UNIT,
    PER_PETAHASH,
)
from .memory import Memory

if TYPE_CHECKING:
    from ..coordinator import WhatsminerCoordinator

_TERAHASHES_PER_PETAHASH: Final = 1000
# 1 TH/s at 1 J/TH is 1 W, and 1 W is so many kWh in a day.
_KILOWATT_HOURS_PER_DAY: Final = 0.024
# The share by which an efficiency has to differ from the stored one to be worth a disk write.
_WORTH_STORING: Final = 0.02


class BreakEven:
    """What the options and the polls say about the worth of one miner's work."""

    def __init__(self, coordinator: WhatsminerCoordinator) -> None:
        """Prepare; nothing is known yet but what is in memory."""
        self._coordinator = coordinator
        # J/TH, as it was measured last while mining was stable.
        self._last: float | None = None

    @property
    def wanted(self) -> bool:
        """Whether the options have a hash price."""
        options = self._coordinator.config_entry.options
        return CONF_HASH_PRICE in options or CONF_HASH_PRICE_ENTITY in options

    @property
    def source(self) -> str | None:
        """The id of the entity whose state is the hash price, if the options name one."""
        return self._coordinator.config_entry.options.get(CONF_HASH_PRICE_ENTITY)

    @property
    def hash_price(self) -> float | None:
        """What 1 TH/s earns in a day, in Home Assistant's currency."""
        options = self._coordinator.config_entry.options
        told = options.get(CONF_HASH_PRICE)
        if self.source:
            state = self._coordinator.hass.states.get(self.source)
            told = state and state.state
        price = _positive(told)
        if price and options.get(CONF_HASH_PRICE_UNIT, PER_PETAHASH) == PER_PETAHASH:
            return price / _TERAHASHES_PER_PETAHASH
        return price

    @property
    def efficiency(self) -> float | None:
        """J/TH while mining is stable: now, or else the last time.

        Tuning takes more for less. While there is nothing better, that counts.
        """
        snapshot = self._coordinator.data
        live = _positive(snapshot.efficiency)
        if snapshot.stable is not False and live:
            return live
        return self._last or self._coordinator.memory.get("efficiency") or live

    @property
    def price(self) -> float | None:
        """Home Assistant's currency per kWh."""
        if not (hash_price := self.hash_price) or not (efficiency := self.efficiency):
            return None
        return _positive(hash_price / (efficiency * _KILOWATT_HOURS_PER_DAY))

    def learn(self, snapshot: Snapshot, memory: Memory) -> None:
        """Take note of the efficiency, and put it into memory if it has become another."""
        efficiency = _positive(snapshot.efficiency)
        if snapshot.stable is False or not efficiency:
            return
        self._last = efficiency
        stored = memory.get("efficiency")
        if not stored or abs(efficiency - stored) > _WORTH_STORING * stored:
            memory["efficiency"] = efficiency


def _positive(value: float | str | None) -> float | None:
    """Return a number above zero; None for all else, which is no price and no efficiency."""
    try:
        number = float(value or 0)
    except ValueError:
        return None
    return number if 0 < number < math.inf else None
