"""The form for the plan of a site."""

from typing import Any

import pytest

from custom_components.whatsminer.plan_form import PLAN_KEYS, PLAN_SCHEMA
from custom_components.whatsminer.site.plan_options import DEFAULTS, PlanOptions
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.data_entry_flow import FlowResultType, InvalidData

from .fleet import Fleet, Owned
from .site import Site, add_site
from .site.planned import PRICE, set_price

SECTIONS = ["price", "more_price", "budget", "stopping", "times"]
# What a form sends in which nothing was changed, but that the plan is to be followed.
UNCHANGED: dict[str, Any] = PLAN_SCHEMA(
    {"follow_plan": True, **{name: {} for name in SECTIONS}}
)


@pytest.fixture
async def site(fleet: Fleet, ada: Owned) -> Site:
    """A site that follows a price."""
    return await add_site(
        fleet,
        all_miners=True,
        hash_price=50.0,
        follow_plan=True,
        price_entity=PRICE,
        stop_above=0.3,
        minutes_on=45,
    )


async def opened(site: Site) -> ConfigFlowResult:
    """Open the form."""
    flows = site.hass.config_entries.options
    menu = await flows.async_init(site.entry.entry_id)
    form = await flows.async_configure(menu["flow_id"], {"next_step_id": "plan"})
    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == "plan"
    assert not form["errors"]
    return form


def by_section(given: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return fields by the section that they are in."""
    found: dict[str, dict[str, Any]] = {name: {} for name in SECTIONS}
    for key, value in given.items():
        (name,) = [
            str(name)
            for name, section in PLAN_SCHEMA.schema.items()
            if name in SECTIONS and key in section.schema.schema
        ]
        found[name][key] = value
    return found


async def submitted(
    site: Site, form: ConfigFlowResult | None = None, **changed: Any
) -> ConfigFlowResult:
    """Submit the form, with some fields changed by their section."""
    form = form or await opened(site)
    data = {name: UNCHANGED[name] | changed.get(name, {}) for name in SECTIONS} | {
        "follow_plan": changed.get("follow_plan", True)
    }
    result = await site.hass.config_entries.options.async_configure(
        form["flow_id"], data
    )
    await site.settle()
    return result


def shown(form: ConfigFlowResult) -> dict[str, Any]:
    """Return what a form shows in its fields."""
    assert form["data_schema"] is not None
    return {
        str(field): field.description["suggested_value"]
        for name, section in form["data_schema"].schema.items()
        if name != "follow_plan"
        for field in section.schema.schema
        if field.description
    }


async def test_the_form_shows_what_there_is(site: Site) -> None:
    form = await opened(site)

    assert list(form["data_schema"].schema) == ["follow_plan", *SECTIONS]  # type: ignore[union-attr]
    assert shown(form) == {"price_entity": PRICE, "stop_above": 0.3, "minutes_on": 45}


def test_what_is_left_as_it_is_means_the_defaults() -> None:
    given = {key: value for name in SECTIONS for key, value in UNCHANGED[name].items()}
    assert given == DEFAULTS
    assert PlanOptions.of(given) == PlanOptions()
    assert DEFAULTS.keys() <= PLAN_KEYS


async def test_what_is_entered_takes_the_place_of_all_that_was_there(
    site: Site,
) -> None:
    set_price(site.hass, 25, "ct/kWh")
    result = await submitted(
        site, price={"price_entity": PRICE, "stop_above": 30, "start_below": 20}
    )

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert site.entry.options == {
        "all_miners": True,
        "hash_price": 50.0,
        "follow_plan": True,
        **DEFAULTS,
        "price_entity": PRICE,
        "price_unit": "ct/kWh",
        "stop_above": 30,
        "start_below": 20,
    }
    assert site.shown("stop_above", "number") == "30.0"
    attributes = site.attributes("stop_above", "number")
    assert attributes["unit_of_measurement"] == "ct/kWh"


async def test_break_even_prices_need_a_price(site: Site) -> None:
    result = await submitted(site, more_price={"use_break_even": True})
    assert result["errors"] == {"base": "limits_without_price"}


async def test_the_plan_is_followed_from_the_form_on(site: Site) -> None:
    await submitted(site, follow_plan=False)
    assert site.shown("plan") == "not_following"
    assert site.shown("follow_plan", "switch") == "off"

    await submitted(site, follow_plan=True)
    assert site.shown("plan") == "nothing_to_do"
    assert site.shown("follow_plan", "switch") == "on"


async def test_without_a_limit_no_unit_is_remembered(site: Site) -> None:
    set_price(site.hass, 25, "ct/kWh")
    await submitted(
        site, price={"price_entity": PRICE}, more_price={"use_break_even": True}
    )

    assert "price_unit" not in site.entry.options


async def test_without_a_price_its_numbers_are_gone(site: Site) -> None:
    assert site.hass.states.get("number.shed_stop_above") is not None
    await submitted(site)

    assert site.hass.states.get("number.shed_stop_above") is None
    assert "price_unit" not in site.entry.options
    assert site.entry.options["follow_plan"] is True


@pytest.mark.parametrize(
    ("price", "error"),
    [
        (
            {"price_entity": PRICE, "stop_above": 0.2, "start_below": 0.3},
            "limits_crossed",
        ),
        ({"stop_above": 0.2}, "limits_without_price"),
        ({"start_below": 0.2}, "limits_without_price"),
        ({"price_entity": PRICE}, "price_without_limits"),
    ],
)
async def test_what_is_wrong_is_said_and_can_be_mended(
    site: Site, price: dict[str, Any], error: str
) -> None:
    form = await submitted(site, None, **by_section(price))

    assert form["errors"] == {"base": error}
    assert site.entry.options["stop_above"] == 0.3
    assert price.items() <= shown(form).items()
    mended = {"cheap_entity": "binary_sensor.cheap"}
    result = await submitted(site, form, more_price=mended)
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    "price",
    [
        {},
        {"price_entity": PRICE, "stop_above": 0},
        {"price_entity": PRICE, "start_below": -0.1},
        {"price_entity": PRICE, "stop_above": 0.2, "start_below": 0.2},
        {"price_entity": PRICE, "use_break_even": True},
        {"price_entity": PRICE, "cheap_entity": "schedule.night"},
        {"cheap_entity": "input_boolean.cheap"},
    ],
)
async def test_a_price_a_cheap_now_both_or_neither_can_be_given(
    site: Site, price: dict[str, Any]
) -> None:
    result = await submitted(site, None, **by_section(price))

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert price.items() <= site.entry.options.items()


@pytest.mark.parametrize(
    ("section", "wrong"),
    [
        ("price", {"price_entity": "light.kitchen"}),
        ("more_price", {"cheap_entity": "sensor.price"}),
        ("more_price", {"price_unknown": "guess"}),
        ("price", {"stop_above": "much"}),
        ("stopping", {"lowest_percent": 101}),
        ("stopping", {"stop_by": "hammer"}),
        ("budget", {"ramp": 0}),
        ("budget", {"budget_zero": "keep"}),
        ("times", {"minutes_on": -1}),
        ("times", {"manual_hours": 0}),
    ],
)
async def test_what_makes_no_sense_cannot_be_entered(
    site: Site, section: str, wrong: dict[str, Any]
) -> None:
    with pytest.raises(InvalidData):
        await submitted(site, None, **{section: wrong})
