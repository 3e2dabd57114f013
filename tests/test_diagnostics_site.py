"""Diagnostics of a site."""

import pytest

from custom_components.whatsminer.diagnostics import async_get_config_entry_diagnostics
from homeassistant.core import HomeAssistant

from .fleet import Fleet, Owned
from .site import add_site


@pytest.fixture
def platforms() -> tuple[str, ...]:
    """Only the platform that sends commands."""
    return ("switch",)


async def test_the_diagnostics_have_what_the_site_knows(
    hass: HomeAssistant, fleet: Fleet, ada: Owned
) -> None:
    site = await add_site(fleet)
    await site.turn_off()

    found = await async_get_config_entry_diagnostics(hass, site.entry)

    assert found["entry"]["data"] == {"kind": "site"}
    assert found["entry"]["options"] == {"all_miners": True}
    assert found["executor"] == {"held": True, "until": None}
    assert found["totals"]["miners"] == 1
    (member,) = found["members"]
    assert member["reachable"] is True
    assert ada.miner.mac.lower() not in str(found).lower()


async def test_a_site_that_is_not_loaded_has_diagnostics(
    hass: HomeAssistant, fleet: Fleet, ada: Owned
) -> None:
    site = await add_site(fleet)
    await hass.config_entries.async_unload(site.entry.entry_id)

    found = await async_get_config_entry_diagnostics(hass, site.entry)

    assert set(found) == {"entry"}
    assert found["entry"]["state"] == "not_loaded"
