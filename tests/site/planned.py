"""A site that follows its plan, in tests: what the plan follows, and what it says."""

from typing import Any, Final

from custom_components.whatsminer.const import DOMAIN
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant
from tests import act
from tests.fleet import Fleet, Owned
from tests.words import sent

from . import ALL, Site, add_site

PRICE: Final = "sensor.price"
CHEAP: Final = "binary_sensor.cheap"
AT_ONCE: Final[dict[str, Any]] = {"minutes_on": 0, "minutes_off": 0}
LIMITS: Final[dict[str, Any]] = {
    "price_entity": PRICE,
    "stop_above": 0.3,
    "start_below": 0.2,
    **AT_ONCE,
}
CHEAP_NOW: Final[dict[str, Any]] = {"cheap_entity": CHEAP, **AT_ONCE}
LOW: Final = 0.1
BETWEEN: Final = 0.25
HIGH: Final = 0.4
HOUR: Final = 3600.0
# Commands that a plan sends.
_OF_PLAN: Final = ("power_off", "power_on", "set_power_pct", "set.miner.power_percent")


def set_price(hass: HomeAssistant, price: object, unit: str | None = "EUR/kWh") -> None:
    """Let the price be another one."""
    hass.states.async_set(PRICE, str(price), {ATTR_UNIT_OF_MEASUREMENT: unit})


def set_cheap(hass: HomeAssistant, cheap: str) -> None:
    """Say whether electricity is cheap now."""
    hass.states.async_set(CHEAP, cheap, {"friendly_name": "Cheap hours"})


async def planned(fleet: Fleet, name: str = "Shed", **options: Any) -> Site:
    """Set up a site that follows its plan."""
    return await add_site(fleet, name, **{**ALL, "follow_plan": True, **options})


async def looked(site: Site, seconds: float = 11) -> None:
    """Let time pass, and the plan be looked at."""
    await site.fleet.settle()
    await site.fleet.clock.tick(seconds)
    await site.settle()


async def priced(site: Site, price: object) -> None:
    """Let the price be another one, and the plan be looked at."""
    set_price(site.hass, price)
    await looked(site)


async def set_number(site: Site, key: str, value: float) -> None:
    """Set a number of the site."""
    await act(site.hass, "number.set_value", site.entity_id("number", key), value=value)
    await site.fleet.settle()


async def budgeted(site: Site, watts: float) -> None:
    """Set the power budget, and let the plan be looked at."""
    await set_number(site, "power_budget", watts)
    await looked(site)


async def follow(site: Site, *, on: bool) -> None:
    """Turn the switch that lets the site follow its plan."""
    switch = site.entity_id("switch", "follow_plan")
    await act(site.hass, f"switch.turn_{'on' if on else 'off'}", switch)
    await looked(site)


async def passed(site: Site, seconds: float) -> None:
    """Let a longer time pass, in which the miners are polled."""
    for _ in range(round(seconds / 60)):
        await site.fleet.clock.tick(60)
    await site.settle()


async def restarted(site: Site, *miners: Owned) -> None:
    """Do what a restart of Home Assistant does to a site and its miners."""
    entries = site.hass.config_entries
    for entry in (site.entry, *(each.entry for each in miners)):
        assert await entries.async_unload(entry.entry_id)
    for entry in (*(each.entry for each in miners), site.entry):
        assert await entries.async_setup(entry.entry_id)
    await site.settle()


def said(site: Site, owned: Owned) -> dict[str, Any]:
    """Return what the sensor says that the plan wants of a miner."""
    miners: list[dict[str, Any]] = site.attributes("plan")["miners"]
    (found,) = [each for each in miners if each["name"] == owned.entry.title]
    return found


def reason(site: Site, owned: Owned) -> str:
    """Return the reason that the plan gives for a miner."""
    return str(said(site, owned)["reason"])


def told(owned: Owned) -> list[str]:
    """Return the commands that a miner took which a plan may send."""
    return [each for each in sent(owned.miner) if each.startswith(_OF_PLAN)]


def stored(storage: dict[str, Any], site: Site) -> dict[str, Any]:
    """Return what is stored of a plan."""
    found: dict[str, Any] = storage[f"{DOMAIN}.{site.entry.entry_id}"]["data"]["plan"]
    return found
