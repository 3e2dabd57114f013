"""What Home Assistant shows of machines that speak V3, key by key, and what some leave out."""

from typing import Any

import pytest

from homeassistant.const import STATE_UNKNOWN

from . import cases
from .described_v3 import POOL, WORKER
from .home import Added, Home

KINDS = ("m50", "m60s", "m64", "m7bs")
AIR_ONLY = (
    "sensor.fan_speed_in",
    "sensor.fan_speed_out",
    "number.temperature_offset",
    "switch.fan_zero_speed",
    "switch.poweroff_cooling",
)
# By kind: what differs, with None for an entity that does not exist.
EXPECTED: dict[str, dict[str, Any]] = {
    "m50": {
        "sensor.hash_rate": 118.29,
        "sensor.hash_rate_average": 120.7,
        "sensor.hash_rate_1m": 119.49,
        "sensor.hash_rate_15m": 121.91,
        "sensor.factory_hash_rate": 123.11,
        "sensor.target_hash_rate": 123.11,
        "sensor.power": 3490,
        "sensor.efficiency": 29.5,
        "sensor.board_temperature": 62,
        "sensor.chip_temperature": 70.5,
        "sensor.chip_temperature_min": 63,
        "sensor.chip_temperature_max": 82,
        "sensor.psu_temperature": 71.5,
        "sensor.psu_fan_speed": 4980,
        "sensor.psu_input_voltage": 233.5,
        "sensor.psu_input_current": 15.25,
        "sensor.psu_input_power": 3561,
        "sensor.fan_speed_in": 5100,
        "sensor.fan_speed_out": 4980,
        "sensor.coolant_temperature": None,
        "sensor.frequency": 612,
        "number.power_limit": 3600,
        "number.temperature_offset": -4,
        "switch.poweroff_cooling": "on",
        "switch.fan_zero_speed": "off",
    },
    "m60s": {
        "sensor.hash_rate": 167.34,
        "sensor.power": 3155.5,
        "sensor.psu_input_voltage": None,
        "sensor.psu_input_current": None,
        "sensor.psu_input_power": None,
        "sensor.psu_temperature": None,
        "sensor.psu_fan_speed": 6350,
        "sensor.board_temperature": 41,
        "sensor.fan_speed_in": 5400,
        "number.temperature_offset": -4,
    },
    "m64": {
        "sensor.hash_rate": 205.06,
        "sensor.power": 4060,
        "sensor.coolant_temperature": 48.5,
        "sensor.psu_temperature": 55.5,
        "sensor.psu_fan_speed": None,
        "sensor.psu_input_voltage": 230.5,
        "sensor.board_temperature": 58.5,
        "sensor.board3_hash_rate": 52,
        "sensor.board3_temperature": 58.5,
        "number.power_limit": 4200,
        **dict.fromkeys(AIR_ONLY),
    },
    "m7bs": {
        "sensor.hash_rate": 509.84,
        "sensor.power": 7478,
        "sensor.coolant_temperature": 44.25,
        "sensor.psu_temperature": None,
        "sensor.psu_fan_speed": None,
        "sensor.psu_input_voltage": 409,
        "sensor.psu_input_current": 10.5,
        "sensor.psu_input_power": 7480,
        "sensor.frequency": 342.345,
        "sensor.board_temperature": 57.25,
        "sensor.board2_temperature": 48.5,
        "sensor.board3_hash_rate": 132.5,
        "sensor.board3_frequency": 339.255,
        "number.power_limit": 10_030,
        "number.power_percent": 100,
        **dict.fromkeys(AIR_ONLY),
    },
}
# What all of them show.
COMMON: dict[str, Any] = {
    "switch.mining": "on",
    "binary_sensor.running": "on",
    "binary_sensor.stable": "on",
    "binary_sensor.pool_connected": "on",
    "binary_sensor.problem": "off",
    "binary_sensor.write_access": "on",
    "binary_sensor.board0_alive": "on",
    "sensor.status": "mining",
    # Nothing says how high the frequency will be.
    "sensor.tuning_progress": None,
    "sensor.target_frequency": None,
    "sensor.environment_temperature": 24.5,
    "sensor.pool": POOL,
    "sensor.worker": WORKER,
    "sensor.pool_rejection": 0.25,
    "sensor.faults": 0,
    "sensor.fault": "none",
    "sensor.restart_count": 0,
    "sensor.board0_effective_chips": 216,
    "select.power_mode": "normal",
    "number.target_frequency": 0,
    "switch.fast_boot": "off",
    "switch.web_pools": "on",
    "sensor.hash_deviation": None,
    "sensor.preheat_state": None,
    "sensor.board0_accepted_shares": None,
    "sensor.board0_voltage_difference": None,
    "button.preheat": None,
}
# What only V2 has.
COUNTED: dict[str, Any] = {
    "sensor.accepted_shares": 5210,
    "sensor.rejected_shares": 7,
    "sensor.pool_difficulty": 262_144,
}


def shown(added: Added, names: dict[str, Any]) -> dict[str, Any]:
    """Return what these entities show, None for those that do not exist."""
    found: dict[str, Any] = {}
    for name, expected in names.items():
        state: Any = added.shows(name) if added.has(name) else None
        if state is not None and isinstance(expected, int | float):
            state = pytest.approx(expected, abs=0.011) == float(state) and expected
        found[name] = state
    return found


@pytest.mark.parametrize("kind", KINDS)
async def test_each_machine_shows_what_it_reports(home: Home, kind: str) -> None:
    expected = COMMON | EXPECTED[kind] | COUNTED
    async with cases.of_v3(kind) as miner:
        added = await (await home.add(miner)).poll(3)
        assert shown(added, expected) == expected


@pytest.mark.parametrize("kind", KINDS)
async def test_without_v2_only_what_it_alone_has_is_missing(
    home: Home, kind: str
) -> None:
    expected = COMMON | EXPECTED[kind]
    async with cases.of_v3(kind, counts=False) as miner:
        added = await (await home.add(miner)).poll(3)
        assert shown(added, expected) == expected
        assert not any(added.has(name) for name in COUNTED if "difficulty" not in name)


async def test_v2_that_is_closed_later_takes_nothing_else_along(home: Home) -> None:
    async with cases.of_v3("m50") as miner:
        added = await (await home.add(miner)).poll(1)
        await miner.close_v2()
        await home.tick(1200)
        await added.poll(2)
        for name in COUNTED:
            assert added.shows(name) == STATE_UNKNOWN
        assert shown(added, COMMON) == COMMON
