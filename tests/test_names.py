"""A miner or a site is called as its owner calls its device."""

import pytest

from custom_components.whatsminer.names import owner_name
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


async def test_a_miner_is_called_as_its_device(fleet: Fleet, ada: Owned) -> None:
    assert owner_name(ada.entry) == "Ada"

    rename(fleet.hass, ada.coordinator.device_id, "Garage miner")
    assert owner_name(ada.entry) == "Garage miner"

    rename(fleet.hass, ada.coordinator.device_id, None)
    assert owner_name(ada.entry) == "Ada"


async def test_an_error_calls_a_miner_as_its_device(fleet: Fleet, ada: Owned) -> None:
    rename(fleet.hass, ada.coordinator.device_id, "Garage miner")
    ada.miner.misbehave("power_off", Refused(45))

    with pytest.raises(HomeAssistantError) as error:
        await act(fleet.hass, "switch.turn_off", ada.entity_id("switch"))

    assert error.value.translation_placeholders is not None
    assert error.value.translation_placeholders["miner"] == "Garage miner"


async def test_a_dialogue_calls_a_miner_as_its_device(fleet: Fleet, ada: Owned) -> None:
    rename(fleet.hass, ada.coordinator.device_id, "Garage miner")
    flows = fleet.hass.config_entries.options

    menu = await flows.async_init(ada.entry.entry_id)
    assert menu["description_placeholders"] == {"miner": "Garage miner"}
    form = await flows.async_configure(menu["flow_id"], {"next_step_id": "firmware"})
    assert form["description_placeholders"] == {"miner": "Garage miner"}
    flows.async_abort(form["flow_id"])


async def test_a_site_is_called_as_its_device(fleet: Fleet, ada: Owned) -> None:
    site = await add_site(fleet, "Shed", **ALL)

    rename(fleet.hass, device_of(fleet.hass, site.entry).id, "Barn")

    assert (owner_name(site.entry), owner_name(ada.entry)) == ("Barn", "Ada")


async def test_a_hashboard_has_a_name_of_its_own(fleet: Fleet, ada: Owned) -> None:
    devices = dr.async_get(fleet.hass)
    board, *_ = dr.async_child_entries_for_config_entry(devices, ada.entry.entry_id)

    devices.async_update_child_device(board.id, name_by_user="Hot one")

    assert owner_name(ada.entry) == "Ada"
