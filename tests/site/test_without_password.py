"""A miner that was added without a password belongs to a site, but cannot be held off."""

import pytest

from homeassistant.const import CONF_PASSWORD
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from tests.fleet import Fleet, Owned
from tests.words import sent

from . import Site, add_site


@pytest.fixture
async def site(hass: HomeAssistant, fleet: Fleet, ada: Owned, bea: Owned) -> Site:
    """A site with two miners, of which the second has no password."""
    data = {key: value for key, value in bea.entry.data.items() if key != CONF_PASSWORD}
    hass.config_entries.async_update_entry(bea.entry, data=data)
    await fleet.reload(bea)
    return await add_site(fleet)


async def test_each_off_of_the_site_names_it(
    site: Site, ada: Owned, bea: Owned
) -> None:
    for _ in range(2):
        with pytest.raises(HomeAssistantError, match="Bea was set up without") as error:
            await site.turn_off()
        assert "Ada" not in str(error.value)

    assert not site.is_on
    assert "power_off" in sent(ada.miner)
    assert "power_off" not in sent(bea.miner)


async def test_it_is_counted_as_not_off_yet(site: Site) -> None:
    with pytest.raises(HomeAssistantError):
        await site.turn_off()

    await site.fleet.clock.next_poll(2)
    await site.settle()

    assert site.names("miners_not_off") == ["Bea"]


async def test_the_site_can_be_turned_on_again(
    site: Site, ada: Owned, bea: Owned
) -> None:
    with pytest.raises(HomeAssistantError):
        await site.turn_off()

    await site.turn_on()

    assert site.is_on
    assert ada.miner.state.mining
    assert bea.miner.state.mining
    assert sent(bea.miner) == []
