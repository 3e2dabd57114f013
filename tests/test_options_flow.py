"""Options flow: preferences."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import get_schema_suggested_value

from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from simulator import SimulatedMiner

from . import ACCEPTED_ONLY, JOINED, Clock, act, names_of, set_number, shown
from .config_flow import check_aborted
from .options_flow import OptionsFlow
from .texts import TEXTS, placeholders

DEFAULTS = {
    "poll_interval": 30,
    "percent_method": "normal",
    "hash_price_unit": "per_petahash",
    "protocol": "automatic",
}


def filled_in(form: ConfigFlowResult) -> dict[str, Any]:
    """Return the defaults of the form."""
    assert form["data_schema"] is not None
    defaults: dict[str, Any] = form["data_schema"]({})
    return defaults | {key: value for key, value in offered(form).items() if value}


def offered(form: ConfigFlowResult) -> dict[str, Any]:
    """Return the suggested values of the form."""
    assert form["data_schema"] is not None
    schema = form["data_schema"].schema
    suggested = {str(key): get_schema_suggested_value(schema, key) for key in schema}
    return {key: value for key, value in suggested.items() if value is not None}


def polls(miner: SimulatedMiner) -> int:
    """Return how often the miner was polled."""
    return names_of(miner.requests).count(JOINED)


async def test_preferences_are_filled_in(flow: OptionsFlow) -> None:
    assert filled_in(await flow.preferences()) == DEFAULTS

    await flow.prefer(60, "fast")

    chosen = {**DEFAULTS, "poll_interval": 60, "percent_method": "fast"}
    assert filled_in(await flow.preferences()) == chosen
    assert flow.entry.options == chosen
    assert isinstance(flow.entry.options["poll_interval"], int)


@pytest.mark.parametrize(
    "hash_price", [{"hash_price": 47.35}, {"hash_price_entity": "sensor.hash_price"}]
)
async def test_a_hash_price_can_be_given_and_taken_away(
    flow: OptionsFlow, hash_price: dict[str, Any]
) -> None:
    await flow.prefer(**hash_price, hash_price_unit="per_terahash")

    form = await flow.preferences()
    chosen = {**DEFAULTS, "hash_price_unit": "per_terahash", **hash_price}
    assert offered(form) == flow.entry.options == chosen

    await flow.prefer()

    assert set(flow.entry.options) == set(DEFAULTS)


@pytest.mark.parametrize(
    ("hash_price", "errors"),
    [
        *(
            ({"hash_price": price}, {"hash_price": "hash_price_invalid"})
            for price in (0, -50, "nan", "inf", "-inf")
        ),
        (
            {"hash_price": 50, "hash_price_entity": "sensor.hash_price"},
            {"hash_price_entity": "hash_price_twice"},
        ),
    ],
)
async def test_a_hash_price_that_is_none_is_refused_in_words(
    flow: OptionsFlow, hash_price: dict[str, Any], errors: dict[str, str]
) -> None:
    form = await flow.preferences()
    entered = {"poll_interval": 60, "percent_method": "fast"}

    form = await flow.submit(form, {**entered, **hash_price})

    assert form["type"] is FlowResultType.FORM
    assert form["errors"] == errors
    assert flow.entry.options == {}
    assert offered(form).items() >= entered.items()
    assert set(offered(form)) >= set(hash_price)
    result = await flow.submit(form, {**entered, "hash_price": 0.05})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert flow.entry.options["hash_price"] == 0.05


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hash_price", "much"),
        ("hash_price_entity", "light.shed"),
        ("hash_price_unit", "per_exahash"),
    ],
)
async def test_a_hash_price_that_no_form_offers(
    flow: OptionsFlow, field: str, value: str
) -> None:
    form = await flow.preferences()

    with pytest.raises(InvalidData) as caught:
        await flow.submit(
            form, {"poll_interval": 60, "percent_method": "fast", field: value}
        )

    assert list(caught.value.schema_errors) == [field]
    assert flow.entry.options == {}


@pytest.mark.parametrize("interval", [10, 300])
async def test_a_polling_interval_counts_at_once(
    flow: OptionsFlow, miner: SimulatedMiner, clock: Clock, interval: int
) -> None:
    await flow.prefer(interval)
    assert polls(miner) == 1

    await clock.tick(interval - 2)
    assert polls(miner) == 1

    for times in (2, 3, 4):
        await clock.tick(interval)
        assert polls(miner) == times


async def test_a_polling_interval_outlasts_a_reload(
    flow: OptionsFlow, hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    await flow.prefer(10)
    assert await hass.config_entries.async_reload(flow.entry.entry_id)
    miner.requests.clear()

    for _ in range(3):
        await clock.tick(10)

    assert polls(miner) == 3


async def test_each_dialogue_names_its_miner(flow: OptionsFlow) -> None:
    """Those of several miners look the same otherwise."""
    menu = await flow.begin()
    assert menu["description_placeholders"] == {"miner": "Miner"}
    for step in ("preferences", "firmware"):
        form = await flow.choose(step)
        assert form["description_placeholders"] is not None
        assert form["description_placeholders"]["miner"] == "Miner"


async def test_the_form_says_which_polling_intervals_there_are(
    flow: OptionsFlow,
) -> None:
    form = await flow.preferences()

    said = form["description_placeholders"]
    assert said is not None
    assert (said["shortest"], said["longest"]) == ("10", "300")
    for texts in TEXTS.values():
        text = texts["options"]["step"]["preferences"]["data_description"]
        assert placeholders(text["poll_interval"]) == {"shortest", "longest"}


@pytest.mark.parametrize("interval", [9, 301, 0, -10])
async def test_a_polling_interval_that_is_none(
    flow: OptionsFlow, interval: int
) -> None:
    form = await flow.preferences()
    with pytest.raises(InvalidData) as caught:
        await flow.submit(form, {"poll_interval": interval, "percent_method": "fast"})
    assert list(caught.value.schema_errors) == ["poll_interval"]
    assert flow.entry.options == {}

    result = await flow.submit(form, {"poll_interval": 300, "percent_method": "fast"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert flow.entry.options["poll_interval"] == 300


async def test_a_percent_method_that_is_none(flow: OptionsFlow) -> None:
    form = await flow.preferences()
    with pytest.raises(InvalidData):
        await flow.submit(form, {"poll_interval": 30, "percent_method": "slow"})
    assert flow.entry.options == {}

    result = await flow.submit(form, {"poll_interval": 30, "percent_method": "normal"})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_the_percent_method_counts_at_once(
    flow: OptionsFlow, hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    for method, command in (("fast", "set_power_pct"), ("normal", "set_power_pct_v2")):
        await flow.prefer(percent_method=method)
        await set_number(hass, "power_percent", 80)
        assert names_of(miner.writes)[-1] == command


async def test_preferences_lose_nothing_that_is_pending(
    flow: OptionsFlow, miner: SimulatedMiner, set_up: WhatsminerCoordinator
) -> None:
    miner.misbehave("adjust_power_limit", ACCEPTED_ONLY)
    await set_number(flow.hass, "power_limit", 3000)

    await flow.prefer(300, "fast")

    assert flow.entry.runtime_data.coordinator is set_up
    assert flow.entry.state is ConfigEntryState.LOADED
    assert set_up.data.power_limit != 3000
    assert shown(flow.hass, "number.miner_power_limit") == "3000.0"


async def test_preferences_lose_nothing_that_is_added_up(
    flow: OptionsFlow, hass: HomeAssistant, clock: Clock
) -> None:
    await clock.next_poll(3)
    before = float(shown(hass, "sensor.miner_energy"))
    assert before > 0

    await flow.prefer(300)

    assert float(shown(hass, "sensor.miner_energy")) == before
    await clock.tick(300)
    used = float(shown(hass, "sensor.miner_energy")) - before
    assert used == pytest.approx(before * 300 / 90, rel=0.05)


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_preheating_goes_on_under_other_preferences(
    flow: OptionsFlow, hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    miner.state.mining = False
    await clock.next_poll(2)
    await act(hass, "button.press", "button.miner_preheat")
    miner.writes.clear()

    await flow.prefer(300)

    assert shown(hass, "sensor.miner_preheat") == "waiting"
    await clock.tick(10)
    assert names_of(miner.writes) == ["pre_power_on"]


@pytest.mark.parametrize(
    "state", [ConfigEntryState.SETUP_RETRY, ConfigEntryState.NOT_LOADED]
)
async def test_a_miner_that_is_not_loaded_has_preferences(
    options_flow: OptionsFlow,
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    state: ConfigEntryState,
) -> None:
    if state is ConfigEntryState.SETUP_RETRY:
        await miner.disconnect()
        assert not await hass.config_entries.async_setup(options_flow.entry.entry_id)
    assert options_flow.entry.state is state

    await options_flow.prefer(10, "fast")

    assert options_flow.entry.state is state
    if state is ConfigEntryState.SETUP_RETRY:
        miner.reconnect()
        await hass.config_entries.async_unload(options_flow.entry.entry_id)
    assert await hass.config_entries.async_setup(options_flow.entry.entry_id)
    miner.requests.clear()
    await clock.tick(10)
    assert polls(miner) == 1


@pytest.mark.parametrize("password", [""])
async def test_a_miner_without_its_password_has_preferences(
    flow: OptionsFlow, miner: SimulatedMiner, clock: Clock
) -> None:
    await flow.prefer(10)

    await clock.tick(10)

    assert polls(miner) == 2


@pytest.mark.parametrize("chosen", [False, True])
async def test_preferences_of_a_miner_that_is_removed_end_in_words(
    flow: OptionsFlow, hass: HomeAssistant, chosen: bool
) -> None:
    if chosen:
        form = await flow.preferences()
        data = {"poll_interval": 10, "percent_method": "fast"}
    else:
        form = await flow.begin()
        data = {"next_step_id": "preferences"}
    await hass.config_entries.async_remove(flow.entry.entry_id)

    result = await flow.submit(form, data)

    check_aborted(result, "not_loaded")
