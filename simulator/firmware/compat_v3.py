"""API 2.2 on port 4028 of a miner that speaks V3 on port 4433."""

from typing import ClassVar, override

from ..device import Device, Generation
from ..wire import JsonObject
from .compat import Compat


class CompatV3(Compat):
    """API 2.2: as ``Compat``; only the newest firmware reports the power percent."""

    generation: ClassVar = Generation.V3

    @override
    def _status(self, device: Device) -> JsonObject:
        message = super()._status(device)
        if not device.storage.firmware_version.endswith("REL3"):
            del message["power_pct"]
        return message
