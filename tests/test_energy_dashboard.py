"""The Energy dashboard accepts the sensors of a miner."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)
from pytest_homeassistant_custom_component.typing import (
    RecorderInstanceContextManager,
    WebSocketGenerator,
)

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from . import Clock
from .conftest import START

pytestmark = pytest.mark.parametrize("platforms", [(Platform.SENSOR,)], ids=[""])

ENERGY = "sensor.miner_energy"
POWER = "sensor.miner_power"
DEVICE = {"stat_consumption": ENERGY, "stat_rate": POWER, "name": "Miner"}
# A miner does not belong there. But while Home Assistant takes any power for a device, it
# checks that of the grid.
GRID = {
    "type": "grid",
    "stat_energy_from": ENERGY,
    "stat_energy_to": None,
    "stat_cost": None,
    "stat_compensation": None,
    "entity_energy_price": None,
    "number_energy_price": None,
    "entity_energy_price_export": None,
    "number_energy_price_export": None,
    "stat_rate": POWER,
    "cost_adjustment_day": 0.0,
}


@pytest.fixture
async def mock_recorder_before_hass(
    async_test_recorder: RecorderInstanceContextManager,
) -> None:
    """Prepare the recorder before Home Assistant."""


@pytest.mark.usefixtures("recorder_mock", "set_up")
async def test_the_energy_dashboard_has_no_complaint(
    hass: HomeAssistant,
    clock: Clock,
    hass_ws_client: WebSocketGenerator,
) -> None:
    """Device classes, units and statistics of energy and power are what the dashboard expects."""
    assert await async_setup_component(hass, "energy", {})
    await clock.next_poll(10)
    await async_wait_recording_done(hass)
    do_adhoc_statistics(hass, start=START)
    await async_wait_recording_done(hass)
    client = await hass_ws_client()

    async def command(kind: str, **arguments: Any) -> Any:
        await client.send_json_auto_id({"type": kind, **arguments})
        answer = await client.receive_json()
        assert answer["success"], answer
        return answer["result"]

    await command(
        "energy/save_prefs", energy_sources=[GRID], device_consumption=[DEVICE]
    )

    assert await command("energy/validate") == {
        "energy_sources": [[]],
        "device_consumption": [[]],
        "device_consumption_water": [],
    }
