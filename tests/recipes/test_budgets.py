"""What sets the power budget of a site: anything over the API, EMHASS, evcc, a thermostat."""

from http import HTTPStatus
import json
import re
from typing import Any, Final

from aiohttp.test_utils import TestClient
import pytest

from tests import shown
from tests.blueprints import Home
from tests.site import ALL, Site, add_site

from . import PAGE, call, cook
from .test_throttling import PUBLISHED

FULL_POWER: Final = 3400
ROOM: Final = "sensor.shed_temperature"


@pytest.fixture
async def shed(home: Home) -> Site:
    """The site of the page, with its options, in which the miner is free to be switched."""
    options = {
        "budget_expires": 20,
        "budget_unknown": "stop",
        "minutes_on": 0,
        "minutes_off": 0,
    }
    shed = await add_site(home.fleet, "Shed", **ALL, **options)
    await call(home, "number.set_value", "number.shed_power_budget", value=20000)
    await call(home, "switch.turn_on", "switch.shed_follow_plan")
    await home.wait(3)
    home.take_commands()
    return shed


def test_the_page_says_which_options_the_site_has() -> None:
    assert "| Power budget expires after | `20` |" in PAGE.read_text("utf-8")


@pytest.mark.usefixtures("shed")
async def test_a_budget_comes_over_the_api(
    home: Home, other_side: TestClient[Any, Any]
) -> None:
    """The request is that of the page."""
    found = re.search(
        r"^POST (\S+)\n.*?(\{.*?\})$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert found
    body = json.loads(found[2])

    for watts in (body["value"], FULL_POWER * 0.75):
        answer = await other_side.post(found[1], json=body | {"value": watts})
        assert answer.status == HTTPStatus.OK
        await home.wait(2)
    (command,) = home.take_commands()
    assert re.fullmatch(r"set_power_pct_v2 7[0-5]", command)


@pytest.mark.parametrize("minutes", [10, 60])
async def test_a_budget_that_nobody_sets_anew_expires(
    home: Home, shed: Site, minutes: int
) -> None:
    """After 20 minutes it is unknown, and nothing changes for 15 minutes more."""
    commands = await home.commands_after(minutes)

    assert commands == (["power_off"] if minutes > 35 else [])
    assert (shed.shown("plan") == "input_unknown") == (minutes > 20)


@pytest.mark.usefixtures("shed")
async def test_emhass_sets_the_budget(
    home: Home, other_side: TestClient[Any, Any]
) -> None:
    """While it publishes, also the same; when it stops, the budget expires."""
    watts, _ = PUBLISHED
    await cook(home, "EMHASS and a site")

    async def publish(state: float, minutes: int) -> None:
        for _ in range(minutes // 5):
            body = {**watts["json"], "state": str(state)}
            answer = await other_side.post(watts["path"], json=body)
            assert answer.status in {HTTPStatus.OK, HTTPStatus.CREATED}
            await home.wait(5)

    await publish(FULL_POWER * 0.75, 60)
    assert shown(home.hass, "number.shed_power_budget") == "2550.0"
    (command,) = home.take_commands()
    assert re.fullmatch(r"set_power_pct_v2 7[0-5]", command)

    await publish(0, 5)
    assert home.take_commands() == ["power_off"]
    await publish(4000, 40)
    assert home.take_commands()[0] == "power_on"
    assert await home.commands_after(30) == []
    assert await home.commands_after(20) == ["power_off"]


@pytest.mark.usefixtures("shed")
async def test_evcc_sets_the_budget(
    home: Home, other_side: TestClient[Any, Any]
) -> None:
    """It enables, and sets a current; it reads a status, a power and a current."""
    await cook(home, "evcc and a site")

    async def post(action: str, entity_id: str, **data: Any) -> None:
        """Call an action as evcc does; it sets a current before it enables."""
        body = {"entity_id": entity_id, **data}
        answer = await other_side.post(f"/api/services/{action}", json=body)
        assert answer.status == HTTPStatus.OK
        await home.wait(1)

    await post("input_number/set_value", "input_number.shed_current", value=20)
    assert home.take_commands() == ["power_off"]
    assert shown(home.hass, "sensor.shed_charging_status") == "B"
    await post("input_boolean/turn_on", "input_boolean.shed_enabled")
    assert home.take_commands() == ["power_on"]
    await home.wait(40)
    assert shown(home.hass, "sensor.shed_charging_status") == "C"

    await post("input_number/set_value", "input_number.shed_current", value=10)
    assert shown(home.hass, "number.shed_power_budget") == "2300.0"
    await home.wait(5)
    power = float(shown(home.hass, "sensor.shed_power"))
    assert 1700 < power < 2300
    current = float(shown(home.hass, "sensor.shed_measured_current"))
    assert current == pytest.approx(power / 230, abs=0.1)

    home.take_commands()
    await post("input_boolean/turn_off", "input_boolean.shed_enabled")
    assert home.take_commands() == ["power_off"]


@pytest.mark.usefixtures("shed")
async def test_a_thermostat_sets_the_budget(home: Home) -> None:
    """While its sensor is dead, nobody sets it, and so it expires."""
    await home.set(ROOM, 18)
    await cook(home, "A thermostat and a site")
    for action, data in (
        ("set_temperature", {"temperature": 20}),
        ("set_hvac_mode", {"hvac_mode": "heat"}),
    ):
        await call(home, f"climate.{action}", "climate.shed", **data)
    await home.wait(6)
    assert shown(home.hass, "number.shed_power_budget") == "6000.0"
    assert home.take_commands() == []

    await home.set(ROOM, 20.6)
    assert await home.commands_after(1) == ["power_off"]
    await home.set(ROOM, 19.4)
    assert await home.commands_after(1) == ["power_on"]

    await home.set(ROOM, "unavailable")
    assert await home.commands_after(30) == []
    assert await home.commands_after(10) == ["power_off"]
