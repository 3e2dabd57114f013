"""The readings of a miner by subject, as frozen dataclasses in fixed units.

Units: TH/s, W, °C, MHz, rpm, seconds. They are the same for every protocol. A field is None if
the firmware does not report it, or does not know it at the moment.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from .limits import Limits

# Readings and fault codes number the hashboards from 0. No model has more than four.
SLOTS: Final = range(4)

# The names of the messages that a miner keeps for its owner.
CUSTOMER_MESSAGES: Final = (
    "serial_number",
    *(f"message_{number}" for number in range(10)),
)

type PreheatStage = Literal["waiting", "adjusting", "complete"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What a miner is.

    `api` is the version of the API as the firmware writes it; `api_known` is False if there is no
    document for it. `liquid_cooled` is what the firmware says, see `Snapshot.liquid_cooled`.
    """

    model: str | None = None
    platform: str | None = None
    firmware: str | None = None
    api: str | None = None
    api_known: bool = True
    serial_number: str | None = None
    hostname: str | None = None
    liquid_cooled: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """What the mining process measures.

    `elapsed` is how long it has run, `uptime` how long the control board has. `power_limit` is
    the limit in force, which may be less than the one that was set.
    """

    elapsed: float | None = None
    uptime: float | None = None
    hash_rate: float | None = None
    hash_rate_average: float | None = None
    hash_rate_1m: float | None = None
    hash_rate_15m: float | None = None
    target_hash_rate: float | None = None
    factory_hash_rate: float | None = None
    hash_deviation: float | None = None
    hash_stable: bool | None = None
    tuned: bool | None = None
    accepted_shares: int | None = None
    rejected_shares: int | None = None
    pool_rejection: float | None = None
    power: float | None = None
    power_limit: float | None = None
    board_temperature: float | None = None
    environment_temperature: float | None = None
    chip_temperature: float | None = None
    chip_temperature_min: float | None = None
    chip_temperature_max: float | None = None
    frequency: float | None = None
    target_frequency: float | None = None
    fan_speed_in: int | None = None
    fan_speed_out: int | None = None
    psu_fan_speed: int | None = None
    psu_input_current: float | None = None
    psu_input_voltage: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One hashboard, in the place `slot`, which counts from 0."""

    slot: int | None = None
    serial_number: str | None = None
    alive: bool | None = None
    temperature: float | None = None
    chip_temperature: float | None = None
    chip_temperature_min: float | None = None
    chip_temperature_max: float | None = None
    frequency: float | None = None
    hash_rate: float | None = None
    accepted_shares: int | None = None
    rejected_shares: int | None = None
    effective_chips: int | None = None
    voltage_difference: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """One mining pool; `last_share` is in seconds since 1970 by the miner's clock."""

    url: str | None = None
    worker: str | None = None
    status: str | None = None
    active: bool | None = None
    difficulty: float | None = None
    accepted_shares: int | None = None
    rejected_shares: int | None = None
    last_share: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerSupply:
    """The power supply, in A, V, W, °C and rpm; `enabled` is whether its output is on."""

    name: str | None = None
    model: str | None = None
    enabled: bool | None = None
    input_current: float | None = None
    input_voltage: float | None = None
    input_power: float | None = None
    temperature: float | None = None
    fan_speed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedSettings:
    """The settings that a miner reports.

    The name of each field is also that of the command that sets it, and the key of its entity.
    `power_limit` is the limit that was set (W), None if the firmware does not report it.
    `power_target` is the power to aim at (W), 0 if there is none.
    """

    mining: bool | None = None
    power_mode: str | None = None
    power_limit: float | None = None
    power_percent: float | None = None
    power_target: float | None = None
    heat_mode: str | None = None
    target_frequency: float | None = None
    upfreq_speed: int | None = None
    temperature_offset: int | None = None
    fast_boot: bool | None = None
    fast_hash: bool | None = None
    start_after_boot: bool | None = None
    web_pools: bool | None = None
    poweroff_cooling: bool | None = None
    fan_zero_speed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """What every miner with the same firmware reports and accepts.

    `readings` are names that `Capabilities` explains, `settings` are fields of
    `ReportedSettings`, `commands` are names of commands. `slow_settings` are those settings that
    are read every few minutes only, if they are reported. `limits` are the bounds of values.
    `zero_percent_is_none` means that a reported power percent of 0 stands for none, also while the
    miner does not hash in full. `infers_mining` means that mining is taken for off while the mining
    process does not answer, which may have another cause.
    """

    readings: frozenset[str] = frozenset()
    settings: frozenset[str] = frozenset()
    slow_settings: frozenset[str] = frozenset()
    commands: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)
    zero_percent_is_none: bool = False
    infers_mining: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Preheating:
    """How far a stopped miner has warmed up."""

    complete: bool | None = None
    message: str | None = None

    @property
    def stage(self) -> PreheatStage:
        """Return the stage of preheating; an unknown text counts as waiting."""
        if self.complete:
            return "complete"
        return "adjusting" if self.message == "adjust continue" else "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorEntry:
    """One entry of the miner's error list.

    `since` is in the miner's own time zone; `reason` is the miner's own text, if it sent one.
    """

    code: str
    since: datetime | None = None
    reason: str | None = None
