"""How a miner is polled, and what is learned from it."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, nullcontext
import logging
import math
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    ConfigEntryDisabler,
    ConfigEntryState,
)
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util.dt import utcnow
from simulator import GARBAGE, Closed, Misbehaviour, Refused, SimulatedMiner, Truncated
from simulator.settings import Led

from . import JOINED, PROCESS_DOWN, Clock, Held, act, names_of, set_number, shown

HASH_RATE = "sensor.miner_hash_rate"
every_generation = pytest.mark.parametrize(
    "miner", ["air_miner", "hydro_miner", "old_miner"], indirect=True
)


def lines(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    """Return what the integration wrote into the log at a level."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno == level and record.name.startswith("custom_components")
    ]


# What a poll costs


@every_generation
@pytest.mark.usefixtures("set_up")
async def test_a_steady_poll_takes_at_most_three_connections(
    miner: SimulatedMiner, clock: Clock
) -> None:
    """Also when slow readings are due, and whatever the firmware."""
    for _ in range(30):
        before = miner.connections
        await clock.next_poll()
        assert 1 <= miner.connections - before <= 3
    assert miner.peak_connections == 1


@every_generation
@pytest.mark.usefixtures("set_up")
async def test_polls_only_read(miner: SimulatedMiner, clock: Clock) -> None:
    """Once writing is known to be possible, nothing is written without being asked for."""
    await clock.next_poll(30)

    assert miner.writes == []
    assert JOINED in names_of(miner.requests)


@pytest.mark.usefixtures("set_up")
async def test_a_miner_is_polled_every_thirty_seconds(
    miner: SimulatedMiner, clock: Clock
) -> None:
    """Not sooner, and not later."""
    await clock.tick(29)
    assert miner.requests == []

    await clock.tick(1)
    assert names_of(miner.requests).count(JOINED) == 1

    await clock.next_poll(4)
    assert names_of(miner.requests).count(JOINED) == 5


@pytest.mark.usefixtures("set_up")
async def test_a_command_is_followed_by_a_poll(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """Nobody waits half a minute for the miner's own word."""
    await set_number(hass, "temperature_offset", -5)
    await hass.async_block_till_done()

    assert names_of(miner.requests)[:2] == ["set_temp_offset", JOINED]


@pytest.mark.usefixtures("set_up")
async def test_a_caller_does_not_wait_for_the_poll_that_follows(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """A miner that hangs after its power off must not hold up the next one in a script."""
    hanging = Held()
    miner.misbehave(JOINED, hanging)

    await act(hass, "switch.turn_off", "switch.miner")

    assert names_of(miner.writes) == ["power_off"]
    hanging.release.set()
    await hass.async_block_till_done()


async def test_first_polls_are_made_a_few_miners_at_a_time(
    hass: HomeAssistant, make_entry: Callable[..., MockConfigEntry]
) -> None:
    """A fleet that is set up does not start in one burst: eight, and then the others."""
    async with AsyncExitStack() as stack:
        fleet = [
            await stack.enter_async_context(SimulatedMiner(seed=seed))
            for seed in range(12)
        ]
        held = [Held() for _ in fleet]
        for miner, hold in zip(fleet, held, strict=True):
            miner.misbehave("get_version", hold)
        entries = [make_entry(miner) for miner in fleet]
        for entry in entries:
            entry.add_to_hass(hass)
        set_up = hass.async_create_task(async_setup_component(hass, DOMAIN, {}))

        await asyncio.gather(*(hold.reached.wait() for hold in held[:8]))
        await asyncio.gather(*(_settle() for _ in fleet))
        assert [miner.connections for miner in fleet] == [1] * 8 + [0] * 4

        held[3].release.set()
        await held[8].reached.wait()
        await _settle()
        assert [miner.connections for miner in fleet[9:]] == [0, 0, 0]

        for hold in held:
            hold.release.set()
        assert await set_up
        await hass.async_block_till_done()
        assert {entry.state for entry in entries} == {ConfigEntryState.LOADED}
        for entry in entries:
            await hass.config_entries.async_unload(entry.entry_id)


async def _settle() -> None:
    """Let everybody who could do something do it."""
    for _ in range(100):
        await asyncio.sleep(0)


# When a miner is away


@pytest.mark.parametrize(
    "how", [Closed(), Truncated(), Truncated(keep=0)], ids=["closed", "half", "none"]
)
@pytest.mark.usefixtures("set_up")
async def test_one_missed_poll_keeps_the_values(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    how: Misbehaviour,
) -> None:
    """A busy control board is no outage."""
    before = shown(hass, HASH_RATE)
    miner.misbehave("*", how)
    await clock.next_poll()
    assert shown(hass, HASH_RATE) == before

    miner.behave()
    await clock.next_poll()
    assert shown(hass, HASH_RATE) not in (before, STATE_UNAVAILABLE)
    assert lines(caplog, logging.ERROR) == []
    assert lines(caplog, logging.INFO) == []


@pytest.mark.usefixtures("set_up")
async def test_every_second_miss_is_tolerated_for_ever(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """Only misses in a row count."""
    for _ in range(3):
        miner.misbehave("*", Closed())
        await clock.next_poll()
        assert shown(hass, HASH_RATE) != STATE_UNAVAILABLE
        miner.behave()
        await clock.next_poll()


@pytest.mark.usefixtures("set_up")
async def test_an_outage_is_logged_once_and_so_is_its_end(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Two missed polls make the entities unavailable, with one line down and one up."""
    await miner.disconnect()
    await clock.next_poll(2)
    assert shown(hass, HASH_RATE) == STATE_UNAVAILABLE
    await clock.next_poll(8)
    assert lines(caplog, logging.ERROR) == [
        "Error fetching Miner data: Miner does not answer. Check that it is on and in the "
        "network, then try again"
    ]
    assert lines(caplog, logging.WARNING) == []

    miner.reconnect()
    await clock.next_poll()
    assert shown(hass, HASH_RATE) != STATE_UNAVAILABLE
    await clock.next_poll(3)
    assert lines(caplog, logging.INFO) == ["Fetching Miner data recovered"]
    assert len(lines(caplog, logging.ERROR)) == 1


@pytest.mark.usefixtures("set_up")
async def test_a_poll_that_is_not_answered_ends(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """A miner that is silent does not hold the integration up."""
    for expected in (False, True):
        silent = Held()
        miner.misbehave("*", silent)
        clock.move(30)
        await silent.reached.wait()
        await clock.tick(10)
        assert (shown(hass, HASH_RATE) == STATE_UNAVAILABLE) is expected

    miner.behave()
    await clock.next_poll()
    assert shown(hass, HASH_RATE) != STATE_UNAVAILABLE


@pytest.mark.usefixtures("set_up")
async def test_something_else_at_the_address_is_not_tolerated(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """What is no miner has no values to keep."""
    miner.misbehave("*", GARBAGE)
    await clock.next_poll()

    assert shown(hass, HASH_RATE) == STATE_UNAVAILABLE


@pytest.mark.parametrize("outage", [False, True])
@pytest.mark.usefixtures("set_up")
async def test_another_miner_at_the_address_is_never_tolerated(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    outage: bool,
) -> None:
    """Not one value of another miner is shown, nor the old ones of ours."""
    await miner.disconnect()
    if outage:
        await clock.next_poll()
    async with SimulatedMiner(
        seed=2, port=miner.port, start=utcnow().timestamp()
    ) as other:
        clock.miners = [other]
        other.state.booted_at = other.state.now - 60
        await clock.next_poll()

        assert shown(hass, HASH_RATE) == STATE_UNAVAILABLE
        assert lines(caplog, logging.ERROR) == [
            f"Error fetching Miner data: Another miner ({other.mac.lower()}) answers at "
            f"the address of Miner ({miner.mac.lower()}). Give each miner a fixed address "
            "in your router"
        ]

    miner.reconnect()
    clock.miners = [miner]
    await clock.next_poll()
    assert shown(hass, HASH_RATE) != STATE_UNAVAILABLE


@every_generation
@pytest.mark.usefixtures("set_up")
async def test_a_miner_whose_mining_process_is_down_is_available(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """A booting miner is there; what it cannot tell is unknown."""
    for command in (JOINED, "summary", "pools", "edevs", "devs", "devdetails"):
        miner.misbehave(command, PROCESS_DOWN)
    await clock.next_poll(3)

    assert shown(hass, "sensor.miner_power") == "unknown"
    assert shown(hass, "sensor.miner_chip_temperature") == "unknown"
    assert shown(hass, "select.miner_power_mode") != STATE_UNAVAILABLE


# Whether commands are accepted


def repairs(hass: HomeAssistant) -> list[ir.IssueEntry]:
    """Return the integration's repair issues."""
    return [
        issue for issue in ir.async_get(hass).issues.values() if issue.domain == DOMAIN
    ]


@every_generation
async def test_write_access_is_known_from_the_start(
    set_up: WhatsminerCoordinator, hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """Open: nothing to repair. On V1, which does not tell its LED, nothing is proven."""
    assert set_up.write_access or miner.generation == "v1"
    assert set_up.write_access is not False
    assert repairs(hass) == []


async def test_a_closed_write_access_is_one_repair(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    chosen_platforms: None,
) -> None:
    """The issue names the miner and stays one, however often it is found again."""
    miner.api_open = False
    assert await hass.config_entries.async_setup(config_entry.entry_id)
    await hass.async_block_till_done()
    assert config_entry.runtime_data.write_access is False

    with pytest.raises(HomeAssistantError) as error:
        await act(hass, "switch.turn_off", "switch.miner")
    await clock.next_poll(25)

    assert error.value.translation_key == "write_access_closed"
    assert len(repairs(hass)) == 1
    issue = repairs(hass)[0]
    assert issue.translation_key == "write_access_closed"
    assert issue.translation_placeholders == {"miner": "Miner"}
    assert not issue.is_fixable
    assert issue.severity is ir.IssueSeverity.WARNING


async def test_a_closed_write_access_leaves_the_controls_alone(
    hass: HomeAssistant, miner: SimulatedMiner, set_up: WhatsminerCoordinator
) -> None:
    """They are available and show what is read back: a power off is not swallowed."""
    miner.api_open = False

    with pytest.raises(HomeAssistantError):
        await act(hass, "switch.turn_off", "switch.miner")

    assert set_up.write_access is False
    assert shown(hass, "switch.miner") == "on"
    assert shown(hass, "select.miner_power_mode") == "normal"
    assert len(repairs(hass)) == 1


async def test_a_command_that_is_accepted_ends_the_repair(
    hass: HomeAssistant, miner: SimulatedMiner, set_up: WhatsminerCoordinator
) -> None:
    """Nobody has to wait for the next look."""
    miner.api_open = False
    with pytest.raises(HomeAssistantError):
        await act(hass, "switch.turn_off", "switch.miner")

    miner.api_open = True
    await act(hass, "switch.turn_off", "switch.miner")

    assert set_up.write_access is True
    assert repairs(hass) == []


async def off_and_on(hass: HomeAssistant, entry: MockConfigEntry, how: str) -> None:
    """Unload, disable or reload an entry, see its issue gone, and bring it back."""
    config_entries = hass.config_entries
    if how == "disabled":
        await config_entries.async_set_disabled_by(
            entry.entry_id, ConfigEntryDisabler.USER
        )
    else:
        assert await config_entries.async_unload(entry.entry_id)
    assert entry.state is ConfigEntryState.NOT_LOADED
    assert repairs(hass) == []

    if how == "disabled":
        await config_entries.async_set_disabled_by(entry.entry_id, None)
    else:
        assert await config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


@pytest.mark.parametrize("how", ["unloaded", "disabled"])
@pytest.mark.usefixtures("set_up")
async def test_the_repair_lasts_as_long_as_the_entry_is_set_up(
    hass: HomeAssistant, miner: SimulatedMiner, config_entry: MockConfigEntry, how: str
) -> None:
    """Nobody has to repair what is not in use; the next set-up finds it out again."""
    miner.api_open = False
    with pytest.raises(HomeAssistantError):
        await act(hass, "switch.turn_off", "switch.miner")
    assert len(repairs(hass)) == 1

    await off_and_on(hass, config_entry, how)
    assert len(repairs(hass)) == 1

    miner.api_open = True
    await off_and_on(hass, config_entry, how)
    assert repairs(hass) == []


@pytest.mark.parametrize(
    "how", [None, Refused(45), Closed()], ids=["accepted", "refused", "closed"]
)
@pytest.mark.usefixtures("set_up")
async def test_a_command_that_outlasts_its_entry_leaves_nothing_behind(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    hass_storage: dict[str, Any],
    how: Misbehaviour | None,
) -> None:
    """The miner answers when its entry has been removed: no file, and no repair issue."""
    held = Held(then=how)
    miner.misbehave("set_temp_offset", held)
    call = hass.async_create_task(set_number(hass, "temperature_offset", -5))
    await held.reached.wait()

    await hass.config_entries.async_remove(config_entry.entry_id)
    held.release.set()
    with nullcontext() if how is None else pytest.raises(HomeAssistantError):
        await call
    await clock.next_poll(2)

    assert f"{DOMAIN}.{config_entry.entry_id}" not in hass_storage
    assert repairs(hass) == []
    assert names_of(miner.requests)[-1] in ("set_temp_offset", "get_token")


@pytest.mark.usefixtures("set_up")
async def test_a_miner_is_called_what_it_is_called_now(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An entry may be renamed while it is set up; errors and repairs follow."""
    hass.config_entries.async_update_entry(config_entry, title="Garage")
    miner.api_open = False

    with pytest.raises(HomeAssistantError) as error:
        await act(hass, "switch.turn_off", "switch.miner")
    assert error.value.translation_placeholders is not None
    assert error.value.translation_placeholders["miner"] == "Garage"
    assert repairs(hass)[0].translation_placeholders == {"miner": "Garage"}

    await miner.disconnect()
    await clock.next_poll(2)
    assert "Garage does not answer" in lines(caplog, logging.ERROR)[0]


@pytest.mark.usefixtures("set_up")
async def test_a_value_that_is_refused_names_the_miner_as_it_is_called_now(
    hass: HomeAssistant, config_entry: MockConfigEntry
) -> None:
    """The miner was not even asked, and yet the error is about it."""
    hass.config_entries.async_update_entry(config_entry, title="Garage")

    with pytest.raises(ServiceValidationError) as error:
        await set_number(hass, "power_percent", math.nan)

    assert error.value.translation_placeholders is not None
    assert error.value.translation_placeholders["miner"] == "Garage"


async def test_a_closed_write_access_opens_by_itself(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    chosen_platforms: None,
) -> None:
    """It is looked at every ten minutes, by a command that changes nothing."""
    miner.api_open = False
    assert await hass.config_entries.async_setup(config_entry.entry_id)
    await hass.async_block_till_done()
    miner.api_open = True

    await clock.next_poll(19)
    assert miner.writes == []
    assert len(repairs(hass)) == 1

    await clock.next_poll()
    assert miner.writes == [{"cmd": "set_led", "param": "auto"}]
    assert config_entry.runtime_data.write_access is True
    assert repairs(hass) == []

    await clock.next_poll(40)
    assert names_of(miner.writes) == ["set_led"]


@pytest.mark.parametrize("miner", ["old_miner"], indirect=True)
async def test_an_encrypted_read_does_not_open_a_closed_write_access(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    set_up: WhatsminerCoordinator,
) -> None:
    """Some firmware lets reads in while its API switch is off: the repair stays."""
    miner.misbehave("power_off", Refused(45))
    with pytest.raises(HomeAssistantError):
        await act(hass, "switch.turn_off", "switch.miner")
    assert len(repairs(hass)) == 1

    await clock.next_poll(45)

    assert set_up.write_access is False
    assert len(repairs(hass)) == 1


@pytest.mark.parametrize("miner", ["old_miner"], indirect=True)
async def test_v1_is_never_written_to_without_being_asked(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    chosen_platforms: None,
) -> None:
    """Its LED may be flashing, and only an LED that is known to be on auto is set to auto."""
    miner.api_open = False
    assert await hass.config_entries.async_setup(config_entry.entry_id)
    miner.api_open = True
    await clock.next_poll(45)

    assert miner.writes == []


async def test_an_led_that_somebody_flashes_is_left_alone(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    chosen_platforms: None,
) -> None:
    """Write access is looked at only while that changes nothing."""
    miner.state.led["red"] = Led(period=500, duration=250, start=0)
    assert await hass.config_entries.async_setup(config_entry.entry_id)
    await clock.next_poll(45)
    assert miner.writes == []
    assert miner.state.led
    assert config_entry.runtime_data.write_access is None

    miner.state.led.clear()
    await clock.next_poll(20)
    assert names_of(miner.writes) == ["set_led"]
    assert config_entry.runtime_data.write_access is True


@pytest.mark.parametrize(
    "how", [Refused(136), Refused(132), Closed(), GARBAGE], ids=str
)
async def test_a_look_that_fails_is_no_answer(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    config_entry: MockConfigEntry,
    chosen_platforms: None,
    how: Misbehaviour,
) -> None:
    """Nothing is known then, nothing is to be repaired, and readings are there."""
    miner.misbehave("get_token", how)
    assert await hass.config_entries.async_setup(config_entry.entry_id)
    await hass.async_block_till_done()

    assert config_entry.runtime_data.write_access is None
    assert repairs(hass) == []
    assert shown(hass, HASH_RATE) != STATE_UNAVAILABLE


# When the password is wrong


def reauths(hass: HomeAssistant) -> list[str]:
    """Return the steps of the flows that ask for a password."""
    return [
        flow["step_id"]
        for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        if flow["context"]["source"] == SOURCE_REAUTH
    ]


@pytest.mark.usefixtures("set_up")
async def test_a_wrong_password_is_asked_for_and_readings_go_on(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
) -> None:
    """One question, however many commands fail, and no sensor goes down."""
    miner.password = "changed"

    for _ in range(2):
        with pytest.raises(HomeAssistantError) as error:
            await act(hass, "switch.turn_off", "switch.miner")
        await hass.async_block_till_done()
        assert error.value.translation_key == "wrong_password"
        assert reauths(hass) == ["reauth_confirm"]
    before = shown(hass, HASH_RATE)
    await clock.next_poll(5)

    assert config_entry.state is ConfigEntryState.LOADED
    assert shown(hass, HASH_RATE) not in (before, STATE_UNAVAILABLE)


@pytest.mark.parametrize("password", ["mistaken"])
async def test_a_wrong_password_is_found_at_set_up(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
) -> None:
    """It is asked for before somebody needs it."""
    await hass.async_block_till_done()

    assert config_entry.state is ConfigEntryState.LOADED
    assert reauths(hass) == ["reauth_confirm"]
    assert set_up.write_access is None
    assert repairs(hass) == []


@pytest.mark.usefixtures("set_up")
async def test_too_many_tokens_are_no_wrong_password(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """Other programs that hold all tokens are no reason to ask for a password."""
    miner.void_tokens()
    miner.misbehave("get_token", Refused(136))

    with pytest.raises(HomeAssistantError):
        await act(hass, "switch.turn_off", "switch.miner")
    await hass.async_block_till_done()

    assert reauths(hass) == []
