"""What switches a miner: the generic thermostat, and evcc over Home Assistant's own API."""

from http import HTTPStatus
from typing import Any

from aiohttp.test_utils import TestClient
import pytest

from homeassistant.const import EVENT_HOMEASSISTANT_START
from tests import shown
from tests.blueprints import Home

from . import call, cook

ROOM = "sensor.garage_temperature"
THERMOSTAT = "climate.garage"


@pytest.fixture
async def thermostat(home: Home) -> None:
    """The thermostat of the page at 20 °C, in a room of 20 °C; the miner heats."""
    await home.set(ROOM, 20)
    await cook(home, "Generic thermostat")
    for action, data in (
        ("set_temperature", {"temperature": 20}),
        ("set_hvac_mode", {"hvac_mode": "heat"}),
    ):
        await call(home, f"climate.{action}", THERMOSTAT, **data)
    await call(home, "switch.turn_on", "switch.garage_miner")
    await home.wait(31)
    home.take_commands()


async def test_a_thermostat_that_is_off_stops_the_miner_at_a_start(home: Home) -> None:
    """The page warns of the stop. Later the thermostat leaves alone what a person switches on."""
    async with home.restarted() as (again, _):
        await again.set(ROOM, 20)
        await cook(again, "Generic thermostat")
        again.hass.bus.async_fire(EVENT_HOMEASSISTANT_START)
        await again.started()
        assert shown(again.hass, THERMOSTAT) == "off"
        assert again.take_commands() == ["power_off"]

        await call(again, "switch.turn_on", "switch.garage_miner")
        await again.set(ROOM, 30)
        assert await again.commands_after(5) == ["power_on"]


@pytest.mark.usefixtures("thermostat")
async def test_the_thermostat_heats_with_the_miner(home: Home) -> None:
    await home.set(ROOM, 20.6)
    assert home.take_commands() == ["power_off"]
    assert shown(home.hass, THERMOSTAT) == "heat"

    await home.set(ROOM, 20)
    assert await home.commands_after(20) == []

    await home.set(ROOM, 19.4)
    assert home.take_commands() == ["power_on"]


@pytest.mark.usefixtures("thermostat")
async def test_the_thermostat_waits_for_its_minimum_times(home: Home) -> None:
    await call(home, "switch.turn_off", "switch.garage_miner")
    await home.wait(16)
    await home.set(ROOM, 19)
    assert home.take_commands() == ["power_off", "power_on"]

    await home.set(ROOM, 22)
    assert await home.commands_after(28) == []
    assert await home.commands_after(3) == ["power_off"]

    await home.set(ROOM, 18)
    assert await home.commands_after(13) == []
    assert await home.commands_after(3) == ["power_on"]


@pytest.mark.usefixtures("thermostat")
async def test_another_target_acts_at_once(home: Home) -> None:
    """The page warns that minimum times do not count then."""
    await call(home, "climate.set_temperature", THERMOSTAT, temperature=15)
    assert home.take_commands() == ["power_off"]
    await call(home, "climate.set_temperature", THERMOSTAT, temperature=24)
    assert home.take_commands() == ["power_on"]


@pytest.mark.usefixtures("thermostat")
async def test_a_room_that_nobody_measures_changes_nothing(home: Home) -> None:
    await home.set(ROOM, "unavailable")
    assert await home.commands_after(40) == []


# evcc: it reads /api/states/<entity> and posts to /api/services/<domain>/<service>.


async def _read(other_side: TestClient[Any, Any], entity_id: str) -> str:
    answer = await other_side.get(f"/api/states/{entity_id}")
    assert answer.status == HTTPStatus.OK
    return str((await answer.json())["state"])


async def test_evcc_switches_the_miner_and_sees_what_it_draws(
    home: Home, other_side: TestClient[Any, Any]
) -> None:
    """For evcc, "on" and "off" are values, and the power is compared with a standby power."""
    assert await _read(other_side, "switch.garage_miner") == "on"
    assert float(await _read(other_side, "sensor.garage_miner_power")) > 3000

    answer = await other_side.post(
        "/api/services/switch/turn_off", json={"entity_id": "switch.garage_miner"}
    )
    assert answer.status == HTTPStatus.OK
    assert await home.commands_after(1) == ["power_off"]
    assert await _read(other_side, "switch.garage_miner") == "off"
    assert float(await _read(other_side, "sensor.garage_miner_power")) < 100


async def test_evcc_knows_when_nobody_knows(
    home: Home, other_side: TestClient[Any, Any]
) -> None:
    """The program evcc takes "unavailable" and "unknown" for no value, and not for off."""
    await home.garage.miner.disconnect()
    await home.wait(3)

    for entity_id in ("switch.garage_miner", "sensor.garage_miner_power"):
        assert await _read(other_side, entity_id) in {"unavailable", "unknown"}
