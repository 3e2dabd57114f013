"""The site with its two hundred miners."""

from typing import Any

import pytest

from custom_components.whatsminer.const import DOMAIN
from homeassistant.const import Platform
from homeassistant.setup import async_setup_component
from tests.fleet import Fleet
from tests.site import ALL, site_entry

from .big import MINERS, OWN_PRICE, SITE_PRICE, STATES, Big, BigSite, KnownCrowd, Model


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """No entities of the miners themselves, which would be more than ten thousand."""
    return ()


@pytest.fixture
async def big(fleet: Fleet, hass_storage: dict[str, Any]) -> Big:
    """A site with two hundred miners in all states; two of them are called the same."""
    crowd = KnownCrowd(fleet.hass)
    for number in range(MINERS):
        has_price = number % 9 == 4
        miner = crowd.add(
            "Twin" if number in (5, 19) else f"Miner {number:03}",
            {"hash_price": OWN_PRICE} if has_price else None,
        )
        crowd.models.append(Model(miner, OWN_PRICE if has_price else SITE_PRICE))
    crowd.say([says or STATES[0] for says in STATES])
    entry = site_entry("Shed", {**ALL, "hash_price": SITE_PRICE})
    entry.add_to_hass(fleet.hass)
    assert await async_setup_component(fleet.hass, DOMAIN, {})
    await fleet.settle()
    crowd.hear()
    big = Big(crowd, BigSite(fleet, entry))
    await big.site.settle()
    return big
