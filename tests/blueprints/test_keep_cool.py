"""Keep miners cool: which commands reach the miners."""

from dataclasses import dataclass
import re
from typing import Any, override

import pytest
from pytest_homeassistant_custom_component.common import mock_restore_cache

from simulator import Misbehaviour, Refused
from simulator.misbehaviour import Exchange, Line
from tests import ACCEPTED_ONLY, JOINED
from tests.fleet import Owned

from . import Home, either_protocol, take_commands, target

SHED = "sensor.shed_temperature"
STOPPED = "input_boolean.stopped"
OVERRIDE = "input_boolean.by_hand"


@dataclass(frozen=True)
class Air(Misbehaviour):
    """The temperature of the air around a miner, as the test sets it."""

    temperature: float

    @override
    async def respond(self, exchange: Exchange, line: Line) -> None:
        """Send the usual answer with this temperature in it."""
        reading = f'"Env Temp":{self.temperature}'.encode()
        answer, count = re.subn(rb'"Env Temp":\s*[\d.]+', reading, exchange.carry_out())
        assert count, answer
        await line.send(answer)


async def air(home: Home, owned: Owned, temperature: float) -> None:
    """Set the temperature around a miner, which reports it in its next poll."""
    owned.miner.misbehave(JOINED, Air(temperature))
    await home.fleet.clock.next_poll()


async def keep_cool(home: Home, *miners: Owned, **inputs: Any) -> None:
    """Run at full power up to 35 °C and at 40 % at 40 °C, and stop at 45 °C."""
    await home.automate(
        "keep_cool", miners=target(*(miners or [home.garage])), **inputs
    )
    await home.wait(1)


async def by_shed(home: Home, *miners: Owned, **inputs: Any) -> None:
    """Keep miners cool by one sensor for all."""
    await keep_cool(home, *miners, temperature_sensor=SHED, **inputs)


@pytest.fixture
async def shed(home: Home) -> Home:
    """A home with a shed that is cool."""
    await home.set(SHED, 20)
    return home


# Less power, and more


@either_protocol
async def test_the_hotter_the_less_power(shed: Home) -> None:
    await by_shed(shed)
    assert shed.take_commands() == []
    for temperature, percent in ((36, 88), (37.5, 70), (39, 52), (40, 40)):
        await shed.set(SHED, temperature)
        assert shed.take_commands() == [f"set_power_pct {percent}"]
    await shed.set(SHED, 44.9)
    assert await shed.commands_after(5) == []


async def test_up_again_it_goes_in_steps(shed: Home) -> None:
    """The percent rises once a minute, however often the sensor reports."""
    await shed.set(SHED, 40)
    await by_shed(shed, percent_method="normal", most_up=25)
    assert shed.take_commands() == ["set_power_pct_v2 40"]

    for temperature in (35, 34.9, 34.8, 35):
        await shed.set(SHED, temperature)
    assert shed.take_commands() == []
    assert await shed.commands_after(1) == ["set_power_pct_v2 65"]
    assert await shed.commands_after(5) == [
        "set_power_pct_v2 90",
        "set_power_pct_v2 100",
    ]


async def test_a_small_change_is_not_sent(shed: Home) -> None:
    """A change to either end is always sent."""
    await shed.set(SHED, 37.5)
    await by_shed(shed)
    assert shed.take_commands() == ["set_power_pct 70"]

    for temperature in (37.8, 37.2, 37.85, 37.15):
        await shed.set(SHED, temperature)
        await shed.wait(1)
    assert shed.take_commands() == []
    await shed.set(SHED, 39.7)
    assert shed.take_commands() == ["set_power_pct 44"]
    await shed.set(SHED, 40)
    assert shed.take_commands() == ["set_power_pct 40"]


async def test_flapping_around_the_first_temperature_sends_nothing(shed: Home) -> None:
    await by_shed(shed)
    for _ in range(10):
        for temperature in (35.2, 34.8):
            await shed.set(SHED, temperature)
            await shed.wait(1)
    assert shed.take_commands() == []


async def test_percents_are_the_owners(shed: Home) -> None:
    """A miner that forgot its percent runs at full power, which may be too much."""
    await by_shed(shed, full_percent=80, lowest_percent=20)
    assert shed.take_commands() == ["set_power_pct 80"]
    await shed.set(SHED, 40)
    assert shed.take_commands() == ["set_power_pct 20"]


async def test_each_miner_has_its_own_air(home: Home, hall: Owned) -> None:
    """A miner that does not report the temperature of its air is left alone."""
    attic = await home.fleet.add("Attic", generation="v1", model="M20S")
    await air(home, home.garage, 37.5)
    await air(home, hall, 20)
    await keep_cool(home, home.garage, hall, attic)
    assert home.take_commands() == ["set_power_pct 70"]

    await air(home, hall, 39)
    await air(home, home.garage, 46)
    assert await home.commands_after(1) == ["power_off"]
    assert take_commands(hall) == ["set_power_pct 52"]
    assert await home.commands_after(20, attic) == []


async def test_miners_of_all_generations_follow_one_sensor(
    shed: Home, hall: Owned
) -> None:
    """One sensor also serves miners that report no temperature of their air."""
    attic = await shed.fleet.add("Attic", generation="v1", model="M20S")
    await by_shed(shed, shed.garage, hall, attic)
    await shed.set(SHED, 37.5)
    for owned in (shed.garage, hall, attic):
        assert take_commands(owned) == ["set_power_pct 70"]
    await shed.set(SHED, 45)
    for owned in (shed.garage, hall, attic):
        assert take_commands(owned) == ["power_off"]


async def test_chips_that_are_cooled_by_it_do_not_swing(home: Home) -> None:
    """Less power cools the chips, which allows more power. The percent comes to rest all the same."""
    await keep_cool(
        home,
        measured="chip_temperature",
        full_until=65,
        lowest_at=80,
        off_at=95,
    )
    # As many polls as in reality, because late readings could make it swing.
    for _ in range(20):
        await home.wait(1)
    assert home.take_commands()
    for _ in range(40):
        await home.wait(1)
    assert len(home.take_commands()) <= 2
    assert 40 < home.garage.miner.state.percent < 100


# Off, and on again


async def test_what_is_too_hot_to_be_on_is_not_switched_on(shed: Home) -> None:
    """The temperature "on below" may be higher than "off at"."""
    await shed.set(SHED, 31)
    await by_shed(shed, full_until=20, lowest_at=25, off_at=30, come_back="always")
    assert await shed.commands_after(45) == ["power_off"]


@either_protocol
async def test_too_hot_is_off_at_once(shed: Home) -> None:
    shed.garage.miner.state.mining = False
    await shed.wait(1)
    shed.garage.miner.state.mining = True
    await shed.wait(1)
    await shed.set(SHED, 44.9)
    await by_shed(shed)
    assert shed.take_commands() == []
    await shed.set(SHED, 45)
    assert shed.take_commands() == ["power_off"]


async def test_by_default_nothing_is_switched_on(shed: Home) -> None:
    await shed.make_switches("stopped", "by_hand")
    await by_shed(shed, stopped_helper=STOPPED)
    await shed.set(SHED, 50)
    assert shed.take_commands() == ["power_off"]
    await shed.set(SHED, 10)
    assert await shed.commands_after(60) == []


async def test_always_switches_on_what_is_cool(shed: Home) -> None:
    await by_shed(shed, come_back="always")
    await shed.set(SHED, 45)
    assert shed.take_commands() == ["power_off"]
    await shed.set(SHED, 32.9)
    assert await shed.commands_after(29) == []
    await shed.set(SHED, 33)
    assert await shed.commands_after(5) == []
    await shed.set(SHED, 32.9)
    assert shed.take_commands() == ["power_on"]

    await shed.wait(1)
    await shed.switch("switch.garage", "off")
    assert await shed.commands_after(33) == ["power_off", "power_on"]


async def test_a_helper_tells_what_was_stopped_for_heat(
    shed: Home, hall: Owned
) -> None:
    """A miner that a person switched off stays off."""
    await shed.make_switches("stopped", "by_hand")
    await by_shed(
        shed, shed.garage, hall, come_back="stopped", stopped_helper=STOPPED, min_off=10
    )
    await shed.switch("switch.garage", "off")
    assert await shed.commands_after(15) == ["power_off"]
    assert shed.hass.states.is_state(STOPPED, "off")
    await shed.switch("switch.garage", "on")
    assert await shed.commands_after(2) == ["power_on"]

    await shed.set(SHED, 45)
    assert shed.hass.states.is_state(STOPPED, "on")
    await shed.set(SHED, 20)
    assert shed.hass.states.is_state(STOPPED, "on")
    assert await shed.commands_after(9) == ["power_off"]
    assert await shed.commands_after(3) == ["power_on"]
    assert take_commands(hall) == ["power_off", "power_on"]
    await shed.wait(5)
    assert shed.hass.states.is_state(STOPPED, "off")

    await shed.switch("switch.hall", "off")
    assert await shed.commands_after(15, hall) == ["power_off"]


async def test_the_helper_stays_on_until_all_run(shed: Home, hall: Owned) -> None:
    await shed.make_switches("stopped", "by_hand")
    await by_shed(
        shed, shed.garage, hall, come_back="stopped", stopped_helper=STOPPED, min_off=5
    )
    hall.miner.misbehave("power_on", Refused(132))
    await shed.set(SHED, 45)
    await shed.set(SHED, 20)
    assert await shed.commands_after(13) == ["power_off", "power_on"]
    assert take_commands(hall)[:3] == ["power_off", "power_on", "power_on"]
    assert shed.hass.states.is_state(STOPPED, "on")


async def test_a_start_that_was_only_said_to_be_one_is_repeated(shed: Home) -> None:
    await shed.make_switches("stopped", "by_hand")
    await by_shed(shed, come_back="stopped", stopped_helper=STOPPED, min_off=2)
    shed.garage.miner.misbehave("power_on", ACCEPTED_ONLY, times=1)
    await shed.set(SHED, 45)
    await shed.set(SHED, 20)
    assert await shed.commands_after(4) == ["power_off", "power_on"]
    assert shed.hass.states.is_state(STOPPED, "on")
    assert await shed.commands_after(6) == ["power_on"]
    await shed.wait(4)
    assert shed.hass.states.is_state(STOPPED, "off")


async def test_without_a_helper_nothing_comes_back_by_it(shed: Home) -> None:
    await by_shed(shed, come_back="stopped", min_off=0)
    await shed.set(SHED, 45)
    await shed.set(SHED, 20)
    assert await shed.commands_after(10) == ["power_off"]


@either_protocol
async def test_a_restart_of_home_assistant_forgets_nothing(shed: Home) -> None:
    inputs = {"come_back": "stopped", "stopped_helper": STOPPED}
    await shed.make_switches("stopped", "by_hand")
    await by_shed(shed, **inputs)
    await shed.set(SHED, 45)
    assert shed.take_commands() == ["power_off"]
    stopped = shed.hass.states.get(STOPPED)
    assert stopped
    assert stopped.state == "on"
    async with shed.restarted() as (again, _):
        mock_restore_cache(again.hass, [stopped])
        await again.make_switches("stopped", "by_hand")
        await by_shed(again, **inputs)
        await again.started()
        # The sensor has no state yet.
        assert await again.commands_after(40) == []
        await again.set(SHED, 40)
        assert await again.commands_after(1) == []
        await again.set(SHED, 20)
        assert again.take_commands() == ["power_on"]


async def test_own_air_is_known_while_a_miner_is_off(home: Home) -> None:
    """The miner starts when its air is cool."""
    await air(home, home.garage, 46)
    await keep_cool(home, come_back="always", min_off=10)
    assert home.take_commands() == ["power_off"]
    assert await home.commands_after(20) == []
    await air(home, home.garage, 30)
    assert await home.commands_after(1) == ["power_on"]


async def test_chips_are_unknown_while_a_miner_is_off(home: Home) -> None:
    """The miner starts after some time, and stops at once if that was too soon."""
    await keep_cool(
        home,
        measured="chip_temperature",
        full_until=25,
        lowest_at=28,
        off_at=30,
        on_below=20,
        come_back="always",
        min_off=10,
    )
    assert home.take_commands() == ["power_off"]
    assert await home.commands_after(8) == []
    assert await home.commands_after(10) == ["power_on", "power_off"]


# A sensor that is gone


@pytest.mark.parametrize("state", ["unavailable", "unknown", "hot"])
async def test_a_sensor_that_is_gone_for_a_moment_changes_nothing(
    shed: Home, state: str
) -> None:
    await shed.set(SHED, 37.5)
    await by_shed(shed, when_unknown="stop")
    assert shed.take_commands() == ["set_power_pct 70"]
    await shed.set(SHED, state)
    await shed.wait(13)
    await shed.set(SHED, 37.5)
    assert await shed.commands_after(3) == []


@pytest.mark.parametrize(
    ("inputs", "writes"),
    [
        ({}, ["set_power_pct 40"]),
        ({"when_unknown": "stop"}, ["power_off"]),
        ({"when_unknown": "keep"}, []),
    ],
)
async def test_a_sensor_that_is_gone_for_long(
    shed: Home, inputs: dict[str, Any], writes: list[str]
) -> None:
    hall = await shed.fleet.add("Hall")
    hall.miner.state.mining = False
    await shed.wait(1)
    await shed.set(SHED, 34)
    await by_shed(shed, shed.garage, hall, come_back="always", min_off=5, **inputs)
    await shed.set(SHED, "unavailable")
    assert await shed.commands_after(13) == []
    assert await shed.commands_after(12) == writes
    assert take_commands(hall) == []


async def test_a_sensor_that_does_not_exist_is_gone(home: Home) -> None:
    await by_shed(home)
    assert await home.commands_after(13) == []
    assert await home.commands_after(2) == ["set_power_pct 40"]


# By hand, and what goes wrong


async def test_by_hand_nothing_is_done_but_for_what_is_too_hot(shed: Home) -> None:
    await shed.set(OVERRIDE, "on")
    await by_shed(shed, override=OVERRIDE, come_back="always", min_off=0)
    await shed.set(SHED, 40)
    assert await shed.commands_after(2) == []
    await shed.set(SHED, 45)
    assert shed.take_commands() == ["power_off"]
    await shed.set(SHED, 20)
    assert await shed.commands_after(5) == []
    await shed.set(OVERRIDE, "off")
    assert shed.take_commands() == ["power_on"]


async def test_what_failed_is_repeated(shed: Home) -> None:
    for command in ("set_power_pct", "power_off", "power_on"):
        shed.garage.miner.misbehave(command, Refused(132), times=2)
    await by_shed(shed, come_back="always", min_off=0)
    await shed.set(SHED, 40)
    assert await shed.commands_after(4) == ["set_power_pct 40"] * 3
    await shed.set(SHED, 45)
    assert await shed.commands_after(4) == ["power_off"] * 3
    await shed.set(SHED, 20)
    assert await shed.commands_after(4) == ["power_on"] * 3


async def test_one_that_fails_does_not_keep_the_others(shed: Home, hall: Owned) -> None:
    for command in ("set_power_pct", "power_off"):
        shed.garage.miner.misbehave(command, Refused(132))
    await by_shed(shed, shed.garage, hall)
    await shed.set(SHED, 40)
    assert take_commands(hall) == ["set_power_pct 40"]
    await shed.set(SHED, 45)
    assert take_commands(hall) == ["power_off"]


async def test_after_an_outage_a_miner_is_looked_after(shed: Home) -> None:
    await by_shed(shed)
    await shed.garage.miner.disconnect()
    await shed.wait(3)
    assert not shed.garage.is_available
    await shed.set(SHED, 40)
    assert await shed.commands_after(3) == []
    shed.garage.miner.reconnect()
    assert await shed.commands_after(4) == ["set_power_pct 40"]


@pytest.mark.parametrize("generation", ["v2", "compat"])
async def test_a_percent_is_given_again_when_mining_restarted(
    shed: Home, generation: str
) -> None:
    """A restart makes a miner forget its percent. A percent would disturb it while it tunes."""
    cellar = await shed.fleet.add("Cellar", generation=generation)
    await shed.set(SHED, 37.5)
    await by_shed(shed, cellar)
    assert take_commands(cellar) == ["set_power_pct 70"]

    cellar.miner.state.restart()
    tuning = cellar.miner.state.tuning_seconds / 60
    assert await shed.commands_after(tuning - 1, cellar) == []
    assert await shed.commands_after(3, cellar) == ["set_power_pct 70"]


async def test_degrees_fahrenheit_are_as_good(shed: Home) -> None:
    """All temperatures of the blueprint are in the unit of the sensor."""
    await shed.set(SHED, 100)
    await by_shed(shed, full_until=95, lowest_at=105, off_at=113, on_below=91)
    assert shed.take_commands() == ["set_power_pct 70"]
    await shed.set(SHED, 113)
    assert shed.take_commands() == ["power_off"]
