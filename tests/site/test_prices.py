"""The break-even prices of a site, and its hash price for all miners."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.whatsminer.entity import registered_entity_id
from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
from tests import Efficient, device_of, shown
from tests.fleet import Fleet, Owned

from . import Site, add_site
from .conftest import Three

pytestmark = pytest.mark.parametrize("platforms", [(Platform.SENSOR,)], ids=[""])
# Per PH/s and day.
FIFTY: dict[str, Any] = {"all_miners": True, "hash_price": 50.0}
KILOWATT_HOURS_PER_DAY = 0.024
SOURCE = "sensor.hash_price"


def price_of(owned: Owned) -> float:
    """Return the break-even price that a miner shows."""
    return float(owned.shown("sensor", "break_even_price"))


def has_price(owned: Owned) -> bool:
    """Return whether a miner has a break-even price."""
    mac = owned.entry.unique_id or ""
    key = "break_even_price"
    return registered_entity_id(owned.hass, "sensor", mac, key) is not None


def expected(owned: Owned, hash_price: float = 50) -> float:
    """Return the break-even price at the efficiency of a miner."""
    efficiency = float(owned.shown("sensor", "efficiency"))
    return hash_price / 1000 / (efficiency * KILOWATT_HOURS_PER_DAY)


async def change(site: Site, **options: Any) -> None:
    """Change the options of the site as its dialogue does."""
    site.hass.config_entries.async_update_entry(
        site.entry, options={"all_miners": True, **options}
    )
    site.coordinator.async_apply_options()
    await site.settle()


@pytest.fixture
async def priced(fleet: Fleet, three: Three) -> Site:
    """A site with a hash price for all its miners."""
    return await add_site(fleet, **FIFTY)


async def test_all_miners_have_the_hash_price_of_their_site(
    priced: Site, three: Three
) -> None:
    for each in three:
        assert price_of(each) == pytest.approx(expected(each), abs=1e-4)


async def test_the_price_of_all_together_is_that_of_what_they_earn_and_take(
    priced: Site, three: Three
) -> None:
    rate = sum(float(each.shown("sensor", "hash_rate")) for each in three)
    power = sum(float(each.shown("sensor", "power")) for each in three)
    together = 50 / 1000 * rate / (power * KILOWATT_HOURS_PER_DAY)

    assert priced.number("break_even_price") == pytest.approx(together, abs=1e-4)


async def test_the_lowest_price_is_that_of_the_least_efficient(
    priced: Site, three: Three
) -> None:
    lowest = min(three, key=price_of)

    assert priced.number("lowest_break_even_price") == price_of(lowest)
    name = priced.attributes("lowest_break_even_price")["name"]
    assert name == lowest.entry.title == "Cleo"


async def test_the_hash_price_of_a_miner_counts_before_that_of_the_site(
    priced: Site, three: Three
) -> None:
    priced.hass.config_entries.async_update_entry(
        three.cleo.entry, options={"hash_price": 500.0}
    )
    three.cleo.coordinator.async_apply_options()
    await priced.settle()

    assert price_of(three.cleo) == pytest.approx(expected(three.cleo, 500), abs=1e-3)
    assert priced.attributes("lowest_break_even_price")["name"] == "Ada"


async def test_a_stopped_site_keeps_its_prices(priced: Site, three: Three) -> None:
    """They say when to start it again."""
    before = {
        key: priced.number(key)
        for key in ("break_even_price", "lowest_break_even_price")
    }

    await priced.turn_off()
    await priced.fleet.clock.next_poll(3)
    await priced.settle()

    assert priced.shown("efficiency") == STATE_UNKNOWN
    for key, value in before.items():
        assert priced.number(key) == pytest.approx(value, rel=0.01)


async def test_without_a_hash_price_there_are_no_prices(
    site: Site, three: Three
) -> None:
    assert not site.has("break_even_price")
    assert not site.has("lowest_break_even_price")

    await change(site, hash_price=50.0)
    assert site.has("break_even_price")
    assert has_price(three.ada)

    await change(site)
    assert not site.has("break_even_price")
    assert not site.has("lowest_break_even_price")
    assert not has_price(three.ada)


async def test_a_site_without_a_price_has_those_of_its_miners(
    site: Site, three: Three
) -> None:
    site.hass.config_entries.async_update_entry(
        three.ada.entry, options={"hash_price": 50.0}
    )
    three.ada.coordinator.async_apply_options()
    await site.settle()

    assert site.number("lowest_break_even_price") == price_of(three.ada)
    assert site.number("break_even_price") == price_of(three.ada)


async def test_the_hash_price_can_be_the_state_of_an_entity(
    fleet: Fleet, three: Three
) -> None:
    hass = fleet.hass
    hass.states.async_set(SOURCE, "unknown")
    site = await add_site(fleet, all_miners=True, hash_price_entity=SOURCE)
    assert site.shown("break_even_price") == STATE_UNKNOWN

    hass.states.async_set(SOURCE, "50")
    await site.settle()
    before = site.number("break_even_price")
    assert price_of(three.ada) == pytest.approx(expected(three.ada), abs=1e-4)
    hass.states.async_set(SOURCE, "100")
    await site.settle()

    assert site.number("break_even_price") == pytest.approx(2 * before, abs=1e-4)


async def test_another_hash_price_counts_at_once(priced: Site, three: Three) -> None:
    before = price_of(three.ada)

    await change(priced, hash_price=0.1, hash_price_unit="per_terahash")

    assert price_of(three.ada) == pytest.approx(2 * before, abs=1e-4)


async def test_in_two_sites_the_hash_price_of_the_oldest_counts(
    priced: Site, three: Three, fleet: Fleet
) -> None:
    """Each site has its own price for itself."""
    other = await add_site(fleet, "Roof", all_miners=True, hash_price=100.0)

    assert price_of(three.ada) == pytest.approx(expected(three.ada), abs=1e-4)
    assert other.number("break_even_price") == pytest.approx(
        2 * priced.number("break_even_price"), abs=1e-4
    )


async def test_a_miner_that_leaves_loses_the_hash_price(
    fleet: Fleet,
    three: Three,
    area_registry: ar.AreaRegistry,
    device_registry: dr.DeviceRegistry,
) -> None:
    shed = area_registry.async_create("Shed").id
    site = await add_site(fleet, all_miners=False, areas=[shed], hash_price=50.0)
    device = device_of(fleet.hass, three.ada.entry)
    assert not has_price(three.ada)

    device_registry.async_update_device(device.id, area_id=shed)
    await site.settle()
    assert has_price(three.ada)

    device_registry.async_update_device(device.id, area_id=None)
    await site.settle()
    assert not has_price(three.ada)


async def test_a_removed_site_takes_its_hash_price_away(
    priced: Site, three: Three
) -> None:
    await priced.hass.config_entries.async_remove(priced.entry.entry_id)
    await priced.hass.async_block_till_done()

    assert not any(has_price(each) for each in three)


@pytest.mark.parametrize("what", ["Home Assistant", "the site", "the miner"])
async def test_a_restart_leaves_prices_as_their_owner_made_them(
    priced: Site, three: Three, fleet: Fleet, what: str
) -> None:
    """A sensor that is removed and added again would lose its name, its id and its options."""
    hass, registry = fleet.hass, er.async_get(fleet.hass)
    entity_ids = customise(priced, three.ada)
    before = [registry.async_get(each) for each in entity_ids]
    assert None not in before
    await hass.async_block_till_done()
    events = async_capture_events(hass, er.EVENT_ENTITY_REGISTRY_UPDATED)

    if what != "the miner":
        assert await hass.config_entries.async_unload(priced.entry.entry_id)
        await priced.settle()
    if what != "the site":
        await fleet.reload(three.ada)
        await priced.settle()
    if what != "the miner":
        assert await hass.config_entries.async_setup(priced.entry.entry_id)
        await priced.settle()

    assert [event.data["action"] for event in events] == []
    assert [registry.async_get(each) for each in entity_ids] == before
    for entity_id in entity_ids:
        assert float(shown(hass, entity_id)) > 0


def customise(site: Site, owned: Owned) -> list[str]:
    """Change what can be changed of the prices of a site and of a miner, and return their ids."""
    registry = er.async_get(site.hass)
    entity_ids = []
    for place, entity_id in (
        ("shed", site.entity_id("sensor", "break_even_price")),
        ("ada", owned.entity_id("sensor", "break_even_price")),
    ):
        new = f"sensor.worth_it_{place}"
        registry.async_update_entity(
            entity_id, name="Worth it", icon="mdi:cash", new_entity_id=new
        )
        registry.async_update_entity_options(new, "sensor", {"display_precision": 2})
        entity_ids.append(new)
    return entity_ids


async def test_an_efficiency_in_doubt_changes_no_other_price(
    priced: Site, three: Three
) -> None:
    three.ada.miner.misbehave("summary+pools+edevs", Efficient(1e9))
    await priced.fleet.clock.next_poll(2)
    await priced.settle()

    assert price_of(three.bea) == pytest.approx(expected(three.bea), abs=1e-4)
    assert priced.attributes("lowest_break_even_price")["name"] in ("Ada", "Cleo")
