"""Miners are not touched by a site, and nothing is left of one that is removed."""

from typing import Any

import pytest

from custom_components.whatsminer import SITE_PLATFORMS
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from tests.fleet import Fleet

from . import add_site
from .conftest import Three

pytestmark = pytest.mark.parametrize(
    "platforms",
    [SITE_PLATFORMS],
    ids=[""],
)


def kept(hass: HomeAssistant) -> dict[str, Any]:
    """Return what Home Assistant keeps of entries, devices and entities, and who listens."""
    return {
        "entries": [entry.as_dict() for entry in hass.config_entries.async_entries()],
        "devices": sorted(dr.async_get(hass).devices),
        "entities": {
            entity_id: (entity.unique_id, entity.options, entity.disabled_by)
            for entity_id, entity in er.async_get(hass).entities.items()
        },
        "states": sorted(hass.states.async_entity_ids()),
        # One for each file that is about to be written.
        "listeners": hass.bus.async_listeners() | {"homeassistant_final_write": 0},
    }


@pytest.mark.parametrize("hash_price", [{}, {"hash_price": 50.0}], ids=["", "price"])
async def test_a_site_that_comes_and_goes_leaves_everything_as_it_was(
    hass: HomeAssistant,
    three: Three,
    fleet: Fleet,
    hass_storage: dict[str, Any],
    hash_price: dict[str, Any],
) -> None:
    before, files = kept(hass), set(hass_storage)
    site = await add_site(fleet, all_miners=True, **hash_price)
    await site.turn_off()
    await site.turn_on()
    await site.settle()
    assert kept(hass) != before

    await hass.config_entries.async_remove(site.entry.entry_id)
    await fleet.settle()

    now = kept(hass)
    for entry in (*before["entries"], *now["entries"]):
        entry.pop("modified_at")
    assert now == before
    assert not [key for key in hass_storage if site.entry.entry_id in key]
    ours = {key for key in hass_storage if key.startswith("whatsminer.")} - files
    assert ours <= {f"whatsminer.{each.entry.entry_id}" for each in three}
