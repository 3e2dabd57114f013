"""What the sensors and counters of the miner read at one moment."""

from dataclasses import dataclass
from typing import Literal

type BoardStatus = Literal["Alive", "Initialising", "Dead"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardReading:
    """The readings of one hashboard. Hash rates in TH/s, temperatures in degrees C, frequency in MHz."""

    slot: int
    status: BoardStatus
    serial: str
    chips: int
    hash_rate: float
    hash_average: float
    hash_1m: float
    hash_5m: float
    hash_15m: float
    factory: float
    frequency: float
    temperature: float
    chip_min: float
    chip_avg: float
    chip_max: float
    tuned: bool
    accepted: int
    rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """The readings of the machine. Hash rates in TH/s, power in W, temperatures in °C.

    Attributes:
        at: epoch seconds.
        elapsed: seconds since mining started, 0 while stopped.
        uptime: seconds since the control board booted.
        total: TH (10^12 hashes) since mining started.
        tuned: whether the frequencies have been found after a start.
        tuning_seconds: how long that took, 0 until it has.
        power_limit: W in force, 0 for the first minute of a recalibration.
        deviation: percent by which the hash rate has lately varied.
        last_share: epoch seconds.
    """

    at: float
    elapsed: float
    uptime: float
    hash_rate: float
    hash_average: float
    hash_1m: float
    hash_5m: float
    hash_15m: float
    total: float
    tuned: bool
    tuning_seconds: float
    power: float
    power_limit: int
    frequency: float
    target_frequency: float
    deviation: float
    fan_in: float
    fan_out: float
    environment: float
    coolant: float
    psu_temperature: float
    psu_fan: float
    board_temperature: float
    chip_min: float
    chip_avg: float
    chip_max: float
    accepted: int
    rejected: int
    last_share: float
    boards: tuple[BoardReading, ...]
