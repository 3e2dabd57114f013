"""A miner with a new control board goes on under another MAC address, with all that it had."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)
from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager

from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.entries.lookup import entry_for_mac
from custom_components.whatsminer.entries.new_control_board import (
    async_replace_control_board,
    replace_mac,
)
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.history import get_significant_states
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_INTEGRATION_DISCOVERY,
    ConfigEntryState,
)
from homeassistant.const import CONF_MAC, Platform
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.util.dt import utcnow
from tests import JOINED, Held, act
from tests.conftest import START
from tests.fleet import NEW_MAC, Fleet, Owned, shown_issues


@pytest.fixture
async def mock_recorder_before_hass(
    async_test_recorder: RecorderInstanceContextManager,
) -> None:
    """Prepare the recorder before Home Assistant, in tests that use it."""


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """The platforms that are set up."""
    return Platform.BINARY_SENSOR, Platform.NUMBER, Platform.SENSOR, Platform.SWITCH


async def adopt(fleet: Fleet, owned: Owned) -> None:
    """Let the entry of a miner go on with its new control board."""
    await async_replace_control_board(
        fleet.hass,
        owned.entry,
        owned.miner.mac.lower(),
        (owned.miner.host, owned.miner.port),
    )
    await fleet.settle()


async def replace_and_adopt(fleet: Fleet, ada: Owned) -> str:
    """Replace the control board, let the miner be missed, adopt it; return the old MAC."""
    old = ada.miner.mac.lower()
    await ada.miner.disconnect()
    await fleet.clock.next_poll()
    ada.replace_control_board()
    ada.miner.reconnect()
    await fleet.clock.next_poll()
    assert not ada.is_available
    await adopt(fleet, ada)
    assert ada.is_available
    return old


def registered(hass: HomeAssistant, owned: Owned) -> dict[str, er.RegistryEntry]:
    """Return the entities of a miner by their ids."""
    entities = er.async_entries_for_config_entry(
        er.async_get(hass), owned.entry.entry_id
    )
    return {entity.entity_id: entity for entity in entities}


def ids_of(entities: dict[str, er.RegistryEntry]) -> dict[str, tuple[str, str | None]]:
    """Return the unique id and the device of each entity."""
    return {
        entity_id: (entity.unique_id, entity.device_id)
        for entity_id, entity in entities.items()
    }


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
    await fleet.reload(ada)
    before = registered(hass, ada)
    old = await replace_and_adopt(fleet, ada)
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
    await replace_and_adopt(fleet, ada)

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
    await replace_and_adopt(fleet, ada)

    assert ids_of(registered(hass, bea)) == ids_of(others)
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
    await replace_and_adopt(fleet, ada)
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


async def test_an_adopted_miner_goes_on(fleet: Fleet, ada: Owned) -> None:
    await fleet.clock.next_poll(10)
    mac = ada.replace_control_board()
    await fleet.clock.next_poll()
    energy = float(ada.shown("sensor", "energy"))
    await adopt(fleet, ada)

    assert ada.entry.unique_id == ada.entry.data[CONF_MAC] == mac
    assert ada.is_available
    assert shown_issues(fleet.hass) == []
    await fleet.clock.next_poll(10)
    assert float(ada.shown("sensor", "energy")) == pytest.approx(
        energy + 3.4 * 300 / 3600, rel=0.1
    )
    await ada.turn_off()
    assert not ada.miner.state.mining


async def test_an_adopted_miner_may_be_at_another_address(
    fleet: Fleet, ada: Owned
) -> None:
    """The entry may be set up or in retry."""
    mac = ada.replace_control_board()
    old = ada.miner.host
    await ada.miner.move(fleet.host(40))
    await fleet.reload(ada)
    held = Held()
    zoe = await fleet.start("Zoe", host=old)
    zoe.misbehave(JOINED, held)
    fleet.clock.move(6)
    await held.reached.wait()
    assert ada.is_in(ConfigEntryState.SETUP_IN_PROGRESS)

    adopt = fleet.hass.async_create_task(
        async_replace_control_board(
            fleet.hass, ada.entry, mac, (fleet.host(40), ada.miner.port)
        )
    )
    held.release.set()
    await adopt
    await fleet.settle()

    assert ada.is_in(ConfigEntryState.LOADED)
    ada.check_found()
    assert shown_issues(fleet.hass) == []


async def test_a_miner_that_is_removed_before_it_is_adopted_is_gone(
    fleet: Fleet, ada: Owned
) -> None:
    mac = ada.replace_control_board()
    remove = fleet.hass.async_create_task(ada.remove())
    await async_replace_control_board(
        fleet.hass, ada.entry, mac, (ada.miner.host, ada.miner.port)
    )
    await remove
    await fleet.settle()

    assert fleet.hass.config_entries.async_entries(DOMAIN) == []
    assert fleet.hass.states.async_all() == []


async def test_the_new_control_board_is_no_longer_offered_as_a_new_miner(
    fleet: Fleet, ada: Owned
) -> None:
    """The tile was there before the control board was recognised."""
    mac = ada.replace_control_board()
    await fleet.hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_INTEGRATION_DISCOVERY},
        data={"host": ada.miner.host, "port": ada.miner.port, "mac": mac},
    )
    assert len(fleet.hass.config_entries.flow.async_progress()) == 1

    await adopt(fleet, ada)
    assert fleet.hass.config_entries.flow.async_progress() == []


async def test_a_new_control_board_that_was_ignored_can_be_adopted(
    fleet: Fleet, ada: Owned, caplog: pytest.LogCaptureFixture
) -> None:
    mac = ada.replace_control_board()
    MockConfigEntry(domain=DOMAIN, unique_id=mac, source=SOURCE_IGNORE).add_to_hass(
        fleet.hass
    )
    await fleet.clock.next_poll()
    assert shown_issues(fleet.hass) == ["new_control_board of Ada"]

    await adopt(fleet, ada)

    assert ada.is_available
    assert entry_for_mac(fleet.hass, mac) is ada.entry
    assert fleet.hass.config_entries.async_entries(DOMAIN) == [ada.entry]
    assert "already in use" not in caplog.text


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_a_new_control_board_does_not_have_what_was_set_at_the_old_one(
    fleet: Fleet, ada: Owned
) -> None:
    """What the miner cannot report is unknown."""
    offset = "number.ada_temperature_offset"
    await act(fleet.hass, "number.set_value", offset, value=-10)
    ada.replace_control_board()
    await fleet.clock.next_poll(2)

    await adopt(fleet, ada)

    assert ada.is_available
    assert ada.shown("number", "temperature_offset") == "unknown"
