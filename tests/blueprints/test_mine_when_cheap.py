"""Mine when power is cheap: what reaches the miners, and what does not."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from homeassistant.const import CONF_PASSWORD
from simulator import Refused
from tests import Altered, Held, act
from tests.fleet import Fleet, Owned

from . import Home, target, told

PRICE = "sensor.electricity_price"
CHEAP_NOW = "binary_sensor.cheap_now"
OVERRIDE = "input_boolean.by_hand"
CHEAP, BETWEEN, EXPENSIVE = 0.05, 0.11, 0.3


@pytest.fixture
def inputs(garage: Owned) -> dict[str, Any]:
    """What the automation is made of: one miner, two prices, and everything else as it comes."""
    return {
        "miners": target(garage),
        "price_sensor": PRICE,
        "start_price": 0.1,
        "stop_price": 0.12,
    }


@pytest.fixture
async def automate(home: Home, inputs: dict[str, Any]) -> Callable[..., Any]:
    """Makes the automation; the price is neither cheap nor expensive, the miner long on."""

    async def automate(**changes: Any) -> None:
        await home.set(PRICE, BETWEEN)
        await home.automate("mine_when_cheap", **{**inputs, **changes})

    return automate


async def test_it_stops_and_starts_at_prices_of_their_own(
    home: Home, automate: Callable[..., Any], garage: Owned
) -> None:
    await automate()
    await home.wait(5)
    assert told(garage) == []

    await home.set(PRICE, 0.1201)
    assert told(garage) == ["power_off"]
    await home.set(PRICE, BETWEEN)
    await home.wait(20)
    assert told(garage) == []

    await home.set(PRICE, 0.1)
    assert told(garage) == ["power_on"]
    await home.wait(40)
    await home.set(PRICE, 0.12)
    await home.wait(2)
    assert told(garage) == []


async def test_a_price_that_flaps_switches_nothing_too_often(
    home: Home, automate: Callable[..., Any], garage: Owned
) -> None:
    await automate(min_on=20, min_off=10)

    times: dict[str, list[float]] = {}
    for minute in range(60):
        await home.set(PRICE, EXPENSIVE if minute % 2 == 0 else CHEAP)
        await home.wait(1)
        for command in told(garage):
            times.setdefault(command, []).append(minute)

    # Which of the two prices there is just then decides; it may take a minute more.
    assert times["power_off"] == pytest.approx([0, 31], abs=2)
    assert times["power_on"] == pytest.approx([10, 41], abs=2)


async def test_a_price_is_not_acted_upon_when_it_is_just_over(
    home: Home, automate: Callable[..., Any], garage: Owned
) -> None:
    """A minimum time often ends with a quarter of an hour, just before the next price comes."""
    await automate(min_on=30, min_off=0)
    await home.set(PRICE, EXPENSIVE)
    await home.set(PRICE, CHEAP)
    assert told(garage) == ["power_off", "power_on"]

    await home.wait(15)
    await home.set(PRICE, EXPENSIVE)
    await home.wait(15)
    await home.set(PRICE, BETWEEN)
    await home.wait(5)

    assert told(garage) == []


async def test_what_pays_for_use_is_always_mined(
    home: Home, automate: Callable[..., Any], garage: Owned
) -> None:
    await home.set(CHEAP_NOW, "off")
    await automate(cheap_now=CHEAP_NOW, min_off=0)
    await home.wait(1)
    assert told(garage) == ["power_off"]

    await home.set(PRICE, -0.02)
    assert told(garage) == ["power_on"]


async def test_what_is_cheap_can_be_said_by_another(
    home: Home, automate: Callable[..., Any], garage: Owned
) -> None:
    await home.set(CHEAP_NOW, "on")
    await automate(cheap_now=CHEAP_NOW, price_sensor=[], min_off=0)
    await home.wait(2)
    assert told(garage) == []

    await home.set(CHEAP_NOW, "off")
    assert told(garage) == ["power_off"]
    await home.set(CHEAP_NOW, "on")
    assert told(garage) == ["power_on"]


@pytest.mark.parametrize("unknown", ["unavailable", "unknown", "soon", "nan"])
@pytest.mark.parametrize(
    ("when_unknown", "commands"), [("keep", []), ("stop", ["power_off"]), ("mine", [])]
)
async def test_a_price_that_nobody_knows_changes_nothing_for_a_while(
    home: Home,
    automate: Callable[..., Any],
    garage: Owned,
    unknown: str,
    when_unknown: str,
    commands: list[str],
) -> None:
    await automate(when_unknown=when_unknown, unknown_for=15)

    await home.set(PRICE, unknown)
    await home.wait(14)
    assert told(garage) == []
    await home.wait(2)
    assert told(garage) == commands


async def test_mining_starts_when_nobody_knows_the_price_if_that_is_wanted(
    home: Home, automate: Callable[..., Any], garage: Owned
) -> None:
    await automate(when_unknown="mine", unknown_for=5, min_on=0)
    await home.set(PRICE, EXPENSIVE)
    await home.wait(20)
    assert told(garage) == ["power_off"]

    await home.set(PRICE, "unavailable")
    await home.wait(6)
    assert told(garage) == ["power_on"]
    await home.set(PRICE, EXPENSIVE)
    assert told(garage) == ["power_off"]


async def test_a_sensor_that_was_removed_is_one_that_nobody_knows(
    home: Home, automate: Callable[..., Any], garage: Owned
) -> None:
    """It does not cause an error in the log each minute."""
    await automate(when_unknown="stop", unknown_for=15)

    home.hass.states.async_remove(PRICE)
    await home.wait(16)

    assert told(garage) == ["power_off"]


async def test_by_hand_means_by_hand(
    home: Home, automate: Callable[..., Any], garage: Owned
) -> None:
    await home.set(OVERRIDE, "on")
    await automate(override=OVERRIDE)
    await home.set(PRICE, EXPENSIVE)
    await home.wait(5)
    assert told(garage) == []

    await home.set(OVERRIDE, "off")
    assert told(garage) == ["power_off"]


async def test_a_command_that_failed_is_repeated(
    home: Home, automate: Callable[..., Any], garage: Owned
) -> None:
    await automate()
    garage.miner.misbehave("power_off", Refused(132), times=2)
    await home.set(PRICE, EXPENSIVE)
    assert told(garage) == ["power_off"]
    assert garage.miner.state.mining

    await home.wait(2)

    assert told(garage) == ["power_off", "power_off"]
    assert not garage.miner.state.mining
    await home.wait(5)
    assert told(garage) == []


async def test_one_that_fails_leaves_no_other_on(
    home: Home, automate: Callable[..., Any], garage: Owned, hall: Owned
) -> None:
    await automate(miners=target(garage, hall))
    garage.miner.misbehave("power_off", Refused(132))

    await home.set(PRICE, EXPENSIVE)

    assert told(garage) == ["power_off"]
    assert told(hall) == ["power_off"]
    assert not hall.miner.state.mining


async def test_a_miner_that_takes_long_keeps_no_other_on(
    home: Home, automate: Callable[..., Any], garage: Owned, hall: Owned
) -> None:
    await automate(miners=target(garage, hall), min_off=0)
    await act(home.hass, "switch.turn_off", "switch.hall")
    told(hall)
    held = Held()
    hall.miner.misbehave("power_on", held)
    home.hass.states.async_set(PRICE, str(CHEAP))
    await held.reached.wait()

    home.hass.states.async_set(PRICE, str(EXPENSIVE))
    while "power_off" not in told(garage):
        await asyncio.sleep(0)
    held.release.set()
    await home.fleet.settle()


@pytest.mark.parametrize("how", ["power_off", "percent"])
async def test_a_miner_that_is_only_read_is_told_nothing(
    home: Home,
    automate: Callable[..., Any],
    fleet: Fleet,
    caplog: pytest.LogCaptureFixture,
    how: str,
) -> None:
    """Refused commands would fill the log."""
    attic = await fleet.know("Attic")
    home.hass.config_entries.async_update_entry(
        attic.entry, data={**attic.entry.data, CONF_PASSWORD: ""}
    )
    await fleet.set_up(attic)
    await automate(miners=target(attic), how=how)

    await home.set(PRICE, EXPENSIVE)
    await home.wait(2)

    assert attic.miner.writes == []
    assert "without a password" not in caplog.text


async def test_a_miner_that_comes_back_is_told_again(
    home: Home, automate: Callable[..., Any], garage: Owned
) -> None:
    """A miner mines after a power cut, whatever it did before."""
    await automate(min_on=0)
    await home.set(PRICE, EXPENSIVE)
    assert told(garage) == ["power_off"]
    await garage.miner.disconnect()
    await home.wait(3)
    assert not garage.is_available

    garage.miner.state.mining = True
    garage.miner.reconnect()
    await home.wait(2)

    assert told(garage) == ["power_off"]


async def test_a_restart_of_home_assistant_switches_nothing_wrongly(
    home: Home, garage: Owned, inputs: dict[str, Any]
) -> None:
    inputs["miners"] = {"entity_id": "switch.garage"}
    await home.set(PRICE, CHEAP)
    await home.automate("mine_when_cheap", **inputs, when_unknown="stop")
    await home.wait(40)

    async with home.restarted(garage) as (again, (miner,)):
        await again.automate("mine_when_cheap", **inputs, when_unknown="stop")
        await again.started()
        await again.wait(5)
        assert told(miner) == []
        await again.set(PRICE, "unavailable")
        await again.wait(5)
        await again.set(PRICE, CHEAP)
        await again.wait(5)
        assert told(miner) == []

        # It has mined for long enough, which the new Home Assistant did not see.
        await again.set(PRICE, EXPENSIVE)
        assert told(miner) == ["power_off"]


async def test_a_command_that_a_restart_came_before_is_made_up_for(
    home: Home, automate: Callable[..., Any], garage: Owned, inputs: dict[str, Any]
) -> None:
    """The automation acts on the price, not on a change of it."""
    inputs["miners"] = {"entity_id": "switch.garage"}
    await automate()
    await home.close()
    await home.set(PRICE, EXPENSIVE)
    assert told(garage) == []

    async with home.restarted(garage) as (again, (miner,)):
        await again.set(PRICE, EXPENSIVE)
        await again.automate("mine_when_cheap", **inputs)
        await again.started()

        assert told(miner) == ["power_off"]


# Less power


@pytest.fixture
def owned(request: pytest.FixtureRequest, garage: Owned, hall: Owned) -> Owned:
    """One of the miners, by its name."""
    found: Owned = {"garage": garage, "hall": hall}[request.param]
    return found


@pytest.fixture
async def throttle(automate: Callable[..., Any]) -> Callable[..., Any]:
    """Makes an automation that lowers the power to 40 % when electricity is expensive."""
    return partial(automate, how="percent", low_percent=40)


async def test_less_power_can_be_enough(
    home: Home, throttle: Callable[..., Any], garage: Owned
) -> None:
    await throttle()
    await home.set(PRICE, EXPENSIVE)
    assert told(garage) == ["set_power_pct_v2 40"]
    await home.wait(10)
    await home.set(PRICE, BETWEEN)
    await home.wait(2)
    assert told(garage) == []

    await home.set(PRICE, CHEAP)
    assert told(garage) == ["set_power_pct_v2 100"]
    await home.wait(10)
    assert told(garage) == []


async def test_a_percent_that_is_told_with_a_fraction_is_the_same(
    home: Home, throttle: Callable[..., Any], hall: Owned
) -> None:
    """It is not set again each minute."""
    await throttle(miners=target(hall))
    await home.set(PRICE, EXPENSIVE)
    assert told(hall) == ["set_power_pct_v2 40"]
    hall.miner.misbehave("status", Altered('"power_pct":40', '"power_pct":40.4'))

    await home.wait(5)

    assert hall.shown("number", "power_percent") == "40.4"
    assert told(hall) == []


async def test_less_power_can_be_fast(
    home: Home, throttle: Callable[..., Any], garage: Owned
) -> None:
    """The fast method acts within a second, as a price spike needs it."""
    await throttle(percent_method="fast")

    await home.set(PRICE, EXPENSIVE)

    assert told(garage) == ["set_power_pct 40"]


@pytest.mark.parametrize("owned", ["garage", "hall"], indirect=True)
async def test_less_power_comes_back_once_a_restarted_miner_is_tuned(
    home: Home, throttle: Callable[..., Any], owned: Owned
) -> None:
    """A restart makes a miner forget its percent, and so does the end of tuning."""
    await throttle(miners=target(owned))
    await home.set(PRICE, EXPENSIVE)
    await home.wait(5)
    assert told(owned) == ["set_power_pct_v2 40"]

    await act(home.hass, "button.press", owned.entity_id("button", "restart_mining"))
    assert told(owned) == ["restart_btminer"]
    await home.wait(1)
    assert owned.shown("binary_sensor", "stable") == "off"
    while owned.shown("binary_sensor", "stable") != "on":
        assert told(owned) == []
        await home.wait(1)
    await home.wait(1)

    assert told(owned) == ["set_power_pct_v2 40"]


async def test_a_stopped_miner_is_not_started_to_use_less(
    home: Home, throttle: Callable[..., Any], garage: Owned
) -> None:
    await throttle()
    await act(home.hass, "switch.turn_off", "switch.garage")
    await home.wait(1)
    told(garage)

    for price in (EXPENSIVE, CHEAP):
        await home.set(PRICE, price)
        await home.wait(20)

    assert told(garage) == []


# Break-even


@pytest.fixture
async def old(fleet: Fleet) -> Owned:
    """A miner that is not as efficient as the one in the garage."""
    return await fleet.add("Old", generation="v1", model="M20S")


@pytest.fixture
async def worth(
    home: Home, automate: Callable[..., Any], garage: Owned, old: Owned
) -> dict[str, float]:
    """The break-even prices of two miners, at which they stop."""
    for owned in (garage, old):
        home.hass.config_entries.async_update_entry(
            owned.entry,
            options={"hash_price": 50, "hash_price_unit": "per_petahash"},
        )
        owned.coordinator.async_apply_options()
    await home.wait(1)
    await automate(
        miners=target(garage, old),
        use_break_even=True,
        break_even_margin=0.005,
        min_on=0,
        min_off=0,
    )
    told(old)
    told(garage)
    return {
        owned.entry.title: float(owned.shown("sensor", "break_even_price"))
        for owned in (garage, old)
    }


async def test_each_miner_can_stop_at_its_own_price(
    home: Home, worth: dict[str, float], garage: Owned, old: Owned
) -> None:
    """The least efficient miner stops first and starts last."""
    low, high = worth["Old"], worth["Garage"]
    assert high > low + 0.02

    await home.set(PRICE, (low + high) / 2)
    assert (told(old), told(garage)) == (["power_off"], [])
    await home.set(PRICE, high + 0.01)
    assert (told(old), told(garage)) == ([], ["power_off"])

    # While they are stopped, it is known all the same.
    await home.wait(3)
    await home.set(PRICE, high - 0.003)
    await home.wait(1)
    assert (told(old), told(garage)) == ([], [])
    await home.set(PRICE, high - 0.007)
    assert (told(old), told(garage)) == ([], ["power_on"])
    await home.set(PRICE, low - 0.007)
    assert (told(old), told(garage)) == (["power_on"], [])


async def test_one_that_fails_to_stop_keeps_no_other_from_starting(
    home: Home, worth: dict[str, float], garage: Owned, old: Owned
) -> None:
    await act(home.hass, "switch.turn_off", "switch.garage")
    await home.wait(0.5)
    told(garage)
    old.miner.misbehave("power_off", Refused(132))

    await home.set(PRICE, (worth["Old"] + worth["Garage"]) / 2)

    assert told(old) == ["power_off"]
    assert told(garage) == ["power_on"]
