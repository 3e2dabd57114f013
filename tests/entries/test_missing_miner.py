"""A miner that was announced at an address is looked for there, and followed if it answers."""

from collections.abc import Awaitable, Callable
from unittest.mock import patch

import pytest

from custom_components.whatsminer.api import Miner
from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.entries.missing_miner import (
    async_handle_announcement,
    async_seek_miner,
)
from custom_components.whatsminer.miner.record import RECORDS, record_for_entry
from homeassistant.config_entries import SOURCE_DHCP, ConfigEntryState
from homeassistant.const import Platform
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from simulator import GARBAGE, Closed, Misbehaviour, Quirk
from tests import PROCESS_DOWN, hold, names_of
from tests.fleet import Fleet, Owned, second_address, shown_issues

# In the network of the tests: where a miner is announced.
ELSEWHERE = 40


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """The platforms that are set up: one that reads and one that writes."""
    return Platform.SENSOR, Platform.SWITCH


async def announce(fleet: Fleet, owned: Owned, host: str | None = None) -> None:
    """Report by DHCP that a miner has an address."""
    result = await fleet.hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_DHCP},
        data=DhcpServiceInfo(
            ip=host or fleet.host(ELSEWHERE),
            hostname="whatsminer",
            macaddress=owned.miner.mac.replace(":", "").lower(),
        ),
    )
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    await fleet.settle()


async def go_on(fleet: Fleet) -> None:
    """Let enough time pass for any entry to retry its miner."""
    await fleet.clock.tick(90)
    await fleet.clock.next_poll(2)


async def be_loaded(fleet: Fleet, owned: Owned) -> None:
    """Switch off a miner that is set up."""
    await owned.miner.disconnect()
    await fleet.clock.next_poll(2)
    assert owned.is_in(ConfigEntryState.LOADED)
    assert not owned.is_available


async def be_retried(fleet: Fleet, owned: Owned) -> None:
    """Switch off a miner before it is set up."""
    await owned.miner.disconnect()
    await fleet.reload(owned)
    assert owned.is_in(ConfigEntryState.SETUP_RETRY)


async def be_disabled(fleet: Fleet, owned: Owned) -> None:
    """Disable a miner, and switch it off."""
    await owned.disable()
    await owned.miner.disconnect()


async def enable(fleet: Fleet, owned: Owned) -> None:
    """Enable a miner that was disabled; others stay as they are."""
    await fleet.hass.config_entries.async_set_disabled_by(owned.entry.entry_id, None)
    await fleet.settle()


type Off = Callable[[Fleet, Owned], Awaitable[None]]
every_off = pytest.mark.parametrize("off", [be_loaded, be_retried, be_disabled])


# An announcement alone


async def no_device(fleet: Fleet) -> None:
    """Leave the address empty."""


async def another(fleet: Fleet) -> None:
    """Put another miner of the same kind there."""
    await fleet.start("Zoe", host=fleet.host(ELSEWHERE))


async def something(fleet: Fleet) -> None:
    """Put something that is no miner there."""
    (await fleet.start("Zoe", host=fleet.host(ELSEWHERE))).misbehave("*", GARBAGE)


async def booting(fleet: Fleet) -> None:
    """Put a miner there that does not report its MAC address yet."""
    (await fleet.start("Zoe", host=fleet.host(ELSEWHERE))).misbehave("*", PROCESS_DOWN)


async def known(fleet: Fleet) -> None:
    """Put a miner there that has an entry and answers."""
    await fleet.add("Bea", host=fleet.host(ELSEWHERE))


@every_off
@pytest.mark.parametrize("who", [no_device, another, something, booting, known])
async def test_an_announcement_moves_nobody(
    fleet: Fleet, ada: Owned, off: Off, who: Callable[[Fleet], Awaitable[None]]
) -> None:
    await off(fleet, ada)
    await who(fleet)
    before = dict(ada.entry.data)

    await announce(fleet, ada)
    await go_on(fleet)

    assert ada.entry.data == before
    ada.miner.reconnect()
    await enable(fleet, ada)
    await go_on(fleet)
    ada.check_found()
    assert shown_issues(fleet.hass) == []


async def test_an_announcement_writes_nothing_to_whoever_is_there(
    fleet: Fleet, ada: Owned
) -> None:
    """The address is asked for its MAC address, unencrypted, once with each poll that fails."""
    await be_loaded(fleet, ada)
    zoe = await fleet.start("Zoe", host=fleet.host(ELSEWHERE))

    await announce(fleet, ada)
    await fleet.clock.next_poll(3)

    assert zoe.writes == []
    assert set(names_of(zoe.requests)) == {"get_miner_info"}
    assert len(zoe.requests) <= 4


async def test_a_miner_that_is_known_to_be_there_is_not_asked(
    fleet: Fleet, ada: Owned
) -> None:
    """A miner copes with one connection at a time."""
    bea = await fleet.add("Bea", host=fleet.host(ELSEWHERE))
    await be_retried(fleet, ada)
    connections = bea.miner.connections

    await announce(fleet, ada)

    assert bea.miner.connections == connections
    assert bea.is_available


async def test_an_announcement_at_its_own_address_takes_it_from_nobody(
    fleet: Fleet, ada: Owned
) -> None:
    """Two entries have an address, and the miner of one is known to answer there."""
    host = ada.miner.host
    await be_loaded(fleet, ada)
    bea = await fleet.add("Bea", host=host)
    assert bea.is_available

    await announce(fleet, ada, host)

    assert bea.is_available
    assert not ada.is_available


# A miner that answers where it was announced


@every_off
async def test_a_miner_is_followed_when_it_answers(
    fleet: Fleet, ada: Owned, off: Off
) -> None:
    """The API of a miner opens about a minute after it has asked for an address."""
    before = dict(ada.entry.data)
    await off(fleet, ada)
    await announce(fleet, ada)
    await fleet.clock.next_poll(2)
    assert ada.entry.data == before

    await ada.appear_at(fleet.host(ELSEWHERE))
    await enable(fleet, ada)
    await go_on(fleet)

    ada.check_found()
    assert shown_issues(fleet.hass) == []


async def test_a_miner_is_followed_while_another_one_is_at_its_address(
    fleet: Fleet, ada: Owned
) -> None:
    host = ada.miner.host
    await be_loaded(fleet, ada)
    await fleet.start("Zoe", host=host)
    await announce(fleet, ada)
    await fleet.clock.next_poll()
    assert shown_issues(fleet.hass) == ["wrong_miner of Ada"]

    await ada.appear_at(fleet.host(ELSEWHERE))
    await fleet.clock.next_poll(2)

    ada.check_found()
    assert shown_issues(fleet.hass) == []


@pytest.mark.parametrize("how", [PROCESS_DOWN, GARBAGE, Closed()], ids=str)
async def test_a_miner_is_followed_whatever_answers_at_its_address(
    fleet: Fleet, ada: Owned, how: Misbehaviour
) -> None:
    host = ada.miner.host
    await be_loaded(fleet, ada)
    (await fleet.start("Zoe", host=host)).misbehave("*", how)
    await announce(fleet, ada)

    await ada.appear_at(fleet.host(ELSEWHERE))
    await fleet.clock.next_poll(2)

    ada.check_found()


async def test_the_last_announcement_counts(fleet: Fleet, ada: Owned) -> None:
    await be_loaded(fleet, ada)
    for number in (ELSEWHERE, 41, 42):
        await announce(fleet, ada, fleet.host(number))
    assert record_for_entry(fleet.hass, ada.entry).announced_host == fleet.host(42)

    zoe = await fleet.start("Zoe", host=fleet.host(ELSEWHERE))
    await ada.appear_at(fleet.host(42))
    await fleet.clock.next_poll(2)

    ada.check_found()
    assert zoe.requests == []


async def test_a_miner_that_answers_at_both_addresses_stays(
    fleet: Fleet, ada: Owned
) -> None:
    async with second_address(ada.miner, fleet.host(ELSEWHERE)):
        await announce(fleet, ada)
        await fleet.clock.next_poll(3)
        ada.miner.misbehave("*", Closed(), times=1)
        await fleet.clock.next_poll(2)

    ada.check_found()


async def test_an_announcement_is_forgotten_when_the_miner_answers_where_it_was(
    fleet: Fleet, ada: Owned
) -> None:
    await announce(fleet, ada)
    await fleet.clock.next_poll(5)
    assert record_for_entry(fleet.hass, ada.entry).announced_host is None
    zoe = await fleet.start("Zoe", host=fleet.host(ELSEWHERE))

    await be_loaded(fleet, ada)
    await go_on(fleet)

    assert zoe.connections == 0


async def test_a_miner_may_still_answer_where_it_was_when_it_is_announced(
    fleet: Fleet, ada: Owned
) -> None:
    """A miner asks for its new address before it gives up its old one."""
    await announce(fleet, ada)
    await fleet.clock.next_poll()
    assert ada.is_available

    await ada.miner.move(fleet.host(ELSEWHERE))
    await fleet.clock.next_poll(2)

    ada.check_found()


@pytest.mark.parametrize("off", [be_loaded, be_retried])
async def test_an_old_miner_that_is_stopped_is_followed_when_it_mines(
    fleet: Fleet, off: Off
) -> None:
    """Only the mining process of V1 reports the MAC address."""
    old = await fleet.add(
        "Old", generation="v1", model="M20S", quirks={Quirk.PROCESS_DOWN}
    )
    await off(fleet, old)
    await announce(fleet, old)
    old.miner.state.mining = False
    await old.appear_at(fleet.host(ELSEWHERE))
    await go_on(fleet)
    assert not old.is_followed

    old.miner.state.mining = True
    await go_on(fleet)
    old.check_found()


@pytest.mark.parametrize("at", ["commanded", "announced"])
async def test_a_miner_that_was_told_to_move_may_be_announced_elsewhere(
    fleet: Fleet, ada: Owned, at: str
) -> None:
    """The router has the last word; the miner is looked for at both addresses."""
    ada.coordinator.memory.data["host"] = fleet.host(41)
    await be_loaded(fleet, ada)
    await announce(fleet, ada)

    await ada.appear_at(fleet.host(41 if at == "commanded" else ELSEWHERE))
    await fleet.clock.next_poll(2)

    ada.check_found()


# What does not go wrong


async def test_a_miner_is_looked_for_once_at_a_time(fleet: Fleet, ada: Owned) -> None:
    await be_disabled(fleet, ada)
    zoe = await fleet.start("Zoe", host=fleet.host(ELSEWHERE))
    held = hold(zoe, "*")
    first = fleet.hass.async_create_task(
        async_handle_announcement(fleet.hass, ada.entry, fleet.host(ELSEWHERE))
    )
    await held.reached.wait()

    for number in (41, 42, ELSEWHERE):
        await async_handle_announcement(fleet.hass, ada.entry, fleet.host(number))
    assert zoe.connections == 1

    held.release.set()
    await first
    await async_seek_miner(fleet.hass, ada.entry)
    assert zoe.connections == 2


async def test_a_miner_that_gets_another_firmware_is_not_looked_for(
    fleet: Fleet, ada: Owned
) -> None:
    """An update allows no other connection."""
    zoe = await fleet.start("Zoe", host=fleet.host(ELSEWHERE))
    with ada.coordinator.client.exclusive():
        await announce(fleet, ada)
        await fleet.clock.next_poll(2)

    assert zoe.connections == 0
    assert ada.is_followed


async def test_an_error_that_nobody_expects_leaves_the_entry_as_it_is(
    fleet: Fleet, ada: Owned, caplog: pytest.LogCaptureFixture
) -> None:
    await be_loaded(fleet, ada)
    with patch.object(Miner, "read_mac", side_effect=ZeroDivisionError):
        await announce(fleet, ada)
    assert "Unexpected error at Ada" in caplog.text
    assert caplog.text.count("ZeroDivisionError") == 1

    ada.miner.reconnect()
    await fleet.clock.next_poll()
    ada.check_found()


async def test_nothing_is_left_of_a_miner_that_is_removed(
    fleet: Fleet, ada: Owned
) -> None:
    await be_loaded(fleet, ada)
    await announce(fleet, ada)

    await ada.remove()

    assert fleet.hass.data[RECORDS] == {}
