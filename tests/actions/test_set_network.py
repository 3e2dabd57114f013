"""A miner that was sent another address is followed there."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_socket

from custom_components.whatsminer.actions.set_network import async_set_network
from custom_components.whatsminer.api import (
    RefusedError,
    UnansweredError,
    WhatsminerError,
    commands,
)
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_HOST, STATE_UNAVAILABLE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from simulator import Closed, Misbehaviour, Refused, SimulatedMiner, Truncated
from tests import ACCEPTED_ONLY, Clock, can_write, stored_memory
from tests.fleet import Owned

pytestmark = [
    pytest.mark.parametrize(
        "platforms", [(Platform.SWITCH, Platform.SENSOR)], ids=[""]
    ),
    pytest.mark.usefixtures("hass_storage", "set_up"),
]

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
        commands.set_network(ELSEWHERE, "255.0.0.0", "127.0.0.1", ["127.0.0.1"]),
        ELSEWHERE,
    )


async def test_the_entry_follows_a_miner_to_its_new_address(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    moved: SimulatedMiner,
    clock: Clock,
    owned: Owned,
    device_registry: dr.DeviceRegistry,
) -> None:
    """The miner reboots, which takes a while; then it answers with its MAC address."""
    miner.misbehave("net_config", ACCEPTED_ONLY)
    await command_move(owned.coordinator)
    assert miner.writes[0]["ip"] == ELSEWHERE
    assert owned.entry.data[CONF_HOST] == miner.host

    await miner.disconnect()
    await clock.next_poll(4)
    assert owned.entry.data[CONF_HOST] == miner.host
    assert owned.shown("switch") == STATE_UNAVAILABLE

    moved.reconnect()
    clock.miners.append(moved)
    await clock.next_poll()
    assert owned.entry.data[CONF_HOST] == ELSEWHERE
    assert owned.entry.state is ConfigEntryState.LOADED
    assert owned.shown("switch") == "on"
    assert await can_write(hass, moved)
    device = device_registry.async_get(owned.coordinator.device_id)
    assert isinstance(device, dr.DeviceEntry)
    assert device.configuration_url == f"https://{ELSEWHERE}"
    assert "host" not in owned.coordinator.memory.data


@pytest.mark.usefixtures("two_addresses")
async def test_the_entry_follows_a_miner_all_the_way(
    owned: Owned, hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    await command_move(owned.coordinator)

    await clock.next_poll(8)

    assert miner.host == ELSEWHERE
    assert owned.entry.data[CONF_HOST] == ELSEWHERE
    assert await can_write(hass, miner)


async def test_a_restart_of_home_assistant_does_not_lose_a_miner_that_moved(
    owned: Owned, miner: SimulatedMiner, moved: SimulatedMiner, clock: Clock
) -> None:
    """The new address is stored, and the set-up tries it, too."""
    miner.misbehave("net_config", ACCEPTED_ONLY)
    await command_move(owned.coordinator)
    await miner.disconnect()
    await owned.hass.config_entries.async_reload(owned.entry.entry_id)
    await owned.hass.async_block_till_done()
    assert owned.shown("switch") == STATE_UNAVAILABLE

    moved.reconnect()
    await clock.tick(60)

    assert owned.entry.state is ConfigEntryState.LOADED
    assert owned.entry.data[CONF_HOST] == ELSEWHERE
    assert owned.shown("switch") == "on"


@pytest.mark.parametrize("how", [Closed(execute=True), Truncated()], ids=str)
async def test_a_miner_that_moves_without_a_whole_answer_is_followed(
    miner: SimulatedMiner,
    moved: SimulatedMiner,
    clock: Clock,
    owned: Owned,
    how: Misbehaviour,
) -> None:
    """The network of the miner goes down while it answers."""
    miner.misbehave("net_config", how)
    try:
        await command_move(owned.coordinator)
    except UnansweredError:
        assert isinstance(how, Truncated)
    await miner.disconnect()

    moved.reconnect()
    await clock.next_poll(2)

    assert owned.entry.data[CONF_HOST] == ELSEWHERE


@pytest.mark.usefixtures("two_addresses")
async def test_another_miner_at_the_new_address_is_not_followed(
    owned: Owned, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.misbehave("net_config", ACCEPTED_ONLY)
    await command_move(owned.coordinator)
    await miner.disconnect()

    async with SimulatedMiner(seed=2, host=ELSEWHERE, port=miner.port) as other:
        await clock.next_poll(5)
        assert owned.entry.data[CONF_HOST] == miner.host
        assert owned.shown("switch") == STATE_UNAVAILABLE
        assert other.writes == []

    miner.reconnect()
    await clock.next_poll()
    assert owned.shown("switch") == "on"


@pytest.mark.usefixtures("two_addresses")
async def test_a_miner_that_did_not_move_is_still_there(
    owned: Owned, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.misbehave("net_config", ACCEPTED_ONLY)
    await command_move(owned.coordinator)

    await clock.next_poll(5)

    assert owned.entry.data[CONF_HOST] == miner.host
    assert owned.shown("switch") == "on"


async def test_an_address_from_dhcp_is_nothing_to_follow(
    miner: SimulatedMiner, clock: Clock, set_up: WhatsminerCoordinator
) -> None:
    set_up.memory.data["host"] = ELSEWHERE
    await async_set_network(set_up, commands.set_network_dhcp(), None)

    assert miner.writes == [{"cmd": "net_config", "param": "dhcp"}]
    assert "host" not in set_up.memory.data
    await clock.next_poll(5)
    assert set_up.config_entry.data[CONF_HOST] == miner.host


@pytest.mark.parametrize("code", [14, 45, 132])
async def test_an_address_that_is_refused_is_forgotten(
    owned: Owned, miner: SimulatedMiner, hass_storage: dict[str, Any], code: int
) -> None:
    miner.misbehave("net_config", Refused(code))

    with pytest.raises(RefusedError):
        await command_move(owned.coordinator)

    assert "host" not in stored_memory(hass_storage, owned.entry)


async def test_an_address_that_was_never_sent_is_forgotten(
    miner: SimulatedMiner, hass_storage: dict[str, Any], set_up: WhatsminerCoordinator
) -> None:
    await miner.disconnect()

    with pytest.raises(WhatsminerError):
        await command_move(set_up)

    assert "host" not in stored_memory(hass_storage, set_up.config_entry)
