"""Which key of which answer is which reading (vendor document, section "Readable API").

The keys that the firmware uses, and their units, are only in this file.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final, override

from ..decode import (
    CHIP_TEMPERATURE,
    ENVIRONMENT,
    FREQUENCY,
    INPUT_VOLTS,
    LIMIT,
    MOST_INPUT_AMPERES,
    MOST_TERAHASH,
    PERCENT,
    POSITIVE,
    REVOLUTIONS,
    SECONDS,
    SHARES,
    TEMPERATURE,
    WATT,
    Fields,
    epoch,
    first,
    flag,
    integer,
    is_no_limit,
    lower,
    mac_address,
    merged,
    number,
    plain_name,
    plausible,
    renamed,
    scaled,
    text,
)
from ..readings import (
    SLOTS,
    Board,
    Device,
    Performance,
    Pool,
    PowerSupply,
    Preheating,
    ReportedSettings,
)
from ..sanitize import Json
from ..snapshot import Snapshot
from .generations import Generation, is_documented

_MEGAHASH = scaled(1e-6, above=-1, below=MOST_TERAHASH * 1e6)  # MH/s to TH/s
_TARGET = scaled(1e-6, above=0, below=MOST_TERAHASH * 1e6)
# GH/s to TH/s; 0 or less means that the boards were not read yet
_GIGAHASH = scaled(1e-3, above=0, below=MOST_TERAHASH * 1e3)
_MILLI = scaled(1e-3, above=-1, below=1e6)
# 10 mV, or plain V
_VOLT = plausible(1e-2, 1, above=INPUT_VOLTS[0], below=INPUT_VOLTS[1])
# A, or mA
_AMPERE = plausible(1, 1e-3, above=-1e-3, below=MOST_INPUT_AMPERES)
# A miner with a limit in watts has none of the three modes.
_POWER_MODE = renamed({"user": "custom"})

_MOST_ROWS = 16
# No firmware holds more pools.
_MOST_POOLS = 8

# The rate of 5 minutes is what firmware with `HS RT` reports there; that of 5 seconds jumps.
_RATE_NOW: Final = ("HS RT", "MHS 5m", "MHS 5s", "MHS 1m")

# `summary`
PERFORMANCE: Final = Fields(
    Performance,
    elapsed=(SECONDS, "Elapsed"),
    uptime=(SECONDS, "Uptime"),
    hash_rate=(_MEGAHASH, *_RATE_NOW),
    hash_rate_average=(_MEGAHASH, "MHS av"),
    hash_rate_1m=(_MEGAHASH, "MHS 1m"),
    hash_rate_15m=(_MEGAHASH, "MHS 15m"),
    target_hash_rate=(_TARGET, "Target MHS"),
    factory_hash_rate=(_GIGAHASH, "Factory GHS"),
    hash_deviation=(PERCENT, "Hash Deviation%"),
    hash_stable=(flag, "Hash Stable"),
    tuned=(flag, "Upfreq Complete"),
    accepted_shares=(SHARES, "Accepted"),
    rejected_shares=(SHARES, "Rejected"),
    pool_rejection=(PERCENT, "Pool Rejected%"),
    power=(WATT, "Power"),
    power_limit=(POSITIVE, "Power Limit"),
    board_temperature=(TEMPERATURE, "Temperature"),
    environment_temperature=(ENVIRONMENT, "Env Temp"),
    chip_temperature=(CHIP_TEMPERATURE, "Chip Temp Avg"),
    chip_temperature_min=(CHIP_TEMPERATURE, "Chip Temp Min"),
    chip_temperature_max=(CHIP_TEMPERATURE, "Chip Temp Max"),
    frequency=(FREQUENCY, "freq_avg"),
    target_frequency=(POSITIVE, "Target Freq"),
    # The vendor document swaps the two in its comments; the keys are right.
    fan_speed_in=(REVOLUTIONS, "Fan Speed In"),
    fan_speed_out=(REVOLUTIONS, "Fan Speed Out"),
    psu_fan_speed=(REVOLUTIONS, "Power Fanspeed"),
    psu_input_current=(_AMPERE, "Power Current Input"),
    psu_input_voltage=(_VOLT, "Power Voltage Input"),
)

# `edevs`, or `devs`
_SLOT: Final = (integer, "Slot", "ASC")
_SERIAL_NUMBER: Final = (plain_name, "PCB SN")
_BOARD_IDENTITY: Final = Fields(Board, slot=_SLOT, serial_number=_SERIAL_NUMBER)
_BOARD: Final = Fields(
    Board,
    slot=_SLOT,
    serial_number=_SERIAL_NUMBER,
    alive=(lambda value: value == "Alive", "Status"),
    temperature=(TEMPERATURE, "Temperature"),
    chip_temperature=(CHIP_TEMPERATURE, "Chip Temp Avg"),
    chip_temperature_min=(CHIP_TEMPERATURE, "Chip Temp Min"),
    chip_temperature_max=(CHIP_TEMPERATURE, "Chip Temp Max"),
    frequency=(FREQUENCY, "Chip Frequency"),
    hash_rate=(_MEGAHASH, *_RATE_NOW),
    accepted_shares=(SHARES, "Accepted"),
    rejected_shares=(SHARES, "Rejected"),
    effective_chips=(integer, "Effective Chips"),
    voltage_difference=(number, "chip_vol_diff"),
)

# `pools`
_POOL: Final = Fields(
    Pool,
    url=(text, "URL"),
    worker=(text, "User"),
    status=(lower, "Status"),
    active=(flag, "Stratum Active"),
    difficulty=(number, "Stratum Difficulty", "Work Difficulty"),
    accepted_shares=(SHARES, "Accepted"),
    rejected_shares=(SHARES, "Rejected"),
    last_share=(epoch, "Last Share Time"),
)


class _SupplyFields(Fields[PowerSupply]):
    """The readings of a power supply, whose units are mA and 10 mV, or plain A and V."""

    @override
    def values(self, reading: Mapping[str, Json]) -> dict[str, Any]:
        """Return the readings.

        A small number fits A as well as mA. It is in A if it has decimals, or if the voltage is
        in plain V.
        """
        found = super().values(reading)
        volts, amperes = number(reading.get("vin")), number(reading.get("iin"))
        if amperes is not None and 0 < amperes < MOST_INPUT_AMPERES:
            is_plain = volts is not None and found.get("input_voltage") == volts
            if is_plain or not amperes.is_integer():
                found["input_current"] = amperes
        return found


# `get_psu`
POWER_SUPPLY: Final = _SupplyFields(
    PowerSupply,
    name=(plain_name, "name"),
    model=(plain_name, "model"),
    enabled=(flag, "enable"),
    input_current=(_MILLI, "iin"),
    input_voltage=(_VOLT, "vin"),
    input_power=(WATT, "pin"),
    temperature=(TEMPERATURE, "temp0"),
    fan_speed=(REVOLUTIONS, "fan_speed"),
)

# What the miner is. An answer that comes first in `device` counts before the others.
VERSION_DEVICE: Final = Fields(
    Device,
    api=(plain_name, "api_ver"),
    firmware=(plain_name, "fw_ver"),
    platform=(plain_name, "platform"),
    model=(plain_name, "miner_type"),
)
DETAILS_DEVICE: Final = Fields(Device, model=(plain_name, "Model"))
INFO_DEVICE: Final = Fields(
    Device, serial_number=(plain_name, "minersn"), hostname=(plain_name, "hostname")
)
STATUS_DEVICE: Final = Fields(
    Device, firmware=(plain_name, "FirmwareVersion", "Firmware Version")
)
SUMMARY_DEVICE: Final = Fields(
    Device,
    firmware=(plain_name, "Firmware Version"),
    platform=(plain_name, "CB Platform"),
    liquid_cooled=(flag, "Liquid Cooling"),
)

# What is set. An answer that comes first in `settings` counts before the others.
SUMMARY_SETTINGS: Final = Fields(
    ReportedSettings,
    power_mode=(_POWER_MODE, "Power Mode"),
    fast_boot=(flag, "Btminer Fast Boot"),
)
STATUS_SETTINGS: Final = Fields(
    ReportedSettings,
    power_mode=(_POWER_MODE, "power_mode"),
    power_limit=(LIMIT, "power_limit_set"),
    power_percent=(PERCENT, "power_pct"),
    target_frequency=(PERCENT, "hash_percent"),
)
INFO_SETTINGS: Final = Fields(
    ReportedSettings, upfreq_speed=(integer, "upfreq_speed", "ut_speed")
)

# `status`
STATE: Final = Fields(
    Snapshot,
    stop_reason=(text, "mineroff_reason"),
    coolant_temperature=(TEMPERATURE, "liquid_temp"),
)

# `pre_power_on`
PREHEATING: Final = Fields(
    Preheating, complete=(flag, "complete"), message=(lower, "msg")
)


def device(
    *,
    version: Mapping[str, Json],
    details: Mapping[str, Json],
    info: Mapping[str, Json],
    status: Mapping[str, Json],
    summary: Mapping[str, Json],
) -> Device:
    """Return what the miner is, from the answers that say something of it."""
    return merged(
        Device,
        (VERSION_DEVICE, version),
        (DETAILS_DEVICE, details),
        (INFO_DEVICE, info),
        (STATUS_DEVICE, status),
        (SUMMARY_DEVICE, summary),
        api_known=is_documented(version),
    )


def firmware(reading: Mapping[str, Json]) -> str | None:
    """Return the firmware version, from the answer to `get_version` or to `status`."""
    return plain_name(first(reading, "fw_ver", "FirmwareVersion", "Firmware Version"))


def settings(
    *,
    mining: bool | None,
    summary: Mapping[str, Json],
    status: Mapping[str, Json],
    info: Mapping[str, Json],
) -> ReportedSettings:
    """Return what is set, from the answers that say something of it."""
    return merged(
        ReportedSettings,
        (SUMMARY_SETTINGS, summary),
        (STATUS_SETTINGS, status),
        (INFO_SETTINGS, info),
        mining=mining,
    )


def knows_summary(summary: Mapping[str, Json]) -> bool:
    """Return whether the answer to `summary` has a reading beside the performance."""
    tables = (SUMMARY_SETTINGS, SUMMARY_DEVICE)
    return bool(summary.get("MAC")) or any(table.values(summary) for table in tables)


def limit_is_default(status: Mapping[str, Json]) -> bool | None:
    """Return whether no power limit is set, from the answer to `status`; None if it says nothing."""
    return is_no_limit(status.get("power_limit_set"))


def mining_off(status: Mapping[str, Json]) -> bool | None:
    """Return whether the answer to `status` says that mining is off; V1's is not reliable."""
    return flag(first(status, "mineroff", "btmineroff"))


def stop_reason(status: Mapping[str, Json]) -> str | None:
    """Return why mining is off, in the miner's words, from the answer to `status`."""
    return text(status.get("mineroff_reason"))


def info_mac(info: Mapping[str, Json]) -> str | None:
    """Return the MAC address, from the answer to `get_miner_info`."""
    return mac_address(info.get("mac"))


def summary_mac(summary: Mapping[str, Json]) -> str | None:
    """Return the MAC address, from the answer to `summary` of V1."""
    return mac_address(summary.get("MAC"))


def led(info: Mapping[str, Json]) -> str | None:
    """Return the state of the LED, `auto` while the miner drives it, from `get_miner_info`."""
    return text(info.get("ledstat"))


def board_identity(row: Mapping[str, Json]) -> Board:
    """Return the slot and the serial number of a hashboard."""
    return _BOARD_IDENTITY.read(row)


def board_rows(rows: Sequence[Mapping[str, Json]]) -> list[Mapping[str, Json]]:
    """Return the rows of the hashboards that a miner can have, one for each slot."""
    found: dict[int, Mapping[str, Json]] = {}
    for row in rows[:_MOST_ROWS]:
        slot = board_identity(row).slot
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
            and rate < MOST_TERAHASH
            else value
            for key, value in reading.items()
        }
    return _BOARD.read(reading)


def pools(rows: Iterable[Mapping[str, Json]]) -> tuple[Pool, ...]:
    """Return the pools, at most eight."""
    return tuple(_POOL.read(row) for row in islice(rows, _MOST_POOLS))
