"""Converts the long-term statistics of an earlier integration to the units of this one.

Home Assistant makes no more statistics of a sensor whose unit has changed to one that it cannot
convert, and it knows no hash rates. To be imported only where there is a recorder.
"""

from collections.abc import Mapping
from functools import partial
import logging
from typing import Final, Literal

from homeassistant.components.recorder.db_schema import Statistics, StatisticsShortTerm
from homeassistant.components.recorder.models import StatisticData, StatisticMetaData
from homeassistant.components.recorder.statistics import (
    async_update_statistics_metadata,
    get_metadata,
    statistics_during_period,
)
from homeassistant.const import UnitOfRatio
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance
from homeassistant.util import dt as dt_util

from ..sensor_base import JOULES_PER_TERAHASH, TERAHASHES_PER_SECOND

_LOGGER = logging.getLogger(__name__)

_OLD_HASH_RATE: Final = "GH/s"
_VALUES: Final[tuple[Literal["max", "mean", "min"], ...]] = ("max", "mean", "min")
_TABLES: Final[
    tuple[
        tuple[Literal["hour", "5minute"], type[Statistics | StatisticsShortTerm]], ...
    ]
] = (("hour", Statistics), ("5minute", StatisticsShortTerm))
# These had no unit there. Here, by their keys, they have a unit and its class.
_WITHOUT_UNIT: Final[Mapping[str, tuple[str, str | None]]] = {
    "efficiency": (JOULES_PER_TERAHASH, None),
    "pool_rejection": (UnitOfRatio.PERCENTAGE, "unitless"),
}


async def async_convert(hass: HomeAssistant, sensors: Mapping[str, str]) -> None:
    """Convert the statistics of sensors, given by entity id with their keys."""
    known = await get_instance(hass).async_add_executor_job(
        partial(get_metadata, hass, statistic_ids=set(sensors))
    )
    for entity_id, (_, metadata) in known.items():
        key, unit = sensors[entity_id], metadata["unit_of_measurement"]
        if unit is None and key in _WITHOUT_UNIT:
            new, unit_class = _WITHOUT_UNIT[key]
            async_update_statistics_metadata(
                hass, entity_id, new_unit_class=unit_class, new_unit_of_measurement=new
            )
        elif unit == _OLD_HASH_RATE:
            new = TERAHASHES_PER_SECOND
            await _async_rescale(
                hass,
                entity_id,
                {**metadata, "unit_class": None, "unit_of_measurement": new},
            )
        else:
            continue
        _LOGGER.info("The statistics of %s are in %s from now on", entity_id, new)


async def _async_rescale(
    hass: HomeAssistant, entity_id: str, metadata: StatisticMetaData
) -> None:
    """Convert GH/s to TH/s, in the hours and in the five minutes of the present hour."""
    recorder = get_instance(hass)
    for period, table in _TABLES:
        found = await recorder.async_add_executor_job(
            partial(
                statistics_during_period,
                hass,
                dt_util.utc_from_timestamp(0),
                None,
                {entity_id},
                period,
                None,
                set(_VALUES),
            )
        )
        rows: list[StatisticData] = []
        for row in found.get(entity_id, []):
            rescaled: StatisticData = {
                "start": dt_util.utc_from_timestamp(row["start"])
            }
            for name in _VALUES:
                if (value := row[name]) is not None:
                    rescaled[name] = value / 1000
            rows.append(rescaled)
        recorder.async_import_statistics(metadata, rows, table)
