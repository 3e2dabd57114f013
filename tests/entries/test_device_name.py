"""A miner or a site is called as its owner calls its device."""

import pytest

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from simulator import Refused
from tests import act, device_of
from tests.fleet import Fleet, Owned
from tests.site import ALL, add_site


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """Hashboards, which are devices as well, have sensors."""
    return (Platform.SWITCH, Platform.SENSOR)


@pytest.fixture
async def ada(fleet: Fleet) -> Owned:
    """A miner that is set up."""
    ada = await fleet.know("Ada")
    await fleet.set_up(ada)
    return ada


def rename(hass: HomeAssistant, device_id: str, name: str | None) -> None:
    """Rename a device, as its owner does on its page."""
    dr.async_get(hass).async_update_device(device_id, name_by_user=name)


async def test_an_error_calls_a_miner_as_its_device(fleet: Fleet, ada: Owned) -> None:
    switch = ada.entity_id("switch")
    rename(fleet.hass, ada.coordinator.device_id, "Garage miner")
    assert ada.entry.title == "Garage miner"

    ada.miner.misbehave("power_off", Refused(45))
    with pytest.raises(HomeAssistantError) as error:
        await act(fleet.hass, "switch.turn_off", switch)
    assert error.value.translation_placeholders is not None
    assert error.value.translation_placeholders["miner"] == "Garage miner"


async def test_a_miner_that_is_not_set_up_is_renamed_as_well(
    fleet: Fleet, ada: Owned
) -> None:
    device_id = ada.coordinator.device_id
    await fleet.hass.config_entries.async_unload(ada.entry.entry_id)

    rename(fleet.hass, device_id, "Garage miner")

    assert ada.entry.title == "Garage miner"


async def test_a_site_is_renamed_with_its_device(fleet: Fleet, ada: Owned) -> None:
    site = await add_site(fleet, "Shed", **ALL)

    rename(fleet.hass, device_of(fleet.hass, site.entry).id, "Barn")
    await fleet.settle()

    assert (site.entry.title, ada.entry.title) == ("Barn", "Ada")


async def test_a_hashboard_has_a_name_of_its_own(fleet: Fleet, ada: Owned) -> None:
    devices = dr.async_get(fleet.hass)
    board, *_ = dr.async_child_entries_for_config_entry(devices, ada.entry.entry_id)

    devices.async_update_child_device(board.id, name_by_user="Hot one")

    assert ada.entry.title == "Ada"


async def test_the_last_name_counts_whether_of_the_device_or_of_the_entry(
    fleet: Fleet, ada: Owned
) -> None:
    rename(fleet.hass, ada.coordinator.device_id, "Garage miner")
    fleet.hass.config_entries.async_update_entry(ada.entry, title="Heater")
    await fleet.reload(ada)
    assert ada.entry.title == "Heater"

    rename(fleet.hass, ada.coordinator.device_id, None)
    assert ada.entry.title == "Heater"


async def test_a_device_that_was_renamed_before_names_its_entry(
    fleet: Fleet, ada: Owned
) -> None:
    """Earlier versions kept the title."""
    entries = fleet.hass.config_entries
    rename(fleet.hass, ada.coordinator.device_id, "Garage miner")
    await entries.async_unload(ada.entry.entry_id)
    entries.async_update_entry(ada.entry, title="M30S+ VE40 1234", minor_version=1)

    assert await entries.async_setup(ada.entry.entry_id)

    assert ada.entry.title == "Garage miner"
    assert ada.entry.minor_version == 2
