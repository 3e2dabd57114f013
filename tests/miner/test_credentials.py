"""Which password of a miner counts."""

import pytest

from custom_components.whatsminer.actions.change_password import async_change_password
from custom_components.whatsminer.api import UnreachableError
from homeassistant.const import CONF_PASSWORD, Platform
from simulator import Closed, Refused, SimulatedMiner
from tests import can_write, names_of, reauth_steps

from . import Rig

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
    rig: Rig, old: str, taken: bool
) -> None:
    rig.miner.misbehave("update_pwd", Closed(execute=taken))
    rig.miner.misbehave("get_token", Closed())
    with pytest.raises(UnreachableError):
        await async_change_password(rig.coordinator, NEW)
    await rig.miner.disconnect()
    await rig.clock.next_poll(3)
    assert rig.entry.data[CONF_PASSWORD] == old
    assert rig.stored["password"] == NEW

    rig.miner.reconnect()
    await rig.clock.next_poll()  # it still gives out no token
    assert rig.entry.data[CONF_PASSWORD] == old
    rig.miner.behave()
    await rig.clock.next_poll()

    assert rig.entry.data[CONF_PASSWORD] == (NEW if taken else old)
    assert await can_write(rig.hass, rig.miner)
    assert reauth_steps(rig.hass) == []


@pytest.mark.parametrize("taken", [True, False], ids=["taken", "not-taken"])
async def test_a_closed_write_access_tells_nothing_of_the_password(
    rig: Rig, old: str, taken: bool
) -> None:
    """The right password is tried every ten minutes, until write access is open again."""
    rig.miner.misbehave("update_pwd", Closed(execute=taken))
    rig.miner.api_open = True
    # A password is tried by this command.
    rig.miner.misbehave("get_version", Refused(45))
    with pytest.raises(UnreachableError):
        await async_change_password(rig.coordinator, NEW)
    rig.miner.requests.clear()
    await rig.clock.next_poll(5)
    assert rig.entry.data[CONF_PASSWORD] == old
    tried = [request for request in rig.miner.requests if request.get("token")]
    assert names_of(tried).count("get_version") == 0

    rig.miner.behave()
    await rig.clock.next_poll(20)

    assert rig.entry.data[CONF_PASSWORD] == (NEW if taken else old)
    assert await can_write(rig.hass, rig.miner)


async def test_a_command_before_that_is_found_out_gets_through(rig: Rig) -> None:
    rig.miner.misbehave("update_pwd", Closed(execute=True))
    rig.miner.misbehave("get_token", Closed(), times=2)
    with pytest.raises(UnreachableError):
        await async_change_password(rig.coordinator, NEW)
    assert rig.entry.data[CONF_PASSWORD] != NEW
    rig.miner.behave()

    await rig.act("switch.turn_off", "switch.miner")

    assert not rig.miner.state.mining
    assert rig.entry.data[CONF_PASSWORD] == NEW
    assert reauth_steps(rig.hass) == []


@pytest.mark.parametrize("taken", [True, False], ids=["taken", "not-taken"])
async def test_a_home_assistant_that_ended_in_between_finds_the_right_password(
    new_rig: Rig, old: str, taken: bool
) -> None:
    """The next set-up finds the new password stored beside the old one, and tries it."""
    new_rig.store(password=NEW)
    if taken:
        new_rig.miner.password = NEW

    await new_rig.load()

    assert new_rig.entry.data[CONF_PASSWORD] == (NEW if taken else old)
    assert ("password" in new_rig.stored) is taken
    assert await can_write(new_rig.hass, new_rig.miner)
    assert reauth_steps(new_rig.hass) == []

    await new_rig.restart()
    assert "password" not in new_rig.stored


async def test_a_third_password_is_asked_for(new_rig: Rig) -> None:
    """The miner has neither the old nor the new password."""
    new_rig.store(password=NEW)
    new_rig.miner.password = "other"

    await new_rig.load()

    assert reauth_steps(new_rig.hass)
    assert "password" not in new_rig.stored
