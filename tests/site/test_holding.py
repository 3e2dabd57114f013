"""Who is held off with a site: also who joins it, over restarts, and until its end."""

import asyncio
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.whatsminer.api import V3_PORT
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, device_registry as dr
from tests import act, device_of, fails_with
from tests.action_calls import DATA, Target, failure
from tests.fleet import Fleet, Owned

from . import Site, add_site
from .conftest import Three
from .mining import is_held, is_mining, polled, switched, target_of

pytestmark = pytest.mark.usefixtures("hass_storage")


# Who belongs to the site


async def test_a_miner_that_joins_a_site_that_is_off_is_held_off(
    site: Site, three: Three, fleet: Fleet
) -> None:
    await site.turn_off()

    dora = await fleet.add("Dora")
    await polled(site)

    assert not is_mining(dora)
    assert switched(dora) == ["power_off"]
    await site.turn_on()
    assert is_mining(dora)


async def test_a_miner_that_leaves_a_site_that_is_off_stays_as_it_is(
    fleet: Fleet,
    three: Three,
    hass_storage: dict[str, Any],
    area_registry: ar.AreaRegistry,
    device_registry: dr.DeviceRegistry,
) -> None:
    shed = area_registry.async_create("Shed").id
    for each in three:
        device = device_of_miner(fleet.hass, each)
        device_registry.async_update_device(device.id, area_id=shed)
    site = await add_site(fleet, all_miners=False, areas=[shed])
    await site.turn_off()
    assert is_held(hass_storage, three.ada)

    device = device_of_miner(fleet.hass, three.ada)
    device_registry.async_update_device(device.id, area_id=None)
    await polled(site)

    assert not is_mining(three.ada)
    assert not is_held(hass_storage, three.ada)
    await site.turn_on()
    assert [is_mining(each) for each in three] == [False, True, True]


def device_of_miner(hass: HomeAssistant, owned: Owned) -> dr.DeviceEntry:
    """Return the device of a miner, and not that of a hashboard."""
    return device_of(hass, owned.entry)


async def test_a_miner_in_two_sites_is_off_until_both_release_it(
    site: Site, three: Three, fleet: Fleet
) -> None:
    only_ada = await add_site(
        fleet, "Roof", all_miners=False, miners=[three.ada.entry.entry_id]
    )
    await site.turn_off()
    await only_ada.turn_off()

    await site.turn_on()

    assert [is_mining(each) for each in three] == [False, True, True]
    await only_ada.turn_on()
    assert is_mining(three.ada)
    assert switched(three.ada) == ["power_off", "power_on"]


async def test_a_miner_that_is_released_itself_mines_while_the_site_is_off(
    site: Site, three: Three
) -> None:
    await site.turn_off()

    target = Target(site.hass, {ATTR_DEVICE_ID: three.ada.coordinator.device_id})
    await target.call("release")
    await polled(site)

    assert [is_mining(each) for each in three] == [True, False, False]
    assert not site.is_on


async def test_get_state_names_the_site(site: Site, three: Three) -> None:
    target = Target(site.hass, {ATTR_DEVICE_ID: three.ada.coordinator.device_id})

    await site.turn_off()

    (state,) = (await target.ask("get_state")).values()
    assert state["held_off"] is True
    assert state["held_off_by"] == ["Shed"]


# For a time, and over restarts


async def test_a_site_is_held_for_a_time(site: Site, three: Three) -> None:
    await target_of(site).call("hold", duration={"hours": 1})
    assert not site.is_on
    assert site.attributes("mining", "switch")["held_off_until"]
    assert not any(is_mining(each) for each in three)

    await site.fleet.clock.tick(3601)
    await site.settle()

    assert site.is_on
    assert all(is_mining(each) for each in three)
    assert [switched(each) for each in three] == [["power_off", "power_on"]] * 3


async def test_a_site_is_released(site: Site, three: Three) -> None:
    await site.turn_off()

    await target_of(site).call("release")

    assert site.is_on
    assert all(is_mining(each) for each in three)


async def test_a_site_that_is_not_loaded_cannot_be_held(
    site: Site, three: Three
) -> None:
    target = target_of(site)
    await site.hass.config_entries.async_unload(site.entry.entry_id)

    assert (await target.failure("hold")).translation_key == "not_loaded"
    assert all(is_mining(each) for each in three)


@pytest.mark.parametrize("action", ["get_state", "set_power_percent", "preheat"])
async def test_other_actions_know_no_sites(
    site: Site, three: Three, action: str
) -> None:
    data = {"percent": 80} if action == "set_power_percent" else {}

    error = await target_of(site).failure(action, **data)

    assert error.translation_key == "no_miner"
    assert three.ada.miner.writes == three.cleo.miner.writes == []


async def test_beside_a_miner_a_site_is_ignored(site: Site, three: Three) -> None:
    devices = [target_of(site).named[ATTR_DEVICE_ID], three.ada.coordinator.device_id]
    target = Target(site.hass, {ATTR_DEVICE_ID: devices})

    assert list(await target.ask("get_state")) == [three.ada.coordinator.device_id]


async def test_a_site_stays_off_over_a_restart(
    site: Site, three: Three, fleet: Fleet
) -> None:
    await site.turn_off()

    for each in three:
        await fleet.reload(each)
    await site.hass.config_entries.async_reload(site.entry.entry_id)
    await polled(site)

    assert not site.is_on
    assert not any(is_mining(each) for each in three)
    await site.turn_on()
    assert all(is_mining(each) for each in three)


async def test_a_time_that_is_over_during_a_restart_counts(
    site: Site, three: Three
) -> None:
    await target_of(site).call("hold", duration={"minutes": 10})
    await site.hass.config_entries.async_unload(site.entry.entry_id)
    await site.fleet.clock.tick(601)

    await site.hass.config_entries.async_setup(site.entry.entry_id)
    await polled(site)

    assert site.is_on
    assert all(is_mining(each) for each in three)


# The end of a site


async def test_a_removed_site_leaves_nothing_behind(
    site: Site, three: Three, hass_storage: dict[str, Any]
) -> None:
    """Its miners stay as they are."""
    await site.turn_off()
    key = f"whatsminer.{site.entry.entry_id}"
    assert key in hass_storage

    await site.hass.config_entries.async_remove(site.entry.entry_id)
    await site.fleet.clock.next_poll(2)

    assert key not in hass_storage
    assert not any(is_held(hass_storage, each) for each in three)
    assert not any(is_mining(each) for each in three)
    await act(site.hass, "switch.turn_on", three.ada.entity_id("switch"))
    assert is_mining(three.ada)


async def test_a_disabled_site_lets_go(
    site: Site, three: Three, hass_storage: dict[str, Any]
) -> None:
    await site.turn_off()
    entries = site.hass.config_entries

    await entries.async_set_disabled_by(site.entry.entry_id, ConfigEntryDisabler.USER)

    assert not any(is_held(hass_storage, each) for each in three)
    await entries.async_set_disabled_by(site.entry.entry_id, None)
    await site.settle()
    assert site.is_on


async def test_a_miner_that_is_removed_is_forgotten(site: Site, three: Three) -> None:
    await site.turn_off()

    await three.ada.remove()
    await polled(site)

    assert site.attributes("power")["miners"] == 2
    await site.turn_on()
    assert is_mining(three.bea)


async def test_a_disabled_miner_is_let_go(
    site: Site, three: Three, hass_storage: dict[str, Any]
) -> None:
    await site.turn_off()

    await three.ada.disable()
    await polled(site)

    assert not is_held(hass_storage, three.ada)
    assert site.attributes("power")["miners"] == 2
    await site.turn_on()
    assert [is_mining(each) for each in three] == [False, True, True]


async def test_a_site_over_machines_with_v3_alone(
    fleet: Fleet, ordinary_v3_port: int
) -> None:
    emma = await fleet.add(
        "Emma", generation="v3", model="M66", v3_port=V3_PORT, v2_open=False
    )
    site = await add_site(fleet)

    await site.turn_off()
    assert not is_mining(emma)
    await site.turn_on()

    assert switched(emma) == ["power_off", "power_on"]


# What happens while the site is not loaded


async def test_who_joins_or_leaves_meanwhile_is_held_off_or_let_go(
    fleet: Fleet, three: Three, hass_storage: dict[str, Any]
) -> None:
    entries = fleet.hass.config_entries
    options: dict[str, Any] = {
        "all_miners": False,
        "miners": [three.ada.entry.entry_id],
    }
    site = await add_site(fleet, **options)
    await site.turn_off()
    await entries.async_unload(site.entry.entry_id)
    options["miners"] = [three.bea.entry.entry_id]
    entries.async_update_entry(site.entry, options=options)

    await entries.async_setup(site.entry.entry_id)
    await polled(site)

    assert not is_held(hass_storage, three.ada)
    assert not is_mining(three.ada)
    assert not is_mining(three.bea)
    await site.turn_on()
    assert [is_mining(each) for each in three] == [False, True, True]


async def test_a_miner_that_a_person_let_go_is_not_held_again_by_a_reload(
    site: Site, three: Three, hass_admin_user: MockUser
) -> None:
    await site.turn_off()
    await three.ada.call("release")
    await polled(site)

    await site.hass.config_entries.async_reload(site.entry.entry_id)
    await polled(site)

    assert is_mining(three.ada)


async def test_a_site_that_is_removed_while_it_is_turned_off_holds_nobody(
    site: Site, three: Three, hass_storage: dict[str, Any]
) -> None:
    """What is stored of it comes to the disk only afterwards."""
    memory = site.coordinator.holding._memory  # noqa: SLF001
    write, removed = memory.async_write, asyncio.Event()

    async def slow() -> None:
        await removed.wait()
        await write()

    with patch.object(memory, "async_write", slow):
        switching = asyncio.create_task(site.coordinator.holding.async_hold())
        await site.hass.config_entries.async_remove(site.entry.entry_id)
        removed.set()
        with fails_with("not_loaded"):
            await switching

    assert f"whatsminer.{site.entry.entry_id}" not in hass_storage
    assert not any(is_held(hass_storage, each) for each in three)
    assert all(is_mining(each) for each in three)


async def test_a_site_whose_device_is_disabled_can_be_released(
    site: Site, three: Three, device_registry: dr.DeviceRegistry
) -> None:
    target = target_of(site)
    await site.turn_off()
    device_registry.async_update_device(
        target.named[ATTR_DEVICE_ID], disabled_by=dr.DeviceEntryDisabler.USER
    )
    await site.settle()

    await target.call("release")

    assert all(is_mining(each) for each in three)


@pytest.mark.parametrize(
    "action", ["factory_reset", "set_network", "change_password", "update_firmware"]
)
async def test_what_is_for_one_miner_is_not_for_a_site(
    site: Site, three: Three, action: str
) -> None:
    error = await failure(site.hass, action, DATA[action] | target_of(site).named)

    assert error.translation_key == "no_miner"
