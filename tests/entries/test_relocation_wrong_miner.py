"""Another miner at the address of a known one: nothing of it enters, and nothing is sent to it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.whatsminer.api import NoMacError, commands
from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.entries.relocation import (
    async_find_displaced_miner,
    async_relocate_and_match,
    relocate,
)
from custom_components.whatsminer.miner.record import RECORDS, address_of
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from simulator import Closed, Quirk, SimulatedMiner
from tests import act, hold, names_of
from tests.action_calls import DATA, call
from tests.fleet import Fleet, Owned, found, issues, shown_issues


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """The platforms that are set up: one that reads, and one of each kind that writes."""
    return Platform.BUTTON, Platform.NUMBER, Platform.SENSOR, Platform.SWITCH


@pytest.mark.parametrize(
    ("generation", "model"), [("v1", "M20S"), ("v2", "M30S+"), ("compat", "M63")]
)
async def test_nothing_of_another_miner_enters(
    fleet: Fleet, ada: Owned, hass_storage: dict[str, Any], generation: str, model: str
) -> None:
    """The miner is unavailable, and an issue says why."""
    await fleet.clock.next_poll(12)
    energy = ada.shown("sensor", "energy")
    memory = dict(hass_storage[f"{DOMAIN}.{ada.entry.entry_id}"]["data"])
    zoe = await fleet.replace(ada, generation=generation, model=model)
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
    zoe = await fleet.replace(ada, generation=generation, model=model)
    await fleet.set_up(ada)
    assert ada.is_in(ConfigEntryState.SETUP_RETRY)
    assert shown_issues(fleet.hass) == ["wrong_miner of Ada"]

    await zoe.disconnect()
    ada.miner.reconnect()
    await fleet.clock.tick(90)

    assert ada.is_available
    assert ada.coordinator.data.model == "M30S+_VE40"
    assert ada.coordinator.data.firmware == ada.miner.firmware_version
    assert ada.coordinator.data.power_supply.name == "P221B"
    device = dr.async_entries_for_config_entry(device_registry, ada.entry.entry_id)[0]
    assert (device.model, device.sw_version) == (
        "M30S+ VE40",
        ada.miner.firmware_version,
    )
    assert ada.shown("sensor", "intake_fan_speed") != "unknown"
    assert shown_issues(fleet.hass) == []


@pytest.fixture
def silent_v1() -> dict[str, Any]:
    """A stopped V1 miner, which does not report even its MAC address."""
    return {"generation": "v1", "model": "M20S", "quirks": {Quirk.PROCESS_DOWN}}


@pytest.mark.parametrize("stopped", ["before", "afterwards"])
async def test_another_miner_that_says_nothing_of_itself_is_not_ours(
    fleet: Fleet, ada: Owned, silent_v1: dict[str, Any], stopped: str
) -> None:
    """The right miner would have reported something."""
    zoe = await fleet.replace(ada, **silent_v1)
    if stopped == "before":
        zoe.state.mining = False
    await fleet.clock.next_poll(2)
    zoe.state.mining = False
    await fleet.clock.next_poll(2)

    assert not ada.is_available
    with pytest.raises(NoMacError):
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
    zoe = await fleet.replace(ada, **silent_v1)
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
    await ada.miner.disconnect()
    await bea.miner.move(ada.miner.host)
    await fleet.clock.next_poll(2)

    bea.check_found()
    assert shown_issues(fleet.hass) == ["wrong_miner of Ada"]
    assert issues(fleet.hass)[0].translation_placeholders == {
        "miner": "Ada",
        "host": bea.miner.host,
        "other": "Bea",
    }


async def test_another_miner_that_vanishes_again_is_called_by_its_mac(
    fleet: Fleet, ada: Owned
) -> None:
    zoe = await fleet.replace(ada)
    zoe.misbehave("get_version", Closed())
    await fleet.clock.next_poll()

    placeholders = issues(fleet.hass)[0].translation_placeholders
    assert placeholders is not None
    assert placeholders["other"] == f"Whatsminer {zoe.mac.replace(':', '')[-4:]}"


async def test_a_miner_that_is_another_one_at_each_poll_is_no_news(
    fleet: Fleet, ada: Owned
) -> None:
    zoe = await fleet.replace(ada)
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
    zoe = await fleet.replace(ada)
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
    await ada.appear_at(fleet.host(40))
    await async_relocate_and_match(fleet.hass, found(ada.miner))


async def be_disabled(fleet: Fleet, ada: Owned, zoe: SimulatedMiner) -> None:
    """Disable the entry."""
    await ada.disable()


async def be_removed(fleet: Fleet, ada: Owned, zoe: SimulatedMiner) -> None:
    """Remove the entry."""
    await ada.remove()


@pytest.mark.parametrize("how", [come_back, be_found, be_disabled, be_removed])
@pytest.mark.parametrize("retrying", [False, True])
async def test_the_issue_goes_with_its_cause(
    fleet: Fleet,
    ada: Owned,
    retrying: bool,
    how: Callable[[Fleet, Owned, SimulatedMiner], Awaitable[None]],
) -> None:
    zoe = await fleet.replace(ada)
    if retrying:
        await fleet.reload(ada)
    else:
        await fleet.clock.next_poll()
    assert shown_issues(fleet.hass) == ["wrong_miner of Ada"]

    await how(fleet, ada, zoe)
    await fleet.settle()
    await fleet.clock.next_poll(3)

    assert shown_issues(fleet.hass) == []
    if how in (come_back, be_found):
        ada.check_found()


async def test_a_miner_that_is_back_meanwhile_has_no_issue(
    fleet: Fleet, ada: Owned, bea: Owned
) -> None:
    assert bea.entry.unique_id
    await async_find_displaced_miner(
        fleet.hass, ada.entry, address_of(ada.entry), bea.entry.unique_id
    )
    await fleet.settle()

    assert shown_issues(fleet.hass) == []
    for owned in (ada, bea):
        owned.check_found()


@pytest.mark.parametrize("known", [False, True])
async def test_an_issue_about_an_address_ends_with_the_address(
    fleet: Fleet, ada: Owned, known: bool
) -> None:
    """The miner need not answer at the new address yet."""
    zoe = await fleet.replace(ada)
    await fleet.reload(ada)
    assert shown_issues(fleet.hass) == ["wrong_miner of Ada"]
    held = hold(zoe, "get_version")
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
    zoe = await fleet.replace(ada)
    held = hold(zoe, "get_version")
    fleet.clock.move(30)
    await held.reached.wait()

    await how(fleet, ada, zoe)
    held.release.set()
    await fleet.settle()

    assert shown_issues(fleet.hass) == []
    if how is be_removed:
        assert f"{DOMAIN}.{ada.entry.entry_id}" not in hass_storage
        assert fleet.hass.data[RECORDS] == {}


async def turn_off(owned: Owned) -> None:
    """Use an entity."""
    await owned.turn_off()


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
    target = {"entity_id": owned.entity_id("switch")}
    await call(owned.hass, "set_led", {"color": "red", **target})


async def change_password(owned: Owned) -> None:
    """Use an action that changes entry and miner."""
    target = {"device_id": owned.coordinator.device_id}
    await call(owned.hass, "change_password", DATA["change_password"] | target)


async def set_network(owned: Owned) -> None:
    """Use an action that moves the miner."""
    data = {
        "device_id": owned.coordinator.device_id,
        "confirm": True,
        "mode": "static",
        "ip": "127.0.0.50",
        "netmask": "255.255.255.0",
        "gateway": "127.0.0.1",
        "dns": ["127.0.0.1"],
    }
    await call(owned.hass, "set_network", data)


@pytest.mark.parametrize("has_token", [False, True])
@pytest.mark.parametrize(
    "write", [turn_off, set_limit, set_led, change_password, set_network]
)
async def test_no_write_reaches_another_miner(
    fleet: Fleet, ada: Owned, has_token: bool, write: Callable[[Owned], Awaitable[None]]
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
    zoe = await fleet.replace(ada)
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
    """A timer repeats the command of preheating."""
    ada.miner.state.mining = False
    await fleet.clock.next_poll(2)
    await act(fleet.hass, "button.press", ada.entity_id("button", "preheat"))
    zoe = await fleet.replace(ada)
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
    zoe = await fleet.replace(ada)

    for _ in range(4):
        await fleet.clock.tick(30)

    assert zoe.writes == []


async def test_a_closed_write_access_is_not_looked_at_in_another_miner(
    fleet: Fleet, ada: Owned
) -> None:
    ada.miner.api_open = False
    with pytest.raises(HomeAssistantError):
        await ada.turn_off()
    assert shown_issues(fleet.hass) == ["write_access_closed of Ada"]
    zoe = await fleet.replace(ada)

    await fleet.clock.next_poll(25)
    assert not await ada.coordinator.write_access.async_probe_now()

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
    zoe = await fleet.replace(ada, password="new_1234")

    await fleet.clock.next_poll(3)

    assert "get_token" not in names_of(zoe.requests)
    assert ada.coordinator.memory.data["password"] == "new_1234"
    assert ada.entry.data["password"] == ada.miner.password
