"""What the recorder makes of the energy of a site."""

from datetime import datetime
from itertools import pairwise

from homeassistant.core import HomeAssistant
from tests.statistics import statistics


async def recorded(hass: HomeAssistant, entity_id: str, until: datetime) -> list[float]:
    """Return the sums of the statistics of five minutes each."""
    return [row["sum"] or 0 for row in await statistics(hass, entity_id, until)]


def check_steps(sums: list[float], kilowatts: float) -> None:
    """Check that a sum only grows, and never by more than the miners can have used."""
    steps = [after - before for before, after in pairwise(sums)]
    assert all(0 <= step <= kilowatts * 5 / 60 + 0.001 for step in steps), steps
