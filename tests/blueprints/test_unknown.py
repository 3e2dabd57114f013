"""What is unknown for long counts as that, whatever its state alternates between."""

from itertools import cycle
from typing import Any, Final

import pytest

from . import Home, use_earlier_get_state

SENSOR: Final = "sensor.outside"
OTHER: Final = "sensor.other"
# By blueprint: the inputs with which mining stops when the sensor has been unknown for 15 minutes,
# and a state of it at which there is mining.
RULES: Final[dict[str, tuple[dict[str, Any], float]]] = {
    "mine_when_cheap": ({"price_sensor": SENSOR, "when_unknown": "stop"}, 0.05),
    "follow_the_sun": ({"grid_power": SENSOR, "full_power": 3400}, -9000),
    "heat": ({"temperature_sensor": SENSOR, "cap": 80}, 20),
    "keep_cool": ({"temperature_sensor": SENSOR, "when_unknown": "stop"}, 20),
}
FLAPPING: Final = [
    ("unknown", "unavailable"),
    ("unavailable", "nan", "unknown"),
    ("", "unknown", "soon"),
]

each_blueprint = pytest.mark.parametrize("blueprint", RULES)
each_flapping = pytest.mark.parametrize("states", FLAPPING, ids=" ".join)


async def automate(home: Home, blueprint: str, **inputs: Any) -> None:
    """Make an automation, with the sensor as it is."""
    given = {**RULES[blueprint][0], **inputs}
    await home.automate(blueprint, miners={"entity_id": "switch.garage"}, **given)


async def minutes_until_stop(
    home: Home, states: tuple[str, ...], most: int = 40, entity_id: str = SENSOR
) -> float:
    """Return for how many minutes a sensor alternates until mining is switched off."""
    for minute, state in zip(range(most), cycle(states), strict=False):
        await home.set(entity_id, state)
        if "power_off" in await home.commands_after(1):
            return minute + 1
    return float("inf")


@each_flapping
@each_blueprint
async def test_a_sensor_that_alternates_is_unknown_for_long(
    home: Home, blueprint: str, states: tuple[str, ...]
) -> None:
    known = RULES[blueprint][1]
    await home.set(SENSOR, known)
    await automate(home, blueprint)
    await home.wait(40)

    assert await minutes_until_stop(home, states) == pytest.approx(16, abs=1)


@each_blueprint
async def test_what_runs_again_meanwhile_is_stopped_again(
    home: Home, blueprint: str
) -> None:
    """The wish is kept, although the sensor changes each minute."""
    await home.set(SENSOR, RULES[blueprint][1])
    await automate(home, blueprint)
    await home.wait(40)
    assert await minutes_until_stop(home, FLAPPING[0]) < 20

    home.garage.miner.state.mining = True
    await home.wait(1)
    again = await minutes_until_stop(home, FLAPPING[0])

    # Except in heat and keep_cool, the minimum time counts.
    assert again < (32 if blueprint in ("mine_when_cheap", "follow_the_sun") else 3)


@each_blueprint
async def test_one_known_value_in_between_begins_it_anew(
    home: Home, blueprint: str
) -> None:
    known = RULES[blueprint][1]
    await home.set(SENSOR, known)
    await automate(home, blueprint)
    await home.wait(40)
    home.take_commands()

    assert await minutes_until_stop(home, FLAPPING[0], most=12) == float("inf")
    await home.set(SENSOR, known)
    await home.wait(1)
    assert await minutes_until_stop(home, FLAPPING[0]) == pytest.approx(16, abs=1)


@each_blueprint
async def test_a_sensor_that_was_never_known_is_unknown_for_long(
    home: Home, blueprint: str
) -> None:
    await home.set(SENSOR, "unknown")
    await home.wait(40)
    await home.set(SENSOR, "unavailable")
    await automate(home, blueprint)

    assert await minutes_until_stop(home, FLAPPING[0]) == pytest.approx(16, abs=1)


@each_blueprint
async def test_after_a_restart_of_home_assistant_it_begins_anew(
    home: Home, blueprint: str
) -> None:
    """Sensors take a while to come back."""
    await home.set(SENSOR, RULES[blueprint][1])
    await automate(home, blueprint)
    await home.wait(40)
    assert await minutes_until_stop(home, FLAPPING[0], most=12) == float("inf")

    async with home.restarted() as (again, _):
        await again.set(SENSOR, "unknown")
        await automate(again, blueprint)
        await again.started()
        assert await minutes_until_stop(again, FLAPPING[0]) == pytest.approx(16, abs=1)


@each_blueprint
async def test_a_network_that_drops_does_not_make_it_known(
    home: Home, blueprint: str
) -> None:
    await home.set(SENSOR, RULES[blueprint][1])
    await automate(home, blueprint)
    await home.wait(40)
    assert await minutes_until_stop(home, FLAPPING[0], most=8) == float("inf")
    await home.garage.miner.disconnect()
    assert await minutes_until_stop(home, FLAPPING[0], most=3) == float("inf")
    assert not home.garage.is_available
    home.garage.miner.reconnect()

    assert await minutes_until_stop(home, FLAPPING[0]) == pytest.approx(5, abs=2)


async def test_the_manual_override_does_not_make_it_known(home: Home) -> None:
    await home.set(OTHER, "off")
    await home.set(SENSOR, 0.05)
    await automate(home, "mine_when_cheap", override=OTHER)
    await home.wait(40)
    await home.set(OTHER, "on")
    assert await minutes_until_stop(home, FLAPPING[0]) == float("inf")

    await home.set(OTHER, "off")
    assert "power_off" in await home.commands_after(1)


@each_flapping
async def test_who_says_what_is_cheap_may_alternate_too(
    home: Home, states: tuple[str, ...]
) -> None:
    await home.set(SENSOR, "on")
    await automate(home, "mine_when_cheap", cheap_now=SENSOR, price_sensor=[])
    await home.wait(40)

    assert await minutes_until_stop(home, states) == pytest.approx(16, abs=1)


@each_flapping
async def test_mining_starts_without_a_price_if_that_is_wanted(
    home: Home, states: tuple[str, ...]
) -> None:
    await home.set(SENSOR, 0.3)
    await automate(home, "mine_when_cheap", when_unknown="mine", min_off=0)
    await home.wait(40)
    assert home.take_commands() == ["power_off"]

    started = []
    for state in (states * 10)[:20]:
        await home.set(SENSOR, state)
        started += await home.commands_after(1)

    assert started == ["power_on"]


@each_flapping
async def test_a_sensor_of_the_cap_that_alternates_stops_mining(
    home: Home, states: tuple[str, ...]
) -> None:
    """The choice of the owner is for the other sensor."""
    await home.set(SENSOR, 20)
    await home.set(OTHER, 40)
    await automate(home, "heat", cap_sensor=OTHER, when_unknown="keep")
    await home.wait(2)

    stopped = await minutes_until_stop(home, states, entity_id=OTHER)
    assert stopped == pytest.approx(16, abs=1)
    home.garage.miner.state.mining = True
    await home.wait(1)
    assert await minutes_until_stop(home, states, entity_id=OTHER) < 3


@pytest.mark.parametrize(
    "states",
    [("heat", "unavailable"), ("unknown", "unavailable"), ("heat", "auto")],
    ids=" ".join,
)
async def test_a_thermostat_without_a_target_may_alternate(
    home: Home, states: tuple[str, ...]
) -> None:
    """Its state may be known, and its target not."""
    thermostat = "climate.room"
    await home.set(SENSOR, 20)
    await home.set(thermostat, "heat", temperature=22)
    await automate(home, "heat", target_entity=thermostat)
    await home.wait(2)

    stopped = await minutes_until_stop(home, states, entity_id=thermostat)
    assert stopped == pytest.approx(16, abs=1)


@each_blueprint
async def test_with_an_earlier_version_the_time_of_the_state_counts(
    home: Home, blueprint: str
) -> None:
    use_earlier_get_state(home.hass)
    await home.set(SENSOR, RULES[blueprint][1])
    await automate(home, blueprint)
    await home.wait(40)
    home.take_commands()

    assert await minutes_until_stop(home, ("unknown",)) == pytest.approx(16, abs=1)
