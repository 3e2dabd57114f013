"""What shows whether liquid or air cools a miner, and which evidence counts more."""

from enum import StrEnum
import re
from typing import Final

# M30, M50, M60: air. M33, M53, M63, M7B...: water. M36, M56, M66: oil. M20 and M21: air.
# M52S, M62S and M72S, each with or without +: water.
_LIQUID_MODEL: Final = re.compile(r"M(?:\d[3-9B]|[567]2S)", re.IGNORECASE)
# °C. No coolant gets so hot.
_BOILS: Final = 100
_LIQUID_SUPPLY: Final = re.compile(r"P[45]\d\d", re.IGNORECASE)


class Cooling(StrEnum):
    """Evidence of what cools a miner, from the weakest to the strongest."""

    UNKNOWN = "unknown"
    """Nothing shows it, so that air is assumed."""
    FANS_STAND = "fans_stand"
    """Both fans stand still although it hashes, and no fault explains that: liquid."""
    LIQUID_MODEL = "liquid_model"
    """The model is known to be cooled by liquid."""
    FANS_TURN = "fans_turn"
    """A fan turns: air."""
    LIQUID_SHOWN = "liquid_shown"
    """The firmware says so, the coolant has a temperature, or the power supply needs a coolant."""

    @property
    def is_liquid(self) -> bool:
        """Return whether it speaks for liquid."""
        return self in (Cooling.FANS_STAND, Cooling.LIQUID_MODEL, Cooling.LIQUID_SHOWN)

    def or_stronger(self, other: Cooling) -> Cooling:
        """Return the stronger of two pieces of evidence."""
        return max(self, other, key=tuple(Cooling).index)


def fits_liquid_model(model: str | None) -> bool:
    """Return whether a model is known to be cooled by liquid."""
    return bool(_LIQUID_MODEL.match(model or ""))


def fits_liquid_supply(*names: str | None) -> bool:
    """Return whether one of the names of a power supply is that of one cooled by liquid."""
    return any(_LIQUID_SUPPLY.match(name or "") for name in names)


def shows_coolant(temperature: float | None, *, fans_turn: bool) -> bool:
    """Return whether a temperature in °C is that of a coolant.

    Firmware may report one without a sensor, such as -1 or 255. Where fans turn, that is no proof.
    """
    if temperature is None:
        return False
    return 0 < temperature < _BOILS if fans_turn else True
