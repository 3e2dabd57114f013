"""What all entities of a miner have in common."""

import asyncio
import logging
import math
import re

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from simulator import (
    GARBAGE,
    Closed,
    Misbehaviour,
    Raw,
    Refused,
    SimulatedMiner,
    Truncated,
)

from . import (
    JOINED,
    PROCESS_DOWN,
    Clock,
    act,
    device_of,
    entities_of,
    every_generation,
    fails_with,
    hold,
    names_of,
    set_mode,
    set_number,
    shown,
)
from .config_flow import READING, domains
from .fleet import Owned
from .words import speaks_v3

pytestmark = pytest.mark.usefixtures("entity_registry_enabled_by_default", "set_up")


@pytest.mark.parametrize(
    ("miner", "model", "hardware", "has_serial"),
    [
        ("air_miner", "M30S+ VE40", "H616", True),
        ("hydro_miner", "M63 VK30", "H616", False),
        ("old_miner", "M20SV10", "ALLWINNER_H3", False),
    ],
    indirect=["miner"],
)
async def test_the_device_says_what_it_is(
    owned: Owned, miner: SimulatedMiner, model: str, hardware: str, has_serial: bool
) -> None:
    mac = miner.mac.lower()
    device = device_of(owned.hass, owned.entry)

    assert device.name == "Miner"
    assert device.manufacturer == "MicroBT"
    assert device.model == model
    assert device.hw_version == hardware
    assert device.sw_version == miner.firmware_version
    assert device.serial_number == (miner.serial if has_serial else None)
    assert device.configuration_url == f"https://{miner.host}"
    assert device.connections == {(dr.CONNECTION_NETWORK_MAC, mac)}
    assert device.identifiers == {(DOMAIN, mac)}


@every_generation
async def test_entities_belong_to_the_miner_whatever_its_address(
    hass: HomeAssistant, config_entry: MockConfigEntry, miner: SimulatedMiner
) -> None:
    """A unique id is the MAC address, the slot of the hashboard where there is one, and the key."""
    mac = miner.mac.lower()
    entities = entities_of(hass, config_entry)

    assert entities
    for entity in entities:
        assert entity.has_entity_name
        owner = entity.unique_id.removesuffix(f"_{entity.translation_key}")
        assert re.fullmatch(rf"{mac}(_board[0-3])?", owner)
        assert entity.device_id is not None
        device = dr.async_get(hass).async_get(entity.device_id)
        assert device is not None
        assert device.identifiers == {(DOMAIN, owner)}


@pytest.mark.parametrize("password", [""])
@every_generation
async def test_without_a_password_there_are_only_readings(
    hass: HomeAssistant, owned: Owned, miner: SimulatedMiner, clock: Clock
) -> None:
    await clock.next_poll(25)

    assert domains(hass, owned.entry) == READING
    asked = names_of(miner.requests)
    if speaks_v3(miner):
        asked += names_of(miner.v3.requests)
        assert not any(name.startswith("set.") for name in asked)
    assert "get_token" not in asked


# What goes wrong with a command, and the key of the sentence that explains it.
FAILURES: tuple[tuple[str, Misbehaviour, str], ...] = (
    ("disable_web_pools", Closed(), "unanswered"),
    ("disable_web_pools", GARBAGE, "unanswered"),
    ("disable_web_pools", Truncated(), "unanswered"),
    ("disable_web_pools", PROCESS_DOWN, "mining_process_down"),
    ("disable_web_pools", Refused(23), "wrong_password"),
    ("disable_web_pools", Refused(45), "write_access_closed"),
    ("disable_web_pools", Refused(14), "unsupported_command"),
    ("disable_web_pools", Refused(132), "refused"),
    ("disable_web_pools", Refused(135), "refused"),
    ("disable_web_pools", Raw(b'{"enc":"bm8gYmxvY2s="}'), "unanswered"),
    ("disable_web_pools", Raw(b'{"enc":"%%%"}'), "unanswered"),
    ("disable_web_pools", Raw(b'{"enc":"AAAAAAAAAAAAAAAAAAAAAA=="}'), "unanswered"),
    ("disable_web_pools", Raw(b"{}"), "unanswered"),
    ("get_token", Refused(136), "too_many_tokens"),
    ("get_token", Raw(b'{"STATUS":"S","Msg":{"salt":"!","newsalt":"!","time":"1"}}'),
     "malformed_reply"),
)  # fmt: skip


@pytest.mark.parametrize(("command", "how", "key"), FAILURES)
async def test_every_failure_is_explained(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    command: str,
    how: Misbehaviour,
    key: str,
) -> None:
    miner.void_tokens()
    miner.misbehave(command, how)

    with pytest.raises(HomeAssistantError) as error:
        await act(hass, "switch.turn_off", "switch.miner_pools_on_web_page")

    assert error.value.translation_domain == DOMAIN
    assert error.value.translation_key == key
    assert not isinstance(error.value, ServiceValidationError)
    assert "Miner" in str(error.value)
    assert "{" not in str(error.value)
    assert shown(hass, "switch.miner_pools_on_web_page") == "unknown"


async def test_a_refusal_says_what_the_miner_said(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """The miner's own code and text help in a search."""
    miner.misbehave("disable_web_pools", Refused(132, "pool is locked"))

    with pytest.raises(
        HomeAssistantError,
        match=r"^Miner refused disable_web_pools: pool is locked \(code 132\)\. Its",
    ):
        await act(hass, "switch.turn_off", "switch.miner_pools_on_web_page")


async def test_a_command_that_the_firmware_does_not_know_is_not_sent_again(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    miner.misbehave("disable_web_pools", Refused(14))

    for _ in range(2):
        with fails_with("unsupported_command"):
            await act(hass, "switch.turn_off", "switch.miner_pools_on_web_page")

    assert names_of(miner.writes) == ["disable_web_pools"]


async def test_the_log_keeps_secrets(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("simulator").setLevel(logging.WARNING)
    miner.void_tokens(new_salt=True)
    await act(hass, "switch.turn_on", "switch.miner_fast_boot")
    miner.misbehave("*", Truncated())
    with pytest.raises(HomeAssistantError):
        await act(hass, "switch.turn_off", "switch.miner_fast_boot")
    await clock.next_poll(2)

    tokens = {request["token"] for request in miner.requests if "token" in request}
    assert tokens
    assert "custom_components.whatsminer" in {
        record.name[:28] for record in caplog.records
    }
    for secret in (miner.password, *tokens):
        assert str(secret) not in caplog.text


async def test_a_miner_that_is_away_is_explained(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    await miner.disconnect()

    with fails_with("cannot_connect"):
        await act(hass, "switch.turn_off", "switch.miner")

    assert shown(hass, "switch.miner") == "on"


async def test_silence_is_explained(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    silent = hold(miner, "disable_web_pools")
    call = hass.async_create_task(
        act(hass, "switch.turn_off", "switch.miner_pools_on_web_page")
    )
    await silent.reached.wait()

    clock.move(10)
    with fails_with("unanswered"):
        await call

    assert shown(hass, "switch.miner_pools_on_web_page") == "unknown"


async def test_power_off_that_nobody_confirms_is_tried_twice_and_explained(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    miner.misbehave("power_off", Closed())

    with fails_with("power_off_unconfirmed"):
        await act(hass, "switch.turn_off", "switch.miner")

    assert names_of(miner.writes) == ["power_off", "power_off"]
    assert shown(hass, "switch.miner") == "on"


async def test_power_off_that_worked_in_silence_is_no_error(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    miner.misbehave("power_off", Closed(execute=True))

    await act(hass, "switch.turn_off", "switch.miner")

    assert names_of(miner.writes) == ["power_off"]
    assert shown(hass, "switch.miner") == "off"


async def test_a_mode_that_was_taken_in_silence_is_no_error(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """A restart ends the process that would have answered."""
    miner.misbehave("set_low_power", Closed(execute=True))

    await set_mode(hass, "low")

    assert miner.state.power_mode == "low"
    assert shown(hass, "select.miner_power_mode") == "low"


async def test_mining_is_not_restarted_twice_in_a_minute(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    await set_mode(hass, "low")
    await clock.tick(20)
    miner.writes.clear()

    with pytest.raises(ServiceValidationError, match=r"in 40 seconds$") as error:
        await set_number(hass, "power_limit", 3000)

    assert error.value.translation_key == "too_soon"
    assert miner.writes == []
    assert float(shown(hass, "number.miner_power_limit")) != 3000

    await clock.tick(40)
    await set_number(hass, "power_limit", 3000)
    assert names_of(miner.writes) == ["adjust_power_limit"]


async def test_the_minute_between_restarts_binds_no_other_command(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    await set_mode(hass, "low")
    miner.writes.clear()

    await set_number(hass, "temperature_offset", -5)
    await act(hass, "switch.turn_off", "switch.miner")
    await act(hass, "switch.turn_on", "switch.miner")

    assert names_of(miner.writes) == ["set_temp_offset", "power_off", "power_on"]


async def test_a_value_that_is_no_number_is_explained(hass: HomeAssistant) -> None:
    """Home Assistant's own check lets NaN through."""
    with pytest.raises(ServiceValidationError) as error:
        await set_number(hass, "power_percent", math.nan)

    assert error.value.translation_domain == DOMAIN
    assert error.value.translation_key == "invalid_value"
    assert "0 to 100" in str(error.value)


async def test_a_value_that_is_refused_names_the_miner_as_it_is_called_now(
    hass: HomeAssistant, config_entry: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(config_entry, title="Garage")

    with pytest.raises(ServiceValidationError) as error:
        await set_number(hass, "power_percent", math.nan)

    assert error.value.translation_placeholders is not None
    assert error.value.translation_placeholders["miner"] == "Garage"


async def test_a_void_token_is_replaced_without_a_word(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """Another client's token or a new salt is no error."""
    for new_salt in (False, True):
        await set_number(hass, "power_percent", 80)
        miner.void_tokens(new_salt=new_salt)
        await set_number(hass, "power_percent", 70)
        assert miner.state.percent == 70


async def test_commands_and_polls_take_turns(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    set_up: WhatsminerCoordinator,
) -> None:
    clock.move(30)
    await asyncio.gather(
        set_up.async_refresh(),
        set_number(hass, "power_percent", 70),
        set_number(hass, "temperature_offset", -3),
        act(hass, "switch.turn_off", "switch.miner"),
        act(hass, "switch.turn_on", "switch.miner_fast_boot"),
    )
    await hass.async_block_till_done(wait_background_tasks=True)

    assert len(miner.writes) == 4
    assert miner.peak_connections == 1


async def test_a_command_does_not_wait_for_a_whole_poll(
    hass: HomeAssistant, miner: SimulatedMiner, set_up: WhatsminerCoordinator
) -> None:
    """A command waits for the connection in use, not for the rest of the poll."""
    held = hold(miner, JOINED)
    poll = hass.async_create_task(set_up.async_refresh())
    await held.reached.wait()
    call = hass.async_create_task(set_number(hass, "temperature_offset", -3))
    await asyncio.sleep(0)

    held.release.set()
    await asyncio.gather(poll, call)

    assert names_of(miner.requests)[:3] == [JOINED, "set_temp_offset", "status"]


async def test_power_off_goes_first(
    hass: HomeAssistant, miner: SimulatedMiner, set_up: WhatsminerCoordinator
) -> None:
    held = hold(miner, "status")
    poll = hass.async_create_task(set_up.async_refresh())
    await held.reached.wait()
    calls = [
        hass.async_create_task(call)
        for call in (
            set_number(hass, "power_percent", 70),
            act(hass, "switch.turn_on", "switch.miner_fast_boot"),
            act(hass, "switch.turn_off", "switch.miner"),
        )
    ]
    await asyncio.sleep(0)

    held.release.set()
    await asyncio.gather(poll, *calls)

    assert names_of(miner.writes)[0] == "power_off"
    assert len(miner.writes) == 3


async def test_a_power_off_while_a_poll_hangs_goes_when_that_one_connection_ends(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """The power off waits neither for the rest of the poll nor for an earlier command."""
    hanging = hold(miner, JOINED)
    clock.move(30)
    await hanging.reached.wait()
    first = hass.async_create_task(set_number(hass, "power_percent", 70))
    await asyncio.sleep(0)
    power_off = hass.async_create_task(act(hass, "switch.turn_off", "switch.miner"))
    await asyncio.sleep(0)
    assert miner.writes == []
    assert miner.state.mining

    clock.move(10)  # longer than the time limit of one answer
    await power_off

    assert names_of(miner.requests)[:2] == [JOINED, "power_off"]
    assert not miner.state.mining
    assert not hanging.release.is_set()
    hanging.release.set()
    await first
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_power_off_overtakes_a_power_on_that_still_waits(
    hass: HomeAssistant, miner: SimulatedMiner, set_up: WhatsminerCoordinator
) -> None:
    """The later command counts, and neither caller gets an error."""
    held = hold(miner, "status")
    poll = hass.async_create_task(set_up.async_refresh())
    await held.reached.wait()
    calls = [
        hass.async_create_task(act(hass, f"switch.turn_{way}", "switch.miner"))
        for way in ("on", "off")
    ]
    await asyncio.sleep(0)

    held.release.set()
    await asyncio.gather(poll, *calls)

    assert names_of(miner.writes) == ["power_off"]
    assert not miner.state.mining
    assert shown(hass, "switch.miner") == "off"
