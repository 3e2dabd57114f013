"""A site follows its plan: what reaches the miners, and what the site says of it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockUser

from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import HomeAssistant
from tests.fleet import Fleet, Owned
from tests.words import sent

from . import Site, add_site
from .conftest import Three
from .mining import is_mining, polled, switched
from .planned import (
    AT_ONCE,
    BETWEEN,
    CHEAP_NOW,
    HIGH,
    HOUR,
    LIMITS,
    LOW,
    budgeted,
    follow,
    looked,
    passed,
    planned,
    priced,
    reason,
    restarted,
    said,
    set_cheap,
    set_number,
    set_price,
    stored,
    told,
)

pytestmark = pytest.mark.usefixtures("hass_storage", "no_errors")


# What it follows


async def test_a_price_that_is_too_high_switches_the_miners_off_and_on(
    fleet: Fleet, three: Three
) -> None:
    set_price(fleet.hass, BETWEEN)
    site = await planned(fleet, **LIMITS)
    assert site.shown("plan") == "following"

    await priced(site, 0.31)
    assert [switched(each) for each in three] == [["power_off"]] * 3
    assert site.shown("plan") == "price_too_high"

    await priced(site, BETWEEN)
    await polled(site)
    assert not any(is_mining(each) for each in three)

    await priced(site, 0.2)
    assert [switched(each) for each in three] == [["power_off", "power_on"]] * 3


async def test_cheap_now_switches_a_miner(fleet: Fleet, ada: Owned) -> None:
    set_cheap(fleet.hass, "on")
    site = await planned(fleet, **CHEAP_NOW)
    assert reason(site, ada) == "cheap_now"

    set_cheap(fleet.hass, "off")
    await looked(site)
    assert not is_mining(ada)
    assert said(site, ada)["text"] == "Off: Cheap hours is off"

    set_cheap(fleet.hass, "on")
    await looked(site)
    assert switched(ada) == ["power_off", "power_on"]


async def test_a_budget_lowers_a_miner_and_switches_it_off(
    fleet: Fleet, ada: Owned
) -> None:
    site = await planned(fleet, **AT_ONCE)
    assert site.shown("plan") == "nothing_to_do"
    assert site.shown("power_budget", "number") == "unknown"

    await budgeted(site, 2500)
    await polled(site, 10)
    assert ada.miner.state.percent < 80
    assert ada.miner.state.power <= 2500
    assert reason(site, ada) == "lowered"
    assert site.shown("plan") == "over_budget"

    await budgeted(site, 1000)
    assert not is_mining(ada)

    await budgeted(site, 9000)
    assert is_mining(ada)
    assert told(ada)[-1] == "power_on"


async def test_the_stricter_of_price_and_budget_counts(
    fleet: Fleet, ada: Owned
) -> None:
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **LIMITS)

    await budgeted(site, 2500)
    assert reason(site, ada) == "lowered"
    await priced(site, HIGH)
    assert reason(site, ada) == "expensive"
    assert not is_mining(ada)
    await budgeted(site, 1000)
    await priced(site, LOW)
    assert reason(site, ada) == "budget_for_start"
    assert not is_mining(ada)


async def test_with_less_power_nothing_is_switched(fleet: Fleet, three: Three) -> None:
    set_price(fleet.hass, HIGH)
    site = await planned(fleet, **LIMITS, stop_by="percent", lowest_percent=40)
    await looked(site)

    assert [each.miner.state.percent for each in three] == [40, 40, 40]
    await priced(site, LOW)
    assert [each.miner.state.percent for each in three] == [100, 100, 100]
    assert [switched(each) for each in three] == [[], [], []]
    assert [len(told(each)) for each in three] == [2, 2, 2]


async def test_the_limits_can_be_changed_by_their_numbers(
    fleet: Fleet, ada: Owned
) -> None:
    set_price(fleet.hass, BETWEEN)
    site = await planned(fleet, **LIMITS)

    await set_number(site, "stop_above", 0.22)
    await looked(site)

    assert site.entry.options["stop_above"] == 0.22
    assert not is_mining(ada)
    await set_number(site, "stop_above", 0.3)
    await set_number(site, "start_below", 0.25)
    await looked(site)
    assert is_mining(ada)


async def test_a_site_that_does_not_follow_its_plan_does_nothing(
    fleet: Fleet, ada: Owned
) -> None:
    set_price(fleet.hass, HIGH)
    site = await add_site(fleet, all_miners=True, **LIMITS)
    await budgeted(site, 0)
    await passed(site, 300)

    assert sent(ada.miner) == []
    assert site.shown("plan") == "not_following"
    assert site.attributes("plan")["miners"] == []
    assert site.shown("next_change") == "unknown"


async def test_the_minimum_times_are_kept_and_shown(fleet: Fleet, ada: Owned) -> None:
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **{**LIMITS, "minutes_on": 30, "minutes_off": 15})
    await priced(site, HIGH)
    assert not is_mining(ada)

    await priced(site, LOW)
    await polled(site)
    assert not is_mining(ada)
    assert site.shown("plan") == "minimum_times"
    assert said(site, ada)["waiting_for"] == "minimum_off"
    until = said(site, ada)["until"]
    assert site.shown("next_change") == until

    await passed(site, 16 * 60)
    assert is_mining(ada)
    await priced(site, HIGH)
    await passed(site, 20 * 60)
    assert is_mining(ada)
    await passed(site, 11 * 60)
    assert not is_mining(ada)


# What goes on


type Again = Callable[[Site, Owned], Awaitable[None]]


async def _reload_site(site: Site, ada: Owned) -> None:
    await site.hass.config_entries.async_reload(site.entry.entry_id)
    await site.settle()


async def _reload_miner(site: Site, ada: Owned) -> None:
    await site.fleet.reload(ada)
    await site.settle()


AGAIN: dict[str, Again] = {
    "restart": restarted,
    "reload of the site": _reload_site,
    "reload of the miner": _reload_miner,
}
every_way = pytest.mark.parametrize("again", AGAIN.values(), ids=AGAIN)


@every_way
async def test_the_plan_goes_on_between_the_limits(
    fleet: Fleet, ada: Owned, again: Again
) -> None:
    """Between them the price says nothing, so that what it said last has to be remembered."""
    set_price(fleet.hass, HIGH)
    site = await planned(fleet, **LIMITS)
    await priced(site, BETWEEN)

    await again(site, ada)
    ada.miner.state.mining = True
    await polled(site)

    assert not is_mining(ada)
    assert reason(site, ada) == "still_expensive"


@every_way
async def test_the_minimum_times_go_on(fleet: Fleet, ada: Owned, again: Again) -> None:
    set_price(fleet.hass, HIGH)
    site = await planned(fleet, **{**LIMITS, "minutes_off": 15})
    await priced(site, LOW)

    await again(site, ada)
    await passed(site, 12 * 60)
    assert not is_mining(ada)
    await passed(site, 4 * 60)

    assert is_mining(ada)


@every_way
async def test_the_budget_and_its_end_are_remembered(
    fleet: Fleet, ada: Owned, again: Again
) -> None:
    site = await planned(
        fleet, **AT_ONCE, budget_expires=30, minutes_unknown=5, budget_unknown="mine"
    )
    await budgeted(site, 1000)
    assert not is_mining(ada)

    await again(site, ada)
    assert site.shown("power_budget", "number") == "1000.0"
    await passed(site, 28 * 60)
    assert not is_mining(ada)
    await passed(site, 4 * 60)
    assert site.shown("plan") == "input_unknown"
    assert not is_mining(ada)
    await passed(site, 5 * 60)
    assert is_mining(ada)


async def test_what_is_to_be_remembered_is_written_when_home_assistant_stops(
    fleet: Fleet, ada: Owned, hass_storage: dict[str, Any]
) -> None:
    site = await planned(fleet, **AT_ONCE)
    await set_number(site, "power_budget", 2500)

    fleet.hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await fleet.settle()

    assert stored(hass_storage, site)["budget"] == 2500


async def test_a_percent_that_the_miner_forgot_is_sent_again(
    fleet: Fleet, ada: Owned
) -> None:
    """It can be sent only once the miner is tuned."""
    set_price(fleet.hass, HIGH)
    site = await planned(fleet, **LIMITS, stop_by="percent")
    assert ada.miner.state.percent == 50

    ada.miner.state.restart()
    await polled(site)
    assert ada.miner.state.percent == 100
    assert said(site, ada)["waiting_for"] == "tuning"
    assert site.shown("plan") == "minimum_times"
    await passed(site, 30 * 60)

    assert ada.miner.state.percent == 50
    assert len(told(ada)) == 2


async def test_a_miner_that_mines_again_after_a_reboot_is_stopped_again(
    fleet: Fleet, ada: Owned
) -> None:
    set_price(fleet.hass, HIGH)
    site = await planned(fleet, **LIMITS)
    assert not is_mining(ada)

    ada.miner.state.reboot()
    ada.miner.state.mining = True
    await passed(site, 600)

    assert not is_mining(ada)
    assert switched(ada) == ["power_off", "power_off"]
    assert reason(site, ada) == "expensive"


@pytest.mark.parametrize(("price", "watts"), [(HIGH, None), (LOW, 6000)])
async def test_what_is_done_already_is_not_sent(
    fleet: Fleet, three: Three, price: float, watts: int | None
) -> None:
    set_price(fleet.hass, price)
    site = await planned(fleet, **LIMITS)
    if watts:
        await budgeted(site, watts)
    await passed(site, 300)
    before = [told(each) for each in three]

    await passed(site, HOUR)

    assert [told(each) for each in three] == before
    assert any(before)


# Hold and plan together


async def test_a_site_that_is_turned_on_starts_its_miners_when_the_plan_says_so(
    fleet: Fleet, three: Three
) -> None:
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **LIMITS)
    await site.turn_off()
    await looked(site)
    assert site.shown("plan") == "manual"
    assert {reason(site, each) for each in three} == {"held"}

    await priced(site, HIGH)
    await site.turn_on()
    await polled(site)
    assert [switched(each) for each in three] == [["power_off"]] * 3
    assert {reason(site, each) for each in three} == {"expensive"}

    await priced(site, LOW)
    assert all(is_mining(each) for each in three)


async def test_a_site_that_is_turned_on_while_it_is_cheap_starts_its_miners(
    fleet: Fleet, ada: Owned
) -> None:
    """At once, and not as somebody's hand."""
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **LIMITS)
    await site.turn_off()
    await site.turn_on()
    await looked(site)

    assert is_mining(ada)
    assert reason(site, ada) == "cheap"


async def test_the_end_of_a_hold_does_not_start_a_miner_while_it_is_expensive(
    fleet: Fleet, ada: Owned
) -> None:
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **LIMITS)
    await ada.call("hold", duration={"minutes": 30})
    await priced(site, HIGH)
    assert said(site, ada)["until"] is not None
    assert site.shown("next_change") == said(site, ada)["until"]

    await passed(site, 31 * 60)

    assert switched(ada) == ["power_off"]
    assert reason(site, ada) == "expensive"


async def test_the_end_of_a_hold_starts_a_miner_whose_plan_was_turned_off(
    fleet: Fleet, ada: Owned
) -> None:
    set_price(fleet.hass, HIGH)
    site = await planned(fleet, **LIMITS, stop_by="percent")
    await ada.call("hold", duration={"minutes": 30})
    await follow(site, on=False)

    await passed(site, 31 * 60)

    assert is_mining(ada)


@pytest.mark.parametrize("way", ["percent", "unknown price", "by hand", "no limit"])
async def test_what_was_held_off_is_started_unless_the_plan_wants_it_off(
    fleet: Fleet, ada: Owned, hass_admin_user: MockUser, way: str
) -> None:
    """The plan switches nothing on here, but it was the site that has switched it off."""
    set_price(fleet.hass, "unknown" if way == "unknown price" else LOW)
    options: dict[str, Any] = {**LIMITS}
    if way == "percent":
        options["stop_by"] = "percent"
    elif way == "no limit":
        del options["stop_above"], options["start_below"]
        set_price(fleet.hass, BETWEEN)
    site = await planned(fleet, **options)
    if way == "by hand":
        await ada.call("set_power_percent", percent=80)
    await site.turn_off()
    await polled(site)
    assert not is_mining(ada)
    await site.turn_on()
    await looked(site)

    assert is_mining(ada)
    await polled(site, 3)
    assert switched(ada) == ["power_off", "power_on"]


async def test_what_the_plan_wants_off_is_not_started_later_for_a_hold(
    fleet: Fleet, ada: Owned
) -> None:
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **LIMITS)
    await site.turn_off()
    await priced(site, HIGH)
    await site.turn_on()
    await looked(site)
    await follow(site, on=False)
    await passed(site, 300)

    assert switched(ada) == ["power_off"]


async def test_off_and_on_while_the_plan_is_turned_off_and_on(
    fleet: Fleet, ada: Owned
) -> None:
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **LIMITS)
    await site.turn_off()
    await follow(site, on=False)
    await priced(site, HIGH)
    await follow(site, on=True)
    assert reason(site, ada) == "held"

    await site.turn_on()
    await looked(site)
    assert not is_mining(ada)
    await priced(site, LOW)

    assert is_mining(ada)


# Two sites


async def test_the_older_of_two_sites_that_follow_their_plans_counts(
    fleet: Fleet, ada: Owned
) -> None:
    set_price(fleet.hass, HIGH)
    older = await planned(fleet, "Older", **CHEAP_NOW)
    set_cheap(fleet.hass, "on")
    newer = await planned(fleet, "Newer", **LIMITS)
    await looked(newer)
    await looked(older)

    assert is_mining(ada)
    assert reason(older, ada) == "cheap_now"
    assert reason(newer, ada) == "other_site"
    assert said(newer, ada)["text"].endswith("the plan of Older controls it")

    await follow(older, on=False)
    await looked(newer, 61)
    assert reason(newer, ada) == "expensive"
    assert not is_mining(ada)
    await follow(older, on=True)
    await looked(newer, 61)
    assert reason(newer, ada) == "other_site"
    assert is_mining(ada)


@pytest.mark.parametrize("way", ["leaves", "removed", "disabled"])
async def test_the_newer_takes_over_when_the_older_loses_the_miner(
    fleet: Fleet, ada: Owned, bea: Owned, way: str
) -> None:
    set_price(fleet.hass, HIGH)
    set_cheap(fleet.hass, "on")
    older = await planned(fleet, "Older", **CHEAP_NOW)
    newer = await planned(fleet, "Newer", **LIMITS)
    entries = fleet.hass.config_entries
    if way == "leaves":
        options = {**older.entry.options, "all_miners": False}
        options["miners"] = [bea.entry.entry_id]
        entries.async_update_entry(older.entry, options=options)
        older.coordinator.async_apply_options()
    elif way == "removed":
        await entries.async_remove(older.entry.entry_id)
    else:
        await disable(fleet.hass, older)
    await looked(newer, 61)

    assert not is_mining(ada)
    assert is_mining(bea) is (way == "leaves")


async def disable(hass: HomeAssistant, site: Site) -> None:
    """Disable a site."""
    await Owned(hass, None, site.entry).disable()  # type: ignore[arg-type]


# Its end


@pytest.mark.parametrize("way", ["removed", "disabled"])
async def test_nothing_is_left_of_a_plan_whose_site_ends(
    fleet: Fleet, ada: Owned, hass_storage: dict[str, Any], way: str
) -> None:
    site = await planned(fleet, **AT_ONCE)
    await set_number(site, "power_budget", 2500)
    if way == "removed":
        await fleet.hass.config_entries.async_remove(site.entry.entry_id)
    else:
        await disable(fleet.hass, site)
    await fleet.clock.tick(HOUR)

    assert not [key for key in hass_storage if site.entry.entry_id in key]


async def test_a_person_who_turns_the_plan_off_leaves_the_miners_as_they_are(
    fleet: Fleet, ada: Owned, hass_admin_user: MockUser
) -> None:
    set_price(fleet.hass, HIGH)
    site = await planned(fleet, **LIMITS)
    await follow(site, on=False)
    await priced(site, LOW)
    await passed(site, 300)

    assert switched(ada) == ["power_off"]


async def test_a_miner_that_was_just_lowered_may_be_raised_at_once(
    fleet: Fleet, three: Three
) -> None:
    """Only a raise is followed by the minute until the next one."""
    site = await planned(fleet, **AT_ONCE, ramp=100)
    for watts in (9500, 20_000):
        await set_number(site, "power_budget", watts)
        await looked(site)
    assert sent(three.cleo.miner) == ["set_power_pct", "set_power_pct"]
    assert three.cleo.miner.state.percent == 100
