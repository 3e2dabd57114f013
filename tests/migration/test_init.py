"""Miners of earlier integrations of this domain go on here."""

from collections.abc import Callable
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import (
    CONF_HOST,
    CONF_MAC,
    CONF_PASSWORD,
    CONF_PORT,
    CONF_SCAN_INTERVAL,
    STATE_UNAVAILABLE,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from simulator import SimulatedMiner
from tests import act, every_generation, shown
from tests.earlier import EARLIER, IP, MAC, Earlier, registered, set_up
from tests.words import speaks_v3

both = pytest.mark.parametrize("earlier", EARLIER.values(), ids=EARLIER)


def keys(hass: HomeAssistant, entry: MockConfigEntry) -> set[str]:
    """Return the entities of an entry by platform and key."""
    return {
        f"{entity.domain}.{entity.unique_id.removeprefix(f'{entry.unique_id}_')}"
        for entity in registered(hass, entry)["entities"]
    }


# What goes on


@both
async def test_an_entity_with_a_counterpart_stays_as_its_owner_left_it(
    hass: HomeAssistant, miner: SimulatedMiner, earlier: Earlier
) -> None:
    """Entities without a counterpart are removed."""
    entry = earlier.add(hass, miner)
    before = earlier.entities(hass, entry, miner)

    await set_up(hass, entry)

    for name, old in before.items():
        new = er.async_get(hass).async_get(old.entity_id)
        if earlier.keys[name] is None:
            assert new is None, name
            continue
        assert new is not None, name
        assert new.id == old.id
        assert new.unique_id == f"{miner.mac.lower()}_{earlier.keys[name]}"
        assert new.config_entry_id == entry.entry_id
        for kept in ("area_id", "disabled_by", "hidden_by", "icon", "labels", "name"):
            assert getattr(new, kept) == getattr(old, kept), (name, kept)
        if new.disabled_by is None:
            assert shown(hass, new.entity_id) != STATE_UNAVAILABLE, name


@every_generation
@both
async def test_a_miner_that_goes_on_is_as_one_that_is_new(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    make_entry: Callable[..., MockConfigEntry],
    earlier: Earlier,
) -> None:
    entry = earlier.add(hass, miner)
    earlier.entities(hass, entry, miner)

    await set_up(hass, entry)

    assert entry.state is ConfigEntryState.LOADED
    switch = er.async_get(hass).async_get_entity_id(
        "switch", DOMAIN, f"{miner.mac.lower()}_mining"
    )
    assert switch is not None
    await act(hass, "switch.turn_off", switch)
    assert miner.state.mining is False
    place: dict[str, Any] = {}
    if speaks_v3(miner):  # both have the port that clients know
        place = {"host": "127.0.0.2", "v3_port": miner.v3.port}
    async with SimulatedMiner(
        generation=miner.generation,
        model=miner.state.model.name,
        seed="new",
        **place,
    ) as other:
        new = make_entry(other)
        await set_up(hass, new)
        assert keys(hass, entry) == keys(hass, new)
        await hass.config_entries.async_unload(new.entry_id)


@both
async def test_what_the_entry_keeps(
    hass: HomeAssistant, miner: SimulatedMiner, earlier: Earlier
) -> None:
    entry = earlier.entry(miner)

    await set_up(hass, entry)

    assert entry.title == "Garage"
    assert (entry.version, entry.minor_version) == (4, 1)
    assert entry.unique_id == miner.mac.lower()
    assert entry.data == {
        CONF_HOST: miner.host,
        CONF_PORT: miner.port,
        CONF_MAC: miner.mac.lower(),
        CONF_PASSWORD: miner.password,
    }
    assert entry.options == ({} if earlier.by_mac else {"poll_interval": 60})


@pytest.mark.parametrize("version", [1, 2, 3])
async def test_options_go_before_what_was_entered_first(
    hass: HomeAssistant, miner: SimulatedMiner, version: int
) -> None:
    """The password and the interval could be changed later in the options."""
    entry = IP.entry(
        miner,
        options={CONF_PASSWORD: "later_1", CONF_SCAN_INTERVAL: 20},
        version=version,
    )

    await set_up(hass, entry)

    assert entry.data[CONF_PASSWORD] == "later_1"
    assert entry.options == {"poll_interval": 20}


@pytest.mark.parametrize(("there", "here"), [(5, 10), (10, 10), (300, 300), (900, 300)])
async def test_the_interval_is_one_that_could_be_chosen_here(
    hass: HomeAssistant, miner: SimulatedMiner, there: int, here: int
) -> None:
    """The options form would refuse any other interval."""
    await set_up(hass, entry := IP.entry(miner, options={CONF_SCAN_INTERVAL: there}))

    assert entry.options == {"poll_interval": here}


async def test_without_a_password_there_are_readings(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """An empty password is none; the port was optional as well."""
    entry = MAC.entry(
        miner, data={CONF_HOST: "127.0.0.9", CONF_MAC: miner.mac, CONF_PASSWORD: ""}
    )

    await set_up(hass, entry)

    assert entry.data == {
        CONF_HOST: "127.0.0.9",
        CONF_PORT: 4028,
        CONF_MAC: miner.mac.lower(),
    }
    assert entry.state is ConfigEntryState.SETUP_RETRY  # it is not there


# Devices


@both
async def test_the_device_stays_as_its_owner_left_it(
    hass: HomeAssistant, miner: SimulatedMiner, earlier: Earlier
) -> None:
    """The identifiers of the earlier integration are removed."""
    entry = earlier.add(hass, miner)
    earlier.entities(hass, entry, miner)
    (before,) = registered(hass, entry)["devices"]

    await set_up(hass, entry)

    (device,) = registered(hass, entry)["devices"]
    mac = miner.mac.lower()
    assert device.id == before.id
    assert device.name_by_user == "The left one"
    assert device.area_id == before.area_id
    assert device.identifiers == {(DOMAIN, mac)}
    assert device.connections == {(dr.CONNECTION_NETWORK_MAC, mac)}
    assert device.model == "M30S+ VE40"


async def test_what_is_of_a_hashboard_moves_to_its_device(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """The earlier integration had one device for all."""
    entry = IP.add(hass, miner)
    before = IP.entities(hass, entry, miner)

    await set_up(hass, entry)

    boards = {
        board.id: board.identifiers for board in registered(hass, entry)["boards"]
    }
    for name, old in before.items():
        if not name.startswith("sensor.board_"):
            continue
        entity = er.async_get(hass).async_get(old.entity_id)
        assert entity is not None
        slot = name.removeprefix("sensor.board_")[0]
        assert entity.device_id is not None
        assert boards[entity.device_id] == {
            (DOMAIN, f"{miner.mac.lower()}_board{slot}")
        }


async def test_a_device_for_each_entity_becomes_one(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """The device that was named or has an area stays, if no other has more entities."""
    entry = MAC.add(hass, miner)
    devices, entities = dr.async_get(hass), []
    for key in ("uptime", "power", "temperature_device", "stale_percent"):
        unique_id = f"{miner.mac.lower()}_{key}"
        device = devices.async_get_or_create(
            config_entry_id=entry.entry_id, identifiers={(DOMAIN, unique_id)}
        )
        entities.append(MAC.entity(hass, entry, device, unique_id))
        if key == "temperature_device":
            devices.async_update_device(device.id, name_by_user="Mine")

    await set_up(hass, entry)

    (device,) = registered(hass, entry)["devices"]
    assert device.name_by_user == "Mine"
    kept = [er.async_get(hass).async_get(entity.entity_id) for entity in entities]
    assert [entity and entity.device_id for entity in kept] == [
        None,
        device.id,
        device.id,
        None,
    ]


@both
async def test_a_miner_that_is_off_loses_nothing(
    hass: HomeAssistant, miner: SimulatedMiner, earlier: Earlier
) -> None:
    """Everything is registered as it will be when the miner answers."""
    entry = earlier.add(hass, miner)
    other = earlier.device(hass, entry, "None")
    before = earlier.entities(hass, entry, miner)
    er.async_get(hass).async_update_entity(
        before["sensor.accepted"].entity_id, device_id=other.id
    )
    await miner.disconnect()

    await set_up(hass, entry)

    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.unique_id == miner.mac.lower()
    (device,) = registered(hass, entry)["devices"]
    assert device.name_by_user == "The left one"
    assert device.identifiers == {(DOMAIN, miner.mac.lower())}
    assert device.connections == {(dr.CONNECTION_NETWORK_MAC, miner.mac.lower())}
    kept = registered(hass, entry)["entities"]
    assert {entity.id for entity in kept} == {
        old.id for name, old in before.items() if earlier.keys[name]
    }
    assert {entity.device_id for entity in kept} == {device.id}


async def test_there_need_be_no_device(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """The earlier integration may never have set the miner up."""
    await set_up(hass, entry := MAC.entry(miner))

    assert entry.state is ConfigEntryState.LOADED
    assert len(registered(hass, entry)["devices"]) == 1


# Whose an entity is


@pytest.mark.parametrize("unknown_id", ["None", ""])
async def test_what_was_made_while_the_miner_did_not_answer_gives_way(
    hass: HomeAssistant, miner: SimulatedMiner, unknown_id: str
) -> None:
    """Entities from that time belonged to no miner, and there were others once it answered."""
    entry = IP.add(hass, miner)
    none = IP.device(hass, entry, unknown_id or "?")
    lost = IP.entity(hass, entry, none, f"{unknown_id}_hashrate")
    only = IP.entity(hass, entry, none, f"{unknown_id}_wattage")
    own = IP.device(hass, entry, IP.owner(miner))
    good = IP.entity(hass, entry, own, f"{IP.owner(miner)}_hashrate")
    IP.entity(hass, entry, own, f"{IP.owner(miner)}_efficiency")

    await set_up(hass, entry)

    registry = er.async_get(hass)
    assert registry.async_get(lost.entity_id) is None
    assert registry.entities[good.entity_id].unique_id.endswith("_hash_rate")
    assert registry.entities[only.entity_id].unique_id.endswith("_power")
    assert [device.id for device in registered(hass, entry)["devices"]] == [own.id]


async def test_another_miner_does_not_leave_its_history_here(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """The other miner had the same address once."""
    entry = IP.add(hass, miner)
    other, own = "c6_07_20_00_11_22", IP.owner(miner)
    device = IP.device(hass, entry, other)
    foreign = [
        IP.entity(hass, entry, device, f"{other}_{key}")
        for key in ("hashrate", "wattage")
    ]
    mine = IP.entity(hass, entry, device, f"{own}_hashrate")

    await set_up(hass, entry)

    registry = er.async_get(hass)
    assert entry.unique_id == miner.mac.lower()
    assert [registry.async_get(entity.entity_id) for entity in foreign] == [None, None]
    assert registry.async_get(mine.entity_id) is not None


async def test_an_entity_of_nobody_knows_is_removed(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    entry = MAC.add(hass, miner)
    device = MAC.device(hass, entry, MAC.owner(miner))
    odd = [
        MAC.entity(hass, entry, device, unique_id)
        for unique_id in ("power", f"{MAC.owner(miner)}_board_0_volts")
    ]

    await set_up(hass, entry)

    registry = er.async_get(hass)
    assert [registry.async_get(entity.entity_id) for entity in odd] == [None, None]
