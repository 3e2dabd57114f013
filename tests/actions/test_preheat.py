"""Preheating of a stopped miner."""

from dataclasses import dataclass
import logging

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.actions import preheat as preheating
from custom_components.whatsminer.actions.preheat import Preheat
from custom_components.whatsminer.api import Preheating, RefusedError
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from simulator import GARBAGE, Closed, Misbehaviour, Raw, Refused, SimulatedMiner
from tests import (
    JOINED,
    Clock,
    act,
    before_v2_2,
    fails_with,
    hold,
    log_lines,
    names_of,
    press,
)
from tests.fleet import Owned

pytestmark = [
    pytest.mark.parametrize(
        "platforms", [(Platform.BUTTON, Platform.SWITCH)], ids=[""]
    ),
    pytest.mark.usefixtures("entity_registry_enabled_by_default"),
    before_v2_2,
]


@dataclass(frozen=True)
class Heating:
    """The preheating of a miner that is stopped."""

    hass: HomeAssistant
    miner: SimulatedMiner
    clock: Clock
    preheat: Preheat

    @property
    def state(self) -> str | None:
        """How far it is."""
        return self.preheat.state

    @property
    def asked(self) -> int:
        """How often the miner was sent the command."""
        return names_of(self.miner.writes).count("pre_power_on")

    async def press(self) -> None:
        """Press the button."""
        await press(self.hass, "preheat")

    async def repeat(self, times: int = 1) -> None:
        """Let the time of some repetitions pass."""
        for _ in range(times):
            await self.clock.tick(10)


@pytest.fixture
async def heating(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    set_up: WhatsminerCoordinator,
) -> Heating:
    """The preheating of the miner, which is stopped."""
    miner.state.mining = False
    await clock.next_poll(2)
    miner.requests.clear()
    return Heating(hass, miner, clock, set_up.config_entry.runtime_data.preheat)


async def test_it_is_repeated_until_it_is_complete(
    heating: Heating, miner: SimulatedMiner
) -> None:
    assert heating.state is None
    await heating.press()
    states = [heating.state]

    for _ in range(8):
        await heating.repeat()
        states.append(heating.state)

    assert states == ["waiting"] * 2 + ["adjusting"] * 2 + ["complete"] * 5
    assert heating.asked == 5
    assert miner.writes[0] == {"cmd": "pre_power_on"}


async def test_every_change_is_told(
    heating: Heating, set_up: WhatsminerCoordinator
) -> None:
    states: list[str | None] = []
    unsub = set_up.async_add_listener(lambda: states.append(heating.state))
    await heating.press()
    assert states[-1] == "waiting"

    await heating.repeat(2)
    assert states[-1] == "adjusting"
    unsub()


async def test_a_repetition_is_no_reason_to_poll(
    heating: Heating, miner: SimulatedMiner
) -> None:
    await heating.press()
    await heating.repeat(2)

    assert names_of(miner.writes) == ["pre_power_on"] * 3
    assert JOINED not in names_of(miner.requests)
    await heating.repeat()
    assert names_of(miner.requests).count(JOINED) == 1


async def test_it_ends_when_mining_is_switched_on_here(
    heating: Heating, hass: HomeAssistant, clock: Clock
) -> None:
    await heating.press()

    await act(hass, "switch.turn_on", "switch.miner")
    assert heating.state is None

    await clock.next_poll(5)
    assert heating.state is None
    assert heating.asked == 1


async def test_it_goes_on_when_mining_cannot_be_switched_on(
    heating: Heating, hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    await heating.press()
    miner.misbehave("power_on", Refused(132))

    with pytest.raises(HomeAssistantError):
        await act(hass, "switch.turn_on", "switch.miner")
    assert heating.state == "waiting"

    await heating.repeat()
    assert heating.asked == 2


async def test_it_ends_when_somebody_else_starts_mining(
    heating: Heating, miner: SimulatedMiner, clock: Clock
) -> None:
    await heating.press()
    miner.state.mining = True

    await clock.next_poll(3)

    assert heating.state is None
    assert heating.asked <= 2


async def test_a_state_does_not_come_back(
    heating: Heating, miner: SimulatedMiner, clock: Clock
) -> None:
    """A miner that mined and was stopped again is cold."""
    await heating.press()
    await heating.repeat(4)
    assert heating.state == "complete"

    miner.state.mining = True
    await clock.next_poll(2)
    miner.state.mining = False
    await clock.next_poll(2)

    assert heating.state is None


@pytest.mark.parametrize("code", [132, 45, 14])
async def test_it_ends_when_a_repetition_is_refused(
    heating: Heating, miner: SimulatedMiner, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    """No caller waits for the answer."""
    await heating.press()
    miner.misbehave("pre_power_on", Refused(code, "too cold"), times=1)

    await heating.repeat()
    assert heating.state is None
    (warning,) = log_lines(caplog, logging.WARNING, preheating.__name__)
    assert warning.startswith("Miner: preheating ended: ")
    assert "too cold" in warning

    await heating.repeat()
    assert heating.asked == 2


@pytest.mark.parametrize(
    "how",
    [Closed(), Closed(execute=True), GARBAGE, Refused(135), Refused(136)],
    ids=str,
)
async def test_it_goes_on_when_a_repetition_fails_for_another_reason(
    heating: Heating,
    miner: SimulatedMiner,
    how: Misbehaviour,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Another error says nothing about the boards."""
    await heating.press()
    miner.misbehave("pre_power_on", how)
    for _ in range(3):
        await heating.repeat()
        assert heating.state == "waiting"

    miner.behave()
    await heating.repeat(5)
    assert heating.state == "complete"
    assert log_lines(caplog, logging.WARNING, preheating.__name__) == []


async def test_a_miner_that_stays_away_is_asked_for_ten_minutes_at_most(
    heating: Heating, miner: SimulatedMiner, clock: Clock
) -> None:
    await heating.press()
    miner.misbehave("pre_power_on", Closed())
    await heating.repeat(59)
    assert heating.state == "waiting"

    await heating.repeat()
    assert heating.state is None

    miner.behave()
    before = heating.asked
    await clock.tick(60)
    assert heating.asked == before


async def test_a_press_that_fails_does_not_end_what_is_repeated(
    heating: Heating, miner: SimulatedMiner
) -> None:
    """The caller gets the error."""
    await heating.press()
    miner.misbehave("pre_power_on", Refused(136), times=1)
    with pytest.raises(HomeAssistantError):
        await heating.press()
    assert heating.state == "waiting"

    await heating.repeat()
    assert heating.asked == 3


@pytest.mark.parametrize(
    ("how", "key"),
    [
        (Refused(132), "refused"),
        (Refused(136), "too_many_tokens"),
        (Closed(), "unanswered"),
    ],
)
async def test_whoever_presses_gets_the_error(
    heating: Heating, miner: SimulatedMiner, clock: Clock, how: Misbehaviour, key: str
) -> None:
    miner.misbehave("pre_power_on", how)

    with fails_with(key):
        await heating.press()

    assert heating.state is None
    before = heating.asked
    await clock.tick(30)
    assert heating.asked == before


async def test_it_ends_after_ten_minutes(
    heating: Heating, miner: SimulatedMiner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some miners never come to an end."""
    monkeypatch.setattr(miner.state, "preheat", lambda: "wait for adjust temp")
    await heating.press()

    await heating.repeat(59)
    assert heating.state == "waiting"
    assert heating.asked == 60

    await heating.repeat()
    assert heating.state is None
    await heating.clock.tick(60)
    assert heating.asked in (60, 61)


async def test_a_complete_state_is_forgotten_after_ten_minutes(
    heating: Heating,
) -> None:
    await heating.press()
    await heating.repeat(59)
    assert heating.state == "complete"

    await heating.repeat()

    assert heating.state is None
    assert heating.asked == 5


async def test_pressed_again_the_ten_minutes_start_anew(
    heating: Heating, miner: SimulatedMiner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only one series of commands is repeated."""
    monkeypatch.setattr(miner.state, "preheat", lambda: "adjust continue")
    await heating.press()
    await heating.repeat(3)
    await heating.clock.tick(5)
    await heating.press()
    await heating.repeat(59)
    assert heating.state == "adjusting"
    assert heating.asked == 4 + 60

    await heating.repeat()
    assert heating.state is None


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ('"complete":"false","msg":"something new"', "waiting"),
        ('"complete":"false","msg":""', "waiting"),
        ('"complete":"true","msg":"something new"', "complete"),
        ('"complete":true,"msg":"adjust continue"', "complete"),
        ('"complete":"false","msg":"Adjust Continue"', "adjusting"),
        ('"msg":"adjust complete"', "waiting"),
    ],
)
async def test_words_that_nobody_knows_are_one_more_reason_to_wait(
    heating: Heating, miner: SimulatedMiner, said: str, state: str
) -> None:
    plain = f'{{"STATUS":"S","When":1,"Code":131,"Msg":{{{said}}}}}'
    miner.misbehave("pre_power_on", Raw(plain.encode()))

    await heating.press()

    assert heating.state == state


async def test_the_miner_can_be_asked_once(heating: Heating, clock: Clock) -> None:
    answer = await heating.preheat.async_send_once()

    assert answer == Preheating(complete=False, message="wait for adjust temp")
    assert heating.state == "waiting"
    await clock.tick(60)
    assert heating.asked == 1
    assert heating.state == "waiting"

    await clock.tick(600)
    assert heating.state is None


async def test_asking_once_more_does_not_disturb_what_is_repeated(
    heating: Heating, miner: SimulatedMiner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(miner.state, "preheat", lambda: "adjust continue")
    await heating.press()
    await heating.clock.tick(5)
    await heating.preheat.async_send_once()
    await heating.clock.tick(5)
    assert heating.asked == 3

    await heating.repeat(59)
    assert heating.state is None


async def test_who_asks_once_gets_the_error(
    heating: Heating, miner: SimulatedMiner
) -> None:
    miner.misbehave("pre_power_on", Refused(132))

    with pytest.raises(RefusedError):
        await heating.preheat.async_send_once()

    assert heating.state is None


@pytest.mark.parametrize("under_way", [False, True])
async def test_it_ends_with_the_entry(
    heating: Heating, miner: SimulatedMiner, owned: Owned, under_way: bool
) -> None:
    await heating.press()
    if under_way:
        held = hold(miner, "pre_power_on")
        heating.clock.move(10)
        await held.reached.wait()

    assert await heating.hass.config_entries.async_unload(owned.entry.entry_id)
    assert heating.state is None

    miner.behave()
    await heating.clock.tick(60)
    assert heating.asked == 1 + under_way


async def test_a_press_that_outlasts_its_entry_repeats_nothing(
    heating: Heating, miner: SimulatedMiner, config_entry: MockConfigEntry
) -> None:
    """The answer of the miner comes after its entry was unloaded."""
    held = hold(miner, "pre_power_on")
    call = heating.hass.async_create_task(heating.press())
    await held.reached.wait()
    assert await heating.hass.config_entries.async_unload(config_entry.entry_id)

    held.release.set()
    await call

    await heating.clock.tick(60)
    assert heating.asked == 1
