"""Sensors that say in words how a miner is: its status and its faults."""

from typing import Any

import pytest

from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from simulator import Closed, Raw, Refused, SimulatedMiner

from . import Clock, act, before_v2_2, every_generation, set_number, shown
from .words import speaks_v3

pytestmark = [
    pytest.mark.parametrize(
        "platforms",
        [(Platform.BUTTON, Platform.NUMBER, Platform.SENSOR, Platform.SWITCH)],
        ids=[""],
    ),
    pytest.mark.usefixtures("set_up"),
]
STATUS = "sensor.miner_status"
FAULT = "sensor.miner_fault"
PROGRESS = "sensor.miner_tuning_progress"
SINCE = "2026-11-01 08:00:00"


def code_of(hass: HomeAssistant) -> Any:
    """Return the code of the fault that is shown."""
    state = hass.states.get(FAULT)
    assert state
    return state.attributes["code"]


# Status


@every_generation
async def test_the_status_follows_a_miner_through_its_day(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """It stops, starts, is tuned, and mines again."""
    assert shown(hass, STATUS) == "mining"

    await act(hass, "switch.turn_off", "switch.miner")
    assert shown(hass, STATUS) == "stopping"
    await clock.next_poll(2)
    assert shown(hass, STATUS) == "off"

    await act(hass, "switch.turn_on", "switch.miner")
    assert shown(hass, STATUS) == "starting"
    seen: list[str] = []
    for _ in range(60):
        await clock.next_poll()
        if shown(hass, STATUS) not in seen[-1:]:
            seen.append(shown(hass, STATUS))
    assert seen == ["starting", "tuning", "mining"]


@every_generation
async def test_a_miner_that_should_hash_but_does_not_has_a_fault(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.state.set_boards(alive=False)
    await clock.next_poll()
    assert shown(hass, STATUS) == "starting"
    await clock.tick(20 * 60)
    await clock.next_poll()
    assert shown(hass, STATUS) == "fault"
    assert code_of(hass) == "no_hash_rate"

    await act(hass, "button.press", "button.miner_restart_mining")
    assert shown(hass, STATUS) == "starting"


@every_generation
async def test_a_miner_with_less_than_all_of_its_power_is_throttled(
    hass: HomeAssistant, clock: Clock
) -> None:
    await set_number(hass, "power_percent", 60)
    assert shown(hass, STATUS) == "throttled"
    await clock.next_poll(10)
    assert shown(hass, STATUS) == "throttled"

    await set_number(hass, "power_percent", 100)
    assert shown(hass, STATUS) == "mining"


async def test_a_miner_that_does_not_answer_has_no_status(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.misbehave("*", Closed())
    await clock.next_poll(3)
    assert shown(hass, STATUS) == STATE_UNAVAILABLE


async def test_the_status_says_that_the_firmware_is_updated(
    hass: HomeAssistant, clock: Clock, set_up: WhatsminerCoordinator
) -> None:
    """All else is unavailable then, because nothing is asked of the miner."""
    with set_up.client.exclusive():
        await clock.next_poll(2)
        assert shown(hass, STATUS) == "updating"
        assert shown(hass, FAULT) == STATE_UNAVAILABLE
    await clock.next_poll()
    assert shown(hass, STATUS) == "mining"


# Tuning


@before_v2_2
async def test_tuning_comes_closer_to_its_end(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """It is the frequency of the chips compared with its target; 100 means finished."""
    assert shown(hass, PROGRESS) == "100"

    miner.state.restart()
    seen = []
    for _ in range(60):
        await clock.next_poll()
        seen.append((shown(hass, STATUS), int(shown(hass, PROGRESS))))

    assert seen[0] == ("starting", 0)
    assert seen[-1] == ("mining", 100)
    assert seen == sorted(seen, key=lambda each: each[1])
    assert {status for status, progress in seen if 0 < progress < 100} == {"tuning"}
    assert len({progress for _, progress in seen}) > 5


@before_v2_2
async def test_a_miner_that_is_off_tunes_nothing(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.state.mining = False
    await clock.next_poll(2)
    assert shown(hass, PROGRESS) == STATE_UNKNOWN


@pytest.mark.parametrize("miner", ["hydro_miner"], indirect=True)
async def test_without_a_target_frequency_there_is_no_progress(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """V2.2 reports none."""
    assert hass.states.get(PROGRESS) is None


# Fault


@every_generation
async def test_the_fault_is_told_in_a_sentence(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    assert (shown(hass, FAULT), code_of(hass)) == ("none", None)

    miner.state.faults = {5072: SINCE}
    await clock.next_poll(4)
    assert shown(hass, FAULT) == (
        "Slot2 water velocity is abnormal."  # the miner's own text
        if speaks_v3(miner)
        else "The water flow at Hashboard 3 is not as it should be."
        " Check the pump, the valves and the hoses."
    )
    assert code_of(hass) == "5072"

    miner.state.faults = {}
    await clock.next_poll(4)
    assert (shown(hass, FAULT), code_of(hass)) == ("none", None)


async def test_of_several_faults_the_worst_is_told(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """206 is minor, the others are not, and 110 comes first."""
    miner.state.faults = {206: SINCE, 110: SINCE, 540: SINCE}
    await clock.next_poll(2)
    assert code_of(hass) == "110"

    miner.state.faults = {206: SINCE}
    await clock.next_poll(2)
    assert code_of(hass) == "206"


async def test_faults_are_told_in_the_language_of_home_assistant(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """A change of the language counts from the next poll on."""
    miner.state.faults = {110: SINCE}
    await clock.next_poll(2)
    await hass.config.async_update(language="de")
    await clock.next_poll()

    text = (
        "Der Zuluftlüfter weicht um etwa 1000 U/min von seiner Solldrehzahl ab."
        " Den Lüfter und sein Kabel prüfen."
    )
    assert shown(hass, FAULT) == text
    faults = hass.states.get("sensor.miner_faults")
    assert faults
    assert [fault["text"] for fault in faults.attributes["faults"]] == [text]


async def test_the_fault_is_unknown_while_nobody_knows_it(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.misbehave("get_error_code", Refused(14))
    await clock.next_poll(60)
    assert (shown(hass, FAULT), code_of(hass)) == (STATE_UNKNOWN, None)


async def test_the_words_of_the_miner_win(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """They are cut to what a state can have."""
    error_list = f'{{"110":"","reason":"Fan0 {"x" * 400}"}}'
    answer = f'{{"STATUS":"S","Code":131,"Msg":{{"error_code":[{error_list}]}}}}'
    miner.misbehave("get_error_code", Raw(answer.encode()))
    await clock.next_poll(2)
    assert shown(hass, FAULT) == f"Fan0 {'x' * 250}"
