"""The dialogue that adds a site, and the ones that change it."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.const import DOMAIN
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import area_registry as ar, device_registry as dr

from . import device_of
from .config_flow import fields_of, fill_in
from .fleet import Fleet, Owned
from .site import Site, add_site, site_entry

FIELDS = {"name", "all_miners", "miners", "areas", "labels"}


async def begin(hass: HomeAssistant) -> ConfigFlowResult:
    """Choose the site in the menu, and return the form."""
    menu = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert menu["menu_options"] == ["scan", "manual", "site"]
    form = await fill_in(hass, menu, {"next_step_id": "site"})
    check_form(form, "site")
    return form


def check_form(form: ConfigFlowResult, step: str) -> None:
    """Check that a form is shown without errors."""
    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == step
    assert not form["errors"]
    assert fields_of(form) == FIELDS


def suggested(form: ConfigFlowResult) -> dict[str, Any]:
    """Return what a form shows in its fields."""
    assert form["data_schema"] is not None
    return {
        str(field): field.description["suggested_value"]
        for field in form["data_schema"].schema
        if field.description
    }


def choices(form: ConfigFlowResult) -> dict[str, str]:
    """Return the miners that can be chosen, by the ids of their entries."""
    assert form["data_schema"] is not None
    selector = form["data_schema"].schema["miners"]
    return {each["value"]: each["label"] for each in selector.config["options"]}


# Adding


async def test_without_a_miner_there_is_no_site_to_add(hass: HomeAssistant) -> None:
    menu = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )

    assert menu["menu_options"] == ["scan", "manual"]


async def test_a_site_of_all_miners_is_added(hass: HomeAssistant, ada: Owned) -> None:
    result = await fill_in(
        hass, await begin(hass), {"name": " All miners ", "all_miners": True}
    )

    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry = result["result"]
    assert entry.title == "All miners"
    assert entry.data == {"kind": "site"}
    assert entry.options == {"all_miners": True}
    assert entry.unique_id is None
    assert entry.version == 4
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert set(entry.runtime_data.members) == {ada.entry.entry_id}
    assert hass.states.get("sensor.all_miners_hash_rate")


async def test_a_site_of_chosen_miners_is_added(
    hass: HomeAssistant, ada: Owned, bea: Owned, area_registry: ar.AreaRegistry
) -> None:
    shed = area_registry.async_create("Shed").id
    chosen = {"miners": [bea.entry.entry_id], "areas": [shed], "labels": ["solar"]}

    result = await fill_in(
        hass,
        await begin(hass),
        {"name": "Shed", "all_miners": False, **chosen},
    )

    entry = result["result"]
    assert entry.options == {"all_miners": False, **chosen}
    await hass.async_block_till_done()
    assert set(entry.runtime_data.members) == {bea.entry.entry_id}


async def test_miners_are_listed_by_their_names_and_addresses(
    hass: HomeAssistant, ada: Owned, bea: Owned, device_registry: dr.DeviceRegistry
) -> None:
    """A miner is called as its owner calls its device."""
    device = device_of(hass, ada.entry)
    device_registry.async_update_device(device.id, name_by_user="Zoe")

    assert list(choices(await begin(hass)).items()) == [
        (bea.entry.entry_id, f"Bea ({bea.miner.host})"),
        (ada.entry.entry_id, f"Zoe ({ada.miner.host})"),
    ]


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({"all_miners": False}, {"all_miners": "no_miners_chosen"}),
        ({"all_miners": False, "miners": []}, {"all_miners": "no_miners_chosen"}),
        ({"all_miners": True, "labels": ["x"]}, {"all_miners": "all_and_chosen"}),
        ({"name": "  "}, {"name": "invalid_name"}),
        ({"name": "x" * 101}, {"name": "invalid_name"}),
        (
            {"name": "", "all_miners": False},
            {"name": "invalid_name", "all_miners": "no_miners_chosen"},
        ),
    ],
)
async def test_what_is_wrong_is_said_and_can_be_mended(
    hass: HomeAssistant, ada: Owned, given: dict[str, Any], errors: dict[str, str]
) -> None:
    data = {"name": "Shed", "all_miners": True, **given}

    form = await fill_in(hass, await begin(hass), data)

    assert form["type"] is FlowResultType.FORM
    assert form["errors"] == errors
    assert suggested(form)["name"] == data["name"]
    result = await fill_in(hass, form, {"name": "Shed", "all_miners": True})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_what_is_no_miner_cannot_be_chosen(
    hass: HomeAssistant, ada: Owned, fleet: Fleet
) -> None:
    site = await add_site(fleet)
    data = {"name": "Two", "all_miners": False, "miners": [site.entry.entry_id]}

    with pytest.raises(InvalidData):
        await fill_in(hass, await begin(hass), data)


# Changing


@pytest.fixture
async def site(fleet: Fleet, ada: Owned, bea: Owned) -> Site:
    """A site with one of two miners, and a hash price."""
    return await add_site(
        fleet, all_miners=False, miners=[ada.entry.entry_id], hash_price=50.0
    )


async def open_options(site: Site, step: str) -> ConfigFlowResult:
    """Choose something in the options of a site, and return the form."""
    flows = site.hass.config_entries.options
    menu = await flows.async_init(site.entry.entry_id)
    assert menu["type"] is FlowResultType.MENU
    assert menu["menu_options"] == ["members", "plan", "hash_price"]
    return await flows.async_configure(menu["flow_id"], {"next_step_id": step})


async def submit(
    site: Site, form: ConfigFlowResult, data: dict[str, Any]
) -> ConfigFlowResult:
    """Submit a form of the options."""
    result = await site.hass.config_entries.options.async_configure(
        form["flow_id"], data
    )
    await site.settle()
    return result


async def check_changed(site: Site, bea: Owned, *, device_id: str) -> None:
    """Check that the site has the other miner and another name, without a reload."""
    assert site.entry.title == "Roof"
    assert site.entry.options == {
        "all_miners": False,
        "miners": [bea.entry.entry_id],
        "hash_price": 50.0,
    }
    assert set(site.coordinator.members) == {bea.entry.entry_id}
    device = device_of(site.hass, site.entry)
    assert (device.id, device.name) == (device_id, "Roof")


@pytest.mark.parametrize("way", ["options", "reconfigure"])
async def test_name_and_miners_are_changed(site: Site, bea: Owned, way: str) -> None:
    """In the options, and with Reconfigure in the menu of the entry."""
    coordinator, device_id = site.coordinator, device_of(site.hass, site.entry).id
    data = {"name": "Roof", "all_miners": False, "miners": [bea.entry.entry_id]}
    if way == "options":
        form = await open_options(site, "members")
        check_form(form, "members")
        result = await submit(site, form, data)
        assert result["type"] is FlowResultType.CREATE_ENTRY
    else:
        form = await site.entry.start_reconfigure_flow(site.hass)
        check_form(form, "reconfigure_site")
        assert suggested(form)["name"] == "Shed"
        result = await fill_in(site.hass, form, data)
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "site_changed"
        await site.settle()

    await check_changed(site, bea, device_id=device_id)
    assert site.coordinator is coordinator


@pytest.mark.parametrize("way", ["options", "reconfigure"])
async def test_a_wrong_change_is_not_made(site: Site, way: str) -> None:
    data = {"name": "Roof", "all_miners": False}
    if way == "options":
        form = await submit(site, await open_options(site, "members"), data)
    else:
        form = await site.entry.start_reconfigure_flow(site.hass)
        form = await fill_in(site.hass, form, data)

    assert form["errors"] == {"all_miners": "no_miners_chosen"}
    assert site.entry.title == "Shed"


async def test_a_change_of_all_to_some_forgets_nothing_else(site: Site) -> None:
    form = await open_options(site, "members")

    await submit(site, form, {"name": "Shed", "all_miners": True})

    assert site.entry.options == {"all_miners": True, "hash_price": 50.0}
    assert len(site.coordinator.members) == 2


async def test_a_miner_that_was_removed_is_no_longer_chosen(
    site: Site, ada: Owned, bea: Owned
) -> None:
    await ada.remove()

    form = await open_options(site, "members")

    assert list(choices(form)) == [bea.entry.entry_id]
    assert suggested(form)["miners"] == []


async def test_the_hash_price_is_changed(site: Site) -> None:
    form = await open_options(site, "hash_price")
    assert suggested(form)["hash_price"] == 50.0

    result = await submit(
        site, form, {"hash_price": 0.2, "hash_price_unit": "per_terahash"}
    )

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert site.entry.options["hash_price"] == 0.2
    assert site.entry.options["hash_price_unit"] == "per_terahash"
    assert site.entry.options["all_miners"] is False


async def test_the_hash_price_is_removed(site: Site) -> None:
    form = await open_options(site, "hash_price")

    await submit(site, form, {"hash_price_unit": "per_petahash"})

    assert "hash_price" not in site.entry.options
    assert not site.has("break_even_price")


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({"hash_price": 0}, {"hash_price": "hash_price_invalid"}),
        ({"hash_price": float("nan")}, {"hash_price": "hash_price_invalid"}),
        (
            {"hash_price": 50, "hash_price_entity": "sensor.hash_price"},
            {"hash_price_entity": "hash_price_twice"},
        ),
    ],
)
async def test_a_wrong_hash_price_is_refused(
    site: Site, given: dict[str, Any], errors: dict[str, str]
) -> None:
    form = await open_options(site, "hash_price")

    form = await submit(site, form, {"hash_price_unit": "per_petahash", **given})

    assert form["errors"] == errors
    assert site.entry.options["hash_price"] == 50.0


@pytest.mark.parametrize("step", ["members", "plan", "hash_price"])
async def test_the_options_of_a_removed_site_end(site: Site, step: str) -> None:
    flows = site.hass.config_entries.options
    menu = await flows.async_init(site.entry.entry_id)
    await site.hass.config_entries.async_remove(site.entry.entry_id)

    result = await flows.async_configure(menu["flow_id"], {"next_step_id": step})

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "site_removed"


async def test_reconfigure_of_a_removed_site_ends(site: Site) -> None:
    """The site was removed while the form was open."""
    form = await site.entry.start_reconfigure_flow(site.hass)
    await site.hass.config_entries.async_remove(site.entry.entry_id)

    result = await fill_in(site.hass, form, {"name": "Roof", "all_miners": True})

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "site_removed"


async def test_a_site_that_is_not_loaded_can_be_changed(site: Site) -> None:
    await site.hass.config_entries.async_unload(site.entry.entry_id)

    form = await open_options(site, "members")
    await submit(site, form, {"name": "Roof", "all_miners": True})

    assert site.entry.title == "Roof"


async def test_a_site_that_was_never_set_up_can_be_changed(
    fleet: Fleet, ada: Owned
) -> None:
    """It has no device yet whose name could change."""
    site = Site(fleet, site_entry("Shed", {"all_miners": True}))
    site.entry.add_to_hass(fleet.hass)

    form = await open_options(site, "members")
    await submit(site, form, {"name": "Roof", "all_miners": True})

    assert site.entry.title == "Roof"


async def test_the_dialogues_of_miners_know_no_sites(
    site: Site, ada: Owned, hass: HomeAssistant
) -> None:
    """A site has no address that a scan or a miner could be compared with."""
    other = MockConfigEntry(domain="other", title="Other")
    other.add_to_hass(hass)

    form = await hass.config_entries.options.async_init(ada.entry.entry_id)

    assert form["menu_options"] == ["preferences", "firmware"]
