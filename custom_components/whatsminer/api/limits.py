"""What the firmware takes: the range of a number, the shape of a text.

Everything is checked here before it is sent (vendor document, section "Writable API").
"""

from dataclasses import dataclass
from ipaddress import IPv4Address
import math
import re
from typing import Final

from .errors import InvalidTextError, InvalidValueError


@dataclass(frozen=True, slots=True)
class Bounds:
    """The inclusive range of a number."""

    minimum: int
    maximum: int

    def check(self, parameter: str, value: float) -> int:
        """Return the nearest whole number, or raise InvalidValueError."""
        if not self.minimum <= value <= self.maximum:  # also refuses NaN
            raise InvalidValueError(parameter, value, self.minimum, self.maximum)
        return math.floor(value + 0.5)


POWER_PERCENT: Final = Bounds(0, 100)
# 0 W does not mean "off" and no firmware says what it does mean. The highest restores the default.
DEFAULT_POWER_LIMIT: Final = 99999
POWER_LIMIT: Final = Bounds(1, DEFAULT_POWER_LIMIT)
TEMPERATURE_OFFSET: Final = Bounds(-30, 0)
TARGET_FREQUENCY: Final = Bounds(-100, 100)
UPFREQ_SPEED: Final = Bounds(0, 9)
POOLS: Final = Bounds(1, 3)
LED_MILLISECONDS: Final = Bounds(0, 65535)
PORT: Final = Bounds(1, 65535)

PASSWORD: Final = re.compile(r"[A-Za-z0-9_]{1,8}")
HOSTNAME: Final = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
ZONE_NAME: Final = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")
# "CST-8", "<+03>-3" or "CET-1CEST,M3.5.0,M10.5.0/3"
POSIX_ZONE: Final = re.compile(
    r"([A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)[+-]?\d[\w+:<>,./-]*", re.ASCII
)
_POOL_URL: Final = re.compile(
    r"stratum2?\+(tcp|tcps|ssl|tls)://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})(/\S*)?"
)


def check_text(parameter: str, value: str, pattern: re.Pattern[str]) -> str:
    """Return a text that the miner can take, or raise InvalidTextError."""
    if not pattern.fullmatch(value):
        raise InvalidTextError(parameter, value)
    return value


def check_address(parameter: str, value: str) -> str:
    """Return an IPv4 address, or raise InvalidTextError."""
    try:
        return str(IPv4Address(value))
    except ValueError as err:
        raise InvalidTextError(parameter, value) from err


def check_password(value: str) -> str:
    """Return a password, or raise an InvalidTextError that does not tell it."""
    if not PASSWORD.fullmatch(value):
        raise InvalidTextError("new_password", "")
    return value


def check_pool_url(value: str) -> str:
    """Return the address of a pool, or raise InvalidTextError."""
    url = _POOL_URL.fullmatch(value)
    if url is None or not 1 <= int(url["port"]) <= PORT.maximum:
        raise InvalidTextError("pool_url", value)
    return value
