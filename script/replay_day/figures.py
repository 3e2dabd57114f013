"""What the day comes to: energy, money, switches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .prices import QUARTER
from .record import MinerDay

_JOULES = 3_600_000  # in a kWh


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Sums over one miner, or over several.

    Energies are in kWh, money in the currency of the prices.

    Attributes:
        offs: how often it was told to stop; `ons` to start, `percents` to take another power.
        starts: how often mining started.
        used: energy.
        full: energy it would have used without any automation.
        cost: of what was used; `full_cost` of what would have been.
        spared: energy not used while the price was above the limit.
        spared_cost: what that would have cost.
        late: energy used above the limit all the same.
        lost: energy not used while the price was not above it.
        counted: energy by the integration's own sensors.
        restarts: those that the integration counted.
    """

    offs: int = 0
    ons: int = 0
    percents: int = 0
    starts: int = 0
    used: float = 0.0
    full: float = 0.0
    cost: float = 0.0
    full_cost: float = 0.0
    spared: float = 0.0
    spared_cost: float = 0.0
    late: float = 0.0
    lost: float = 0.0
    counted: float = 0.0
    restarts: int = 0

    def __add__(self, other: Figures) -> Figures:
        """Return the sums over both."""
        return Figures(
            **{name: getattr(self, name) + getattr(other, name) for name in _NAMES}
        )

    @property
    def saved(self) -> float:
        """The energy that was not used."""
        return self.full - self.used

    @property
    def saved_cost(self) -> float:
        """What it would have cost."""
        return self.full_cost - self.cost

    @property
    def paid(self) -> float:
        """The mean price of a kWh that was used."""
        return self.cost / self.used if self.used else 0.0

    @property
    def unpaid(self) -> float:
        """The mean price of a kWh that was not."""
        return self.saved_cost / self.saved if self.saved else 0.0


_NAMES = tuple(Figures.__dataclass_fields__)


def sums(
    miner: MinerDay, step: float, prices: Sequence[float], limit: float
) -> Figures:
    """Sum up the day of a miner.

    Args:
        miner: what it did.
        step: seconds between two of its readings.
        prices: of each quarter.
        limit: the price above which power is expensive.
    """
    full = miner.full_power * QUARTER / _JOULES
    used = list(_by_quarter(miner.watts, step))
    quarters = list(zip(prices, used, strict=True))
    commands = [told.command.partition(" ")[0] for told in miner.told]
    return Figures(
        offs=commands.count("power_off"),
        ons=commands.count("power_on"),
        percents=sum(command.startswith("set_power_pct") for command in commands),
        starts=miner.starts,
        used=sum(used),
        full=full * len(prices),
        cost=sum(price * energy for price, energy in quarters),
        full_cost=full * sum(prices),
        spared=sum(full - energy for price, energy in quarters if price > limit),
        spared_cost=sum(
            price * (full - energy) for price, energy in quarters if price > limit
        ),
        late=sum(energy for price, energy in quarters if price > limit),
        lost=sum(full - energy for price, energy in quarters if price <= limit),
        counted=miner.sensor_kwh,
        restarts=miner.sensor_restarts,
    )


def _by_quarter(watts: Sequence[float], step: float) -> Iterator[float]:
    """Yield the energy of each quarter: two readings and what lies between them."""
    steps = round(QUARTER / step)
    for begin in range(0, len(watts) - 1, steps):
        between = pairwise(watts[begin : begin + steps + 1])
        yield sum(a + b for a, b in between) / 2 * step / _JOULES


@dataclass(frozen=True, slots=True)
class Crossings:
    """How often prices go from one side to the other, in either direction.

    Attributes:
        stop: of the price above which mining stops.
        start: of the price at which it starts.
        wishes: how often what the two together want has changed.
    """

    stop: int
    start: int
    wishes: int


def crossings(prices: Sequence[float], start: float, stop: float) -> Crossings:
    """Count what switches a miner that is left in peace by nothing else."""
    wishes = [price <= start for price in prices if not start < price <= stop]
    return Crossings(
        stop=_changes([price > stop for price in prices]),
        start=_changes([price > start for price in prices]),
        wishes=_changes(wishes),
    )


def _changes(values: Sequence[bool]) -> int:
    return sum(a != b for a, b in pairwise(values))
