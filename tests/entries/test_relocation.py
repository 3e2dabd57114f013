"""A miner is found again at another address, and never taken for another one."""

import asyncio
from collections.abc import Awaitable, Callable
import logging
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from custom_components.whatsminer.api import Miner, commands
from custom_components.whatsminer.const import DOMAIN, MEMORY_INTERVAL
from custom_components.whatsminer.entries.discovery import DiscoveredMiner
from custom_components.whatsminer.entries.lookup import entry_for_mac, hosts_in_use
from custom_components.whatsminer.entries.new_control_board import (
    async_replace_control_board,
)
from custom_components.whatsminer.entries.relocation import (
    async_follow,
    async_handle_wrong_miner,
    async_match_entries,
    relocate,
)
from custom_components.whatsminer.entries.scan import async_scan
from custom_components.whatsminer.issues import Issue, raise_issue
from custom_components.whatsminer.miner.memory import Memory, StoredData
from custom_components.whatsminer.miner.record import RECORDS, address_of
from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_INTEGRATION_DISCOVERY,
    ConfigEntryDisabler,
    ConfigEntryState,
)
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PORT, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from simulator import Closed, Quirk, SimulatedMiner
from tests import JOINED, Held, act, names_of
from tests.fleet import (
    Fleet,
    Owned,
    found,
    issues,
    rotate,
    second_address,
    shown_issues,
)

NEW_MAC = "CE:02:01:AB:CD:EF"


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """The platforms that are set up: one that reads, and one of each kind that writes."""
    return Platform.BUTTON, Platform.NUMBER, Platform.SENSOR, Platform.SWITCH


@pytest.fixture
async def ada(fleet: Fleet) -> Owned:
    """A miner that is set up."""
    return await fleet.add("Ada")


@pytest.fixture
async def bea(fleet: Fleet) -> Owned:
    """Another miner, of another model, with the same password."""
    return await fleet.add("Bea", model="M50")


@pytest.fixture
async def cid(fleet: Fleet) -> Owned:
    """A third miner, of another generation."""
    return await fleet.add("Cid", model="M63", generation="compat")


async def leave(owned: Owned) -> None:
    """Switch a miner off."""
    await owned.miner.disconnect()


async def replace(fleet: Fleet, owned: Owned, **what: Any) -> SimulatedMiner:
    """Put an unknown miner in the place of one that is known."""
    host = owned.miner.host
    await owned.miner.disconnect()
    return await fleet.start("Zoe", host=host, **what)


# Another miner at the address


@pytest.mark.parametrize(
    ("generation", "model"), [("v1", "M20S"), ("v2", "M30S+"), ("compat", "M63")]
)
async def test_nothing_of_another_miner_enters(
    fleet: Fleet,
    ada: Owned,
    hass_storage: dict[str, Any],
    generation: str,
    model: str,
) -> None:
    """The miner is unavailable, and an issue says why."""
    await fleet.clock.next_poll(12)
    energy = ada.shown("sensor", "energy")
    memory = dict(hass_storage[f"{DOMAIN}.{ada.entry.entry_id}"]["data"])
    zoe = await replace(fleet, ada, generation=generation, model=model)
    zoe.state.power_limit = 3000

    await fleet.clock.next_poll(12)

    assert not ada.is_available
    assert ada.shown("switch") == ada.shown("number", "power_limit") == "unavailable"
    assert hass_storage[f"{DOMAIN}.{ada.entry.entry_id}"]["data"] == memory
    assert zoe.writes == []
    assert shown_issues(fleet.hass) == ["wrong_miner of Ada"]
    issue = issues(fleet.hass)[0]
    assert issue.severity is ir.IssueSeverity.ERROR
    assert issue.is_fixable
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["host"] == zoe.host
    assert zoe.mac.replace(":", "")[-4:] in issue.translation_placeholders["other"]

    await zoe.disconnect()
    ada.miner.reconnect()
    await fleet.clock.next_poll()
    assert ada.is_available
    assert ada.shown("sensor", "energy") == energy  # a gap is not counted
    assert shown_issues(fleet.hass) == []


@pytest.mark.parametrize(
    ("generation", "model"), [("v1", "M20S"), ("v2", "M50"), ("compat", "M63")]
)
async def test_nothing_of_another_miner_enters_that_was_there_first(
    fleet: Fleet, device_registry: dr.DeviceRegistry, generation: str, model: str
) -> None:
    ada = await fleet.know("Ada")
    zoe = await replace(fleet, ada, generation=generation, model=model)
    await fleet.set_up(ada)
    assert ada.is_in(ConfigEntryState.SETUP_RETRY)
    assert shown_issues(fleet.hass) == ["wrong_miner of Ada"]

    await zoe.disconnect()
    ada.miner.reconnect()
    await fleet.clock.tick(90)

    assert ada.is_available
    assert ada.coordinator.data.model == "M30S+_VE40"
    assert ada.coordinator.data.firmware == ada.miner.firmware_version
    assert ada.coordinator.data.psu.name == "P221B"
    device = dr.async_entries_for_config_entry(device_registry, ada.entry.entry_id)[0]
    assert (device.model, device.sw_version) == (
        "M30S+_VE40",
        ada.miner.firmware_version,
    )
    assert ada.shown("sensor", "intake_fan_speed") != "unknown"
    assert shown_issues(fleet.hass) == []


@pytest.fixture
def silent_v1() -> dict[str, Any]:
    """A stopped V1 miner, which does not report even its MAC address."""
    return {
        "generation": "v1",
        "model": "M20S",
        "quirks": {Quirk.PROCESS_DOWN},
    }


@pytest.mark.parametrize("stopped", ["before", "afterwards"])
async def test_another_miner_that_says_nothing_of_itself_is_not_ours(
    fleet: Fleet, ada: Owned, silent_v1: dict[str, Any], stopped: str
) -> None:
    """The right miner would have reported something."""
    zoe = await replace(fleet, ada, **silent_v1)
    if stopped == "before":
        zoe.state.mining = False
    await fleet.clock.next_poll(2)
    zoe.state.mining = False
    await fleet.clock.next_poll(2)

    assert not ada.is_available
    with pytest.raises(HomeAssistantError):
        await ada.coordinator.async_send(commands.power_on())
    assert zoe.writes == []
    assert not zoe.state.mining
    expected = ["wrong_miner of Ada"] if stopped == "afterwards" else []
    assert shown_issues(fleet.hass) == expected


async def test_another_miner_that_says_nothing_of_itself_takes_no_entity_away(
    fleet: Fleet,
    ada: Owned,
    entity_registry: er.EntityRegistry,
    silent_v1: dict[str, Any],
) -> None:
    """When Home Assistant starts, it has only what is stored of the right miner."""
    entities = set(entity_registry.entities)
    zoe = await replace(fleet, ada, **silent_v1)
    zoe.state.mining = False
    await fleet.hass.config_entries.async_unload(ada.entry.entry_id)
    fleet.hass.data.pop(RECORDS)  # as after a restart

    await fleet.hass.config_entries.async_setup(ada.entry.entry_id)
    await fleet.settle()

    assert ada.is_in(ConfigEntryState.SETUP_RETRY)
    assert set(entity_registry.entities) == entities


async def test_another_miner_that_is_known_is_called_by_its_name(
    fleet: Fleet, ada: Owned, bea: Owned
) -> None:
    await leave(ada)
    await bea.miner.move(ada.miner.host)
    await fleet.clock.next_poll(2)

    assert bea.is_followed
    assert bea.is_available
    assert shown_issues(fleet.hass) == ["wrong_miner of Ada"]
    assert issues(fleet.hass)[0].translation_placeholders == {
        "miner": "Ada",
        "host": bea.miner.host,
        "other": "Bea",
    }


async def test_another_miner_that_vanishes_again_is_called_by_its_mac(
    fleet: Fleet, ada: Owned
) -> None:
    zoe = await replace(fleet, ada)
    zoe.misbehave("get_version", Closed())
    await fleet.clock.next_poll()

    placeholders = issues(fleet.hass)[0].translation_placeholders
    assert placeholders is not None
    assert placeholders["other"] == f"Whatsminer {zoe.mac.replace(':', '')[-4:]}"


async def test_a_miner_that_is_another_one_at_each_poll_is_no_news(
    fleet: Fleet, ada: Owned
) -> None:
    zoe = await replace(fleet, ada)
    changes = async_capture_events(fleet.hass, ir.EVENT_REPAIRS_ISSUE_REGISTRY_UPDATED)
    for number in range(20):
        zoe.replace_control_board(f"CE:02:01:00:00:{number:02X}")
        await fleet.clock.next_poll()

    assert shown_issues(fleet.hass) == ["wrong_miner of Ada"]
    assert 1 <= len(changes) <= 8

    await come_back(fleet, ada, zoe)
    assert ada.is_available
    assert shown_issues(fleet.hass) == []


async def test_another_miner_is_looked_at_once(fleet: Fleet, ada: Owned) -> None:
    zoe = await replace(fleet, ada)
    await fleet.clock.next_poll()
    assert names_of(zoe.requests).count("get_version") == 1
    before = len(zoe.requests)

    await fleet.clock.next_poll(5)

    assert len(zoe.requests) - before <= 2 * 5
    assert names_of(zoe.requests).count("get_version") == 1


async def come_back(fleet: Fleet, ada: Owned, zoe: SimulatedMiner) -> None:
    """Put the right miner back at its address."""
    await zoe.disconnect()
    ada.miner.reconnect()
    await fleet.clock.next_poll()


async def be_found(fleet: Fleet, ada: Owned, zoe: SimulatedMiner) -> None:
    """Report the right miner at another address."""
    await ada.miner.move(fleet.host(40))
    ada.miner.reconnect()
    await async_match_entries(fleet.hass, found(ada.miner))


async def be_disabled(fleet: Fleet, ada: Owned, zoe: SimulatedMiner) -> None:
    """Disable the entry."""
    await fleet.hass.config_entries.async_set_disabled_by(
        ada.entry.entry_id, ConfigEntryDisabler.USER
    )


async def be_removed(fleet: Fleet, ada: Owned, zoe: SimulatedMiner) -> None:
    """Remove the entry."""
    await fleet.hass.config_entries.async_remove(ada.entry.entry_id)


@pytest.mark.parametrize("how", [come_back, be_found, be_disabled, be_removed])
@pytest.mark.parametrize("retrying", [False, True])
async def test_the_issue_goes_with_its_cause(
    fleet: Fleet,
    ada: Owned,
    retrying: bool,
    how: Callable[[Fleet, Owned, SimulatedMiner], Awaitable[None]],
) -> None:
    zoe = await replace(fleet, ada)
    if retrying:
        await fleet.hass.config_entries.async_reload(ada.entry.entry_id)
        await fleet.settle()
    else:
        await fleet.clock.next_poll()
    assert shown_issues(fleet.hass) == ["wrong_miner of Ada"]

    await how(fleet, ada, zoe)
    await fleet.settle()
    await fleet.clock.next_poll(3)

    assert shown_issues(fleet.hass) == []
    if how in (come_back, be_found):
        assert ada.is_available
        assert ada.is_followed


async def test_a_miner_that_is_back_meanwhile_has_no_issue(
    fleet: Fleet, ada: Owned, bea: Owned
) -> None:
    assert bea.entry.unique_id
    await async_handle_wrong_miner(
        fleet.hass, ada.entry, address_of(ada.entry), bea.entry.unique_id
    )
    await fleet.settle()

    assert shown_issues(fleet.hass) == []
    for owned in (ada, bea):
        assert owned.is_followed
        assert owned.is_available


@pytest.mark.parametrize("known", [False, True])
async def test_an_issue_about_an_address_ends_with_the_address(
    fleet: Fleet, ada: Owned, known: bool
) -> None:
    """The miner need not answer at the new address yet."""
    zoe = await replace(fleet, ada)
    await fleet.hass.config_entries.async_reload(ada.entry.entry_id)
    await fleet.settle()
    assert shown_issues(fleet.hass) == ["wrong_miner of Ada"]
    held = Held()
    zoe.misbehave("get_version", held)
    if not known:
        fleet.clock.move(6)
        await held.reached.wait()

    relocate(fleet.hass, ada.entry, (fleet.host(40), 4028))
    assert shown_issues(fleet.hass) == []
    held.release.set()
    await fleet.settle()
    assert not ada.is_available
    assert shown_issues(fleet.hass) == []


@pytest.mark.parametrize("how", [be_disabled, be_removed, be_found])
async def test_whoever_is_gone_while_the_other_is_looked_at_has_no_issue(
    fleet: Fleet,
    ada: Owned,
    hass_storage: dict[str, Any],
    how: Callable[[Fleet, Owned, SimulatedMiner], Awaitable[None]],
) -> None:
    """The entry may be disabled, removed or moved in that time."""
    zoe = await replace(fleet, ada)
    held = Held()
    zoe.misbehave("get_version", held)
    fleet.clock.move(30)
    await held.reached.wait()

    await how(fleet, ada, zoe)
    held.release.set()
    await fleet.settle()

    assert shown_issues(fleet.hass) == []
    if how is be_removed:
        assert f"{DOMAIN}.{ada.entry.entry_id}" not in hass_storage
        assert fleet.hass.data[RECORDS] == {}


# What is not sent to another miner


async def turn_off(owned: Owned) -> None:
    """Use an entity."""
    await act(owned.hass, "switch.turn_off", owned.entity_id("switch"))


async def set_limit(owned: Owned) -> None:
    """Use an entity whose command restarts mining."""
    await act(
        owned.hass,
        "number.set_value",
        owned.entity_id("number", "power_limit"),
        value=3000,
    )


async def set_led(owned: Owned) -> None:
    """Use an action."""
    await owned.hass.services.async_call(
        DOMAIN,
        "set_led",
        {"entity_id": owned.entity_id("switch"), "color": "red"},
        blocking=True,
    )


async def change_password(owned: Owned) -> None:
    """Use an action that changes entry and miner."""
    await owned.hass.services.async_call(
        DOMAIN,
        "change_password",
        {
            "device_id": owned.coordinator.device_id,
            "confirm": True,
            "new_password": "new_1234",
        },
        blocking=True,
    )


async def set_network(owned: Owned) -> None:
    """Use an action that moves the miner."""
    await owned.hass.services.async_call(
        DOMAIN,
        "set_network",
        {
            "device_id": owned.coordinator.device_id,
            "confirm": True,
            "mode": "static",
            "ip": "127.0.0.50",
            "netmask": "255.255.255.0",
            "gateway": "127.0.0.1",
            "dns": ["127.0.0.1"],
        },
        blocking=True,
    )


@pytest.mark.parametrize("has_token", [False, True])
@pytest.mark.parametrize(
    "write", [turn_off, set_limit, set_led, change_password, set_network]
)
async def test_no_write_reaches_another_miner(
    fleet: Fleet,
    ada: Owned,
    has_token: bool,
    write: Callable[[Owned], Awaitable[None]],
) -> None:
    """Both miners have the same password, and no poll has found the other one yet.

    From then on the miner is unavailable, and its entry is as it was.
    """
    if has_token:
        await act(
            fleet.hass,
            "number.set_value",
            ada.entity_id("number", "power_percent"),
            value=90,
        )
    else:
        await fleet.clock.next_poll(70)  # the one of the set-up has expired
    zoe = await replace(fleet, ada)
    before = dict(ada.entry.data)

    with pytest.raises(HomeAssistantError) as error:
        await write(ada)
    await fleet.settle()

    assert error.value.translation_key == "wrong_miner"
    assert zoe.writes == []
    assert zoe.state.mining
    assert not ada.is_available
    assert shown_issues(fleet.hass) == ["wrong_miner of Ada"]
    assert dict(ada.entry.data) == before
    assert {"password", "host"}.isdisjoint(ada.coordinator.memory.data)


async def test_a_preheating_does_not_go_on_at_another_miner(
    fleet: Fleet, ada: Owned
) -> None:
    """A timer repeats the command."""
    ada.miner.state.mining = False
    await fleet.clock.next_poll(2)
    await act(fleet.hass, "button.press", ada.entity_id("button", "preheat"))
    zoe = await replace(fleet, ada)
    zoe.state.mining = False

    for _ in range(6):
        await fleet.clock.tick(10)

    assert zoe.writes == []
    assert shown_issues(fleet.hass) == ["wrong_miner of Ada"]


async def test_an_led_that_flashes_is_not_ended_at_another_miner(
    fleet: Fleet, ada: Owned
) -> None:
    """The LED of the other miner may flash for another reason."""
    await act(fleet.hass, "button.press", ada.entity_id("button", "identify"))
    zoe = await replace(fleet, ada)

    for _ in range(4):
        await fleet.clock.tick(30)

    assert zoe.writes == []


async def test_a_closed_write_access_is_not_looked_at_in_another_miner(
    fleet: Fleet, ada: Owned
) -> None:
    ada.miner.api_open = False
    with pytest.raises(HomeAssistantError):
        await turn_off(ada)
    assert shown_issues(fleet.hass) == ["write_access_closed of Ada"]
    zoe = await replace(fleet, ada)

    await fleet.clock.next_poll(25)
    assert not await ada.coordinator.write_access.async_probe_now(ada.coordinator.data)

    assert zoe.writes == []
    assert ada.coordinator.write_access.is_open is False


async def test_a_password_that_may_be_new_is_not_tried_at_another_miner(
    fleet: Fleet, ada: Owned
) -> None:
    ada.miner.misbehave("update_pwd", Closed())
    ada.miner.misbehave("get_token", Closed())
    with pytest.raises(HomeAssistantError):
        await change_password(ada)
    ada.coordinator.memory.data["password"] = "new_1234"
    zoe = await replace(fleet, ada, password="new_1234")

    await fleet.clock.next_poll(3)

    assert "get_token" not in names_of(zoe.requests)
    assert ada.coordinator.memory.data["password"] == "new_1234"
    assert ada.entry.data["password"] == ada.miner.password


# Miners that changed places


@pytest.mark.parametrize("first", [0, 1])
async def test_two_miners_that_changed_places_find_themselves(
    fleet: Fleet, ada: Owned, bea: Owned, first: int, caplog: pytest.LogCaptureFixture
) -> None:
    await ada.miner.swap(bea.miner)
    await (ada, bea)[first].coordinator.async_refresh()
    await fleet.settle()

    for owned in (ada, bea):
        assert owned.is_followed
        assert owned.is_available
        assert owned.miner.writes in ([], [{"cmd": "set_led", "param": "auto"}])
    assert float(bea.shown("sensor", "hash_rate")) == pytest.approx(118, rel=0.1)
    assert float(ada.shown("sensor", "hash_rate")) == pytest.approx(100, rel=0.1)
    assert shown_issues(fleet.hass) == []
    assert ada.miner.peak_connections == bea.miner.peak_connections == 1


async def test_a_swap_is_found_out_by_a_command(
    fleet: Fleet, ada: Owned, bea: Owned
) -> None:
    await ada.miner.swap(bea.miner)
    with pytest.raises(HomeAssistantError):
        await turn_off(ada)
    await fleet.settle()
    assert bea.miner.state.mining

    await turn_off(ada)
    assert not ada.miner.state.mining
    assert bea.miner.state.mining
    assert shown_issues(fleet.hass) == []


async def test_three_miners_that_moved_on_in_a_circle_find_themselves(
    fleet: Fleet, ada: Owned, bea: Owned, cid: Owned
) -> None:
    await rotate(ada.miner, bea.miner, cid.miner)
    await bea.coordinator.async_refresh()
    await fleet.settle()

    for owned in (ada, bea, cid):
        assert owned.is_followed
        assert owned.is_available
    assert shown_issues(fleet.hass) == []


@pytest.mark.parametrize("at_once", [False, True])
async def test_miners_that_are_polled_at_the_same_time_find_themselves(
    fleet: Fleet, ada: Owned, bea: Owned, cid: Owned, at_once: bool
) -> None:
    await rotate(ada.miner, bea.miner, cid.miner)
    if at_once:
        await asyncio.gather(
            *(each.coordinator.async_refresh() for each in (ada, bea, cid))
        )
        await fleet.settle()
    else:
        await fleet.clock.next_poll()

    for owned in (ada, bea, cid):
        assert owned.is_followed
        assert owned.is_available
    assert shown_issues(fleet.hass) == []


@pytest.mark.parametrize("meets", ["Ada", "Bea"])
async def test_a_miner_that_could_not_be_set_up_is_found_with_the_other(
    fleet: Fleet, ada: Owned, bea: Owned, meets: str
) -> None:
    await ada.miner.disconnect()
    await fleet.hass.config_entries.async_reload(ada.entry.entry_id)
    await fleet.settle()
    assert ada.is_in(ConfigEntryState.SETUP_RETRY)
    await ada.miner.swap(bea.miner)
    ada.miner.reconnect()

    if meets == "Ada":
        await fleet.hass.config_entries.async_reload(ada.entry.entry_id)
    else:
        await bea.coordinator.async_refresh()
    await fleet.settle()

    for owned in (ada, bea):
        assert owned.is_followed
        assert owned.is_available
    assert shown_issues(fleet.hass) == []


async def test_a_miner_that_is_disabled_is_followed_for_when_it_is_not(
    fleet: Fleet, ada: Owned, bea: Owned
) -> None:
    await be_disabled(fleet, ada, ada.miner)
    await ada.miner.swap(bea.miner)
    await bea.coordinator.async_refresh()
    await fleet.settle()

    assert bea.is_available
    assert ada.is_followed
    assert ada.is_in(ConfigEntryState.NOT_LOADED)

    await fleet.hass.config_entries.async_set_disabled_by(ada.entry.entry_id, None)
    await fleet.settle()
    assert ada.is_available


async def test_a_circle_may_pass_through_miners_that_are_not_set_up(
    fleet: Fleet, ada: Owned, bea: Owned, cid: Owned
) -> None:
    await be_disabled(fleet, ada, ada.miner)
    await bea.miner.disconnect()
    await fleet.hass.config_entries.async_reload(bea.entry.entry_id)
    await fleet.settle()
    assert bea.is_in(ConfigEntryState.SETUP_RETRY)
    bea.miner.reconnect()
    await rotate(ada.miner, bea.miner, cid.miner)
    await cid.coordinator.async_refresh()
    await fleet.settle()

    for owned in (ada, bea, cid):
        assert owned.is_followed
    assert bea.is_available
    assert cid.is_available
    assert ada.is_in(ConfigEntryState.NOT_LOADED)
    assert shown_issues(fleet.hass) == []


async def test_a_new_home_assistant_finds_all_its_miners_elsewhere(
    fleet: Fleet,
) -> None:
    """The router was replaced, and gave every address to another miner."""
    owned = [await fleet.know(f"Miner {number}") for number in range(20)]
    await rotate(*(each.miner for each in owned))
    await fleet.set_up(*owned)
    await fleet.clock.tick(6)

    assert all(each.is_followed for each in owned)
    assert all(each.is_in(ConfigEntryState.LOADED) for each in owned)
    assert shown_issues(fleet.hass) == []


# A miner that is seen somewhere


@pytest.mark.parametrize("retrying", [False, True])
async def test_a_miner_that_a_scan_finds_elsewhere_is_followed(
    fleet: Fleet, ada: Owned, bea: Owned, retrying: bool
) -> None:
    await ada.miner.disconnect()
    await ada.miner.move(fleet.host(40))
    if retrying:
        await fleet.hass.config_entries.async_reload(ada.entry.entry_id)
        await fleet.settle()
    else:
        await fleet.clock.next_poll(2)
    ada.miner.reconnect()
    bea.miner.requests.clear()

    scan = await async_scan([fleet.network], skip=hosts_in_use(fleet.hass))
    placed = await async_match_entries(fleet.hass, *scan.miners)
    await fleet.settle()

    assert placed == {ada.entry.unique_id: ada.entry}
    assert ada.is_followed
    assert ada.is_available
    assert bea.miner.requests == []


async def test_a_miner_that_is_seen_where_it_was_is_tried_again_at_once(
    fleet: Fleet, ada: Owned, bea: Owned, cid: Owned
) -> None:
    await ada.miner.disconnect()
    await fleet.hass.config_entries.async_reload(ada.entry.entry_id)
    await bea.miner.disconnect()
    await fleet.clock.next_poll(2)
    ada.miner.reconnect()
    bea.miner.reconnect()
    cid.miner.requests.clear()
    assert not bea.is_available

    await fleet.see(ada, bea, cid)

    assert ada.is_available
    assert bea.is_available
    assert cid.miner.requests == []


async def test_a_miner_with_two_addresses_stays_where_it_is(
    fleet: Fleet, ada: Owned
) -> None:
    coordinator = ada.coordinator
    async with second_address(ada.miner, fleet.host(40)):
        for _ in range(3):
            scan = await async_scan([fleet.network], skip=hosts_in_use(fleet.hass))
            assert [found.host for found in scan.miners] == [fleet.host(40)]
            await async_match_entries(fleet.hass, *scan.miners)
            await fleet.clock.next_poll()

    assert ada.is_followed
    assert ada.is_available
    assert ada.coordinator is coordinator


async def test_a_miner_with_two_addresses_drives_nobody_out_and_stays(
    fleet: Fleet, ada: Owned, bea: Owned
) -> None:
    """The miner whose address was taken is missing, and no entry goes to and fro."""
    host = bea.miner.host
    await leave(bea)
    coordinator = ada.coordinator
    async with second_address(ada.miner, host):
        await fleet.clock.next_poll(6)

        assert ada.is_followed
        assert ada.is_available
        assert ada.coordinator is coordinator
        assert bea.is_followed
        assert not bea.is_available
        assert shown_issues(fleet.hass) == ["wrong_miner of Bea"]
    bea.miner.reconnect()
    await fleet.clock.next_poll()
    assert bea.is_available


async def test_an_old_address_that_does_not_answer_holds_up_nobody_else(
    fleet: Fleet, ada: Owned, bea: Owned
) -> None:
    held = Held()
    zoe = await replace(fleet, ada)
    zoe.misbehave("*", held)
    await ada.miner.move(fleet.host(40))
    ada.miner.reconnect()
    await bea.miner.move(fleet.host(41))
    slow = fleet.hass.async_create_task(
        async_match_entries(fleet.hass, found(ada.miner))
    )
    await held.reached.wait()

    await async_match_entries(fleet.hass, found(bea.miner))
    assert bea.is_followed
    assert not ada.is_followed

    held.release.set()
    await slow
    assert ada.is_followed


async def test_an_error_that_nobody_expects_at_one_miner_holds_up_nobody_else(
    fleet: Fleet, ada: Owned, bea: Owned, caplog: pytest.LogCaptureFixture
) -> None:
    odd, read_mac = ada.miner.host, Miner.read_mac
    for owned, number in ((ada, 40), (bea, 41)):
        await owned.miner.move(fleet.host(number))

    async def odd_read_mac(miner: Miner) -> str | None:
        if miner.address[0] == odd:
            raise ZeroDivisionError
        return await read_mac(miner)

    with patch.object(Miner, "read_mac", odd_read_mac):
        await fleet.see(ada, bea)

    for owned in (ada, bea):
        assert owned.is_followed
        assert owned.is_available
    assert caplog.text.count("Unexpected error at Ada") == 1


async def test_thousands_of_strangers_are_told_from_miners_at_once(
    fleet: Fleet, ada: Owned, bea: Owned
) -> None:
    """Each of the strangers claims the hashboards of all missing miners."""
    boards = {}
    for owned in (ada, bea):
        boards[owned] = found(owned.miner).boards
        await leave(owned)
    await fleet.clock.next_poll(2)
    changes = async_capture_events(fleet.hass, ir.EVENT_REPAIRS_ISSUE_REGISTRY_UPDATED)
    strangers = [
        DiscoveredMiner(
            host=f"10.0.{number >> 8}.{number & 255}",
            mac=f"ce:02:02:00:{number >> 8:02x}:{number & 255:02x}",
            boards=boards[ada if number % 2 else bea],
        )
        for number in range(4096)
    ]

    placed = await async_match_entries(fleet.hass, *strangers)

    assert placed == {
        strangers[0].mac: bea.entry,
        strangers[1].mac: ada.entry,
    }
    assert len(changes) == 2
    assert sorted(shown_issues(fleet.hass)) == [
        "new_control_board of Ada",
        "new_control_board of Bea",
    ]
    assert offered(ada)[CONF_HOST] == strangers[1].host


async def test_boards_that_cannot_be_read_from_the_disk_are_those_of_one_miner(
    fleet: Fleet, ada: Owned, bea: Owned, caplog: pytest.LogCaptureFixture
) -> None:
    await leave(ada)
    renew(bea)
    await fleet.clock.next_poll(2)
    load = Memory.async_load

    async def odd_load(store: Memory) -> StoredData:
        if store.key == f"{DOMAIN}.{ada.entry.entry_id}":
            raise OSError
        return await load(store)

    with patch.object(Memory, "async_load", odd_load):
        placed = await async_match_entries(fleet.hass, found(bea.miner))

    assert placed == {NEW_MAC.lower(): bea.entry}
    assert caplog.text.count("Unexpected error at Ada") == 1


# No miner is asked twice at once


async def test_the_address_of_a_miner_that_is_well_is_its_own(
    fleet: Fleet, ada: Owned, bea: Owned
) -> None:
    await leave(ada)
    await bea.miner.move(ada.miner.host)
    await fleet.see(bea)
    assert bea.is_available

    before = bea.miner.connections
    await ada.coordinator.async_refresh()
    with pytest.raises(HomeAssistantError) as error:
        await set_led(ada)
    await fleet.hass.config_entries.async_reload(ada.entry.entry_id)
    await fleet.settle()

    assert error.value.translation_key == "wrong_miner"
    assert ada.is_in(ConfigEntryState.SETUP_RETRY)
    assert shown_issues(fleet.hass) == ["wrong_miner of Ada"]
    assert bea.miner.connections == before

    await ada.miner.move(fleet.host(40))
    ada.miner.reconnect()
    await fleet.see(ada)
    assert ada.is_available
    assert bea.miner.connections == before
    assert bea.miner.state.mining


async def test_the_address_of_a_miner_that_is_not_well_is_tried(
    fleet: Fleet, ada: Owned, bea: Owned
) -> None:
    """The miner of either entry may be the one that comes back there."""
    host = ada.miner.host
    await leave(ada)
    await bea.miner.move(host)
    await fleet.see(bea)
    await leave(bea)
    await fleet.clock.next_poll(2)
    assert address_of(ada.entry) == address_of(bea.entry)

    ada.miner.reconnect()
    await fleet.clock.tick(90)
    await fleet.clock.next_poll()

    assert ada.is_available
    assert not bea.is_available


# Races


async def test_a_poll_under_way_does_not_undo_a_move(
    fleet: Fleet, ada: Owned, bea: Owned
) -> None:
    held = Held()
    zoe = await replace(fleet, ada)
    zoe.misbehave(JOINED, held)
    fleet.clock.move(30)
    await held.reached.wait()

    await ada.miner.move(fleet.host(40))
    ada.miner.reconnect()
    relocate(fleet.hass, ada.entry, (ada.miner.host, ada.miner.port))
    held.release.set()
    await fleet.settle()
    await fleet.clock.next_poll()

    assert ada.is_followed
    assert ada.is_available
    assert shown_issues(fleet.hass) == []
    assert ada.miner.peak_connections == 1


@pytest.mark.parametrize("step", ["get_version", "get_error_code"])
async def test_a_miner_that_moves_during_a_reload_is_followed(
    fleet: Fleet, ada: Owned, step: str
) -> None:
    """The set-up began at the old address."""
    held = Held()
    fleet.hass.data[RECORDS].clear()  # as after a restart of Home Assistant
    ada.miner.misbehave(step, held)
    reload = fleet.hass.async_create_task(
        fleet.hass.config_entries.async_reload(ada.entry.entry_id)
    )
    await held.reached.wait()
    assert ada.is_in(ConfigEntryState.SETUP_IN_PROGRESS)

    relocate(fleet.hass, ada.entry, (fleet.host(40), ada.miner.port))
    held.release.set()
    await reload
    await ada.miner.move(fleet.host(40))
    await fleet.settle()
    await fleet.clock.tick(6)

    assert ada.is_in(ConfigEntryState.LOADED)
    assert ada.coordinator.client.address == (fleet.host(40), ada.miner.port)
    assert ada.is_available


@pytest.mark.parametrize("how", ["moved", "removed"])
async def test_an_entry_that_is_gone_when_its_old_address_answers_stays_so(
    fleet: Fleet, ada: Owned, how: str
) -> None:
    """The entry was removed during the check; the other miners are followed."""
    held = Held()
    zoe = await replace(fleet, ada)
    zoe.misbehave("get_miner_info", held)
    await ada.miner.move(fleet.host(40))
    ada.miner.reconnect()
    follow = fleet.hass.async_create_task(
        async_follow(fleet.hass, {ada.miner.mac.lower(): (fleet.host(40), 4028)})
    )
    await held.reached.wait()

    if how == "moved":
        await ada.miner.move(fleet.host(41))
        relocate(fleet.hass, ada.entry, (fleet.host(41), 4028))
    else:
        await be_removed(fleet, ada, zoe)
    held.release.set()
    await follow
    await fleet.settle()

    if how == "moved":
        assert address_of(ada.entry) == (fleet.host(41), 4028)
        assert ada.is_available
    else:
        assert fleet.hass.config_entries.async_entries(DOMAIN) == []


# A new control board


def renew(owned: Owned, **what: Any) -> str:
    """Replace the control board of a miner, and return its new MAC address."""
    owned.miner.replace_control_board(NEW_MAC, **what)
    return NEW_MAC.lower()


def offered(owned: Owned) -> dict[str, Any]:
    """Return what the issue says about the new control board of a miner."""
    issue = ir.async_get(owned.hass).async_get_issue(
        DOMAIN, f"new_control_board_{owned.entry.entry_id}"
    )
    assert issue is not None
    assert issue.data is not None
    return dict(issue.data)


async def test_a_new_control_board_at_the_same_address_is_offered(
    fleet: Fleet, ada: Owned
) -> None:
    mac = renew(ada)
    await fleet.clock.next_poll()

    assert not ada.is_available
    assert shown_issues(fleet.hass) == ["new_control_board of Ada"]
    assert offered(ada) == {
        "entry_id": ada.entry.entry_id,
        CONF_MAC: mac,
        CONF_HOST: ada.miner.host,
        CONF_PORT: ada.miner.port,
    }
    assert issues(fleet.hass)[0].translation_placeholders == {
        "miner": "Ada",
        "host": ada.miner.host,
        "model": "M30S+_VE40",
    }


@pytest.mark.parametrize("retrying", [False, True])
async def test_a_new_control_board_at_another_address_is_offered(
    fleet: Fleet, ada: Owned, bea: Owned, retrying: bool
) -> None:
    mac = renew(ada)
    await ada.miner.move(fleet.host(40))
    if retrying:
        await fleet.hass.config_entries.async_reload(ada.entry.entry_id)
        await fleet.settle()
    else:
        await fleet.clock.next_poll(2)
    scan = await async_scan([fleet.network])
    placed = await async_match_entries(fleet.hass, *scan.miners)

    assert placed[mac] is ada.entry
    assert offered(ada)[CONF_HOST] == fleet.host(40)
    assert shown_issues(fleet.hass) == ["new_control_board of Ada"]


async def test_hashboards_are_known_while_some_of_them_are_missing(
    fleet: Fleet, ada: Owned
) -> None:
    """A hashboard that is not listed for a while is not forgotten, and one is enough."""
    ada.miner.state.boards[0].present = False
    await fleet.clock.next_poll(3)
    for board in ada.miner.state.boards:
        board.present = not board.present
    renew(ada)
    await fleet.clock.next_poll(2)

    assert shown_issues(fleet.hass) == ["new_control_board of Ada"]


async def test_hashboards_that_were_replaced_are_remembered(
    fleet: Fleet, ada: Owned, hass_storage: dict[str, Any]
) -> None:
    ada.miner.state.boards[0].serial = "SKM3CSD0000001A00001"
    await fleet.clock.next_poll(2)
    await fleet.clock.tick(MEMORY_INTERVAL)

    assert hass_storage[f"{DOMAIN}.{ada.entry.entry_id}"]["data"]["boards"] == sorted(
        board.serial for board in ada.miner.state.boards
    )


async def test_the_hashboards_of_a_miner_that_is_well_are_nobody_elses(
    fleet: Fleet, ada: Owned
) -> None:
    """A machine with the same serial numbers is another one."""
    zoe = found(await fleet.start("Zoe"))
    twin = found(ada.miner)
    placed = await async_match_entries(
        fleet.hass, DiscoveredMiner(host=zoe.host, mac=zoe.mac, boards=twin.boards)
    )

    assert placed == {}
    assert shown_issues(fleet.hass) == []


@pytest.mark.parametrize("boards", ["none", "others", "one of ours"])
async def test_other_hashboards_are_another_miner(
    fleet: Fleet, ada: Owned, boards: str
) -> None:
    await leave(ada)
    await fleet.clock.next_poll(2)
    zoe = await fleet.start("Zoe")
    for board in zoe.state.boards:
        board.present = boards != "none"
    if boards == "one of ours":
        zoe.state.boards[1].serial = ada.miner.state.boards[1].serial
    scan = await async_scan([fleet.network])

    assert await async_match_entries(fleet.hass, *scan.miners) == {}
    assert shown_issues(fleet.hass) == []


async def test_the_old_control_board_that_is_back_ends_the_offer(
    fleet: Fleet, ada: Owned
) -> None:
    """The hashboards were in another machine for a while."""
    old = ada.miner.mac
    renew(ada)
    await fleet.clock.next_poll()
    assert shown_issues(fleet.hass) == ["new_control_board of Ada"]

    ada.miner.replace_control_board(old)
    await fleet.clock.next_poll()
    assert shown_issues(fleet.hass) == []
    assert ada.is_available


async def test_an_adopted_miner_goes_on(fleet: Fleet, ada: Owned) -> None:
    await fleet.clock.next_poll(10)
    mac = renew(ada)
    await fleet.clock.next_poll()
    energy = float(ada.shown("sensor", "energy"))
    await async_replace_control_board(
        fleet.hass, ada.entry, mac, (ada.miner.host, ada.miner.port)
    )
    await fleet.settle()

    assert ada.entry.unique_id == ada.entry.data[CONF_MAC] == mac
    assert ada.is_available
    assert shown_issues(fleet.hass) == []
    await fleet.clock.next_poll(10)
    assert float(ada.shown("sensor", "energy")) == pytest.approx(
        energy + 3.4 * 300 / 3600, rel=0.1
    )
    await turn_off(ada)
    assert not ada.miner.state.mining


async def test_an_adopted_miner_may_be_at_another_address(
    fleet: Fleet, ada: Owned
) -> None:
    """The entry may be set up or in retry."""
    mac = renew(ada)
    old = ada.miner.host
    await ada.miner.move(fleet.host(40))
    await fleet.hass.config_entries.async_reload(ada.entry.entry_id)
    await fleet.settle()
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
    assert ada.is_followed
    assert ada.is_available
    assert shown_issues(fleet.hass) == []


async def test_a_miner_that_is_removed_before_it_is_adopted_is_gone(
    fleet: Fleet, ada: Owned
) -> None:
    mac = renew(ada)
    remove = fleet.hass.async_create_task(be_removed(fleet, ada, ada.miner))
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
    mac = renew(ada)
    await fleet.hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_INTEGRATION_DISCOVERY},
        data={"host": ada.miner.host, "port": ada.miner.port, "mac": mac},
    )
    assert len(fleet.hass.config_entries.flow.async_progress()) == 1

    await async_replace_control_board(
        fleet.hass, ada.entry, mac, (ada.miner.host, ada.miner.port)
    )
    await fleet.settle()
    assert fleet.hass.config_entries.flow.async_progress() == []


@pytest.mark.parametrize("ignored_first", [True, False])
@pytest.mark.parametrize("others", [0, 2])
async def test_an_entry_counts_beside_an_ignored_one_of_the_same_miner(
    hass: HomeAssistant, ignored_first: bool, others: int
) -> None:
    mac = "c6:07:20:00:11:22"
    ignored = MockConfigEntry(domain=DOMAIN, unique_id=mac, source=SOURCE_IGNORE)
    entry = MockConfigEntry(domain=DOMAIN, unique_id=mac)
    for number in range(others):
        MockConfigEntry(domain=DOMAIN, unique_id=str(number)).add_to_hass(hass)
    for each in (ignored, entry) if ignored_first else (entry, ignored):
        each.add_to_hass(hass)
    assert entry_for_mac(hass, mac) is entry

    await hass.config_entries.async_remove(entry.entry_id)
    assert entry_for_mac(hass, mac) is None
    await hass.config_entries.async_remove(ignored.entry_id)
    assert entry_for_mac(hass, mac) is None


async def test_a_new_control_board_that_was_ignored_can_be_adopted(
    fleet: Fleet, ada: Owned, caplog: pytest.LogCaptureFixture
) -> None:
    mac = renew(ada)
    MockConfigEntry(domain=DOMAIN, unique_id=mac, source=SOURCE_IGNORE).add_to_hass(
        fleet.hass
    )
    await fleet.clock.next_poll()
    assert shown_issues(fleet.hass) == ["new_control_board of Ada"]

    await async_replace_control_board(
        fleet.hass, ada.entry, mac, (ada.miner.host, ada.miner.port)
    )
    await fleet.settle()

    assert ada.is_available
    assert entry_for_mac(fleet.hass, mac) is ada.entry
    assert fleet.hass.config_entries.async_entries(DOMAIN) == [ada.entry]
    assert "already in use" not in caplog.text


async def test_a_move_is_logged_once(
    fleet: Fleet, ada: Owned, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await ada.miner.move(fleet.host(40))
    await fleet.see(ada)
    await fleet.see(ada)

    assert caplog.text.count(f"Ada is at {fleet.host(40)} now") == 1


async def test_an_issue_is_raised_for_whom_it_concerns(
    hass: HomeAssistant, fleet: Fleet, ada: Owned, bea: Owned
) -> None:
    raise_issue(hass, bea.entry, Issue.WRONG_MINER)
    relocate(hass, ada.entry, (ada.miner.host, ada.miner.port))
    assert shown_issues(hass) == ["wrong_miner of Bea"]


async def test_a_miner_that_gets_another_firmware_is_left_in_peace(
    fleet: Fleet, ada: Owned
) -> None:
    with ada.coordinator.client.exclusive():
        await fleet.clock.next_poll(2)
        assert not ada.is_available
        ada.miner.requests.clear()

        scan = await async_scan([fleet.network], skip=hosts_in_use(fleet.hass))

        assert scan.miners == []
    assert ada.miner.requests == []


async def test_a_new_control_board_does_not_have_what_was_set_at_the_old_one(
    fleet: Fleet, ada: Owned
) -> None:
    """What the miner cannot report is unknown."""
    offset = "number.ada_temperature_offset"
    await act(fleet.hass, "number.set_value", offset, value=-10)
    ada.miner.replace_control_board(NEW_MAC)
    await fleet.clock.next_poll(2)

    await async_replace_control_board(
        fleet.hass, ada.entry, NEW_MAC.lower(), (ada.miner.host, ada.miner.port)
    )
    await fleet.settle()

    assert ada.is_available
    assert ada.shown("number", "temperature_offset") == "unknown"
