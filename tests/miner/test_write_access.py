"""Write access: whether a miner takes commands, and which password it wants."""

from collections.abc import AsyncGenerator
from contextlib import nullcontext
import logging
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.const import DEFAULT_PASSWORD, DOMAIN
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from custom_components.whatsminer.entries.relocation import relocate
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import CONF_PASSWORD, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from simulator import GARBAGE, Closed, Misbehaviour, Quirk, Refused, SimulatedMiner
from simulator.settings import Led
from tests import (
    Clock,
    act,
    every_generation,
    hold,
    load_entry,
    log_lines,
    names_of,
    reauth_steps,
    set_number,
    shown,
)
from tests.fleet import issues

HASH_RATE = "sensor.miner_hash_rate"


# Whether commands are accepted


@every_generation
async def test_write_access_is_known_from_the_start(
    set_up: WhatsminerCoordinator, hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """On V1, which does not report its LED, write access stays unknown."""
    assert set_up.write_access.is_open or miner.generation == "v1"
    assert set_up.write_access.is_open is not False
    assert issues(hass) == []


async def test_a_closed_write_access_is_one_repair(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
) -> None:
    miner.api_open = False
    await load_entry(hass, config_entry)
    assert config_entry.runtime_data.coordinator.write_access.is_open is False

    with pytest.raises(HomeAssistantError) as error:
        await act(hass, "switch.turn_off", "switch.miner")
    await clock.next_poll(25)

    assert error.value.translation_key == "write_access_closed"
    assert len(issues(hass)) == 1
    issue = issues(hass)[0]
    assert issue.translation_key == "write_access_closed"
    assert issue.translation_placeholders == {"miner": "Miner"}
    assert issue.is_fixable
    assert issue.severity is ir.IssueSeverity.WARNING


async def test_a_closed_write_access_leaves_the_controls_alone(
    hass: HomeAssistant, miner: SimulatedMiner, set_up: WhatsminerCoordinator
) -> None:
    """A power off that fails must be seen."""
    miner.api_open = False

    with pytest.raises(HomeAssistantError):
        await act(hass, "switch.turn_off", "switch.miner")

    assert set_up.write_access.is_open is False
    assert shown(hass, "switch.miner") == "on"
    assert shown(hass, "select.miner_power_mode") == "normal"
    assert len(issues(hass)) == 1


async def test_a_command_that_is_accepted_ends_the_repair(
    hass: HomeAssistant, miner: SimulatedMiner, set_up: WhatsminerCoordinator
) -> None:
    miner.api_open = False
    with pytest.raises(HomeAssistantError):
        await act(hass, "switch.turn_off", "switch.miner")

    miner.api_open = True
    await act(hass, "switch.turn_off", "switch.miner")

    assert set_up.write_access.is_open is True
    assert issues(hass) == []


async def unload_and_load(
    hass: HomeAssistant, entry: MockConfigEntry, how: str
) -> None:
    """Unload or disable an entry, check that its issue ends, and set it up again."""
    config_entries = hass.config_entries
    if how == "disabled":
        await config_entries.async_set_disabled_by(
            entry.entry_id, ConfigEntryDisabler.USER
        )
    else:
        assert await config_entries.async_unload(entry.entry_id)
    assert entry.state is ConfigEntryState.NOT_LOADED
    assert issues(hass) == []

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
    miner.api_open = False
    with pytest.raises(HomeAssistantError):
        await act(hass, "switch.turn_off", "switch.miner")
    assert len(issues(hass)) == 1

    await unload_and_load(hass, config_entry, how)
    assert len(issues(hass)) == 1

    miner.api_open = True
    await unload_and_load(hass, config_entry, how)
    assert issues(hass) == []


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
    held = hold(miner, "set_temp_offset", then=how)
    call = hass.async_create_task(set_number(hass, "temperature_offset", -5))
    await held.reached.wait()

    await hass.config_entries.async_remove(config_entry.entry_id)
    held.release.set()
    with nullcontext() if how is None else pytest.raises(HomeAssistantError):
        await call
    await clock.next_poll(2)

    assert f"{DOMAIN}.{config_entry.entry_id}" not in hass_storage
    assert issues(hass) == []
    assert names_of(miner.requests)[-1] in ("set_temp_offset", "get_token")


@pytest.mark.usefixtures("set_up")
async def test_a_miner_is_called_what_it_is_called_now(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    hass.config_entries.async_update_entry(config_entry, title="Garage")
    miner.api_open = False

    with pytest.raises(HomeAssistantError) as error:
        await act(hass, "switch.turn_off", "switch.miner")
    assert error.value.translation_placeholders is not None
    assert error.value.translation_placeholders["miner"] == "Garage"
    assert issues(hass)[0].translation_placeholders == {"miner": "Garage"}

    await miner.disconnect()
    await clock.next_poll(2)
    assert "Garage does not answer" in log_lines(caplog, logging.ERROR)[0]


async def test_a_closed_write_access_opens_by_itself(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
) -> None:
    """Write access is checked every ten minutes by a command that changes nothing."""
    miner.api_open = False
    await load_entry(hass, config_entry)
    miner.api_open = True

    await clock.next_poll(19)
    assert miner.writes == []
    assert len(issues(hass)) == 1

    await clock.next_poll()
    assert miner.writes == [{"cmd": "set_led", "param": "auto"}]
    assert config_entry.runtime_data.coordinator.write_access.is_open is True
    assert issues(hass) == []

    await clock.next_poll(40)
    assert names_of(miner.writes) == ["set_led"]


@pytest.mark.parametrize("miner", ["old_miner"], indirect=True)
async def test_an_encrypted_read_does_not_open_a_closed_write_access(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    set_up: WhatsminerCoordinator,
) -> None:
    """Some firmware lets reads in while its API switch is off."""
    miner.misbehave("power_off", Refused(45))
    with pytest.raises(HomeAssistantError):
        await act(hass, "switch.turn_off", "switch.miner")
    assert len(issues(hass)) == 1

    await clock.next_poll(45)

    assert set_up.write_access.is_open is False
    assert len(issues(hass)) == 1


@pytest.mark.parametrize("miner", ["old_miner"], indirect=True)
async def test_v1_is_never_written_to_without_being_asked(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
) -> None:
    """The LED may be flashing, and only an LED that is known to be on auto is set to auto."""
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
) -> None:
    """Write access is checked only while that changes nothing."""
    miner.state.led["red"] = Led(period=500, duration=250, start=0)
    assert await hass.config_entries.async_setup(config_entry.entry_id)
    await clock.next_poll(45)
    assert miner.writes == []
    assert miner.state.led
    assert config_entry.runtime_data.coordinator.write_access.is_open is None

    miner.state.led.clear()
    await clock.next_poll(20)
    assert names_of(miner.writes) == ["set_led"]
    assert config_entry.runtime_data.coordinator.write_access.is_open is True


@pytest.mark.parametrize(
    "how", [Refused(136), Refused(132), Closed(), GARBAGE], ids=str
)
async def test_a_look_that_fails_is_no_answer(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    config_entry: MockConfigEntry,
    how: Misbehaviour,
) -> None:
    miner.misbehave("get_token", how)
    await load_entry(hass, config_entry)

    assert config_entry.runtime_data.coordinator.write_access.is_open is None
    assert issues(hass) == []
    assert shown(hass, HASH_RATE) != STATE_UNAVAILABLE


# Who it is that would be asked


@pytest.fixture
async def silent_miner() -> AsyncGenerator[SimulatedMiner]:
    """A stopped V1 miner, which does not report who it is."""
    async with SimulatedMiner(
        generation="v1", model="M20S", quirks={Quirk.PROCESS_DOWN}
    ) as miner:
        miner.state.mining = False
        yield miner


def encrypted(miner: SimulatedMiner) -> list[str]:
    """Return the requests to a miner that are encrypted, or lead to that."""
    names = names_of(miner.requests)
    assert "get_version" in names
    return [name for name in names if name in ("get_token", None)] + names_of(
        [request for request in miner.requests if "token" in request]
    )


@pytest.mark.parametrize("miner", ["silent_miner"], indirect=True)
@pytest.mark.parametrize("stored", [{}, {"password": "new_1234"}])
async def test_nothing_encrypted_goes_by_itself_to_one_that_does_not_tell_who_it_is(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    stored: dict[str, str],
) -> None:
    """Any device could be there, and guess the password from it."""
    key = f"{DOMAIN}.{config_entry.entry_id}"
    hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": stored}
    assert await hass.config_entries.async_setup(config_entry.entry_id)
    await clock.next_poll(45)
    assert config_entry.state is ConfigEntryState.LOADED
    assert encrypted(miner) == []

    miner.state.mining = True
    await clock.next_poll(2)
    assert "get_token" in names_of(miner.requests)


@pytest.mark.parametrize("miner", ["silent_miner"], indirect=True)
async def test_a_miner_that_moved_is_asked_when_it_has_told_who_it_is(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
) -> None:
    """The proof at the last address does not count at the next."""
    miner.state.mining = True
    await load_entry(hass, config_entry)
    assert "get_token" in names_of(miner.requests)

    miner.state.mining = False
    await miner.move("127.0.0.2")
    miner.requests.clear()
    relocate(hass, config_entry, (miner.host, miner.port))
    await clock.next_poll(45)
    assert encrypted(miner) == []


@pytest.mark.parametrize("miner", ["silent_miner"], indirect=True)
@pytest.mark.usefixtures("set_up")
async def test_what_a_person_asks_for_is_sent_to_a_silent_miner(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """The miner could never be switched on otherwise."""
    await act(hass, "switch.turn_on", "switch.miner")
    assert names_of(miner.writes) == ["power_on"]


@pytest.mark.parametrize("miner", ["silent_miner"], indirect=True)
async def test_the_default_password_of_a_silent_miner_is_a_repair_all_the_same(
    hass: HomeAssistant, miner: SimulatedMiner, config_entry: MockConfigEntry
) -> None:
    data = {**config_entry.data, CONF_PASSWORD: DEFAULT_PASSWORD}
    hass.config_entries.async_update_entry(config_entry, data=data)
    assert await hass.config_entries.async_setup(config_entry.entry_id)

    assert [issue.translation_key for issue in issues(hass)] == ["default_password"]
    assert encrypted(miner) == []


# When the password is wrong


@pytest.mark.usefixtures("set_up")
async def test_a_wrong_password_is_asked_for_and_readings_go_on(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
) -> None:
    miner.password = "changed"

    for _ in range(2):
        with pytest.raises(HomeAssistantError) as error:
            await act(hass, "switch.turn_off", "switch.miner")
        await hass.async_block_till_done()
        assert error.value.translation_key == "wrong_password"
        assert reauth_steps(hass) == ["reauth_confirm"]
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
    await hass.async_block_till_done()

    assert config_entry.state is ConfigEntryState.LOADED
    assert reauth_steps(hass) == ["reauth_confirm"]
    assert set_up.write_access.is_open is None
    assert issues(hass) == []


@pytest.mark.usefixtures("set_up")
async def test_too_many_tokens_are_no_wrong_password(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """Other programs may hold all tokens."""
    miner.void_tokens()
    miner.misbehave("get_token", Refused(136))

    with pytest.raises(HomeAssistantError):
        await act(hass, "switch.turn_off", "switch.miner")
    await hass.async_block_till_done()

    assert reauth_steps(hass) == []


@pytest.mark.parametrize(
    ("voided", "code"), [({"new_salt": True}, 23), ({}, 135)], ids=["23", "135"]
)
@pytest.mark.usefixtures("set_up")
async def test_a_token_that_another_client_voided_costs_one_retry_and_no_question(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    voided: dict[str, bool],
    code: int,
) -> None:
    """In the middle of a session 23 does not mean that the password is wrong."""
    await set_number(hass, "power_percent", 80)
    await clock.next_poll()
    miner.requests.clear()
    miner.void_tokens(**voided)

    await set_number(hass, "power_percent", 70)
    await hass.async_block_till_done()

    first = None if code == 23 else "set_power_pct_v2"  # 23: it cannot even be read
    assert names_of(miner.requests)[:4] == [
        first,
        "get_token",
        "get_miner_info",  # who gave it
        "set_power_pct_v2",
    ]
    assert names_of(miner.requests).count("get_token") == 1
    assert miner.state.percent == 70
    assert reauth_steps(hass) == []
