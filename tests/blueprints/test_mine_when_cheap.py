"""Mine when power is cheap: which commands reach the miners."""

import asyncio
from functools import partial
from typing import Any

import pytest

from homeassistant.const import CONF_PASSWORD
from simulator import Refused
from tests import Altered, Held, act
from tests.fleet import Fleet, Owned

from . import Automate, Home, take_commands, target

PRICE = "sensor.electricity_price"
CHEAP_NOW = "binary_sensor.cheap_now"
OVERRIDE = "input_boolean.by_hand"
CHEAP, BETWEEN, EXPENSIVE = 0.05, 0.11, 0.3


@pytest.fixture
def inputs(garage: Owned) -> dict[str, Any]:
    """The inputs of the automation: one miner, two prices, and otherwise the defaults."""
    return {
        "miners": target(garage),
        "price_sensor": PRICE,
        "start_price": 0.1,
        "stop_price": 0.12,
    }


@pytest.fixture
async def automate(home: Home, inputs: dict[str, Any]) -> Automate:
    """An automation that starts at a price in between, when the miner has mined for long."""

    async def automate(**changes: Any) -> None:
        """An automation that starts at a price in between, when the miner has mined for long."""
        await home.set(PRICE, BETWEEN)
        await home.automate("mine_when_cheap", **{**inputs, **changes})

    return automate


async def test_it_stops_and_starts_at_prices_of_their_own(
    home: Home, automate: Automate, garage: Owned
) -> None:
    await automate()
    assert await home.commands_after(5, garage) == []

    await home.set(PRICE, 0.1201)
    assert take_commands(garage) == ["power_off"]
    await home.set(PRICE, BETWEEN)
    assert await home.commands_after(20, garage) == []

    await home.set(PRICE, 0.1)
    assert take_commands(garage) == ["power_on"]
    await home.wait(40)
    await home.set(PRICE, 0.12)
    assert await home.commands_after(2, garage) == []


async def test_a_price_that_flaps_switches_nothing_too_often(
    home: Home, automate: Automate, garage: Owned
) -> None:
    await automate(min_on=20, min_off=10)

    times: dict[str, list[float]] = {}
    for minute in range(60):
        await home.set(PRICE, EXPENSIVE if minute % 2 == 0 else CHEAP)
        await home.wait(1)
        for command in take_commands(garage):
            times.setdefault(command, []).append(minute)

    # The price at that moment decides, so it may take a minute more.
    assert times["power_off"] == pytest.approx([0, 31], abs=2)
    assert times["power_on"] == pytest.approx([10, 41], abs=2)


async def test_a_price_is_not_acted_upon_when_it_is_just_over(
    home: Home, automate: Automate, garage: Owned
) -> None:
    """A minimum time often ends with a quarter of an hour, just before the next price comes."""
    await automate(min_on=30, min_off=0)
    await home.set(PRICE, EXPENSIVE)
    await home.set(PRICE, CHEAP)
    assert take_commands(garage) == ["power_off", "power_on"]

    await home.wait(15)
    await home.set(PRICE, EXPENSIVE)
    await home.wait(15)
    await home.set(PRICE, BETWEEN)
    assert await home.commands_after(5, garage) == []


async def test_what_pays_for_use_is_always_mined(
    home: Home, automate: Automate, garage: Owned
) -> None:
    await home.set(CHEAP_NOW, "off")
    await automate(cheap_now=CHEAP_NOW, min_off=0)
    assert await home.commands_after(1, garage) == ["power_off"]

    await home.set(PRICE, -0.02)
    assert take_commands(garage) == ["power_on"]


async def test_what_is_cheap_can_be_said_by_another(
    home: Home, automate: Automate, garage: Owned
) -> None:
    await home.set(CHEAP_NOW, "on")
    await automate(cheap_now=CHEAP_NOW, price_sensor=[], min_off=0)
    assert await home.commands_after(2, garage) == []

    await home.set(CHEAP_NOW, "off")
    assert take_commands(garage) == ["power_off"]
    await home.set(CHEAP_NOW, "on")
    assert take_commands(garage) == ["power_on"]


@pytest.mark.parametrize("unknown", ["unavailable", "unknown", "soon", "nan"])
@pytest.mark.parametrize(
    ("when_unknown", "commands"), [("keep", []), ("stop", ["power_off"]), ("mine", [])]
)
async def test_a_price_that_nobody_knows_changes_nothing_for_a_while(
    home: Home,
    automate: Automate,
    garage: Owned,
    unknown: str,
    when_unknown: str,
    commands: list[str],
) -> None:
    await automate(when_unknown=when_unknown, unknown_for=15)

    await home.set(PRICE, unknown)
    assert await home.commands_after(14, garage) == []
    assert await home.commands_after(2, garage) == commands


async def test_mining_starts_when_nobody_knows_the_price_if_that_is_wanted(
    home: Home, automate: Automate, garage: Owned
) -> None:
    await automate(when_unknown="mine", unknown_for=5, min_on=0)
    await home.set(PRICE, EXPENSIVE)
    assert await home.commands_after(20, garage) == ["power_off"]

    await home.set(PRICE, "unavailable")
    assert await home.commands_after(6, garage) == ["power_on"]
    await home.set(PRICE, EXPENSIVE)
    assert take_commands(garage) == ["power_off"]


async def test_a_sensor_that_was_removed_is_one_that_nobody_knows(
    home: Home, automate: Automate, garage: Owned
) -> None:
    """A missing sensor causes no error in the log each minute."""
    await automate(when_unknown="stop", unknown_for=15)

    home.hass.states.async_remove(PRICE)
    assert await home.commands_after(16, garage) == ["power_off"]


async def test_by_hand_means_by_hand(
    home: Home, automate: Automate, garage: Owned
) -> None:
    await home.set(OVERRIDE, "on")
    await automate(override=OVERRIDE)
    await home.set(PRICE, EXPENSIVE)
    assert await home.commands_after(5, garage) == []

    await home.set(OVERRIDE, "off")
    assert take_commands(garage) == ["power_off"]


async def test_a_command_that_failed_is_repeated(
    home: Home, automate: Automate, garage: Owned
) -> None:
    await automate()
    garage.miner.misbehave("power_off", Refused(132), times=2)
    await home.set(PRICE, EXPENSIVE)
    assert take_commands(garage) == ["power_off"]
    assert garage.miner.state.mining

    assert await home.commands_after(2, garage) == ["power_off", "power_off"]
    assert not garage.miner.state.mining
    assert await home.commands_after(5, garage) == []


async def test_one_that_fails_leaves_no_other_on(
    home: Home, automate: Automate, garage: Owned, hall: Owned
) -> None:
    await automate(miners=target(garage, hall))
    garage.miner.misbehave("power_off", Refused(132))

    await home.set(PRICE, EXPENSIVE)

    assert take_commands(garage) == ["power_off"]
    assert take_commands(hall) == ["power_off"]
    assert not hall.miner.state.mining


async def test_a_miner_that_takes_long_keeps_no_other_on(
    home: Home, automate: Automate, garage: Owned, hall: Owned
) -> None:
    await automate(miners=target(garage, hall), min_off=0)
    await act(home.hass, "switch.turn_off", "switch.hall")
    take_commands(hall)
    held = Held()
    hall.miner.misbehave("power_on", held)
    home.hass.states.async_set(PRICE, str(CHEAP))
    await held.reached.wait()

    home.hass.states.async_set(PRICE, str(EXPENSIVE))
    while "power_off" not in take_commands(garage):
        await asyncio.sleep(0)
    held.release.set()
    await home.fleet.settle()


@pytest.mark.parametrize("how", ["power_off", "percent"])
async def test_a_miner_that_is_only_read_is_told_nothing(
    home: Home,
    automate: Automate,
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
    home: Home, automate: Automate, garage: Owned
) -> None:
    """A miner mines after a power cut, whatever it did before."""
    await automate(min_on=0)
    await home.set(PRICE, EXPENSIVE)
    assert take_commands(garage) == ["power_off"]
    await garage.miner.disconnect()
    await home.wait(3)
    assert not garage.is_available

    garage.miner.state.mining = True
    garage.miner.reconnect()
    assert await home.commands_after(2, garage) == ["power_off"]


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
        assert await again.commands_after(5, miner) == []
        await again.set(PRICE, "unavailable")
        await again.wait(5)
        await again.set(PRICE, CHEAP)
        assert await again.commands_after(5, miner) == []

        # The new Home Assistant has not seen for how long the miner has mined.
        await again.set(PRICE, EXPENSIVE)
        assert take_commands(miner) == ["power_off"]


async def test_a_command_that_a_restart_came_before_is_made_up_for(
    home: Home, automate: Automate, garage: Owned, inputs: dict[str, Any]
) -> None:
    """The automation acts on the price, not on a change of it."""
    inputs["miners"] = {"entity_id": "switch.garage"}
    await automate()
    await home.close()
    await home.set(PRICE, EXPENSIVE)
    assert take_commands(garage) == []

    async with home.restarted(garage) as (again, (miner,)):
        await again.set(PRICE, EXPENSIVE)
        await again.automate("mine_when_cheap", **inputs)
        await again.started()

        assert take_commands(miner) == ["power_off"]


# Less power


@pytest.fixture
def owned(request: pytest.FixtureRequest, garage: Owned, hall: Owned) -> Owned:
    """One of the miners, by its name."""
    found: Owned = {"garage": garage, "hall": hall}[request.param]
    return found


@pytest.fixture
async def throttle(automate: Automate) -> Automate:
    """An automation that lowers the power to 40 % when electricity is expensive."""
    return partial(automate, how="percent", low_percent=40)


async def test_less_power_can_be_enough(
    home: Home, throttle: Automate, garage: Owned
) -> None:
    await throttle()
    await home.set(PRICE, EXPENSIVE)
    assert take_commands(garage) == ["set_power_pct_v2 40"]
    await home.wait(10)
    await home.set(PRICE, BETWEEN)
    assert await home.commands_after(2, garage) == []

    await home.set(PRICE, CHEAP)
    assert take_commands(garage) == ["set_power_pct_v2 100"]
    assert await home.commands_after(10, garage) == []


async def test_a_percent_that_is_told_with_a_fraction_is_the_same(
    home: Home, throttle: Automate, hall: Owned
) -> None:
    """The percent is not set again each minute."""
    await throttle(miners=target(hall))
    await home.set(PRICE, EXPENSIVE)
    assert take_commands(hall) == ["set_power_pct_v2 40"]
    hall.miner.misbehave("status", Altered('"power_pct":40', '"power_pct":40.4'))

    await home.wait(5)

    assert hall.shown("number", "power_percent") == "40.4"
    assert take_commands(hall) == []


async def test_less_power_can_be_fast(
    home: Home, throttle: Automate, garage: Owned
) -> None:
    """The fast method acts within a second, as a price spike needs it."""
    await throttle(percent_method="fast")

    await home.set(PRICE, EXPENSIVE)

    assert take_commands(garage) == ["set_power_pct 40"]


@pytest.mark.parametrize("owned", ["garage", "hall"], indirect=True)
async def test_less_power_comes_back_once_a_restarted_miner_is_tuned(
    home: Home, throttle: Automate, owned: Owned
) -> None:
    """A restart makes a miner forget its percent, and so would the tuning after it."""
    await throttle(miners=target(owned))
    await home.set(PRICE, EXPENSIVE)
    assert await home.commands_after(5, owned) == ["set_power_pct_v2 40"]

    await act(home.hass, "button.press", owned.entity_id("button", "restart_mining"))
    assert take_commands(owned) == ["restart_btminer"]
    await home.wait(1)
    assert owned.shown("binary_sensor", "stable") == "off"
    while owned.shown("binary_sensor", "stable") != "on":
        assert take_commands(owned) == []
        await home.wait(1)
    assert await home.commands_after(1, owned) == ["set_power_pct_v2 40"]


async def test_a_stopped_miner_is_not_started_to_use_less(
    home: Home, throttle: Automate, garage: Owned
) -> None:
    await throttle()
    await act(home.hass, "switch.turn_off", "switch.garage")
    await home.wait(1)
    take_commands(garage)

    for price in (EXPENSIVE, CHEAP):
        await home.set(PRICE, price)
        await home.wait(20)

    assert take_commands(garage) == []


# Break-even


@pytest.fixture
async def old(fleet: Fleet) -> Owned:
    """A miner that is less efficient than the one in the garage."""
    return await fleet.add("Old", generation="v1", model="M20S")


@pytest.fixture
async def worth(
    home: Home, automate: Automate, garage: Owned, old: Owned
) -> dict[str, float]:
    """The break-even prices of two miners, at which they stop."""
    for owned in (garage, old):
        home.hass.config_entries.async_update_entry(
            owned.entry, options={"hash_price": 50, "hash_price_unit": "per_petahash"}
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
    take_commands(old)
    take_commands(garage)
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
    assert (take_commands(old), take_commands(garage)) == (["power_off"], [])
    await home.set(PRICE, high + 0.01)
    assert (take_commands(old), take_commands(garage)) == ([], ["power_off"])

    # The break-even price is known while the miners are stopped.
    await home.wait(3)
    await home.set(PRICE, high - 0.003)
    await home.wait(1)
    assert (take_commands(old), take_commands(garage)) == ([], [])
    await home.set(PRICE, high - 0.007)
    assert (take_commands(old), take_commands(garage)) == ([], ["power_on"])
    await home.set(PRICE, low - 0.007)
    assert (take_commands(old), take_commands(garage)) == (["power_on"], [])


async def test_one_that_fails_to_stop_keeps_no_other_from_starting(
    home: Home, worth: dict[str, float], garage: Owned, old: Owned
) -> None:
    await act(home.hass, "switch.turn_off", "switch.garage")
    await home.wait(0.5)
    take_commands(garage)
    old.miner.misbehave("power_off", Refused(132))

    await home.set(PRICE, (worth["Old"] + worth["Garage"]) / 2)

    assert take_commands(old) == ["power_off"]
    assert take_commands(garage) == ["power_on"]
