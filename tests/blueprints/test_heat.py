"""Heat a room or a tank: which commands reach the miners."""

import asyncio
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import mock_restore_cache

from simulator import Refused
from tests import Altered, Held
from tests.fleet import Owned

from . import Home, either_protocol, take_commands, target

ROOM = "sensor.room_temperature"
TANK = "sensor.tank_temperature"
LOCK_OUT = "input_boolean.lock_out"
OVERRIDE = "input_boolean.by_hand"
THERMOSTAT = "climate.room"
HELPERS = ("lock_out", "by_hand")


@pytest.fixture
async def room(home: Home) -> Home:
    """A home with a room that is as warm as it should be."""
    await home.set(ROOM, 21)
    return home


async def heat(home: Home, *miners: Owned, **inputs: Any) -> None:
    """Heat to 21 °C, from 19 °C at full power; 28 °C is too hot. By default, the garage heats."""
    await home.automate(
        "heat",
        **{
            "miners": target(*(miners or [home.garage])),
            "temperature_sensor": ROOM,
            "cap": 28,
            "percent_method": "fast",
            **inputs,
        },
    )
    await home.wait(1)


# The ordinary course


@either_protocol
async def test_the_colder_the_more_power(room: Home) -> None:
    await heat(room)
    assert room.take_commands() == ["set_power_pct 40"]

    for temperature, percent in ((20.5, 55), (20, 70), (19.5, 85), (19, 100)):
        await room.set(ROOM, temperature)
        assert room.take_commands() == [f"set_power_pct {percent}"]
    await room.set(ROOM, 10)
    assert await room.commands_after(5) == []


async def test_lowest_and_highest_percent_are_the_owners(room: Home) -> None:
    await heat(
        room,
        lowest_percent=30,
        highest_percent=80,
        band=5,
        percent_method="normal",
    )
    assert room.take_commands() == ["set_power_pct_v2 30"]
    await room.set(ROOM, 18.5)
    assert room.take_commands() == ["set_power_pct_v2 55"]
    await room.set(ROOM, 0)
    assert room.take_commands() == ["set_power_pct_v2 80"]


async def test_a_small_change_is_not_sent(room: Home) -> None:
    """A change to either end is always sent."""
    await room.set(ROOM, 20)
    await heat(room)
    assert room.take_commands() == ["set_power_pct 70"]

    for temperature in (19.9, 20, 20.1, 20.13, 20):
        await room.set(ROOM, temperature)
        await room.wait(1)
    assert room.take_commands() == []
    await room.set(ROOM, 20.2)
    assert room.take_commands() == ["set_power_pct 64"]
    await room.set(ROOM, 19.1)
    assert room.take_commands() == ["set_power_pct 97"]
    await room.set(ROOM, 19)
    assert room.take_commands() == ["set_power_pct 100"]
    await room.set(ROOM, 20.9)
    assert room.take_commands() == ["set_power_pct 43"]
    await room.set(ROOM, 21)
    assert room.take_commands() == ["set_power_pct 40"]


@either_protocol
async def test_too_warm_is_off_and_cold_is_on(room: Home) -> None:
    await heat(room, min_off=15)
    await room.wait(1)
    room.take_commands()
    await room.set(ROOM, 21.5)
    assert await room.commands_after(5) == []

    await room.set(ROOM, 21.6)
    assert room.take_commands() == ["power_off"]
    for temperature in (21.5, 20.6, 21):
        await room.set(ROOM, temperature)
        await room.wait(10)
    assert room.take_commands() == []
    await room.set(ROOM, 20.5)
    assert room.take_commands() == ["power_on"]

    # It is too warm again before the minimum time on has passed.
    await room.set(ROOM, 22)
    assert "power_off" not in await room.commands_after(29)
    assert await room.commands_after(2) == ["power_off"]
    await room.set(ROOM, 18)
    assert await room.commands_after(12) == []
    assert await room.commands_after(4) == ["power_on"]


async def test_flapping_around_a_margin_switches_once(room: Home) -> None:
    await heat(room)
    room.take_commands()

    for _ in range(30):
        await room.set(ROOM, 21.51)
        await room.wait(0.5)
        await room.set(ROOM, 21.49)
        await room.wait(0.5)

    assert room.take_commands() == ["power_off"]


async def test_it_need_not_switch_off(room: Home) -> None:
    await room.set(ROOM, 19)
    await heat(room, may_switch_off=False)
    room.take_commands()

    await room.set(ROOM, 25)
    assert await room.commands_after(40) == ["set_power_pct 40"]


async def test_it_need_not_switch_on(room: Home) -> None:
    await room.set(ROOM, 22)
    await heat(room, may_switch_on=False)
    assert room.take_commands() == ["power_off"]

    await room.set(ROOM, 10)
    assert await room.commands_after(40) == []


async def test_miners_of_all_generations_heat_together(room: Home, hall: Owned) -> None:
    attic = await room.fleet.add("Attic", generation="v1", model="M20S")
    await room.set(ROOM, 20)
    await heat(room, room.garage, hall, attic)
    for owned in (room.garage, hall, attic):
        assert take_commands(owned) == ["set_power_pct 70"]

    hall.miner.state.mining = False
    await room.wait(1)
    await room.set(ROOM, 22)
    assert [take_commands(owned) for owned in (room.garage, hall, attic)] == [
        ["power_off"],
        [],
        ["power_off"],
    ]
    await room.wait(20)
    await room.set(ROOM, 20)
    for owned in (room.garage, hall, attic):
        assert take_commands(owned) == ["power_on"]
    await room.wait(45)
    for owned in (room.garage, hall, attic):
        assert take_commands(owned) == ["set_power_pct 70"]


# The target


async def test_the_target_may_be_a_number(room: Home) -> None:
    await room.set("input_number.wish", 22)
    await heat(room, target_entity="input_number.wish", fixed_target=5)
    assert room.take_commands() == ["set_power_pct 70"]

    await room.set("input_number.wish", 23)
    assert room.take_commands() == ["set_power_pct 100"]
    await room.set("input_number.wish", 18)
    assert room.take_commands() == ["power_off"]


async def test_the_target_may_be_that_of_a_thermostat(room: Home) -> None:
    """A change of the attribute acts at once, also without a change of the state."""
    await room.set(THERMOSTAT, "heat", temperature=22)
    await heat(room, target_entity=THERMOSTAT, min_on=0)
    assert room.take_commands() == ["set_power_pct 70"]

    await room.set(THERMOSTAT, "heat", temperature=23)
    assert room.take_commands() == ["set_power_pct 100"]
    await room.set(
        THERMOSTAT,
        "heat_cool",
        temperature=None,
        target_temp_low=21.5,
        target_temp_high=25,
    )
    assert room.take_commands() == ["set_power_pct 55"]


@pytest.mark.parametrize("mode", ["off", "cool", "dry", "fan_only"])
async def test_a_thermostat_that_does_not_heat_wants_no_heat(
    room: Home, mode: str
) -> None:
    await room.set(ROOM, 15)
    await room.set(THERMOSTAT, mode)
    await heat(room, target_entity=THERMOSTAT)
    assert room.take_commands() == ["power_off"]
    assert await room.commands_after(20) == []

    await room.set(THERMOSTAT, "heat", temperature=21)
    assert room.take_commands() == ["power_on"]
    # The miner runs at the lowest percent until it may be switched off.
    await room.wait(25)
    room.take_commands()
    await room.set(THERMOSTAT, mode, temperature=21)
    assert await room.commands_after(4) in ([], ["set_power_pct 40"])
    assert await room.commands_after(2) == ["power_off"]


async def test_a_target_that_is_gone_counts_as_a_sensor_that_is(room: Home) -> None:
    """The fixed target does not take its place, because the owner would not notice."""
    await room.set(THERMOSTAT, "heat", temperature=22)
    await heat(room, target_entity=THERMOSTAT)
    room.take_commands()

    await room.set(THERMOSTAT, "unavailable")
    assert await room.commands_after(14) == []
    assert await room.commands_after(2) == ["power_off"]


# Sensors that are gone


@pytest.mark.parametrize("state", ["unavailable", "unknown", "warm", "nan"])
async def test_a_sensor_that_is_gone_for_a_moment_changes_nothing(
    room: Home, state: str
) -> None:
    await room.set(ROOM, 20)
    await heat(room)
    room.take_commands()

    await room.set(ROOM, state)
    await room.wait(14)
    await room.set(ROOM, 20)
    assert await room.commands_after(5) == []


async def test_a_sensor_that_is_gone_stops_mining(room: Home) -> None:
    room.garage.miner.state.mining = False
    room.garage.miner.state.mining = True
    await room.wait(1)
    await room.set(ROOM, "unavailable")
    await heat(room, may_switch_off=False)
    assert await room.commands_after(13) == []
    assert await room.commands_after(2) == ["power_off"]

    assert await room.commands_after(60) == []
    await room.set(ROOM, 20)
    assert room.take_commands() == ["power_on"]


async def test_a_sensor_that_does_not_exist_is_gone(home: Home) -> None:
    """The time for which it is gone counts from the start of the automation."""
    await heat(home)
    assert await home.commands_after(13) == []
    assert await home.commands_after(2) == ["power_off"]


async def test_without_a_sensor_a_fixed_percent_goes_on(
    room: Home, hall: Owned
) -> None:
    """No miner is switched on while the temperature is unknown."""
    hall.miner.state.mining = False
    await room.wait(1)
    await room.set(ROOM, 20.9)
    await heat(room, room.garage, hall, when_unknown="percent", unknown_percent=60)
    assert room.take_commands() == ["set_power_pct 43"]

    await room.set(ROOM, "unavailable")
    assert await room.commands_after(14) == []
    assert await room.commands_after(30) == ["set_power_pct 60"]
    assert take_commands(hall) == []


async def test_without_a_sensor_nothing_may_change(room: Home) -> None:
    await room.set(ROOM, 20)
    await heat(room, when_unknown="keep")
    room.take_commands()

    await room.set(ROOM, "unavailable")
    assert await room.commands_after(60) == []


async def test_a_sensor_that_fell_silent_may_count_as_gone(room: Home) -> None:
    """A sensor that repeats the same value is not silent."""
    await room.set(ROOM, 20)
    await heat(room, silent_for=30)
    room.take_commands()

    for _ in range(3):
        await room.wait(25)
        await room.set(ROOM, 20)
    assert room.take_commands() == []
    assert await room.commands_after(44) == []
    assert await room.commands_after(2) == ["power_off"]


async def test_by_default_a_sensor_may_be_silent(room: Home) -> None:
    """Many sensors report changes only."""
    await room.set(ROOM, 20)
    await heat(room)
    room.take_commands()

    assert await room.commands_after(60) == []


async def test_a_thermostat_without_a_target_changes_nothing_for_a_while(
    room: Home,
) -> None:
    await room.set(ROOM, 20)
    await room.set(THERMOSTAT, "heat", temperature=20)
    await heat(room, target_entity=THERMOSTAT)
    await room.wait(20)
    room.take_commands()

    await room.set(THERMOSTAT, "heat")
    assert await room.commands_after(14) == []
    assert await room.commands_after(2) == ["power_off"]


# The cap


async def test_at_the_cap_nobody_waits_for_a_miner_that_takes_long(
    room: Home, hall: Owned
) -> None:
    await room.set(ROOM, 20)
    await heat(room, room.garage, hall)
    room.take_commands()
    held = Held()
    hall.miner.misbehave("restore_power_pct", held)  # the way to 100 percent
    room.hass.states.async_set(ROOM, "19")
    await held.reached.wait()

    room.hass.states.async_set(ROOM, "80")
    while "power_off" not in room.take_commands():
        await asyncio.sleep(0)
    held.release.set()
    await room.fleet.settle()


async def test_at_the_cap_mining_stops_at_once(room: Home) -> None:
    room.garage.miner.state.mining = False
    room.garage.miner.state.mining = True
    await room.set(ROOM, 27.9)
    await heat(room, target_entity="input_number.wish", may_switch_off=False)
    await room.set("input_number.wish", 40)
    room.take_commands()
    assert await room.commands_after(1) == []

    await room.set(ROOM, 28)
    assert room.take_commands() == ["power_off"]
    # The target is much warmer, but the room has to be cooler first.
    for temperature in (27.9, 24, 23):
        await room.set(ROOM, temperature)
        await room.wait(20)
    assert room.take_commands() == []
    await room.set(ROOM, 22.9)
    assert room.take_commands() == ["power_on"]


async def test_the_cap_may_have_a_sensor_of_its_own(room: Home) -> None:
    await room.set(ROOM, 15)
    await room.set(TANK, 59.9)
    await heat(room, cap_sensor=TANK, cap=60, cap_hysteresis=10)
    room.take_commands()
    await room.set(TANK, 60)
    assert room.take_commands() == ["power_off"]

    # The cap ignores the room's temperature.
    await room.set(ROOM, 61)
    await room.set(TANK, 49.9)
    assert await room.commands_after(20) == []
    await room.set(TANK, 50)
    await room.set(ROOM, 15)
    assert await room.commands_after(20) == []
    await room.set(TANK, 49.9)
    assert room.take_commands() == ["power_on"]


async def test_a_sensor_of_the_cap_that_is_gone_always_stops_mining(room: Home) -> None:
    hall = await room.fleet.add("Hall")
    hall.miner.state.mining = False
    await room.wait(1)
    await room.set(ROOM, 20)
    await room.set(TANK, "unavailable")
    await room.set(OVERRIDE, "off")
    await room.fleet.settle()
    await heat(
        room,
        room.garage,
        hall,
        cap_sensor=TANK,
        cap=60,
        min_off=0,
        min_on=600,
        may_switch_off=False,
        when_unknown="keep",
        override=OVERRIDE,
    )
    assert room.take_commands() == ["set_power_pct 70"]
    await room.set(ROOM, 15)
    assert await room.commands_after(5) == []
    await room.set(ROOM, 20.5)
    assert room.take_commands() == ["set_power_pct 55"]
    await room.set(OVERRIDE, "on")
    assert await room.commands_after(8) == []
    assert await room.commands_after(3) == ["power_off"]
    assert take_commands(hall) == []


async def test_a_sensor_of_the_cap_that_does_not_exist_stops_mining(room: Home) -> None:
    await heat(room, cap_sensor=TANK)
    room.take_commands()
    assert await room.commands_after(13) == []
    assert await room.commands_after(2) == ["power_off"]


async def test_without_its_sensor_the_same_cap_leaves_the_choice_to_the_owner(
    room: Home,
) -> None:
    """Most owners use one sensor for both."""
    await room.set(ROOM, 20)
    await heat(room, when_unknown="percent", unknown_percent=90)
    room.take_commands()

    await room.set(ROOM, "unavailable")
    assert await room.commands_after(30) == ["set_power_pct 90"]


async def test_a_miner_that_does_not_say_whether_it_mines_is_stopped(
    room: Home,
) -> None:
    """A miner whose state is unknown could be mining."""
    await heat(room)
    room.take_commands()
    room.garage.miner.misbehave("status", Altered('"mineroff":', '"other":'))
    room.garage.miner.state.set_boards(alive=False)  # a miner that hashes is on
    await room.wait(5)
    assert room.garage.shown("switch") == "unknown"
    assert room.take_commands() == []
    await room.set(ROOM, 28)
    assert room.take_commands() == ["power_off"]


# The lock-out


async def test_a_lock_out_stays_until_a_person_ends_it(room: Home) -> None:
    await room.make_switches(*HELPERS)
    await heat(room, lock_out=LOCK_OUT)
    room.take_commands()
    assert room.hass.states.is_state(LOCK_OUT, "off")

    await room.set(ROOM, 28)
    assert room.take_commands() == ["power_off"]
    assert room.hass.states.is_state(LOCK_OUT, "on")
    await room.set(ROOM, 10)
    assert await room.commands_after(60) == []
    await room.switch(room.garage.entity_id("switch"), "on")
    assert await room.commands_after(1) == ["power_on", "power_off"]

    await room.switch(LOCK_OUT, "off")
    assert await room.commands_after(15) == ["power_on"]
    assert room.hass.states.is_state(LOCK_OUT, "off")


async def test_a_lock_out_outlasts_a_restart_of_home_assistant(room: Home) -> None:
    await room.make_switches(*HELPERS)
    await heat(room, lock_out=LOCK_OUT)
    await room.set(ROOM, 28)
    lock_out = room.hass.states.get(LOCK_OUT)
    assert lock_out
    assert lock_out.state == "on"
    async with room.restarted() as (again, _):
        again.take_commands()
        again.garage.miner.state.mining = True
        await again.wait(1)
        await again.set(ROOM, 10)
        mock_restore_cache(again.hass, [lock_out])
        await again.make_switches(*HELPERS)
        await heat(again, lock_out=LOCK_OUT)
        await again.started()
        assert await again.commands_after(60) == ["power_off"]
        assert again.hass.states.is_state(LOCK_OUT, "on")


async def test_a_lock_out_that_is_gone_does_not_open(room: Home) -> None:
    """The helper may have been deleted by mistake."""
    await room.set(ROOM, 10)
    await heat(room, lock_out=LOCK_OUT)
    assert await room.commands_after(40) == ["power_off"]


async def test_a_lock_out_is_there_though_no_miner_answers(room: Home) -> None:
    """The miners are stopped when they answer again, even if it is cold by then."""
    await room.make_switches(*HELPERS)
    await heat(room, lock_out=LOCK_OUT)
    room.take_commands()
    await room.garage.miner.disconnect()
    await room.wait(3)
    assert not room.garage.is_available

    await room.set(ROOM, 30)
    await room.set(ROOM, 10)
    assert room.hass.states.is_state(LOCK_OUT, "on")
    room.garage.miner.reconnect()
    assert await room.commands_after(3) == ["power_off"]


# By hand


async def test_by_hand_nothing_is_done_but_for_the_cap(room: Home) -> None:
    await room.make_switches(*HELPERS)
    await room.switch(OVERRIDE, "on")
    await heat(room, lock_out=LOCK_OUT, override=OVERRIDE)
    for state in (10, 26, "unavailable"):
        await room.set(ROOM, state)
        await room.wait(40)
    assert room.take_commands() == []

    await room.set(ROOM, 28)
    assert room.take_commands() == ["power_off"]
    assert room.hass.states.is_state(LOCK_OUT, "on")
    await room.set(ROOM, 10)
    await room.switch(room.garage.entity_id("switch"), "on")
    assert await room.commands_after(1) == ["power_on", "power_off"]

    await room.switch(LOCK_OUT, "off")
    assert await room.commands_after(30) == []
    await room.switch(OVERRIDE, "off")
    assert room.take_commands() == ["power_on"]


# What goes wrong


async def test_what_failed_is_repeated(room: Home) -> None:
    for command in ("set_power_pct", "power_off", "power_on"):
        room.garage.miner.misbehave(command, Refused(132), times=2)
    await heat(room, min_off=1)
    assert await room.commands_after(4) == ["set_power_pct 40"] * 3

    await room.set(ROOM, 28)
    assert await room.commands_after(4) == ["power_off"] * 3
    await room.set(ROOM, 15)
    await room.wait(6)
    assert room.take_commands()[:3] == ["power_on"] * 3


async def test_one_that_fails_does_not_keep_the_others(room: Home, hall: Owned) -> None:
    await room.make_switches(*HELPERS)
    room.garage.miner.misbehave("power_off", Refused(132))
    await heat(room, room.garage, hall, lock_out=LOCK_OUT)
    room.take_commands()
    take_commands(hall)
    await room.set(ROOM, 28)
    assert "power_off" in room.take_commands()
    assert take_commands(hall) == ["power_off"]
    assert room.hass.states.is_state(LOCK_OUT, "on")


async def test_after_an_outage_a_miner_gets_its_percent(room: Home) -> None:
    await heat(room)
    room.take_commands()
    await room.garage.miner.disconnect()
    await room.wait(3)
    await room.set(ROOM, 20)
    assert await room.commands_after(5) == []

    room.garage.miner.reconnect()
    assert await room.commands_after(5) == ["set_power_pct 70"]


@pytest.mark.parametrize("generation", ["v2", "compat"])
async def test_a_percent_is_given_again_when_mining_restarted(
    room: Home, generation: str
) -> None:
    """A restart makes a miner forget its percent. A percent would disturb it while it tunes."""
    cellar = await room.fleet.add("Cellar", generation=generation)
    await room.set(ROOM, 20)
    await heat(room, cellar)
    assert take_commands(cellar) == ["set_power_pct 70"]

    cellar.miner.state.restart()
    tuning = cellar.miner.state.tuning_seconds
    assert await room.commands_after(tuning / 60 - 1, cellar) == []
    assert await room.commands_after(3, cellar) == ["set_power_pct 70"]


async def test_after_a_restart_of_home_assistant_it_goes_on(room: Home) -> None:
    """How long a miner has run is read from the miner. Sensors need some time after a start."""
    await heat(room)
    assert room.take_commands() == ["set_power_pct 40"]
    async with room.restarted() as (again, _):
        await heat(again)
        await again.started()
        await again.set(ROOM, "unavailable")
        assert await again.commands_after(10) == []
        await again.set(ROOM, 21)
        assert await again.commands_after(2) == []
        await again.set(ROOM, 22)
        assert again.take_commands() == ["power_off"]


async def test_degrees_fahrenheit_are_as_good(room: Home) -> None:
    """All temperatures of the blueprint are in the unit of the sensor."""
    await room.set(ROOM, 69)
    await heat(room, fixed_target=70, band=4, cap=84, off_margin=1, on_margin=1)
    assert room.take_commands() == ["set_power_pct 55"]
    await room.set(ROOM, 71.5)
    assert room.take_commands() == ["power_off"]
