"""A miner with a new control board is recognised by its hashboards, and a repair is offered."""

from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.whatsminer.const import DOMAIN, MEMORY_INTERVAL
from custom_components.whatsminer.entries.discovery import DiscoveredMiner
from custom_components.whatsminer.entries.relocation import async_relocate_and_match
from custom_components.whatsminer.entries.scan import async_scan
from custom_components.whatsminer.miner.memory import Memory, StoredData
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PORT, Platform
from homeassistant.helpers import issue_registry as ir
from tests.fleet import Fleet, Owned, found, issues, shown_issues


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """The platforms that are set up: one that reads and one that writes."""
    return Platform.SENSOR, Platform.SWITCH


async def test_thousands_of_strangers_are_told_from_miners_at_once(
    fleet: Fleet, ada: Owned, bea: Owned
) -> None:
    """Each of the strangers claims the hashboards of all missing miners."""
    boards = {}
    for owned in (ada, bea):
        boards[owned] = found(owned.miner).boards
        await owned.miner.disconnect()
    await fleet.clock.next_poll(2)
    changes = async_capture_events(fleet.hass, ir.EVENT_REPAIRS_ISSUE_REGISTRY_UPDATED)
    strangers = [
        DiscoveredMiner(
            host=f"10.0.{number >> 8}.{number & 255}",
            mac=f"ce:02:02:00:{number >> 8:02x}:{number & 255:02x}",
            boards=boards[ada if number % 2 else bea],
        )
        for number in range(4096)
    ]

    placed = await async_relocate_and_match(fleet.hass, *strangers)

    assert placed == {strangers[0].mac: bea.entry, strangers[1].mac: ada.entry}
    assert len(changes) == 2
    assert sorted(shown_issues(fleet.hass)) == [
        "new_control_board of Ada",
        "new_control_board of Bea",
    ]
    assert offered(ada)[CONF_HOST] == strangers[1].host


async def test_boards_that_cannot_be_read_from_the_disk_are_those_of_one_miner(
    fleet: Fleet, ada: Owned, bea: Owned, caplog: pytest.LogCaptureFixture
) -> None:
    await ada.miner.disconnect()
    mac = bea.replace_control_board()
    await fleet.clock.next_poll(2)
    load = Memory.async_load

    async def odd_load(store: Memory) -> StoredData:
        if store.key == f"{DOMAIN}.{ada.entry.entry_id}":
            raise OSError
        return await load(store)

    with patch.object(Memory, "async_load", odd_load):
        placed = await async_relocate_and_match(fleet.hass, found(bea.miner))

    assert placed == {mac: bea.entry}
    assert caplog.text.count("Unexpected error at Ada") == 1


def offered(owned: Owned) -> dict[str, Any]:
    """Return what the issue says about the new control board of a miner."""
    issue = ir.async_get(owned.hass).async_get_issue(
        DOMAIN, f"new_control_board_{owned.entry.entry_id}"
    )
    assert issue is not None
    assert issue.data is not None
    return dict(issue.data)


async def test_a_new_control_board_at_the_same_address_is_offered(
    fleet: Fleet, ada: Owned
) -> None:
    mac = ada.replace_control_board()
    await fleet.clock.next_poll()

    assert not ada.is_available
    assert shown_issues(fleet.hass) == ["new_control_board of Ada"]
    assert offered(ada) == {
        "entry_id": ada.entry.entry_id,
        CONF_MAC: mac,
        CONF_HOST: ada.miner.host,
        CONF_PORT: ada.miner.port,
    }
    assert issues(fleet.hass)[0].translation_placeholders == {
        "miner": "Ada",
        "host": ada.miner.host,
        "model": "M30S+ VE40",
    }


@pytest.mark.parametrize("retrying", [False, True])
async def test_a_new_control_board_at_another_address_is_offered(
    fleet: Fleet, ada: Owned, bea: Owned, retrying: bool
) -> None:
    mac = ada.replace_control_board()
    await ada.miner.move(fleet.host(40))
    if retrying:
        await fleet.reload(ada)
    else:
        await fleet.clock.next_poll(2)
    scan = await async_scan([fleet.network])
    placed = await async_relocate_and_match(fleet.hass, *scan.miners)

    assert placed[mac] is ada.entry
    assert offered(ada)[CONF_HOST] == fleet.host(40)
    assert shown_issues(fleet.hass) == ["new_control_board of Ada"]


async def test_hashboards_are_known_while_some_of_them_are_missing(
    fleet: Fleet, ada: Owned
) -> None:
    """A hashboard that is not listed for a while is not forgotten, and one is enough."""
    ada.miner.state.boards[0].present = False
    await fleet.clock.next_poll(3)
    for board in ada.miner.state.boards:
        board.present = not board.present
    ada.replace_control_board()
    await fleet.clock.next_poll(2)

    assert shown_issues(fleet.hass) == ["new_control_board of Ada"]


async def test_hashboards_that_were_replaced_are_remembered(
    fleet: Fleet, ada: Owned, hass_storage: dict[str, Any]
) -> None:
    ada.miner.state.boards[0].serial = "SKM3CSD0000001A00001"
    await fleet.clock.next_poll(2)
    await fleet.clock.tick(MEMORY_INTERVAL)

    assert hass_storage[f"{DOMAIN}.{ada.entry.entry_id}"]["data"]["boards"] == sorted(
        board.serial for board in ada.miner.state.boards
    )


async def test_the_hashboards_of_a_miner_that_is_well_are_nobody_elses(
    fleet: Fleet, ada: Owned
) -> None:
    """A machine with the same serial numbers is another one."""
    zoe = found(await fleet.start("Zoe"))
    twin = found(ada.miner)
    placed = await async_relocate_and_match(
        fleet.hass, DiscoveredMiner(host=zoe.host, mac=zoe.mac, boards=twin.boards)
    )

    assert placed == {}
    assert shown_issues(fleet.hass) == []


@pytest.mark.parametrize("boards", ["none", "others", "one of ours"])
async def test_other_hashboards_are_another_miner(
    fleet: Fleet, ada: Owned, boards: str
) -> None:
    await ada.miner.disconnect()
    await fleet.clock.next_poll(2)
    zoe = await fleet.start("Zoe")
    for board in zoe.state.boards:
        board.present = boards != "none"
    if boards == "one of ours":
        zoe.state.boards[1].serial = ada.miner.state.boards[1].serial
    scan = await async_scan([fleet.network])

    assert await async_relocate_and_match(fleet.hass, *scan.miners) == {}
    assert shown_issues(fleet.hass) == []


async def test_the_old_control_board_that_is_back_ends_the_offer(
    fleet: Fleet, ada: Owned
) -> None:
    """The hashboards were in another machine for a while."""
    old = ada.miner.mac
    ada.replace_control_board()
    await fleet.clock.next_poll()
    assert shown_issues(fleet.hass) == ["new_control_board of Ada"]

    ada.miner.replace_control_board(old)
    await fleet.clock.next_poll()
    assert shown_issues(fleet.hass) == []
    assert ada.is_available
