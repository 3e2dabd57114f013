"""Write access: whether a miner takes commands, and which password it wants."""

from collections.abc import AsyncGenerator
from contextlib import nullcontext
import logging

import pytest

from custom_components.whatsminer.entries.relocation import relocate
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import CONF_PASSWORD, STATE_UNAVAILABLE
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from simulator import GARBAGE, Closed, Misbehaviour, Quirk, Refused, SimulatedMiner
from simulator.settings import Led
from tests import every_generation, log_lines, names_of, reauth_steps
from tests.fleet import issue_keys, issues

from . import Rig

DEFAULT_PASSWORD = "admin"
HASH_RATE = "sensor.miner_hash_rate"


# Whether commands are accepted


@every_generation
async def test_write_access_is_known_from_the_start(rig: Rig) -> None:
    """On V1, which does not report its LED, write access stays unknown."""
    assert rig.coordinator.write_access.is_open or rig.miner.generation == "v1"
    assert rig.coordinator.write_access.is_open is not False
    assert issues(rig.hass) == []


async def test_a_closed_write_access_is_one_repair(new_rig: Rig) -> None:
    new_rig.miner.api_open = False
    await new_rig.load()
    assert new_rig.coordinator.write_access.is_open is False

    with pytest.raises(HomeAssistantError) as error:
        await new_rig.act("switch.turn_off", "switch.miner")
    await new_rig.clock.next_poll(25)

    assert error.value.translation_key == "write_access_closed"
    assert len(issues(new_rig.hass)) == 1
    issue = issues(new_rig.hass)[0]
    assert issue.translation_key == "write_access_closed"
    assert issue.translation_placeholders == {
        "account": "admin",
        "miner": "Miner",
    }
    assert issue.is_fixable
    assert issue.severity is ir.IssueSeverity.WARNING


async def test_a_closed_write_access_leaves_the_controls_alone(rig: Rig) -> None:
    """A power off that fails must be seen."""
    rig.miner.api_open = False

    with pytest.raises(HomeAssistantError):
        await rig.act("switch.turn_off", "switch.miner")

    assert rig.coordinator.write_access.is_open is False
    assert rig.state_of("switch.miner") == "on"
    assert rig.state_of("select.miner_power_mode") == "normal"
    assert len(issues(rig.hass)) == 1


async def test_a_command_that_is_accepted_ends_the_repair(rig: Rig) -> None:
    rig.miner.api_open = False
    with pytest.raises(HomeAssistantError):
        await rig.act("switch.turn_off", "switch.miner")

    rig.miner.api_open = True
    await rig.act("switch.turn_off", "switch.miner")

    assert rig.coordinator.write_access.is_open is True
    assert issues(rig.hass) == []


async def unload_and_load(rig: Rig, how: str) -> None:
    """Unload or disable an entry, check that its issue ends, and set it up again."""
    entry, config_entries = rig.entry, rig.hass.config_entries
    if how == "disabled":
        await config_entries.async_set_disabled_by(
            entry.entry_id, ConfigEntryDisabler.USER
        )
    else:
        assert await config_entries.async_unload(entry.entry_id)
    assert entry.state is ConfigEntryState.NOT_LOADED
    assert issues(rig.hass) == []

    if how == "disabled":
        await config_entries.async_set_disabled_by(entry.entry_id, None)
    else:
        assert await config_entries.async_setup(entry.entry_id)
    await rig.settle()


@pytest.mark.parametrize("how", ["unloaded", "disabled"])
async def test_the_repair_lasts_as_long_as_the_entry_is_set_up(
    rig: Rig, how: str
) -> None:
    rig.miner.api_open = False
    with pytest.raises(HomeAssistantError):
        await rig.act("switch.turn_off", "switch.miner")
    assert len(issues(rig.hass)) == 1

    await unload_and_load(rig, how)
    assert len(issues(rig.hass)) == 1

    rig.miner.api_open = True
    await unload_and_load(rig, how)
    assert issues(rig.hass) == []


@pytest.mark.parametrize(
    "how", [None, Refused(45), Closed()], ids=["accepted", "refused", "closed"]
)
async def test_a_command_that_outlasts_its_entry_leaves_nothing_behind(
    rig: Rig, how: Misbehaviour | None
) -> None:
    change = rig.set_number("temperature_offset", -5)
    held, call = await rig.hold_call("set_temp_offset", change, then=how)

    await rig.hass.config_entries.async_remove(rig.entry.entry_id)
    held.release.set()
    with nullcontext() if how is None else pytest.raises(HomeAssistantError):
        await call
    await rig.clock.next_poll(2)

    assert rig.storage_key not in rig.storage
    assert issues(rig.hass) == []
    assert rig.asked[-1] in ("set_temp_offset", "get_token")


async def test_a_miner_is_called_what_it_is_called_now(rig: Rig) -> None:
    rig.change(title="Garage")
    rig.miner.api_open = False

    with pytest.raises(HomeAssistantError) as error:
        await rig.act("switch.turn_off", "switch.miner")
    assert error.value.translation_placeholders is not None
    assert error.value.translation_placeholders["miner"] == "Garage"
    assert issues(rig.hass)[0].translation_placeholders == {
        "account": "admin",
        "miner": "Garage",
    }

    await rig.miner.disconnect()
    await rig.clock.next_poll(2)
    assert "Garage does not answer" in log_lines(rig.caplog, logging.INFO)[-1]


async def test_a_closed_write_access_opens_by_itself(new_rig: Rig) -> None:
    """Write access is checked every ten minutes by a command that changes nothing."""
    new_rig.miner.api_open = False
    await new_rig.load()
    new_rig.miner.api_open = True

    await new_rig.clock.next_poll(19)
    assert new_rig.miner.writes == []
    assert len(issues(new_rig.hass)) == 1

    await new_rig.clock.next_poll()
    assert new_rig.miner.writes == [{"cmd": "set_led", "param": "auto"}]
    assert new_rig.coordinator.write_access.is_open is True
    assert issues(new_rig.hass) == []

    await new_rig.clock.next_poll(40)
    assert new_rig.sent == ["set_led"]


@pytest.mark.parametrize("miner", ["old_miner"], indirect=True)
async def test_an_encrypted_read_does_not_open_a_closed_write_access(rig: Rig) -> None:
    """Some firmware lets reads in while its API switch is off."""
    rig.miner.misbehave("power_off", Refused(45))
    with pytest.raises(HomeAssistantError):
        await rig.act("switch.turn_off", "switch.miner")
    assert len(issues(rig.hass)) == 1

    await rig.clock.next_poll(45)

    assert rig.coordinator.write_access.is_open is False
    assert len(issues(rig.hass)) == 1


@pytest.mark.parametrize("miner", ["old_miner"], indirect=True)
async def test_v1_is_never_written_to_without_being_asked(new_rig: Rig) -> None:
    """The LED may be flashing, and only an LED that is known to be on auto is set to auto."""
    new_rig.miner.api_open = False
    assert await new_rig.hass.config_entries.async_setup(new_rig.entry.entry_id)
    new_rig.miner.api_open = True
    await new_rig.clock.next_poll(45)

    assert new_rig.miner.writes == []


async def test_an_led_that_somebody_flashes_is_left_alone(new_rig: Rig) -> None:
    """Write access is checked only while that changes nothing."""
    new_rig.miner.state.led["red"] = Led(period=500, duration=250, start=0)
    assert await new_rig.hass.config_entries.async_setup(new_rig.entry.entry_id)
    await new_rig.clock.next_poll(45)
    assert new_rig.miner.writes == []
    assert new_rig.miner.state.led
    assert new_rig.coordinator.write_access.is_open is None

    new_rig.miner.state.led.clear()
    await new_rig.clock.next_poll(20)
    assert new_rig.sent == ["set_led"]
    assert new_rig.coordinator.write_access.is_open is True


@pytest.mark.parametrize(
    "how", [Refused(136), Refused(132), Closed(), GARBAGE], ids=str
)
async def test_a_look_that_fails_is_no_answer(new_rig: Rig, how: Misbehaviour) -> None:
    new_rig.miner.misbehave("get_token", how)
    await new_rig.load()

    assert new_rig.coordinator.write_access.is_open is None
    assert issues(new_rig.hass) == []
    assert new_rig.state_of(HASH_RATE) != STATE_UNAVAILABLE


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
    new_rig: Rig, stored: dict[str, str]
) -> None:
    """Any device could be there, and guess the password from it."""
    key = new_rig.storage_key
    written = {"version": 1, "minor_version": 1, "key": key, "data": stored}
    new_rig.storage[key] = written
    assert await new_rig.hass.config_entries.async_setup(new_rig.entry.entry_id)
    await new_rig.clock.next_poll(45)
    assert new_rig.entry.state is ConfigEntryState.LOADED
    assert encrypted(new_rig.miner) == []

    new_rig.miner.state.mining = True
    await new_rig.clock.next_poll(2)
    assert "get_token" in new_rig.asked


@pytest.mark.parametrize("miner", ["silent_miner"], indirect=True)
async def test_a_miner_that_moved_is_asked_when_it_has_told_who_it_is(
    new_rig: Rig,
) -> None:
    """The proof at the last address does not count at the next."""
    new_rig.miner.state.mining = True
    await new_rig.load()
    assert "get_token" in new_rig.asked

    new_rig.miner.state.mining = False
    await new_rig.miner.move("127.0.0.2")
    new_rig.miner.requests.clear()
    relocate(new_rig.hass, new_rig.entry, (new_rig.miner.host, new_rig.miner.port))
    await new_rig.clock.next_poll(45)
    assert encrypted(new_rig.miner) == []


@pytest.mark.parametrize("miner", ["silent_miner"], indirect=True)
async def test_what_a_person_asks_for_is_sent_to_a_silent_miner(rig: Rig) -> None:
    """The miner could never be switched on otherwise."""
    await rig.act("switch.turn_on", "switch.miner")
    assert rig.sent == ["power_on"]


@pytest.mark.parametrize("miner", ["silent_miner"], indirect=True)
async def test_the_default_password_of_a_silent_miner_is_a_repair_all_the_same(
    new_rig: Rig,
) -> None:
    new_rig.change(data={**new_rig.entry.data, CONF_PASSWORD: DEFAULT_PASSWORD})
    assert await new_rig.hass.config_entries.async_setup(new_rig.entry.entry_id)

    assert issue_keys(new_rig.hass) == ["default_password"]
    assert encrypted(new_rig.miner) == []


# When the password is wrong


async def test_a_wrong_password_is_asked_for_and_readings_go_on(rig: Rig) -> None:
    rig.miner.password = "changed"

    for _ in range(2):
        with pytest.raises(HomeAssistantError) as error:
            await rig.act("switch.turn_off", "switch.miner")
        await rig.settle()
        assert error.value.translation_key == "wrong_password"
        assert reauth_steps(rig.hass) == ["reauth_confirm"]
    before = rig.state_of(HASH_RATE)
    await rig.clock.next_poll(5)

    assert rig.entry.state is ConfigEntryState.LOADED
    assert rig.state_of(HASH_RATE) not in (before, STATE_UNAVAILABLE)


@pytest.mark.parametrize("password", ["mistaken"])
async def test_a_wrong_password_is_found_at_set_up(rig: Rig) -> None:
    await rig.settle()

    assert rig.entry.state is ConfigEntryState.LOADED
    assert reauth_steps(rig.hass) == ["reauth_confirm"]
    assert rig.coordinator.write_access.is_open is None
    assert issues(rig.hass) == []


async def test_too_many_tokens_are_no_wrong_password(rig: Rig) -> None:
    """Other programs may hold all tokens."""
    rig.miner.void_tokens()
    rig.miner.misbehave("get_token", Refused(136))

    with pytest.raises(HomeAssistantError):
        await rig.act("switch.turn_off", "switch.miner")
    await rig.settle()

    assert reauth_steps(rig.hass) == []


@pytest.mark.parametrize(
    ("voided", "code"), [({"new_salt": True}, 23), ({}, 135)], ids=["23", "135"]
)
async def test_a_token_that_another_client_voided_costs_one_retry_and_no_question(
    rig: Rig, voided: dict[str, bool], code: int
) -> None:
    """In the middle of a session 23 does not mean that the password is wrong."""
    await rig.set_number("power_percent", 80)
    await rig.clock.next_poll()
    rig.miner.requests.clear()
    rig.miner.void_tokens(**voided)

    await rig.set_number("power_percent", 70)
    await rig.settle()

    first = None if code == 23 else "set_power_pct_v2"  # 23: it cannot even be read
    assert rig.asked[:4] == [
        first,
        "get_token",
        "get_miner_info",  # who gave it
        "set_power_pct_v2",
    ]
    assert rig.asked.count("get_token") == 1
    assert rig.miner.state.percent == 70
    assert reauth_steps(rig.hass) == []


# Where polls report the API switch


@pytest.mark.parametrize("miner", ["v3_miner"], indirect=True)
async def test_a_switch_that_the_miner_reports_is_seen_by_the_next_poll(
    rig: Rig,
) -> None:
    rig.miner.api_open = False
    await rig.clock.next_poll()
    assert rig.coordinator.write_access.is_open is False
    assert issue_keys(rig.hass) == ["write_access_closed"]

    rig.miner.api_open = True
    await rig.clock.next_poll()
    assert rig.coordinator.write_access.is_open is True
    assert issues(rig.hass) == []


@pytest.mark.parametrize("miner", ["v3_miner"], indirect=True)
async def test_while_the_led_flashes_fast_boot_shows_whether_commands_are_taken(
    new_rig: Rig,
) -> None:
    """It stays what it is, as the LED does."""
    new_rig.miner.state.led = {"red": Led(period=200, duration=100, start=0)}
    await new_rig.load()
    assert new_rig.coordinator.write_access.is_open is True
    assert {name.partition(" ")[0] for name in new_rig.sent} == {"set.miner.fastboot"}

    new_rig.miner.api_open = False
    await new_rig.clock.next_poll()
    assert new_rig.coordinator.write_access.is_open is False
    new_rig.miner.api_open = True
    await new_rig.clock.next_poll()
    assert new_rig.coordinator.write_access.is_open is True
    assert new_rig.miner.state.led
