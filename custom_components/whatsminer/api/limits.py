"""Limits of what the firmware accepts: the range of a number, the form of a text.

Every parameter is checked here before it is sent (vendor document, section "Writable API").
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
import math
import re
from typing import Final

from .errors import InvalidTextError, InvalidValueError


@dataclass(frozen=True, slots=True)
class Bounds:
    """The inclusive range of a number."""

    minimum: int
    maximum: int

    def contains(self, value: float) -> bool:
        """Return whether a number is in the range; NaN is not."""
        return self.minimum <= value <= self.maximum

    def check(self, parameter: str, value: float) -> int:
        """Return the nearest whole number, or raise InvalidValueError."""
        if not self.contains(value):
            raise InvalidValueError(parameter, value, self.minimum, self.maximum)
        return math.floor(value + 0.5)


POWER_PERCENT: Final = Bounds(0, 100)
# The widest bounds of any firmware: some miners that are cooled by liquid take more than 100.
POSSIBLE_POWER_PERCENT: Final = Bounds(0, 200)
# 0 W does not mean "off", and its effect is not documented. The highest restores the default.
DEFAULT_POWER_LIMIT: Final = 99999
POWER_LIMIT: Final = Bounds(1, DEFAULT_POWER_LIMIT)
TEMPERATURE_OFFSET: Final = Bounds(-30, 0)
# 0 W stands for no target.
POWER_TARGET: Final = Bounds(0, 99999)
TARGET_FREQUENCY: Final = Bounds(-100, 100)
UPFREQ_SPEED: Final = Bounds(0, 10)
HEAT_MODES: Final = ("anti_icing", "heating", "normal")
POOLS: Final = Bounds(1, 3)
LED_MILLISECONDS: Final = Bounds(0, 65535)
PORT: Final = Bounds(1, 65535)
MESSAGE_BYTES: Final = 127

PASSWORD: Final = re.compile(r"[A-Za-z0-9_]{1,8}")
# No document of V3 has a limit. These are sure to be sealed and signed alike by all clients.
LONG_PASSWORD: Final = re.compile(r"[!-~]{1,64}")
HOSTNAME: Final = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
ZONE_NAME: Final = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
# "CST-8", "<+03>-3" or "CET-1CEST,M3.5.0,M10.5.0/3"
POSIX_ZONE: Final = re.compile(
    r"([A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)[+-]?\d[\w+:<>,./-]*", re.ASCII
)
_POOL_URL: Final = re.compile(
    r"stratum2?\+(tcp|tcps|ssl|tls)://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})(/\S*)?"
)

# "This network", link-local, multicast, reserved: no device of a network has such an address.
# Loopback is not in the list, because simulated miners have no other addresses to move between.
# No real device has one either, and no typing error leads to one, so allowing it does no harm.
_NO_DEVICES: Final = tuple(
    IPv4Network(block) for block in ("0.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds of the values that not every firmware takes alike; by default the widest."""

    upfreq_speed: Bounds = UPFREQ_SPEED
    power_target: Bounds = POWER_TARGET
    heat_modes: tuple[str, ...] = HEAT_MODES
    password: re.Pattern[str] = LONG_PASSWORD

    def check(self, setting: str, value: float | str | None) -> None:
        """Raise InvalidValueError or InvalidTextError if the firmware cannot take a value."""
        if setting == "heat_mode" and value not in self.heat_modes:
            raise InvalidTextError(setting, str(value))
        bounds = {
            "upfreq_speed": self.upfreq_speed,
            "power_target": self.power_target,
        }.get(setting)
        if bounds and isinstance(value, int | float):
            bounds.check(setting, value)


def check_text(parameter: str, value: str, pattern: re.Pattern[str]) -> str:
    """Return a text that matches the pattern, or raise InvalidTextError."""
    if not pattern.fullmatch(value):
        raise InvalidTextError(parameter, value)
    return value


def check_address(parameter: str, value: str) -> str:
    """Return an IPv4 address, or raise InvalidTextError."""
    try:
        return str(IPv4Address(value))
    except ValueError as err:
        raise InvalidTextError(parameter, value) from err


def check_network(ip: str, mask: str) -> IPv4Network:
    """Return the network of an address and its mask, or raise InvalidTextError."""
    check_address("ip", ip)
    try:
        network = IPv4Network(f"{ip}/{mask}", strict=False)
    except ValueError as err:
        raise InvalidTextError("mask", mask) from err
    # The network needs room for a router. 0.0.0.255 is not a mask, although `ipaddress` accepts it.
    if not 1 <= network.prefixlen <= 30 or (
        "." in mask and mask != str(network.netmask)
    ):
        raise InvalidTextError("mask", mask)
    return network


def check_device(parameter: str, value: str, network: IPv4Network) -> str:
    """Return the address of a device in a network, or raise InvalidTextError."""
    address = IPv4Address(check_address(parameter, value))
    # These are the addresses of network.hosts(), which would list up to two billion of them.
    if (
        address not in network
        or address in (network.network_address, network.broadcast_address)
        or any(address in block for block in _NO_DEVICES)
    ):
        raise InvalidTextError(parameter, value)
    return value


def check_password(value: str, pattern: re.Pattern[str] = LONG_PASSWORD) -> str:
    """Return a valid password, or raise an InvalidTextError that does not contain it."""
    if not pattern.fullmatch(value):
        raise InvalidTextError("new_password", "")
    return value


def check_message(value: str) -> str:
    """Return a message of one line, or raise an InvalidTextError that does not contain it.

    The miner counts bytes, of which letters outside of ASCII have two or more.
    """
    if not value.isprintable() or len(value.encode()) > MESSAGE_BYTES:
        raise InvalidTextError("message", "")
    return value


def check_pool_url(value: str) -> str:
    """Return the URL of a pool, or raise an InvalidTextError that does not contain it.

    Some programs accept a password in the URL, and the values of an error go into logs.
    """
    url = _POOL_URL.fullmatch(value)
    if url is None or not 1 <= int(url["port"]) <= PORT.maximum:
        raise InvalidTextError("pool_url", "")
    return value
