"""The page of a miner says why it is on or off."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.whatsminer.entity import registered_entity_id
from custom_components.whatsminer.site.decision import Reason
from custom_components.whatsminer.site.miner_plan import STATES, MinerPlanState
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    EVENT_STATE_CHANGED,
    EVENT_STATE_REPORTED,
    STATE_UNAVAILABLE,
    Platform,
)
from homeassistant.core import Event, State, callback
from homeassistant.helpers import entity_registry as er
from simulator import Refused
from tests import act
from tests.action_calls import ask
from tests.fleet import Fleet, Owned
from tests.texts import LANGUAGES, TEXTS

from . import ALL, add_site
from .conftest import Three
from .mining import polled
from .planned import (
    AT_ONCE,
    BETWEEN,
    CHEAP_NOW,
    HIGH,
    HOUR,
    LIMITS,
    LOW,
    budgeted,
    follow,
    looked,
    passed,
    planned,
    priced,
    said,
    set_cheap,
    set_price,
)

pytestmark = pytest.mark.usefixtures("hass_storage", "no_errors")


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """Of the miners, the sensors and what switches them."""
    return (Platform.SENSOR, Platform.SWITCH)


def state_of(owned: Owned) -> State:
    """Return the state of the sensor."""
    state = owned.hass.states.get(owned.entity_id("sensor", "plan"))
    assert state is not None
    return state


def text_of(owned: Owned) -> str:
    """Return the sentence."""
    return str(state_of(owned).attributes["text"])


def has_plan(owned: Owned) -> bool:
    """Return whether the sensor exists."""
    mac = owned.entry.unique_id or ""
    return registered_entity_id(owned.hass, "sensor", mac, "plan") is not None


@contextmanager
def counting(*miners: Owned) -> Iterator[Counter[str]]:
    """Count how often the sensors of some miners are written, changed or not."""
    written: Counter[str] = Counter()
    ids = {each.entity_id("sensor", "plan") for each in miners}

    @callback
    def is_plan(data: Any) -> bool:
        return data["entity_id"] in ids

    @callback
    def count(event: Event[Any]) -> None:
        written[event.data["entity_id"]] += 1

    bus = miners[0].hass.bus
    ends = [
        bus.async_listen(event, count, event_filter=is_plan)
        for event in (EVENT_STATE_CHANGED, EVENT_STATE_REPORTED)
    ]
    yield written
    for end in ends:
        end()


# What it says


async def test_it_says_what_the_price_does_to_the_miner(
    fleet: Fleet, three: Three
) -> None:
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **LIMITS)
    assert [state_of(each).state for each in three] == ["price_low_enough"] * 3

    await priced(site, HIGH)

    for each in three:
        assert state_of(each).state == "price_too_high"
        assert text_of(each) == "Off: 0.4 is above 0.3 EUR/kWh"
        assert text_of(each) == said(site, each)["text"]


async def test_what_is_waited_for_counts_before_the_reason(
    fleet: Fleet, ada: Owned
) -> None:
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **{**LIMITS, "minutes_off": 15})
    await priced(site, HIGH)
    await priced(site, LOW)
    await polled(site)

    assert said(site, ada)["reason"] == "cheap"
    assert state_of(ada).state == "minimum_off"
    assert text_of(ada).startswith("Stays off until ")


async def test_it_says_that_the_miner_is_lowered(fleet: Fleet, ada: Owned) -> None:
    site = await planned(fleet, **AT_ONCE, has_budget=True)
    await budgeted(site, 2500)

    assert state_of(ada).state == "lowered"
    percent = ada.miner.state.percent
    assert text_of(ada).startswith(f"On at {percent:.0f} %: ")


async def test_it_says_who_took_the_miner_out_of_the_plan(
    fleet: Fleet, ada: Owned
) -> None:
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **LIMITS)
    await ada.turn_off()
    await looked(site)
    assert state_of(ada).state == "manual_automation"

    await ada.call("hold")
    await looked(site)
    assert state_of(ada).state == "held"


async def test_a_failure_is_the_state_and_the_sentence(
    fleet: Fleet, ada: Owned
) -> None:
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **LIMITS)
    ada.miner.misbehave("power_off", Refused(45))
    await priced(site, HIGH)

    assert state_of(ada).state == "failed"
    assert text_of(ada) == said(site, ada)["failure"]
    assert text_of(ada).startswith("Ada takes no commands")
    ada.miner.behave()
    await passed(site, 11 * 60)
    assert state_of(ada).state == "price_too_high"


async def test_a_miner_that_does_not_answer_still_says_so(
    fleet: Fleet, ada: Owned
) -> None:
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **LIMITS)
    await ada.miner.disconnect()
    await passed(site, 300)

    assert not ada.is_available
    assert state_of(ada).state == "unreachable"


async def test_the_sentence_is_in_the_language_of_home_assistant(
    fleet: Fleet, ada: Owned
) -> None:
    fleet.hass.config.language = "de"
    set_price(fleet.hass, HIGH)
    await planned(fleet, **LIMITS)

    assert text_of(ada) == "Aus: 0,4 liegt über 0,3 EUR/kWh"


async def test_get_state_says_the_same(fleet: Fleet, ada: Owned) -> None:
    set_price(fleet.hass, HIGH)
    await planned(fleet, **LIMITS)
    target = {"device_id": ada.coordinator.device_id}
    (answer,) = (await ask(fleet.hass, "get_state", target)).values()

    assert answer["plan"]["text"] == text_of(ada)


def test_each_reason_is_in_the_table() -> None:
    """And each state says something of its own."""
    assert set(STATES) == set(Reason)
    shown = {state for state in STATES.values() if state}
    assert shown | {MinerPlanState.FAILED} == set(MinerPlanState)
    assert len(MinerPlanState) <= 25


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_state_has_a_short_text_of_its_own(language: str) -> None:
    texts = TEXTS[language]["entity"]["sensor"]["miner_plan"]["state"]

    assert set(texts) == {*MinerPlanState}
    assert len(set(texts.values())) == len(texts)
    assert all(len(text) <= 40 for text in texts.values())


# When it is written


async def test_it_is_written_when_the_plan_says_something_else_not_with_each_poll(
    fleet: Fleet, three: Three
) -> None:
    """Each write is a row in the database."""
    set_price(fleet.hass, HIGH)
    site = await planned(fleet, **LIMITS)
    await polled(site, 3)
    with counting(*three) as written:
        await passed(site, 300)
        assert not written

        await priced(site, BETWEEN)
        assert set(written.values()) == {1}
        assert len(written) == len(list(three))
    assert text_of(three.ada) == "Off: 0.25 is not yet at or below 0.2 EUR/kWh"


async def test_the_sentence_follows_a_price_and_a_limit(
    fleet: Fleet, ada: Owned
) -> None:
    set_price(fleet.hass, HIGH)
    site = await planned(fleet, **LIMITS)
    await priced(site, HIGH + 0.1)
    assert text_of(ada) == "Off: 0.5 is above 0.3 EUR/kWh"

    limit = site.entity_id("number", "stop_above")
    await act(fleet.hass, "number.set_value", limit, value=0.35)
    await looked(site)
    assert text_of(ada) == "Off: 0.5 is above 0.35 EUR/kWh"


async def test_the_sentence_names_who_holds_the_miner_now(
    fleet: Fleet, ada: Owned
) -> None:
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **LIMITS)
    boiler, attic = [await add_site(fleet, name, **ALL) for name in ("Boiler", "Attic")]
    await boiler.turn_off()
    await attic.turn_off()
    await looked(site)
    assert "Boiler" in text_of(ada)

    await boiler.turn_on()
    await looked(site)
    assert state_of(ada).state == "held"
    assert "Boiler" not in text_of(ada)
    assert "Attic" in text_of(ada)


async def test_the_sentence_is_not_recorded(fleet: Fleet, ada: Owned) -> None:
    set_price(fleet.hass, HIGH)
    await planned(fleet, **LIMITS)
    state = state_of(ada)

    assert state.state_info is not None
    assert "text" in state.state_info["unrecorded_attributes"]
    assert set(state.attributes) == {"text", "options", "device_class", "friendly_name"}


# When it is there


async def test_it_is_there_while_the_site_follows_its_plan(
    fleet: Fleet, ada: Owned
) -> None:
    set_price(fleet.hass, HIGH)
    site = await add_site(fleet, **ALL, **LIMITS)
    assert not has_plan(ada)

    await follow(site, on=True)
    assert state_of(ada).state == "price_too_high"
    registry = er.async_get(fleet.hass)
    entity = registry.async_get(ada.entity_id("sensor", "plan"))
    assert entity is not None
    assert entity.unique_id == f"{ada.entry.unique_id}_plan"
    assert entity.entity_category is None
    assert not entity.disabled

    await follow(site, on=False)
    assert not has_plan(ada)
    assert fleet.hass.states.get(entity.entity_id) is None


async def test_it_goes_with_the_miner_that_leaves_the_site(
    fleet: Fleet, ada: Owned, bea: Owned
) -> None:
    set_price(fleet.hass, HIGH)
    site = await planned(fleet, **LIMITS)
    assert has_plan(ada)

    options = {"all_miners": False, "miners": [bea.entry.entry_id]}
    site.coordinator.async_set_options(**options)
    await site.settle()
    assert not has_plan(ada)
    assert state_of(bea).state == "price_too_high"

    site.coordinator.async_set_options(all_miners=True)
    await looked(site)
    assert state_of(ada).state == "price_too_high"


@pytest.mark.parametrize("way", ["removed", "disabled"])
async def test_it_goes_with_the_site(fleet: Fleet, ada: Owned, way: str) -> None:
    set_price(fleet.hass, HIGH)
    site = await planned(fleet, **LIMITS)
    if way == "removed":
        await fleet.hass.config_entries.async_remove(site.entry.entry_id)
    else:
        await Owned(fleet.hass, ada.miner, site.entry).disable()
    await fleet.settle()

    assert not has_plan(ada)


async def test_it_is_unavailable_while_the_site_is_not_loaded(
    fleet: Fleet, ada: Owned
) -> None:
    """The entity stays, with all that its owner made of it."""
    set_price(fleet.hass, HIGH)
    site = await planned(fleet, **LIMITS)
    await fleet.settle()
    changed = async_capture_events(fleet.hass, er.EVENT_ENTITY_REGISTRY_UPDATED)
    entries = fleet.hass.config_entries
    for price, state in (LOW, "price_low_enough"), (HIGH, "price_too_high"):
        assert await entries.async_unload(site.entry.entry_id)
        assert state_of(ada).state == STATE_UNAVAILABLE
        set_price(fleet.hass, price)

        assert await entries.async_setup(site.entry.entry_id)
        assert state_of(ada).state == state
    assert changed == []

    await priced(site, LOW)  # the plan that is loaded now
    assert state_of(ada).state == "price_low_enough"


async def test_it_stays_when_the_miner_is_reloaded(fleet: Fleet, ada: Owned) -> None:
    set_price(fleet.hass, HIGH)
    site = await planned(fleet, **LIMITS)
    await fleet.settle()
    changed = async_capture_events(fleet.hass, er.EVENT_ENTITY_REGISTRY_UPDATED)
    assert await fleet.hass.config_entries.async_unload(ada.entry.entry_id)
    await looked(site)
    assert said(site, ada)["reason"] == "not_loaded"

    assert await fleet.hass.config_entries.async_setup(ada.entry.entry_id)
    assert state_of(ada).state == STATE_UNAVAILABLE  # the plan has not looked at it yet
    await looked(site)
    assert state_of(ada).state == "price_too_high"
    assert changed == []


@pytest.mark.parametrize("on", [True, False], ids=["on", "off"])
async def test_it_knows_of_a_plan_that_changes_while_the_miner_is_set_up(
    fleet: Fleet, ada: Owned, monkeypatch: pytest.MonkeyPatch, on: bool
) -> None:
    set_price(fleet.hass, HIGH)
    site = await add_site(fleet, **ALL, **LIMITS, follow_plan=not on)
    await looked(site)
    entries = fleet.hass.config_entries
    forward = entries.async_forward_entry_setups

    async def forward_and_follow(
        entry: ConfigEntry, platforms: Iterable[Platform]
    ) -> None:
        await forward(entry, platforms)
        if Platform.SENSOR in platforms:
            site.coordinator.async_set_options(follow_plan=on)

    assert await entries.async_unload(ada.entry.entry_id)
    monkeypatch.setattr(entries, "async_forward_entry_setups", forward_and_follow)
    assert await entries.async_setup(ada.entry.entry_id)
    await looked(site)

    assert has_plan(ada) is on


async def test_what_it_listens_to_is_given_up(fleet: Fleet, ada: Owned) -> None:
    set_price(fleet.hass, HIGH)
    site = await planned(fleet, **LIMITS)
    entries = fleet.hass.config_entries

    def listeners() -> tuple[int, int, int]:
        return (
            len(site.coordinator._listeners),  # noqa: SLF001
            len(site.entry._on_state_change or ()),  # noqa: SLF001
            len(ada.coordinator.site_listeners._listeners),  # noqa: SLF001
        )

    before = listeners()
    for _ in range(2):
        assert await entries.async_reload(ada.entry.entry_id)
        await looked(site)
        await follow(site, on=False)
        await follow(site, on=True)
        assert await entries.async_reload(site.entry.entry_id)
        await looked(site)
        assert listeners() == before


async def test_when_another_plan_takes_over_it_says_so_at_once(
    fleet: Fleet, ada: Owned
) -> None:
    set_cheap(fleet.hass, "on")
    set_price(fleet.hass, HIGH)
    older = await planned(fleet, "Older", **CHEAP_NOW)
    fleet.clock.freezer.tick(timedelta(seconds=1))
    newer = await planned(fleet, "Newer", **LIMITS)
    await polled(newer, 2)
    assert text_of(ada) == "On: Cheap hours is on"

    # Between two polls, after which a plan looks as well, and ten seconds after the last look.
    await looked(newer)
    await looked(newer)
    await act(fleet.hass, "switch.turn_off", older.entity_id("switch", "follow_plan"))
    await fleet.settle()
    assert text_of(ada) == "Off: 0.4 is above 0.3 EUR/kWh"

    await follow(older, on=True)
    assert text_of(ada) == "On: Cheap hours is on"
    await fleet.hass.config_entries.async_remove(older.entry.entry_id)
    await looked(newer)
    assert text_of(ada) == "Off: 0.4 is above 0.3 EUR/kWh"


async def test_a_miner_without_a_plan_has_no_such_sensor(
    fleet: Fleet, ada: Owned
) -> None:
    """Neither without a site, nor if its plan has nothing to follow."""
    assert not has_plan(ada)
    site = await planned(fleet, **AT_ONCE)
    await passed(site, HOUR / 10)

    assert not has_plan(ada)
