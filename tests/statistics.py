"""What the recorder makes of a sensor."""

from datetime import datetime, timedelta

from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from homeassistant.components.recorder.statistics import (
    StatisticsRow,
    statistics_during_period,
)
from homeassistant.core import HomeAssistant

from .conftest import START


async def statistics(
    hass: HomeAssistant, entity_id: str, until: datetime
) -> list[StatisticsRow]:
    """Let the recorder compile statistics of five minutes each."""
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
    return found[entity_id]
