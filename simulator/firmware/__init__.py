"""The firmware generations."""

from ..device import Generation
from .base import JOINABLE, Firmware
from .v1 import V1
from .v2 import V2
from .v2_2 import V2_2

FIRMWARE: dict[Generation, Firmware] = {
    firmware.generation: firmware for firmware in (V1(), V2(), V2_2())
}

__all__ = ["FIRMWARE", "JOINABLE", "Firmware"]
