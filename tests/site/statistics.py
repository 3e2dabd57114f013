"""What the recorder makes of the energy of a site."""

from datetime import datetime, timedelta
from itertools import pairwise

from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.core import HomeAssistant
from tests.conftest import START


async def recorded(hass: HomeAssistant, entity_id: str, until: datetime) -> list[float]:
    """Return the sums of the statistics of five minutes each."""
    await async_wait_recording_done(hass)
    start = START
    while start < until:
        do_adhoc_statistics(hass, start=start)
        start += timedelta(minutes=5)
    await async_wait_recording_done(hass)
    found = await hass.async_add_executor_job(
        lambda: statistics_during_period(
            hass, START, None, {entity_id}, "5minute", None, {"sum"}
        )
    )
    return [row["sum"] or 0 for row in found[entity_id]]


def check_steps(sums: list[float], kilowatts: float) -> None:
    """Check that a sum only grows, and never by more than the miners can have used."""
    steps = [after - before for before, after in pairwise(sums)]
    assert all(0 <= step <= kilowatts * 5 / 60 + 0.001 for step in steps), steps
