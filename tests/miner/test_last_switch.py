"""When a miner was switched last: only what polls show counts."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    async_mock_restore_state_shutdown_restart,
)

from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from custom_components.whatsminer.miner.record import RECORDS
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.dt import utcnow
from simulator import Refused, SimulatedMiner
from tests import ACCEPTED_ONLY, Clock, act, every_generation, load_entry
from tests.action_calls import Target
from tests.fleet import Owned


async def home_assistant_restarts(owned: Owned, clock: Clock, *, away: float) -> None:
    """Let Home Assistant end, be away for so many seconds, and begin without any client."""
    await async_mock_restore_state_shutdown_restart(owned.hass)
    assert await owned.hass.config_entries.async_unload(owned.entry.entry_id)
    owned.hass.data.pop(RECORDS)
    await clock.tick(away)
    await load_entry(owned.hass, owned.entry)


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


# A clock of the mining process that goes on while mining is off


@pytest.mark.parametrize("platforms", [(Platform.SWITCH, Platform.SENSOR)], ids=[""])
@pytest.mark.parametrize("miner", ["v3_miner"], indirect=True)
async def test_a_start_is_still_known_after_a_restart_of_home_assistant(
    owned: Owned, clock: Clock, set_up: WhatsminerCoordinator
) -> None:
    """The clock of V3 goes on while mining is off, so that only memory knows the start."""
    await owned.turn_off()
    await wait(clock, 5)
    await act(owned.hass, "switch.turn_on", "switch.miner")
    await owned.hass.async_block_till_done()
    await wait(clock, 60)
    names = ("mining_restarts_today", "status")
    before = {name: owned.shown("sensor", name) for name in names}
    since = set_up.data.mining_since
    assert since
    assert utcnow() - since == pytest.approx(
        timedelta(hours=1), abs=timedelta(minutes=2)
    )

    await home_assistant_restarts(owned, clock, away=600)

    assert {name: owned.shown("sensor", name) for name in names} == before
    again = owned.coordinator.data.mining_since
    assert again == pytest.approx(since, abs=timedelta(seconds=2))
    told = datetime.fromisoformat(owned.shown("sensor", "last_start_of_mining"))
    assert told == pytest.approx(since, abs=timedelta(seconds=2))


@pytest.mark.parametrize("platforms", [(Platform.SWITCH, Platform.SENSOR)], ids=[""])
@pytest.mark.parametrize("miner", ["v3_miner"], indirect=True)
async def test_a_miner_that_was_just_started_has_no_fault_after_a_restart_of_home_assistant(
    owned: Owned, clock: Clock, set_up: WhatsminerCoordinator
) -> None:
    """It has time to start, although the clock of its mining process shows a day."""
    await owned.turn_off()
    await wait(clock, 40)
    owned.miner.state.set_boards(alive=False)
    await act(owned.hass, "switch.turn_on", "switch.miner")
    await wait(clock, 2)
    assert owned.shown("sensor", "status") == "starting"

    await home_assistant_restarts(owned, clock, away=30)

    assert set_up is not owned.coordinator
    assert owned.shown("sensor", "status") == "starting"
    await wait(clock, 20)
    assert owned.shown("sensor", "status") == "fault"
