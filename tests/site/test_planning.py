"""A site follows its plan: what reaches the miners, and what the site says of it."""

from typing import Any

import pytest

from homeassistant.core import HomeAssistant
from tests import act
from tests.fleet import Fleet
from tests.words import sent

from . import ALL, Site, add_site
from .conftest import Three
from .mining import is_mining, polled, switched

pytestmark = pytest.mark.usefixtures("hass_storage")

PRICE = "sensor.price"
LIMITS = {
    "price_entity": PRICE,
    "stop_above": 0.3,
    "start_below": 0.2,
    "minutes_on": 0,
    "minutes_off": 0,
}


def set_price(hass: HomeAssistant, price: object, unit: str = "EUR/kWh") -> None:
    """Let the price be another one."""
    hass.states.async_set(PRICE, str(price), {"unit_of_measurement": unit})


async def planned(fleet: Fleet, **options: Any) -> Site:
    """Set up a site that follows its plan."""
    return await add_site(fleet, **ALL, follow_plan=True, **options)


async def looked(site: Site) -> None:
    """Let the plan be looked at."""
    await site.fleet.clock.tick(11)
    await site.settle()


async def test_a_price_that_is_too_high_switches_the_miners_off_and_on(
    fleet: Fleet, three: Three
) -> None:
    set_price(fleet.hass, 0.25)
    site = await planned(fleet, **LIMITS)
    assert site.shown("plan") == "following"

    set_price(fleet.hass, 0.31)
    await looked(site)
    assert [switched(each) for each in three] == [["power_off"]] * 3
    assert site.shown("plan") == "price_too_high"

    set_price(fleet.hass, 0.25)
    await looked(site)
    await polled(site)
    assert not any(is_mining(each) for each in three)

    set_price(fleet.hass, 0.2)
    await looked(site)
    assert [switched(each) for each in three] == [["power_off", "power_on"]] * 3


async def test_a_site_that_is_reloaded_knows_the_budget_that_was_just_set(
    fleet: Fleet, three: Three
) -> None:
    site = await planned(fleet, minutes_on=0)
    budget = site.entity_id("number", "power_budget")
    await act(fleet.hass, "number.set_value", budget, value=5000)
    await fleet.hass.config_entries.async_reload(site.entry.entry_id)
    assert site.shown("power_budget", "number") == "5000.0"


async def test_a_miner_that_was_just_lowered_may_be_raised_at_once(
    fleet: Fleet, three: Three
) -> None:
    """Only a raise is followed by the minute until the next one."""
    site = await planned(fleet, minutes_on=0, ramp=100)
    budget = site.entity_id("number", "power_budget")
    for watts in (9500, 20_000):
        await act(fleet.hass, "number.set_value", budget, value=watts)
        await looked(site)
    assert sent(three.cleo.miner) == ["set_power_pct", "set_power_pct"]
    assert three.cleo.miner.state.percent == 100
