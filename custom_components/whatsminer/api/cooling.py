"""What shows whether liquid or air cools a miner, and which evidence counts more."""

from enum import IntEnum
import re
from typing import Final

# M30, M50, M60: air. M33, M53, M63, M7B...: water. M36, M56, M66: oil. M20 and M21: air.
# M52S, M62S and M72S, each with or without +: water.
_LIQUID_MODEL: Final = re.compile(r"M(?:\d[3-9B]|[567]2S)", re.IGNORECASE)
_LIQUID_SUPPLY: Final = re.compile(r"P[45]\d\d", re.IGNORECASE)


class Cooling(IntEnum):
    """Evidence of what cools a miner. The higher of two counts."""

    UNKNOWN = 0
    """Nothing shows it, so that air is assumed."""
    FANS_STAND = 1
    """Both fans stand still although it hashes, and no fault explains that: liquid."""
    LIQUID_MODEL = 2
    """The model is known to be cooled by liquid."""
    FANS_TURN = 3
    """A fan turns: air."""
    LIQUID_SHOWN = 4
    """The firmware says so, the coolant has a temperature, or the power supply needs a coolant."""

    @property
    def is_liquid(self) -> bool:
        """Return whether it speaks for liquid."""
        return self in (Cooling.FANS_STAND, Cooling.LIQUID_MODEL, Cooling.LIQUID_SHOWN)


def fits_liquid_model(model: str | None) -> bool:
    """Return whether a model is known to be cooled by liquid."""
    return bool(_LIQUID_MODEL.match(model or ""))


def fits_liquid_supply(*names: str | None) -> bool:
    """Return whether one of the names of a power supply is that of one cooled by liquid."""
    return any(_LIQUID_SUPPLY.match(name or "") for name in names)
