"""Buttons of a miner."""

import asyncio
import logging

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.api import commands
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.const import (
    EVENT_HOMEASSISTANT_STOP,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from simulator import Closed, Misbehaviour, Refused, SimulatedMiner
from simulator.settings import Led

from . import (
    Check,
    Clock,
    Held,
    before_v2_2,
    every_generation,
    fails_with,
    hold,
    log_lines,
    names_of,
    press,
    shown,
)
from .fleet import Owned
from .words import sent, speaks_v3, written

pytestmark = [
    pytest.mark.parametrize("platforms", [(Platform.BUTTON,)], ids=[""]),
    pytest.mark.usefixtures("entity_registry_enabled_by_default", "set_up"),
]

FLASH = {"cmd": "set_led", "color": "red", "period": 200, "duration": 100, "start": 0}
AUTO = {"cmd": "set_led", "param": "auto"}


@every_generation
async def test_every_generation_has_its_buttons(check_entities: Check) -> None:
    await check_entities()


@pytest.mark.parametrize("miner", ["v3_hydro_miner"], indirect=True)
async def test_a_water_cooled_miner_that_speaks_v3_has_its_buttons(
    check_entities: Check,
) -> None:
    await check_entities()


@pytest.mark.parametrize(
    ("miner", "preheats"),
    [("air_miner", True), ("hydro_miner", False), ("old_miner", True)],
    indirect=["miner"],
)
async def test_preheating_exists_where_the_firmware_has_it(
    hass: HomeAssistant, preheats: bool
) -> None:
    """V2.2 has no command for preheating."""
    assert ("button.miner_preheat" in hass.states.async_entity_ids()) is preheats


@pytest.mark.parametrize("password", [""])
async def test_without_a_password_there_is_no_button(hass: HomeAssistant) -> None:
    assert hass.states.async_entity_ids("button") == []


# Restarts


@every_generation
async def test_mining_is_restarted(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """The control board is not restarted."""
    booted = miner.state.booted_at
    await clock.tick(5)

    await press(hass, "restart_mining")

    assert sent(miner) == ["restart_btminer"]
    assert miner.state.elapsed == 0
    assert miner.state.booted_at == booted


async def test_a_restart_that_was_taken_in_silence_is_no_error(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """A restart ends the process that would have answered."""
    miner.misbehave("restart_btminer", Closed(execute=True))

    await press(hass, "restart_mining")

    assert miner.state.elapsed == 0


async def test_mining_is_not_restarted_twice_in_a_minute(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    await press(hass, "restart_mining")
    await clock.tick(20)

    with pytest.raises(ServiceValidationError, match=r"in 40 seconds$") as error:
        await press(hass, "restart_mining")
    assert error.value.translation_key == "too_soon"

    await clock.tick(40)
    await press(hass, "restart_mining")
    assert names_of(miner.writes) == ["restart_btminer", "restart_btminer"]


@every_generation
async def test_the_control_board_is_rebooted(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    await press(hass, "reboot")
    assert sent(miner) == ["reboot"]
    assert miner.state.away

    await clock.next_poll(2)
    assert shown(hass, "button.miner_reboot") == STATE_UNAVAILABLE

    await clock.next_poll(3)
    assert not miner.state.away
    assert shown(hass, "button.miner_reboot") not in (STATE_UNAVAILABLE, STATE_UNKNOWN)


@pytest.mark.parametrize("key", ["restart_mining", "reboot", "identify"])
@pytest.mark.parametrize(
    ("how", "reason"),
    [(Refused(132), "refused"), (Refused(45), "write_access_closed")],
    ids=["refused", "closed"],
)
async def test_a_press_that_fails_is_explained(
    hass: HomeAssistant, miner: SimulatedMiner, key: str, how: Misbehaviour, reason: str
) -> None:
    miner.misbehave("*", how)

    with fails_with(reason) as error:
        await press(hass, key)

    assert "Miner" in str(error.value)


# Identify


@every_generation
async def test_a_miner_shows_which_one_it_is(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """The red LED flashes for half a minute; then the miner controls it again."""
    flash, auto = FLASH, AUTO
    if speaks_v3(miner):
        how = {key: value for key, value in FLASH.items() if key != "cmd"}
        flash = {"cmd": "set.system.led", "param": [how]}
        auto = {"cmd": "set.system.led", "param": "auto"}

    await press(hass, "identify")
    assert written(miner) == [flash]
    assert miner.state.led == {"red": Led(period=200, duration=100, start=0)}

    await clock.tick(29)
    assert written(miner) == [flash]

    await clock.tick(1)
    assert written(miner) == [flash, auto]
    assert miner.state.led == {}

    await clock.tick(120)
    assert written(miner) == [flash, auto]


async def test_pressed_again_the_half_minute_starts_anew(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    await press(hass, "identify")
    await clock.tick(20)
    await press(hass, "identify")

    await clock.tick(29)
    assert miner.writes == [FLASH, FLASH]

    await clock.tick(1)
    assert miner.writes == [FLASH, FLASH, AUTO]
    await clock.tick(60)
    assert miner.writes == [FLASH, FLASH, AUTO]


async def test_a_flash_that_is_refused_is_not_ended(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.misbehave("set_led", Refused(132), times=1)
    with pytest.raises(HomeAssistantError):
        await press(hass, "identify")

    await clock.tick(60)

    assert miner.writes == [FLASH]


async def test_an_unloaded_miner_does_not_go_on_flashing(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, owned: Owned
) -> None:
    await press(hass, "identify")

    assert await hass.config_entries.async_unload(owned.entry.entry_id)
    assert miner.writes == [FLASH, AUTO]

    await clock.tick(60)
    assert miner.writes == [FLASH, AUTO]


async def test_a_miner_that_is_unloaded_and_does_not_flash_is_left_alone(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, owned: Owned
) -> None:
    await press(hass, "identify")
    await clock.tick(30)
    assert miner.writes == [FLASH, AUTO]

    assert await hass.config_entries.async_unload(owned.entry.entry_id)

    assert miner.writes == [FLASH, AUTO]


async def test_a_flash_that_begins_after_its_entry_ended_ends_at_once(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, owned: Owned
) -> None:
    """The answer of the miner comes after its entry was unloaded."""
    held = hold(miner, "set_led", times=1)
    call = hass.async_create_task(press(hass, "identify"))
    await held.reached.wait()
    assert await hass.config_entries.async_unload(owned.entry.entry_id)

    held.release.set()
    await call

    assert miner.writes == [FLASH, AUTO]
    assert miner.state.led == {}


async def test_an_led_does_not_go_on_flashing_when_home_assistant_stops(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """Home Assistant does not unload entries when it stops."""
    await press(hass, "identify")

    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()

    assert miner.writes == [FLASH, AUTO]


@pytest.mark.parametrize(
    "how", [Closed(), Refused(132), Refused(45), Refused(23)], ids=str
)
@pytest.mark.parametrize("unloaded", [True, False], ids=["unloaded", "in-time"])
async def test_an_led_that_cannot_be_given_back_is_no_error(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    how: Misbehaviour,
    unloaded: bool,
) -> None:
    await press(hass, "identify")
    miner.misbehave("*", how)

    if unloaded:
        assert await hass.config_entries.async_unload(config_entry.entry_id)
    else:
        clock.move(30)
        await hass.async_block_till_done()

    assert log_lines(caplog, logging.ERROR, logger="") == []
    assert miner.state.led


@pytest.mark.parametrize("lost", [1, 19])
async def test_an_led_is_given_back_as_soon_as_the_miner_can_be_told(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, lost: int
) -> None:
    """Without further tries the LED would flash for ever."""
    await press(hass, "identify")
    miner.misbehave("set_led", Closed())
    for _ in range(lost):
        await clock.tick(30)
    assert miner.state.led
    miner.behave()

    await clock.tick(30)
    assert miner.state.led == {}

    miner.writes.clear()
    await clock.tick(600)
    assert miner.writes == []


async def test_a_miner_that_keeps_its_led_is_left_alone_in_the_end(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The integration gives up after ten minutes and logs it."""
    await press(hass, "identify")
    miner.misbehave("set_led", Refused(132))
    for _ in range(20):
        await clock.tick(30)
    assert "Miner: its LED flashes on" not in caplog.text
    await clock.tick(30)
    assert "Miner: its LED flashes on" in caplog.text
    assert miner.writes == [FLASH] + [AUTO] * 21

    miner.behave()
    await clock.tick(600)
    assert miner.writes == [FLASH] + [AUTO] * 21


@pytest.mark.parametrize("under_way", [False, True], ids=["between", "under-way"])
async def test_an_led_that_somebody_else_wants_is_not_taken_back(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    set_up: WhatsminerCoordinator,
    under_way: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Another LED command ends the retries, both between two tries and during one."""
    await press(hass, "identify")
    held = hold(miner, "set_led", then=Refused(132), times=1)
    clock.move(30)
    await held.reached.wait()
    green = commands.set_led("green", period=1000, duration=500, start=0)
    if under_way:
        hass.async_create_task(set_up.async_send(green, refresh=False))
    held.release.set()
    await hass.async_block_till_done(wait_background_tasks=True)
    if not under_way:
        await set_up.async_send(green, refresh=False)
    before = list(miner.writes)

    await clock.tick(600)

    assert miner.writes == before
    assert "flashes on" not in caplog.text


async def test_pressed_again_while_the_led_is_not_given_back(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    await press(hass, "identify")
    miner.misbehave("set_led", Refused(132), times=1)
    await clock.tick(30)
    await clock.tick(20)
    await press(hass, "identify")

    await clock.tick(29)
    assert miner.writes == [FLASH, AUTO, FLASH]
    await clock.tick(1)
    await clock.tick(60)
    assert miner.writes == [FLASH, AUTO, FLASH, AUTO]


async def test_pressed_again_when_the_half_minute_is_just_over(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    await press(hass, "identify")
    await clock.tick(29)
    miner.misbehave("set_led", held := Held(), times=1)
    call = hass.async_create_task(press(hass, "identify"))
    await held.reached.wait()
    clock.move(1)
    miner.misbehave("set_led", Refused(132), times=1)
    held.release.set()
    await call
    await hass.async_block_till_done(wait_background_tasks=True)
    assert miner.writes == [FLASH, FLASH, AUTO]

    await clock.tick(30)
    await clock.tick(60)
    assert miner.writes == [FLASH, FLASH, AUTO, AUTO]


@pytest.mark.parametrize("stops", [False, True])
async def test_an_unloaded_miner_gets_its_led_back_with_a_last_try(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, owned: Owned, stops: bool
) -> None:
    await press(hass, "identify")
    miner.misbehave("set_led", Refused(132))
    await clock.tick(30)
    assert miner.writes == [FLASH, AUTO]

    if stops:
        hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
        await hass.async_block_till_done()
    else:
        assert await hass.config_entries.async_unload(owned.entry.entry_id)
    assert miner.writes == [FLASH, AUTO, AUTO]

    await clock.tick(600)
    assert miner.writes == [FLASH, AUTO, AUTO]


# When buttons can be pressed


@before_v2_2
async def test_only_a_stopped_miner_can_be_preheated(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """The hashboards of a mining miner are hot already. Whoever presses is told so."""
    with fails_with("preheat_while_mining", ServiceValidationError):
        await press(hass, "preheat")
    assert miner.writes == []

    miner.state.mining = False
    await clock.next_poll(2)
    await press(hass, "preheat")
    assert miner.writes == [{"cmd": "pre_power_on"}]

    miner.state.mining = True
    miner.state.set_boards(alive=False)  # it does not hash yet
    await clock.next_poll(2)
    with fails_with("preheat_while_starting", ServiceValidationError):
        await press(hass, "preheat")


async def test_buttons_are_unavailable_when_the_miner_is_away(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.state.mining = False
    await clock.next_poll()
    await miner.disconnect()
    await clock.next_poll(2)

    assert {state.state for state in hass.states.async_all("button")} == {
        STATE_UNAVAILABLE
    }


async def test_a_press_does_not_wait_for_a_whole_poll(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    held = hold(miner, "status")
    clock.move(30)
    await held.reached.wait()
    call = hass.async_create_task(press(hass, "restart_mining"))
    await asyncio.sleep(0)

    held.release.set()
    await call

    assert names_of(miner.requests)[:3] == [
        "summary+pools+edevs",
        "status",
        "restart_btminer",
    ]
    await hass.async_block_till_done(wait_background_tasks=True)
