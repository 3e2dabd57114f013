"""Descriptions of the sensors of a miner and of its hashboards."""

from datetime import datetime
from typing import Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import EntityCategory
from homeassistant.util import dt as dt_util

from .api import Board, Pool, Snapshot
from .coordinator import WhatsminerCoordinator
from .miner.history import still_counts
from .models import WhatsminerData
from .sensor_base import (
    JOULES_PER_TERAHASH,
    Current,
    FanSpeed,
    Frequency,
    HashRate,
    Percentage,
    Power,
    Price,
    Shares,
    Temperature,
    Voltage,
    WhatsminerSensorDescription,
    details,
    reported,
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


def _stop_reason(snapshot: Snapshot) -> dict[str, str | None]:
    """Return the reason in the words of the miner."""
    return {"text": None if snapshot.mining else snapshot.stop_reason}


def _pool(coordinator: WhatsminerCoordinator) -> Pool:
    """Return the pool in use, or the last one of a miner that is off or starts.

    A miner that lists its pools, and uses none of them, has none.
    """
    snapshot = coordinator.data
    has_none = snapshot.mining and snapshot.pools
    if snapshot.pool.url or has_none or not still_counts(snapshot):
        return snapshot.pool
    return coordinator.history.last_pool


SENSORS: Final[tuple[WhatsminerSensorDescription[Snapshot], ...]] = reported(
    HashRate(key="hash_rate", value_fn=lambda snapshot: snapshot.hash_rate),
    Power(key="power", value_fn=lambda snapshot: snapshot.live.power),
    WhatsminerSensorDescription(
        key="efficiency",
        native_unit_of_measurement=JOULES_PER_TERAHASH,
        state_class=_MEASUREMENT,
        suggested_display_precision=1,
        value_fn=lambda snapshot: snapshot.efficiency,
    ),
    Temperature(
        key="chip_temperature_max",
        value_fn=lambda snapshot: snapshot.live.chip_temperature_max,
    ),
    Temperature(
        key="environment_temperature",
        value_fn=lambda snapshot: snapshot.live.environment_temperature,
    ),
    Temperature(
        key="coolant_temperature",
        value_fn=lambda snapshot: snapshot.coolant_temperature,
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
    WhatsminerSensorDescription(
        key="stop_reason",
        device_class=SensorDeviceClass.ENUM,
        entity_category=_DIAGNOSTIC,
        options=["none", "command", "other"],
        value_fn=lambda snapshot: snapshot.stop_cause,
        attributes_fn=_stop_reason,
    ),
    *details(
        HashRate(
            key="hash_rate_average",
            value_fn=lambda snapshot: snapshot.rate(
                snapshot.performance.hash_rate_average
            ),
        ),
        HashRate(
            key="hash_rate_1m",
            value_fn=lambda snapshot: snapshot.rate(snapshot.performance.hash_rate_1m),
        ),
        HashRate(
            key="hash_rate_15m",
            value_fn=lambda snapshot: snapshot.rate(snapshot.performance.hash_rate_15m),
        ),
        HashRate(
            key="target_hash_rate", value_fn=lambda snapshot: snapshot.target_hash_rate
        ),
        HashRate(
            key="factory_hash_rate",
            value_fn=lambda snapshot: snapshot.live.factory_hash_rate,
        ),
        Temperature(
            key="chip_temperature",
            value_fn=lambda snapshot: snapshot.live.chip_temperature,
        ),
        Temperature(
            key="chip_temperature_min",
            value_fn=lambda snapshot: snapshot.live.chip_temperature_min,
        ),
        Temperature(
            key="board_temperature",
            value_fn=lambda snapshot: snapshot.board_temperature,
        ),
        Temperature(
            key="psu_temperature",
            value_fn=lambda snapshot: snapshot.power_supply.temperature,
        ),
        FanSpeed(key="psu_fan_speed", value_fn=lambda snapshot: snapshot.psu_fan_speed),
        Frequency(key="frequency", value_fn=lambda snapshot: snapshot.live.frequency),
        Frequency(
            key="target_frequency",
            value_fn=lambda snapshot: snapshot.live.target_frequency,
        ),
        WhatsminerSensorDescription(
            key="booted",
            device_class=SensorDeviceClass.UPTIME,
            value_fn=lambda snapshot: snapshot.booted,
        ),
        Shares(
            key="accepted_shares", value_fn=lambda snapshot: snapshot.accepted_shares
        ),
        Shares(
            key="rejected_shares", value_fn=lambda snapshot: snapshot.rejected_shares
        ),
        Percentage(
            key="pool_rejection", value_fn=lambda snapshot: snapshot.live.pool_rejection
        ),
        WhatsminerSensorDescription(
            key="last_share",
            device_class=SensorDeviceClass.TIMESTAMP,
            value_fn=_last_share,
        ),
        WhatsminerSensorDescription(
            key="pool_difficulty",
            digits=None,
            state_class=_MEASUREMENT,
            value_fn=lambda snapshot: snapshot.pool.difficulty,
        ),
        Voltage(
            key="psu_input_voltage",
            value_fn=lambda snapshot: snapshot.psu_input_voltage,
        ),
        Current(
            key="psu_input_current",
            value_fn=lambda snapshot: snapshot.psu_input_current,
        ),
        Power(
            key="psu_input_power",
            value_fn=lambda snapshot: snapshot.power_supply.input_power,
        ),
        Percentage(
            key="hash_deviation", value_fn=lambda snapshot: snapshot.live.hash_deviation
        ),
    ),
)

BOARD_SENSORS: Final[tuple[WhatsminerSensorDescription[Board], ...]] = reported(
    # Of a part: automatic pages show what has no category, and name a hashboard without its miner.
    HashRate(
        key="hash_rate",
        entity_category=_DIAGNOSTIC,
        value_fn=lambda board: board.hash_rate,
    ),
    Temperature(
        key="temperature",
        entity_category=_DIAGNOSTIC,
        value_fn=lambda board: board.temperature,
    ),
    *details(
        Temperature(
            key="chip_temperature", value_fn=lambda board: board.chip_temperature
        ),
        Temperature(
            key="chip_temperature_min",
            value_fn=lambda board: board.chip_temperature_min,
        ),
        Temperature(
            key="chip_temperature_max",
            value_fn=lambda board: board.chip_temperature_max,
        ),
        Frequency(key="frequency", value_fn=lambda board: board.frequency),
        WhatsminerSensorDescription(
            key="effective_chips",
            state_class=_MEASUREMENT,
            value_fn=lambda board: board.effective_chips,
        ),
        Shares(key="accepted_shares", value_fn=lambda board: board.accepted_shares),
        Shares(key="rejected_shares", value_fn=lambda board: board.rejected_shares),
        # The unit is not documented.
        WhatsminerSensorDescription(
            key="voltage_difference",
            digits=None,
            state_class=_MEASUREMENT,
            value_fn=lambda board: board.voltage_difference,
        ),
    ),
    prefix="board_",
)

# Their source is the runtime data.
RUNTIME_SENSORS: Final[tuple[WhatsminerSensorDescription[WhatsminerData], ...]] = (
    WhatsminerSensorDescription(
        key="mining_since",
        reading="mining_since",
        device_class=SensorDeviceClass.UPTIME,
        entity_category=_DIAGNOSTIC,
        value_fn=lambda runtime: runtime.coordinator.history.last_start,
    ),
    WhatsminerSensorDescription(
        key="pool",
        reading="pool",
        entity_category=_DIAGNOSTIC,
        value_fn=lambda runtime: _pool(runtime.coordinator).url,
    ),
    WhatsminerSensorDescription(
        key="worker",
        reading="worker",
        entity_category=_DIAGNOSTIC,
        entity_registry_enabled_default=False,
        value_fn=lambda runtime: _pool(runtime.coordinator).worker,
    ),
    WhatsminerSensorDescription(
        key="preheat_state",
        needs_password=True,
        device_class=SensorDeviceClass.ENUM,
        entity_category=_DIAGNOSTIC,
        entity_registry_enabled_default=False,
        options=["off", "waiting", "adjusting", "complete"],
        command="preheat",
        value_fn=lambda runtime: runtime.preheat.state or "off",
    ),
)

# There while the options have a hash price; in Home Assistant's currency per kWh.
PRICE_SENSORS: Final[tuple[WhatsminerSensorDescription[WhatsminerData], ...]] = (
    Price(
        key="break_even_price",
        value_fn=lambda runtime: runtime.coordinator.break_even.price,
    ),
)
