"""The readings on which sensors depend are those that capabilities know, and the reverse."""

from custom_components.whatsminer.api.capabilities import BY_FIRMWARE, OPTIONAL
from custom_components.whatsminer.entity import WhatsminerEntityDescription
from custom_components.whatsminer.sensor_condition import CONDITION_SENSORS
from custom_components.whatsminer.sensor_descriptions import (
    BOARD_SENSORS,
    RUNTIME_SENSORS,
    SENSORS,
)

DESCRIPTIONS: tuple[WhatsminerEntityDescription, ...] = (
    *SENSORS,
    *CONDITION_SENSORS,
    *(item for item in RUNTIME_SENSORS if item.reading),
    *BOARD_SENSORS,
)
READINGS = OPTIONAL.keys() | BY_FIRMWARE


def test_every_reading_has_a_sensor() -> None:
    """Capabilities know no other readings."""
    shown = {description.reading for description in DESCRIPTIONS}
    for name in sorted(READINGS - shown):
        key = name.removeprefix("board_")
        place = "SENSORS" if key == name else "BOARD_SENSORS"
        raise AssertionError(
            f"no sensor shows the reading {name!r} of api/capabilities.py: add a sensor with the"
            f" key {key!r} to {place} in sensor_descriptions.py, or remove the reading"
        )


def test_every_sensor_depends_on_a_reading() -> None:
    """So it is added only where the miner reports it."""
    for description in DESCRIPTIONS:
        assert description.reading, (
            f"the sensor {description.key!r} is there whatever the miner reports: put it inside"
            " `_reported(...)` in sensor_descriptions.py"
        )
        assert description.reading in READINGS, (
            f"no miner reports {description.reading!r}, so no miner has the sensor"
            f" {description.key!r}: in api/capabilities.py, add {description.reading!r} to"
            " BY_FIRMWARE if the firmware alone decides whether it is reported, else to OPTIONAL"
        )
