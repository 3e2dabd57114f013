"""The switch of a site: off holds its miners off, on releases them."""

import pytest
from pytest_homeassistant_custom_component.common import MockUser

from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID
from homeassistant.core import Context
from simulator import Refused
from tests import device_of, fails_with
from tests.action_calls import Target
from tests.fleet import Fleet, Owned

from . import Site, add_site
from .conftest import Three
from .mining import is_mining, polled, switched

pytestmark = pytest.mark.usefixtures("hass_storage")


async def test_off_stops_all_miners_and_on_starts_them(
    site: Site, three: Three
) -> None:
    assert site.is_on

    await site.turn_off()

    assert not site.is_on
    assert [switched(each) for each in three] == [["power_off"]] * 3
    await site.turn_on()
    assert site.is_on
    assert [switched(each) for each in three] == [["power_off", "power_on"]] * 3
    assert all(is_mining(each) for each in three)


async def test_off_is_sent_to_those_that_are_not_off(site: Site, three: Three) -> None:
    """A miner that was off before stays off afterwards."""
    await three.ada.turn_off()
    await polled(site)

    await site.turn_off()
    await site.turn_on()

    assert [switched(each) for each in three] == [
        ["power_off"],
        ["power_off", "power_on"],
        ["power_off", "power_on"],
    ]


async def test_off_goes_before_what_else_waits_for_the_miner(
    fleet: Fleet, ada: Owned
) -> None:
    site = await add_site(fleet)
    waiting = [
        fleet.hass.async_create_task(ada.coordinator.client.query("summary"))
        for _ in range(3)
    ]

    await site.turn_off()

    assert not all(task.done() for task in waiting)
    assert [each.get("cmd") for each in ada.miner.writes] == ["power_off"]
    for task in waiting:
        await task


# A miner that cannot be reached


@pytest.mark.parametrize("index", range(3), ids=["V2", "V3", "V1"])
async def test_a_miner_that_does_not_answer_is_named_and_stopped_later(
    site: Site, three: Three, index: int
) -> None:
    lost = list(three)[index]
    others = [each for each in three if each is not lost]
    await lost.miner.disconnect()

    with fails_with("stops_later") as error:
        await site.turn_off()

    assert error.value.translation_placeholders == {"miner": lost.entry.title}
    assert not site.is_on
    assert not any(is_mining(each) for each in others)
    await polled(site, 3)
    assert site.names("miners_not_off") == [lost.entry.title]
    lost.miner.reconnect()
    await polled(site, 3)
    assert not is_mining(lost)
    assert site.names("miners_not_off") == []
    await site.turn_on()
    assert all(is_mining(each) for each in three)


async def test_several_that_do_not_answer_are_all_named(
    site: Site, three: Three
) -> None:
    for lost in (three.ada, three.cleo):
        await lost.miner.disconnect()

    with fails_with("several_failed") as error:
        await site.turn_off()

    assert "Ada" in str(error.value)
    assert "Cleo" in str(error.value)
    assert "Bea" not in str(error.value)
    assert not is_mining(three.bea)


async def test_a_miner_that_refuses_is_named(site: Site, three: Three) -> None:
    three.ada.miner.misbehave("power_off", Refused(45))

    with fails_with("write_access_closed"):
        await site.turn_off()
    await polled(site)

    assert site.names("miners_not_off") == ["Ada"]


async def test_a_miner_that_is_off_counts_as_off(site: Site, three: Three) -> None:
    await site.turn_off()
    assert site.names("miners_not_off") != []  # no poll has shown it yet

    await polled(site)

    assert site.names("miners_not_off") == []
    assert site.names("miners_running") == []


# Together with the switches of the miners


@pytest.mark.parametrize("first", ["site", "miners"])
@pytest.mark.parametrize("by_person", [True, False])
async def test_a_call_that_switches_the_site_and_its_miners_does_both(
    site: Site, three: Three, first: str, by_person: bool, hass_admin_user: MockUser
) -> None:
    """As in an area that has all of them."""
    switches = [each.entity_id("switch") for each in three]
    of_site = site.entity_id("switch", "mining")
    entity_ids = [of_site, *switches] if first == "site" else [*switches, of_site]
    for action in ("turn_off", "turn_on"):
        await site.hass.services.async_call(
            "switch",
            action,
            {ATTR_ENTITY_ID: entity_ids},
            blocking=True,
            context=Context(user_id=hass_admin_user.id if by_person else None),
        )
        await polled(site)

        assert all(is_mining(each) is (action == "turn_on") for each in three)
        assert site.is_on is (action == "turn_on")


async def test_what_was_off_before_such_a_call_stays_off(
    site: Site, three: Three
) -> None:
    await three.ada.turn_off()
    await polled(site)
    switches = [each.entity_id("switch") for each in three]

    await site.hass.services.async_call(
        "switch",
        "turn_off",
        {ATTR_ENTITY_ID: [*switches, site.entity_id("switch", "mining")]},
        blocking=True,
    )
    await site.turn_on()

    assert [is_mining(each) for each in three] == [False, True, True]


async def test_a_hold_of_a_site_and_its_miners_is_one_of_the_site(
    site: Site, three: Three
) -> None:
    devices = [
        device_of(site.hass, site.entry).id,
        *(each.coordinator.device_id for each in three),
    ]
    await Target(site.hass, {ATTR_DEVICE_ID: devices}).call("hold")

    await site.turn_on()

    assert all(is_mining(each) for each in three)


async def test_a_miner_that_a_person_lets_go_is_not_waited_for(
    site: Site, three: Three, hass_admin_user: MockUser
) -> None:
    await site.turn_off()
    await polled(site)

    await site.hass.services.async_call(
        "switch",
        "turn_on",
        {ATTR_ENTITY_ID: three.ada.entity_id("switch")},
        blocking=True,
        context=Context(user_id=hass_admin_user.id),
    )
    await polled(site)

    assert is_mining(three.ada)
    assert site.names("miners_not_off") == []


async def test_a_miner_that_waits_to_be_started_is_named_again(
    site: Site, three: Three
) -> None:
    await site.turn_off()
    await polled(site)
    await three.ada.miner.disconnect()
    with fails_with("starts_later"):
        await site.turn_on()

    with fails_with("starts_later"):
        await site.turn_on()
