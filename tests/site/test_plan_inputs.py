"""The price, "cheap now" and the power budget, as they are read, and when they are unknown."""

from datetime import datetime, timedelta

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.site.decision import Inputs
from custom_components.whatsminer.site.memory import SiteMemory
from custom_components.whatsminer.site.plan_inputs import (
    PlanInputs,
    per_kilowatt_hour,
    price_unit,
)
from custom_components.whatsminer.site.plan_options import PlanOptions
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from tests.fleet import Fleet, Owned, issues

from . import site_entry
from .mining import is_mining, switched
from .planned import (
    BETWEEN,
    CHEAP,
    CHEAP_NOW,
    HIGH,
    LIMITS,
    LOW,
    PRICE,
    follow,
    looked,
    passed,
    planned,
    priced,
    reason,
    said,
    set_cheap,
    set_number,
    set_price,
)

pytestmark = pytest.mark.usefixtures("hass_storage", "no_errors")


# Units


@pytest.mark.parametrize(
    ("price", "unit"),
    [
        (0.25, "EUR/kWh"),
        (0.25, "€/kWh"),
        (0.25, "EUR / kWh"),
        (25, "ct/kWh"),
        (25, "Cent/kWh"),
        (25, "¢/kWh"),
        (25, "p/kWh"),
        (25, "öre/kWh"),
        (250, "EUR/MWh"),
        (25_000, "ct/MWh"),
        (0.25, "EUR/KWH"),
        (0.25, ""),
        (0.25, None),
    ],
)
def test_a_price_per_energy_is_one_per_kilowatt_hour(
    price: float, unit: str | None
) -> None:
    assert per_kilowatt_hour(price, unit, "EUR") == pytest.approx(0.25)


@pytest.mark.parametrize(
    "unit",
    ["EUR", "W", "kWh", "/kWh", "EUR/", "EUR/h", "EUR/kWh/h", "EUR/Wh", "SEK/kWh"],
)
def test_another_unit_is_no_price_of_energy(unit: str) -> None:
    assert per_kilowatt_hour(0.25, unit, "EUR") is None


@pytest.mark.parametrize("state", ["unknown", "unavailable", "cheap"])
async def test_a_price_without_a_number_has_no_unit(
    hass: HomeAssistant, state: str
) -> None:
    """Its entity may show one all the same."""
    set_price(hass, state)
    assert price_unit(hass, PRICE) is None
    assert price_unit(hass, None) is None
    assert price_unit(hass, "sensor.none") is None
    set_price(hass, 0.25)
    assert price_unit(hass, PRICE) == "EUR/kWh"


# Reading


class Reader:
    """Reads the inputs of a site."""

    def __init__(self, hass: HomeAssistant, **options: object) -> None:
        """Prepare; nothing is read."""
        self.entry: MockConfigEntry = site_entry("Shed", options)
        self.memory = SiteMemory(hass, self.entry.entry_id)
        self.inputs = PlanInputs(hass, self.entry, self.memory)
        self.now = dt_util.utcnow()

    def read(self) -> Inputs:
        """Read them."""
        return self.inputs.read(self.now, PlanOptions.of(self.entry.options))

    def wait(self, minutes: float) -> datetime:
        """Let time pass."""
        self.now += timedelta(minutes=minutes)
        return self.now


@pytest.mark.parametrize(
    "state",
    [None, "unknown", "unavailable", "", "cheap", "inf", "-inf", "nan", "1e400"],
)
async def test_what_is_no_number_is_unknown_since_it_is_so(
    hass: HomeAssistant, state: str | None
) -> None:
    reader = Reader(hass, price_entity=PRICE)
    since = reader.now
    if state is not None:
        set_price(hass, state)

    assert reader.read() == Inputs(price_unknown_since=since)
    reader.wait(5)
    assert reader.read().price_unknown_since == since

    set_price(hass, 0.25)
    assert reader.read() == Inputs(price=0.25, price_per_kwh=0.25)
    set_price(hass, "unknown")
    later = reader.wait(5)
    assert reader.read().price_unknown_since == later


async def test_cheap_now_is_unknown_without_its_entity(hass: HomeAssistant) -> None:
    reader = Reader(hass, cheap_entity=CHEAP)
    since = reader.now
    assert reader.read() == Inputs(price_unknown_since=since)
    set_cheap(hass, "unavailable")
    assert reader.read().cheap is None
    set_cheap(hass, "off")
    assert reader.read() == Inputs(cheap=False)


async def test_cheap_now_is_what_has_to_be_known_of_both(hass: HomeAssistant) -> None:
    reader = Reader(hass, cheap_entity=CHEAP, price_entity=PRICE)
    set_cheap(hass, "on")
    assert reader.read() == Inputs(cheap=True)
    set_price(hass, 0.1)
    set_cheap(hass, "unknown")
    assert reader.read().price_unknown_since == reader.now


async def test_a_price_in_another_unit_than_its_limits_is_unknown(
    hass: HomeAssistant,
) -> None:
    reader = Reader(hass, price_entity=PRICE, price_unit="EUR/kWh")
    set_price(hass, 25, "ct/kWh")

    assert reader.inputs.has_other_unit
    assert reader.read() == Inputs(price_unknown_since=reader.now)
    set_price(hass, "unavailable", None)
    assert not reader.inputs.has_other_unit


async def test_a_budget_expires(hass: HomeAssistant) -> None:
    reader = Reader(hass, budget_expires=30)
    assert reader.read() == Inputs()
    reader.inputs.set_budget(2500)
    reader.wait(29)
    assert reader.read() == Inputs(budget=2500)
    end = reader.wait(1)
    assert reader.read() == Inputs(budget_unknown_since=end)
    reader.wait(60)
    assert reader.read() == Inputs(budget_unknown_since=end)


async def test_a_budget_from_a_clock_that_was_fast_counts_from_now(
    hass: HomeAssistant,
) -> None:
    reader = Reader(hass, budget_expires=30)
    reader.inputs.set_budget(2500)
    reader.wait(-600)
    assert reader.read() == Inputs(budget=2500)


async def test_without_an_end_a_budget_counts_until_it_is_changed(
    hass: HomeAssistant,
) -> None:
    reader = Reader(hass)
    reader.inputs.set_budget(0)
    reader.wait(1_000_000)
    assert reader.read() == Inputs(budget=0)


# What a site makes of it


@pytest.mark.parametrize(
    ("unknown", "mines", "expected"),
    [
        ("keep", True, "price_unknown"),
        ("stop", False, "price_unknown_stop"),
        ("mine", True, "price_unknown_mine"),
    ],
)
@pytest.mark.parametrize("state", [None, "text", "nan"])
async def test_a_site_does_what_its_options_say_when_its_price_is_gone(
    fleet: Fleet,
    ada: Owned,
    unknown: str,
    mines: bool,
    expected: str,
    state: str | None,
) -> None:
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **LIMITS, price_unknown=unknown)
    if state is None:
        fleet.hass.states.async_remove(PRICE)
    else:
        set_price(fleet.hass, state)
    await passed(site, 13 * 60)
    assert is_mining(ada)
    assert reason(site, ada) == "price_unknown"
    assert site.shown("plan") == "input_unknown"
    await passed(site, 3 * 60)

    assert reason(site, ada) == expected
    assert is_mining(ada) is mines
    await priced(site, HIGH)
    assert not is_mining(ada)


async def test_another_unit_is_an_issue_until_it_is_settled(
    fleet: Fleet, ada: Owned
) -> None:
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **LIMITS)
    await set_number(site, "stop_above", 0.35)
    assert site.entry.options["price_unit"] == "EUR/kWh"

    set_price(fleet.hass, 40, "ct/kWh")
    await looked(site)
    (issue,) = issues(fleet.hass)
    assert issue.translation_key == "plan_unit"
    assert issue.translation_placeholders == {
        "miner": "Shed",
        "site": "Shed",
        "entity": PRICE,
        "unit": r"ct\/kWh",
        "unit_of_limits": r"EUR\/kWh",
    }
    assert is_mining(ada)
    assert site.shown("plan") == "input_unknown"

    await priced(site, HIGH)
    assert issues(fleet.hass) == []
    assert not is_mining(ada)


@pytest.mark.parametrize("way", ["not followed", "unloaded"])
async def test_the_issue_of_another_unit_goes_with_the_plan(
    fleet: Fleet, ada: Owned, way: str
) -> None:
    set_price(fleet.hass, LOW, "ct/kWh")
    site = await planned(fleet, **LIMITS, price_unit="EUR/kWh")
    assert len(issues(fleet.hass)) == 1
    if way == "unloaded":
        await fleet.hass.config_entries.async_unload(site.entry.entry_id)
    else:
        await follow(site, on=False)

    assert issues(fleet.hass) == []


@pytest.mark.parametrize(
    ("unit", "factor"), [("EUR/kWh", 1), ("ct/kWh", 100), ("EUR/MWh", 1000)]
)
async def test_break_even_prices_are_compared_in_any_unit(
    fleet: Fleet, ada: Owned, unit: str, factor: float
) -> None:
    set_price(fleet.hass, 0.01 * factor, unit)
    site = await planned(
        fleet,
        price_entity=PRICE,
        use_break_even=True,
        hash_price=50.0,
        minutes_on=0,
        minutes_off=0,
    )
    assert reason(site, ada) == "below_break_even"
    price = float(site.shown("break_even_price"))

    set_price(fleet.hass, (price + 0.001) * factor, unit)
    await looked(site)
    assert reason(site, ada) == "above_break_even"
    assert not is_mining(ada)
    set_price(fleet.hass, (price - 0.011) * factor, unit)
    await looked(site)
    assert is_mining(ada)


async def test_a_price_of_no_energy_is_compared_with_the_limits_only(
    fleet: Fleet, ada: Owned
) -> None:
    set_price(fleet.hass, HIGH, "points")
    site = await planned(fleet, **LIMITS, use_break_even=True, hash_price=50.0)

    assert reason(site, ada) == "expensive"


async def test_other_entities_count_at_once(fleet: Fleet, ada: Owned) -> None:
    """The options change while the site follows its plan."""
    set_price(fleet.hass, HIGH)
    set_cheap(fleet.hass, "on")
    site = await planned(fleet, **LIMITS)
    assert not is_mining(ada)
    options = {"all_miners": True, "follow_plan": True, **CHEAP_NOW}
    fleet.hass.config_entries.async_update_entry(site.entry, options=options)
    site.coordinator.async_apply_options()
    await looked(site)
    assert is_mining(ada)

    set_price(fleet.hass, BETWEEN)
    set_cheap(fleet.hass, "off")
    await looked(site)
    assert not is_mining(ada)
    assert said(site, ada)["text"] == "Off: Cheap hours is off"


async def test_options_that_are_removed_end_the_plan(fleet: Fleet, ada: Owned) -> None:
    set_price(fleet.hass, HIGH)
    site = await planned(fleet, **LIMITS)
    options = {"all_miners": True, "follow_plan": True}
    fleet.hass.config_entries.async_update_entry(site.entry, options=options)
    site.coordinator.async_apply_options()
    await passed(site, 120)

    assert site.shown("plan") == "nothing_to_do"
    assert switched(ada) == ["power_off"]
    assert site.hass.states.get("number.shed_stop_above") is None
