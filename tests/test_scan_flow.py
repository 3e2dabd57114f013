"""Scan flow: miners are found in the network, and any of them added at once."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AsyncExitStack
from ipaddress import IPv4Network
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    get_schema_suggested_value,
)

from custom_components.whatsminer.api import DEFAULT_PORT, Miner, Snapshot
from custom_components.whatsminer.config_flow import WhatsminerConfigFlow
from custom_components.whatsminer.const import DOMAIN
from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_INTEGRATION_DISCOVERY,
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PASSWORD, CONF_PORT, Platform
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import issue_registry as ir
from simulator import DEFAULT_PASSWORD, GARBAGE, Misbehaviour, Refused, SimulatedMiner

from . import PROCESS_DOWN, AddEntry, hold, names_of
from .config_flow import check_aborted, fields_of

# The first new miner, in the order of its address.
FIRST = ("v2", "M30S+")
SECOND = ("compat", "M63")
THIRD = ("v1", "M20S")


@pytest.fixture(autouse=True)
def few_platforms() -> Generator[None]:
    """Set up only the platforms that these tests use."""
    with patch("custom_components.whatsminer.PLATFORMS", (Platform.SWITCH,)):
        yield


class Shed:
    """Miners in the network that Home Assistant is on, each at an address of its own."""

    def __init__(self, network: IPv4Network, stack: AsyncExitStack) -> None:
        """Begin without miners."""
        self.network = network
        self.miners: list[SimulatedMiner] = []
        self._stack = stack

    def free_host(self) -> str:
        """Return the address of the next miner."""
        return str(self.network[2 + len(self.miners)])

    async def add(self, **how: Any) -> SimulatedMiner:
        """Add a miner on port 4028."""
        host = self.free_host()
        miner = SimulatedMiner(
            **{"host": host, "port": DEFAULT_PORT, "seed": len(self.miners), **how}
        )
        self.miners.append(await self._stack.enter_async_context(miner))
        return miner


@pytest.fixture
async def shed(home_network: IPv4Network) -> AsyncGenerator[Shed]:
    """A network without miners."""
    async with AsyncExitStack() as stack:
        yield Shed(home_network, stack)


@pytest.fixture
async def miners(shed: Shed) -> list[SimulatedMiner]:
    """Three miners without entries, one of each generation."""
    for generation, model in (FIRST, SECOND, THIRD):
        await shed.add(generation=generation, model=model)
    return shed.miners


def mac_of(miner: SimulatedMiner) -> str:
    """Return the MAC address as Home Assistant writes it."""
    return miner.mac.lower()


def macs_of(miners: list[SimulatedMiner]) -> list[str]:
    """Return the MAC addresses as Home Assistant writes them."""
    return [mac_of(miner) for miner in miners]


async def fill_in(
    hass: HomeAssistant, form: ConfigFlowResult, data: dict[str, Any] | None = None
) -> ConfigFlowResult:
    """Submit a form and wait for what follows, as the page does."""
    result = await hass.config_entries.flow.async_configure(form["flow_id"], data)
    while result["type"] is FlowResultType.SHOW_PROGRESS:
        await hass.async_block_till_done()
        result = await hass.config_entries.flow.async_configure(form["flow_id"])
    return result


async def begin(hass: HomeAssistant) -> ConfigFlowResult:
    """Start to scan."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    result = await fill_in(hass, result, {"next_step_id": "scan"})
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "scan"
    assert not result["errors"]
    return result


async def scan(hass: HomeAssistant) -> ConfigFlowResult:
    """Scan the suggested networks."""
    form = await begin(hass)
    return await fill_in(hass, form, {"networks": suggested(form, "networks")})


async def found(hass: HomeAssistant) -> ConfigFlowResult:
    """Scan, and go on to the selection of miners."""
    result = await scan(hass)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "pick", result["errors"]
    assert not result["errors"]
    return result


def suggested(form: ConfigFlowResult, field: str) -> Any:
    """Return the suggested value of a field."""
    assert form["data_schema"] is not None
    return get_schema_suggested_value(form["data_schema"].schema, field)


def offered(form: ConfigFlowResult) -> dict[str, str]:
    """Return the miners that can be selected, with their labels."""
    assert form["data_schema"] is not None
    selector = form["data_schema"].schema["miners"]
    return {option["value"]: option["label"] for option in selector.config["options"]}


def placeholder_of(form: ConfigFlowResult, placeholder: str) -> str:
    """Return what a text says in one place."""
    assert form["description_placeholders"] is not None
    return form["description_placeholders"][placeholder]


def picks(
    *miners: SimulatedMiner,
    password: str | None = DEFAULT_PASSWORD,
    others: str = "show",
    **more: object,
) -> dict[str, Any]:
    """Return what is submitted to add some miners."""
    data = {"miners": macs_of(list(miners)), "others": others, **more}
    return data if password is None else {**data, CONF_PASSWORD: password}


def entries(hass: HomeAssistant) -> list[ConfigEntry]:
    """Return the entries of miners that are not ignored."""
    return hass.config_entries.async_entries(DOMAIN, include_ignore=False)


def ignored(hass: HomeAssistant) -> set[str | None]:
    """Return the MAC addresses of miners that are ignored."""
    return {
        entry.unique_id
        for entry in hass.config_entries.async_entries(DOMAIN)
        if entry.source == SOURCE_IGNORE
    }


def tiles(hass: HomeAssistant) -> set[str | None]:
    """Return the MAC addresses of miners that are shown as discovered."""
    return {
        flow["context"].get("unique_id")
        for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        if flow["context"]["source"] == SOURCE_INTEGRATION_DISCOVERY
    }


async def check_added(
    hass: HomeAssistant,
    result: ConfigFlowResult,
    *miners: SimulatedMiner,
    before: tuple[SimulatedMiner, ...] = (),
    reason: str = "miners_added",
) -> None:
    """Check that exactly these miners were added to those that were there before."""
    assert result["type"] is FlowResultType.ABORT, result
    assert result["reason"] == reason
    assert placeholder_of(result, "count") == str(len(miners))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert {entry.unique_id for entry in entries(hass)} == {
        mac_of(miner) for miner in (*before, *miners)
    }
    assert {entry.state for entry in entries(hass)} <= {ConfigEntryState.LOADED}


# The whole way


async def test_all_miners_are_added_at_once(
    hass: HomeAssistant, miners: list[SimulatedMiner]
) -> None:
    """All miners are selected at first, and nothing is written to any."""
    form = await found(hass)
    assert suggested(form, "miners") == macs_of(miners)
    assert suggested(form, CONF_PASSWORD) is None
    assert placeholder_of(form, "count") == "3"
    assert placeholder_of(form, "known") == "0"
    assert placeholder_of(form, "unready") == "0"

    result = await fill_in(hass, form, picks(*miners))

    await check_added(hass, result, *miners)
    for miner, entry in zip(miners, entries(hass), strict=True):
        assert entry.version == 4
        assert entry.data == {
            CONF_HOST: miner.host,
            CONF_PORT: DEFAULT_PORT,
            CONF_MAC: mac_of(miner),
            CONF_PASSWORD: DEFAULT_PASSWORD,
        }
        assert entry.runtime_data.coordinator.has_password
        assert miner.peak_connections == 1
        assert set(names_of(miner.writes)) <= {"get_version", "set_led"}
    assert tiles(hass) == ignored(hass) == set()


async def test_miners_are_named_with_their_addresses(
    hass: HomeAssistant, miners: list[SimulatedMiner]
) -> None:
    """The label is the miner's own name, else model and MAC address."""
    miners[1].state.hostname = "garage-left"

    form = await found(hass)

    ends = [miner.mac[-5:].replace(":", "") for miner in miners]
    assert list(offered(form).values()) == [
        f"M30S+_VE40 {ends[0]} ({miners[0].host})",
        f"garage-left, M63_VK30 ({miners[1].host})",
        f"M20SV10 {ends[2]} ({miners[2].host})",
    ]
    await fill_in(hass, form, picks(*miners))
    assert [entry.title for entry in entries(hass)] == [
        f"M30S+_VE40 {ends[0]}",
        "garage-left",
        f"M20SV10 {ends[2]}",
    ]


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


async def test_adding_shows_how_far_it_is(
    hass: HomeAssistant, miners: list[SimulatedMiner]
) -> None:
    form = await found(hass)
    shares = async_capture_events(hass, "data_entry_flow_progress_update")

    result = await hass.config_entries.flow.async_configure(
        form["flow_id"], picks(*miners)
    )

    assert result["type"] is FlowResultType.SHOW_PROGRESS
    assert result["step_id"] == "adding"
    assert result["progress_action"] == "adding"
    await hass.async_block_till_done()
    progress = [event.data["progress"] for event in shares]
    assert progress == pytest.approx([1 / 3, 2 / 3, 1])
    result = await hass.config_entries.flow.async_configure(form["flow_id"])
    await check_added(hass, result, *miners)


async def test_thirty_miners_are_added_at_once(hass: HomeAssistant, shed: Shed) -> None:
    """Each miner has one connection at a time."""
    for _ in range(30):
        await shed.add()
    form = await found(hass)
    assert len(offered(form)) == 30

    result = await fill_in(hass, form, picks(*shed.miners))

    await check_added(hass, result, *shed.miners)
    assert {miner.peak_connections for miner in shed.miners} == {1}


# Which of them


async def test_those_that_are_not_picked_are_left_as_discovered(
    hass: HomeAssistant, miners: list[SimulatedMiner]
) -> None:
    form = await found(hass)

    result = await fill_in(hass, form, picks(miners[1]))

    await check_added(hass, result, miners[1])
    assert tiles(hass) == {mac_of(miners[0]), mac_of(miners[2])}
    assert ignored(hass) == set()
    tile = hass.config_entries.flow.async_progress_by_handler(
        DOMAIN, match_context={"unique_id": mac_of(miners[0])}
    )[0]
    assert tile["step_id"] == "discovery_confirm"
    assert tile["context"]["title_placeholders"]["host"] == miners[0].host
    miners[0].password = "other"
    result = await fill_in(hass, tile, {CONF_PASSWORD: "other"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["result"].unique_id == mac_of(miners[0])


async def test_those_that_are_not_picked_can_be_ignored(
    hass: HomeAssistant, miners: list[SimulatedMiner]
) -> None:
    form = await found(hass)

    result = await fill_in(hass, form, picks(miners[1], others="ignore"))

    await check_added(hass, result, miners[1])
    assert tiles(hass) == set()
    assert ignored(hass) == {mac_of(miners[0]), mac_of(miners[2])}


@pytest.mark.parametrize("others", ["show", "ignore"])
async def test_none_need_be_picked(
    hass: HomeAssistant, miners: list[SimulatedMiner], others: str
) -> None:
    form = await found(hass)

    result = await fill_in(hass, form, picks(password=None, others=others))

    await check_added(hass, result)
    left = {"show": tiles(hass), "ignore": ignored(hass)}
    assert left.pop(others) == set(macs_of(miners))
    assert list(left.values()) == [set()]


async def test_what_was_not_offered_cannot_be_picked(
    hass: HomeAssistant, miners: list[SimulatedMiner]
) -> None:
    form = await found(hass)
    with pytest.raises(InvalidData):
        await fill_in(hass, form, {"miners": ["02:00:00:00:00:01"], "others": "show"})

    await check_added(hass, await fill_in(hass, form, picks(*miners)), *miners)


async def test_a_page_that_is_loaded_again_shows_the_same(
    hass: HomeAssistant, miners: list[SimulatedMiner]
) -> None:
    form = await found(hass)

    again = await fill_in(hass, form)

    assert again["step_id"] == "pick"
    assert offered(again) == offered(form)
    assert suggested(again, "miners") == macs_of(miners)


async def test_a_tile_goes_when_its_miner_is_picked(
    hass: HomeAssistant, miners: list[SimulatedMiner]
) -> None:
    await fill_in(hass, await found(hass), picks(password=None))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert tiles(hass) == set(macs_of(miners))

    result = await fill_in(hass, await found(hass), picks(miners[0]))

    await check_added(hass, result, miners[0])
    assert tiles(hass) == {mac_of(miners[1]), mac_of(miners[2])}


async def test_a_tile_follows_its_miner(
    hass: HomeAssistant, shed: Shed, miners: list[SimulatedMiner]
) -> None:
    await fill_in(hass, await found(hass), picks(password=None))
    await hass.async_block_till_done(wait_background_tasks=True)
    await miners[0].move(str(shed.network[40]))

    await fill_in(hass, await found(hass), picks(password=None))
    await hass.async_block_till_done(wait_background_tasks=True)

    flows = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert sorted(
        flow["context"]["title_placeholders"]["host"] for flow in flows
    ) == sorted(miner.host for miner in miners)


async def test_ignored_ones_can_be_picked(
    hass: HomeAssistant, miners: list[SimulatedMiner]
) -> None:
    await fill_in(hass, await found(hass), picks(password=None, others="ignore"))
    form = await found(hass)
    assert set(offered(form)) == set(macs_of(miners))
    assert suggested(form, "miners") == []

    result = await fill_in(hass, form, picks(miners[0]))

    await check_added(hass, result, miners[0])
    assert ignored(hass) == {mac_of(miners[1]), mac_of(miners[2])}
    assert tiles(hass) == set()


async def test_a_miner_that_is_added_meanwhile_is_added_once(
    hass: HomeAssistant, miners: list[SimulatedMiner], add_entry: AddEntry
) -> None:
    form = await found(hass)
    entry = await add_entry(miners[0])

    result = await fill_in(hass, form, picks(*miners))

    await check_added(hass, result, *miners)
    assert hass.config_entries.async_get_entry(entry.entry_id) is entry


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


async def test_a_password_that_is_wrong_at_some(
    hass: HomeAssistant, miners: list[SimulatedMiner]
) -> None:
    miners[1].password = "other"
    form = await found(hass)

    form = await fill_in(hass, form, picks(*miners, others="ignore"))

    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == "pick"
    assert form["errors"] == {CONF_PASSWORD: "wrong_password_at"}
    assert placeholder_of(form, "failed") in offered(form)[mac_of(miners[1])]
    assert placeholder_of(form, "failed").endswith(miners[1].mac[-5:].replace(":", ""))
    assert suggested(form, "miners") == [mac_of(miners[0]), mac_of(miners[2])]
    assert suggested(form, "others") == "ignore"
    assert suggested(form, CONF_PASSWORD) is None
    assert DEFAULT_PASSWORD not in str(form)
    assert entries(hass) == []
    assert ignored(hass) == set()

    result = await fill_in(hass, form, picks(miners[0], miners[2]))
    await check_added(hass, result, miners[0], miners[2])
    assert tiles(hass) == {mac_of(miners[1])}


async def test_a_password_that_is_wrong_everywhere(
    hass: HomeAssistant, miners: list[SimulatedMiner]
) -> None:
    form = await found(hass)
    form = await fill_in(hass, form, picks(*miners, password="mistaken"))
    assert form["errors"] == {CONF_PASSWORD: "wrong_password_at"}
    assert suggested(form, "miners") == []

    await check_added(hass, await fill_in(hass, form, picks(*miners)), *miners)


async def test_of_many_that_refuse_a_password_only_some_are_named(
    hass: HomeAssistant, shed: Shed
) -> None:
    """The length of the error is limited."""
    for _ in range(12):
        await shed.add()
    form = await found(hass)

    form = await fill_in(hass, form, picks(*shed.miners, password="mistaken"))

    assert placeholder_of(form, "failed").count(", ") == 10
    assert placeholder_of(form, "failed").endswith(", …")


async def test_a_miner_that_is_off_when_it_is_to_be_added(
    hass: HomeAssistant, miners: list[SimulatedMiner]
) -> None:
    form = await found(hass)
    await miners[0].disconnect()

    form = await fill_in(hass, form, picks(*miners))
    assert form["errors"] == {"base": "not_tried_at"}
    assert placeholder_of(form, "untried").endswith(miners[0].mac[-5:].replace(":", ""))
    assert suggested(form, "miners") == macs_of(miners[1:])
    assert entries(hass) == []

    miners[0].reconnect()
    await check_added(hass, await fill_in(hass, form, picks(*miners)), *miners)


async def test_a_miner_that_is_off_beside_one_that_refuses(
    hass: HomeAssistant, miners: list[SimulatedMiner]
) -> None:
    form = await found(hass)
    await miners[0].disconnect()
    miners[1].password = "other"

    form = await fill_in(hass, form, picks(*miners))

    assert form["errors"] == {
        "base": "not_tried_at",
        CONF_PASSWORD: "wrong_password_at",
    }
    assert placeholder_of(form, "untried").endswith(miners[0].mac[-5:].replace(":", ""))
    assert placeholder_of(form, "failed").endswith(miners[1].mac[-5:].replace(":", ""))
    await check_added(hass, await fill_in(hass, form, picks(miners[2])), miners[2])


async def test_miners_that_change_places_before_they_are_added(
    hass: HomeAssistant, miners: list[SimulatedMiner]
) -> None:
    form = await found(hass)
    await miners[0].swap(miners[1])
    for miner in miners:
        miner.requests.clear()

    form = await fill_in(hass, form, picks(*miners))
    assert form["errors"] == {"base": "not_tried_at"}
    assert suggested(form, "miners") == [mac_of(miners[2])]
    assert entries(hass) == []

    result = await fill_in(hass, form, picks(miners[2]))
    await check_added(hass, result, miners[2])


async def test_a_closed_api_is_no_error(
    hass: HomeAssistant, miners: list[SimulatedMiner]
) -> None:
    miners[0].api_open = False

    result = await fill_in(hass, await found(hass), picks(*miners))

    await check_added(hass, result, *miners)
    assert [issue.translation_key for issue in ir.async_get(hass).issues.values()] == [
        "write_access_closed"
    ]


@pytest.mark.parametrize("password", [None, ""])
async def test_without_a_password_there_are_readings_only(
    hass: HomeAssistant, miners: list[SimulatedMiner], password: str | None
) -> None:
    result = await fill_in(hass, await found(hass), picks(*miners, password=password))

    await check_added(hass, result, *miners, reason="miners_added_read_only")
    titles = ", ".join(entry.title for entry in entries(hass))
    assert placeholder_of(result, "read_only") == titles
    for entry in entries(hass):
        assert CONF_PASSWORD not in entry.data
    assert hass.states.async_entity_ids("switch") == []
    for miner in miners:
        assert "get_token" not in names_of(miner.requests)


# The password of the dialogue


@pytest.mark.parametrize("password", ["", None])
async def test_the_password_stays_for_the_miners_that_take_it(
    hass: HomeAssistant, miners: list[SimulatedMiner], password: str | None
) -> None:
    """Otherwise they would be added without control, and nobody would notice."""
    miners[1].password = "other"
    form = await found(hass)
    assert "read_only" not in fields_of(form)
    form = await fill_in(hass, form, picks(*miners))
    assert form["errors"] == {CONF_PASSWORD: "wrong_password_at"}
    assert "read_only" in fields_of(form)

    form = await fill_in(hass, form, picks(miners[0], miners[2], password=password))

    await check_added(hass, form, miners[0], miners[2])
    for entry in entries(hass):
        assert entry.data[CONF_PASSWORD] == DEFAULT_PASSWORD


async def test_the_password_stays_while_a_miner_is_off(
    hass: HomeAssistant, miners: list[SimulatedMiner]
) -> None:
    form = await found(hass)
    await miners[0].disconnect()
    form = await fill_in(hass, form, picks(*miners))
    assert form["errors"] == {"base": "not_tried_at"}

    miners[0].reconnect()
    result = await fill_in(hass, form, picks(*miners, password=None))

    await check_added(hass, result, *miners)
    assert {entry.data[CONF_PASSWORD] for entry in entries(hass)} == {DEFAULT_PASSWORD}


async def test_a_wrong_password_does_not_become_none(
    hass: HomeAssistant, miners: list[SimulatedMiner]
) -> None:
    form = await found(hass)
    form = await fill_in(hass, form, picks(*miners, password="mistaken"))

    form = await fill_in(hass, form, picks(*miners, password=None))

    assert form["errors"] == {CONF_PASSWORD: "wrong_password_at"}
    assert entries(hass) == []


async def test_the_password_is_dropped_for_readings_only(
    hass: HomeAssistant, miners: list[SimulatedMiner]
) -> None:
    form = await found(hass)
    form = await fill_in(hass, form, picks(*miners, password="mistaken"))
    both = picks(*miners, password="mistaken", read_only=True)
    form = await fill_in(hass, form, both)
    assert form["errors"] == {"read_only": "password_and_read_only"}
    assert suggested(form, "miners") == macs_of(miners)
    assert suggested(form, "read_only") is True

    result = await fill_in(hass, form, picks(*miners, password=None, read_only=True))

    await check_added(hass, result, *miners, reason="miners_added_read_only")
    assert not any(CONF_PASSWORD in entry.data for entry in entries(hass))


async def test_miners_whose_firmware_takes_no_passwords_are_told_apart(
    hass: HomeAssistant, miners: list[SimulatedMiner]
) -> None:
    miners[1].password = "other"
    miners[2].misbehave("get_token", Refused(14))
    form = await found(hass)

    form = await fill_in(hass, form, picks(*miners))

    assert form["errors"] == {
        CONF_PASSWORD: "wrong_password_at",
        "miners": "no_passwords_at",
    }
    end = miners[2].mac[-5:].replace(":", "")
    assert placeholder_of(form, "passwordless") == f"M20SV10 {end}"
    assert suggested(form, "miners") == [mac_of(miners[0])]
    result = await fill_in(hass, form, picks(*miners, password="", read_only=True))
    await check_added(hass, result, *miners, reason="miners_added_read_only")


async def test_nobody_is_called_read_only_when_nothing_is_added(
    hass: HomeAssistant, miners: list[SimulatedMiner]
) -> None:
    result = await fill_in(hass, await found(hass), picks(password=None))

    await check_added(hass, result)


# The selection


async def test_all_or_none_can_be_selected(
    hass: HomeAssistant, miners: list[SimulatedMiner]
) -> None:
    """The list is shown again, so that single miners can be changed; nothing is asked yet."""
    form = await found(hass)
    for miner in miners:
        miner.requests.clear()

    for selection, selected in (("none", []), ("all", miners), ("none", [])):
        data = picks(miners[1], others="ignore", selection=selection)
        form = await fill_in(hass, form, data)
        assert form["type"] is FlowResultType.FORM
        assert not form["errors"]
        assert suggested(form, "miners") == macs_of(selected)
        assert suggested(form, "selection") is None
        assert suggested(form, "others") == "ignore"
        assert suggested(form, CONF_PASSWORD) is None
    assert [miner.requests for miner in miners] == [[], [], []]

    result = await fill_in(hass, form, picks(miners[2], password=None))
    await check_added(hass, result, miners[2])
    assert entries(hass)[0].data[CONF_PASSWORD] == DEFAULT_PASSWORD


async def test_miners_that_are_ignored_can_be_selected_with_all_others(
    hass: HomeAssistant, miners: list[SimulatedMiner]
) -> None:
    await fill_in(hass, await found(hass), picks(miners[1], others="ignore"))
    form = await found(hass)
    assert suggested(form, "miners") == []

    form = await fill_in(hass, form, picks(selection="all"))

    assert suggested(form, "miners") == [mac_of(miners[0]), mac_of(miners[2])]


# Unexpected errors


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


async def test_an_error_while_a_password_is_tried_names_the_miner(
    hass: HomeAssistant, miners: list[SimulatedMiner], caplog: pytest.LogCaptureFixture
) -> None:
    form = await found(hass)
    check = Miner.check_password

    async def odd_check(miner: Miner, password: str | None = None) -> None:
        if miner.address[0] == miners[1].host:
            raise ZeroDivisionError
        await check(miner, password)

    with patch.object(Miner, "check_password", odd_check):
        form = await fill_in(hass, form, picks(*miners))

    assert form["errors"] == {"base": "not_tried_at"}
    assert placeholder_of(form, "untried") in offered(form)[mac_of(miners[1])]
    assert suggested(form, "miners") == [mac_of(miners[0]), mac_of(miners[2])]
    assert caplog.text.count(f"Unexpected error at {miners[1].host}") == 1
    await check_added(hass, await fill_in(hass, form, picks(*miners)), *miners)


@pytest.mark.parametrize(
    ("password", "reason"),
    [(DEFAULT_PASSWORD, "some_not_added"), ("", "some_not_added_read_only")],
)
async def test_an_error_while_one_is_added_does_not_lose_the_others(
    hass: HomeAssistant,
    miners: list[SimulatedMiner],
    caplog: pytest.LogCaptureFixture,
    password: str,
    reason: str,
) -> None:
    form = await found(hass)
    add = WhatsminerConfigFlow.async_step_import

    async def odd_add(
        flow: WhatsminerConfigFlow, data: dict[str, Any]
    ) -> ConfigFlowResult:
        if data[CONF_MAC] == mac_of(miners[1]):
            raise ZeroDivisionError
        return await add(flow, data)

    with patch.object(WhatsminerConfigFlow, "async_step_import", odd_add):
        result = await fill_in(hass, form, picks(*miners, password=password))

    check_aborted(result, reason)
    assert placeholder_of(result, "count") == "2"
    assert placeholder_of(result, "failed").endswith(
        miners[1].mac[-5:].replace(":", "")
    )
    assert caplog.text.count(f"Unexpected error at {miners[1].host}") == 1
    await hass.async_block_till_done(wait_background_tasks=True)
    assert {entry.unique_id for entry in entries(hass)} == {
        mac_of(miners[0]),
        mac_of(miners[2]),
    }

    form = await found(hass)
    assert list(offered(form)) == [mac_of(miners[1])]
    result = await fill_in(hass, form, picks(miners[1]))
    await check_added(hass, result, miners[1], before=(miners[0], miners[2]))


async def test_an_error_while_one_is_ignored_does_not_lose_the_others(
    hass: HomeAssistant, miners: list[SimulatedMiner], caplog: pytest.LogCaptureFixture
) -> None:
    form = await found(hass)
    ignore = WhatsminerConfigFlow.async_step_ignore

    async def odd_ignore(
        flow: WhatsminerConfigFlow, data: dict[str, Any]
    ) -> ConfigFlowResult:
        if data["unique_id"] == mac_of(miners[0]):
            raise ZeroDivisionError
        return await ignore(flow, data)

    with patch.object(WhatsminerConfigFlow, "async_step_ignore", odd_ignore):
        result = await fill_in(hass, form, picks(miners[1], others="ignore"))

    await check_added(hass, result, miners[1])
    assert ignored(hass) == {mac_of(miners[2])}
    assert caplog.text.count(f"Unexpected error at {miners[0].host}") == 1


# When the dialogue is closed


async def nothing_goes_on(before: set[asyncio.Task[Any]]) -> None:
    """Check that no more goes on than before."""
    for _ in range(1000):
        await asyncio.sleep(0)
        if asyncio.all_tasks() <= before:
            return
    pytest.fail("something still goes on")


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


async def test_a_dialogue_that_is_closed_while_passwords_are_tried_adds_nothing(
    hass: HomeAssistant, miners: list[SimulatedMiner]
) -> None:
    form = await found(hass)
    held = hold(miners[0], "get_token")
    before = asyncio.all_tasks()
    await hass.config_entries.flow.async_configure(form["flow_id"], picks(*miners))
    await held.reached.wait()

    hass.config_entries.flow.async_abort(form["flow_id"])

    await nothing_goes_on(before)
    assert entries(hass) == []
    assert tiles(hass) == set()


async def test_adding_goes_on_without_its_dialogue(
    hass: HomeAssistant, miners: list[SimulatedMiner]
) -> None:
    """A miner that is half set up is worse than one that is added or not."""
    form = await found(hass)
    held = hold(miners[0], "status", times=1)
    await hass.config_entries.flow.async_configure(form["flow_id"], picks(*miners[:2]))
    await held.reached.wait()

    hass.config_entries.flow.async_abort(form["flow_id"])
    held.release.set()
    await hass.async_block_till_done(wait_background_tasks=True)

    assert {entry.unique_id for entry in entries(hass)} == set(macs_of(miners[:2]))
    assert {entry.state for entry in entries(hass)} == {ConfigEntryState.LOADED}
    assert tiles(hass) == {mac_of(miners[2])}
