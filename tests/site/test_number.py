"""The numbers of a site: the power budget, and the limits of the price."""

import pytest

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from tests import fails_with
from tests.fleet import Fleet, Owned

from . import add_site
from .planned import (
    LIMITS,
    LOW,
    PRICE,
    budgeted,
    looked,
    planned,
    set_number,
    set_price,
)

pytestmark = pytest.mark.usefixtures("hass_storage", "ada")


def shown(hass: HomeAssistant, entity_id: str) -> str | None:
    """Return the state of an entity, None if there is none."""
    state = hass.states.get(entity_id)
    return state.state if state else None


async def test_a_budget_is_there_always_and_unknown_until_it_is_set(
    fleet: Fleet,
) -> None:
    site = await add_site(fleet)
    assert site.shown("power_budget", "number") == "unknown"
    assert shown(fleet.hass, "number.shed_stop_above") is None

    await budgeted(site, 2500)
    assert site.shown("power_budget", "number") == "2500.0"
    attributes = site.attributes("power_budget", "number")
    assert attributes["unit_of_measurement"] == "W"
    assert attributes["min"] == 0


@pytest.mark.parametrize("watts", [-1, 1e9, float("nan"), float("inf")])
async def test_a_budget_that_makes_no_sense_is_refused(
    fleet: Fleet, watts: float
) -> None:
    site = await add_site(fleet)
    with pytest.raises(ServiceValidationError):
        await set_number(site, "power_budget", watts)

    assert site.shown("power_budget", "number") == "unknown"


async def test_a_limit_that_is_no_number_is_refused(fleet: Fleet) -> None:
    site = await planned(fleet, **LIMITS)
    with fails_with("invalid_value", ServiceValidationError):
        await set_number(site, "stop_above", float("nan"))

    assert site.shown("stop_above", "number") == "0.3"


async def test_the_limits_come_and_go_with_the_price(fleet: Fleet) -> None:
    site = await planned(fleet)
    for entity, there in ((PRICE, True), (None, False), (PRICE, True)):
        options = {"all_miners": True, "follow_plan": True}
        if entity:
            options |= LIMITS
        fleet.hass.config_entries.async_update_entry(site.entry, options=options)
        site.coordinator.async_apply_options()
        await looked(site)
        for name, value in (("stop_above", "0.3"), ("start_up_to", "0.2")):
            expected = value if there else None
            assert shown(fleet.hass, f"number.shed_{name}") == expected


async def test_a_limit_has_the_unit_of_the_price(fleet: Fleet) -> None:
    site = await planned(fleet, **LIMITS)
    assert "unit_of_measurement" not in site.attributes("stop_above", "number")
    set_price(fleet.hass, 25, "ct/kWh")
    await looked(site)
    attributes = site.attributes("stop_above", "number")
    assert attributes["unit_of_measurement"] == "ct/kWh"

    await set_number(site, "stop_above", 30)
    set_price(fleet.hass, "unavailable", None)
    await looked(site)
    attributes = site.attributes("stop_above", "number")
    assert attributes["unit_of_measurement"] == "ct/kWh"


async def test_a_negative_price_is_a_limit_as_well(fleet: Fleet, ada: Owned) -> None:
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **LIMITS)
    await set_number(site, "start_below", -0.05)
    await looked(site)

    assert site.entry.options["start_below"] == -0.05


async def test_no_limit_is_set_in_another_unit_than_the_other(fleet: Fleet) -> None:
    set_price(fleet.hass, 10, "ct/kWh")
    site = await planned(fleet, **LIMITS, price_unit="EUR/kWh")

    with fails_with("limits_in_other_unit", ServiceValidationError):
        await set_number(site, "stop_above", 30)
