"""Hashboards are devices of their own, which can be added, fail and be removed."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.const import (
    STATE_OFF,
    STATE_ON,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    Platform,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from simulator import Refused, SimulatedMiner

from . import (
    JOINED,
    Clock,
    before_v2_2,
    entities_of,
    every_generation,
    load_entry,
    shown,
    since_v2,
)
from .fleet import Owned
from .words import speaks_v3

pytestmark = [
    pytest.mark.parametrize(
        "platforms", [(Platform.SENSOR, Platform.BINARY_SENSOR)], ids=[""]
    )
]
# Whether a board hashes is known from its status, or where there is none from its chips.
ALIVE = "binary_sensor.miner_hashboard_2_alive"
RATE = "sensor.miner_hashboard_2_hash_rate"


@pytest.fixture(autouse=True)
def every_entity(entity_registry_enabled_by_default: None) -> None:
    """Enable all entities before anything is set up."""


def boards_of(registry: dr.DeviceRegistry, entry: MockConfigEntry) -> list[int]:
    """Return the slots whose hashboards are registered."""
    return [
        slot
        for slot in range(10)
        if registry.async_get_child_device_by_identifier(
            (DOMAIN, f"{entry.unique_id}_board{slot}"), entry.entry_id
        )
    ]


@every_generation
@pytest.mark.usefixtures("set_up")
async def test_each_hashboard_is_a_child_device(
    device_registry: dr.DeviceRegistry, owned: Owned, miner: SimulatedMiner
) -> None:
    assert boards_of(device_registry, owned.entry) == [
        board.slot for board in miner.state.boards
    ]
    parent = device_registry.async_get_device_by_identifier(
        (DOMAIN, miner.mac.lower()), owned.entry.entry_id
    )
    second = device_registry.async_get_child_device_by_identifier(
        (DOMAIN, f"{miner.mac.lower()}_board1"), owned.entry.entry_id
    )
    assert parent is not None
    assert second is not None
    assert second.parent_device_id == parent.id
    assert second.name == "Hashboard 2"


@every_generation
@pytest.mark.usefixtures("set_up")
async def test_boards_make_up_the_miner(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """The hash rates of the boards are in the unit of the miner's own. V3 has their averages."""
    kind = "average_hash_rate" if speaks_v3(miner) else "hash_rate"
    whole = float(shown(hass, f"sensor.miner_{kind}"))
    boards = [
        float(shown(hass, f"sensor.miner_hashboard_{number}_hash_rate"))
        for number in range(1, len(miner.state.boards) + 1)
    ]

    assert sum(boards) == pytest.approx(whole, rel=0.01)


@every_generation
@pytest.mark.usefixtures("set_up")
async def test_readings_are_those_of_the_board(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    for number, board in enumerate(miner.state.telemetry().boards, 1):
        prefix = f"sensor.miner_hashboard_{number}"
        assert float(shown(hass, f"{prefix}_hash_rate")) == pytest.approx(
            board.hash_average if speaks_v3(miner) else board.hash_rate, rel=1e-3
        )
        assert float(shown(hass, f"{prefix}_temperature")) == pytest.approx(
            board.temperature, abs=0.1
        )
        assert float(shown(hass, f"{prefix}_chip_frequency")) == pytest.approx(
            board.frequency, abs=1
        )
        assert float(shown(hass, f"{prefix}_working_chips")) == board.chips


@before_v2_2
@pytest.mark.usefixtures("set_up")
async def test_older_firmware_tells_more_of_a_board(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """V2.2 has dropped chip temperatures and shares."""
    for number, board in enumerate(miner.state.telemetry().boards, 1):
        prefix = f"sensor.miner_hashboard_{number}"
        for name, reading in (
            ("chip_temperature", board.chip_avg),
            ("lowest_chip_temperature", board.chip_min),
            ("highest_chip_temperature", board.chip_max),
            ("accepted_shares", board.accepted),
            ("rejected_shares", board.rejected),
            ("chip_voltage_difference", 9),
        ):
            assert float(shown(hass, f"{prefix}_{name}")) == pytest.approx(
                reading, abs=0.1
            )


@every_generation
@pytest.mark.usefixtures("set_up")
async def test_a_dead_board_stays_with_what_it_says(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    assert shown(hass, ALIVE) == STATE_ON

    miner.state.boards[1].alive = False
    await clock.next_poll()

    assert shown(hass, ALIVE) == STATE_OFF
    assert shown(hass, "binary_sensor.miner_hashboard_1_alive") == STATE_ON
    assert float(shown(hass, RATE)) == 0


@every_generation
@pytest.mark.usefixtures("set_up")
async def test_a_board_that_vanishes_is_not_forgotten(
    hass: HomeAssistant,
    device_registry: dr.DeviceRegistry,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    clock: Clock,
) -> None:
    there = boards_of(device_registry, config_entry)

    miner.state.boards[1].present = False
    await clock.next_poll()

    assert shown(hass, RATE) == STATE_UNAVAILABLE
    assert shown(hass, ALIVE) == STATE_OFF
    assert float(shown(hass, "sensor.miner_hashboard_1_hash_rate")) > 0
    assert boards_of(device_registry, config_entry) == there

    miner.state.boards[1].present = True
    await clock.next_poll()

    assert float(shown(hass, RATE)) > 0
    assert shown(hass, ALIVE) == STATE_ON


@pytest.mark.usefixtures("set_up")
async def test_a_missing_board_outlives_a_restart(
    hass: HomeAssistant, miner: SimulatedMiner, config_entry: MockConfigEntry
) -> None:
    miner.state.boards[1].present = False
    await hass.config_entries.async_reload(config_entry.entry_id)
    await hass.async_block_till_done()

    assert shown(hass, RATE) == STATE_UNAVAILABLE
    assert shown(hass, ALIVE) == STATE_OFF


async def remove(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, device: str
) -> str | None:
    """Delete a device as a user does in the browser, and return the error."""
    assert await async_setup_component(hass, "config", {})
    client = await hass_ws_client(hass)
    await client.send_json_auto_id(
        {"type": "config/device_registry/remove", "device_id": device}
    )
    answer = await client.receive_json()
    await hass.async_block_till_done()
    return None if answer["success"] else answer["error"]["message"]


def board(registry: dr.DeviceRegistry, entry: MockConfigEntry, slot: int) -> str:
    """Return the device id of a hashboard."""
    device = registry.async_get_child_device_by_identifier(
        (DOMAIN, f"{entry.unique_id}_board{slot}"), entry.entry_id
    )
    assert device is not None
    return device.id


@pytest.mark.usefixtures("set_up")
async def test_a_board_that_is_gone_for_good_can_be_deleted(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    device_registry: dr.DeviceRegistry,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    clock: Clock,
) -> None:
    """A deleted board comes back only when it is plugged in again."""
    miner.state.boards[1].present = False
    await clock.next_poll()
    gone = board(device_registry, config_entry, 1)
    assert await remove(hass, hass_ws_client, gone) is None
    assert hass.states.get(RATE) is None

    await hass.config_entries.async_reload(config_entry.entry_id)
    await clock.next_poll(3)
    assert boards_of(device_registry, config_entry) == [0, 2]
    assert hass.states.get(RATE) is None

    miner.state.boards[1].present = True
    await clock.next_poll()
    assert float(shown(hass, RATE)) > 0


@pytest.mark.parametrize("loaded", [True, False])
async def test_what_is_there_cannot_be_deleted(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    device_registry: dr.DeviceRegistry,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    loaded: bool,
) -> None:
    first = board(device_registry, config_entry, 0)
    if not loaded:
        await miner.disconnect()
        await hass.config_entries.async_reload(config_entry.entry_id)
        await hass.async_block_till_done(wait_background_tasks=True)

    for device in (first, set_up.device_id):
        error = await remove(hass, hass_ws_client, device)
        assert error is not None
        assert "rejected by integration" in error
    assert boards_of(device_registry, config_entry) == [0, 1, 2]


async def test_a_board_that_comes_later_gets_its_entities(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock, owned: Owned
) -> None:
    miner.state.boards[1].present = False
    await load_entry(hass, owned.entry)
    assert hass.states.get(RATE) is None

    miner.state.boards[1].present = True
    await clock.next_poll(2)

    assert float(shown(hass, RATE)) > 0
    assert shown(hass, ALIVE) == STATE_ON
    keys = [
        {
            entity.unique_id.rpartition(f"board{slot}_")[2]
            for entity in entities_of(hass, owned.entry)
            if f"_board{slot}_" in entity.unique_id
        }
        for slot in (0, 1)
    ]
    assert keys[0] == keys[1]
    assert len(keys[0]) == 11


@every_generation
@pytest.mark.usefixtures("set_up")
async def test_a_stopped_miner_keeps_what_was_seen_of_its_boards(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """The boards of a stopped miner are silent, or not even listed."""
    assert shown(hass, ALIVE) == STATE_ON
    miner.state.mining = False
    for present in (True, False):
        miner.state.boards[1].present = present
        await clock.next_poll(2)
        assert shown(hass, ALIVE) == STATE_ON

    miner.state.mining = True
    await clock.next_poll(2)
    assert shown(hass, ALIVE) == STATE_OFF


@since_v2
@pytest.mark.usefixtures("set_up")
async def test_nobody_knows_the_boards_of_a_miner_that_fails_to_hash(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    """While it starts, what was seen before counts."""
    miner.state.set_boards(alive=False)
    miner.state.restart()
    await clock.next_poll(2)
    assert shown(hass, ALIVE) == STATE_ON

    for _ in range(21):
        await clock.tick(60)
    assert shown(hass, ALIVE) == STATE_UNKNOWN


@since_v2
async def test_nobody_knows_the_boards_of_a_miner_that_was_off_from_the_beginning(
    hass: HomeAssistant, miner: SimulatedMiner, config_entry: MockConfigEntry
) -> None:
    miner.state.mining = False
    await load_entry(hass, config_entry)

    assert shown(hass, ALIVE) == STATE_UNKNOWN


@pytest.mark.usefixtures("set_up")
async def test_nobody_can_tell_while_the_miner_lists_no_board(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    for command in (JOINED, "edevs", "devs"):
        miner.misbehave(command, Refused(132))
    await clock.next_poll()

    assert float(shown(hass, "sensor.miner_hash_rate")) > 0
    assert shown(hass, ALIVE) == STATE_UNKNOWN
    assert shown(hass, RATE) == STATE_UNAVAILABLE


@pytest.mark.usefixtures("set_up")
async def test_boards_are_unavailable_with_their_miner(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    await miner.disconnect()
    await clock.next_poll(2)

    assert shown(hass, ALIVE) == STATE_UNAVAILABLE
    assert shown(hass, RATE) == STATE_UNAVAILABLE


@pytest.mark.usefixtures("clock", "set_up")
async def test_entities_of_a_board_have_the_ids_that_were_promised(
    entity_registry: er.EntityRegistry, miner: SimulatedMiner
) -> None:
    """A unique id is the MAC address, the slot counted from 0, and the key."""
    entity = entity_registry.async_get(RATE)

    assert entity is not None
    assert entity.unique_id == f"{miner.mac.lower()}_board1_hash_rate"
