"""Which miners belong to which site."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.entries.lookup import miner_entries, site_entries
from custom_components.whatsminer.entries.membership import (
    is_member,
    members_of,
    sites_of,
)
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    label_registry as lr,
)
from tests.site import ALL, site_entry

MAC = "ce:02:01:00:00:01"


@pytest.fixture
def miner(hass: HomeAssistant) -> MockConfigEntry:
    """The entry of a miner."""
    return miner_with(hass, MAC, "Ada")


def miner_with(hass: HomeAssistant, mac: str | None, title: str) -> MockConfigEntry:
    """Return the entry of a miner with a MAC address."""
    entry = MockConfigEntry(
        domain=DOMAIN, unique_id=mac, title=title, data={"host": "192.0.2.1"}
    )
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
def device(
    device_registry: dr.DeviceRegistry, miner: MockConfigEntry
) -> dr.DeviceEntry:
    """The device of the miner."""
    return device_registry.async_get_or_create(
        config_entry_id=miner.entry_id, identifiers={(DOMAIN, MAC)}, name="Ada"
    )


def add_site(hass: HomeAssistant, **options: object) -> MockConfigEntry:
    """Return the entry of a site."""
    entry = site_entry("Shed", options)
    entry.add_to_hass(hass)
    return entry


async def test_all_miners_belong_to_a_site_of_all(
    hass: HomeAssistant, miner: MockConfigEntry
) -> None:
    site = add_site(hass, **ALL)
    assert members_of(hass, site) == [miner]

    other = miner_with(hass, "ce:02:01:00:00:02", "Bea")

    assert members_of(hass, site) == [miner, other]


async def test_a_chosen_miner_belongs_to_the_site(
    hass: HomeAssistant, miner: MockConfigEntry
) -> None:
    """It need not have been set up."""
    site = add_site(hass, all_miners=False, miners=[miner.entry_id])
    other = miner_with(hass, "ce:02:01:00:00:02", "Bea")

    assert is_member(hass, site, miner)
    assert not is_member(hass, site, other)


async def test_a_miner_belongs_to_the_area_of_its_device(
    hass: HomeAssistant,
    miner: MockConfigEntry,
    device: dr.DeviceEntry,
    area_registry: ar.AreaRegistry,
    device_registry: dr.DeviceRegistry,
) -> None:
    shed, garage = (area_registry.async_create(name) for name in ("Shed", "Garage"))
    site = add_site(hass, all_miners=False, areas=[shed.id])
    assert not is_member(hass, site, miner)

    device_registry.async_update_device(device.id, area_id=shed.id)
    assert is_member(hass, site, miner)

    device_registry.async_update_device(device.id, area_id=garage.id)
    assert not is_member(hass, site, miner)


async def test_a_miner_belongs_to_the_labels_of_its_device_and_of_its_area(
    hass: HomeAssistant,
    miner: MockConfigEntry,
    device: dr.DeviceEntry,
    area_registry: ar.AreaRegistry,
    label_registry: lr.LabelRegistry,
    device_registry: dr.DeviceRegistry,
) -> None:
    solar = label_registry.async_create("Solar").label_id
    shed = area_registry.async_create("Shed")
    site = add_site(hass, all_miners=False, labels=[solar])
    device_registry.async_update_device(device.id, area_id=shed.id)
    assert not is_member(hass, site, miner)

    area_registry.async_update(shed.id, labels={solar})
    assert is_member(hass, site, miner)
    area_registry.async_update(shed.id, labels=set())
    assert not is_member(hass, site, miner)

    device_registry.async_update_device(device.id, labels={solar})
    assert is_member(hass, site, miner)
    label_registry.async_delete(solar)
    await hass.async_block_till_done()
    assert not is_member(hass, site, miner)


async def test_a_removed_area_has_no_miners(
    hass: HomeAssistant,
    miner: MockConfigEntry,
    device: dr.DeviceEntry,
    area_registry: ar.AreaRegistry,
    device_registry: dr.DeviceRegistry,
) -> None:
    shed = area_registry.async_create("Shed")
    device_registry.async_update_device(device.id, area_id=shed.id)
    site = add_site(hass, all_miners=False, areas=[shed.id])

    area_registry.async_delete(shed.id)
    await hass.async_block_till_done()

    assert members_of(hass, site) == []


async def test_what_is_disabled_belongs_to_no_site(
    hass: HomeAssistant,
    miner: MockConfigEntry,
    device: dr.DeviceEntry,
    device_registry: dr.DeviceRegistry,
) -> None:
    sites = [add_site(hass, **ALL), add_site(hass, miners=[miner.entry_id])]

    device_registry.async_update_device(
        device.id, disabled_by=dr.DeviceEntryDisabler.USER
    )
    assert [members_of(hass, site) for site in sites] == [[], []]

    device_registry.async_update_device(device.id, disabled_by=None)
    assert [members_of(hass, site) for site in sites] == [[miner], [miner]]
    await hass.config_entries.async_set_disabled_by(
        miner.entry_id, ConfigEntryDisabler.USER
    )
    assert [members_of(hass, site) for site in sites] == [[], []]


async def test_an_entry_that_was_not_migrated_yet_can_be_a_member(
    hass: HomeAssistant,
) -> None:
    old = miner_with(hass, None, "Old")
    site = add_site(hass, **ALL)

    assert members_of(hass, site) == [old]
    assert not is_member(hass, add_site(hass, areas=["shed"]), old)


async def test_a_site_is_no_miner(hass: HomeAssistant, miner: MockConfigEntry) -> None:
    site = add_site(hass, **ALL)

    assert miner_entries(hass) == [miner]
    assert site_entries(hass) == [site]


async def test_the_sites_of_a_miner_come_in_the_order_of_their_age(
    hass: HomeAssistant, miner: MockConfigEntry
) -> None:
    first = add_site(hass, **ALL)
    add_site(hass, all_miners=False, miners=["another"])
    last = add_site(hass, miners=[miner.entry_id])
    assert sites_of(hass, miner) == [first, last]

    await hass.config_entries.async_set_disabled_by(
        first.entry_id, ConfigEntryDisabler.USER
    )
    assert sites_of(hass, miner) == [last]
