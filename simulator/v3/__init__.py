"""The V3 API of the miner, on a port of its own: framed JSON, signed commands."""

from .accounts import Accounts
from .api import INTERRUPTING, V3Exchange
from .device import V3Device
from .port import V3Port
from .versions import FIRMWARE_BY_API, NEWEST_API

__all__ = [
    "FIRMWARE_BY_API",
    "INTERRUPTING",
    "NEWEST_API",
    "Accounts",
    "V3Device",
    "V3Exchange",
    "V3Port",
]
