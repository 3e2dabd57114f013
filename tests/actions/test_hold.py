"""A miner that is held off stays off until it is released."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.whatsminer.actions.hold import async_release
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from custom_components.whatsminer.miner.hold import BY_HAND
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID, CONF_PASSWORD, Platform
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util import dt as dt_util
from simulator import Refused, SimulatedMiner
from tests import Clock, fails_with, hold, restart, shown
from tests.action_calls import Target
from tests.words import forget, name_for, sent

# A miner that speaks V2, and one that speaks V3; the switch itself is tested with each generation.
either_protocol = pytest.mark.parametrize(
    "miner", ["air_miner", "v3_miner"], indirect=True
)
SWITCH = "switch.miner"
POWER = ("power_off", "power_on")

pytestmark = pytest.mark.parametrize("platforms", [(Platform.SWITCH,)], ids=[""])


@dataclass(frozen=True)
class Held:
    """The miner, and the actions that hold it off and release it."""

    hass: HomeAssistant
    miner: SimulatedMiner
    entry: MockConfigEntry
    clock: Clock
    target: Target
    user: MockUser

    async def hold(self, **data: Any) -> None:
        """Hold the miner off."""
        await self.target.call("hold", **data)
        await self.hass.async_block_till_done()

    async def release(self) -> None:
        """Release the miner."""
        await self.target.call("release")
        await self.hass.async_block_till_done()

    async def turn(self, on: str, *, by_person: bool) -> None:
        """Switch the miner, as a person does or as an automation."""
        await self.hass.services.async_call(
            "switch",
            f"turn_{on}",
            {ATTR_ENTITY_ID: SWITCH},
            blocking=True,
            context=Context(user_id=self.user.id) if by_person else Context(),
        )
        await self.hass.async_block_till_done()

    async def next_poll(self) -> None:
        """Let the miner be polled."""
        await self.clock.next_poll()

    async def state(self) -> dict[str, Any]:
        """Return what `get_state` says of holding."""
        (state,) = (await self.target.ask("get_state")).values()
        return {key: state[key] for key in state if key.startswith("held_off")}

    @property
    def is_mining(self) -> bool:
        """Whether mining is on at the miner."""
        return self.miner.state.mining

    @property
    def switched(self) -> list[str]:
        """How mining was switched at the miner."""
        return [command for command in sent(self.miner) if command in POWER]


@pytest.fixture
def held(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    config_entry: MockConfigEntry,
    clock: Clock,
    one: Target,
    hass_admin_user: MockUser,
    hass_storage: dict[str, Any],
) -> Held:
    """The miner, which is set up and mines."""
    return Held(hass, miner, config_entry, clock, one, hass_admin_user)


# By hand


@either_protocol
async def test_a_held_miner_is_stopped_and_a_released_one_is_started(
    held: Held,
) -> None:
    await held.hold()

    assert not held.is_mining
    assert shown(held.hass, SWITCH) == "off"
    await held.release()
    assert held.is_mining
    assert held.switched == ["power_off", "power_on"]


async def test_get_state_says_that_a_miner_is_held_off(held: Held) -> None:
    free = {"held_off": False, "held_off_by": [], "held_off_until": None}
    assert await held.state() == free

    await held.hold()

    assert await held.state() == free | {"held_off": True, "held_off_by": ["hand"]}
    await held.release()
    assert await held.state() == free


async def test_a_miner_that_was_off_before_stays_off_after_the_release(
    held: Held,
) -> None:
    await held.turn("off", by_person=True)
    await held.next_poll()
    await held.hold()

    await held.release()

    assert held.switched == ["power_off"]
    assert not held.is_mining


async def test_to_hold_a_held_miner_again_sends_nothing(held: Held) -> None:
    await held.hold()
    await held.next_poll()

    await held.hold()

    assert held.switched == ["power_off"]


async def test_a_release_of_a_miner_that_nobody_holds_does_nothing(held: Held) -> None:
    await held.release()

    assert held.switched == []


# For a time


@either_protocol
async def test_after_the_time_the_miner_is_started(held: Held) -> None:
    begin = dt_util.utcnow()
    await held.hold(duration={"hours": 2})
    assert (await held.state())["held_off_until"] == (
        begin + timedelta(hours=2)
    ).isoformat()

    await held.clock.tick(7190)
    assert not held.is_mining
    await held.clock.tick(11)

    assert held.is_mining
    assert held.switched == ["power_off", "power_on"]


async def test_a_later_hold_counts_for_longer_or_shorter(held: Held) -> None:
    await held.hold(duration={"hours": 2})
    await held.hold()
    assert (await held.state())["held_off_until"] is None

    await held.clock.tick(3 * 3600)
    assert not held.is_mining
    await held.hold(duration={"minutes": 1})
    await held.clock.tick(61)

    assert held.is_mining


async def test_a_time_that_is_over_while_home_assistant_is_off_counts(
    held: Held,
) -> None:
    await held.hold(duration={"minutes": 10})
    assert await held.hass.config_entries.async_unload(held.entry.entry_id)

    await held.clock.tick(601)
    assert not held.is_mining
    await held.hass.config_entries.async_setup(held.entry.entry_id)
    await held.hass.async_block_till_done(wait_background_tasks=True)

    assert held.is_mining


@pytest.mark.parametrize(
    "duration", [{"seconds": 0}, {"days": 367}, {"seconds": -5}, {"days": 999999}]
)
async def test_an_impossible_time_is_refused(
    held: Held, duration: dict[str, int]
) -> None:
    with fails_with("hold_duration_invalid", ServiceValidationError):
        await held.hold(duration=duration)

    assert held.switched == []
    assert not (await held.state())["held_off"]


# What is held off stays off


@either_protocol
async def test_a_miner_that_mines_again_is_stopped_again(held: Held) -> None:
    """After a power cut, firmware starts to mine."""
    await held.hold()
    await held.next_poll()
    held.miner.state.mining = True

    await held.next_poll()
    await held.next_poll()

    assert not held.is_mining
    assert held.switched == ["power_off", "power_off"]


async def test_an_automation_cannot_start_a_held_miner(held: Held) -> None:
    await held.hold()

    with fails_with("held_off", ServiceValidationError):
        await held.turn("on", by_person=False)

    assert not held.is_mining
    assert (await held.state())["held_off"]


async def test_a_person_can_start_a_held_miner(held: Held) -> None:
    await held.hold()

    await held.turn("on", by_person=True)
    await held.next_poll()
    await held.next_poll()

    assert held.is_mining
    assert held.switched == ["power_off", "power_on"]
    assert not (await held.state())["held_off"]


@either_protocol
async def test_a_person_who_cannot_start_it_does_not_let_go(held: Held) -> None:
    await held.hold()
    await held.next_poll()
    held.miner.misbehave(name_for(held.miner, "power_on"), Refused(132))

    with pytest.raises(HomeAssistantError) as error:
        await held.turn("on", by_person=True)

    assert error.value.translation_key != "held_off"
    assert (await held.state())["held_off"]
    held.miner.state.mining = True  # as after a power cut
    await held.clock.next_poll(2)
    assert not held.is_mining


@pytest.mark.parametrize("by_person", [True, False])
async def test_what_somebody_else_turns_off_is_not_started_by_the_release(
    held: Held, by_person: bool
) -> None:
    await held.hold()
    await held.turn("off", by_person=by_person)

    await held.release()
    await held.next_poll()

    assert not held.is_mining


async def test_a_hold_outlasts_a_restart_of_home_assistant(held: Held) -> None:
    await held.hold()

    await restart(held.hass, held.entry)

    assert (await held.state())["held_off"]
    with fails_with("held_off", ServiceValidationError):
        await held.turn("on", by_person=False)
    await held.release()
    assert held.is_mining


# Quick changes of mind


@either_protocol
async def test_who_holds_and_releases_at_once_is_obeyed_in_the_end(held: Held) -> None:
    await held.hold()
    starting = hold(held.miner, name_for(held.miner, "power_on"))
    release = asyncio.create_task(held.target.call("release"))
    await starting.reached.wait()

    again = asyncio.create_task(held.target.call("hold"))
    starting.release.set()
    await release
    await again
    await held.clock.next_poll(2)
    assert not held.is_mining

    await held.release()
    assert held.is_mining


async def test_a_release_while_the_miner_is_being_stopped_starts_it(held: Held) -> None:
    stopping = hold(held.miner, name_for(held.miner, "power_off"))
    holding = asyncio.create_task(held.target.call("hold"))
    await stopping.reached.wait()

    release = asyncio.create_task(held.target.call("release"))
    stopping.release.set()
    await holding
    await release
    await held.clock.next_poll(3)

    assert held.is_mining


async def test_a_hold_and_a_release_at_the_same_moment_leave_the_miner_on(
    held: Held,
) -> None:
    await asyncio.gather(held.target.call("hold"), held.target.call("release"))
    await held.clock.next_poll(3)

    assert held.is_mining


# A miner that cannot be reached


@either_protocol
async def test_a_miner_without_an_answer_is_stopped_as_soon_as_it_answers(
    held: Held,
) -> None:
    await held.miner.disconnect()

    with fails_with("stops_later"):
        await held.hold()

    assert held.is_mining
    await held.clock.next_poll(3)
    held.miner.reconnect()
    await held.clock.next_poll(2)
    assert not held.is_mining
    assert held.switched == ["power_off"]
    await held.release()
    assert held.is_mining


@either_protocol
async def test_a_miner_without_an_answer_is_started_as_soon_as_it_answers(
    held: Held,
) -> None:
    await held.hold()
    await held.next_poll()
    await held.miner.disconnect()

    with fails_with("starts_later"):
        await held.release()

    held.miner.reconnect()
    await held.clock.next_poll(2)
    assert held.is_mining
    assert held.switched == ["power_off", "power_on"]


async def test_a_miner_that_is_not_set_up_is_stopped_when_it_is(held: Held) -> None:
    assert await held.hass.config_entries.async_unload(held.entry.entry_id)
    await held.miner.disconnect()
    await held.hass.config_entries.async_setup(held.entry.entry_id)
    assert held.entry.state is ConfigEntryState.SETUP_RETRY

    with fails_with("stops_later"):
        await held.hold()

    held.miner.reconnect()
    await held.hass.config_entries.async_reload(held.entry.entry_id)
    await held.hass.async_block_till_done(wait_background_tasks=True)
    assert not held.is_mining


async def test_a_hold_of_a_miner_that_was_never_reached_can_be_released(
    held: Held,
) -> None:
    """The miner was on all the time, so that nothing has to be sent."""
    await held.miner.disconnect()
    with fails_with("stops_later"):
        await held.hold()
    with fails_with("starts_later"):
        await held.release()

    held.miner.reconnect()
    await held.clock.next_poll(2)

    assert held.switched == []
    assert held.is_mining
    await held.turn("off", by_person=True)
    await held.clock.next_poll(2)
    assert not held.is_mining


@pytest.mark.parametrize(
    ("code", "key"), [(45, "write_access_closed"), (14, "unsupported_command")]
)
async def test_a_refusal_is_not_repeated_with_every_poll(
    held: Held, code: int, key: str
) -> None:
    held.miner.misbehave(name_for(held.miner, "power_off"), Refused(code))
    with fails_with(key):
        await held.hold()
    forget(held.miner)

    await held.clock.next_poll(10)

    assert held.switched == []


async def test_a_refusal_is_tried_again_later(held: Held) -> None:
    held.miner.misbehave(name_for(held.miner, "power_off"), Refused(45), times=1)
    with fails_with("write_access_closed"):
        await held.hold()

    await held.clock.next_poll(22)

    assert not held.is_mining


# Who can be held


@pytest.mark.parametrize("password", [""])
async def test_a_miner_without_a_password_cannot_be_held(
    held: Held, set_up: WhatsminerCoordinator
) -> None:
    with fails_with("read_only", ServiceValidationError):
        await held.hold()

    assert not (await held.state())["held_off"]


async def test_a_start_that_lacks_a_password_is_not_made_up_for_later(
    held: Held,
) -> None:
    await held.hold()
    data = dict(held.entry.data)
    without = {key: value for key, value in data.items() if key != CONF_PASSWORD}
    held.hass.config_entries.async_update_entry(held.entry, data=without)

    with fails_with("read_only", ServiceValidationError):
        await async_release(held.hass, held.entry, BY_HAND)

    held.hass.config_entries.async_update_entry(held.entry, data=data)
    await held.clock.next_poll(3)
    assert not held.is_mining


async def test_several_miners_are_held_at_once(
    held: Held, set_up: WhatsminerCoordinator
) -> None:
    """A hashboard stands for its miner, and each miner counts once."""
    target = Target(
        held.hass, {ATTR_DEVICE_ID: [set_up.device_id], ATTR_ENTITY_ID: [SWITCH]}
    )

    await target.call("hold")

    assert held.switched == ["power_off"]
