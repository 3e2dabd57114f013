"""Set-up, reload, unload and removal of a miner."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from custom_components.whatsminer.miner.record import RECORDS
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from simulator import GARBAGE, Closed, Misbehaviour, Refused, SimulatedMiner, Truncated

from . import (
    JOINED,
    PROCESS_DOWN,
    AddEntry,
    Altered,
    Clock,
    act,
    device_of,
    entities_of,
    every_generation,
    fails_with,
    hold,
    load_entry,
    names_of,
    set_number,
    shown,
)
from .fleet import Owned
from .words import sent, speaks_v3


@every_generation
async def test_a_miner_is_set_up_and_unloaded(
    hass: HomeAssistant,
    clock: Clock,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
) -> None:
    assert set_up.config_entry.runtime_data.coordinator is set_up

    assert await hass.config_entries.async_unload(set_up.config_entry.entry_id)
    await hass.async_block_till_done()
    assert set_up.config_entry.state is ConfigEntryState.NOT_LOADED
    assert shown(hass, "sensor.miner_hash_rate") == STATE_UNAVAILABLE

    connections = miner.connections
    await clock.next_poll(5)
    assert miner.connections == connections


@pytest.mark.usefixtures("set_up")
async def test_a_poll_under_way_ends_when_the_miner_is_unloaded(
    hass: HomeAssistant, owned: Owned, clock: Clock, miner: SimulatedMiner
) -> None:
    held = hold(miner, "status")
    clock.move(30)
    await held.reached.wait()

    assert await hass.config_entries.async_unload(owned.entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert owned.entry.state is ConfigEntryState.NOT_LOADED
    assert not held.release.is_set()


@every_generation
async def test_a_miner_that_is_away_is_tried_again(
    hass: HomeAssistant, owned: Owned, clock: Clock, miner: SimulatedMiner
) -> None:
    await miner.disconnect()
    assert not await hass.config_entries.async_setup(owned.entry.entry_id)
    await hass.async_block_till_done()

    assert owned.entry.state is ConfigEntryState.SETUP_RETRY
    assert owned.entry.error_reason_translation_key == "cannot_connect"
    assert owned.entry.error_reason_translation_placeholders is not None
    assert owned.entry.error_reason_translation_placeholders["miner"] == "Miner"

    miner.reconnect()
    await clock.tick(60)
    assert float(shown(hass, "sensor.miner_hash_rate")) > 0


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        (Closed(), "cannot_connect"),
        (GARBAGE, "not_a_whatsminer"),
        (Truncated(), "malformed_reply"),
        (PROCESS_DOWN, "mining_process_down"),
    ],
)
async def test_a_miner_that_cannot_be_read_says_why(
    owned: Owned, miner: SimulatedMiner, how: Misbehaviour, reason: str
) -> None:
    miner.misbehave("*", how)

    assert not await owned.hass.config_entries.async_setup(owned.entry.entry_id)

    assert owned.entry.state is ConfigEntryState.SETUP_RETRY
    assert owned.entry.error_reason_translation_key == reason
    assert "{" not in (owned.entry.reason or "{")


@every_generation
async def test_another_miner_at_the_address_is_not_set_up(
    hass: HomeAssistant, config_entry: MockConfigEntry, miner: SimulatedMiner
) -> None:
    """The address was given to another machine while Home Assistant was off."""
    await miner.disconnect()
    ports: dict[str, Any] = {"port": miner.port}
    if speaks_v3(miner):
        ports["v3_port"] = miner.v3.port
    async with SimulatedMiner(
        seed="another", generation=miner.generation, **ports
    ) as other:
        assert not await hass.config_entries.async_setup(config_entry.entry_id)

    assert config_entry.state is ConfigEntryState.SETUP_RETRY
    assert config_entry.error_reason_translation_key == "wrong_miner"
    assert config_entry.reason is not None
    assert other.mac.lower() in config_entry.reason
    assert sent(other) == []


@pytest.mark.usefixtures("set_up")
async def test_a_removed_miner_leaves_nothing_behind(
    hass: HomeAssistant,
    config_entry: MockConfigEntry,
    clock: Clock,
    miner: SimulatedMiner,
    hass_storage: dict[str, Any],
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
) -> None:
    key = f"{DOMAIN}.{config_entry.entry_id}"
    await set_number(hass, "power_percent", 60)
    miner.api_open = False
    with pytest.raises(HomeAssistantError):
        await set_number(hass, "power_percent", 50)
    assert key in hass_storage
    assert len(ir.async_get(hass).issues) == 1

    await hass.config_entries.async_remove(config_entry.entry_id)
    await clock.tick(60)

    assert key not in hass_storage
    assert len(ir.async_get(hass).issues) == 0
    assert not device_registry.devices
    assert not entity_registry.entities


async def test_a_miner_that_was_never_set_up_can_be_removed(
    hass: HomeAssistant, config_entry: MockConfigEntry, miner: SimulatedMiner
) -> None:
    await miner.disconnect()
    await hass.config_entries.async_setup(config_entry.entry_id)

    await hass.config_entries.async_remove(config_entry.entry_id)

    assert hass.config_entries.async_entries(DOMAIN) == []


@pytest.mark.usefixtures("entity_registry_enabled_by_default", "set_up")
async def test_a_reload_keeps_what_was_set_a_moment_ago(
    hass: HomeAssistant, config_entry: MockConfigEntry, clock: Clock
) -> None:
    await set_number(hass, "temperature_offset", -5)
    await set_number(hass, "temperature_offset", -6)

    await hass.config_entries.async_reload(config_entry.entry_id)
    await clock.tick(60)

    assert float(shown(hass, "number.miner_temperature_offset")) == -6


async def test_other_firmware_reloads_the_miner(
    hass: HomeAssistant,
    clock: Clock,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
) -> None:
    new = Altered(miner.firmware_version, "20261101.01.Rel")
    miner.misbehave("status", new)
    miner.misbehave("get_version", new)
    await miner.disconnect()
    await clock.next_poll(3)  # the update, during which it is away
    miner.reconnect()
    await clock.next_poll(2)

    assert set_up.config_entry.state is ConfigEntryState.LOADED
    assert set_up.config_entry.runtime_data.coordinator is not set_up
    assert device_of(hass, set_up.config_entry).sw_version == "20261101.01.Rel"

    reloaded = set_up.config_entry.runtime_data.coordinator
    await clock.next_poll(20)
    assert set_up.config_entry.runtime_data.coordinator is reloaded


async def test_the_same_firmware_reloads_nothing(
    hass: HomeAssistant,
    clock: Clock,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
) -> None:
    await miner.disconnect()
    await clock.next_poll(3)
    miner.reconnect()
    await clock.next_poll(25)

    assert set_up.config_entry.runtime_data.coordinator is set_up


@pytest.mark.parametrize("miner", ["old_miner"], indirect=True)
async def test_a_firmware_that_is_not_told_for_a_while_reloads_nothing(
    hass: HomeAssistant, owned: Owned, clock: Clock, miner: SimulatedMiner
) -> None:
    """The oldest firmware reports its version only while it mines."""
    miner.misbehave("get_version", Refused(14))
    coordinator = await load_entry(hass, owned.entry)

    for command in (JOINED, "summary", "pools", "edevs", "devs", "status"):
        miner.misbehave(command, PROCESS_DOWN)
    await clock.next_poll(3)

    assert owned.entry.state is ConfigEntryState.LOADED
    assert owned.coordinator is coordinator


@pytest.fixture
async def oil_miner() -> AsyncGenerator[SimulatedMiner]:
    """A miner without fans, whose firmware reports its model in `devdetails` only."""
    async with SimulatedMiner(generation="v2", model="M56S") as miner:
        yield miner


async def boot(
    hass: HomeAssistant, entry: MockConfigEntry, miner: SimulatedMiner
) -> WhatsminerCoordinator:
    """Set up a miner that reports of itself only its version and its MAC address."""
    for command in ("devdetails", "get_psu", "status", JOINED, "summary"):
        miner.misbehave(command, PROCESS_DOWN)
    if miner.generation == "compat":
        miner.misbehave("get_version", Altered('"miner_type":', '"unknown":'))
    return await load_entry(hass, entry)


@pytest.mark.parametrize(
    ("miner", "model", "fans"),
    [
        ("oil_miner", "M56S VH30", 0),
        ("hydro_miner", "M63 VK30", 0),
        ("air_miner", "M30S+ VE40", 2),
    ],
    indirect=["miner"],
)
async def test_a_miner_that_told_nothing_at_first_is_set_up_again_once_it_does(
    owned: Owned, clock: Clock, miner: SimulatedMiner, model: str, fans: int
) -> None:
    """The miner was booting when it was set up."""
    at_first = await boot(owned.hass, owned.entry, miner)
    assert device_of(owned.hass, owned.entry).model is None
    await clock.next_poll(3)
    assert owned.coordinator is at_first

    miner.behave()
    await clock.next_poll(12)  # until the slow readings come round

    assert owned.entry.state is ConfigEntryState.LOADED
    reloaded = owned.coordinator
    assert reloaded is not at_first
    assert device_of(owned.hass, owned.entry).model == model
    sensors = [
        state.entity_id
        for state in owned.hass.states.async_all("sensor")
        if "fan" in state.entity_id and not state.attributes.get("restored")
    ]
    assert len(sensors) == fans, sensors
    assert float(shown(owned.hass, "sensor.miner_hash_rate")) > 0

    await clock.next_poll(30)
    assert owned.coordinator is reloaded


@pytest.mark.parametrize("miner", ["oil_miner", "hydro_miner"], indirect=True)
async def test_fans_that_a_booting_miner_was_thought_to_have_leave_nothing_behind(
    hass: HomeAssistant, owned: Owned, clock: Clock, miner: SimulatedMiner
) -> None:
    await boot(hass, owned.entry, miner)
    miner.behave()
    await clock.next_poll(12)

    entities = entities_of(hass, owned.entry)
    assert [entity.entity_id for entity in entities if "fan" in entity.unique_id] == []


@pytest.mark.parametrize("miner", ["hydro_miner"], indirect=True)
async def test_what_only_liquid_cooling_has_comes_when_it_is_known_and_stays(
    hass: HomeAssistant, owned: Owned, clock: Clock, miner: SimulatedMiner
) -> None:
    """Also when Home Assistant starts again while the miner boots."""

    def has_heat_mode() -> bool:
        found = [entity.unique_id for entity in entities_of(hass, owned.entry)]
        return f"{owned.entry.unique_id}_heat_mode" in found

    await boot(hass, owned.entry, miner)
    assert not has_heat_mode()
    miner.behave()
    await clock.next_poll(12)
    assert has_heat_mode()

    await hass.config_entries.async_unload(owned.entry.entry_id)
    hass.data.pop(RECORDS)  # as after a restart of Home Assistant
    await boot(hass, owned.entry, miner)
    assert has_heat_mode()
    miner.behave()
    await clock.next_poll(12)
    assert has_heat_mode()


@pytest.mark.usefixtures("set_up")
async def test_two_miners_do_not_disturb_each_other(
    hass: HomeAssistant,
    clock: Clock,
    miner: SimulatedMiner,
    hydro_miner: SimulatedMiner,
    add_entry: AddEntry,
) -> None:
    await add_entry(hydro_miner, "Hydro")
    clock.miners.append(hydro_miner)

    await act(hass, "switch.turn_off", "switch.hydro")
    await miner.disconnect()
    await clock.next_poll(2)

    assert shown(hass, "switch.miner") == STATE_UNAVAILABLE
    assert shown(hass, "switch.hydro") == "off"
    assert miner.writes == []


async def test_what_a_stopped_miner_does_not_tell_stays(
    hass: HomeAssistant, miner: SimulatedMiner, set_up: WhatsminerCoordinator
) -> None:
    def entities() -> set[str]:
        return {entity.entity_id for entity in entities_of(hass, set_up.config_entry)}

    before = entities()
    miner.state.mining = False
    miner.misbehave("get_psu", Refused(132))
    for board in miner.state.boards:
        board.present = False
    hass.data.pop(RECORDS)  # as after a restart of Home Assistant
    await hass.config_entries.async_reload(set_up.config_entry.entry_id)
    await hass.async_block_till_done()

    assert entities() == before
    assert (
        set_up.config_entry.runtime_data.coordinator.capabilities == set_up.capabilities
    )


@pytest.mark.usefixtures("set_up")
async def test_a_reload_goes_on_with_the_same_miner(
    hass: HomeAssistant, miner: SimulatedMiner, config_entry: MockConfigEntry
) -> None:
    """The token stays in use, and the time between two restarts of mining goes on."""
    await act(hass, "button.press", "button.miner_restart_mining")
    await hass.config_entries.async_reload(config_entry.entry_id)
    await hass.async_block_till_done()
    miner.requests.clear()

    with fails_with("too_soon", ServiceValidationError):
        await act(hass, "button.press", "button.miner_restart_mining")
    await act(hass, "switch.turn_off", "switch.miner")
    assert "get_token" not in names_of(miner.requests)


async def test_a_removed_miner_is_forgotten(
    hass: HomeAssistant, config_entry: MockConfigEntry, set_up: WhatsminerCoordinator
) -> None:
    await hass.config_entries.async_remove(config_entry.entry_id)
    assert hass.data[RECORDS] == {}
