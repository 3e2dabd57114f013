"""Minimum times on and off count from when a miner was really switched, in all blueprints."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from simulator import Misbehaviour, Raw, Refused
from tests import ACCEPTED_ONLY, JOINED, Altered, act

from . import Home, either_protocol, use_earlier_get_state
from .rules import MINIMUM_ON, SENSOR, Rule, each_minimum_on, each_rule, switching


async def stopped(home: Home, rule: Rule, **inputs: Any) -> None:
    """Let the automation stop the miner, and wish at once that it mines again."""
    await home.set(SENSOR, rule.off)
    await rule.automate(home, **inputs)
    await home.wait(2)
    assert switching(home) == ["power_off"]
    await home.set(SENSOR, rule.on)


async def started(home: Home, rule: Rule, **inputs: Any) -> None:
    """Let the automation start the miner, and wish at once that it does not mine."""
    await act(home.hass, "switch.turn_off", "switch.garage")
    await home.wait(2)
    home.take_commands()
    await home.set(SENSOR, rule.on)
    await rule.automate(home, **inputs)
    await home.wait(2)
    assert switching(home) == ["power_on"]
    await home.set(SENSOR, rule.off)


async def outage(home: Home) -> None:
    """Let the network fail for three minutes."""
    await home.garage.miner.disconnect()
    await home.wait(3)
    assert not home.garage.is_available
    home.garage.miner.reconnect()


async def minutes_until(
    home: Home,
    command: str,
    most: int,
    at: Mapping[int, Callable[[Home], Awaitable[None]]] | None = None,
) -> float:
    """Return after how many minutes a command came; `at` is what happens at which minute."""
    start = home.fleet.clock.freezer.time_to_freeze
    for minute in range(most + 1):
        if at and minute in at:
            await at[minute](home)
        await home.wait(1)
        if found := switching(home):
            assert found[0] == command
            passed = home.fleet.clock.freezer.time_to_freeze - start
            return passed.total_seconds() / 60
    return float("inf")


# Off for at least


@pytest.mark.parametrize("failure", [Refused(132), Raw(b""), Raw(b"{")])
@each_rule
async def test_a_start_that_failed_does_not_count_as_off_time_anew(
    home: Home, rule: Rule, failure: Misbehaviour
) -> None:
    await stopped(home, rule, min_off=60)
    assert switching(home) == []
    home.garage.miner.misbehave("get_token", failure, times=1)
    home.garage.miner.misbehave("power_on", failure, times=1)
    # The session of the stop may still be valid, so that the start itself fails.
    await home.wait(57)
    assert not home.garage.miner.state.mining

    await home.wait(8)
    assert home.garage.miner.state.mining


async def test_a_start_that_was_only_said_to_be_one_is_tried_again(home: Home) -> None:
    """It is believed for five minutes."""
    rule = MINIMUM_ON[0]
    await stopped(home, rule, min_off=60)
    home.garage.miner.misbehave("power_on", ACCEPTED_ONLY, times=1)

    assert await minutes_until(home, "power_on", 60) == pytest.approx(59, abs=2)
    assert await minutes_until(home, "power_on", 60) == pytest.approx(6, abs=2)


@pytest.mark.parametrize("every", [6, 13, 20])
@each_rule
async def test_a_miner_whose_network_drops_again_and_again_starts(
    home: Home, rule: Rule, every: int
) -> None:
    await stopped(home, rule, min_off=30)

    drops = dict.fromkeys(range(every, 60, every), outage)

    assert await minutes_until(home, "power_on", 60, drops) == pytest.approx(29, abs=4)


@pytest.mark.parametrize("after", [5, 20, 28])
@each_rule
async def test_off_time_goes_on_over_a_restart_of_home_assistant(
    home: Home, rule: Rule, after: int
) -> None:
    await stopped(home, rule, min_off=30)
    await home.wait(after)

    async with home.restarted() as (again, _):
        await again.set(SENSOR, rule.on)
        await rule.automate(again, min_off=30)
        await again.started()
        left = 29 - after
        assert await minutes_until(again, "power_on", 60) == pytest.approx(left, abs=2)


@either_protocol
async def test_a_miner_that_somebody_else_ran_is_off_since_then(home: Home) -> None:
    await stopped(home, MINIMUM_ON[0], min_off=30)
    await home.wait(20)
    home.garage.miner.state.mining = True
    await home.wait(5)
    home.garage.miner.state.mining = False

    assert await minutes_until(home, "power_on", 60) == pytest.approx(30, abs=2)


async def test_a_miner_that_stopped_in_an_outage_is_off_since_it_is_seen(
    home: Home,
) -> None:
    await home.set(SENSOR, 0.11)
    await MINIMUM_ON[0].automate(home, min_off=30)

    async def stop_unseen(home: Home) -> None:
        home.garage.miner.state.mining = False
        await outage(home)

    await home.set(SENSOR, 0.05)
    assert await minutes_until(home, "power_on", 60, {10: stop_unseen}) == (
        pytest.approx(43, abs=2)
    )


# On for at least


async def restart_mining(home: Home) -> None:
    """Let mining restart by itself."""
    home.garage.miner.state.restart()


async def restart_unseen(home: Home) -> None:
    """Let mining restart by itself while the network fails."""
    home.garage.miner.state.restart()
    await outage(home)


@pytest.mark.parametrize(
    "at",
    [
        {},
        {10: outage},
        {25: outage},
        dict.fromkeys(range(5, 60, 8), outage),
        {12: outage, 20: restart_mining},
        dict.fromkeys(range(6, 60, 13), restart_unseen),
    ],
    ids=["none", "early", "late", "often", "restart", "restarts"],
)
@each_minimum_on
async def test_an_outage_makes_the_time_on_neither_longer_nor_shorter(
    home: Home, rule: Rule, at: Mapping[int, Callable[[Home], Awaitable[None]]]
) -> None:
    await started(home, rule, min_on=30)

    assert await minutes_until(home, "power_off", 60, at) == pytest.approx(29, abs=4)


@pytest.mark.parametrize("after", [5, 20, 28])
@each_minimum_on
@either_protocol
async def test_on_time_goes_on_over_a_restart_of_home_assistant(
    home: Home, rule: Rule, after: int
) -> None:
    """Mining may restart by itself before, which is no new start."""
    await started(home, rule, min_on=30)
    await home.wait(after)
    await restart_mining(home)

    async with home.restarted() as (again, _):
        await again.set(SENSOR, rule.off)
        await rule.automate(again, min_on=30)
        await again.started()
        left = 29 - after
        assert await minutes_until(again, "power_off", 60) == pytest.approx(left, abs=2)


async def test_a_stop_that_failed_does_not_count_as_a_new_start(home: Home) -> None:
    """This miner does not say since when it mines."""
    home.garage.miner.misbehave(JOINED, Altered('"Elapsed"', '"Passed"'))
    await started(home, MINIMUM_ON[0], min_on=30)
    home.garage.miner.misbehave("power_off", Refused(132), times=2)

    assert await minutes_until(home, "power_off", 60) == pytest.approx(29, abs=2)
    assert await minutes_until(home, "power_off", 60) == pytest.approx(1, abs=1)


# An earlier version of the integration


@each_rule
async def test_with_an_earlier_version_the_time_of_the_switch_counts(
    home: Home, rule: Rule
) -> None:
    use_earlier_get_state(home.hass)

    await stopped(home, rule, min_off=30)

    assert await minutes_until(home, "power_on", 60) == pytest.approx(29, abs=2)
