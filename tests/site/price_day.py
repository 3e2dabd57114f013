"""A day of quarter-hour prices, and what miners did on it."""

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Final, NamedTuple

# Invented prices in EUR/kWh, in the shape of a day-ahead market on a sunny working day: a cheap
# night, a peak in the morning, some hours below zero while the sun shines, a steep peak in the
# evening. Within an hour prices climb or fall like a sawtooth. A line is two hours, from midnight.
PRICES: Final = (
    0.118, 0.109, 0.104, 0.098, 0.106, 0.099, 0.095, 0.091,
    0.097, 0.092, 0.089, 0.086, 0.088, 0.086, 0.087, 0.091,
    0.084, 0.090, 0.097, 0.108, 0.094, 0.113, 0.134, 0.163,
    0.116, 0.151, 0.194, 0.238, 0.172, 0.231, 0.287, 0.342,
    0.318, 0.276, 0.229, 0.183, 0.246, 0.187, 0.141, 0.104,
    0.171, 0.128, 0.093, 0.062, 0.089, 0.051, 0.024, 0.006,
    0.021, 0.003, -0.008, -0.015, -0.004, -0.012, -0.021, -0.018,
    -0.016, -0.009, 0.002, 0.014, -0.002, 0.019, 0.038, 0.067,
    0.031, 0.064, 0.098, 0.137, 0.083, 0.126, 0.164, 0.204,
    0.157, 0.198, 0.247, 0.296, 0.241, 0.289, 0.334, 0.352,
    0.331, 0.298, 0.262, 0.219, 0.244, 0.196, 0.158, 0.118,
    0.168, 0.139, 0.117, 0.102, 0.141, 0.121, 0.108, 0.096,
)  # fmt: skip
QUARTER: Final = 900.0  # seconds
DAY: Final = len(PRICES) * QUARTER
START, STOP = 0.12, 0.16  # mining starts at or below START, and stops above STOP
MIN_ON, MIN_OFF = 30, 15  # minutes
LOW_PERCENT: Final = 40
_JOULES_PER_KWH: Final = 3_600_000


class Phase(StrEnum):
    """What a miner does, as the picture names it."""

    MINING = "mining"
    TUNING = "tuning"
    LESS = "less power"
    OFF = "off"


class Sample(NamedTuple):
    """What a miner did at a time of the day, which is in seconds."""

    at: float
    watts: float
    phase: Phase


@dataclass(frozen=True, slots=True)
class MinerDay:
    """The day of one miner.

    Attributes:
        name: the model.
        how: how the automation stops it, `power_off` or `percent`.
        samples: from midnight to midnight. The first is at full power.
        commands: those that reached the miner, each with its time.
    """

    name: str
    how: str
    samples: list[Sample] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    @property
    def full_power(self) -> float:
        """W that the miner draws all day without an automation."""
        return self.samples[0].watts

    @property
    def energy(self) -> list[tuple[float, float]]:
        """The price and the energy in kWh of each time between two samples."""
        return [
            (
                PRICES[int(a.at // QUARTER)],
                (a.watts + b.watts) / 2 * (b.at - a.at) / _JOULES_PER_KWH,
            )
            for a, b in pairwise(self.samples)
        ]

    @property
    def phases(self) -> list[tuple[float, float, Phase]]:
        """When each phase began and ended, in order."""
        first = [next(same) for _, same in groupby(self.samples, attrgetter("phase"))]
        ends = [*(sample.at for sample in first[1:]), DAY]
        return [
            (sample.at, end, sample.phase)
            for sample, end in zip(first, ends, strict=True)
        ]

    @property
    def spared(self) -> float:
        """The energy in kWh that was not used while power was expensive."""
        expensive = sum(price > STOP for price in PRICES) * QUARTER
        used = sum(kwh for price, kwh in self.energy if price > STOP)
        return self.full_power * expensive / _JOULES_PER_KWH - used
