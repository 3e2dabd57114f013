"""The firmware generations."""

from ..device import Generation
from .base import Firmware
from .compat import Compat
from .compat_v3 import CompatV3
from .v1 import V1
from .v2 import V2

FIRMWARE: dict[Generation, Firmware] = {
    firmware.generation: firmware for firmware in (V1(), V2(), Compat(), CompatV3())
}

__all__ = ["FIRMWARE", "Firmware"]
