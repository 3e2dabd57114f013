"""The readings in the answer to each readable command, as frozen dataclasses in fixed units.

Units: TH/s, W, °C, MHz, rpm, seconds. The keys and units that the firmware uses are only in this
file (vendor document, section "Readable API"). A field is None if the firmware does not report
it, or does not know it at the moment.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
import re
from typing import Final, Literal, Self

from .reply import Answer
from .sanitize import Json
from .wire import (
    decode,
    epoch,
    flag,
    integer,
    local_time,
    lower,
    number,
    plain_name,
    scaled,
    text,
    whole,
    wire,
)

# TH/s. No board is so fast, so a higher number is in MH/s.
_MOST_TERAHASH = 10_000
_MEGAHASH = scaled(1e-6, above=-1, below=_MOST_TERAHASH * 1e6)  # MH/s to TH/s
_TARGET = scaled(1e-6, above=0, below=_MOST_TERAHASH * 1e6)
# GH/s to TH/s; 0 or less means that the boards were not read yet
_GIGAHASH = scaled(1e-3, above=0, below=_MOST_TERAHASH * 1e3)
_POSITIVE = scaled(1, above=0, below=1e6)
_TEMPERATURE = scaled(1, above=0, below=300)
_ENVIRONMENT = scaled(1, above=-100, below=300)
_FREQUENCY = scaled(1, above=-1, below=100_000)
_PERCENT = scaled(1, above=-1000, below=1000)
# Twenty years.
_SECONDS = scaled(1, above=-0.5, below=20 * 366 * 86_400)
# -1 W and 2**32 - 1 W mean that the power supply did not answer. No miner takes 100 kW.
_WATT = scaled(1, above=-0.5, below=100_000)
_MILLI = scaled(1e-3, above=0, below=1e6)
_CENTI = scaled(1e-2, above=0, below=1e6)
_REVOLUTIONS = whole(0, 100_000)
_SHARES = whole(0, 2**53)

# Finds "2.0" in "2.0.5" and "1.4" in "whatsminer v1.4.0", but nothing in the date of a firmware.
_API_VERSION = re.compile(r"(?<!\d)(\d)\.(\d{1,3})(?!\d)")
# Readings and fault codes number the hashboards from 0. No model has more than four.
SLOTS: Final = range(4)
_MOST_ROWS = 16
# No firmware holds more pools, and no miner has more faults at once.
_MOST_POOLS = 8
_MOST_ERRORS = 1024

type PreheatStage = Literal["waiting", "adjusting", "complete"]


class Generation(StrEnum):
    """The version of the API that a firmware speaks on port 4028."""

    V1 = "v1"
    V2 = "v2"
    V2_2 = "v2.2"
    """Firmware of this version speaks V3 on another port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The answer to `summary`."""

    elapsed: float | None = wire(_SECONDS, "Elapsed")
    uptime: float | None = wire(_SECONDS, "Uptime")
    hash_rate: float | None = wire(_MEGAHASH, "HS RT", "MHS 5s", "MHS 1m")
    hash_rate_average: float | None = wire(_MEGAHASH, "MHS av")
    hash_rate_1m: float | None = wire(_MEGAHASH, "MHS 1m")
    hash_rate_15m: float | None = wire(_MEGAHASH, "MHS 15m")
    target_hash_rate: float | None = wire(_TARGET, "Target MHS")
    factory_hash_rate: float | None = wire(_GIGAHASH, "Factory GHS")
    hash_deviation: float | None = wire(_PERCENT, "Hash Deviation%")
    hash_stable: bool | None = wire(flag, "Hash Stable")
    tuned: bool | None = wire(flag, "Upfreq Complete")
    accepted_shares: int | None = wire(_SHARES, "Accepted")
    rejected_shares: int | None = wire(_SHARES, "Rejected")
    pool_rejection: float | None = wire(_PERCENT, "Pool Rejected%")
    power: float | None = wire(_WATT, "Power")
    power_limit: float | None = wire(_POSITIVE, "Power Limit")
    power_mode: str | None = wire(lower, "Power Mode")
    board_temperature: float | None = wire(_TEMPERATURE, "Temperature")
    environment_temperature: float | None = wire(_ENVIRONMENT, "Env Temp")
    chip_temperature: float | None = wire(_TEMPERATURE, "Chip Temp Avg")
    chip_temperature_min: float | None = wire(_TEMPERATURE, "Chip Temp Min")
    chip_temperature_max: float | None = wire(_TEMPERATURE, "Chip Temp Max")
    frequency: float | None = wire(_FREQUENCY, "freq_avg")
    target_frequency: float | None = wire(_POSITIVE, "Target Freq")
    # The vendor document swaps the two in its comments; the keys are right.
    fan_speed_in: int | None = wire(_REVOLUTIONS, "Fan Speed In")
    fan_speed_out: int | None = wire(_REVOLUTIONS, "Fan Speed Out")
    psu_fan_speed: int | None = wire(_REVOLUTIONS, "Power Fanspeed")
    fast_boot: bool | None = wire(flag, "Btminer Fast Boot")
    # V1 reports these here, later firmware elsewhere.
    mac: str | None = wire(text, "MAC")
    firmware: str | None = wire(plain_name, "Firmware Version")
    platform: str | None = wire(plain_name, "CB Platform")
    liquid_cooling: bool | None = wire(flag, "Liquid Cooling")


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardIdentity:
    """The identity of one hashboard in the answer to `edevs` (or `devs`)."""

    slot: int | None = wire(integer, "Slot", "ASC")
    serial_number: str | None = wire(plain_name, "PCB SN")


@dataclass(frozen=True, slots=True, kw_only=True)
class Board(BoardIdentity):
    """One hashboard in the answer to `edevs` (or `devs`)."""

    alive: bool | None = wire(lambda value: value == "Alive", "Status")
    temperature: float | None = wire(_TEMPERATURE, "Temperature")
    chip_temperature: float | None = wire(_TEMPERATURE, "Chip Temp Avg")
    chip_temperature_min: float | None = wire(_TEMPERATURE, "Chip Temp Min")
    chip_temperature_max: float | None = wire(_TEMPERATURE, "Chip Temp Max")
    frequency: float | None = wire(_FREQUENCY, "Chip Frequency")
    hash_rate: float | None = wire(_MEGAHASH, "HS RT", "MHS 5s", "MHS 1m")
    accepted_shares: int | None = wire(_SHARES, "Accepted")
    rejected_shares: int | None = wire(_SHARES, "Rejected")
    effective_chips: int | None = wire(integer, "Effective Chips")
    voltage_difference: float | None = wire(number, "chip_vol_diff")


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolState:
    """One pool in the answer to `pools`."""

    url: str | None = wire(text, "URL")
    worker: str | None = wire(text, "User")
    status: str | None = wire(lower, "Status")
    active: bool | None = wire(flag, "Stratum Active")
    difficulty: float | None = wire(number, "Stratum Difficulty", "Work Difficulty")
    accepted_shares: int | None = wire(_SHARES, "Accepted")
    rejected_shares: int | None = wire(_SHARES, "Rejected")
    last_share: int | None = wire(epoch, "Last Share Time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The answer to `status`. `mining_off` of V1 cannot be trusted."""

    mining_off: bool | None = wire(flag, "mineroff", "btmineroff")
    off_reason: str | None = wire(text, "mineroff_reason")
    firmware: str | None = wire(plain_name, "FirmwareVersion", "Firmware Version")
    power_mode: str | None = wire(lower, "power_mode")
    # This includes 2**31 - 1, which means that there is no limit.
    power_limit: float | None = wire(scaled(1, above=0), "power_limit_set")
    power_percent: float | None = wire(_PERCENT, "power_pct")
    target_frequency_percent: float | None = wire(_PERCENT, "hash_percent")
    coolant_temperature: float | None = wire(_TEMPERATURE, "liquid_temp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """The answer to `get_version`."""

    api: str | None = wire(plain_name, "api_ver")
    firmware: str | None = wire(plain_name, "fw_ver")
    platform: str | None = wire(plain_name, "platform")
    model: str | None = wire(plain_name, "miner_type")

    @property
    def number(self) -> tuple[int, int] | None:
        """Return the version of the API, (2, 0) for "2.0.5"; the oldest firmware reports none."""
        found = _API_VERSION.search(self.api or "")
        return (int(found[1]), int(found[2])) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class MinerInfo:
    """The answer to `get_miner_info`."""

    mac: str | None = wire(text, "mac")
    serial_number: str | None = wire(plain_name, "minersn")
    hostname: str | None = wire(plain_name, "hostname")
    led: str | None = wire(text, "ledstat")
    upfreq_speed: int | None = wire(integer, "upfreq_speed", "ut_speed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Psu:
    """The answer to `get_psu`, in A, V, W, °C and rpm."""

    name: str | None = wire(plain_name, "name")
    model: str | None = wire(plain_name, "model")
    input_current: float | None = wire(_MILLI, "iin")
    input_voltage: float | None = wire(_CENTI, "vin")
    input_power: float | None = wire(_WATT, "pin")
    temperature: float | None = wire(_TEMPERATURE, "temp0")
    fan_speed: int | None = wire(_REVOLUTIONS, "fan_speed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """The first entry of the answer to `devdetails`."""

    model: str | None = wire(plain_name, "Model")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preheating:
    """The answer to `pre_power_on`: how far a stopped miner has warmed up."""

    complete: bool | None = wire(flag, "complete")
    message: str | None = wire(lower, "msg")

    @property
    def stage(self) -> PreheatStage:
        """Return the stage of preheating; an unknown text counts as waiting."""
        if self.complete:
            return "complete"
        return "adjusting" if self.message == "adjust continue" else "waiting"

    @classmethod
    def of(cls, answer: Answer) -> Self:
        """Return the readings of an answer."""
        return decode(cls, answer.reading())


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorEntry:
    """One entry of the miner's error list.

    `since` is in the miner's own time zone; `reason` is the miner's own text, if it sent one.
    """

    code: str
    since: datetime | None = None
    reason: str | None = None


def board_rows(rows: Sequence[Mapping[str, Json]]) -> list[Mapping[str, Json]]:
    """Return the rows of the hashboards that a miner can have, one for each slot."""
    found: dict[int, Mapping[str, Json]] = {}
    for row in rows[:_MOST_ROWS]:
        slot = decode(BoardIdentity, row).slot
        if slot is not None and slot in SLOTS:
            found.setdefault(slot, row)
    return list(found.values())


def board(reading: Mapping[str, Json], generation: Generation) -> Board:
    """Return the readings of one hashboard.

    V2.2 reports the hash rates of boards in TH/s, under keys whose names say MH/s, and without the
    key `ASC`. A rate that is too high for TH/s is in MH/s even there.
    """
    if generation is Generation.V2_2 and "ASC" not in reading:
        reading = {
            key: rate * 1e6
            if key.startswith(("MHS", "HS RT"))
            and (rate := number(value)) is not None
            and rate < _MOST_TERAHASH
            else value
            for key, value in reading.items()
        }
    return decode(Board, reading)


def pools(rows: Iterable[Mapping[str, Json]]) -> tuple[PoolState, ...]:
    """Return the pools, at most eight."""
    return tuple(decode(PoolState, row) for row in islice(rows, _MOST_POOLS))


def error_list(value: Json) -> tuple[ErrorEntry, ...]:
    """Return the errors of any firmware, which lists objects, pairs, plain codes, or none."""
    return tuple(islice(_errors(value), _MOST_ERRORS))


def unread_errors(value: Json) -> int:
    """Return the number of errors in a list that `error_list` leaves out."""
    rows = value if isinstance(value, list) else [value]
    count = sum(
        len(row.keys() - {"reason"}) if isinstance(row, dict) else 1 for row in rows
    )
    return max(0, count - _MOST_ERRORS)


def _errors(value: Json) -> Iterator[ErrorEntry]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            reason = text(item.get("reason"))
            for key, since in item.items():
                if key != "reason" and (code := plain_name(key)):
                    yield ErrorEntry(code=code, since=local_time(since), reason=reason)
        elif not isinstance(item, float) and (code := plain_name(item)):
            yield ErrorEntry(code=code)


def summary_errors(reading: Mapping[str, Json]) -> tuple[ErrorEntry, ...]:
    """Return the errors that V1 lists in its summary."""
    count = min(integer(reading.get("Error Code Count")) or 0, len(reading))
    codes = [
        integer(reading.get(f"Error Code {index}"))
        for index in range(min(count, _MOST_ERRORS))
    ]
    return tuple(ErrorEntry(code=str(code)) for code in codes if code)
