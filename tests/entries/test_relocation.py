"""A miner is found again at another address, and never taken for another one."""

import asyncio
import logging
from unittest.mock import patch

import pytest

from custom_components.whatsminer.api import Miner
from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.entries.lookup import hosts_in_use
from custom_components.whatsminer.entries.relocation import (
    async_relocate_all,
    async_relocate_and_match,
    relocate,
)
from custom_components.whatsminer.entries.scan import async_scan
from custom_components.whatsminer.issues import Issue, raise_issue
from custom_components.whatsminer.miner.record import RECORDS, address_of
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from tests import JOINED, Held
from tests.fleet import Fleet, Owned, found, rotate, second_address, shown_issues


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """The platforms that are set up: one that reads, and one of each kind that writes."""
    return Platform.BUTTON, Platform.NUMBER, Platform.SENSOR, Platform.SWITCH


@pytest.fixture
async def bea(fleet: Fleet) -> Owned:
    """Another miner, of another model, with the same password."""
    return await fleet.add("Bea", model="M50")


@pytest.fixture
async def cid(fleet: Fleet) -> Owned:
    """A third miner, of another generation."""
    return await fleet.add("Cid", model="M63", generation="compat")


# Miners that changed places


@pytest.mark.parametrize("first", [0, 1])
async def test_two_miners_that_changed_places_find_themselves(
    fleet: Fleet, ada: Owned, bea: Owned, first: int, caplog: pytest.LogCaptureFixture
) -> None:
    await ada.miner.swap(bea.miner)
    await (ada, bea)[first].coordinator.async_refresh()
    await fleet.settle()

    for owned in (ada, bea):
        owned.check_found()
        assert owned.miner.writes in ([], [{"cmd": "set_led", "param": "auto"}])
    assert float(bea.shown("sensor", "hash_rate")) == pytest.approx(118, rel=0.1)
    assert float(ada.shown("sensor", "hash_rate")) == pytest.approx(100, rel=0.1)
    assert shown_issues(fleet.hass) == []
    assert ada.miner.peak_connections == bea.miner.peak_connections == 1


async def test_a_swap_is_found_out_by_a_command(
    fleet: Fleet, ada: Owned, bea: Owned
) -> None:
    await ada.miner.swap(bea.miner)
    with pytest.raises(HomeAssistantError):
        await ada.turn_off()
    await fleet.settle()
    assert bea.miner.state.mining

    await ada.turn_off()
    assert not ada.miner.state.mining
    assert bea.miner.state.mining
    assert shown_issues(fleet.hass) == []


async def test_three_miners_that_moved_on_in_a_circle_find_themselves(
    fleet: Fleet, ada: Owned, bea: Owned, cid: Owned
) -> None:
    await rotate(ada.miner, bea.miner, cid.miner)
    await bea.coordinator.async_refresh()
    await fleet.settle()

    for owned in (ada, bea, cid):
        owned.check_found()
    assert shown_issues(fleet.hass) == []


@pytest.mark.parametrize("at_once", [False, True])
async def test_miners_that_are_polled_at_the_same_time_find_themselves(
    fleet: Fleet, ada: Owned, bea: Owned, cid: Owned, at_once: bool
) -> None:
    await rotate(ada.miner, bea.miner, cid.miner)
    if at_once:
        await asyncio.gather(
            *(each.coordinator.async_refresh() for each in (ada, bea, cid))
        )
        await fleet.settle()
    else:
        await fleet.clock.next_poll()

    for owned in (ada, bea, cid):
        owned.check_found()
    assert shown_issues(fleet.hass) == []


@pytest.mark.parametrize("meets", ["Ada", "Bea"])
async def test_a_miner_that_could_not_be_set_up_is_found_with_the_other(
    fleet: Fleet, ada: Owned, bea: Owned, meets: str
) -> None:
    await ada.miner.disconnect()
    await fleet.reload(ada)
    assert ada.is_in(ConfigEntryState.SETUP_RETRY)
    await ada.miner.swap(bea.miner)
    ada.miner.reconnect()

    if meets == "Ada":
        await fleet.hass.config_entries.async_reload(ada.entry.entry_id)
    else:
        await bea.coordinator.async_refresh()
    await fleet.settle()

    for owned in (ada, bea):
        owned.check_found()
    assert shown_issues(fleet.hass) == []


async def test_a_miner_that_is_disabled_is_followed_for_when_it_is_not(
    fleet: Fleet, ada: Owned, bea: Owned
) -> None:
    await ada.disable()
    await ada.miner.swap(bea.miner)
    await bea.coordinator.async_refresh()
    await fleet.settle()

    assert bea.is_available
    assert ada.is_followed
    assert ada.is_in(ConfigEntryState.NOT_LOADED)

    await fleet.hass.config_entries.async_set_disabled_by(ada.entry.entry_id, None)
    await fleet.settle()
    assert ada.is_available


async def test_a_circle_may_pass_through_miners_that_are_not_set_up(
    fleet: Fleet, ada: Owned, bea: Owned, cid: Owned
) -> None:
    await ada.disable()
    await bea.miner.disconnect()
    await fleet.reload(bea)
    assert bea.is_in(ConfigEntryState.SETUP_RETRY)
    bea.miner.reconnect()
    await rotate(ada.miner, bea.miner, cid.miner)
    await cid.coordinator.async_refresh()
    await fleet.settle()

    for owned in (ada, bea, cid):
        assert owned.is_followed
    assert bea.is_available
    assert cid.is_available
    assert ada.is_in(ConfigEntryState.NOT_LOADED)
    assert shown_issues(fleet.hass) == []


async def test_a_new_home_assistant_finds_all_its_miners_elsewhere(
    fleet: Fleet,
) -> None:
    """The router was replaced, and gave every address to another miner."""
    owned = [await fleet.know(f"Miner {number}") for number in range(20)]
    await rotate(*(each.miner for each in owned))
    await fleet.set_up(*owned)
    await fleet.clock.tick(6)

    assert all(each.is_followed for each in owned)
    assert all(each.is_in(ConfigEntryState.LOADED) for each in owned)
    assert shown_issues(fleet.hass) == []


# A miner that is seen somewhere


@pytest.mark.parametrize("retrying", [False, True])
async def test_a_miner_that_a_scan_finds_elsewhere_is_followed(
    fleet: Fleet, ada: Owned, bea: Owned, retrying: bool
) -> None:
    await ada.miner.disconnect()
    await ada.miner.move(fleet.host(40))
    if retrying:
        await fleet.reload(ada)
    else:
        await fleet.clock.next_poll(2)
    ada.miner.reconnect()
    bea.miner.requests.clear()

    scan = await async_scan([fleet.network], skip=hosts_in_use(fleet.hass))
    placed = await async_relocate_and_match(fleet.hass, *scan.miners)
    await fleet.settle()

    assert placed == {ada.entry.unique_id: ada.entry}
    ada.check_found()
    assert bea.miner.requests == []


async def test_a_miner_that_is_seen_where_it_was_is_tried_again_at_once(
    fleet: Fleet, ada: Owned, bea: Owned, cid: Owned
) -> None:
    await ada.miner.disconnect()
    await fleet.hass.config_entries.async_reload(ada.entry.entry_id)
    await bea.miner.disconnect()
    await fleet.clock.next_poll(2)
    ada.miner.reconnect()
    bea.miner.reconnect()
    cid.miner.requests.clear()
    assert not bea.is_available

    await fleet.see(ada, bea, cid)

    assert ada.is_available
    assert bea.is_available
    assert cid.miner.requests == []


async def test_a_miner_with_two_addresses_stays_where_it_is(
    fleet: Fleet, ada: Owned
) -> None:
    coordinator = ada.coordinator
    async with second_address(ada.miner, fleet.host(40)):
        for _ in range(3):
            scan = await async_scan([fleet.network], skip=hosts_in_use(fleet.hass))
            assert [found.host for found in scan.miners] == [fleet.host(40)]
            await async_relocate_and_match(fleet.hass, *scan.miners)
            await fleet.clock.next_poll()

    ada.check_found()
    assert ada.coordinator is coordinator


async def test_a_miner_with_two_addresses_drives_nobody_out_and_stays(
    fleet: Fleet, ada: Owned, bea: Owned
) -> None:
    """The miner whose address was taken is missing, and no entry goes to and fro."""
    host = bea.miner.host
    await bea.miner.disconnect()
    coordinator = ada.coordinator
    async with second_address(ada.miner, host):
        await fleet.clock.next_poll(6)

        ada.check_found()
        assert ada.coordinator is coordinator
        assert bea.is_followed
        assert not bea.is_available
        assert shown_issues(fleet.hass) == ["wrong_miner of Bea"]
    bea.miner.reconnect()
    await fleet.clock.next_poll()
    assert bea.is_available


async def test_an_old_address_that_does_not_answer_holds_up_nobody_else(
    fleet: Fleet, ada: Owned, bea: Owned
) -> None:
    held = Held()
    zoe = await fleet.replace(ada)
    zoe.misbehave("*", held)
    await ada.appear_at(fleet.host(40))
    await bea.miner.move(fleet.host(41))
    slow = fleet.hass.async_create_task(
        async_relocate_and_match(fleet.hass, found(ada.miner))
    )
    await held.reached.wait()

    await async_relocate_and_match(fleet.hass, found(bea.miner))
    assert bea.is_followed
    assert not ada.is_followed

    held.release.set()
    await slow
    assert ada.is_followed


async def test_an_error_that_nobody_expects_at_one_miner_holds_up_nobody_else(
    fleet: Fleet, ada: Owned, bea: Owned, caplog: pytest.LogCaptureFixture
) -> None:
    odd, read_mac = ada.miner.host, Miner.read_mac
    for owned, number in ((ada, 40), (bea, 41)):
        await owned.miner.move(fleet.host(number))

    async def odd_read_mac(miner: Miner) -> str | None:
        if miner.address[0] == odd:
            raise ZeroDivisionError
        return await read_mac(miner)

    with patch.object(Miner, "read_mac", odd_read_mac):
        await fleet.see(ada, bea)

    for owned in (ada, bea):
        owned.check_found()
    assert caplog.text.count("Unexpected error at Ada") == 1


# Races


async def test_a_poll_under_way_does_not_undo_a_move(
    fleet: Fleet, ada: Owned, bea: Owned
) -> None:
    held = Held()
    zoe = await fleet.replace(ada)
    zoe.misbehave(JOINED, held)
    fleet.clock.move(30)
    await held.reached.wait()

    await ada.appear_at(fleet.host(40))
    relocate(fleet.hass, ada.entry, (ada.miner.host, ada.miner.port))
    held.release.set()
    await fleet.settle()
    await fleet.clock.next_poll()

    ada.check_found()
    assert shown_issues(fleet.hass) == []
    assert ada.miner.peak_connections == 1


@pytest.mark.parametrize("step", ["get_version", "get_error_code"])
async def test_a_miner_that_moves_during_a_reload_is_followed(
    fleet: Fleet, ada: Owned, step: str
) -> None:
    """The set-up began at the old address."""
    held = Held()
    fleet.hass.data[RECORDS].clear()  # as after a restart of Home Assistant
    ada.miner.misbehave(step, held)
    reload = fleet.hass.async_create_task(
        fleet.hass.config_entries.async_reload(ada.entry.entry_id)
    )
    await held.reached.wait()
    assert ada.is_in(ConfigEntryState.SETUP_IN_PROGRESS)

    relocate(fleet.hass, ada.entry, (fleet.host(40), ada.miner.port))
    held.release.set()
    await reload
    await ada.miner.move(fleet.host(40))
    await fleet.settle()
    await fleet.clock.tick(6)

    assert ada.is_in(ConfigEntryState.LOADED)
    assert ada.coordinator.client.address == (fleet.host(40), ada.miner.port)
    assert ada.is_available


@pytest.mark.parametrize("how", ["moved", "removed"])
async def test_an_entry_that_is_gone_when_its_old_address_answers_stays_so(
    fleet: Fleet, ada: Owned, how: str
) -> None:
    held = Held()
    zoe = await fleet.replace(ada)
    zoe.misbehave("get_miner_info", held)
    await ada.appear_at(fleet.host(40))
    follow = fleet.hass.async_create_task(
        async_relocate_all(fleet.hass, {ada.miner.mac.lower(): (fleet.host(40), 4028)})
    )
    await held.reached.wait()

    if how == "moved":
        await ada.miner.move(fleet.host(41))
        relocate(fleet.hass, ada.entry, (fleet.host(41), 4028))
    else:
        await ada.remove()
    held.release.set()
    await follow
    await fleet.settle()

    if how == "moved":
        assert address_of(ada.entry) == (fleet.host(41), 4028)
        assert ada.is_available
    else:
        assert fleet.hass.config_entries.async_entries(DOMAIN) == []


async def test_a_move_is_logged_once(
    fleet: Fleet, ada: Owned, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await ada.miner.move(fleet.host(40))
    await fleet.see(ada)
    await fleet.see(ada)

    assert caplog.text.count(f"Ada is at {fleet.host(40)} now") == 1


async def test_an_issue_is_raised_for_whom_it_concerns(
    hass: HomeAssistant, fleet: Fleet, ada: Owned, bea: Owned
) -> None:
    raise_issue(hass, bea.entry, Issue.WRONG_MINER)
    relocate(hass, ada.entry, (ada.miner.host, ada.miner.port))
    assert shown_issues(hass) == ["wrong_miner of Bea"]
