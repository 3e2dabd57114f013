"""Which key of which answer is which reading (vendor document of V3, section "Readable API").

The keys that the firmware uses, and their units, are only here and in `device_info`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from ..decode import (
    CHIP_TEMPERATURE,
    ENVIRONMENT,
    FREQUENCY,
    LIMIT,
    MOST_TERAHASH,
    PERCENT,
    REVOLUTIONS,
    SECONDS,
    TEMPERATURE,
    WATT,
    Fields,
    epoch,
    flag,
    integer,
    lower,
    merged,
    number,
    plain_name,
    renamed,
    scaled,
    text,
)
from ..readings import SLOTS, Board, Performance, Pool, ReportedSettings
from ..sanitize import Json
from .device_info import section
from .envelope import Answer

_TERAHASH: Final = scaled(1, above=-1, below=MOST_TERAHASH)
# Before the boards were read, it is a little less than 0.
_FACTORY: Final = scaled(1, above=0, below=4 * MOST_TERAHASH)
# The unit is not documented. A percentage is not so high.
_TARGET_MEGAHERTZ: Final = scaled(1, above=100, below=100_000)

_POWER_MODES: Final = {"0": "low", "1": "normal", "2": "high"}
_HEAT_MODE: Final = renamed({"anti-freezing": "anti_icing", "anti-icing": "anti_icing"})

_MOST_ROWS: Final = 16
_MOST_POOLS: Final = 8


def _temperatures(value: Json) -> list[float | None]:
    """Return the temperatures of the boards, in the order of the boards."""
    return [TEMPERATURE(each) for each in value] if isinstance(value, list) else []


def _hottest(value: Json) -> float | None:
    known = [each for each in _temperatures(value) if each is not None]
    return max(known, default=None)


def _detected(value: Json) -> float | None:
    """Return the sum of the hash rates in a text such as `40000:41000:40000`, in GH/s."""
    rates = [number(each) for each in (text(value) or "").split(":", _MOST_ROWS)]
    return _FACTORY(sum(each or 0 for each in rates) / 1000)


# `summary`. Some firmware may write "tempurature".
_SUMMARY: Final = Fields(
    Performance,
    elapsed=(SECONDS, "elapsed"),
    uptime=(SECONDS, "bootup-time"),
    hash_rate=(_TERAHASH, "hash-realtime"),
    hash_rate_average=(_TERAHASH, "hash-average"),
    hash_rate_1m=(_TERAHASH, "hash-1min"),
    hash_rate_15m=(_TERAHASH, "hash-15min"),
    factory_hash_rate=(_FACTORY, "factory-hash"),
    tuned=(flag, "up-freq-finish"),
    power=(WATT, "power-realtime"),
    power_limit=(LIMIT, "power-limit"),
    board_temperature=(_hottest, "board-temperature", "board-tempurature"),
    environment_temperature=(
        ENVIRONMENT,
        "environment-temperature",
        "environment-tempurature",
    ),
    chip_temperature=(CHIP_TEMPERATURE, "chip-temp-avg"),
    chip_temperature_min=(CHIP_TEMPERATURE, "chip-temp-min"),
    chip_temperature_max=(CHIP_TEMPERATURE, "chip-temp-max"),
    frequency=(FREQUENCY, "freq-avg"),
    target_frequency=(_TARGET_MEGAHERTZ, "target-freq"),
    fan_speed_in=(REVOLUTIONS, "fan-speed-in"),
    fan_speed_out=(REVOLUTIONS, "fan-speed-out"),
)
_REJECTION: Final = Fields(
    Performance, pool_rejection=(PERCENT, "reject-percent", "reject-rate")
)
_DETECTED: Final = Fields(
    Performance, factory_hash_rate=(_detected, "detect-hash-rate")
)
_INPUT: Final = Fields(Performance, power=(WATT, "pin"))

# `edevs`
_BOARD: Final = Fields(
    Board,
    slot=(integer, "slot", "id"),
    alive=(lambda value: lower(value) == "alive", "status"),
    chip_temperature=(CHIP_TEMPERATURE, "chip-temp-avg"),
    chip_temperature_min=(CHIP_TEMPERATURE, "chip-temp-min"),
    chip_temperature_max=(CHIP_TEMPERATURE, "chip-temp-max"),
    frequency=(FREQUENCY, "freq"),
    hash_rate=(_TERAHASH, "hash-average"),
    effective_chips=(integer, "effective-chips"),
)

# `pools`
_POOL: Final = Fields(
    Pool,
    url=(text, "url"),
    worker=(text, "account"),
    status=(lower, "status"),
    active=(flag, "stratum-active"),
    difficulty=(number, "stratum-diff"),
    last_share=(epoch, "last-share-time"),
)

# The settings in `get.device.info`, which every poll reads
_MINER_SETTINGS: Final = Fields(
    ReportedSettings,
    heat_mode=(_HEAT_MODE, "heatmode"),
    target_frequency=(PERCENT, "hash-percent"),
    upfreq_speed=(integer, "UpfreqSpeed"),
    fast_boot=(flag, "fast-boot"),
    web_pools=(flag, "web-pool"),
)
_POWER_SETTINGS: Final = Fields(
    ReportedSettings,
    power_mode=(lambda value: _POWER_MODES.get(text(value) or ""), "mode"),
)

# The settings that are read every few minutes, by the command that reads them. The first one that
# has a setting counts.
SETTINGS: Final[Mapping[str, Fields[ReportedSettings]]] = {
    "get.system.setting": Fields(ReportedSettings, web_pools=(flag, "web-pool")),
    "get.miner.setting": Fields(
        ReportedSettings,
        power_mode=(lower, "power-mode"),
        power_limit=(LIMIT, "power-limit"),
        power_percent=(PERCENT, "power-percent"),
        power_target=(WATT, "power"),
        heat_mode=(_HEAT_MODE, "heat-mode"),
        target_frequency=(PERCENT, "target-freq"),
        upfreq_speed=(integer, "upfreq-speed"),
        fast_boot=(flag, "fast-boot"),
        fast_hash=(flag, "fast-hash", "fast-mining"),
        web_pools=(flag, "web-pool"),
    ),
    "get.fan.setting": Fields(
        ReportedSettings,
        temperature_offset=(integer, "fan-temp-offset"),
        poweroff_cooling=(flag, "fan-poweroff-cool"),
        fan_zero_speed=(flag, "fan-zero-speed"),
    ),
}


def performance(status: Answer, device: Mapping[str, Json]) -> Performance:
    """Return what the mining process measures; what is missing comes from `get.device.info`.

    The share of rejected work is that of the pool in use.
    """
    summary = status.reading("summary")
    in_use = (row for row in status.rows("pools") if flag(row.get("stratum-active")))
    return merged(
        Performance,
        (_SUMMARY, summary),
        (_REJECTION, next(in_use, {})),
        (_REJECTION, section(summary, "power-on-stats")),
        (_DETECTED, section(device, "miner")),
        (_INPUT, section(device, "power")),
    )


def settings(
    answers: Mapping[str, Answer], device: Mapping[str, Json], *, mining: bool | None
) -> ReportedSettings:
    """Return what is set, from the answers to the commands of `SETTINGS`, else from the device.

    An empty heat mode of the device is the normal one.
    """
    miner = section(device, "miner")
    no_mode: Mapping[str, Json] = (
        {"heatmode": "normal"} if miner.get("heatmode") == "" else {}
    )
    return merged(
        ReportedSettings,
        *(
            (table, answers[command].reading())
            for command, table in SETTINGS.items()
            if command in answers
        ),
        (_MINER_SETTINGS, miner),
        (_MINER_SETTINGS, no_mode),
        (_POWER_SETTINGS, section(device, "power")),
        mining=mining,
    )


def boards(status: Answer, device: Mapping[str, Json]) -> tuple[Board, ...]:
    """Return the hashboards, one for each slot that a miner can have.

    The summary has their temperatures, by slot, or one for each board if there are no more.
    """
    found: dict[int, Board] = {}
    for row in status.rows("edevs")[:_MOST_ROWS]:
        board = _BOARD.read(row)
        if board.slot is not None and board.slot in SLOTS:
            found.setdefault(board.slot, board)
    summary = status.reading("summary")
    listed = summary.get("board-temperature", summary.get("board-tempurature"))
    temperatures = _by_slot(_temperatures(listed), sorted(found))
    miner = section(device, "miner")
    return tuple(
        replace(
            board,
            serial_number=plain_name(miner.get(f"pcbsn{slot}")),
            temperature=temperatures.get(slot),
        )
        for slot, board in found.items()
    )


def _by_slot(
    temperatures: Sequence[float | None], slots: Sequence[int]
) -> Mapping[int, float | None]:
    if slots and len(temperatures) == len(slots):
        return dict(zip(slots, temperatures, strict=True))
    return dict(enumerate(temperatures))


def pools(status: Answer) -> tuple[Pool, ...]:
    """Return the pools, at most eight."""
    return tuple(_POOL.read(row) for row in islice(status.rows("pools"), _MOST_POOLS))
