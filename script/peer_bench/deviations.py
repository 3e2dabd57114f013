"""Where a client reads something else than the machine does, with real miners as well.

Named are the places in pyasic 0.79.0, and in the crate asic-rs-firmwares/whatsminer.
"""

from dataclasses import dataclass
from typing import Any, Final, cast

from .clients import Readings

_RPC_VER = (
    "asks get_version for rpc_ver, which is api_ver (miners/backends/btminer.py:374)"
)
_NO_INFO = "this firmware has no get_miner_info"
_NO_SERIAL = "not read (impl GetSerialNumber in backends/v1 and v2/mod.rs)"
_NO_ENVIRONMENT = "this firmware has no Env Temp"

# Temperatures have one decimal, which clients round differently.
_ROUNDING: Final = 0.101


@dataclass(frozen=True, slots=True)
class Deviation:
    """What a client reads instead, and why.

    Attributes:
        behind: whether it is read behind what is right, not in its place.
        like: the name of something else that it shows.
    """

    value: Any
    reason: str
    behind: bool = False
    like: str = ""


_EMPTY_PLACES: Final = "this firmware lists three places for pools"

DEVIATIONS: Final[dict[tuple[str, str, str], Deviation]] = {
    ("pyasic", "V1", "API version"): Deviation(None, _RPC_VER),
    ("pyasic", "V2", "API version"): Deviation(None, _RPC_VER),
    ("pyasic", "V1", "serial number"): Deviation(None, _NO_INFO),
    ("pyasic", "V1", "hostname"): Deviation(None, _NO_INFO),
    ("pyasic", "V1", "environment"): Deviation(None, _NO_ENVIRONMENT),
    ("pyasic", "V1", "pools"): Deviation([["", "", 0]] * 2, _EMPTY_PLACES, behind=True),
    ("asic-rs", "V1", "serial number"): Deviation(None, _NO_SERIAL),
    ("asic-rs", "V2", "serial number"): Deviation(None, _NO_SERIAL),
    ("asic-rs", "V1", "hostname"): Deviation(None, _NO_INFO),
    ("asic-rs", "V1", "environment"): Deviation(None, _NO_ENVIRONMENT),
    ("asic-rs", "V1", "PSU fan"): Deviation(
        None, "looked for in get_psu only, not in summary (backends/v1/mod.rs, PsuFans)"
    ),
    ("asic-rs", "V1", "LED"): Deviation(
        None, "not read (impl GetLightFlashing in backends/v1/mod.rs)"
    ),
    ("asic-rs", "V1", "pools"): Deviation(
        [["stratum+tcp://:80", "", 0]] * 2,
        f"{_EMPTY_PLACES}, and PoolURL::from makes an address of an empty text",
        behind=True,
    ),
    ("pyasic", "V3", "board temperatures"): Deviation(
        None,
        "takes the coldest chip for the board (miners/backends/btminer.py:1243)",
        like="coldest chips",
    ),
    ("pyasic", "V3", "chip temperatures"): Deviation(
        [None] * 3,
        "the coldest and the hottest chip are inlet and outlet, the average is not read"
        " (miners/backends/btminer.py:1244)",
    ),
    ("pyasic", "V3", "pools"): Deviation(
        [],
        "looked for in the answer to summary, which has none"
        " (miners/backends/btminer.py:1269)",
    ),
    ("asic-rs", "V3", "serial number"): Deviation(
        None, "not read (impl GetSerialNumber in backends/v3/mod.rs)"
    ),
    ("asic-rs", "V3", "board temperatures"): Deviation(
        None,
        "takes the coldest chip for the board (parse_hashboards in backends/v3/mod.rs)",
        like="coldest chips",
    ),
    ("asic-rs", "V3", "pools"): Deviation(
        None, "V3 counts no shares", like="pools without shares"
    ),
}


def expected(client: str, generation: str, wanted: Readings) -> Readings:
    """Return the readings that a client is known to give when these are right."""
    readings = dict(wanted)
    for (name, of, reading), deviation in DEVIATIONS.items():
        if (name, of) == (client, generation):
            if deviation.like:
                readings[reading] = wanted[deviation.like]
            elif deviation.behind:
                right = cast(list[object], wanted[reading])
                readings[reading] = [*right, *deviation.value]
            else:
                readings[reading] = deviation.value
    return readings


def same(one: object, other: object) -> bool:
    """Compare readings; the last decimal of a number may be rounded otherwise."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other, strict=True))
    if isinstance(one, float) or isinstance(other, float):
        return (
            isinstance(one, float | int)
            and isinstance(other, float | int)
            and abs(one - other) <= _ROUNDING
        )
    return one == other
