"""When a miner was switched last: only what polls show counts."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.dt import utcnow
from simulator import Refused, SimulatedMiner
from tests import ACCEPTED_ONLY, Clock, act, every_generation
from tests.action_calls import Target


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """The platforms that switch mining."""
    return (Platform.SWITCH,)


async def switched_at(one: Target) -> datetime | None:
    """Return what the action says."""
    (state,) = (await one.ask("get_state")).values()
    at: Any = state["switched_at"]
    return at and datetime.fromisoformat(at)


async def wait(clock: Clock, minutes: float) -> None:
    await clock.next_poll(round(minutes * 2))


@every_generation
async def test_it_is_the_time_of_the_command(
    hass: HomeAssistant, clock: Clock, one: Target
) -> None:
    for action in ("turn_off", "turn_on", "turn_off"):
        await wait(clock, 5)
        now = utcnow()
        await act(hass, f"switch.{action}", "switch.miner")
        await wait(clock, 5)
        assert await switched_at(one) == pytest.approx(now, abs=timedelta(seconds=1))


@every_generation
async def test_what_somebody_else_switched_is_seen_by_a_poll(
    clock: Clock, miner: SimulatedMiner, one: Target
) -> None:
    await wait(clock, 5)
    now = utcnow()
    miner.state.mining = False
    await wait(clock, 5)

    at = await switched_at(one)
    assert at
    assert now < at <= now + timedelta(minutes=3)


@pytest.mark.parametrize("mining", [True, False])
@every_generation
async def test_an_outage_does_not_switch(
    clock: Clock, miner: SimulatedMiner, one: Target, mining: bool
) -> None:
    miner.state.mining = mining
    await wait(clock, 5)
    before = await switched_at(one)
    assert before

    for _ in range(3):
        await miner.disconnect()
        await wait(clock, 3)
        miner.reconnect()
        await wait(clock, 5)

    assert await switched_at(one) == before


@every_generation
async def test_a_restart_of_mining_may_show_it_stopped_and_no_more(
    clock: Clock, miner: SimulatedMiner, one: Target
) -> None:
    await wait(clock, 2)
    before = await switched_at(one)

    miner.state.restart()
    await wait(clock, 5)

    assert await switched_at(one) == before


async def test_a_command_that_failed_does_not_switch(
    hass: HomeAssistant, clock: Clock, miner: SimulatedMiner, one: Target
) -> None:
    await act(hass, "switch.turn_off", "switch.miner")
    await wait(clock, 5)
    before = await switched_at(one)

    miner.misbehave("power_on", Refused(132), times=1)
    with pytest.raises(HomeAssistantError):
        await act(hass, "switch.turn_on", "switch.miner")
    assert await switched_at(one) == before

    miner.misbehave("power_on", ACCEPTED_ONLY, times=1)
    await act(hass, "switch.turn_on", "switch.miner")
    assert await switched_at(one) is None  # the miner has not confirmed it
    await wait(clock, 10)
    assert await switched_at(one) == before


async def test_a_time_in_the_future_comes_from_a_clock_that_was_wrong(
    clock: Clock, set_up: WhatsminerCoordinator, one: Target
) -> None:
    later = utcnow() + timedelta(days=2)
    set_up.memory.data["last_switch"] = {"on": True, "at": later.isoformat()}
    await wait(clock, 1)

    at = await switched_at(one)
    assert at
    assert at <= utcnow()
