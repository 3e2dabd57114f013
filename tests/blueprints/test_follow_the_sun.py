"""Follow the sun, or a budget: which commands reach the miners."""

import asyncio
from functools import partial
from typing import Any

import pytest

from homeassistant.const import STATE_UNKNOWN
from simulator import Refused
from tests import JOINED, Altered, Held, act
from tests.fleet import Fleet, Owned

from . import Home, either_protocol, take_commands, target
from .house import GRID, House

BUDGET = "sensor.p_deferrable0"
OVERRIDE = "input_boolean.by_hand"
# About the highest power of the simulated M30S+.
FULL = 3400


@pytest.fixture
def house(home: Home) -> House:
    return House(home, (home.garage,), sun=6000)


async def budget(home: Home, *miners: Owned, **inputs: Any) -> None:
    """Follow a set-point, which is enough for everything at first; by default in the garage."""
    await home.set(BUDGET, 20000)
    defaults = {
        "miners": target(*(miners or [home.garage])),
        "set_point": BUDGET,
        "full_power": FULL,
        "lowest_percent": 50,
        "ramp": 100,
    }
    await home.automate("follow_the_sun", **{**defaults, **inputs})
    await home.wait(5)
    home.take_commands()


async def follow(house: House, **inputs: Any) -> None:
    """Follow the sun in the garage, which is enough for everything at first."""
    inputs |= {
        "miners": target(house.home.garage),
        "grid_power": GRID,
        "full_power": FULL,
    }
    await house.home.automate("follow_the_sun", **inputs)
    await house.wait(5)
    house.home.take_commands()


@either_protocol
async def test_it_uses_what_the_sun_leaves_over(house: House) -> None:
    """One command is enough, although the power follows it only after minutes."""
    await follow(house, reserve=100)

    house.sun = 3500  # others use 500, and 100 are the reserve
    await house.wait(1)
    assert house.home.take_commands() == ["set_power_pct_v2 85"]
    await house.wait(15)

    assert house.home.take_commands() == []
    assert house.grid == pytest.approx(-100, abs=100)


async def test_a_meter_may_count_the_other_way_round(house: House) -> None:
    """Some meters count what is fed in as positive."""
    house.sign = -1
    await follow(house, feed_in_positive=True, reserve=0)

    house.sun = 3560
    await house.wait(1)

    assert house.home.take_commands() == ["set_power_pct_v2 90"]


async def test_power_is_lowered_at_once_and_raised_slowly(home: Home) -> None:
    await budget(home, ramp=20)

    await home.set(BUDGET, FULL * 0.5)
    assert await home.commands_after(1) == ["set_power_pct_v2 50"]
    await home.set(BUDGET, FULL)
    assert await home.commands_after(5) == [
        f"set_power_pct_v2 {percent}" for percent in (70, 90, 100)
    ]


async def test_small_changes_are_not_worth_it(home: Home) -> None:
    """A small change is sent only when it leads to full power."""
    await budget(home, dead_band=200)

    for watts in (FULL * 0.8, FULL * 0.8 + 150, FULL * 0.8 - 150):
        await home.set(BUDGET, watts)
        await home.wait(2)
    assert home.take_commands() == ["set_power_pct_v2 80"]
    await home.set(BUDGET, FULL * 0.97)
    assert await home.commands_after(2) == ["set_power_pct_v2 97"]
    await home.set(BUDGET, FULL)
    assert await home.commands_after(2) == ["set_power_pct_v2 100"]


async def test_less_than_the_lowest_percent_is_off(home: Home) -> None:
    await budget(home, min_off=15, dead_band=150)
    lowest = FULL * 0.5

    await home.set(BUDGET, lowest - 1)
    assert await home.commands_after(1) == ["power_off"]
    await home.set(BUDGET, FULL)
    assert await home.commands_after(13) == []
    await home.set(BUDGET, lowest + 140)
    assert await home.commands_after(10) == []
    await home.set(BUDGET, lowest + 160)
    assert await home.commands_after(1) == ["power_on"]


async def test_nothing_is_off_even_for_one_that_takes_any_percent(home: Home) -> None:
    """At 0 % a miner draws power and mines nothing."""
    await budget(home, lowest_percent=0)

    await home.set(BUDGET, 0)
    assert await home.commands_after(1) == ["power_off"]


async def test_a_miner_that_was_just_started_stays_on_for_a_while(home: Home) -> None:
    await budget(home, min_on=60, min_off=0)
    await home.set(BUDGET, 0)
    await home.wait(1)
    await home.set(BUDGET, FULL)
    assert await home.commands_after(1) == ["power_off", "power_on"]

    await home.set(BUDGET, 0)
    assert await home.commands_after(50) == ["set_power_pct_v2 50"]
    assert await home.commands_after(12) == ["power_off"]


@pytest.fixture
async def trio(fleet: Fleet, garage: Owned, home: Home) -> dict[str, Owned]:
    """Three miners, from the least efficient to the most efficient."""
    old = await fleet.add("Old", generation="v1", model="M20S")
    new = await fleet.add("New", model="M60S")
    await home.wait(3)
    return {"old": old, "garage": garage, "new": new}


def take_all(trio: dict[str, Owned]) -> dict[str, list[str]]:
    """Return the commands of each miner that has received any since they were last taken."""
    return {
        name: commands
        for name, owned in trio.items()
        if (commands := take_commands(owned))
    }


async def test_the_least_efficient_miner_goes_first(
    home: Home, trio: dict[str, Owned]
) -> None:
    """All but the best are at their lowest percent before the first is switched off."""
    await budget(home, *trio.values(), full_power=3000, min_off=0)
    take_all(trio)

    await home.set(BUDGET, 6000)
    await home.wait(1)
    assert take_all(trio) == {
        "old": ["set_power_pct 50"],
        "garage": ["set_power_pct_v2 50"],
    }
    await home.set(BUDGET, 4000)
    await home.wait(1)
    assert take_all(trio) == {"old": ["power_off"], "new": ["set_power_pct_v2 83"]}
    await home.set(BUDGET, 1600)
    await home.wait(1)
    assert take_all(trio) == {"garage": ["power_off"], "new": ["set_power_pct_v2 53"]}
    await home.set(BUDGET, 9000)
    await home.wait(1)
    assert take_all(trio) == {
        "old": ["power_on"],
        "garage": ["power_on"],
        # While the others tune at full power there is enough for all of them.
        "new": ["set_power_pct_v2 100"],
    }


async def test_the_owner_knows_what_is_important(
    home: Home, trio: dict[str, Owned]
) -> None:
    await budget(home, *trio.values(), full_power=3000, order=["switch.old"])
    take_all(trio)

    await home.set(BUDGET, 1500)
    await home.wait(1)

    assert take_all(trio) == {
        "old": ["set_power_pct 50"],
        "garage": ["power_off"],
        "new": ["power_off"],
    }


@pytest.mark.parametrize("may_switch", [True, False])
async def test_others_make_room_for_one_that_tunes(
    home: Home, hall: Owned, may_switch: bool
) -> None:
    """A miner that tunes draws full power and cannot be throttled."""
    await budget(
        home,
        home.garage,
        hall,
        full_power=3000,
        order=["switch.hall"],
        min_on=0,
        may_switch=may_switch,
    )
    take_commands(hall)
    await act(home.hass, "button.press", "button.garage_restart_mining")
    home.take_commands()

    await home.set(BUDGET, 4600)
    await home.wait(5)
    assert (home.take_commands(), take_commands(hall)) == ([], ["set_power_pct_v2 53"])

    while home.garage.shown("binary_sensor", "stable") != "on":
        await home.wait(1)
    assert await home.commands_after(2) == ["set_power_pct_v2 53"]
    assert take_commands(hall) == ["restore_power_pct"]  # the way to 100 percent


@pytest.mark.parametrize(
    ("unit", "factor"), [("W", 1), ("kW", 0.001), (None, 1)], ids=str
)
async def test_watts_and_kilowatts_are_told_apart(
    home: Home, unit: str | None, factor: float
) -> None:
    await budget(home)

    await home.set(BUDGET, 2720 * factor, unit_of_measurement=unit)
    assert await home.commands_after(1) == ["set_power_pct_v2 80"]


@pytest.mark.parametrize("unknown", ["unavailable", "unknown", "", None])
@pytest.mark.parametrize(
    ("when_unknown", "commands"), [("keep", []), ("stop", ["power_off"])]
)
async def test_a_sensor_that_says_nothing_changes_nothing_for_a_while(
    home: Home, unknown: str | None, when_unknown: str, commands: list[str]
) -> None:
    await budget(home, when_unknown=when_unknown, unknown_for=15)

    if unknown is None:
        home.hass.states.async_remove(BUDGET)
        await home.close()
        await home.hass.services.async_call(
            "automation", "turn_on", {"entity_id": "all"}, blocking=True
        )
    else:
        await home.set(BUDGET, unknown)
    assert await home.commands_after(14) == []
    assert await home.commands_after(2) == commands


async def test_a_miner_whose_power_nobody_knows_does_not_stop_it_all(
    house: House,
) -> None:
    """The last percent stands for an unknown power. Otherwise nothing would seem left over."""
    await follow(house, reserve=100)
    house.home.garage.miner.misbehave(JOINED, Altered('"Power":', '"Watts":'))
    await house.wait(1)
    assert house.home.garage.shown("sensor", "power") == STATE_UNKNOWN
    assert house.home.take_commands() == []

    house.sun = 3500
    await house.wait(1)

    assert house.home.take_commands() == ["set_power_pct_v2 85"]


async def test_a_miner_that_takes_long_keeps_no_other_on(
    home: Home, hall: Owned
) -> None:
    await budget(home, home.garage, hall, full_power=3000)
    take_commands(hall)
    held = Held()
    hall.miner.misbehave("set_power_pct_v2", held)
    home.garage.miner.misbehave("set_power_pct_v2", held)
    home.hass.states.async_set(BUDGET, "4600")
    home.fleet.clock.move(60)
    await held.reached.wait()

    home.hass.states.async_set(BUDGET, "0")
    home.fleet.clock.move(60)
    while "power_off" not in home.take_commands():
        await asyncio.sleep(0)
    held.release.set()
    await home.fleet.settle()


async def test_miners_can_be_kept_on_and_off(home: Home, hall: Owned) -> None:
    await budget(home, home.garage, hall, may_switch=False)
    take_commands(hall)
    await act(home.hass, "switch.turn_off", "switch.hall")
    take_commands(hall)

    for watts in (0, 20000):
        await home.set(BUDGET, watts)
        await home.wait(20)

    assert home.take_commands() == ["set_power_pct_v2 50", "set_power_pct_v2 100"]
    assert take_commands(hall) == []


async def test_a_power_limit_is_what_a_miner_draws_at_most(home: Home) -> None:
    """A miner without a limit and without a value from its owner is left alone."""
    await budget(home, full_power=0)

    await home.set(BUDGET, 3400 * 0.75)
    assert await home.commands_after(1) == ["set_power_pct_v2 75"]


async def test_by_hand_means_by_hand(home: Home) -> None:
    await home.set(OVERRIDE, "on")
    await budget(home, override=OVERRIDE)
    await home.set(BUDGET, FULL * 0.8)
    assert await home.commands_after(5) == []

    await home.set(OVERRIDE, "off")
    assert home.take_commands() == ["set_power_pct_v2 80"]


async def test_what_failed_and_what_was_forgotten_is_told_again(home: Home) -> None:
    """A restart of mining makes a miner forget its percent."""
    await budget(home, percent_method="fast")
    home.garage.miner.misbehave("set_power_pct", Refused(132), times=1)
    await home.set(BUDGET, FULL * 0.8)
    assert await home.commands_after(3) == ["set_power_pct 80"] * 2

    await act(home.hass, "button.press", "button.garage_restart_mining")
    home.take_commands()
    await home.wait(2)
    while home.garage.shown("binary_sensor", "stable") != "on":
        assert home.take_commands() == []
        await home.wait(1)
    assert await home.commands_after(1) == ["set_power_pct 80"]


async def test_a_miner_that_was_away_is_told_again(home: Home) -> None:
    """A miner mines after a power cut, whatever it did before."""
    await budget(home, min_on=0)
    await home.set(BUDGET, 0)
    assert await home.commands_after(1) == ["power_off"]
    await home.garage.miner.disconnect()
    await home.wait(3)

    home.garage.miner.state.mining = True
    home.garage.miner.reconnect()
    assert await home.commands_after(2) == ["power_off"]


async def test_a_restart_of_home_assistant_changes_nothing(home: Home) -> None:
    automate = partial(
        Home.automate,
        blueprint="follow_the_sun",
        miners={"entity_id": "switch.garage"},
        set_point=BUDGET,
        full_power=FULL,
    )
    await home.set(BUDGET, FULL * 0.8)
    await automate(home)
    assert await home.commands_after(40) == ["set_power_pct_v2 80"]

    async with home.restarted() as (again, _):
        await automate(again)
        await again.started()
        await again.wait(5)
        await again.set(BUDGET, FULL * 0.8)
        assert await again.commands_after(5) == []

        await again.set(BUDGET, 0)
        assert await again.commands_after(1) == ["power_off"]
