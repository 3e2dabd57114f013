"""What the recorder knows of an energy. To be imported only where there is a recorder."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
import logging
import math
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from homeassistant.components.recorder.history import (
    get_last_state_changes,
    state_changes_during_period,
)
from homeassistant.components.recorder.statistics import (
    get_last_short_term_statistics,
    get_last_statistics,
    get_metadata,
)
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT, UnitOfEnergy
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.entity_registry import RegistryEntry
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.unit_conversion import EnergyConverter

from .const import DOMAIN

_LOGGER = logging.getLogger(__name__)

# Whether it was logged that the recorder cannot be read, which concerns all energies alike.
_FAILED: Final[HassKey[bool]] = HassKey(f"{DOMAIN}_recorder_failed")


async def async_last_recorded(
    hass: HomeAssistant, entity: RegistryEntry | None
) -> float:
    """Return the last number that is recorded of an energy sensor in kWh, 0 if there is none.

    What is from before the entity was registered is that of another one with the same entity id.
    """
    if entity is None:
        return 0.0
    try:
        return await get_instance(hass).async_add_executor_job(
            partial(_last_recorded, hass, entity)
        )
    except SQLAlchemyError as err:
        if not hass.data.get(_FAILED):
            hass.data[_FAILED] = True
            _LOGGER.warning(
                "The recorder cannot be read (%s). Energies go on with what Home Assistant stored"
                " last, which after a crash is up to a quarter of an hour old",
                err.__cause__ or err,  # without the query
            )
        return 0.0


def _last_recorded(hass: HomeAssistant, entity: RegistryEntry) -> float:
    entity_id, since = entity.entity_id, entity.created_at
    states = get_last_state_changes(hass, 1, entity_id).get(entity_id, [])
    if not states or states[-1].last_updated < since:
        return 0.0
    if (value := _last_number(states)) is not None:
        return value
    # The sensor was unavailable at last. The recorder cannot search backwards for a number: it
    # warns of asking for several last states, and a limited period has its oldest ones. But the
    # last statistics are of the five minutes of the last number, and few states came after them.
    if statistics := _last_statistics(hass, entity_id):
        start, recorded = statistics
        if start >= since:
            since, value = start, recorded
    later = state_changes_during_period(
        hass, since, entity_id=entity_id, include_start_time_state=False
    )
    number = _last_number(later.get(entity_id, []))
    return number if number is not None else value or 0.0


def _last_statistics(
    hass: HomeAssistant, entity_id: str
) -> tuple[datetime, float | None] | None:
    """Return the start of the last statistics, and their kWh.

    Those of five minutes are deleted after some days, those of an hour never.
    """
    found = get_last_short_term_statistics(
        hass, 1, entity_id, convert_units=False, types={"state"}
    ) or get_last_statistics(hass, 1, entity_id, convert_units=False, types={"state"})
    known = get_metadata(hass, statistic_ids={entity_id})
    if entity_id not in found or entity_id not in known:
        return None
    row, (_, metadata) = found[entity_id][0], known[entity_id]
    return (
        dt_util.utc_from_timestamp(row["start"]),
        _kilowatt_hours(row.get("state"), metadata["unit_of_measurement"]),
    )


def _last_number(states: Sequence[State]) -> float | None:
    """Return the last state that is a number, in kWh."""
    for state in reversed(states):
        unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
        if (value := _kilowatt_hours(state.state, unit)) is not None:
            return value
    return None


def _kilowatt_hours(value: str | float | None, unit: str | None) -> float | None:
    """Return an energy in kWh, None if it is none."""
    try:
        number = float("" if value is None else value)
    except ValueError:
        return None
    if unit not in UnitOfEnergy or not math.isfinite(number):
        return None
    return EnergyConverter.convert(number, unit, UnitOfEnergy.KILO_WATT_HOUR)
