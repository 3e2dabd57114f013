"""Surplus to budget: which power budget a site gets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from homeassistant.const import EVENT_CALL_SERVICE, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.helpers import entity_registry as er
from tests import JOINED, Altered, act, device_of
from tests.fleet import Fleet, Owned
from tests.site import ALL, Site, add_site

from . import Home, take_commands
from .house import GRID, House

# About the highest power of the simulated M30S+.
FULL: Final = 3400
# The power of a miner in a poll, and half a minute later.
CLOSE: Final = 40


@dataclass(frozen=True)
class Shed:
    """A site in a house with a meter."""

    house: House
    site: Site

    @property
    def home(self) -> Home:
        """The home of the site."""
        return self.house.home

    async def automate(self, **inputs: Any) -> None:
        """Make the automation, without a reserve unless one is given."""
        number = self.site.entity_id("number", "power_budget")
        given = {"site": number, "grid_power": GRID, "reserve": 0, **inputs}
        await self.home.automate("surplus_to_budget", **given)

    async def set_budget(self, watts: float) -> None:
        """Let the budget be another one than the surplus."""
        number = self.site.entity_id("number", "power_budget")
        await act(self.home.hass, "number.set_value", number, value=watts)
        await self.site.settle()

    async def read(self, state: object, **attributes: Any) -> None:
        """Let the meter report a state for a minute."""
        for _ in range(2):
            await self.home.set(GRID, state, **attributes)
            await self.home.wait(0.5)

    @property
    def budget(self) -> float:
        """The power budget in W."""
        return self.site.coordinator.planning.inputs.budget or 0

    @property
    def left_over(self) -> float:
        """What the sun leaves over for the miners, in W."""
        return self.house.sun - self.house.others


@pytest.fixture
async def shed(home: Home) -> Shed:
    """A site with the miner in the garage, which does not follow its plan."""
    site = await add_site(home.fleet, "Shed")
    await site.settle()
    return Shed(House(home, (home.garage,), sun=6000), site)


@pytest.mark.parametrize("sign", [1, -1])
async def test_the_budget_is_what_the_sun_leaves_over(shed: Shed, sign: int) -> None:
    """Whatever the miners draw is theirs already."""
    shed.house.sign = sign
    await shed.automate(feed_in_positive=sign < 0, reserve=100)

    for sun in (6000, 2500):
        shed.house.sun = sun
        await shed.house.wait(1)
        assert shed.budget == pytest.approx(shed.left_over - 100, abs=CLOSE)


async def test_a_budget_is_never_negative(shed: Shed) -> None:
    shed.house.sun = 0
    await shed.automate()
    await shed.house.wait(1)

    assert shed.site.shown("power_budget", "number") == "0.0"


async def test_any_unit_is_right(shed: Shed) -> None:
    registry = er.async_get(shed.home.hass)
    for platform, key in (("sensor", "power"), ("number", "power_budget")):
        registry.async_update_entity_options(
            shed.site.entity_id(platform, key),
            platform,
            {"unit_of_measurement": "kW"},
        )
    await shed.site.settle()
    await shed.automate()
    await shed.read(-2.5, unit_of_measurement="kW")

    shown = float(shed.site.shown("power_budget", "number"))
    assert shown == pytest.approx((FULL + 2500) / 1000, abs=CLOSE / 1000)
    assert shed.budget == pytest.approx(FULL + 2500, abs=CLOSE)


@pytest.mark.parametrize("state", [STATE_UNKNOWN, STATE_UNAVAILABLE, "nan", "-"])
async def test_without_a_reading_of_the_grid_nothing_is_set(
    shed: Shed, state: str
) -> None:
    await shed.set_budget(1234)
    await shed.automate()
    await shed.read(state)

    assert shed.budget == 1234


async def test_a_reading_counts_for_a_minute(shed: Shed) -> None:
    """The miners may draw something else by then. The same reading once more is a new one."""
    await shed.automate()
    await shed.house.wait(1)
    await shed.home.wait(1)
    await shed.set_budget(1234)
    await shed.home.wait(3)
    assert shed.budget == 1234

    await shed.house.wait(1)
    assert shed.budget == pytest.approx(shed.left_over, abs=CLOSE)


async def test_a_miner_that_has_just_stopped_answering_is_waited_for(
    shed: Shed, hall: Owned
) -> None:
    """It still draws, and is back before long; if not, it is one of the others."""
    shed.house.miners = (shed.home.garage, hall)
    shed.house.sun = 9000
    await shed.automate()
    await shed.house.wait(2)
    before = shed.budget

    await hall.miner.disconnect()
    await shed.house.wait(10)
    assert shed.budget == pytest.approx(before, abs=CLOSE)
    await shed.house.wait(10)
    missing = hall.miner.state.power
    assert shed.budget == pytest.approx(shed.left_over - missing, abs=CLOSE)

    hall.miner.reconnect()
    await shed.house.wait(2)
    assert shed.budget == pytest.approx(shed.left_over, abs=CLOSE)


async def test_stopped_miners_need_not_tell_their_power(shed: Shed) -> None:
    """Otherwise nobody would start them in the morning."""
    await shed.automate()
    shed.home.garage.miner.misbehave(JOINED, Altered('"Power":', '"Watts":'))
    await shed.home.wait(2)
    await shed.read(-4000)
    assert shed.budget == 0

    shed.home.garage.miner.state.mining = False
    await shed.home.wait(2)
    await shed.read(-4000)
    assert shed.site.shown("power") == STATE_UNKNOWN
    assert shed.budget == 4000


async def test_without_any_power_of_the_miners_nothing_is_set(shed: Shed) -> None:
    await shed.automate()
    await shed.home.garage.miner.disconnect()
    await shed.home.wait(2)
    await shed.set_budget(1234)
    await shed.house.wait(20)

    assert shed.budget == 1234


async def test_the_number_of_a_miner_is_not_set(shed: Shed) -> None:
    """A power limit has the same unit, and restarts mining."""
    await shed.automate(site="number.garage_power_limit")
    await shed.house.wait(2)

    assert shed.home.take_commands() == []
    assert shed.budget == 0


async def test_a_site_may_be_given_as_a_device(shed: Shed) -> None:
    await shed.automate(site=device_of(shed.home.hass, shed.site.entry).id)
    await shed.house.wait(1)

    assert shed.budget == pytest.approx(shed.left_over, abs=CLOSE)


def budgets_set(events: Sequence[Any]) -> list[float]:
    """Return what the number was set to."""
    return [
        float(event.data["service_data"]["value"])
        for event in events
        if event.data["domain"] == "number"
    ]


async def test_it_is_set_once_a_minute(shed: Shed) -> None:
    """Also to the same value, so that it does not expire."""
    await shed.automate()
    events = async_capture_events(shed.home.hass, EVENT_CALL_SERVICE)
    await shed.house.wait(10)

    assert len(budgets_set(events)) == 10


@pytest.fixture
async def trio(home: Home, fleet: Fleet) -> tuple[Owned, ...]:
    """Three miners of different efficiency and firmware."""
    old = await fleet.add("Old", generation="v1", model="M20S")
    new = await fleet.add("New", model="M60S")
    await home.wait(3)
    return (old, home.garage, new)


async def test_clouds_and_a_kettle(home: Home, trio: tuple[Owned, ...]) -> None:
    """What would be fed in becomes hash rate, and nothing swings while sun and house stay alike."""
    plan = {"dead_band": 200, "minutes_on": 0, "ramp": 100}
    site = await add_site(home.fleet, "Shed", **ALL, follow_plan=True, **plan)
    house = House(home, trio, sun=14000)
    shed = Shed(house, site)
    await shed.automate(reserve=100)
    await house.wait(5)

    for sun, others in ((10000, 500), (6000, 500), (7000, 1700), (7000, 500)):
        house.sun, house.others = sun, others
        await house.wait(10)
        for each in trio:
            take_commands(each)
        for _ in range(4):
            await house.wait(1)
            assert shed.budget == pytest.approx(shed.left_over - 100, abs=CLOSE)
            assert 0 < -house.grid < 100 + 200 + CLOSE
        assert [take_commands(each) for each in trio] == [[], [], []]
