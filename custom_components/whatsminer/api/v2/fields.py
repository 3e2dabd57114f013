"""Which key of which answer is which reading (vendor document, section "Readable API").

The keys that the firmware uses, and their units, are only in this file.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from ..decode import (
    ENVIRONMENT,
    FREQUENCY,
    LIMIT,
    MOST_TERAHASH,
    PERCENT,
    POSITIVE,
    REVOLUTIONS,
    SECONDS,
    SHARES,
    TEMPERATURE,
    WATT,
    Fields,
    digits,
    epoch,
    first,
    flag,
    integer,
    local_time,
    lower,
    mac_address,
    number,
    plain_name,
    scaled,
    text,
)
from ..readings import (
    SLOTS,
    Board,
    Device,
    ErrorEntry,
    Performance,
    Pool,
    PowerSupply,
    Preheating,
    ReportedSettings,
)
from ..sanitize import Json
from .generations import Generation

_MEGAHASH = scaled(1e-6, above=-1, below=MOST_TERAHASH * 1e6)  # MH/s to TH/s
_TARGET = scaled(1e-6, above=0, below=MOST_TERAHASH * 1e6)
# GH/s to TH/s; 0 or less means that the boards were not read yet
_GIGAHASH = scaled(1e-3, above=0, below=MOST_TERAHASH * 1e3)
_MILLI = scaled(1e-3, above=0, below=1e6)
_CENTI = scaled(1e-2, above=0, below=1e6)

_MOST_ROWS = 16
# No firmware holds more pools, and no miner has more faults at once.
_MOST_POOLS = 8
_MOST_ERRORS = 1024

# `summary`
PERFORMANCE: Final = Fields(
    Performance,
    elapsed=(SECONDS, "Elapsed"),
    uptime=(SECONDS, "Uptime"),
    hash_rate=(_MEGAHASH, "HS RT", "MHS 5s", "MHS 1m"),
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
    chip_temperature=(TEMPERATURE, "Chip Temp Avg"),
    chip_temperature_min=(TEMPERATURE, "Chip Temp Min"),
    chip_temperature_max=(TEMPERATURE, "Chip Temp Max"),
    frequency=(FREQUENCY, "freq_avg"),
    target_frequency=(POSITIVE, "Target Freq"),
    # The vendor document swaps the two in its comments; the keys are right.
    fan_speed_in=(REVOLUTIONS, "Fan Speed In"),
    fan_speed_out=(REVOLUTIONS, "Fan Speed Out"),
    psu_fan_speed=(REVOLUTIONS, "Power Fanspeed"),
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
    chip_temperature=(TEMPERATURE, "Chip Temp Avg"),
    chip_temperature_min=(TEMPERATURE, "Chip Temp Min"),
    chip_temperature_max=(TEMPERATURE, "Chip Temp Max"),
    frequency=(FREQUENCY, "Chip Frequency"),
    hash_rate=(_MEGAHASH, "HS RT", "MHS 5s", "MHS 1m"),
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

# `get_psu`
POWER_SUPPLY: Final = Fields(
    PowerSupply,
    name=(plain_name, "name"),
    model=(plain_name, "model"),
    input_current=(_MILLI, "iin"),
    input_voltage=(_CENTI, "vin"),
    input_power=(WATT, "pin"),
    temperature=(TEMPERATURE, "temp0"),
    fan_speed=(REVOLUTIONS, "fan_speed"),
)

# `get_version`, `devdetails`, `get_miner_info`, `status` and `summary`, in this order
DEVICE: Final = Fields(
    Device,
    api=(plain_name, "api_ver"),
    firmware=(plain_name, "fw_ver", "FirmwareVersion", "Firmware Version"),
    platform=(plain_name, "platform", "CB Platform"),
    model=(plain_name, "miner_type", "Model"),
    serial_number=(plain_name, "minersn"),
    hostname=(plain_name, "hostname"),
    liquid_cooled=(flag, "Liquid Cooling"),
)

# `summary`, `status` and `get_miner_info`, in this order. Whether it mines: see `mining_off`.
SETTINGS: Final = Fields(
    ReportedSettings,
    power_mode=(lower, "Power Mode", "power_mode"),
    power_limit=(LIMIT, "power_limit_set"),
    power_percent=(PERCENT, "power_pct"),
    target_frequency=(PERCENT, "hash_percent"),
    upfreq_speed=(integer, "upfreq_speed", "ut_speed"),
    fast_boot=(flag, "Btminer Fast Boot"),
)

# `pre_power_on`
PREHEATING: Final = Fields(
    Preheating, complete=(flag, "complete"), message=(lower, "msg")
)


def mining_off(status: Mapping[str, Json]) -> bool | None:
    """Return whether the answer to `status` says that mining is off; that of V1 is not true."""
    return flag(first(status, "mineroff", "btmineroff"))


def stop_reason(status: Mapping[str, Json]) -> str | None:
    """Return why mining stopped, from the answer to `status`."""
    return text(status.get("mineroff_reason"))


def coolant_temperature(status: Mapping[str, Json]) -> float | None:
    """Return the temperature of the coolant in °C, from the answer to `status`."""
    return TEMPERATURE(status.get("liquid_temp"))


def mac(reading: Mapping[str, Json]) -> str | None:
    """Return the MAC address, from the answer to `get_miner_info`; V1 has it in `summary`."""
    return mac_address(first(reading, "mac", "MAC"))


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


def error_list(value: Json) -> tuple[ErrorEntry, ...]:
    """Return the errors of any firmware, which lists objects, pairs, plain codes, or none.

    A code is a whole number. A sentence in its place is none: some say that all is well.
    """
    return tuple(
        ErrorEntry(code=code, since=local_time(since), reason=reason)
        for code, since, reason in islice(_errors(value), _MOST_ERRORS)
    )


def unread_errors(value: Json) -> int:
    """Return the number of errors in a list that `error_list` leaves out."""
    return max(0, sum(1 for _ in _errors(value)) - _MOST_ERRORS)


def _errors(value: Json) -> Iterator[tuple[str, Json, str | None]]:
    """Return the code, the time and the reason of each error."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            reason = text(item.get("reason"))
            for key, since in item.items():
                if code := digits(key):
                    yield code, since, reason
        elif not isinstance(item, float) and (code := digits(item)):
            yield code, None, None


def summary_errors(reading: Mapping[str, Json]) -> tuple[ErrorEntry, ...]:
    """Return the errors that V1 lists in its summary."""
    count = min(integer(reading.get("Error Code Count")) or 0, len(reading))
    codes = [
        integer(reading.get(f"Error Code {index}"))
        for index in range(min(count, _MOST_ERRORS))
    ]
    return tuple(ErrorEntry(code=str(code)) for code in codes if code)
