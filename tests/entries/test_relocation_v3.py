"""Miners that speak V3, on port 4433 alone if need be, are followed as all others are."""

from typing import Any

import pytest

from custom_components.whatsminer.api import V3_PORT
from custom_components.whatsminer.const import CONF_V3_PORT, DOMAIN
from custom_components.whatsminer.entries.lookup import entry_at_address, hosts_in_use
from custom_components.whatsminer.entries.missing_miner import async_handle_announcement
from custom_components.whatsminer.entries.relocation import async_relocate_and_match
from custom_components.whatsminer.entries.scan import async_scan
from custom_components.whatsminer.issues import Issue
from homeassistant.config_entries import SOURCE_DHCP, ConfigEntryState
from homeassistant.const import Platform
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from tests.fleet import Fleet, Owned, shown_issues
from tests.test_repairs import repair

pytestmark = pytest.mark.usefixtures("ordinary_v3_port")

V3 = {"generation": "v3", "model": "M63", "v3_port": V3_PORT}
V3_ONLY = V3 | {"v2_open": False}
ELSEWHERE = 40


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """The platforms that are set up: one that reads and one that writes."""
    return Platform.SENSOR, Platform.SWITCH


@pytest.fixture(params=[V3, V3_ONLY], ids=["both ports", "port 4433"])
async def vic(fleet: Fleet, request: pytest.FixtureRequest) -> Owned:
    """A miner that speaks V3, with port 4028 open or closed."""
    return await fleet.add("Vic", **request.param)


@pytest.fixture
async def ann(fleet: Fleet) -> Owned:
    """A miner that speaks V3 alone."""
    return await fleet.add("Ann", **V3_ONLY)


def check_unwritten(*owned: Owned) -> None:
    """Check that no miner was sent a command, or had two connections at once."""
    for each in owned:
        writes = [write for write in each.miner.writes if write["cmd"] != "set_led"]
        if each.miner.generation == "v3":
            writes += [
                write
                for write in each.miner.v3.writes
                if write["cmd"] != "set.system.led"
            ]
        assert writes == []
        assert each.miner.peak_connections == 1


# Lookup and scan


async def test_a_miner_of_v3_that_answers_is_not_scanned(
    fleet: Fleet, vic: Owned
) -> None:
    assert vic.is_available
    assert hosts_in_use(fleet.hass) == {vic.miner.host}
    connections = vic.miner.connections
    scan = await async_scan([fleet.network], skip=hosts_in_use(fleet.hass))
    assert scan.miners == []
    assert vic.miner.connections == connections

    await vic.miner.disconnect()
    await fleet.clock.next_poll(2)
    assert hosts_in_use(fleet.hass) == set()


async def test_a_scan_finds_a_miner_of_v3_at_another_address(
    fleet: Fleet, vic: Owned
) -> None:
    await vic.miner.disconnect()
    await fleet.clock.next_poll(2)
    await vic.appear_at(fleet.host(ELSEWHERE))
    scan = await async_scan([fleet.network], skip=hosts_in_use(fleet.hass))
    placed = await async_relocate_and_match(fleet.hass, *scan.miners)
    await fleet.settle()

    assert [*placed.values()] == [vic.entry]
    vic.check_found()
    check_unwritten(vic)


# A miner that is missing


async def announce(fleet: Fleet, owned: Owned) -> str | None:
    """Report by DHCP that a miner has another address; return how the dialogue ended."""
    result = await fleet.hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_DHCP},
        data=DhcpServiceInfo(
            ip=fleet.host(ELSEWHERE),
            hostname="whatsminer",
            macaddress=owned.miner.mac.replace(":", "").lower(),
        ),
    )
    await fleet.settle()
    return result.get("reason")


@pytest.mark.parametrize("set_up", [True, False])
async def test_a_miner_of_v3_that_was_announced_is_followed(
    fleet: Fleet, vic: Owned, set_up: bool
) -> None:
    await vic.miner.disconnect()
    if set_up:
        await fleet.clock.next_poll(2)
    else:
        await fleet.reload(vic)
    await vic.appear_at(fleet.host(ELSEWHERE))
    assert await announce(fleet, vic) == "already_configured"
    await fleet.clock.tick(90)

    vic.check_found()
    check_unwritten(vic)


async def test_a_miner_whose_v3_has_another_port_is_followed(fleet: Fleet) -> None:
    vic = await fleet.know("Vic", **V3_ONLY | {"v3_port": 4434})
    fleet.hass.config_entries.async_update_entry(
        vic.entry, data={**vic.entry.data, CONF_V3_PORT: 4434}
    )
    await fleet.set_up(vic)
    await vic.miner.disconnect()
    await fleet.clock.next_poll(2)
    await vic.appear_at(fleet.host(ELSEWHERE))
    assert await announce(fleet, vic) == "already_configured"
    await fleet.clock.tick(90)

    vic.check_found()
    assert vic.entry.data[CONF_V3_PORT] == 4434


async def test_an_announcement_does_not_move_a_miner_of_v3_that_answers(
    fleet: Fleet, vic: Owned
) -> None:
    await async_handle_announcement(fleet.hass, vic.entry, fleet.host(ELSEWHERE))
    await fleet.clock.next_poll(2)
    vic.check_found()


async def test_a_new_miner_of_v3_alone_is_offered(fleet: Fleet) -> None:
    miner = await fleet.start("New", host=fleet.host(ELSEWHERE), **V3_ONLY)
    result = await fleet.hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_DHCP},
        data=DhcpServiceInfo(
            ip=miner.host,
            hostname="whatsminer",
            macaddress=miner.mac.replace(":", "").lower(),
        ),
    )
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "discovery_confirm"


# A miner at whose address another one is


@pytest.mark.parametrize("other", [V3, V3_ONLY, {"generation": "v2"}], ids=str)
async def test_another_miner_is_found_out(
    fleet: Fleet, vic: Owned, other: dict[str, Any]
) -> None:
    zoe = await fleet.replace(vic, **other)
    await fleet.clock.next_poll(2)

    assert not vic.is_available
    assert shown_issues(fleet.hass) == ["wrong_miner of Vic"]
    assert zoe.writes == []

    await zoe.disconnect()
    vic.miner.reconnect()
    await fleet.clock.next_poll(2)
    assert vic.is_available
    assert shown_issues(fleet.hass) == []


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("generation", ["v1", "v2", "compat"])
async def test_two_miners_with_different_protocols_that_changed_places_find_themselves(
    fleet: Fleet, vic: Owned, generation: str, first: int
) -> None:
    model = {"v1": "M20S", "v2": "M30S+", "compat": "M60S"}[generation]
    old = await fleet.add("Old", generation=generation, model=model)
    await vic.miner.swap(old.miner)
    for owned in ((vic, old), (old, vic))[first]:
        await owned.coordinator.async_refresh()
        await fleet.settle()

    for owned in (vic, old):
        owned.check_found()
    assert vic.coordinator.data.model == "M63_VK30"
    assert shown_issues(fleet.hass) == []
    check_unwritten(vic, old)


async def test_two_miners_of_v3_alone_that_changed_places_find_themselves(
    fleet: Fleet, vic: Owned, ann: Owned
) -> None:
    await vic.miner.swap(ann.miner)
    await vic.coordinator.async_refresh()
    await fleet.settle()

    for owned in (vic, ann):
        owned.check_found()
    assert shown_issues(fleet.hass) == []
    check_unwritten(vic, ann)


async def test_the_same_after_a_restart_of_home_assistant(fleet: Fleet) -> None:
    """Nothing is known of the protocols yet."""
    vic = await fleet.know("Vic", **V3_ONLY)
    old = await fleet.know("Old", generation="v2")
    await vic.miner.swap(old.miner)
    await fleet.set_up(vic, old)
    await fleet.clock.tick(90)

    for owned in (vic, old):
        owned.check_found()
        assert owned.is_in(ConfigEntryState.LOADED)
    assert shown_issues(fleet.hass) == []


async def test_the_repair_finds_a_miner_of_v3(fleet: Fleet, vic: Owned) -> None:
    zoe = await fleet.replace(vic)
    await fleet.clock.next_poll(2)
    await vic.appear_at(fleet.host(ELSEWHERE))
    dialogue = await repair(vic, Issue.WRONG_MINER)
    assert dialogue.said["host"] == zoe.host

    assert await dialogue.submit() == "repaired"
    vic.check_found()
    assert shown_issues(fleet.hass) == []
    check_unwritten(vic)


async def test_the_repair_takes_the_address_of_a_miner_of_v3(
    fleet: Fleet, vic: Owned, ann: Owned
) -> None:
    zoe = await fleet.replace(vic)
    await fleet.clock.next_poll(2)
    await vic.appear_at(fleet.host(ELSEWHERE))
    dialogue = await repair(vic, Issue.WRONG_MINER)

    for host in (ann.miner.host, zoe.host):
        assert await dialogue.submit(host=host) == {"host": "wrong_miner"}
    assert await dialogue.submit(host=fleet.host(ELSEWHERE)) == "repaired"
    vic.check_found()
    assert entry_at_address(fleet.hass, (vic.miner.host, 4028)) is vic.entry
