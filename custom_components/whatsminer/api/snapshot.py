"""One poll as frozen dataclasses in fixed units: TH/s, W, °C, MHz, rpm, seconds.

Every firmware generation becomes the same `Snapshot`. Which key holds what, and in which unit,
is known here and nowhere else (vendor document, section "Readable API"). A field is None when
the firmware does not report it or does not know it at the moment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
import re

from .wire import (
    Json,
    decode,
    epoch,
    flag,
    integer,
    local_time,
    lower,
    number,
    scaled,
    text,
    wire,
)

_MEGAHASH = scaled(1e-6)  # MH/s to TH/s
_GIGAHASH = scaled(1e-3, above=0)  # GH/s to TH/s; 0 and less: boards not read yet
_POSITIVE = scaled(1, above=0)
# -1 W means that the power supply did not answer.
_WATT = scaled(1, above=-0.5)
_MILLI = scaled(1e-3, above=0)
_CENTI = scaled(1e-2, above=0)

# No board hashes that fast; what says so means MH/s.
_MOST_TERAHASH = 10_000
# What `status` says for "no limit was set".
_NO_LIMIT = 2**31 - 1
# M30, M50, M60: air. M33, M53, M63, M7B...: water. M36, M56, M66: oil. M20 and M21: air.
_LIQUID_MODEL = re.compile(r"M\d[3-9B]", re.IGNORECASE)
_LIQUID_PSU = re.compile(r"P[45]\d\d", re.IGNORECASE)


class Generation(StrEnum):
    """How a firmware speaks."""

    V1 = "v1"
    V2 = "v2"
    COMPAT = "compat"
    """V2.2 on firmware that speaks V3 natively."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The answer to `summary`."""

    elapsed: float | None = wire(number, "Elapsed")
    uptime: float | None = wire(number, "Uptime")
    hash_rate: float | None = wire(_MEGAHASH, "HS RT", "MHS 5s", "MHS 1m")
    hash_rate_average: float | None = wire(_MEGAHASH, "MHS av")
    hash_rate_1m: float | None = wire(_MEGAHASH, "MHS 1m")
    hash_rate_5m: float | None = wire(_MEGAHASH, "MHS 5m")
    hash_rate_15m: float | None = wire(_MEGAHASH, "MHS 15m")
    target_hash_rate: float | None = wire(scaled(1e-6, above=0), "Target MHS")
    factory_hash_rate: float | None = wire(_GIGAHASH, "Factory GHS")
    hash_deviation: float | None = wire(number, "Hash Deviation%")
    hash_stable: bool | None = wire(flag, "Hash Stable")
    hash_stable_seconds: float | None = wire(number, "Hash Stable Cost Seconds")
    tuned: bool | None = wire(flag, "Upfreq Complete")
    total_megahashes: float | None = wire(number, "Total MH")
    accepted_shares: int | None = wire(integer, "Accepted")
    rejected_shares: int | None = wire(integer, "Rejected")
    pool_rejection: float | None = wire(number, "Pool Rejected%")
    pool_stale: float | None = wire(number, "Pool Stale%")
    last_work: int | None = wire(epoch, "Last getwork")
    power: float | None = wire(_WATT, "Power")
    power_limit: float | None = wire(_POSITIVE, "Power Limit")
    power_mode: str | None = wire(lower, "Power Mode")
    board_temperature: float | None = wire(_POSITIVE, "Temperature")
    environment_temperature: float | None = wire(number, "Env Temp")
    chip_temperature: float | None = wire(_POSITIVE, "Chip Temp Avg")
    chip_temperature_min: float | None = wire(_POSITIVE, "Chip Temp Min")
    chip_temperature_max: float | None = wire(_POSITIVE, "Chip Temp Max")
    frequency: float | None = wire(number, "freq_avg")
    target_frequency: float | None = wire(_POSITIVE, "Target Freq")
    # The vendor document swaps the two in its comments; the keys are right.
    fan_speed_in: int | None = wire(integer, "Fan Speed In")
    fan_speed_out: int | None = wire(integer, "Fan Speed Out")
    psu_fan_speed: int | None = wire(integer, "Power Fanspeed")
    fast_boot: bool | None = wire(flag, "Btminer Fast Boot")
    security_mode: str | None = wire(text, "Security Mode")
    debug: str | None = wire(text, "Debug")
    # V1 says here what later firmware says elsewhere.
    mac: str | None = wire(text, "MAC")
    firmware: str | None = wire(text, "Firmware Version")
    platform: str | None = wire(text, "CB Platform")
    chip: str | None = wire(text, "Chip Data")
    liquid_cooling: bool | None = wire(flag, "Liquid Cooling")


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One hashboard of the answer to `edevs` (or `devs`)."""

    slot: int | None = wire(integer, "Slot", "ASC")
    alive: bool | None = wire(lambda value: value == "Alive", "Status")
    enabled: bool | None = wire(flag, "Enabled")
    temperature: float | None = wire(_POSITIVE, "Temperature")
    chip_temperature: float | None = wire(_POSITIVE, "Chip Temp Avg")
    chip_temperature_min: float | None = wire(_POSITIVE, "Chip Temp Min")
    chip_temperature_max: float | None = wire(_POSITIVE, "Chip Temp Max")
    frequency: float | None = wire(number, "Chip Frequency")
    hash_rate: float | None = wire(_MEGAHASH, "HS RT", "MHS 5s", "MHS 1m")
    hash_rate_average: float | None = wire(_MEGAHASH, "MHS av")
    hash_rate_1m: float | None = wire(_MEGAHASH, "MHS 1m")
    hash_rate_15m: float | None = wire(_MEGAHASH, "MHS 15m")
    factory_hash_rate: float | None = wire(_GIGAHASH, "Factory GHS", "HS Factory")
    accepted_shares: int | None = wire(integer, "Accepted")
    rejected_shares: int | None = wire(integer, "Rejected")
    last_work: int | None = wire(epoch, "Last Valid Work")
    tuned: bool | None = wire(flag, "Upfreq Complete")
    effective_chips: int | None = wire(integer, "Effective Chips")
    voltage_difference: float | None = wire(number, "chip_vol_diff")
    serial_number: str | None = wire(text, "PCB SN")
    chip: str | None = wire(text, "Chip Data")


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolState:
    """One pool of the answer to `pools`."""

    index: int | None = wire(integer, "POOL")
    url: str | None = wire(text, "URL")
    worker: str | None = wire(text, "User")
    status: str | None = wire(lower, "Status")
    priority: int | None = wire(integer, "Priority")
    active: bool | None = wire(flag, "Stratum Active")
    difficulty: float | None = wire(number, "Stratum Difficulty", "Work Difficulty")
    accepted_shares: int | None = wire(integer, "Accepted")
    rejected_shares: int | None = wire(integer, "Rejected")
    stale_shares: int | None = wire(integer, "Stale")
    rejection: float | None = wire(number, "Pool Rejected%")
    last_share: int | None = wire(epoch, "Last Share Time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The answer to `status`. `mining_off` of V1 cannot be trusted."""

    mining_off: bool | None = wire(flag, "mineroff", "btmineroff")
    off_reason: str | None = wire(text, "mineroff_reason")
    off_since: datetime | None = wire(local_time, "mineroff_time")  # noqa: RUF009 - it declares a field
    firmware: str | None = wire(text, "FirmwareVersion", "Firmware Version")
    power_mode: str | None = wire(lower, "power_mode")
    power_limit: float | None = wire(_POSITIVE, "power_limit_set")
    power_percent: float | None = wire(number, "power_pct")
    target_frequency_percent: float | None = wire(number, "hash_percent")
    coolant_temperature: float | None = wire(_POSITIVE, "liquid_temp")
    fast_mining: bool | None = wire(flag, "fast_mining")
    fast_hash: bool | None = wire(flag, "fast_hash")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """The answer to `get_version`."""

    api: str | None = wire(text, "api_ver")
    firmware: str | None = wire(text, "fw_ver")
    platform: str | None = wire(text, "platform")
    chip: str | None = wire(text, "chip")
    model: str | None = wire(text, "miner_type")


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerInfo:
    """The answer to `get_miner_info`."""

    mac: str | None = wire(text, "mac")
    serial_number: str | None = wire(text, "minersn")
    psu_serial_number: str | None = wire(text, "powersn")
    hostname: str | None = wire(text, "hostname")
    ip: str | None = wire(text, "ip")
    protocol: str | None = wire(text, "proto")
    netmask: str | None = wire(text, "netmask")
    gateway: str | None = wire(text, "gateway")
    dns: str | None = wire(text, "dns")
    led: str | None = wire(text, "ledstat")
    upfreq_speed: int | None = wire(integer, "upfreq_speed", "ut_speed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Psu:
    """The answer to `get_psu`: A, V, W, °C, rpm."""

    name: str | None = wire(text, "name")
    model: str | None = wire(text, "model")
    hardware: str | None = wire(text, "hw_version")
    software: str | None = wire(text, "sw_version")
    serial_number: str | None = wire(text, "serial_no")
    vendor: str | None = wire(text, "vendor", "vender")
    input_current: float | None = wire(_MILLI, "iin")
    input_voltage: float | None = wire(_CENTI, "vin")
    input_power: float | None = wire(_WATT, "pin")
    temperature: float | None = wire(_POSITIVE, "temp0")
    fan_speed: int | None = wire(integer, "fan_speed")
    enabled: bool | None = wire(flag, "enable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """The first entry of the answer to `devdetails`."""

    model: str | None = wire(text, "Model")
    driver: str | None = wire(text, "Driver")


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorEntry:
    """One entry of the miner's error list; `since` is in the miner's own zone."""

    code: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that one poll knows.

    `taken` is our own clock. `mining` is what the miner was told: True for on, even while it
    still warms up. `stale` means that the summary is a leftover: its clock stands still, or it
    has a hash rate although mining is off.
    """

    taken: datetime
    generation: Generation
    mining: bool | None
    stale: bool = False
    summary: Summary = Summary()
    status: Status = Status()
    boards: tuple[Board, ...] = ()
    pools: tuple[PoolState, ...] = ()
    errors: tuple[ErrorEntry, ...] = ()
    version: Version = Version()
    info: MinerInfo = MinerInfo()
    psu: Psu = Psu()
    details: Details = Details()

    @property
    def live(self) -> Summary:
        """The summary, or an empty one when what it says is no longer true."""
        return Summary() if self.stale else self.summary

    @property
    def hash_rate(self) -> float | None:
        """TH/s now; 0 while stopped, whatever the firmware still shows."""
        return 0.0 if self.mining is False else self.live.hash_rate

    @property
    def hash_rate_average(self) -> float | None:
        """TH/s since mining started; 0 while stopped."""
        return 0.0 if self.mining is False else self.live.hash_rate_average

    @property
    def efficiency(self) -> float | None:
        """J/TH, unknown while not hashing."""
        if not self.hash_rate or self.live.power is None:
            return None
        return self.live.power / self.hash_rate

    @property
    def mining_since(self) -> datetime | None:
        """When mining started, by our own clock."""
        if not self.mining or not self.live.elapsed:
            return None
        try:
            return self.taken - timedelta(seconds=self.live.elapsed)
        except OverflowError:
            return None

    @property
    def power_mode(self) -> str | None:
        """`low`, `normal` or `high`."""
        return self.summary.power_mode or self.status.power_mode

    @property
    def power_limit_set(self) -> float | None:
        """The limit in W as it was asked for, where the firmware tells it."""
        limit = self.status.power_limit
        return None if limit == _NO_LIMIT else limit

    @property
    def power_limit(self) -> float | None:
        """The limit in W: as it was asked for, on firmware that does not tell it as in force.

        0 is no reading, it shows during recalibration. Without a status nobody knows which.
        """
        if self.status == Status():
            return None
        return self.power_limit_set or self.summary.power_limit

    @property
    def liquid_cooled(self) -> bool:
        """Whether water or oil does the cooling; a fan at 0 rpm proves nothing."""
        return bool(
            self.summary.liquid_cooling
            or self.status.coolant_temperature is not None
            or _LIQUID_MODEL.match(self.model or "")
            or any(
                _LIQUID_PSU.match(name or "")
                for name in (self.psu.name, self.psu.model)
            )
        )

    @property
    def model(self) -> str | None:
        """The model, `M30S+_VE40` or `M30S+VE40`."""
        return self.version.model or self.details.model

    @property
    def platform(self) -> str | None:
        """The control board, `H6`."""
        return self.version.platform or self.summary.platform

    @property
    def firmware(self) -> str | None:
        """The firmware version, `20230714.15.Rel`."""
        return self.version.firmware or self.status.firmware or self.summary.firmware


def board(reading: Mapping[str, Json], generation: Generation) -> Board:
    """Return one hashboard.

    V2.2 gives the hash rates of boards in TH/s under the old keys that say MH/s. It is told by
    generation and by the keys that it dropped; a rate that no board can have in TH/s is MH/s
    all the same.
    """
    if generation is Generation.COMPAT and "ASC" not in reading:
        reading = {
            key: rate * 1e6
            if key.startswith(("MHS", "HS RT"))
            and (rate := number(value)) is not None
            and rate < _MOST_TERAHASH
            else value
            for key, value in reading.items()
        }
    return decode(Board, reading)


def error_list(value: Json) -> tuple[ErrorEntry, ...]:
    """Return the errors of any firmware: objects, pairs, plain codes, or none."""
    entries: list[ErrorEntry] = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            entries += [
                ErrorEntry(code=code, since=local_time(since))
                for code, since in item.items()
                if code != "reason"
            ]
        elif isinstance(item, int | str) and not isinstance(item, bool) and item != "":
            entries.append(ErrorEntry(code=str(item)))
    return tuple(entries)


def summary_errors(reading: Mapping[str, Json]) -> tuple[ErrorEntry, ...]:
    """Return the errors that V1 lists inside its summary."""
    count = min(integer(reading.get("Error Code Count")) or 0, len(reading))
    codes = [integer(reading.get(f"Error Code {index}")) for index in range(count)]
    return tuple(ErrorEntry(code=str(code)) for code in codes if code)
