"""Preheating of a stopped miner."""

import logging

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.actions import preheat as preheating
from custom_components.whatsminer.actions.preheat import Preheat
from custom_components.whatsminer.api import RefusedError
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from simulator import GARBAGE, Closed, Misbehaviour, Raw, Refused, SimulatedMiner
from tests import JOINED, Clock, act, before_v2_2, hold, log_lines, names_of, press

pytestmark = [
    pytest.mark.parametrize(
        "platforms", [(Platform.BUTTON, Platform.SWITCH)], ids=[""]
    ),
    before_v2_2,
]


@pytest.fixture
async def preheat(
    miner: SimulatedMiner, clock: Clock, set_up: WhatsminerCoordinator
) -> Preheat:
    """The preheating of a miner that is stopped."""
    miner.state.mining = False
    await clock.next_poll(2)
    miner.requests.clear()
    preheat: Preheat = set_up.config_entry.runtime_data.preheat
    return preheat


def asked(miner: SimulatedMiner) -> int:
    """Return how often the miner was sent the command."""
    return names_of(miner.writes).count("pre_power_on")


async def test_it_is_repeated_until_it_is_complete(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, preheat: Preheat
) -> None:
    assert preheat.state is None
    await press(hass, "preheat")
    states = [preheat.state]

    for _ in range(8):
        await clock.tick(10)
        states.append(preheat.state)

    assert states == ["waiting"] * 2 + ["adjusting"] * 2 + ["complete"] * 5
    assert asked(miner) == 5
    assert miner.writes[0] == {"cmd": "pre_power_on"}


async def test_every_change_is_told(
    hass: HomeAssistant, clock: Clock, set_up: WhatsminerCoordinator, preheat: Preheat
) -> None:
    states: list[str | None] = []
    unsub = set_up.async_add_listener(lambda: states.append(preheat.state))
    await press(hass, "preheat")
    assert states[-1] == "waiting"

    await clock.tick(10)
    await clock.tick(10)
    assert states[-1] == "adjusting"
    unsub()


async def test_a_repetition_is_no_reason_to_poll(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, preheat: Preheat
) -> None:
    await press(hass, "preheat")
    await clock.tick(10)
    await clock.tick(10)

    assert names_of(miner.writes) == ["pre_power_on"] * 3
    assert JOINED not in names_of(miner.requests)
    await clock.tick(10)
    assert names_of(miner.requests).count(JOINED) == 1


async def test_it_ends_when_mining_is_switched_on_here(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, preheat: Preheat
) -> None:
    await press(hass, "preheat")

    await act(hass, "switch.turn_on", "switch.miner")
    assert preheat.state is None

    await clock.next_poll(5)
    assert preheat.state is None
    assert asked(miner) == 1


async def test_it_goes_on_when_mining_cannot_be_switched_on(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, preheat: Preheat
) -> None:
    await press(hass, "preheat")
    miner.misbehave("power_on", Refused(132))

    with pytest.raises(HomeAssistantError):
        await act(hass, "switch.turn_on", "switch.miner")
    assert preheat.state == "waiting"

    await clock.tick(10)
    assert asked(miner) == 2


async def test_it_ends_when_somebody_else_starts_mining(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, preheat: Preheat
) -> None:
    await press(hass, "preheat")
    miner.state.mining = True

    await clock.next_poll(3)

    assert preheat.state is None
    assert asked(miner) <= 2


async def test_a_state_does_not_come_back(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, preheat: Preheat
) -> None:
    """A miner that mined and was stopped again is cold."""
    await press(hass, "preheat")
    for _ in range(4):
        await clock.tick(10)
    assert preheat.state == "complete"

    miner.state.mining = True
    await clock.next_poll(2)
    miner.state.mining = False
    await clock.next_poll(2)

    assert preheat.state is None


@pytest.mark.parametrize("code", [132, 45, 14])
async def test_it_ends_when_a_repetition_is_refused(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    preheat: Preheat,
    code: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No caller waits for the answer."""
    await press(hass, "preheat")
    miner.misbehave("pre_power_on", Refused(code, "too cold"), times=1)

    await clock.tick(10)
    assert preheat.state is None
    (warning,) = log_lines(caplog, logging.WARNING, preheating.__name__)
    assert warning.startswith("Miner: preheating ended: ")
    assert "too cold" in warning

    await clock.tick(10)
    assert asked(miner) == 2


@pytest.mark.parametrize(
    "how",
    [Closed(), Closed(execute=True), GARBAGE, Refused(135), Refused(136)],
    ids=str,
)
async def test_it_goes_on_when_a_repetition_fails_for_another_reason(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    preheat: Preheat,
    how: Misbehaviour,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Another error says nothing about the boards."""
    await press(hass, "preheat")
    miner.misbehave("pre_power_on", how)
    for _ in range(3):
        await clock.tick(10)
        assert preheat.state == "waiting"

    miner.behave()
    for _ in range(5):
        await clock.tick(10)
    assert preheat.state == "complete"
    assert log_lines(caplog, logging.WARNING, preheating.__name__) == []


async def test_a_miner_that_stays_away_is_asked_for_ten_minutes_at_most(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, preheat: Preheat
) -> None:
    await press(hass, "preheat")
    miner.misbehave("pre_power_on", Closed())
    for _ in range(59):
        await clock.tick(10)
    assert preheat.state == "waiting"

    await clock.tick(10)
    assert preheat.state is None

    miner.behave()
    before = asked(miner)
    await clock.tick(60)
    assert asked(miner) == before


async def test_a_press_that_fails_does_not_end_what_is_repeated(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, preheat: Preheat
) -> None:
    """The caller gets the error."""
    await press(hass, "preheat")
    miner.misbehave("pre_power_on", Refused(136), times=1)
    with pytest.raises(HomeAssistantError):
        await press(hass, "preheat")
    assert preheat.state == "waiting"

    await clock.tick(10)
    assert asked(miner) == 3


@pytest.mark.parametrize(
    ("how", "key"),
    [
        (Refused(132), "refused"),
        (Refused(136), "too_many_tokens"),
        (Closed(), "unanswered"),
    ],
)
async def test_whoever_presses_gets_the_error(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    preheat: Preheat,
    how: Misbehaviour,
    key: str,
) -> None:
    miner.misbehave("pre_power_on", how)

    with pytest.raises(HomeAssistantError) as error:
        await press(hass, "preheat")

    assert error.value.translation_key == key
    assert preheat.state is None
    before = asked(miner)
    await clock.tick(30)
    assert asked(miner) == before


async def test_it_ends_after_ten_minutes(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    preheat: Preheat,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Some miners never come to an end."""
    monkeypatch.setattr(miner.state, "preheat", lambda: "wait for adjust temp")
    await press(hass, "preheat")

    for _ in range(59):
        await clock.tick(10)
    assert preheat.state == "waiting"
    assert asked(miner) == 60

    await clock.tick(10)
    assert preheat.state is None
    await clock.tick(60)
    assert asked(miner) in (60, 61)


async def test_a_complete_state_is_forgotten_after_ten_minutes(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, preheat: Preheat
) -> None:
    await press(hass, "preheat")
    for _ in range(59):
        await clock.tick(10)
    assert preheat.state == "complete"

    await clock.tick(10)

    assert preheat.state is None
    assert asked(miner) == 5


async def test_pressed_again_the_ten_minutes_start_anew(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    preheat: Preheat,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only one series of commands is repeated."""
    monkeypatch.setattr(miner.state, "preheat", lambda: "adjust continue")
    await press(hass, "preheat")
    for _ in range(3):
        await clock.tick(10)
    await clock.tick(5)
    await press(hass, "preheat")
    for _ in range(59):
        await clock.tick(10)
    assert preheat.state == "adjusting"
    assert asked(miner) == 4 + 60

    await clock.tick(10)
    assert preheat.state is None


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
    hass: HomeAssistant, miner: SimulatedMiner, preheat: Preheat, said: str, state: str
) -> None:
    plain = f'{{"STATUS":"S","When":1,"Code":131,"Msg":{{{said}}}}}'
    miner.misbehave("pre_power_on", Raw(plain.encode()))

    await press(hass, "preheat")

    assert preheat.state == state


async def test_the_miner_can_be_asked_once(
    miner: SimulatedMiner, clock: Clock, preheat: Preheat
) -> None:
    answer = await preheat.async_send_once()

    assert answer.message == {"complete": "false", "msg": "wait for adjust temp"}
    assert preheat.state == "waiting"
    await clock.tick(60)
    assert asked(miner) == 1
    assert preheat.state == "waiting"

    await clock.tick(600)
    assert preheat.state is None


async def test_asking_once_more_does_not_disturb_what_is_repeated(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    preheat: Preheat,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(miner.state, "preheat", lambda: "adjust continue")
    await press(hass, "preheat")
    await clock.tick(5)
    await preheat.async_send_once()
    await clock.tick(5)
    assert asked(miner) == 3

    for _ in range(59):
        await clock.tick(10)
    assert preheat.state is None


async def test_who_asks_once_gets_the_error(
    miner: SimulatedMiner, preheat: Preheat
) -> None:
    miner.misbehave("pre_power_on", Refused(132))

    with pytest.raises(RefusedError):
        await preheat.async_send_once()

    assert preheat.state is None


@pytest.mark.parametrize("under_way", [False, True])
async def test_it_ends_with_the_entry(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    preheat: Preheat,
    under_way: bool,
) -> None:
    await press(hass, "preheat")
    if under_way:
        held = hold(miner, "pre_power_on")
        clock.move(10)
        await held.reached.wait()

    assert await hass.config_entries.async_unload(config_entry.entry_id)
    assert preheat.state is None

    miner.behave()
    await clock.tick(60)
    assert asked(miner) == 1 + under_way


async def test_a_press_that_outlasts_its_entry_repeats_nothing(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    preheat: Preheat,
) -> None:
    """The answer of the miner comes after its entry was unloaded."""
    held = hold(miner, "pre_power_on")
    call = hass.async_create_task(press(hass, "preheat"))
    await held.reached.wait()
    assert await hass.config_entries.async_unload(config_entry.entry_id)

    held.release.set()
    await call

    await clock.tick(60)
    assert asked(miner) == 1
