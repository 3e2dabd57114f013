"""What the answer to `get.device.info` says (vendor document of V3, section "Readable API").

The keys of this answer, and their units, are only in this file; those of settings are in `fields`.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ..decode import (
    INPUT_VOLTS,
    MOST_INPUT_AMPERES,
    REVOLUTIONS,
    TEMPERATURE,
    WATT,
    Fields,
    flag,
    is_no_limit,
    lower,
    mac_address,
    merged,
    plain_name,
    scaled,
    text,
)
from ..error_list import error_list, unread_errors
from ..readings import Device, ErrorEntry, PowerSupply
from ..sanitize import Json

_VOLT: Final = scaled(1, above=INPUT_VOLTS[0], below=INPUT_VOLTS[1])
_AMPERE: Final = scaled(1, above=-1e-3, below=MOST_INPUT_AMPERES)


def _is_liquid(value: Json) -> bool | None:
    """Return whether one of the numbers in a text such as `0-0-0` is not 0."""
    numbers = text(value)
    return None if numbers is None else any(digit in numbers for digit in "123456789")


_POWER_SUPPLY: Final = Fields(
    PowerSupply,
    name=(plain_name, "type"),
    model=(plain_name, "model"),
    input_current=(_AMPERE, "iin"),
    input_voltage=(_VOLT, "vin"),
    input_power=(WATT, "pin"),
    temperature=(TEMPERATURE, "temp0"),
    fan_speed=(REVOLUTIONS, "fanspeed"),
)
_SYSTEM_DEVICE: Final = Fields(
    Device,
    api=(plain_name, "api"),
    firmware=(plain_name, "fwversion"),
    platform=(plain_name, "platform"),
)
_MINER_DEVICE: Final = Fields(
    Device,
    model=(plain_name, "type"),
    serial_number=(plain_name, "miner-sn"),
    liquid_cooled=(_is_liquid, "eeprom-liquid-cooling"),
)
_NETWORK_DEVICE: Final = Fields(Device, hostname=(plain_name, "hostname"))


def section(reading: Mapping[str, Json], name: str) -> Mapping[str, Json]:
    """Return the object under a key of an answer, else an empty one."""
    found = reading.get(name)
    return found if isinstance(found, dict) else {}


def mac(device: Mapping[str, Json]) -> str | None:
    """Return the MAC address."""
    return mac_address(section(device, "network").get("mac"))


def firmware(device: Mapping[str, Json]) -> str | None:
    """Return the firmware version."""
    return plain_name(section(device, "system").get("fwversion"))


def api(device: Mapping[str, Json]) -> str | None:
    """Return the version of the API, such as `3.0.5`."""
    return plain_name(section(device, "system").get("api"))


def api_switch(device: Mapping[str, Json]) -> bool | None:
    """Return whether the miner takes commands at all."""
    return flag(section(device, "system").get("apiswitch"))


def led(device: Mapping[str, Json]) -> str | None:
    """Return the state of the LED, `auto` while the miner drives it."""
    return lower(section(device, "system").get("ledstatus"))


def working(device: Mapping[str, Json]) -> bool | None:
    """Return whether mining is on."""
    return flag(section(device, "miner").get("working"))


def limit_is_default(device: Mapping[str, Json]) -> bool | None:
    """Return whether no power limit is set; None if it says nothing."""
    return is_no_limit(section(device, "miner").get("power-limit-set"))


def errors(
    device: Mapping[str, Json],
) -> tuple[tuple[ErrorEntry, ...] | None, int]:
    """Return the errors, and the number of those left out.

    A text stands in the place of the list while the mining process is down: nothing is known.
    """
    listed = device.get("error-code")
    if not isinstance(listed, list):
        return None, 0
    return error_list(listed), unread_errors(listed)


def device_of(device: Mapping[str, Json], *, api_known: bool) -> Device:
    """Return what the miner is."""
    return merged(
        Device,
        (_SYSTEM_DEVICE, section(device, "system")),
        (_MINER_DEVICE, section(device, "miner")),
        (_NETWORK_DEVICE, section(device, "network")),
        api_known=api_known,
    )


def coolant_temperature(device: Mapping[str, Json]) -> float | None:
    """Return the temperature of the coolant in °C."""
    return TEMPERATURE(section(device, "power").get("liquid-temperature"))


def power_supply(device: Mapping[str, Json]) -> PowerSupply:
    """Return the power supply.

    One that is cooled by liquid has no fan. Some firmware reports the coolant in its place.
    """
    power = section(device, "power")
    supply = _POWER_SUPPLY.read(power)
    is_liquid = power.get("liquid-temperature") is not None
    return replace(supply, fan_speed=None) if is_liquid else supply
