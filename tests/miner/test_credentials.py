"""Which password of a miner counts."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.actions.change_password import async_change_password
from custom_components.whatsminer.api import UnreachableError
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.const import CONF_PASSWORD, Platform
from homeassistant.core import HomeAssistant
from simulator import Closed, Refused, SimulatedMiner
from tests import (
    Clock,
    act,
    can_write,
    load_entry,
    names_of,
    reauth_steps,
    restart,
    store_memory,
    stored_memory,
)

pytestmark = pytest.mark.parametrize(
    "platforms", [(Platform.SWITCH, Platform.SENSOR)], ids=[""]
)

NEW = "fresh_1"


@pytest.fixture
def old(miner: SimulatedMiner) -> str:
    """The password before the change."""
    return miner.password


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
    assert stored_memory(hass_storage, config_entry)["password"] == NEW

    miner.reconnect()
    await clock.next_poll()  # it still gives out no token
    assert config_entry.data[CONF_PASSWORD] == old
    miner.behave()
    await clock.next_poll()

    assert config_entry.data[CONF_PASSWORD] == (NEW if taken else old)
    assert await can_write(hass, miner)
    assert reauth_steps(hass) == []


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
    assert reauth_steps(hass) == []


@pytest.mark.parametrize("taken", [True, False], ids=["taken", "not-taken"])
async def test_a_home_assistant_that_ended_in_between_finds_the_right_password(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    miner: SimulatedMiner,
    clock: Clock,
    config_entry: MockConfigEntry,
    old: str,
    taken: bool,
) -> None:
    """The next set-up finds the new password stored beside the old one, and tries it."""
    store_memory(hass_storage, config_entry, password=NEW)
    if taken:
        miner.password = NEW

    await load_entry(hass, config_entry)

    assert config_entry.data[CONF_PASSWORD] == (NEW if taken else old)
    assert ("password" in stored_memory(hass_storage, config_entry)) is taken
    assert await can_write(hass, miner)
    assert reauth_steps(hass) == []

    await restart(hass, config_entry)
    assert "password" not in stored_memory(hass_storage, config_entry)


async def test_a_third_password_is_asked_for(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    miner: SimulatedMiner,
    config_entry: MockConfigEntry,
) -> None:
    """The miner has neither the old nor the new password."""
    store_memory(hass_storage, config_entry, password=NEW)
    miner.password = "other"

    await load_entry(hass, config_entry)

    assert reauth_steps(hass)
    assert "password" not in stored_memory(hass_storage, config_entry)
