"""A real Home Assistant and simulated miners go through a part of a day, beside the second plan.

With WHOLE_DAYS=1 they go through whole days; `pytest -s` shows what each came to, in lines that begin
with "day".
"""

from collections.abc import Sequence
from dataclasses import dataclass
import os
import sys
from typing import Final

import pytest
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.whatsminer.const import CONF_POLL_INTERVAL
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import Context
from simulator import Dropped
from tests.fleet import Fleet, Owned
from tests.site.conftest import Three
from tests.site.planned import PRICE, planned, restarted, set_price
from tests.words import name_for

from .days import MINUTES, price_at, sunny
from .model import Wants
from .simulated import STEP, Day, Events, Member, options_of

pytestmark = pytest.mark.usefixtures("hass_storage")

_WHOLE: Final = bool(os.environ.get("WHOLE_DAYS"))
_WANTS: Final = Wants(
    follows="price",
    stop_above=0.16,
    start_below=0.12,
    always_below=0.0,
    break_even=False,
    margin=0.0,
    price_unknown="keep",
    budget_unknown="mine",
    budget_zero="stop",
    unknown_for=15,
    dead_band=150,
    ramp=20,
    by_percent=False,
    lowest=50,
    # They end between two steps: not both plans know to the second when a miner was switched.
    minimum_on=28,
    minimum_off=13,
)


# What happens in the middle, by the minute.
_MANUAL_MINUTES: Final = 60
_TROUBLE_MINUTES: Final = 20


async def switch_by_hand(day: Day) -> None:
    """Let a person switch the last miner, which is left alone then."""
    member = day.members[-1]
    hass, on = day.site.hass, not member.owned.miner.state.mining
    user = MockUser(is_owner=True).add_to_hass(hass)
    await hass.services.async_call(
        "switch",
        f"turn_{'on' if on else 'off'}",
        {ATTR_ENTITY_ID: member.owned.entity_id("switch")},
        blocking=True,
        context=Context(user_id=user.id),
    )
    member.commands()
    day.leave_alone(member, _MANUAL_MINUTES)


async def restart(day: Day) -> None:
    """Restart Home Assistant."""
    await restarted(day.site, *(member.owned for member in day.members))


async def lose_power_off(day: Day) -> None:
    """Let the first miner drop what switches it off, for some time."""
    miner = day.members[0].owned.miner
    miner.misbehave(name_for(miner, "power_off"), Dropped(), times=4)
    day.have_trouble(day.members[0], _TROUBLE_MINUTES)


async def unplug(day: Day) -> None:
    """Pull the network cable of the first miner."""
    await day.members[0].owned.miner.disconnect()
    day.have_trouble(day.members[0], 2 * _TROUBLE_MINUTES)


async def plug_in(day: Day) -> None:
    """Plug it in again."""
    day.members[0].owned.miner.reconnect()


_EVENTS: Final[Events] = {
    375: lose_power_off,
    405: restart,
    430: unplug,
    445: plug_in,
    520: switch_by_hand,
    660: restart,
    985: restart,
    1110: switch_by_hand,
}


@dataclass(frozen=True)
class Part:
    """A part of a day."""

    has_price: bool
    has_budget: bool
    begin: int
    end: int


# The spike of the morning, the hour without a price, and the first clouds.
_PARTS: Final = {
    "price": Part(True, False, 360, 540),
    "price, lost for an hour": Part(True, False, 945, 1080),
    "budget": Part(False, True, 480, 600),
    "price, budget": Part(True, True, 480, 600),
}


async def go_through(name: str, fleet: Fleet, owned: Sequence[Owned]) -> None:
    """Go through a part of a day, or a whole one, and compare."""
    part, hass = _PARTS[name], fleet.hass
    for each in owned:
        hass.config_entries.async_update_entry(
            each.entry, options={CONF_POLL_INTERVAL: STEP}
        )
        await fleet.reload(each)
    wants = Wants(**{**_WANTS, "follows": "price" if part.has_price else "nothing"})
    options = options_of(wants)
    if part.has_price:
        options["price_entity"] = PRICE
        set_price(hass, price_at(0 if _WHOLE else part.begin))
    members = [
        Member(each, each.miner.state.power / each.miner.state.hash_rate)
        for each in owned
    ]
    peak = sum(each.miner.state.limit for each in owned) * 6 // 5
    day = Day(
        await planned(fleet, **options),
        wants,
        members,
        price_at if part.has_price else None,
        sunny(peak) if part.has_budget else None,
    )
    begin, end = (0, MINUTES) if _WHOLE else (part.begin, part.end)
    await day.run(begin, end, _EVENTS)
    sys.stdout.write(f"\nday {name}, {len(owned)} simulated: {day}\n")
    assert day.differences == []
    assert day.switches or day.percents


@pytest.mark.parametrize("name", list(_PARTS))
async def test_a_day_of_one_miner_goes_as_the_second_plan_wants(
    fleet: Fleet, ada: Owned, name: str
) -> None:
    await go_through(name, fleet, [ada])


@pytest.mark.parametrize("name", list(_PARTS))
async def test_a_day_of_three_miners_goes_as_the_second_plan_wants(
    fleet: Fleet, three: Three, name: str
) -> None:
    await go_through(name, fleet, list(three))
