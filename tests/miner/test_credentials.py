"""Which password of a miner counts."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import pytest_socket

from custom_components.whatsminer.actions.change_password import async_change_password
from custom_components.whatsminer.actions.set_network import async_set_network
from custom_components.whatsminer.api import (
    InvalidTextError,
    RefusedError,
    UnansweredError,
    UnreachableError,
    WhatsminerError,
    commands,
)
from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_PASSWORD, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from simulator import Closed, Misbehaviour, Refused, SimulatedMiner, Truncated
from tests import ACCEPTED_ONLY, Clock, Held, act, every_generation, names_of, shown

pytestmark = pytest.mark.parametrize(
    "platforms", [(Platform.SWITCH, Platform.SENSOR)], ids=[""]
)

NEW = "fresh_1"


@pytest.fixture
def old(miner: SimulatedMiner) -> str:
    """The password before the change."""
    return miner.password


def kept(hass_storage: dict[str, Any], entry: MockConfigEntry) -> dict[str, Any]:
    """Return what is stored of a miner."""
    data: dict[str, Any] = hass_storage[f"{DOMAIN}.{entry.entry_id}"]["data"]
    return data


def keep(
    hass_storage: dict[str, Any], entry: MockConfigEntry, **memory: object
) -> None:
    """Store what a Home Assistant that ended too early has left."""
    key = f"{DOMAIN}.{entry.entry_id}"
    hass_storage[key] = {
        "version": 1,
        "minor_version": 1,
        "key": key,
        "data": {"settings": {}, **memory},
    }


def asks_for_a_password(hass: HomeAssistant) -> bool:
    """Return whether the owner is asked for a password."""
    return any(
        flow["context"]["source"] == SOURCE_REAUTH
        for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    )


async def set_up_again(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Do what a restart of Home Assistant does to an entry."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


async def can_write(hass: HomeAssistant, miner: SimulatedMiner) -> bool:
    """Return whether a command gets through."""
    miner.state.mining = True
    await act(hass, "switch.turn_off", "switch.miner")
    await hass.async_block_till_done()
    return not miner.state.mining


# Another password


@every_generation
async def test_the_entry_has_the_new_password_with_the_miner(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    old: str,
    set_up: WhatsminerCoordinator,
) -> None:
    await async_change_password(set_up, NEW)

    assert miner.writes == [{"cmd": "update_pwd", "old": old, "new": NEW}]
    assert miner.password == NEW
    assert config_entry.data[CONF_PASSWORD] == NEW
    assert await can_write(hass, miner)
    await clock.next_poll(25)
    assert not asks_for_a_password(hass)
    assert config_entry.runtime_data.coordinator is set_up


async def test_the_new_password_is_on_disk_before_the_miner_has_it(
    hass_storage: dict[str, Any],
    miner: SimulatedMiner,
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
) -> None:
    """Home Assistant may end at any moment in between."""
    miner.misbehave("update_pwd", Closed(execute=True))
    miner.misbehave("get_token", Closed())

    with pytest.raises(UnreachableError):
        await async_change_password(set_up, NEW)

    assert kept(hass_storage, config_entry)["password"] == NEW


async def test_the_new_password_stays_stored_until_the_entry_is_sure_to_be(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    clock: Clock,
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
) -> None:
    """Home Assistant writes entries to the disk a moment later."""
    await async_change_password(set_up, NEW)
    await clock.next_poll(3)
    assert kept(hass_storage, config_entry)["password"] == NEW

    await set_up_again(hass, config_entry)

    assert "password" not in kept(hass_storage, config_entry)
    assert config_entry.data[CONF_PASSWORD] == NEW


@pytest.mark.parametrize("how", [Closed(execute=True), Truncated()], ids=str)
async def test_an_answer_that_was_lost_is_made_up_for(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
    how: Misbehaviour,
) -> None:
    miner.misbehave("update_pwd", how)

    await async_change_password(set_up, NEW)

    assert config_entry.data[CONF_PASSWORD] == NEW
    assert await can_write(hass, miner)
    assert not asks_for_a_password(hass)


async def test_a_password_that_was_not_taken_is_not_used(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    miner: SimulatedMiner,
    config_entry: MockConfigEntry,
    old: str,
    set_up: WhatsminerCoordinator,
) -> None:
    miner.misbehave("update_pwd", Closed())

    with pytest.raises(UnreachableError):
        await async_change_password(set_up, NEW)

    assert config_entry.data[CONF_PASSWORD] == old
    assert "password" not in kept(hass_storage, config_entry)
    assert await can_write(hass, miner)
    assert not asks_for_a_password(hass)


@pytest.mark.parametrize("code", [14, 45, 132, 136])
async def test_a_password_that_is_refused_is_forgotten(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    miner: SimulatedMiner,
    config_entry: MockConfigEntry,
    old: str,
    set_up: WhatsminerCoordinator,
    code: int,
) -> None:
    miner.misbehave("update_pwd", Refused(code))

    with pytest.raises(RefusedError):
        await async_change_password(set_up, NEW)

    assert config_entry.data[CONF_PASSWORD] == old
    assert "password" not in kept(hass_storage, config_entry)
    assert names_of(miner.requests) == ["update_pwd"]
    assert await can_write(hass, miner)


async def test_a_password_that_was_never_sent_is_forgotten(
    hass_storage: dict[str, Any],
    miner: SimulatedMiner,
    config_entry: MockConfigEntry,
    old: str,
    set_up: WhatsminerCoordinator,
) -> None:
    await miner.disconnect()

    with pytest.raises(UnreachableError):
        await async_change_password(set_up, NEW)

    assert config_entry.data[CONF_PASSWORD] == old
    assert "password" not in kept(hass_storage, config_entry)


async def test_a_password_that_the_miner_cannot_take_is_not_sent(
    miner: SimulatedMiner, set_up: WhatsminerCoordinator
) -> None:
    with pytest.raises(InvalidTextError):
        await async_change_password(set_up, "much too long")

    assert miner.requests == []
    assert "password" not in set_up.memory.data


@pytest.mark.parametrize("taken", [True, False], ids=["taken", "not-taken"])
async def test_a_miner_that_is_away_after_it_is_asked_as_soon_as_it_answers(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    old: str,
    set_up: WhatsminerCoordinator,
    taken: bool,
) -> None:
    miner.misbehave("update_pwd", Closed(execute=taken))
    miner.misbehave("get_token", Closed())
    with pytest.raises(UnreachableError):
        await async_change_password(set_up, NEW)
    await miner.disconnect()
    await clock.next_poll(3)
    assert config_entry.data[CONF_PASSWORD] == old
    assert kept(hass_storage, config_entry)["password"] == NEW

    miner.reconnect()
    await clock.next_poll()  # it still gives out no token
    assert config_entry.data[CONF_PASSWORD] == old
    miner.behave()
    await clock.next_poll()

    assert config_entry.data[CONF_PASSWORD] == (NEW if taken else old)
    assert await can_write(hass, miner)
    assert not asks_for_a_password(hass)


@pytest.mark.parametrize("taken", [True, False], ids=["taken", "not-taken"])
async def test_a_closed_write_access_tells_nothing_of_the_password(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    old: str,
    set_up: WhatsminerCoordinator,
    taken: bool,
) -> None:
    """The right password is tried every ten minutes, until write access is open again."""
    miner.misbehave("update_pwd", Closed(execute=taken))
    miner.api_open = True
    miner.misbehave("get_version", Refused(45))  # which is what a password is tried by
    with pytest.raises(UnreachableError):
        await async_change_password(set_up, NEW)
    miner.requests.clear()
    await clock.next_poll(5)
    assert config_entry.data[CONF_PASSWORD] == old
    tried = [request for request in miner.requests if request.get("token")]
    assert names_of(tried).count("get_version") == 0

    miner.behave()
    await clock.next_poll(20)

    assert config_entry.data[CONF_PASSWORD] == (NEW if taken else old)
    assert await can_write(hass, miner)


async def test_a_command_before_that_is_found_out_gets_through(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
) -> None:
    miner.misbehave("update_pwd", Closed(execute=True))
    miner.misbehave("get_token", Closed(), times=2)
    with pytest.raises(UnreachableError):
        await async_change_password(set_up, NEW)
    assert config_entry.data[CONF_PASSWORD] != NEW
    miner.behave()

    await act(hass, "switch.turn_off", "switch.miner")

    assert not miner.state.mining
    assert config_entry.data[CONF_PASSWORD] == NEW
    assert not list(config_entry.async_get_active_flows(hass, {SOURCE_REAUTH}))


async def test_a_reload_while_the_password_changes_loses_neither(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
) -> None:
    miner.misbehave("update_pwd", held := Held(), times=1)
    change = hass.async_create_task(async_change_password(set_up, NEW))
    await held.reached.wait()
    reload = hass.async_create_task(
        hass.config_entries.async_reload(config_entry.entry_id)
    )
    await asyncio.sleep(0)
    held.release.set()
    await change
    await reload
    await hass.async_block_till_done()

    assert miner.peak_connections == 1
    assert await can_write(hass, miner)
    assert not list(config_entry.async_get_active_flows(hass, {SOURCE_REAUTH}))


@pytest.mark.parametrize("taken", [True, False], ids=["taken", "not-taken"])
async def test_a_home_assistant_that_ended_in_between_finds_the_right_password(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    chosen_platforms: None,
    old: str,
    taken: bool,
) -> None:
    """The next set-up finds the new password stored beside the old one, and tries it."""
    keep(hass_storage, config_entry, password=NEW)
    if taken:
        miner.password = NEW

    assert await hass.config_entries.async_setup(config_entry.entry_id)
    await hass.async_block_till_done()

    assert config_entry.data[CONF_PASSWORD] == (NEW if taken else old)
    assert ("password" in kept(hass_storage, config_entry)) is taken
    assert await can_write(hass, miner)
    assert not asks_for_a_password(hass)

    await set_up_again(hass, config_entry)
    assert "password" not in kept(hass_storage, config_entry)


async def test_a_third_password_is_asked_for(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    miner: SimulatedMiner,
    config_entry: MockConfigEntry,
    chosen_platforms: None,
) -> None:
    """The miner has neither the old nor the new password."""
    keep(hass_storage, config_entry, password=NEW)
    miner.password = "other"

    assert await hass.config_entries.async_setup(config_entry.entry_id)
    await hass.async_block_till_done()

    assert asks_for_a_password(hass)
    assert "password" not in kept(hass_storage, config_entry)


# Another address

ELSEWHERE = "127.0.0.77"


@pytest.fixture
def two_addresses() -> None:
    """Let the test connect to the new address, too."""
    pytest_socket.socket_allow_hosts(["127.0.0.1", ELSEWHERE])


@pytest.fixture
async def moved(
    two_addresses: None, miner: SimulatedMiner
) -> AsyncGenerator[SimulatedMiner]:
    """The same miner at its new address, not yet connected."""
    async with SimulatedMiner(
        host=ELSEWHERE, port=miner.port, mac=miner.mac, password=miner.password
    ) as moved:
        await moved.disconnect()
        yield moved


async def command_move(coordinator: WhatsminerCoordinator) -> None:
    """Send a miner a static address."""
    await async_set_network(
        coordinator,
        commands.net_config(ELSEWHERE, "255.0.0.0", "127.0.0.1", ["127.0.0.1"]),
        ELSEWHERE,
    )


async def test_the_entry_follows_a_miner_to_its_new_address(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    moved: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    device_registry: dr.DeviceRegistry,
    set_up: WhatsminerCoordinator,
) -> None:
    """The miner reboots, which takes a while; then it answers with its MAC address."""
    miner.misbehave("net_config", ACCEPTED_ONLY)
    await command_move(set_up)
    assert miner.writes[0]["ip"] == ELSEWHERE
    assert config_entry.data[CONF_HOST] == miner.host

    await miner.disconnect()
    await clock.next_poll(4)
    assert config_entry.data[CONF_HOST] == miner.host
    assert shown(hass, "switch.miner") == STATE_UNAVAILABLE

    moved.reconnect()
    clock.miners.append(moved)
    await clock.next_poll()
    assert config_entry.data[CONF_HOST] == ELSEWHERE
    assert config_entry.state is ConfigEntryState.LOADED
    assert shown(hass, "switch.miner") == "on"
    assert await can_write(hass, moved)
    device = device_registry.async_get(config_entry.runtime_data.coordinator.device_id)
    assert isinstance(device, dr.DeviceEntry)
    assert device.configuration_url == f"https://{ELSEWHERE}"
    assert "host" not in config_entry.runtime_data.coordinator.memory.data


@pytest.mark.usefixtures("two_addresses")
async def test_the_entry_follows_a_miner_all_the_way(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
) -> None:
    await command_move(set_up)

    await clock.next_poll(8)

    assert miner.host == ELSEWHERE
    assert config_entry.data[CONF_HOST] == ELSEWHERE
    assert await can_write(hass, miner)


async def test_a_restart_of_home_assistant_does_not_lose_a_miner_that_moved(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    moved: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
) -> None:
    """The new address is stored, and the set-up tries it, too."""
    miner.misbehave("net_config", ACCEPTED_ONLY)
    await command_move(set_up)
    await miner.disconnect()
    await set_up_again(hass, config_entry)
    assert shown(hass, "switch.miner") == STATE_UNAVAILABLE

    moved.reconnect()
    await clock.tick(60)

    assert config_entry.state is ConfigEntryState.LOADED
    assert config_entry.data[CONF_HOST] == ELSEWHERE
    assert shown(hass, "switch.miner") == "on"


@pytest.mark.parametrize("how", [Closed(execute=True), Truncated()], ids=str)
async def test_a_miner_that_moves_without_a_whole_answer_is_followed(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    moved: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
    how: Misbehaviour,
) -> None:
    """The network of the miner goes down while it answers."""
    miner.misbehave("net_config", how)
    try:
        await command_move(set_up)
    except UnansweredError:
        assert isinstance(how, Truncated)
    await miner.disconnect()

    moved.reconnect()
    await clock.next_poll(2)

    assert config_entry.data[CONF_HOST] == ELSEWHERE


@pytest.mark.usefixtures("two_addresses")
async def test_another_miner_at_the_new_address_is_not_followed(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
) -> None:
    miner.misbehave("net_config", ACCEPTED_ONLY)
    await command_move(set_up)
    await miner.disconnect()

    async with SimulatedMiner(seed=2, host=ELSEWHERE, port=miner.port) as other:
        await clock.next_poll(5)
        assert config_entry.data[CONF_HOST] == miner.host
        assert shown(hass, "switch.miner") == STATE_UNAVAILABLE
        assert other.writes == []

    miner.reconnect()
    await clock.next_poll()
    assert shown(hass, "switch.miner") == "on"


@pytest.mark.usefixtures("two_addresses")
async def test_a_miner_that_did_not_move_is_still_there(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
) -> None:
    miner.misbehave("net_config", ACCEPTED_ONLY)
    await command_move(set_up)

    await clock.next_poll(5)

    assert config_entry.data[CONF_HOST] == miner.host
    assert shown(hass, "switch.miner") == "on"


async def test_an_address_from_dhcp_is_nothing_to_follow(
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    set_up: WhatsminerCoordinator,
) -> None:
    set_up.memory.data["host"] = ELSEWHERE
    await async_set_network(set_up, commands.net_config_dhcp(), None)

    assert miner.writes == [{"cmd": "net_config", "param": "dhcp"}]
    assert "host" not in set_up.memory.data
    await clock.next_poll(5)
    assert config_entry.data[CONF_HOST] == miner.host


@pytest.mark.parametrize("code", [14, 45, 132])
async def test_an_address_that_is_refused_is_forgotten(
    miner: SimulatedMiner,
    config_entry: MockConfigEntry,
    hass_storage: dict[str, Any],
    set_up: WhatsminerCoordinator,
    code: int,
) -> None:
    miner.misbehave("net_config", Refused(code))

    with pytest.raises(RefusedError):
        await command_move(set_up)

    assert "host" not in kept(hass_storage, config_entry)


async def test_an_address_that_was_never_sent_is_forgotten(
    miner: SimulatedMiner,
    config_entry: MockConfigEntry,
    hass_storage: dict[str, Any],
    set_up: WhatsminerCoordinator,
) -> None:
    await miner.disconnect()

    with pytest.raises(WhatsminerError):
        await command_move(set_up)

    assert "host" not in kept(hass_storage, config_entry)
