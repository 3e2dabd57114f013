"""What all firmware generations have in common."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar

from ..access import TokenLimits
from ..device import Device, Generation
from ..errors import Code, Refusal
from ..quirks import Quirk
from ..settings import Led, LedColor
from ..wire import Json, JsonObject

type Read = Callable[[Device, JsonObject], Json]


class Firmware(ABC):
    """A firmware: which reads it knows and the exact shape of its answers.

    Attributes:
        api_version: the API version it reports, unless a test sets another.
        firmware_version: the version it is delivered with, until an update.
        joinable: cgminer's own commands, the only ones that can be joined as in
            "summary+pools".
    """

    generation: ClassVar[Generation]
    api_version: ClassVar[str]
    firmware_version: ClassVar[str]
    platform: ClassVar[str]
    description: ClassVar[str] = ""
    token_limits: ClassVar[TokenLimits] = TokenLimits(clients=16, per_client=32)
    built_in_quirks: ClassVar[frozenset[Quirk]] = frozenset()
    joinable: ClassVar[frozenset[str]] = frozenset(
        {"summary", "pools", "edevs", "devs", "devdetails"}
    )

    @property
    def reads(self) -> Mapping[str, Read]:
        """The commands that need no token, apart from ``get_token``."""
        return {
            "summary": self.summary,
            "pools": self.pools,
            "edevs": self.edevs,
            "devs": self.edevs,
            "devdetails": self.devdetails,
            "status": self.status,
            "get_version": self.get_version,
            "get_psu": self.get_psu,
        }

    @abstractmethod
    def summary(self, device: Device, request: JsonObject) -> Json:
        """Answer ``summary``."""

    @abstractmethod
    def pools(self, device: Device, request: JsonObject) -> Json:
        """Answer ``pools``."""

    @abstractmethod
    def edevs(self, device: Device, request: JsonObject) -> Json:
        """Answer ``edevs`` and ``devs``."""

    @abstractmethod
    def devdetails(self, device: Device, request: JsonObject) -> Json:
        """Answer ``devdetails``."""

    @abstractmethod
    def status(self, device: Device, request: JsonObject) -> Json:
        """Answer ``status``."""

    @abstractmethod
    def get_version(self, device: Device, request: JsonObject) -> Json:
        """Answer ``get_version``."""

    @abstractmethod
    def get_psu(self, device: Device, request: JsonObject) -> Json:
        """Answer ``get_psu``; every value is a string."""

    def success(self, device: Device, message: Json, code: int = Code.OK) -> Json:
        """Wrap the message of a command that worked."""
        return self._envelope(device, "S", code, message)

    def refusal(self, device: Device, refusal: Refusal) -> Json:
        """Wrap a refusal."""
        return self._envelope(device, "E", refusal.code, refusal.text)

    def unknown(self, device: Device) -> Json:
        """Answer a plain command that does not exist."""
        return self.refusal(device, Refusal(Code.INVALID_COMMAND))

    def _envelope(self, device: Device, status: str, code: int, message: Json) -> Json:
        return {
            "STATUS": status,
            "When": int(device.state.now),
            "Code": int(code),
            "Msg": message,
            "Description": self.description,
        }


def led_status(leds: Mapping[LedColor, Led]) -> str:
    """Write ``ledstat``: ``auto``, or colour (red 1, green 0), period, duration, start."""
    if not leds:
        return "auto"
    numbers: dict[LedColor, int] = {"red": 1, "green": 0}
    return "".join(
        f"{number},{led.period},{led.duration},{led.start} "
        for color, number in numbers.items()
        if (led := leds.get(color))
    )


def supply(device: Device) -> JsonObject:
    """Return what every generation's ``get_psu`` begins with."""
    model = device.state.model.psu
    return {
        "name": model,
        "hw_version": "V01.00",
        "sw_version": "V01.00.V01.03",
        "model": model,
    }


def mains(device: Device) -> tuple[float, float]:
    """Return the V and A of the mains: three phases on liquid cooling, else one."""
    three_phase = device.state.model.liquid
    volts = 396.0 if three_phase else 224.0
    power = device.state.telemetry().power
    return volts, power / (volts * (3**0.5 if three_phase else 1.0))


def full_supply(device: Device) -> JsonObject:
    """Return ``get_psu`` of generations after V1: mA, 10 mV, rpm, degrees C and W."""
    state = device.state
    reading = state.telemetry()
    three_phase = state.model.liquid
    volts, amperes = mains(device)
    psu: JsonObject = supply(device) | {
        "iin": str(round(amperes * 1000)),
        "vin": str(round(volts * 100)),
        "fan_speed": str(round(reading.psu_fan)),
        "version": "-1",
        "serial_no": state.identity.psu_serial,
        "vendor": "7",
        "temp0": f"{reading.psu_temperature:.1f}",
        "pin": str(round(reading.power)),
    }
    if three_phase:
        psu["enable"] = "1" if state.mining else "0"
    return psu


def miner_info(device: Device) -> JsonObject:
    """Return what every ``get_miner_info`` has."""
    state = device.state
    network = state.network
    return {
        "ip": network.ip or device.host,
        "proto": network.proto,
        "netmask": network.netmask,
        "gateway": network.gateway,
        "dns": network.dns,
        "hostname": state.hostname,
        "mac": state.identity.mac,
        "ledstat": led_status(state.led),
        "minersn": state.identity.serial,
        "powersn": state.identity.psu_serial,
        "upfreq_speed": str(state.upfreq_speed),
    }


def error_codes(device: Device) -> JsonObject:
    """Return ``get_error_code``: a list of objects of one pair each, or as a quirk has it."""
    faults = {str(code): since for code, since in device.state.faults.items()}
    if Quirk.ERROR_OBJECT in device.quirks:
        return {"error_code": faults}
    if Quirk.ERROR_STRINGS in device.quirks:
        return {"error_code": list(faults)}
    return {"error_code": [{code: since} for code, since in faults.items()]}
