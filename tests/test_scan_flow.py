"""Scan flow: miners are found in the network."""

import asyncio
from collections.abc import Callable, Generator
from ipaddress import IPv4Network
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from custom_components.whatsminer.api import Miner, Snapshot
from custom_components.whatsminer.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_HOST, Platform
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from simulator import GARBAGE, Misbehaviour, Refused, SimulatedMiner

from . import PROCESS_DOWN, AddEntry, hold
from .scan_flow import (
    Shed,
    begin,
    check_added,
    entries,
    fill_in,
    found,
    mac_of,
    macs_of,
    nothing_goes_on,
    offered,
    picks,
    placeholder_of,
    scan,
    suggested,
)


@pytest.fixture(autouse=True)
def few_platforms() -> Generator[None]:
    """Set up only the platforms that these tests use."""
    with patch("custom_components.whatsminer.PLATFORMS", (Platform.SWITCH,)):
        yield


# The networks


async def test_the_networks_of_home_assistant_are_filled_in(
    hass: HomeAssistant, home_network: IPv4Network
) -> None:
    assert suggested(await begin(hass), "networks") == str(home_network)


async def test_any_network_of_ones_own_can_be_scanned(
    hass: HomeAssistant, shed: Shed, miners: list[SimulatedMiner]
) -> None:
    networks = f"{miners[1].host}, {shed.network[60]}/30"

    form = await fill_in(hass, await begin(hass), {"networks": networks})

    assert list(offered(form)) == [mac_of(miners[1])]
    assert [miner.connections for miner in miners[::2]] == [0, 0]


async def test_the_scan_shows_how_far_it_is(
    hass: HomeAssistant, home_network: IPv4Network, miners: list[SimulatedMiner]
) -> None:
    shares = async_capture_events(hass, "data_entry_flow_progress_update")
    form = await begin(hass)

    result = await hass.config_entries.flow.async_configure(
        form["flow_id"], {"networks": str(home_network)}
    )

    assert result["type"] is FlowResultType.SHOW_PROGRESS
    assert result["step_id"] == "scanning"
    assert result["progress_action"] == "scanning"
    assert placeholder_of(result, "networks") == str(home_network)
    await hass.async_block_till_done()
    progress = [event.data["progress"] for event in shares]
    assert progress == sorted(progress)
    assert len(progress) == home_network.num_addresses - 2
    assert progress[-1] == 1
    result = await hass.config_entries.flow.async_configure(form["flow_id"])
    assert result["step_id"] == "pick"


# Those that are known already


@pytest.fixture
async def known(shed: Shed, add_entry: AddEntry) -> MockConfigEntry:
    """The entry of a miner in the network that is set up."""
    return await add_entry(await shed.add(), "Miner")


async def test_known_ones_are_shown_as_such_and_left_in_peace(
    hass: HomeAssistant, known: MockConfigEntry, miners: list[SimulatedMiner]
) -> None:
    connections = miners[0].connections

    form = await found(hass)

    assert set(offered(form)) == set(macs_of(miners[1:]))
    assert placeholder_of(form, "count") == "3"
    assert placeholder_of(form, "known") == "1 (Miner)"
    assert miners[0].connections == connections


async def test_a_known_one_that_did_not_answer_is_shown_as_such_and_is_back(
    hass: HomeAssistant, known: MockConfigEntry, shed: Shed
) -> None:
    """The entry need not wait for its next retry."""
    await shed.miners[0].disconnect()
    assert not await hass.config_entries.async_reload(known.entry_id)
    shed.miners[0].reconnect()

    result = await scan(hass)
    await hass.async_block_till_done()

    assert result["errors"] == {"base": "nothing_new"}
    assert placeholder_of(result, "known") == "1 (Miner)"
    assert known.state is ConfigEntryState.LOADED


async def test_known_ones_of_other_networks_are_not_shown(
    hass: HomeAssistant,
    known: MockConfigEntry,
    shed: Shed,
    make_entry: Callable[..., MockConfigEntry],
) -> None:
    """A known miner whose address is a host name may be in any network."""
    async with SimulatedMiner(seed="name") as miner:
        entry = make_entry(miner, title="By name")
        entry.add_to_hass(hass)
        hass.config_entries.async_update_entry(
            entry, data={**entry.data, CONF_HOST: "localhost"}
        )
        assert await hass.config_entries.async_setup(entry.entry_id)

        elsewhere = await fill_in(
            hass, await begin(hass), {"networks": f"{shed.network[32]}/28"}
        )
        here = await scan(hass)
        await hass.config_entries.async_unload(entry.entry_id)

    assert placeholder_of(elsewhere, "known") == "1 (By name)"
    assert placeholder_of(here, "known") == "2 (By name, Miner)"


@pytest.mark.usefixtures("known")
async def test_known_ones_of_the_same_name_are_all_counted(
    hass: HomeAssistant, shed: Shed, add_entry: AddEntry
) -> None:
    await add_entry(await shed.add(), "Miner")

    assert placeholder_of(await scan(hass), "known") == "2 (Miner, Miner)"


async def test_a_known_one_at_a_new_address_is_followed(
    hass: HomeAssistant, known: MockConfigEntry, shed: Shed
) -> None:
    await shed.miners[0].move(str(shed.network[40]))

    result = await scan(hass)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert result["errors"] == {"base": "nothing_new"}
    assert placeholder_of(result, "known") == "1 (Miner)"
    assert known.data[CONF_HOST] == str(shed.network[40])
    assert known.state is ConfigEntryState.LOADED


async def test_known_ones_that_changed_places_are_followed(
    hass: HomeAssistant, known: MockConfigEntry, shed: Shed, add_entry: AddEntry
) -> None:
    other = await add_entry(await shed.add())
    await shed.miners[0].swap(shed.miners[1])
    for entry in (known, other):
        await entry.runtime_data.coordinator.async_refresh()

    result = await scan(hass)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert placeholder_of(result, "known") == "2 (Miner, Other)"
    for entry, miner in zip((known, other), shed.miners, strict=True):
        assert entry.unique_id == mac_of(miner)
        assert entry.data[CONF_HOST] == miner.host
        assert entry.state is ConfigEntryState.LOADED
    assert ir.async_get(hass).issues == {}


async def test_a_known_one_with_a_new_control_board_is_no_new_miner(
    hass: HomeAssistant, known: MockConfigEntry, shed: Shed
) -> None:
    await hass.config_entries.async_unload(known.entry_id)
    shed.miners[0].replace_control_board("02:00:00:00:00:01")

    result = await scan(hass)

    assert result["errors"] == {"base": "nothing_new"}
    assert placeholder_of(result, "known") == "1 (Miner)"
    assert [issue.translation_key for issue in ir.async_get(hass).issues.values()] == [
        "new_control_board"
    ]


# What goes wrong, and how the same flow goes on


@pytest.mark.parametrize(
    ("networks", "error"),
    [
        ("", "invalid_network"),
        ("garage", "invalid_network"),
        ("192.168.1.0/33", "invalid_network"),
        ("fe80::/64", "invalid_network"),
        ("10.0.0.0/19", "network_too_large"),
        ("10.0.0.0/21, 10.1.0.0/21, 10.2.0.0/32", "network_too_large"),
        ("1.1.1.0/24", "network_public"),
        ("10.0.0.0/24 8.8.8.8", "network_public"),
    ],
)
async def test_networks_that_cannot_be_scanned(
    hass: HomeAssistant, miners: list[SimulatedMiner], networks: str, error: str
) -> None:
    own = suggested(form := await begin(hass), "networks")

    form = await fill_in(hass, form, {"networks": networks})
    assert form["step_id"] == "scan"
    assert form["errors"] == {"networks": error}
    assert suggested(form, "networks") == networks

    form = await fill_in(hass, form, {"networks": own})
    assert form["step_id"] == "pick"
    await check_added(hass, await fill_in(hass, form, picks(*miners)), *miners)


async def test_nothing_is_found(hass: HomeAssistant, shed: Shed) -> None:
    form = await scan(hass)
    assert form["step_id"] == "scan"
    assert form["errors"] == {"base": "nothing_found"}
    assert placeholder_of(form, "unready") == "0"
    assert suggested(form, "networks") == str(shed.network)

    miner = await shed.add()
    form = await fill_in(hass, form, {"networks": str(shed.network)})
    await check_added(hass, await fill_in(hass, form, picks(miner)), miner)


async def test_nothing_new_is_found(
    hass: HomeAssistant, known: MockConfigEntry, shed: Shed
) -> None:
    form = await scan(hass)
    assert form["step_id"] == "scan"
    assert form["errors"] == {"base": "nothing_new"}
    assert placeholder_of(form, "known") == "1 (Miner)"

    miner = await shed.add()
    form = await fill_in(hass, form, {"networks": str(shed.network)})
    result = await fill_in(hass, form, picks(miner))
    await check_added(hass, result, miner, before=(shed.miners[0],))


@pytest.mark.parametrize(
    ("command", "how", "told"),
    [
        ("*", PROCESS_DOWN, "unready"),
        ("get_miner_info", Refused(132), "without_mac"),
    ],
)
async def test_miners_that_cannot_be_added_are_told(
    hass: HomeAssistant, shed: Shed, command: str, how: Misbehaviour, told: str
) -> None:
    """Some can soon, and some only with newer firmware."""
    miner = await shed.add()
    miner.misbehave(command, how)
    form = await scan(hass)
    assert form["errors"] == {"base": "nothing_found"}
    for name in ("unready", "without_mac"):
        shown = f"1 ({miner.host})" if name == told else "0"
        assert placeholder_of(form, name) == shown

    miner.behave()
    form = await fill_in(hass, form, {"networks": str(shed.network)})
    await check_added(hass, await fill_in(hass, form, picks(miner)), miner)


async def test_what_is_no_miner_is_not_shown(hass: HomeAssistant, shed: Shed) -> None:
    (await shed.add()).misbehave("*", GARBAGE)

    form = await scan(hass)

    assert form["errors"] == {"base": "nothing_found"}
    assert placeholder_of(form, "unready") == "0"


async def test_an_error_at_one_address_leaves_out_one_miner(
    hass: HomeAssistant, miners: list[SimulatedMiner], caplog: pytest.LogCaptureFixture
) -> None:
    poll = Miner.poll

    async def odd_poll(miner: Miner) -> Snapshot:
        if miner.address[0] == miners[1].host:
            raise ZeroDivisionError
        return await poll(miner)

    with patch.object(Miner, "poll", odd_poll):
        form = await found(hass)
    assert set(offered(form)) == {mac_of(miners[0]), mac_of(miners[2])}
    assert caplog.text.count(f"Unexpected error at {miners[1].host}") == 1

    result = await fill_in(hass, form, picks(miners[0], miners[2]))
    await check_added(hass, result, miners[0], miners[2])


# When the dialogue is closed


async def test_a_scan_ends_with_its_dialogue(hass: HomeAssistant, shed: Shed) -> None:
    miner = await shed.add()
    held = hold(miner, "*")
    form = await begin(hass)
    await hass.async_block_till_done()
    before = asyncio.all_tasks()
    await hass.config_entries.flow.async_configure(
        form["flow_id"], {"networks": str(shed.network)}
    )
    await held.reached.wait()
    connections = miner.connections

    hass.config_entries.flow.async_abort(form["flow_id"])

    await nothing_goes_on(before)
    assert miner.connections == connections
    assert entries(hass) == []
    assert hass.config_entries.flow.async_progress_by_handler(DOMAIN) == []
