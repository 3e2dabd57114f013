"""Descriptions of the sensors of a miner and of its hashboards."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import EntityCategory
from homeassistant.util import dt as dt_util

from .api import Board, Snapshot
from .models import WhatsminerData
from .sensor_base import (
    JOULES_PER_TERAHASH,
    Current,
    FanSpeed,
    Frequency,
    HashRate,
    Percentage,
    Power,
    Shares,
    Temperature,
    Voltage,
    WhatsminerSensorDescription,
)

_DIAGNOSTIC: Final = EntityCategory.DIAGNOSTIC
_MEASUREMENT: Final = SensorStateClass.MEASUREMENT


def _last_share(snapshot: Snapshot) -> datetime | None:
    """Return when the pool in use accepted the last share, by the miner's clock."""
    epoch = snapshot.pool.last_share
    try:
        return dt_util.utc_from_timestamp(epoch) if epoch else None
    except OverflowError, ValueError, OSError:
        return None


def _reported[SourceT](
    *descriptions: WhatsminerSensorDescription[SourceT], prefix: str = ""
) -> tuple[WhatsminerSensorDescription[SourceT], ...]:
    """Return descriptions of sensors that exist if the reading of the same name is reported."""
    return tuple(
        replace(description, reading=prefix + description.key)
        for description in descriptions
    )


SENSORS: Final[tuple[WhatsminerSensorDescription[Snapshot], ...]] = _reported(
    HashRate(key="hash_rate", value_fn=lambda snapshot: snapshot.hash_rate),
    HashRate(
        key="hash_rate_average",
        value_fn=lambda snapshot: snapshot.rate(snapshot.performance.hash_rate_average),
    ),
    HashRate(
        key="hash_rate_1m",
        entity_registry_enabled_default=False,
        value_fn=lambda snapshot: snapshot.rate(snapshot.performance.hash_rate_1m),
    ),
    HashRate(
        key="hash_rate_15m",
        entity_registry_enabled_default=False,
        value_fn=lambda snapshot: snapshot.rate(snapshot.performance.hash_rate_15m),
    ),
    HashRate(
        key="target_hash_rate",
        entity_category=_DIAGNOSTIC,
        value_fn=lambda snapshot: snapshot.target_hash_rate,
    ),
    HashRate(
        key="factory_hash_rate",
        entity_category=_DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda snapshot: snapshot.live.factory_hash_rate,
    ),
    Power(key="power", value_fn=lambda snapshot: snapshot.live.power),
    WhatsminerSensorDescription(
        key="efficiency",
        native_unit_of_measurement=JOULES_PER_TERAHASH,
        state_class=_MEASUREMENT,
        suggested_display_precision=1,
        value_fn=lambda snapshot: snapshot.efficiency,
    ),
    Temperature(
        key="chip_temperature", value_fn=lambda snapshot: snapshot.live.chip_temperature
    ),
    Temperature(
        key="chip_temperature_min",
        entity_registry_enabled_default=False,
        value_fn=lambda snapshot: snapshot.live.chip_temperature_min,
    ),
    Temperature(
        key="chip_temperature_max",
        value_fn=lambda snapshot: snapshot.live.chip_temperature_max,
    ),
    Temperature(
        key="board_temperature", value_fn=lambda snapshot: snapshot.board_temperature
    ),
    Temperature(
        key="environment_temperature",
        value_fn=lambda snapshot: snapshot.live.environment_temperature,
    ),
    Temperature(
        key="coolant_temperature",
        value_fn=lambda snapshot: snapshot.coolant_temperature,
    ),
    Temperature(
        key="psu_temperature",
        entity_category=_DIAGNOSTIC,
        value_fn=lambda snapshot: snapshot.power_supply.temperature,
    ),
    FanSpeed(
        key="fan_speed_in",
        exists_fn=lambda can: can.air_cooled,
        value_fn=lambda snapshot: snapshot.live.fan_speed_in,
    ),
    FanSpeed(
        key="fan_speed_out",
        exists_fn=lambda can: can.air_cooled,
        value_fn=lambda snapshot: snapshot.live.fan_speed_out,
    ),
    FanSpeed(
        key="psu_fan_speed",
        entity_category=_DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda snapshot: snapshot.psu_fan_speed,
    ),
    Frequency(key="frequency", value_fn=lambda snapshot: snapshot.live.frequency),
    Frequency(
        key="target_frequency",
        entity_category=_DIAGNOSTIC,
        value_fn=lambda snapshot: snapshot.live.target_frequency,
    ),
    WhatsminerSensorDescription(
        key="mining_since",
        device_class=SensorDeviceClass.UPTIME,
        entity_category=_DIAGNOSTIC,
        value_fn=lambda snapshot: snapshot.mining_since,
    ),
    WhatsminerSensorDescription(
        key="booted",
        device_class=SensorDeviceClass.UPTIME,
        entity_category=_DIAGNOSTIC,
        value_fn=lambda snapshot: snapshot.booted,
    ),
    Shares(key="accepted_shares", value_fn=lambda snapshot: snapshot.accepted_shares),
    Shares(key="rejected_shares", value_fn=lambda snapshot: snapshot.rejected_shares),
    Percentage(
        key="pool_rejection", value_fn=lambda snapshot: snapshot.live.pool_rejection
    ),
    WhatsminerSensorDescription(
        key="pool",
        entity_category=_DIAGNOSTIC,
        value_fn=lambda snapshot: snapshot.pool.url,
    ),
    WhatsminerSensorDescription(
        key="worker",
        entity_category=_DIAGNOSTIC,
        value_fn=lambda snapshot: snapshot.pool.worker,
    ),
    WhatsminerSensorDescription(
        key="last_share",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=_DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=_last_share,
    ),
    WhatsminerSensorDescription(
        key="pool_difficulty",
        entity_category=_DIAGNOSTIC,
        entity_registry_enabled_default=False,
        state_class=_MEASUREMENT,
        value_fn=lambda snapshot: snapshot.pool.difficulty,
    ),
    Voltage(
        key="psu_input_voltage",
        entity_category=_DIAGNOSTIC,
        value_fn=lambda snapshot: snapshot.psu_input_voltage,
    ),
    Current(
        key="psu_input_current",
        entity_category=_DIAGNOSTIC,
        value_fn=lambda snapshot: snapshot.psu_input_current,
    ),
    Power(
        key="psu_input_power",
        entity_category=_DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda snapshot: snapshot.power_supply.input_power,
    ),
    Percentage(
        key="hash_deviation",
        entity_category=_DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda snapshot: snapshot.live.hash_deviation,
    ),
    WhatsminerSensorDescription(
        key="stop_reason",
        entity_category=_DIAGNOSTIC,
        value_fn=lambda snapshot: snapshot.stop_reason,
    ),
)

BOARD_SENSORS: Final[tuple[WhatsminerSensorDescription[Board], ...]] = _reported(
    HashRate(key="hash_rate", value_fn=lambda board: board.hash_rate),
    Temperature(key="temperature", value_fn=lambda board: board.temperature),
    Temperature(
        key="chip_temperature",
        value_fn=lambda board: board.chip_temperature,
    ),
    Temperature(
        key="chip_temperature_min",
        entity_registry_enabled_default=False,
        value_fn=lambda board: board.chip_temperature_min,
    ),
    Temperature(
        key="chip_temperature_max",
        entity_registry_enabled_default=False,
        value_fn=lambda board: board.chip_temperature_max,
    ),
    Frequency(key="frequency", value_fn=lambda board: board.frequency),
    WhatsminerSensorDescription(
        key="effective_chips",
        entity_category=_DIAGNOSTIC,
        state_class=_MEASUREMENT,
        value_fn=lambda board: board.effective_chips,
    ),
    Shares(
        key="accepted_shares",
        value_fn=lambda board: board.accepted_shares,
    ),
    Shares(
        key="rejected_shares",
        value_fn=lambda board: board.rejected_shares,
    ),
    # The unit is not documented.
    WhatsminerSensorDescription(
        key="voltage_difference",
        entity_category=_DIAGNOSTIC,
        entity_registry_enabled_default=False,
        state_class=_MEASUREMENT,
        value_fn=lambda board: board.voltage_difference,
    ),
    prefix="board_",
)

# Their source is the runtime data.
PROGRESS_SENSORS: Final[tuple[WhatsminerSensorDescription[WhatsminerData], ...]] = (
    WhatsminerSensorDescription(
        key="preheat_state",
        needs_password=True,
        device_class=SensorDeviceClass.ENUM,
        entity_category=_DIAGNOSTIC,
        options=["waiting", "adjusting", "complete"],
        command="preheat",
        value_fn=lambda runtime: runtime.preheat.state,
    ),
)

# There while the options have a hash price; in Home Assistant's currency per kWh.
PRICE_SENSORS: Final[tuple[WhatsminerSensorDescription[WhatsminerData], ...]] = (
    WhatsminerSensorDescription(
        key="break_even_price",
        state_class=_MEASUREMENT,
        suggested_display_precision=4,
        value_fn=lambda runtime: runtime.coordinator.break_even.price,
    ),
)
