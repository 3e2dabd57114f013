"""Entries are found by MAC address and address, and a miner that answers is not asked twice."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.entries.lookup import entry_for_mac, hosts_in_use
from custom_components.whatsminer.entries.scan import async_scan
from custom_components.whatsminer.miner.record import address_of
from homeassistant.config_entries import SOURCE_IGNORE, ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from tests.action_calls import call
from tests.fleet import Fleet, Owned, shown_issues


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """The platforms that are set up: one that reads and one that writes."""
    return Platform.SENSOR, Platform.SWITCH


async def test_the_address_of_a_miner_that_is_well_is_its_own(
    fleet: Fleet, ada: Owned, bea: Owned
) -> None:
    await ada.miner.disconnect()
    await bea.miner.move(ada.miner.host)
    await fleet.see(bea)
    assert bea.is_available

    before = bea.miner.connections
    await ada.coordinator.async_refresh()
    with pytest.raises(HomeAssistantError) as error:
        await call(
            fleet.hass,
            "set_led",
            {"color": "red", "entity_id": ada.entity_id("switch")},
        )
    await fleet.reload(ada)

    assert error.value.translation_key == "wrong_miner"
    assert ada.is_in(ConfigEntryState.SETUP_RETRY)
    assert shown_issues(fleet.hass) == ["wrong_miner of Ada"]
    assert bea.miner.connections == before

    await ada.appear_at(fleet.host(40))
    await fleet.see(ada)
    assert ada.is_available
    assert bea.miner.connections == before
    assert bea.miner.state.mining


async def test_the_address_of_a_miner_that_is_not_well_is_tried(
    fleet: Fleet, ada: Owned, bea: Owned
) -> None:
    """The miner of either entry may be the one that comes back there."""
    host = ada.miner.host
    await ada.miner.disconnect()
    await bea.miner.move(host)
    await fleet.see(bea)
    await bea.miner.disconnect()
    await fleet.clock.next_poll(2)
    assert address_of(ada.entry) == address_of(bea.entry)

    ada.miner.reconnect()
    await fleet.clock.tick(90)
    await fleet.clock.next_poll()

    assert ada.is_available
    assert not bea.is_available


@pytest.mark.parametrize("ignored_first", [True, False])
@pytest.mark.parametrize("others", [0, 2])
async def test_an_entry_counts_beside_an_ignored_one_of_the_same_miner(
    hass: HomeAssistant, ignored_first: bool, others: int
) -> None:
    mac = "c6:07:20:00:11:22"
    ignored = MockConfigEntry(domain=DOMAIN, unique_id=mac, source=SOURCE_IGNORE)
    entry = MockConfigEntry(domain=DOMAIN, unique_id=mac)
    for number in range(others):
        MockConfigEntry(domain=DOMAIN, unique_id=str(number)).add_to_hass(hass)
    for each in (ignored, entry) if ignored_first else (entry, ignored):
        each.add_to_hass(hass)
    assert entry_for_mac(hass, mac) is entry

    await hass.config_entries.async_remove(entry.entry_id)
    assert entry_for_mac(hass, mac) is None
    await hass.config_entries.async_remove(ignored.entry_id)
    assert entry_for_mac(hass, mac) is None


async def test_a_miner_that_gets_another_firmware_is_left_in_peace(
    fleet: Fleet, ada: Owned
) -> None:
    with ada.coordinator.client.exclusive():
        await fleet.clock.next_poll(2)
        assert not ada.is_available
        ada.miner.requests.clear()

        scan = await async_scan([fleet.network], skip=hosts_in_use(fleet.hass))

        assert scan.miners == []
    assert ada.miner.requests == []
