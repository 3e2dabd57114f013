"""A house with a meter and the sun on its roof."""

from dataclasses import dataclass
from typing import Final

from tests.fleet import Owned

from . import Home

GRID: Final = "sensor.grid_power"


@dataclass
class House:
    """A home that draws from the grid what the sun does not supply."""

    home: Home
    miners: tuple[Owned, ...]
    sun: float = 0
    others: float = 500
    sign: int = 1

    @property
    def grid(self) -> float:
        """The power from the grid in W, negative while it feeds in."""
        drawn = sum(owned.miner.state.power for owned in self.miners)
        return self.others + drawn - self.sun

    async def wait(self, minutes: float) -> None:
        """Let time pass, while the meter reports what it measures."""
        for _ in range(round(minutes * 2)):
            await self.home.set(GRID, round(self.sign * self.grid))
            await self.home.wait(0.5)
