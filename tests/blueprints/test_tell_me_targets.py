"""Tell me: of which miners the owner gets messages."""

from collections.abc import Callable
import logging
from typing import Any, Final

import pytest

from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    floor_registry as fr,
    label_registry as lr,
)
from tests import act, device_of, log_lines
from tests.fleet import Owned
from tests.site import add_site

from .phone import Phone
from .test_tell_me_plans import PRICE, plan

type Choose = Callable[[HomeAssistant, Owned], dict[str, Any]]


def _area(hass: HomeAssistant, owned: Owned) -> dict[str, Any]:
    floor = fr.async_get(hass).async_create("Basement").floor_id
    area = ar.async_get(hass).async_create("Corner", floor_id=floor).id
    devices = dr.async_get(hass)
    devices.async_update_device(owned.coordinator.device_id, area_id=area)
    return {"area_id": area}


def _floor(hass: HomeAssistant, owned: Owned) -> dict[str, Any]:
    _area(hass, owned)
    return {"floor_id": ["basement"]}


def _label(hass: HomeAssistant, owned: Owned) -> dict[str, Any]:
    label = lr.async_get(hass).async_create("Loud").label_id
    devices = dr.async_get(hass)
    devices.async_update_device(owned.coordinator.device_id, labels={label})
    return {"label_id": [label]}


def _device(_: HomeAssistant, owned: Owned) -> dict[str, Any]:
    return {"device_id": [owned.coordinator.device_id]}


def _entity(_: HomeAssistant, owned: Owned) -> dict[str, Any]:
    return {"entity_id": owned.entity_id("sensor", "hash_rate")}


CHOICES: Final = (_area, _floor, _label, _device, _entity)


async def news_of_both(phone: Phone, hall: Owned) -> list[tuple[str, str]]:
    """Return what is told when both miners have a fault, and then are away for a while."""
    both = (phone.garage, hall)
    for each in both:
        each.miner.state.fail(110)
    await phone.home.wait(3)
    faults = sorted(phone.news)
    for each in both:
        await each.miner.disconnect()
    await phone.home.wait(14)
    for each in both:
        each.miner.reconnect()
    await phone.home.wait(4)
    return faults + phone.news


def all_of(names: str) -> list[tuple[str, str]]:
    """Return all that is told of miners, of those that are away in one message."""
    faults = [("fault_appeared", name) for name in names.split(", ")]
    return [*faults, ("offline", names), ("online", names)]


@pytest.mark.parametrize("choose", CHOICES)
async def test_miners_are_chosen_as_for_any_action(
    phone: Phone, hall: Owned, choose: Choose
) -> None:
    await phone.watch_target(choose(phone.home.hass, hall))

    assert await news_of_both(phone, hall) == all_of("Hall")


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"entity_id": []},
        {"entity_id": "all"},
        {"exclude": {"entity_id": ["sun.sun"]}},
    ],
)
async def test_all_miners_are_watched_if_none_is_chosen(
    phone: Phone, hall: Owned, chosen: dict[str, Any]
) -> None:
    await phone.watch_target(chosen)

    assert await news_of_both(phone, hall) == all_of("Garage, Hall")


@pytest.mark.parametrize("by", ["device_id", "label_id"])
async def test_a_site_stands_for_its_miners(phone: Phone, hall: Owned, by: str) -> None:
    site = await add_site(phone.home.fleet, "Shed", miners=[hall.entry.entry_id])
    device = device_of(phone.home.hass, site.entry)
    dr.async_get(phone.home.hass).async_update_device(device.id, labels={"mining"})
    chosen = {"device_id": device.id, "label_id": "mining"}
    await phone.watch_target({by: [chosen[by]]})

    assert await news_of_both(phone, hall) == all_of("Hall")


async def test_those_who_are_away_are_told_of_together_and_for_how_long(
    phone: Phone, hall: Owned
) -> None:
    await phone.watch_target({}, offline_minutes=5)
    await phone.garage.miner.disconnect()
    await phone.home.wait(2)
    await hall.miner.disconnect()
    await phone.home.wait(10)
    assert phone.news == [("offline", "Garage"), ("offline", "Hall")]

    for each in (phone.garage, hall):
        each.miner.reconnect()
    await phone.home.wait(4)

    (message,) = phone.messages
    assert message["title"] == "2 miners answer again"
    lines = message["message"].splitlines()
    minutes = [int(line.split()[-2]) for line in lines]
    assert lines == [
        f"Garage did not answer for {minutes[0]} minutes.",
        f"Hall did not answer for {minutes[1]} minutes.",
    ]
    assert minutes[0] - minutes[1] == 2


async def test_an_automation_of_the_first_version_goes_on(
    phone: Phone, hall: Owned
) -> None:
    """It has chosen an event entity of each miner."""
    await phone.watch_as_before(hall)

    assert await news_of_both(phone, hall) == all_of("Hall")


async def test_a_reload_is_no_outage(phone: Phone) -> None:
    await phone.watch_target({}, offline_minutes=1)

    await phone.garage.miner.disconnect()
    await phone.home.wait(4)
    assert phone.news == [("offline", "Garage")]
    await phone.home.fleet.reload(phone.garage)
    await phone.home.wait(4)
    assert phone.news == []

    phone.garage.miner.reconnect()
    await phone.home.fleet.reload(phone.garage)
    await phone.home.wait(2)
    assert phone.news == [("online", "Garage")]
    await phone.home.fleet.reload(phone.garage)
    await phone.home.wait(4)
    assert phone.news == []


@pytest.mark.parametrize("everything", [True, False])
async def test_the_plan_of_a_chosen_miner_is_watched(
    phone: Phone, hall: Owned, everything: bool
) -> None:
    await plan(phone, all_miners=False, miners=[phone.garage.entry.entry_id])
    if everything:
        await phone.watch_target({}, plan_minutes=2)
    else:
        await phone.watch(plan_minutes=2)

    await phone.home.set(PRICE, STATE_UNKNOWN)
    await phone.home.wait(10)
    assert phone.news == [("plan_unknown", "Shed")]


async def test_plans_of_other_miners_are_not_told_of(phone: Phone, hall: Owned) -> None:
    await plan(phone, all_miners=False, miners=[phone.garage.entry.entry_id])
    await phone.watch(hall, plan_minutes=2)

    await phone.home.set(PRICE, STATE_UNKNOWN)
    await phone.home.wait(10)
    assert phone.news == []


@pytest.mark.parametrize("chosen", [True, False])
async def test_an_automation_of_the_first_version_has_chosen_its_sites(
    phone: Phone, chosen: bool
) -> None:
    site = await plan(phone)
    sites = [site.entity_id("sensor", "plan")] if chosen else []
    await phone.watch_as_before(phone.garage, sites=sites, plan_minutes=2)

    await phone.home.set(PRICE, STATE_UNKNOWN)
    await phone.home.wait(10)
    assert phone.news == [("plan_unknown", "Shed")] * chosen


async def test_an_automation_of_the_first_version_may_have_chosen_only_sites(
    phone: Phone, hall: Owned
) -> None:
    """Then it tells of nothing but their plans."""
    site = await plan(phone)
    sites = [site.entity_id("sensor", "plan")]
    await phone.watch_as_before(sites=sites, plan_minutes=2)

    assert await news_of_both(phone, hall) == []
    await phone.home.set(PRICE, STATE_UNKNOWN)
    await phone.home.wait(10)
    assert phone.news == [("plan_unknown", "Shed")]


async def test_the_time_in_which_a_miner_is_disabled_is_no_outage(phone: Phone) -> None:
    await phone.watch_target({}, offline_minutes=5)
    await phone.garage.miner.disconnect()
    await phone.home.wait(4)
    await phone.garage.disable()
    phone.garage.miner.reconnect()
    await phone.home.wait(60)

    await phone.home.hass.config_entries.async_set_disabled_by(
        phone.garage.entry.entry_id, None
    )
    await phone.home.wait(4)

    assert phone.news == []


async def test_it_can_be_run_by_hand(
    phone: Phone, caplog: pytest.LogCaptureFixture
) -> None:
    await phone.watch_target({"device_id": [phone.garage.coordinator.device_id]})
    (automation,) = phone.home.hass.states.async_entity_ids("automation")

    await act(phone.home.hass, "automation.trigger", automation)

    assert phone.news == []
    assert not log_lines(caplog, logging.ERROR, "")


async def test_a_miner_is_called_as_its_owner_calls_it(phone: Phone) -> None:
    await phone.watch()
    dr.async_get(phone.home.hass).async_update_device(
        phone.garage.coordinator.device_id, name_by_user="The one in the corner"
    )

    phone.garage.miner.state.fail(110)
    await phone.home.wait(2)
    (message,) = phone.messages
    assert message["title"] == "The one in the corner: fault 110 appeared"
