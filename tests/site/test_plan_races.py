"""What happens between a command and its answer, over restarts, and without an effect."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockUser

from homeassistant.const import ATTR_ENTITY_ID, Platform
from homeassistant.core import Context, HomeAssistant
from homeassistant.util import dt as dt_util
from simulator import Closed
from tests import act, hold
from tests.fleet import Fleet, Owned, issue_keys
from tests.words import accepted_only

from . import Site
from .conftest import Three
from .mining import is_mining, polled, switched
from .planned import (
    AT_ONCE,
    HIGH,
    HOUR,
    LIMITS,
    LOW,
    PRICE,
    budgeted,
    follow,
    looked,
    passed,
    planned,
    priced,
    reason,
    said,
    set_price,
    told,
)

pytestmark = pytest.mark.usefixtures("hass_storage")


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """Of the miners, only what switches them."""
    return (Platform.SWITCH,)


@pytest.fixture
def person(hass: HomeAssistant) -> Context:
    """The context of what a person does."""
    return Context(user_id=MockUser(is_owner=True).add_to_hass(hass).id)


async def switch(owned: Owned, state: str, context: Context) -> None:
    """Turn a miner on or off as somebody does."""
    await owned.hass.services.async_call(
        "switch",
        f"turn_{state}",
        {ATTR_ENTITY_ID: owned.entity_id("switch")},
        blocking=True,
        context=context,
    )


# A hand


@pytest.mark.parametrize(("state", "price"), [("on", HIGH), ("off", LOW)])
async def test_a_plan_does_nothing_while_a_persons_command_is_under_way(
    fleet: Fleet, ada: Owned, person: Context, state: str, price: float
) -> None:
    set_price(fleet.hass, price)
    site = await planned(fleet, **LIMITS)
    await looked(site, 60)
    await fleet.clock.tick(4)
    before = len(switched(ada))

    held = hold(ada.miner, f"power_{state}", times=1)
    command = asyncio.create_task(switch(ada, state, person))
    await held.reached.wait()
    for _ in range(7):  # seconds in which the plan is looked at
        fleet.clock.move(1.1)
        for _ in range(30):
            await asyncio.sleep(0)
    assert reason(site, ada) == "manual"
    held.release.set()
    await command
    await polled(site)

    assert switched(ada)[before:] == [f"power_{state}"]
    assert is_mining(ada) is (state == "on")
    assert reason(site, ada) == "manual"


async def test_a_persons_stop_whose_answer_is_lost_is_a_hand(
    fleet: Fleet, three: Three, person: Context
) -> None:
    """The old firmware of this miner tells nothing else that shows who it was."""
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **LIMITS)
    await passed(site, 120)
    three.cleo.miner.misbehave("power_off", Closed(execute=True))
    with pytest.raises(Exception, match="Cleo"):
        await switch(three.cleo, "off", person)
    three.cleo.miner.behave()

    await passed(site, 20 * 60)
    assert not is_mining(three.cleo)
    assert reason(site, three.cleo) == "manual"


async def test_a_hand_counts_also_for_the_site_that_decides_next(
    fleet: Fleet, ada: Owned, person: Context
) -> None:
    set_price(fleet.hass, LOW)
    one = await planned(fleet, "One", **LIMITS)
    await fleet.clock.tick(60)
    two = await planned(fleet, "Two", **LIMITS)
    await switch(ada, "off", person)
    await polled(one)
    assert reason(two, ada) == "other_site"

    await follow(one, on=False)
    await passed(two, 120)
    assert reason(two, ada) == "manual"
    assert not is_mining(ada)


async def test_to_turn_off_what_is_off_begins_no_minimum_time(
    fleet: Fleet, ada: Owned, person: Context
) -> None:
    set_price(fleet.hass, HIGH)
    site = await planned(fleet, **{**LIMITS, "minutes_off": 15})
    await looked(site)
    assert not is_mining(ada)
    await passed(site, 20 * 60)
    await switch(ada, "off", person)
    await ada.call("release")
    await priced(site, LOW)

    assert is_mining(ada)


async def test_a_miner_that_went_off_by_itself_is_switched_when_it_is_turned_on(
    fleet: Fleet, ada: Owned, person: Context
) -> None:
    """Also if the last command before was to turn it on; its minimum time begins now."""
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **LIMITS)
    for state in ("off", "on"):
        await switch(ada, state, person)
    await passed(site, 600)
    ada.miner.state.mining = False
    await polled(site)
    await switch(ada, "on", person)

    plan = site.coordinator.memory.plan
    assert plan["miners"][ada.entry.entry_id]["at"] == dt_util.utcnow().isoformat()


async def test_to_turn_on_the_plan_again_gives_nothing_back(
    fleet: Fleet, ada: Owned, person: Context
) -> None:
    """A scene, or an automation, may turn on what is on already."""
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **LIMITS)
    await switch(ada, "off", person)
    await follow(site, on=True)
    await passed(site, 120)

    assert reason(site, ada) == "manual"
    assert not is_mining(ada)


async def test_one_run_of_an_automation_is_no_fight_and_a_fight_ends(
    fleet: Fleet, ada: Owned
) -> None:
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **LIMITS)
    run = Context()
    for state in ("off", "on"):
        await switch(ada, state, run)
    await looked(site)
    assert "plan_fight" not in issue_keys(fleet.hass)

    await switch(ada, "off", Context())
    await looked(site)
    assert "plan_fight" in issue_keys(fleet.hass)
    await passed(site, HOUR + 120)
    assert "plan_fight" not in issue_keys(fleet.hass)


# Commands without an effect


@pytest.mark.parametrize(
    ("command", "before", "price"),
    [("power_on", HIGH, LOW), ("power_off", LOW, HIGH)],
)
async def test_a_command_without_an_effect_is_a_failure(
    fleet: Fleet, ada: Owned, command: str, before: float, price: float
) -> None:
    """It is tried again, less and less often."""
    lines: list[str] = []
    fleet.hass.bus.async_listen(
        "whatsminer_plan", lambda event: lines.append(event.data["text"])
    )
    set_price(fleet.hass, before)
    site = await planned(fleet, **LIMITS)
    await passed(site, 120)
    ada.miner.misbehave(command, accepted_only(ada.miner))
    lines.clear()
    already = len(switched(ada))
    set_price(fleet.hass, price)

    await passed(site, HOUR)
    sent = len(switched(ada)) - already
    assert 3 <= sent <= 7
    assert said(site, ada)["failure"].startswith("Ada accepted the command")
    assert len(lines) == 3

    await passed(site, 4 * HOUR)
    assert len(switched(ada)) - already <= sent + 5
    assert len(lines) == 3
    ada.miner.behave()
    await passed(site, 2 * HOUR)
    assert is_mining(ada) is (command == "power_on")
    assert said(site, ada)["failure"] is None


async def test_only_some_miners_start_at_once(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch, three: Three
) -> None:
    """The others follow with the next looks; a stop concerns all at once."""
    executor = "custom_components.whatsminer.site.executor"
    monkeypatch.setattr(f"{executor}._MOST_STARTS", 1)
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **LIMITS)
    await priced(site, HIGH)
    assert not any(is_mining(each) for each in three)

    set_price(fleet.hass, LOW)
    counts = []
    for _ in range(3):
        await looked(site)
        counts.append([is_mining(each) for each in three].count(True))
    assert counts[0] < 3
    assert all(is_mining(each) for each in three)


async def test_a_break_even_price_does_not_change_with_the_percent(
    fleet: Fleet, ada: Owned
) -> None:
    """A miner with less power is more efficient, which would let it mine at once."""
    site = await planned(
        fleet,
        price_entity=PRICE,
        use_break_even=True,
        hash_price=80,
        always_below=-1,
        stop_by="percent",
        **AT_ONCE,
    )
    set_price(fleet.hass, 0.0, "EUR/kWh")
    await passed(site, 20 * 60)
    price = ada.coordinator.break_even.price
    assert price is not None
    set_price(fleet.hass, price * 1.005, "EUR/kWh")

    await passed(site, HOUR)
    assert len(told(ada)) == 1


# Restarts


async def loaded(fleet: Fleet, *owned: Owned | Site) -> None:
    """Set up entries again, one after the other."""
    for each in owned:
        assert await fleet.hass.config_entries.async_setup(each.entry.entry_id)


async def unloaded(fleet: Fleet, *owned: Owned | Site) -> None:
    """Unload entries."""
    for each in owned:
        assert await fleet.hass.config_entries.async_unload(each.entry.entry_id)


async def test_a_miner_that_is_not_loaded_yet_counts_with_what_it_drew(
    fleet: Fleet,
) -> None:
    """Otherwise one that is off would start because the others seem to be off."""
    miners = [await fleet.add(name) for name in ("Ada", "Bea", "Cleo")]
    site = await planned(fleet, **AT_ONCE)
    await passed(site, 120)
    await budgeted(site, 7500)
    await passed(site, 120)
    off = [each for each in miners if not is_mining(each)]
    on = [each for each in miners if is_mining(each)]
    assert len(off) == 1

    await unloaded(fleet, site, *miners)
    await loaded(fleet, *off, site)
    await passed(site, 5 * 60)
    assert not is_mining(off[0])
    await loaded(fleet, *on)
    await passed(site, 120)
    assert [is_mining(each) for each in on] == [True, True]
    assert not is_mining(off[0])


@pytest.mark.parametrize("fallback", ["stop", "mine"])
@pytest.mark.parametrize("source", ["price", "budget"])
async def test_what_was_unknown_before_a_restart_is_waited_for_anew(
    fleet: Fleet, ada: Owned, source: str, fallback: str
) -> None:
    """Sensors, and whoever sets the budget, take a while."""
    before = {"stop": LOW, "mine": HIGH}[fallback]
    options: dict[str, Any] = {**LIMITS, "price_unknown": fallback}
    set_price(fleet.hass, before)
    if source == "budget":
        options = {"budget_expires": 20, "budget_unknown": fallback, **AT_ONCE}
    site = await planned(fleet, **options)
    if source == "budget":
        await budgeted(site, {"stop": 9000, "mine": 0}[fallback])
    await passed(site, 60)
    was = is_mining(ada)
    assert was is (fallback == "stop")

    fleet.hass.states.async_set(PRICE, "unavailable")
    await looked(site)
    await unloaded(fleet, site)
    fleet.clock.freezer.tick(timedelta(hours=1))
    await loaded(fleet, site)
    await passed(site, 10 * 60)
    assert is_mining(ada) is was
    await passed(site, 7 * 60)
    assert is_mining(ada) is not was


async def test_a_form_that_is_submitted_without_a_price_keeps_the_unit_of_the_limits(
    fleet: Fleet, ada: Owned
) -> None:
    site = await planned(fleet, **{**LIMITS, "price_unit": "EUR/kWh"})
    for unit in ("ct/kWh", ""):
        set_price(fleet.hass, 0.25, unit)
        await looked(site)
        assert "plan_unit" in issue_keys(fleet.hass), unit
        assert site.shown("plan") == "input_unknown"
    set_price(fleet.hass, 0.25, "EUR/kWh")
    await looked(site)
    assert "plan_unit" not in issue_keys(fleet.hass)
    await act(
        fleet.hass, "number.set_value", site.entity_id("number", "stop_above"), value=1
    )
