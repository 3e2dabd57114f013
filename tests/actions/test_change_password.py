"""The password of a miner is changed, and stored before it is sent."""

import asyncio
from typing import Any

import pytest

from custom_components.whatsminer.actions.change_password import async_change_password
from custom_components.whatsminer.api import (
    InvalidTextError,
    RefusedError,
    UnreachableError,
)
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.const import CONF_PASSWORD, Platform
from homeassistant.core import HomeAssistant
from simulator import Closed, Misbehaviour, Refused, SimulatedMiner, Truncated
from tests import (
    Clock,
    Held,
    act,
    before_v3,
    can_write,
    names_of,
    reauth_steps,
    restart,
    stored_memory,
)
from tests.fleet import Owned
from tests.words import speaks_v3, written

pytestmark = [
    pytest.mark.parametrize(
        "platforms", [(Platform.SWITCH, Platform.SENSOR)], ids=[""]
    ),
    pytest.mark.usefixtures("hass_storage", "set_up"),
]

NEW = "fresh_1"


@pytest.fixture
def old(miner: SimulatedMiner) -> str:
    """The password before the change."""
    return miner.password


@before_v3
async def test_the_entry_has_the_new_password_with_the_miner(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    old: str,
    set_up: WhatsminerCoordinator,
) -> None:
    await async_change_password(set_up, NEW)

    passwords = {"old": old, "new": NEW}
    if speaks_v3(miner):
        param = passwords | {"account": "super"}
        assert written(miner) == [{"cmd": "set.user.change_passwd", "param": param}]
    else:
        assert miner.writes == [{"cmd": "update_pwd"} | passwords]
    assert (miner.v3 if speaks_v3(miner) else miner).password == NEW
    assert set_up.config_entry.data[CONF_PASSWORD] == NEW
    assert await can_write(hass, miner)
    await clock.next_poll(25)
    assert reauth_steps(hass) == []
    assert set_up.config_entry.runtime_data.coordinator is set_up


async def test_the_new_password_is_on_disk_before_the_miner_has_it(
    hass_storage: dict[str, Any], miner: SimulatedMiner, set_up: WhatsminerCoordinator
) -> None:
    """Home Assistant may end at any moment in between."""
    miner.misbehave("update_pwd", Closed(execute=True))
    miner.misbehave("get_token", Closed())

    with pytest.raises(UnreachableError):
        await async_change_password(set_up, NEW)

    assert stored_memory(hass_storage, set_up.config_entry)["password"] == NEW


async def test_the_new_password_stays_stored_until_the_entry_is_sure_to_be(
    owned: Owned, hass: HomeAssistant, hass_storage: dict[str, Any], clock: Clock
) -> None:
    """Home Assistant writes entries to the disk a moment later."""
    await async_change_password(owned.coordinator, NEW)
    await clock.next_poll(3)
    assert stored_memory(hass_storage, owned.entry)["password"] == NEW

    await restart(hass, owned.entry)

    assert "password" not in stored_memory(hass_storage, owned.entry)
    assert owned.entry.data[CONF_PASSWORD] == NEW


@pytest.mark.parametrize("how", [Closed(execute=True), Truncated()], ids=str)
async def test_an_answer_that_was_lost_is_made_up_for(
    owned: Owned, hass: HomeAssistant, miner: SimulatedMiner, how: Misbehaviour
) -> None:
    miner.misbehave("update_pwd", how)

    await async_change_password(owned.coordinator, NEW)

    assert owned.entry.data[CONF_PASSWORD] == NEW
    assert await can_write(hass, miner)
    assert reauth_steps(hass) == []


async def test_a_password_that_was_not_taken_is_not_used(
    owned: Owned, hass_storage: dict[str, Any], miner: SimulatedMiner, old: str
) -> None:
    miner.misbehave("update_pwd", Closed())

    with pytest.raises(UnreachableError):
        await async_change_password(owned.coordinator, NEW)

    assert owned.entry.data[CONF_PASSWORD] == old
    assert "password" not in stored_memory(hass_storage, owned.entry)
    assert await can_write(owned.hass, miner)
    assert reauth_steps(owned.hass) == []


@pytest.mark.parametrize("code", [14, 45, 132, 136])
async def test_a_password_that_is_refused_is_forgotten(
    hass: HomeAssistant,
    hass_storage: dict[str, Any],
    miner: SimulatedMiner,
    owned: Owned,
    old: str,
    code: int,
) -> None:
    miner.misbehave("update_pwd", Refused(code))

    with pytest.raises(RefusedError):
        await async_change_password(owned.coordinator, NEW)

    assert owned.entry.data[CONF_PASSWORD] == old
    assert "password" not in stored_memory(hass_storage, owned.entry)
    assert names_of(miner.requests) == ["update_pwd"]
    assert await can_write(hass, miner)


async def test_a_password_that_was_never_sent_is_forgotten(
    owned: Owned, hass_storage: dict[str, Any], miner: SimulatedMiner, old: str
) -> None:
    await miner.disconnect()

    with pytest.raises(UnreachableError):
        await async_change_password(owned.coordinator, NEW)

    assert owned.entry.data[CONF_PASSWORD] == old
    assert "password" not in stored_memory(hass_storage, owned.entry)


async def test_a_password_that_the_miner_cannot_take_is_not_sent(
    miner: SimulatedMiner, set_up: WhatsminerCoordinator
) -> None:
    with pytest.raises(InvalidTextError):
        await async_change_password(set_up, "much too long")

    assert miner.requests == []
    assert "password" not in set_up.memory.data


async def test_a_reload_while_the_password_changes_loses_neither(
    hass: HomeAssistant, miner: SimulatedMiner, set_up: WhatsminerCoordinator
) -> None:
    miner.misbehave("update_pwd", held := Held(), times=1)
    change = hass.async_create_task(async_change_password(set_up, NEW))
    await held.reached.wait()
    reload = hass.async_create_task(
        hass.config_entries.async_reload(set_up.config_entry.entry_id)
    )
    await asyncio.sleep(0)
    held.release.set()
    await change
    await reload
    await hass.async_block_till_done()

    assert miner.peak_connections == 1
    assert await can_write(hass, miner)
    assert reauth_steps(hass) == []


# Over V3


@pytest.mark.parametrize("miner", ["v3_miner"], indirect=True)
@pytest.mark.parametrize("new", [NEW, "Longer-than-8!", "~" * 64])
async def test_a_miner_that_is_told_over_v3_takes_a_longer_password(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    old: str,
    set_up: WhatsminerCoordinator,
    new: str,
) -> None:
    """The password of V2 stays."""
    await async_change_password(set_up, new)

    (write,) = miner.v3.writes
    assert write["param"] == {"account": "super", "new": new, "old": old}
    assert (miner.v3.password, miner.password) == (new, old)
    assert set_up.config_entry.data[CONF_PASSWORD] == new
    await act(hass, "switch.turn_off", "switch.miner")
    assert not miner.state.mining
    assert reauth_steps(hass) == []


@pytest.mark.parametrize("miner", ["v3_miner"], indirect=True)
@pytest.mark.parametrize("new", ["", "two words", "päss", "~" * 65, "tab\t"])
async def test_v3_does_not_get_a_password_that_other_clients_may_sign_otherwise(
    miner: SimulatedMiner, set_up: WhatsminerCoordinator, new: str
) -> None:
    with pytest.raises(InvalidTextError):
        await async_change_password(set_up, new)
    assert miner.v3.requests == miner.requests == []


@before_v3
@pytest.mark.parametrize("new", ["nine_char", "pass-wd"])
async def test_a_miner_that_speaks_v2_only_does_not_get_a_longer_one(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
    old: str,
    new: str,
) -> None:
    """Nothing of it is stored."""
    with pytest.raises(InvalidTextError) as caught:
        await async_change_password(set_up, new)
    assert caught.value.parameter == "new_password"
    assert miner.requests == []
    assert "password" not in set_up.memory.data
    assert set_up.config_entry.data[CONF_PASSWORD] == old
    assert await can_write(hass, miner)
