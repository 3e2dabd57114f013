"""Descriptions of the sensors that say in words how a miner is: its status and its faults."""

from typing import Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfRatio

from .api import Fault, most_severe
from .fault_texts import fault_text
from .miner.status import Status
from .models import WhatsminerData
from .sensor_base import WhatsminerSensorDescription

# The state of the sensor `fault` while there is none, which has a translation.
_NO_FAULT: Final = "none"


def _worst(runtime: WhatsminerData) -> Fault | None:
    """Return the most severe fault, the first of these; None if none is known."""
    return next(iter(most_severe(runtime.coordinator.data.faults or (), 1)), None)


def _fault(runtime: WhatsminerData) -> str | None:
    """Return the worst fault in words, in the language of Home Assistant."""
    if runtime.coordinator.data.faults is None:
        return None
    worst = _worst(runtime)
    language = runtime.coordinator.hass.config.language
    return fault_text(worst, language) if worst else _NO_FAULT


def _code(runtime: WhatsminerData) -> dict[str, str | None]:
    """Return the code of the worst fault."""
    worst = _worst(runtime)
    return {"code": worst.code if worst else None}


def _faults(runtime: WhatsminerData) -> dict[str, list[dict[str, str | None]]] | None:
    """Return the active faults; times are the miner's own, in a time zone that is not known."""
    faults = runtime.coordinator.data.faults
    if faults is None:
        return None
    language = runtime.coordinator.hass.config.language
    return {
        "faults": [
            {
                "code": fault.code,
                "since": fault.since.isoformat() if fault.since else None,
                "text": fault_text(fault, language),
                "reason": fault.reason,
                "category": fault.category,
                "severity": fault.severity,
            }
            for fault in faults
        ]
    }


# Their source is the runtime data.
STATUS_SENSORS: Final[tuple[WhatsminerSensorDescription[WhatsminerData], ...]] = (
    WhatsminerSensorDescription(
        key="status",
        device_class=SensorDeviceClass.ENUM,
        options=[*Status],
        value_fn=lambda runtime: runtime.coordinator.status,
    ),
)
CONDITION_SENSORS: Final[tuple[WhatsminerSensorDescription[WhatsminerData], ...]] = (
    WhatsminerSensorDescription(
        key="fault",
        reading="faults",
        value_fn=_fault,
        attributes_fn=_code,
    ),
    WhatsminerSensorDescription(
        key="faults",
        reading="faults",
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda runtime: runtime.coordinator.data.fault_count,
        attributes_fn=_faults,
    ),
    # No state class: nobody needs the progress in long-term statistics.
    WhatsminerSensorDescription(
        key="tuning_progress",
        reading="target_frequency",
        entity_category=EntityCategory.DIAGNOSTIC,
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        value_fn=lambda runtime: runtime.coordinator.data.tuning_progress,
    ),
)
