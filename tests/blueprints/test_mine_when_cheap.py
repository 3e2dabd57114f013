"""Mine when power is cheap: which commands reach the miners."""

import asyncio
from typing import Any

import pytest

from homeassistant.const import CONF_PASSWORD
from simulator import Refused
from tests import Altered, Held, act
from tests.fleet import Fleet, Owned

from . import Home, either_protocol, take_commands, target

PRICE = "sensor.electricity_price"
CHEAP_NOW = "binary_sensor.cheap_now"
OVERRIDE = "input_boolean.by_hand"
CHEAP, BETWEEN, EXPENSIVE = 0.05, 0.11, 0.3


async def mine_when_cheap(home: Home, *miners: Owned, **inputs: Any) -> None:
    """Mine at 0.10 or less, and stop above 0.12; by default in the garage."""
    defaults = {
        "miners": target(*(miners or [home.garage])),
        "price_sensor": PRICE,
        "start_price": 0.1,
        "stop_price": 0.12,
    }
    await home.automate("mine_when_cheap", **{**defaults, **inputs})


async def automate(home: Home, *miners: Owned, **inputs: Any) -> None:
    """Mine when power is cheap, from a price in between on, when the miner has mined for long."""
    await home.set(PRICE, BETWEEN)
    await mine_when_cheap(home, *miners, **inputs)


async def throttle(home: Home, *miners: Owned, **inputs: Any) -> None:
    """Lower the power to 40 % when electricity is expensive."""
    await automate(home, *miners, how="percent", low_percent=40, **inputs)


@either_protocol
async def test_it_stops_and_starts_at_prices_of_their_own(home: Home) -> None:
    await automate(home)
    assert await home.commands_after(5) == []

    await home.set(PRICE, 0.1201)
    assert home.take_commands() == ["power_off"]
    await home.set(PRICE, BETWEEN)
    assert await home.commands_after(20) == []

    await home.set(PRICE, 0.1)
    assert home.take_commands() == ["power_on"]
    await home.wait(40)
    await home.set(PRICE, 0.12)
    assert await home.commands_after(2) == []


async def test_a_price_that_flaps_switches_nothing_too_often(home: Home) -> None:
    await automate(home, min_on=20, min_off=10)

    times: dict[str, list[float]] = {}
    for minute in range(60):
        await home.set(PRICE, EXPENSIVE if minute % 2 == 0 else CHEAP)
        await home.wait(1)
        for command in home.take_commands():
            times.setdefault(command, []).append(minute)

    # The price at that moment decides, so it may take a minute more.
    assert times["power_off"] == pytest.approx([0, 31], abs=2)
    assert times["power_on"] == pytest.approx([10, 41], abs=2)


async def test_a_price_is_not_acted_upon_when_it_is_just_over(home: Home) -> None:
    """A minimum time often ends with a quarter of an hour, just before the next price comes."""
    await automate(home, min_on=30, min_off=0)
    await home.set(PRICE, EXPENSIVE)
    await home.set(PRICE, CHEAP)
    assert home.take_commands() == ["power_off", "power_on"]

    await home.wait(15)
    await home.set(PRICE, EXPENSIVE)
    await home.wait(15)
    await home.set(PRICE, BETWEEN)
    assert await home.commands_after(5) == []


async def test_what_pays_for_use_is_always_mined(home: Home) -> None:
    await home.set(CHEAP_NOW, "off")
    await automate(home, cheap_now=CHEAP_NOW, min_off=0)
    assert await home.commands_after(1) == ["power_off"]

    await home.set(PRICE, -0.02)
    assert home.take_commands() == ["power_on"]


async def test_what_is_cheap_can_be_said_by_another(home: Home) -> None:
    await home.set(CHEAP_NOW, "on")
    await automate(home, cheap_now=CHEAP_NOW, price_sensor=[], min_off=0)
    assert await home.commands_after(2) == []

    await home.set(CHEAP_NOW, "off")
    assert home.take_commands() == ["power_off"]
    await home.set(CHEAP_NOW, "on")
    assert home.take_commands() == ["power_on"]


@pytest.mark.parametrize("unknown", ["unavailable", "unknown", "soon", "nan"])
@pytest.mark.parametrize(
    ("when_unknown", "commands"), [("keep", []), ("stop", ["power_off"]), ("mine", [])]
)
async def test_a_price_that_nobody_knows_changes_nothing_for_a_while(
    home: Home, unknown: str, when_unknown: str, commands: list[str]
) -> None:
    await automate(home, when_unknown=when_unknown, unknown_for=15)

    await home.set(PRICE, unknown)
    assert await home.commands_after(14) == []
    assert await home.commands_after(2) == commands


async def test_mining_starts_when_nobody_knows_the_price_if_that_is_wanted(
    home: Home,
) -> None:
    await automate(home, when_unknown="mine", unknown_for=5, min_on=0)
    await home.set(PRICE, EXPENSIVE)
    assert await home.commands_after(20) == ["power_off"]

    await home.set(PRICE, "unavailable")
    assert await home.commands_after(6) == ["power_on"]
    await home.set(PRICE, EXPENSIVE)
    assert home.take_commands() == ["power_off"]


async def test_a_sensor_that_was_removed_is_one_that_nobody_knows(home: Home) -> None:
    """A missing sensor causes no error in the log each minute."""
    await automate(home, when_unknown="stop", unknown_for=15)

    home.hass.states.async_remove(PRICE)
    assert await home.commands_after(16) == ["power_off"]


async def test_by_hand_means_by_hand(home: Home) -> None:
    await home.set(OVERRIDE, "on")
    await automate(home, override=OVERRIDE)
    await home.set(PRICE, EXPENSIVE)
    assert await home.commands_after(5) == []

    await home.set(OVERRIDE, "off")
    assert home.take_commands() == ["power_off"]


async def test_a_command_that_failed_is_repeated(home: Home) -> None:
    await automate(home)
    home.garage.miner.misbehave("power_off", Refused(132), times=2)
    await home.set(PRICE, EXPENSIVE)
    assert home.take_commands() == ["power_off"]
    assert home.garage.miner.state.mining

    assert await home.commands_after(2) == ["power_off", "power_off"]
    assert not home.garage.miner.state.mining
    assert await home.commands_after(5) == []


async def test_one_that_fails_leaves_no_other_on(home: Home, hall: Owned) -> None:
    await automate(home, home.garage, hall)
    home.garage.miner.misbehave("power_off", Refused(132))

    await home.set(PRICE, EXPENSIVE)

    assert home.take_commands() == ["power_off"]
    assert take_commands(hall) == ["power_off"]
    assert not hall.miner.state.mining


async def test_a_miner_that_takes_long_keeps_no_other_on(
    home: Home, hall: Owned
) -> None:
    await automate(home, home.garage, hall, min_off=0)
    await act(home.hass, "switch.turn_off", "switch.hall")
    take_commands(hall)
    held = Held()
    hall.miner.misbehave("power_on", held)
    home.hass.states.async_set(PRICE, str(CHEAP))
    await held.reached.wait()

    home.hass.states.async_set(PRICE, str(EXPENSIVE))
    while "power_off" not in home.take_commands():
        await asyncio.sleep(0)
    held.release.set()
    await home.fleet.settle()


@pytest.mark.parametrize("how", ["power_off", "percent"])
async def test_a_miner_that_is_only_read_is_told_nothing(
    home: Home, fleet: Fleet, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    """Refused commands would fill the log."""
    attic = await fleet.know("Attic")
    home.hass.config_entries.async_update_entry(
        attic.entry, data={**attic.entry.data, CONF_PASSWORD: ""}
    )
    await fleet.set_up(attic)
    await automate(home, attic, how=how)

    await home.set(PRICE, EXPENSIVE)
    await home.wait(2)

    assert attic.miner.writes == []
    assert "without a password" not in caplog.text


async def test_a_miner_that_comes_back_is_told_again(home: Home) -> None:
    """A miner mines after a power cut, whatever it did before."""
    await automate(home, min_on=0)
    await home.set(PRICE, EXPENSIVE)
    assert home.take_commands() == ["power_off"]
    await home.garage.miner.disconnect()
    await home.wait(3)
    assert not home.garage.is_available

    home.garage.miner.state.mining = True
    home.garage.miner.reconnect()
    assert await home.commands_after(2) == ["power_off"]


@either_protocol
async def test_a_restart_of_home_assistant_switches_nothing_wrongly(home: Home) -> None:
    inputs = {"miners": {"entity_id": "switch.garage"}, "when_unknown": "stop"}
    await home.set(PRICE, CHEAP)
    await mine_when_cheap(home, **inputs)
    await home.wait(40)

    async with home.restarted() as (again, _):
        await mine_when_cheap(again, **inputs)
        await again.started()
        assert await again.commands_after(5) == []
        await again.set(PRICE, "unavailable")
        await again.wait(5)
        await again.set(PRICE, CHEAP)
        assert await again.commands_after(5) == []

        # The new Home Assistant has not seen for how long the miner has mined.
        await again.set(PRICE, EXPENSIVE)
        assert again.take_commands() == ["power_off"]


@either_protocol
async def test_a_command_that_a_restart_came_before_is_made_up_for(home: Home) -> None:
    """The automation acts on the price, not on a change of it."""
    miners = {"entity_id": "switch.garage"}
    await automate(home, miners=miners)
    await home.close()
    await home.set(PRICE, EXPENSIVE)
    assert home.take_commands() == []

    async with home.restarted() as (again, _):
        await again.set(PRICE, EXPENSIVE)
        await mine_when_cheap(again, miners=miners)
        await again.started()

        assert again.take_commands() == ["power_off"]


# Less power


@pytest.fixture
def owned(request: pytest.FixtureRequest, garage: Owned, hall: Owned) -> Owned:
    """One of the miners, by its name."""
    found: Owned = {"garage": garage, "hall": hall}[request.param]
    return found


@either_protocol
async def test_less_power_can_be_enough(home: Home) -> None:
    await throttle(home)
    await home.set(PRICE, EXPENSIVE)
    assert home.take_commands() == ["set_power_pct_v2 40"]
    await home.wait(10)
    await home.set(PRICE, BETWEEN)
    assert await home.commands_after(2) == []

    await home.set(PRICE, CHEAP)
    assert home.take_commands() == ["set_power_pct_v2 100"]
    assert await home.commands_after(10) == []


async def test_a_percent_that_is_told_with_a_fraction_is_the_same(
    home: Home, hall: Owned
) -> None:
    """The percent is not set again each minute."""
    await throttle(home, hall)
    await home.set(PRICE, EXPENSIVE)
    assert take_commands(hall) == ["set_power_pct_v2 40"]
    hall.miner.misbehave("status", Altered('"power_pct":40', '"power_pct":40.4'))

    await home.wait(5)

    assert hall.shown("number", "power_percent") == "40.4"
    assert take_commands(hall) == []


async def test_less_power_can_be_fast(home: Home) -> None:
    """The fast method acts within a second, as a price spike needs it."""
    await throttle(home, percent_method="fast")

    await home.set(PRICE, EXPENSIVE)

    assert home.take_commands() == ["set_power_pct 40"]


@pytest.mark.parametrize("owned", ["garage", "hall"], indirect=True)
async def test_less_power_comes_back_once_a_restarted_miner_is_tuned(
    home: Home, owned: Owned
) -> None:
    """A restart makes a miner forget its percent, and so would the tuning after it."""
    await throttle(home, owned)
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


async def test_a_stopped_miner_is_not_started_to_use_less(home: Home) -> None:
    await throttle(home)
    await act(home.hass, "switch.turn_off", "switch.garage")
    await home.wait(1)
    home.take_commands()

    for price in (EXPENSIVE, CHEAP):
        await home.set(PRICE, price)
        await home.wait(20)

    assert home.take_commands() == []


# Break-even


@pytest.fixture
async def old(fleet: Fleet) -> Owned:
    """A miner that is less efficient than the one in the garage."""
    return await fleet.add("Old", generation="v1", model="M20S")


@pytest.fixture
async def worth(home: Home, garage: Owned, old: Owned) -> dict[str, float]:
    """The break-even prices of two miners, at which they stop."""
    for owned in (garage, old):
        home.hass.config_entries.async_update_entry(
            owned.entry, options={"hash_price": 50, "hash_price_unit": "per_petahash"}
        )
        owned.coordinator.async_apply_options()
    await home.wait(1)
    await automate(
        home,
        garage,
        old,
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
    home: Home, worth: dict[str, float], old: Owned
) -> None:
    """The least efficient miner stops first and starts last."""
    low, high = worth["Old"], worth["Garage"]
    assert high > low + 0.02

    await home.set(PRICE, (low + high) / 2)
    assert (take_commands(old), home.take_commands()) == (["power_off"], [])
    await home.set(PRICE, high + 0.01)
    assert (take_commands(old), home.take_commands()) == ([], ["power_off"])

    # The break-even price is known while the miners are stopped.
    await home.wait(3)
    await home.set(PRICE, high - 0.003)
    await home.wait(1)
    assert (take_commands(old), home.take_commands()) == ([], [])
    await home.set(PRICE, high - 0.007)
    assert (take_commands(old), home.take_commands()) == ([], ["power_on"])
    await home.set(PRICE, low - 0.007)
    assert (take_commands(old), home.take_commands()) == (["power_on"], [])


async def test_one_that_fails_to_stop_keeps_no_other_from_starting(
    home: Home, worth: dict[str, float], old: Owned
) -> None:
    await act(home.hass, "switch.turn_off", "switch.garage")
    await home.wait(0.5)
    home.take_commands()
    old.miner.misbehave("power_off", Refused(132))

    await home.set(PRICE, (worth["Old"] + worth["Garage"]) / 2)

    assert take_commands(old) == ["power_off"]
    assert home.take_commands() == ["power_on"]
