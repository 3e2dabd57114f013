"""What throttles a miner: a number that others set, and EMHASS with its set-point."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
import json
from pathlib import Path
from typing import Any, Final

from aiohttp.test_utils import TestClient
import probatio
import pytest

from tests import shown
from tests.blueprints import Home

from . import call, cook

SHARE = "input_number.garage_miner_share"
FULL_POWER = 3400
# What EMHASS 0.18.7 posted when it published its plan, in half hours from 10:30.
PUBLISHED: Final = json.loads(
    Path(__file__).with_name("emhass.json").read_text("utf-8")
)


@pytest.fixture
async def share(home: Home) -> None:
    """The number of the page, at 100 %."""
    await cook(home, "A number for others to set")
    await call(home, "input_number.set_value", SHARE, value=100)
    await home.wait(1)
    home.take_commands()


@pytest.mark.usefixtures("share")
async def test_a_share_reaches_the_miner_once(home: Home) -> None:
    await call(home, "input_number.set_value", SHARE, value=60)
    assert await home.commands_after(11) == ["set_power_pct_v2 60"]
    assert shown(home.hass, "number.garage_miner_power_percent") == "60.0"


@pytest.mark.usefixtures("share")
async def test_a_share_is_sent_again_when_the_miner_forgot_it(home: Home) -> None:
    await call(home, "input_number.set_value", SHARE, value=60)
    await call(home, "button.press", "button.garage_miner_restart_mining")
    assert home.take_commands() == ["set_power_pct_v2 60", "restart_btminer"]
    await home.wait(1)

    assert home.garage.shown("binary_sensor", "stable") == "off"
    while home.garage.shown("binary_sensor", "stable") != "on":
        assert home.take_commands() == []
        await home.wait(1)
    assert await home.commands_after(1) == ["set_power_pct_v2 60"]


@pytest.mark.usefixtures("share")
async def test_a_share_waits_for_a_miner_that_is_off(home: Home) -> None:
    await call(home, "switch.turn_off", "switch.garage_miner")
    await home.wait(1)
    home.take_commands()

    await call(home, "input_number.set_value", SHARE, value=60)
    assert await home.commands_after(11) == []


# Solar Optimizer sends round(watts / factor), with the factor cut to a whole number.


def _solar_optimizer(watts: float, factor: float) -> int:
    return round(watts / int(factor))


@pytest.mark.parametrize(("watts", "percent"), [(1360, 40), (2040, 60), (3400, 100)])
@pytest.mark.usefixtures("share")
async def test_solar_optimizer_says_watts_and_the_miner_gets_percent(
    home: Home, watts: int, percent: int
) -> None:
    await call(home, "input_number.set_value", SHARE, value=_solar_optimizer(watts, 34))
    await home.wait(6)

    assert home.garage.miner.state.percent == percent
    assert float(shown(home.hass, SHARE)) * 34 == watts


@pytest.mark.usefixtures("share")
async def test_a_factor_that_is_not_whole_ends_above_all(home: Home) -> None:
    """The page warns of a factor that is not a whole number."""
    with pytest.raises(probatio.Invalid):
        await call(
            home, "input_number.set_value", SHARE, value=_solar_optimizer(3450, 34.5)
        )


# Versatile Thermostat, over valve: between the number's min and max, and only what is new.


@pytest.mark.usefixtures("share")
async def test_versatile_thermostat_finds_a_number_with_limits(home: Home) -> None:
    """The minimum of the number closes the valve."""
    state = home.hass.states.get(SHARE)
    assert state
    lowest, highest = state.attributes["min"], state.attributes["max"]

    for percent, sent in ((75, 75), (0, 40)):
        value = round(max(lowest, min(percent / 100 * highest, highest)))
        await call(home, "input_number.set_value", SHARE, value=value)
        assert await home.commands_after(1) == [f"set_power_pct_v2 {sent}"]


async def test_power_percent_itself_is_unknown_at_first(home: Home) -> None:
    """Other integrations get a number of their own, which is never unknown."""
    assert shown(home.hass, "number.garage_miner_power_percent") == "unknown"


# EMHASS


@pytest.fixture
async def publish(
    home: Home, other_side: TestClient[Any, Any]
) -> Callable[[int], Awaitable[None]]:
    """Publish one half hour of the plan, as `publish-data` does, and let time pass."""
    watts, words = PUBLISHED

    async def publish(step: int) -> None:
        """Publish one half hour of the plan, as `publish-data` does, and let time pass."""
        attributes = watts["json"]["attributes"]
        for post, state in (
            (watts, attributes["deferrables_schedule"][step]["p_deferrable0"]),
            (words, words["json"]["attributes"]["schedule"][step]["value"]),
        ):
            body = {**post["json"], "state": state}
            answer = await other_side.post(post["path"], json=body)
            assert answer.status in {HTTPStatus.OK, HTTPStatus.CREATED}
        await home.fleet.settle()

    await publish(0)
    await cook(home, "EMHASS")
    return publish


async def test_the_miner_follows_the_plan_of_emhass(
    home: Home, publish: Callable[[int], Awaitable[None]]
) -> None:
    assert await home.commands_after(1) == ["power_off"]
    await home.wait(16)

    plan = PUBLISHED[0]["json"]["attributes"]["deferrables_schedule"]
    assert [float(plan[step]["p_deferrable0"]) for step in (7, 8, 11)] == [
        1600,
        3400,
        2100,
    ]
    await publish(7)
    assert await home.commands_after(1) == ["power_on"]
    while home.garage.shown("binary_sensor", "stable") != "on":
        assert await home.commands_after(1) in ([], ["set_power_pct_v2 47"])
    await home.wait(1)
    assert home.garage.miner.state.percent == 47

    for step in (8, 11):
        await publish(step)
        await home.wait(5)
        watts = float(plan[step]["p_deferrable0"])
        assert home.garage.miner.state.percent == pytest.approx(
            watts / FULL_POWER * 100, abs=1
        )
    assert "power_off" not in home.take_commands()


async def test_watts_without_a_minimum_switch_the_miner_off(
    home: Home, publish: Callable[[int], Awaitable[None]]
) -> None:
    """EMHASS may plan 600 W, which is less than the lowest percent."""
    await publish(8)
    await home.wait(35)
    home.take_commands()

    await home.set("sensor.p_deferrable0", "600.0", unit_of_measurement="W")
    assert await home.commands_after(1) == ["power_off"]
