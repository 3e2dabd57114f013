"""What a plan sends: one command at a time, again if it failed, and none that changes nothing."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from custom_components.whatsminer.site.decision import Decision, Reason, Why
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from simulator import Closed, Refused
from tests import Held, hold
from tests.fleet import Fleet, Owned

from . import Site
from .conftest import Three
from .mining import is_mining, polled, switched
from .planned import (
    AT_ONCE,
    HIGH,
    LIMITS,
    LOW,
    budgeted,
    looked,
    passed,
    planned,
    priced,
    reason,
    said,
    set_number,
    set_price,
    told,
)

pytestmark = pytest.mark.usefixtures("hass_storage", "no_errors")


@pytest.fixture
async def site(fleet: Fleet, ada: Owned) -> Site:
    """A site of one miner, which follows a price that is low."""
    set_price(fleet.hass, LOW)
    return await planned(fleet, **LIMITS)


# Failures


async def test_what_failed_is_sent_again_after_a_minute(site: Site, ada: Owned) -> None:
    ada.miner.misbehave("power_off", Closed())
    await priced(site, HIGH)
    assert is_mining(ada)
    assert "Ada" in said(site, ada)["failure"]
    assert reason(site, ada) == "expensive"
    ada.miner.behave()

    await looked(site, 20)
    assert is_mining(ada)
    await looked(site, 60)
    assert not is_mining(ada)
    assert said(site, ada)["failure"] is None


async def test_what_was_refused_is_sent_again_after_ten_minutes(
    site: Site, ada: Owned
) -> None:
    ada.miner.misbehave("power_off", Refused(45))
    await priced(site, HIGH)
    assert said(site, ada)["failure"].startswith("Ada takes no commands")
    ada.miner.behave()

    await passed(site, 8 * 60)
    assert is_mining(ada)
    assert said(site, ada)["failure"]
    await passed(site, 3 * 60)
    assert not is_mining(ada)
    assert said(site, ada)["failure"] is None


async def test_a_clock_that_is_set_back_keeps_nothing_from_being_sent(
    site: Site, ada: Owned
) -> None:
    ada.miner.misbehave("power_off", Refused(45))
    await priced(site, HIGH)
    ada.miner.behave()
    executor = site.coordinator.planning.executor
    off = Decision(miner=ada.entry.entry_id, on=False, why=Why(Reason.NOT_CHEAP_NOW))

    executor.carry_out([(ada.entry, off)], dt_util.utcnow())
    await site.fleet.settle()
    assert is_mining(ada)
    executor.carry_out([(ada.entry, off)], dt_util.utcnow() - timedelta(hours=2))
    await site.fleet.settle()
    assert not is_mining(ada)


async def test_a_failure_is_forgotten_when_nothing_is_to_be_sent(
    site: Site, ada: Owned
) -> None:
    ada.miner.misbehave("power_off", Refused(45))
    await priced(site, HIGH)
    await priced(site, LOW)

    assert said(site, ada)["failure"] is None


@pytest.mark.parametrize("language", ["en", "de"])
async def test_a_failure_is_in_the_language_of_home_assistant(
    site: Site, ada: Owned, language: str
) -> None:
    site.hass.config.language = language
    ada.miner.misbehave("power_off", Refused(45))
    await priced(site, HIGH)

    german = "nimmt keine Befehle an" in said(site, ada)["failure"]
    assert german is (language == "de")


async def test_a_miner_that_does_not_answer_is_left_alone_until_it_does(
    site: Site, ada: Owned
) -> None:
    await ada.miner.disconnect()
    await polled(site, 3)
    await priced(site, HIGH)
    await passed(site, 300)
    assert reason(site, ada) == "unreachable"
    assert site.shown("plan") == "nothing_to_do"
    ada.miner.reconnect()
    await passed(site, 120)

    assert not is_mining(ada)


# What changes nothing


async def test_a_budget_that_is_set_all_the_time_leads_to_few_commands(
    fleet: Fleet, three: Three
) -> None:
    """As a controller does that follows the sun."""
    site = await planned(fleet, **AT_ONCE)
    await budgeted(site, 9500)
    await passed(site, 120)
    before = sum(len(told(each)) for each in three)
    for second in range(50):
        await set_number(site, "power_budget", 9500 + second % 7 * 20)
        await fleet.clock.tick(1.2)
    await site.settle()

    assert sum(len(told(each)) for each in three) - before <= 2
    assert all(is_mining(each) for each in three)


@pytest.mark.parametrize("watts", [0, 1, 1e8])
async def test_any_budget_is_kept(fleet: Fleet, three: Three, watts: float) -> None:
    site = await planned(fleet, **AT_ONCE)
    await budgeted(site, watts)
    await passed(site, 300)

    assert {is_mining(each) for each in three} == {watts > 1}
    assert all(len(told(each)) == (watts <= 1) for each in three)


async def test_a_miner_gets_one_command_at_a_time(site: Site, ada: Owned) -> None:
    executor = site.coordinator.planning.executor
    off = Decision(miner=ada.entry.entry_id, on=False, why=Why(Reason.NOT_CHEAP_NOW))
    for _ in range(5):
        executor.carry_out([(ada.entry, off)], dt_util.utcnow())
    await site.fleet.settle()

    assert switched(ada) == ["power_off"]
    assert said(site, ada)["switched_by"] == "plan"


# What happens while a command is under way


async def held_up(site: Site, ada: Owned) -> Held:
    """Let the plan send a command, and hold its answer."""
    held = hold(ada.miner, "power_off", times=1)
    set_price(site.hass, HIGH)
    site.fleet.clock.move(11)
    await held.reached.wait()
    return held


async def _remove_miner(site: Site, ada: Owned) -> None:
    await ada.remove()


async def _reload_miner(site: Site, ada: Owned) -> None:
    await site.hass.config_entries.async_reload(ada.entry.entry_id)


async def _remove_site(site: Site, ada: Owned) -> None:
    await site.hass.config_entries.async_remove(site.entry.entry_id)


async def _disable_site(site: Site, ada: Owned) -> None:
    await Owned(site.hass, ada.miner, site.entry).disable()


async def _reload_site(site: Site, ada: Owned) -> None:
    await site.hass.config_entries.async_reload(site.entry.entry_id)


async def _remove_options(site: Site, ada: Owned) -> None:
    options = {"all_miners": True, "follow_plan": True}
    site.hass.config_entries.async_update_entry(site.entry, options=options)
    site.coordinator.async_apply_options()


async def _turn_off(site: Site, ada: Owned) -> None:
    site.coordinator.async_set_options(follow_plan=False)


MEANWHILE = {
    "the miner is removed": _remove_miner,
    "the miner is reloaded": _reload_miner,
    "the site is removed": _remove_site,
    "the site is disabled": _disable_site,
    "the site is reloaded": _reload_site,
    "the options are removed": _remove_options,
    "the plan is turned off": _turn_off,
}


@pytest.mark.parametrize("meanwhile", MEANWHILE.values(), ids=MEANWHILE)
async def test_a_command_outlasts_what_happens_meanwhile(
    site: Site, ada: Owned, hass_storage: dict[str, Any], meanwhile: Any
) -> None:
    held = await held_up(site, ada)
    ending = site.hass.async_create_task(meanwhile(site, ada))
    await asyncio.sleep(0)
    held.release.set()
    await ending
    await site.fleet.settle()
    await passed(site, 600)

    assert not is_mining(ada)
    assert switched(ada) == ["power_off"]
    if meanwhile in (_remove_site, _disable_site):
        assert not [key for key in hass_storage if site.entry.entry_id in key]
    if meanwhile is _reload_site:
        assert reason(site, ada) == "expensive"


# Members that are not there


async def test_a_site_without_members_has_nothing_to_do(fleet: Fleet) -> None:
    set_price(fleet.hass, HIGH)
    site = await planned(fleet, **LIMITS)
    await budgeted(site, 100)

    assert site.shown("plan") == "nothing_to_do"
    assert site.attributes("plan")["miners"] == []


async def test_a_member_that_is_not_loaded_says_so(
    fleet: Fleet, ada: Owned, hass: HomeAssistant
) -> None:
    set_price(fleet.hass, HIGH)
    await hass.config_entries.async_unload(ada.entry.entry_id)
    site = await planned(fleet, **LIMITS)
    await budgeted(site, 1000)
    assert reason(site, ada) == "not_loaded"
    assert said(site, ada)["text"] == "Left alone by the plan: it is not loaded"

    await hass.config_entries.async_setup(ada.entry.entry_id)
    await looked(site, 61)

    assert not is_mining(ada)


@pytest.mark.parametrize("platforms", [(Platform.SWITCH,)], ids=[""])
async def test_a_member_without_a_password_says_so(fleet: Fleet) -> None:
    ada = await fleet.know("Ada")
    data = {**ada.entry.data}
    del data["password"]
    fleet.hass.config_entries.async_update_entry(ada.entry, data=data)
    await fleet.set_up(ada)
    set_price(fleet.hass, HIGH)
    site = await planned(fleet, **LIMITS)
    await passed(site, 120)

    assert reason(site, ada) == "no_password"
    assert ada.miner.writes == []


async def test_all_members_can_be_unreachable(fleet: Fleet, three: Three) -> None:
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **LIMITS)
    for each in three:
        await each.miner.disconnect()
    await polled(site, 3)
    await priced(site, HIGH)
    await budgeted(site, 2000)

    assert {reason(site, each) for each in three} == {"unreachable"}
    for each in three:
        each.miner.reconnect()
    await passed(site, 180)
    assert not any(is_mining(each) for each in three)
