"""Diagnostics of a site."""

import re

import pytest

from custom_components.whatsminer.diagnostics import async_get_config_entry_diagnostics
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    label_registry as lr,
)

from . import device_of
from .fleet import Fleet, Owned
from .site import add_site
from .site.planned import LIMITS, looked, planned


@pytest.fixture
def platforms() -> tuple[str, ...]:
    """Those that show what the site knows."""
    return ("sensor", "switch")


async def test_the_diagnostics_have_what_the_site_knows(
    hass: HomeAssistant, fleet: Fleet, ada: Owned, bea: Owned
) -> None:
    """The miners are counted, and their readings come in the order of their entries."""
    site = await add_site(fleet)
    await bea.miner.disconnect()
    await fleet.clock.next_poll(2)
    await site.settle()

    found = await async_get_config_entry_diagnostics(hass, site.entry)

    assert found["entry"]["data"] == {"kind": "site"}
    assert found["entry"]["options"] == {"all_miners": True}
    assert found["holding"] == {"held": False, "until": None}
    totals = found["totals"]
    assert (totals["miners"], totals["running"], totals["offline"]) == (2, 1, 1)
    assert totals["with_problem"] == 0
    assert totals["not_off"] is None
    assert "least_efficient" not in totals
    answers, lost = found["members"]
    assert answers["reachable"] is True
    assert lost["reachable"] is False


async def test_the_diagnostics_of_a_site_that_is_off_say_so(
    hass: HomeAssistant, fleet: Fleet, ada: Owned
) -> None:
    site = await add_site(fleet)
    await site.turn_off()
    await fleet.clock.next_poll(2)
    await site.settle()

    found = await async_get_config_entry_diagnostics(hass, site.entry)

    assert found["holding"]["held"] is True
    assert found["totals"]["not_off"] == 0


async def test_the_diagnostics_identify_nobody(
    hass: HomeAssistant,
    fleet: Fleet,
    ada: Owned,
    bea: Owned,
    area_registry: ar.AreaRegistry,
    device_registry: dr.DeviceRegistry,
    label_registry: lr.LabelRegistry,
) -> None:
    """Ids of areas and labels are made of their names."""
    area = area_registry.async_create("Elm Road")
    label = label_registry.async_create("Uncle Tom")
    device = device_of(hass, ada.entry)
    device_registry.async_update_device(
        device.id, name_by_user="Miller Street 7", area_id=area.id
    )
    site = await add_site(
        fleet,
        "Kate",
        all_miners=False,
        miners=[bea.entry.entry_id],
        areas=[area.id],
        labels=[label.label_id],
        hash_price=50.0,
    )
    assert site.names("miners_running") == ["Bea", "Miller Street 7"]

    found = await async_get_config_entry_diagnostics(hass, site.entry)

    assert found["entry"]["options"] == {
        "all_miners": False,
        "miners": 1,
        "areas": 1,
        "labels": 1,
        "hash_price": 50.0,
    }
    report = str(found).lower()
    names = ("Miller", "Ada", "Bea", "Kate", area.id, label.label_id)
    ids = (ada.entry.entry_id, bea.entry.entry_id, device.id)
    addresses = (ada.miner.mac, bea.miner.mac, ada.miner.host, bea.miner.host)
    for private in (*names, *ids, *addresses):
        assert private.lower() not in report, private


async def test_a_site_that_is_not_loaded_has_diagnostics(
    hass: HomeAssistant, fleet: Fleet, ada: Owned
) -> None:
    site = await add_site(fleet)
    await hass.config_entries.async_unload(site.entry.entry_id)

    found = await async_get_config_entry_diagnostics(hass, site.entry)

    assert set(found) == {"entry"}
    assert found["entry"]["state"] == "not_loaded"


async def test_the_diagnostics_have_what_the_plan_decided_and_no_names(
    hass: HomeAssistant, fleet: Fleet, ada: Owned, bea: Owned
) -> None:
    """What somebody is called may be in the id of an entity, in an automation, and in a site."""
    await planned(
        fleet,
        "Castle",
        cheap_entity="schedule.castle",
        all_miners=False,
        miners=[bea.entry.entry_id],
    )
    site = await planned(fleet, **{**LIMITS, "price_entity": "sensor.castle"})
    hass.states.async_set("sensor.castle", "0.4", {"unit_of_measurement": "EUR/kWh"})
    await looked(site)

    found = await async_get_config_entry_diagnostics(hass, site.entry)

    assert found["entry"]["options"]["price_entity"] == "sensor"
    plan = found["plan"]
    assert plan["unit"] == "EUR/kWh"
    of_ada, of_bea = plan["decisions"]
    assert of_ada["why"] == {"reason": "expensive", "price": 0.4, "limit": 0.3}
    assert of_ada["waiting"] is None
    assert of_ada["on"] is False
    assert of_bea["why"] == {"reason": "other_site"}
    assert not re.search("castle|Ada|Bea", repr(found), re.IGNORECASE)
