"""The temperatures of chips and power supply, and the speeds of the fans."""

from dataclasses import dataclass

from .models import Model
from .physics import Lag
from .settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What decides how warm the machine gets.

    Attributes:
        coolant: degrees C of the liquid, or of the room's air.
        load: power as a share of the factory's.
        hashing: whether chips are clocked.
        mining: whether mining is switched on.
    """

    coolant: float
    load: float
    hashing: bool
    mining: bool


class Heat:
    """Temperatures in degrees C and fan speeds in rpm; all follow with a delay."""

    def __init__(self, model: Model, settings: Settings) -> None:
        """Build a cold machine; the settings are read whenever time passes."""
        self.chip = Lag(90)
        self.psu = Lag(240)
        self.fan_in = Lag(8)
        self.fan_out = Lag(8)
        self._model = model
        self._settings = settings

    def follow(self, conditions: Conditions, seconds: float) -> None:
        """Let time pass under the same conditions."""
        offset = self._settings.temp_offset * min(1.0, conditions.load)
        rise = self._model.chip_rise * conditions.load
        speed = self._fan_speed(conditions)
        self.chip.follow(conditions.coolant + rise + offset, seconds)
        self.psu.follow(conditions.coolant + 12.0 * conditions.load, seconds)
        self.fan_in.follow(self._model.fan_in * speed, seconds)
        self.fan_out.follow(self._model.fan_out * speed, seconds)

    def _fan_speed(self, conditions: Conditions) -> float:
        """Return a share of the speed at full power."""
        settings = self._settings
        if settings.fan_zero_speed and conditions.load < 0.15:
            return 0.0
        if conditions.hashing:
            return (0.45 + 0.55 * conditions.load) * (1 - 0.012 * settings.temp_offset)
        hot = self.chip.value > conditions.coolant + 8
        return 0.5 if settings.poweroff_cool and hot and not conditions.mining else 0.0
