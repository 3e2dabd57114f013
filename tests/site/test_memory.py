"""What is stored of a site and its plan, and what becomes of a file that is not as it should be."""

from typing import Any

import pytest

from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.site.memory import SiteMemory
from homeassistant.core import HomeAssistant
from tests.fleet import Fleet, Owned

from . import Site, site_entry
from .mining import is_mining
from .planned import HIGH, LIMITS, looked, passed, reason, set_price

TIME = "2026-11-01T00:00:00+00:00"


def store(storage: dict[str, Any], entry_id: str, data: dict[str, Any]) -> None:
    """Let there be a file of a site."""
    key = f"{DOMAIN}.{entry_id}"
    storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": data}


async def test_what_is_stored_is_restored(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    memory = SiteMemory(hass, "site")
    with memory.editing_plan() as plan:
        plan["budget"], plan["budget_at"] = 2500, TIME
        plan["price_unknown_since"] = TIME
        plan["miners"] = {
            "ada": {
                "allowed": None,
                "efficiency": 31.5,
                "percent": 80,
                "raised_at": TIME,
                "on": True,
                "by": "plan",
                "at": TIME,
                "manual": {"until": TIME, "by": "person", "name": ""},
            }
        }
    await memory.async_close()

    other = SiteMemory(hass, "site")
    await other.async_restore()

    assert other.plan == memory.plan


async def test_nothing_is_written_for_what_did_not_change(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    memory = SiteMemory(hass, "site")
    with memory.editing_plan() as plan:
        plan.pop("budget", None)
    await memory.async_close()

    assert hass_storage == {}


async def test_nothing_is_written_after_the_end(
    hass: HomeAssistant, hass_storage: dict[str, Any]
) -> None:
    memory = SiteMemory(hass, "site")
    await memory.async_close()
    with memory.editing_plan(soon=True) as plan:
        plan["budget"] = 1
    await hass.async_block_till_done(wait_background_tasks=True)

    assert hass_storage == {}


@pytest.mark.parametrize(
    "found",
    [
        None,
        [],
        "plan",
        {},
        {"miners": []},
        {"miners": {"ada": None, "bea": []}},
        {"budget": "much", "budget_at": 5, "price_unknown_since": "yesterday"},
        {"budget": True, "budget_at": "2026-11-01T00:00:00"},  # a time of no zone
        {"miners": {"ada": {"at": "x", "on": "on", "percent": "50", "by": 5}}},
        {"miners": {"ada": {"manual": "person"}, "bea": {"manual": {"until": TIME}}}},
        {"miners": {"ada": {"manual": {"until": 5, "by": "person", "name": ""}}}},
        {"miners": {"ada": {"efficiency": float("nan"), "raised_at": None}}},
        {"something": "new"},
    ],
)
async def test_what_cannot_be_used_is_left_out(
    hass: HomeAssistant, hass_storage: dict[str, Any], found: object
) -> None:
    store(hass_storage, "site", {"held": True, "plan": found})
    memory = SiteMemory(hass, "site")

    await memory.async_restore()

    assert memory.is_held
    assert not any(memory.plan.pop("miners").values())
    assert memory.plan == {}


@pytest.mark.parametrize(
    "of_ada", [None, {"manual": 1, "allowed": "yes"}], ids=["no plan", "rubbish"]
)
async def test_a_site_with_such_a_file_follows_its_plan(
    fleet: Fleet, ada: Owned, hass_storage: dict[str, Any], of_ada: object
) -> None:
    """Before there were plans, none was stored."""
    entry = site_entry("Shed", {"all_miners": True, "follow_plan": True, **LIMITS})
    data: dict[str, Any] = {"held": False, "until": None, "miners": []}
    if of_ada:
        data["plan"] = {"miners": {ada.entry.entry_id: of_ada}}
    store(hass_storage, entry.entry_id, data)
    entry.add_to_hass(fleet.hass)
    set_price(fleet.hass, HIGH)
    assert await fleet.hass.config_entries.async_setup(entry.entry_id)
    site = Site(fleet, entry)
    await looked(site)
    await passed(site, 60)

    assert reason(site, ada) == "expensive"
    assert not is_mining(ada)
