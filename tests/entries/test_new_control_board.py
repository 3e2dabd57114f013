"""A miner with a new control board goes on under another MAC address, with all that it had."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)
from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager

from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.entries.new_control_board import (
    async_replace_control_board,
    replace_mac,
)
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.history import get_significant_states
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.util.dt import utcnow
from tests.conftest import START
from tests.fleet import Fleet, Owned

NEW_MAC = "CE:02:01:AB:CD:EF"


@pytest.fixture
async def mock_recorder_before_hass(
    async_test_recorder: RecorderInstanceContextManager,
) -> None:
    """Prepare the recorder before Home Assistant, in tests that use it."""


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """The platforms that are set up."""
    return Platform.BINARY_SENSOR, Platform.NUMBER, Platform.SENSOR, Platform.SWITCH


@pytest.fixture
async def ada(fleet: Fleet) -> Owned:
    """A miner that is set up."""
    return await fleet.add("Ada")


async def renew(fleet: Fleet, ada: Owned) -> str:
    """Replace the control board, let the miner be missed, adopt it; return the old MAC."""
    old = ada.miner.mac.lower()
    await ada.miner.disconnect()
    await fleet.clock.next_poll()
    ada.miner.replace_control_board(NEW_MAC)
    ada.miner.reconnect()
    await fleet.clock.next_poll()
    assert not ada.is_available
    await async_replace_control_board(
        fleet.hass, ada.entry, NEW_MAC.lower(), (ada.miner.host, ada.miner.port)
    )
    await fleet.settle()
    assert ada.is_available
    return old


def registered(hass: HomeAssistant, owned: Owned) -> dict[str, er.RegistryEntry]:
    """Return the entities of a miner by their ids."""
    entities = er.async_entries_for_config_entry(
        er.async_get(hass), owned.entry.entry_id
    )
    return {entity.entity_id: entity for entity in entities}


async def test_entities_stay_what_they_are(
    hass: HomeAssistant, fleet: Fleet, ada: Owned
) -> None:
    registry = er.async_get(hass)
    area = ar.async_get(hass).async_create("Shed").id
    renamed = registry.async_update_entity(
        "sensor.ada_power",
        new_entity_id="sensor.my_power",
        name="Mine",
        area_id=area,
        icon="mdi:pickaxe",
        aliases=["load"],
    )
    disabled = registry.async_update_entity(
        "sensor.ada_hashboard_1_temperature", disabled_by=er.RegistryEntryDisabler.USER
    )
    enabled = registry.async_update_entity(
        "sensor.ada_hash_rate_1_minute", disabled_by=None
    )
    await hass.config_entries.async_reload(ada.entry.entry_id)
    await fleet.settle()
    before = registered(hass, ada)
    old = await renew(fleet, ada)
    after = registered(hass, ada)

    assert after.keys() == before.keys()
    for entity_id, entity in before.items():
        assert entity.unique_id.startswith(old)
        assert after[entity_id].unique_id == entity.unique_id.replace(
            old, NEW_MAC.lower()
        )
        assert after[entity_id].id == entity.id
        assert after[entity_id].device_id == entity.device_id
        assert after[entity_id].disabled_by == entity.disabled_by
    assert after["sensor.my_power"].name == "Mine"
    assert after["sensor.my_power"].area_id == area
    assert after["sensor.my_power"].icon == "mdi:pickaxe"
    assert after["sensor.my_power"].aliases == renamed.aliases
    assert after[disabled.entity_id].disabled
    assert not after[enabled.entity_id].disabled
    assert float(shown_state(hass, "sensor.my_power").state) > 0
    assert float(shown_state(hass, enabled.entity_id).state) > 0
    assert hass.states.get(disabled.entity_id) is None
    assert hass.states.get("sensor.ada_power") is None


def shown_state(hass: HomeAssistant, entity_id: str) -> State:
    """Return the state of an entity, which has to exist."""
    state = hass.states.get(entity_id)
    assert state is not None
    return state


async def test_devices_stay_what_they_are(
    hass: HomeAssistant, fleet: Fleet, ada: Owned
) -> None:
    registry = dr.async_get(hass)
    area = ar.async_get(hass).async_create("Shed").id
    (device,) = dr.async_entries_for_config_entry(registry, ada.entry.entry_id)
    registry.async_update_device(device.id, name_by_user="Furnace", area_id=area)
    boards = dr.async_child_entries_for_config_entry(registry, ada.entry.entry_id)
    assert len(boards) == 3
    registry.async_update_child_device(boards[1].id, name_by_user="Hot one")
    await renew(fleet, ada)

    mac = NEW_MAC.lower()
    (after,) = dr.async_entries_for_config_entry(registry, ada.entry.entry_id)
    assert (after.id, after.name_by_user, after.area_id) == (device.id, "Furnace", area)
    assert after.identifiers == {(DOMAIN, mac)}
    assert after.connections == {(dr.CONNECTION_NETWORK_MAC, mac)}
    after_boards = dr.async_child_entries_for_config_entry(registry, ada.entry.entry_id)
    assert {board.id: board.identifiers for board in after_boards} == {
        board.id: {(DOMAIN, f"{mac}_board{slot}")} for slot, board in enumerate(boards)
    }
    assert (
        next(b for b in after_boards if b.id == boards[1].id).name_by_user == "Hot one"
    )
    assert ada.coordinator.device_id == device.id


async def test_nothing_of_others_is_moved(
    hass: HomeAssistant, fleet: Fleet, ada: Owned
) -> None:
    bea = await fleet.add("Bea")
    others = registered(hass, bea)
    old = ada.miner.mac.lower()
    foreign = er.async_get(hass).async_get_or_create(
        "sensor", "elsewhere", f"{old}_rssi"
    )
    await renew(fleet, ada)

    assert registered(hass, bea) == others
    assert bea.is_available
    assert er.async_get(hass).async_get(foreign.entity_id) == foreign


async def test_what_has_no_mac_stays_as_it_is(
    hass: HomeAssistant, fleet: Fleet, ada: Owned
) -> None:
    """An entity of an earlier version may have another kind of unique id."""
    registry = er.async_get(hass)
    odd = registry.async_get_or_create(
        "sensor", DOMAIN, "odd", config_entry=ada.entry, suggested_object_id="odd"
    )
    old = ada.miner.mac.lower()
    replace_mac(hass, ada.entry, old, NEW_MAC.lower())
    replace_mac(hass, ada.entry, NEW_MAC.lower(), old)

    assert registered(hass, ada)[odd.entity_id].unique_id == "odd"
    assert all(
        entity.unique_id.startswith(old)
        for entity in registered(hass, ada).values()
        if entity.entity_id != odd.entity_id
    )


async def test_history_goes_on(
    recorder_mock: Recorder, hass: HomeAssistant, fleet: Fleet, ada: Owned
) -> None:
    energy = "sensor.ada_energy"
    await fleet.clock.next_poll(20)
    before = float(shown_state(hass, energy).state)
    await renew(fleet, ada)
    await fleet.clock.next_poll(18)
    after = float(shown_state(hass, energy).state)
    assert after == pytest.approx(2 * before, rel=0.01)

    await async_wait_recording_done(hass)
    start = START
    while start <= utcnow() - timedelta(minutes=5):
        do_adhoc_statistics(hass, start=start)
        start += timedelta(minutes=5)
    await async_wait_recording_done(hass)

    def read() -> Any:
        return (
            statistics_during_period(
                hass, START, None, {energy}, "5minute", None, {"sum"}
            ),
            get_significant_states(hass, START, None, [energy]),
        )

    rows, states = await hass.async_add_executor_job(read)
    sums = [row["sum"] for row in rows[energy]]
    assert len(sums) == 4
    assert sums == sorted(sums)
    assert sums[-1] == pytest.approx(after, rel=0.05)
    recorded = [
        float(state.state) for state in states[energy] if state.state[0].isdigit()
    ]
    assert recorded == sorted(recorded)
    assert recorded[-1] == after
