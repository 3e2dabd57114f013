"""The electricity price at which a miner earns as much as it costs to run."""

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from ..api import Snapshot
from .hash_price import HashPrice, positive
from .memory import Memory, StoredData

# 1 TH/s at 1 J/TH is 1 W, and 1 W is so many kWh in a day.
_KILOWATT_HOURS_PER_DAY: Final = 0.024
# The share by which a reading has to differ from the stored one to be worth a disk write.
_WORTH_STORING: Final = 0.02


class BreakEven:
    """The break-even price of one miner, from a hash price and its efficiency.

    The hash price in the miner's own options counts before that of its sites, which `shared_fn`
    returns.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        memory: Memory,
        shared_fn: Callable[[], Iterable[HashPrice]],
    ) -> None:
        """Begin without a poll."""
        self._hass = hass
        self._entry = entry
        self._memory = memory
        self._shared_fn = shared_fn
        self._snapshot: Snapshot | None = None
        # J/TH and W, as they were measured last while mining was stable.
        self._last_efficiency: float | None = None
        self._last_power: float | None = None

    @property
    def wanted(self) -> bool:
        """Whether some options have a hash price."""
        return self._first_given(self._shared_fn()) is not None

    @property
    def source(self) -> str | None:
        """The id of the entity whose state is the hash price, if the options name one."""
        given = self._first_given(self._shared_fn())
        return given.source if given else None

    @property
    def efficiency(self) -> float | None:
        """J/TH while mining is stable: now, or else the last time.

        Tuning takes more for less. While there is nothing better, that counts.
        """
        live = positive(self._snapshot.efficiency) if self._snapshot else None
        if self._is_stable and live:
            return live
        return self._last_efficiency or self._memory.data.get("efficiency") or live

    @property
    def power(self) -> float | None:
        """W while mining is stable: now, or else the last time."""
        return self._last_power or self._memory.data.get("power")

    @property
    def price(self) -> float | None:
        """Home Assistant's currency per kWh."""
        return self.price_with(self._shared_fn(), self.efficiency)

    def price_at(self, efficiency: float | None) -> float | None:
        """Return the price at another efficiency in J/TH."""
        return self.price_with(self._shared_fn(), efficiency)

    def price_with(
        self, shared: Iterable[HashPrice], efficiency: float | None
    ) -> float | None:
        """Return the price with the miner's own hash price, else with the first shared one."""
        given = self._first_given(shared)
        hash_price = given and given.per_terahash(self._hass)
        if not hash_price or not efficiency:
            return None
        return positive(hash_price / (efficiency * _KILOWATT_HOURS_PER_DAY))

    def _first_given(self, shared: Iterable[HashPrice]) -> HashPrice | None:
        prices = chain([HashPrice(self._entry.options)], shared)
        return next((price for price in prices if price.is_given), None)

    @property
    def _is_stable(self) -> bool:
        return self._snapshot is not None and self._snapshot.stable is not False

    def update(self, snapshot: Snapshot, stored: StoredData) -> None:
        """Use a poll, and store its efficiency and power if they differ enough."""
        self._snapshot = snapshot
        efficiency = positive(snapshot.efficiency)
        if not self._is_stable or not efficiency:
            return
        self._last_efficiency = efficiency
        if _is_worth_storing(efficiency, stored.get("efficiency")):
            stored["efficiency"] = efficiency
        if power := positive(snapshot.live.power):
            self._last_power = power
            if _is_worth_storing(power, stored.get("power")):
                stored["power"] = power


def _is_worth_storing(value: float, stored: float | None) -> bool:
    return not stored or abs(value - stored) > _WORTH_STORING * stored
