"""Discovery: a new miner is offered, and a known one is found again."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import asdict
from ipaddress import IPv4Network
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    get_schema_suggested_value,
)

from custom_components.whatsminer import discovery_flow
from custom_components.whatsminer.api import DEFAULT_PORT
from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from custom_components.whatsminer.entries.discovery import (
    DiscoveredMiner,
    async_discover,
)
from custom_components.whatsminer.miner.record import record_for_entry
from homeassistant.config_entries import (
    SOURCE_DHCP,
    SOURCE_IGNORE,
    SOURCE_INTEGRATION_DISCOVERY,
    SOURCE_USER,
    ConfigEntryDisabler,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.loader import async_get_integration
from simulator import (
    DEFAULT_PASSWORD,
    GARBAGE,
    Misbehaviour,
    Refused,
    SimulatedMiner,
    Truncated,
)

from . import PROCESS_DOWN, AddEntry, Clock, hold, names_of
from .config_flow import check_aborted, fields_of
from .fleet import issue_keys

NEW_MAC = "02:00:00:00:00:01"

every_kind = pytest.mark.parametrize(
    "kind",
    [("v2", "M30S+"), ("compat", "M63"), ("v1", "M20S")],
    ids=lambda kind: kind[0],
)


@pytest.fixture
def kind() -> tuple[str, str]:
    """The generation and the model of the miner."""
    return "v2", "M30S+"


@pytest.fixture
async def miner(
    home_network: IPv4Network, kind: tuple[str, str]
) -> AsyncGenerator[SimulatedMiner]:
    """A miner on port 4028, which discovery assumes."""
    generation, model = kind
    async with SimulatedMiner(
        host=str(home_network[2]), port=DEFAULT_PORT, generation=generation, model=model
    ) as miner:
        yield miner


@pytest.fixture
async def other(home_network: IPv4Network) -> AsyncGenerator[SimulatedMiner]:
    """Another miner beside it."""
    async with SimulatedMiner(
        host=str(home_network[3]), port=DEFAULT_PORT, seed=2
    ) as other:
        yield other


@pytest.fixture
def new_host(home_network: IPv4Network) -> str:
    """An address that no miner has."""
    return str(home_network[10])


@pytest.fixture
def hosts(home_network: IPv4Network) -> list[str]:
    """More addresses that no miner has."""
    return [str(host) for host in home_network][20:]


async def dhcp(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    *,
    host: str | None = None,
    hostname: str = "whatsminer",
) -> ConfigFlowResult:
    """Report by DHCP that a miner asks for an address."""
    return await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_DHCP},
        data=DhcpServiceInfo(
            ip=host or miner.host,
            hostname=hostname,
            macaddress=miner.mac.replace(":", "").lower(),
        ),
    )


async def leave(hass: HomeAssistant, found: DiscoveredMiner) -> ConfigFlowResult:
    """Report a miner that a scan has found and the user has not selected."""
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_INTEGRATION_DISCOVERY}, data=asdict(found)
    )


async def ignore(hass: HomeAssistant, miner: SimulatedMiner) -> None:
    """Ignore a miner."""
    await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_IGNORE},
        data={"unique_id": miner.mac.lower(), "title": "Ignored"},
    )


async def fill_in(
    hass: HomeAssistant, form: ConfigFlowResult, password: str | None = DEFAULT_PASSWORD
) -> ConfigFlowResult:
    """Submit the form."""
    return await hass.config_entries.flow.async_configure(
        form["flow_id"], {} if password is None else {CONF_PASSWORD: password}
    )


def tiles(hass: HomeAssistant) -> list[dict[str, str]]:
    """Return what the tiles of discovered miners show."""
    return [
        dict(flow["context"]["title_placeholders"])
        for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    ]


def title_of(miner: SimulatedMiner, model: str = "M30S+ VE40") -> str:
    """Return the title of a miner that has no name of its own."""
    return f"{model} {miner.mac[-5:].replace(':', '')}"


def check_offered(form: ConfigFlowResult) -> None:
    """Check that a miner is offered."""
    assert form["type"] is FlowResultType.FORM, form
    assert form["step_id"] == "discovery_confirm"
    assert not form["errors"]


async def check_added(
    hass: HomeAssistant, result: ConfigFlowResult, miner: SimulatedMiner
) -> None:
    """Check that a miner was added, with its password."""
    assert result["type"] is FlowResultType.CREATE_ENTRY, result
    await hass.async_block_till_done(wait_background_tasks=True)
    entry = result["result"]
    assert entry.unique_id == miner.mac.lower()
    assert entry.state is ConfigEntryState.LOADED
    assert entry.data == {
        CONF_HOST: miner.host,
        CONF_PORT: miner.port,
        CONF_MAC: miner.mac.lower(),
        CONF_PASSWORD: miner.password,
    }
    assert tiles(hass) == []


async def test_miners_are_discovered_by_their_name_and_known_ones_by_their_address(
    hass: HomeAssistant,
) -> None:
    """Most MAC addresses of miners have no prefix of their own."""
    integration = await async_get_integration(hass, DOMAIN)

    assert integration.dhcp == [
        {"hostname": "whatsminer*"},
        {"registered_devices": True},
    ]


# A new one


@every_kind
async def test_a_new_miner_is_offered_and_added(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """The form asks for the password only, and nothing is written to the miner."""
    form = await dhcp(hass, miner)
    check_offered(form)
    assert form["data_schema"] is not None
    assert list(form["data_schema"].schema) == [CONF_PASSWORD, "advanced"]
    model = {"v2": "M30S+ VE40", "compat": "M63 VK30", "v1": "M20SV10"}[
        miner.generation
    ]
    title = title_of(miner, model)
    assert tiles(hass) == [{"miner": title, "host": miner.host}]
    assert form["description_placeholders"] == {
        "host": miner.host,
        "miner": title,
        "model": model,
    }
    assert miner.writes == []

    result = await fill_in(hass, form)

    await check_added(hass, result, miner)
    assert result["title"] == title


async def test_a_miner_that_somebody_has_named_keeps_its_name(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    miner.state.hostname = "whatsminer-left"
    form = await dhcp(hass, miner, hostname="whatsminer-left")
    assert tiles(hass) == [{"miner": "whatsminer-left, M30S+ VE40", "host": miner.host}]

    result = await fill_in(hass, form)

    assert result["title"] == "whatsminer-left"


@pytest.mark.parametrize("password", [None, ""])
async def test_without_a_password_there_are_readings_only(
    hass: HomeAssistant, miner: SimulatedMiner, password: str | None
) -> None:
    result = await fill_in(hass, await dhcp(hass, miner), password)
    await hass.async_block_till_done()

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert CONF_PASSWORD not in result["result"].data
    assert result["description"] == "read_only"
    assert result["description_placeholders"] == {"miner": title_of(miner)}
    assert hass.states.async_entity_ids("switch") == []
    assert "get_token" not in names_of(miner.requests)


async def test_a_closed_api_is_no_error(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    miner.api_open = False

    result = await fill_in(hass, await dhcp(hass, miner))

    await check_added(hass, result, miner)
    assert issue_keys(hass) == ["write_access_closed"]


async def test_a_page_that_is_loaded_again_shows_the_same(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    form = await dhcp(hass, miner)
    connections = miner.connections

    again = await hass.config_entries.flow.async_configure(form["flow_id"])

    check_offered(again)
    assert again["description_placeholders"] == form["description_placeholders"]
    assert miner.connections == connections


@pytest.mark.parametrize(
    ("command", "how"),
    [
        ("*", PROCESS_DOWN),
        ("*", Truncated()),
        ("*", Truncated(keep=0)),
        ("get_miner_info", Refused(132)),
    ],
)
async def test_a_miner_that_does_not_answer_yet_is_offered_all_the_same(
    hass: HomeAssistant, miner: SimulatedMiner, command: str, how: Misbehaviour
) -> None:
    """A miner asks for an address long before its API answers."""
    miner.misbehave(command, how)
    form = await dhcp(hass, miner)
    check_offered(form)
    title = title_of(miner, "Whatsminer")
    assert tiles(hass) == [{"miner": title, "host": miner.host}]
    assert form["description_placeholders"] == {
        "host": miner.host,
        "miner": title,
        "model": "Whatsminer",
    }

    miner.behave()
    result = await fill_in(hass, form)
    await check_added(hass, result, miner)
    assert result["title"] == title_of(miner)


async def test_a_miner_that_is_not_on_the_network_yet_is_offered_all_the_same(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """The port opens last. Once the miner has been read, its tile shows what it is."""
    await miner.disconnect()
    form = await dhcp(hass, miner)
    check_offered(form)

    miner.reconnect()
    form = await fill_in(hass, form, "mistaken")
    assert form["errors"] == {CONF_PASSWORD: "wrong_password"}
    assert tiles(hass) == [{"miner": title_of(miner), "host": miner.host}]
    await check_added(hass, await fill_in(hass, form), miner)


async def test_a_name_that_only_says_so_is_no_miner(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """Any device can call itself whatsminer."""
    miner.misbehave("*", GARBAGE)

    check_aborted(await dhcp(hass, miner), "not_a_whatsminer")

    assert tiles(hass) == []


async def test_a_miner_is_offered_once(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    form = await dhcp(hass, miner)
    connections = miner.connections

    check_aborted(await dhcp(hass, miner), "already_in_progress")
    assert miner.connections == connections
    found = await async_discover(miner.host)
    check_aborted(await leave(hass, found), "already_in_progress")

    assert len(tiles(hass)) == 1
    await check_added(hass, await fill_in(hass, form), miner)


async def test_a_tile_follows_its_miner(
    hass: HomeAssistant, miner: SimulatedMiner, new_host: str
) -> None:
    await dhcp(hass, miner)
    await miner.move(new_host)

    form = await dhcp(hass, miner)

    check_offered(form)
    assert tiles(hass) == [{"miner": title_of(miner), "host": new_host}]
    await check_added(hass, await fill_in(hass, form), miner)


async def test_the_mac_that_a_miner_tells_is_the_one_that_counts(
    hass: HomeAssistant, home_network: IPv4Network
) -> None:
    """A miner behind a repeater may ask for its address with another MAC address."""
    async with (
        SimulatedMiner(
            host=str(home_network[2]), port=DEFAULT_PORT, mac=NEW_MAC
        ) as miner,
        SimulatedMiner() as repeater,
    ):
        form = await dhcp(hass, repeater, host=miner.host)
        check_offered(form)
        check_aborted(
            await leave(hass, await async_discover(miner.host)), "already_in_progress"
        )

        result = await fill_in(hass, form)

        await check_added(hass, result, miner)
        check_aborted(await dhcp(hass, repeater, host=miner.host), "already_configured")
        await hass.config_entries.async_unload(result["result"].entry_id)


@every_kind
async def test_a_miner_that_a_scan_has_left_is_offered_and_added(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """The miner is not asked again before it is added."""
    found = await async_discover(miner.host)
    connections = miner.connections

    form = await leave(hass, found)

    check_offered(form)
    assert miner.connections == connections
    assert tiles(hass) == [{"miner": found.title, "host": miner.host}]
    await check_added(hass, await fill_in(hass, form), miner)


# What goes wrong, and how the same flow goes on


@pytest.mark.parametrize(
    ("command", "how", "errors"),
    [
        ("*", GARBAGE, {"base": "not_a_whatsminer"}),
        ("*", Truncated(), {"base": "malformed_reply"}),
        ("*", Truncated(keep=0), {"base": "cannot_connect"}),
        ("*", PROCESS_DOWN, {"base": "mining_process_down"}),
        ("get_miner_info", Refused(132), {"base": "mac_not_reported"}),
        ("get_token", Refused(136), {"base": "too_many_tokens"}),
        ("get_token", Truncated(), {"base": "malformed_reply"}),
        ("get_token", Refused(23), {CONF_PASSWORD: "wrong_password"}),
        ("get_token", Refused(14), {CONF_PASSWORD: "no_passwords"}),
    ],
)
@pytest.mark.parametrize("again", [DEFAULT_PASSWORD, "", None])
async def test_an_error_is_explained_and_recovered_from(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    command: str,
    how: Misbehaviour,
    errors: dict[str, str],
    again: str | None,
) -> None:
    """The password need not be given again."""
    form = await dhcp(hass, miner)
    miner.misbehave(command, how)
    form = await fill_in(hass, form)
    assert form["step_id"] == "discovery_confirm"
    assert form["errors"] == errors
    assert tiles(hass) == [{"miner": title_of(miner), "host": miner.host}]

    miner.behave()
    await check_added(hass, await fill_in(hass, form, again), miner)


async def test_a_password_is_dropped_for_readings_only(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    form = await dhcp(hass, miner)
    assert fields_of(form) == {CONF_PASSWORD, "advanced"}
    form = await fill_in(hass, form, "mistaken")
    assert fields_of(form) == {CONF_PASSWORD, "advanced", "read_only"}
    form = await fill_in(hass, form, None)
    assert form["errors"] == {CONF_PASSWORD: "wrong_password"}
    both = {CONF_PASSWORD: "mistaken", "read_only": True}
    form = await hass.config_entries.flow.async_configure(form["flow_id"], both)
    assert form["errors"] == {"read_only": "password_and_read_only"}

    result = await hass.config_entries.flow.async_configure(
        form["flow_id"], {"read_only": True}
    )

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert CONF_PASSWORD not in result["result"].data


async def test_a_wrong_password(hass: HomeAssistant, miner: SimulatedMiner) -> None:
    form = await fill_in(hass, await dhcp(hass, miner), "mistaken")
    assert form["errors"] == {CONF_PASSWORD: "wrong_password"}
    assert form["data_schema"] is not None
    assert get_schema_suggested_value(form["data_schema"].schema, CONF_PASSWORD) is None
    assert "mistaken" not in str(form)

    await check_added(hass, await fill_in(hass, form), miner)


async def test_a_miner_that_does_not_answer(
    hass: HomeAssistant, miner: SimulatedMiner, clock: Clock
) -> None:
    form = await dhcp(hass, miner)
    silent = hold(miner, "get_version")
    sent = hass.async_create_task(fill_in(hass, form))
    await silent.reached.wait()
    clock.move(10)
    form = await sent
    assert form["errors"] == {"base": "timed_out"}

    miner.behave()
    await check_added(hass, await fill_in(hass, form), miner)


async def test_another_miner_at_the_address_of_the_one_that_was_offered(
    hass: HomeAssistant, miner: SimulatedMiner, other: SimulatedMiner
) -> None:
    """The other miner gets neither the password nor the entry."""
    form = await dhcp(hass, miner)
    await miner.swap(other)
    other.requests.clear()
    form = await fill_in(hass, form)
    assert form["errors"] == {"base": "wrong_miner"}
    assert "get_token" not in names_of(other.requests)

    await miner.swap(other)
    await check_added(hass, await fill_in(hass, form), miner)


# One that is known


@pytest.fixture
async def known(
    hass: HomeAssistant, set_up: WhatsminerCoordinator, config_entry: MockConfigEntry
) -> MockConfigEntry:
    """The entry of the miner, which is set up."""
    return config_entry


async def check_known(
    hass: HomeAssistant, miner: SimulatedMiner, host: str | None = None
) -> None:
    """Check that a miner is known when DHCP reports it, and wait for what follows."""
    check_aborted(await dhcp(hass, miner, host=host), "already_configured")
    await hass.async_block_till_done(wait_background_tasks=True)


@every_kind
async def test_a_known_miner_at_a_new_address_is_followed(
    hass: HomeAssistant, known: MockConfigEntry, miner: SimulatedMiner, new_host: str
) -> None:
    before = dict(known.data)
    await miner.move(new_host)

    await check_known(hass, miner)

    assert known.data == {**before, CONF_HOST: new_host}
    assert known.state is ConfigEntryState.LOADED
    assert tiles(hass) == []
    assert issue_keys(hass) == []
    assert hass.states.get("switch.miner") is not None


async def test_a_known_miner_keeps_its_port(
    hass: HomeAssistant, add_entry: AddEntry, home_network: IPv4Network, new_host: str
) -> None:
    """An announcement has no port."""
    async with SimulatedMiner(host=str(home_network[4])) as miner:
        entry = await add_entry(miner)
        await miner.move(new_host)

        await check_known(hass, miner)

        assert (entry.data[CONF_HOST], entry.data[CONF_PORT]) == (new_host, miner.port)
        assert entry.state is ConfigEntryState.LOADED
        await hass.config_entries.async_unload(entry.entry_id)


async def test_a_known_miner_that_is_where_it_was_is_left_in_peace(
    hass: HomeAssistant, known: MockConfigEntry, miner: SimulatedMiner
) -> None:
    """The miner has only renewed its lease."""
    before, connections = dict(known.data), miner.connections

    await check_known(hass, miner)

    assert known.data == before
    assert miner.connections == connections


async def test_a_known_miner_that_still_answers_at_its_old_address_stays_there(
    hass: HomeAssistant, known: MockConfigEntry, miner: SimulatedMiner, new_host: str
) -> None:
    before, data = dict(known.data), known.runtime_data.coordinator

    await check_known(hass, miner, host=new_host)

    assert known.data == before
    assert known.runtime_data.coordinator is data


async def test_a_known_miner_that_was_away_is_back_at_once(
    hass: HomeAssistant, known: MockConfigEntry, miner: SimulatedMiner
) -> None:
    await miner.disconnect()
    assert not await hass.config_entries.async_reload(known.entry_id)
    miner.reconnect()

    await check_known(hass, miner)

    assert known.state is ConfigEntryState.LOADED


async def test_a_disabled_miner_is_followed_and_stays_disabled(
    hass: HomeAssistant, known: MockConfigEntry, miner: SimulatedMiner, new_host: str
) -> None:
    await hass.config_entries.async_set_disabled_by(
        known.entry_id, ConfigEntryDisabler.USER
    )
    await miner.move(new_host)

    await check_known(hass, miner)

    assert known.data[CONF_HOST] == new_host
    assert known.state is ConfigEntryState.NOT_LOADED


async def test_miners_that_change_places_are_followed(
    hass: HomeAssistant,
    known: MockConfigEntry,
    add_entry: AddEntry,
    miner: SimulatedMiner,
    other: SimulatedMiner,
) -> None:
    entry = await add_entry(other)
    await miner.swap(other)

    await check_known(hass, miner)

    for each, at in ((known, miner), (entry, other)):
        assert each.unique_id == at.mac.lower()
        assert each.data[CONF_HOST] == at.host
        assert each.state is ConfigEntryState.LOADED
    assert tiles(hass) == []
    assert issue_keys(hass) == []


async def test_an_ignored_miner_stays_ignored(
    hass: HomeAssistant, miner: SimulatedMiner, new_host: str
) -> None:
    await ignore(hass, miner)
    found = await async_discover(miner.host)
    await miner.move(new_host)
    connections = miner.connections

    check_aborted(await dhcp(hass, miner), "already_configured")
    check_aborted(await leave(hass, found), "already_configured")

    assert miner.connections == connections
    assert tiles(hass) == []


# One whose control board is new


@pytest.fixture
async def rebuilt(
    hass: HomeAssistant, known: MockConfigEntry, miner: SimulatedMiner, new_host: str
) -> SimulatedMiner:
    """The miner with a new control board, at the address that it got for it."""
    miner.replace_control_board(NEW_MAC, locked=True)
    await miner.move(new_host)
    assert not await hass.config_entries.async_reload(known.entry_id)
    return miner


@pytest.mark.parametrize("by", [SOURCE_DHCP, SOURCE_INTEGRATION_DISCOVERY])
async def test_a_new_control_board_is_no_new_miner(
    hass: HomeAssistant, known: MockConfigEntry, rebuilt: SimulatedMiner, by: str
) -> None:
    """The hashboards show which miner it is: a repair is offered, and the entry stays."""
    if by == SOURCE_DHCP:
        result = await dhcp(hass, rebuilt)
    else:
        result = await leave(hass, await async_discover(rebuilt.host))

    check_aborted(result, "new_control_board")
    assert result["description_placeholders"] == {"miner": "Miner"}
    assert issue_keys(hass) == ["new_control_board"]
    assert tiles(hass) == []
    assert known.unique_id != NEW_MAC


async def test_a_new_control_board_that_did_not_answer_yet_is_no_new_miner(
    hass: HomeAssistant, known: MockConfigEntry, rebuilt: SimulatedMiner
) -> None:
    """The miner asks for an address first; its hashboards are read when it is confirmed."""
    await rebuilt.disconnect()
    form = await dhcp(hass, rebuilt)
    check_offered(form)
    rebuilt.reconnect()

    result = await fill_in(hass, form)

    check_aborted(result, "new_control_board")
    assert issue_keys(hass) == ["new_control_board"]
    assert hass.config_entries.async_entries(DOMAIN) == [known]


# Announcements, which any device can make


async def announce(
    hass: HomeAssistant, number: int, host: str, hostname: str = "whatsminer"
) -> ConfigFlowResult:
    """Report by DHCP that an unknown device asks for an address; each number is another one."""
    return await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_DHCP},
        data=DhcpServiceInfo(
            ip=host, hostname=hostname, macaddress=f"0200000{number:05x}"
        ),
    )


def mac_of(number: int) -> str:
    """Return the MAC address of an unknown device."""
    return f"02:00:00:0{number >> 16:x}:{number >> 8 & 255:02x}:{number & 255:02x}"


def offered(hass: HomeAssistant) -> set[str | None]:
    """Return the MAC addresses of devices that wait to be added."""
    return {
        flow["context"].get("unique_id")
        for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    }


NOT_PRIVATE = [
    "8.8.8.8",
    "1.1.1.1",
    "223.255.255.1",
    "0.0.0.0",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "2001:4860:4860::8888",
    "fe80::1",
    "192.168.1.300",
    "miner.example.com",
]


@pytest.mark.parametrize("retrying", [False, True])
async def test_an_address_outside_of_private_networks_is_not_taken_from_anybody(
    hass: HomeAssistant, known: MockConfigEntry, miner: SimulatedMiner, retrying: bool
) -> None:
    await miner.disconnect()
    if retrying:
        await hass.config_entries.async_reload(known.entry_id)
    before = dict(known.data)

    with patch("asyncio.open_connection", side_effect=AssertionError) as connect:
        for host in NOT_PRIVATE:
            check_aborted(await dhcp(hass, miner, host=host), "unusable_announcement")
            check_aborted(await announce(hass, 1, host), "unusable_announcement")
    connect.assert_not_called()

    assert known.data == before
    assert tiles(hass) == []
    assert record_for_entry(hass, known).announced_host is None


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "127.0.0.9"]
)
async def test_an_address_in_a_private_network_is_looked_at(
    hass: HomeAssistant, host: str
) -> None:
    """The addresses that providers share among customers count as private."""
    with patch("asyncio.open_connection", side_effect=OSError) as connect:
        check_offered(await announce(hass, 1, host))
    connect.assert_called_with(host, DEFAULT_PORT)


@pytest.mark.parametrize(
    "mac", ["", "rubbish", "zzzzzzzzzzzz", "020000", "0" * 40, "0200000000\n1"]
)
async def test_what_is_no_mac_address_is_no_miner(
    hass: HomeAssistant, miner: SimulatedMiner, mac: str
) -> None:
    """Home Assistant passes on whatever a router reports."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_DHCP},
        data=DhcpServiceInfo(ip=miner.host, hostname="whatsminer", macaddress=mac),
    )

    check_aborted(result, "unusable_announcement")
    assert miner.connections == 0


async def test_only_so_many_wait_that_do_not_answer(
    hass: HomeAssistant, hosts: list[str], miner: SimulatedMiner
) -> None:
    """A device that answers is still offered, and each one that leaves makes room."""
    for number, host in enumerate(hosts[:16]):
        check_offered(await announce(hass, number, host))
    for number, host in enumerate(hosts[16:20], start=16):
        check_aborted(await announce(hass, number, host), "too_many_discovered")
    assert offered(hass) == {mac_of(number) for number in range(16)}

    check_offered(await dhcp(hass, miner))
    assert len(tiles(hass)) == 17

    (flow,) = hass.config_entries.flow.async_progress_by_handler(
        DOMAIN, match_context={"unique_id": mac_of(3)}
    )
    hass.config_entries.flow.async_abort(flow["flow_id"])
    check_offered(await announce(hass, 20, hosts[20]))
    check_aborted(await announce(hass, 21, hosts[21]), "too_many_discovered")


async def test_one_that_answers_at_last_makes_room(
    hass: HomeAssistant, hosts: list[str], miner: SimulatedMiner
) -> None:
    await miner.disconnect()
    form = await dhcp(hass, miner)
    for number, host in enumerate(hosts[:15]):
        check_offered(await announce(hass, number, host))
    check_aborted(await announce(hass, 15, hosts[15]), "too_many_discovered")

    miner.reconnect()
    form = await fill_in(hass, form, "mistaken")
    assert form["errors"] == {CONF_PASSWORD: "wrong_password"}

    check_offered(await announce(hass, 16, hosts[16]))
    check_aborted(await announce(hass, 17, hosts[17]), "too_many_discovered")


async def test_only_so_many_wait_at_all(
    hass: HomeAssistant,
    hosts: list[str],
    miner: SimulatedMiner,
    known: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Flows that a user starts are neither counted nor hindered."""
    known.async_start_reauth(hass)
    await hass.async_block_till_done()
    for _ in range(3):
        await hass.config_entries.flow.async_init(
            DOMAIN, context={"source": SOURCE_USER}
        )
    monkeypatch.setattr(discovery_flow, "MOST_WAITING", 3)
    for number, host in enumerate(hosts[:3]):
        check_offered(
            await leave(hass, DiscoveredMiner(host=host, mac=mac_of(number)))
            if number
            else await announce(hass, number, host)
        )

    check_aborted(await announce(hass, 3, hosts[3]), "too_many_discovered")
    found = DiscoveredMiner(host=hosts[4], mac=mac_of(4))
    check_aborted(await leave(hass, found), "too_many_discovered")

    # One that is known needs no tile.
    await miner.disconnect()
    await hass.config_entries.async_reload(known.entry_id)
    miner.reconnect()
    await check_known(hass, miner)
    assert known.state is ConfigEntryState.LOADED


async def test_an_address_has_one_tile(
    hass: HomeAssistant, miner: SimulatedMiner, new_host: str
) -> None:
    """While no device answers, the tile is that of the last announcement."""
    for number in range(20):
        check_offered(await announce(hass, number, new_host))
    assert offered(hass) == {mac_of(19)}

    await miner.move(new_host)
    check_offered(await dhcp(hass, miner))
    assert offered(hass) == {miner.mac.lower()}
    check_aborted(await announce(hass, 20, new_host), "already_in_progress")
    assert offered(hass) == {miner.mac.lower()}

    await miner.disconnect()
    check_offered(await announce(hass, 21, new_host))
    assert offered(hass) == {mac_of(21)}


async def test_a_scan_takes_the_place_of_what_was_announced(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """A scan has had an answer from the miner, an announcement has not."""
    await miner.disconnect()
    check_offered(await announce(hass, 1, miner.host))
    miner.reconnect()

    check_offered(await leave(hass, await async_discover(miner.host)))

    assert offered(hass) == {miner.mac.lower()}


async def test_a_form_that_somebody_fills_in_is_not_ended(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    form = await fill_in(hass, await dhcp(hass, miner), "mistaken")
    await miner.disconnect()

    check_offered(await announce(hass, 1, miner.host))

    miner.reconnect()
    result = await fill_in(hass, form)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["result"].unique_id == miner.mac.lower()
    await hass.async_block_till_done()
    await hass.config_entries.async_unload(result["result"].entry_id)


async def test_a_miner_is_asked_by_one_at_a_time(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    held = hold(miner, "*")
    first = hass.async_create_task(dhcp(hass, miner))
    await held.reached.wait()

    for number in range(20):
        check_aborted(await announce(hass, number, miner.host), "already_asked")
    assert miner.connections == 1

    held.release.set()
    check_offered(await first)
    assert miner.peak_connections == 1
    assert offered(hass) == {miner.mac.lower()}


async def test_a_miner_that_is_known_to_be_well_is_not_asked(
    hass: HomeAssistant, known: MockConfigEntry, miner: SimulatedMiner
) -> None:
    """The miner's own polls would meet another device at its address."""
    connections = miner.connections

    check_aborted(await announce(hass, 1, miner.host), "already_configured")

    assert miner.connections == connections
    assert tiles(hass) == []


HOSTILE_NAMES = {
    "long": "whatsminer-" + "x" * 300_000,
    "surrogate": "whatsminer\ud800",
    "control": "whatsminer\x00\x1b[31m",
    "lines": "whatsminer\nERROR forged",
    "bidi": "whatsminer\u202egnp.exe",
    "markdown": "whatsminer![](http://192.0.2.1/p.png)",
    "html": "whatsminer<img src=x>",
    "braces": "whatsminer{miner}`*",
}


@pytest.mark.parametrize("hostname", HOSTILE_NAMES.values(), ids=HOSTILE_NAMES)
@pytest.mark.parametrize("silent", [True, False])
async def test_a_name_that_a_stranger_chose_is_a_name(
    hass: HomeAssistant, miner: SimulatedMiner, hostname: str, silent: bool
) -> None:
    if silent:
        await miner.disconnect()
    else:
        miner.state.hostname = hostname.replace("\ud800", "")
    form = await dhcp(hass, miner, hostname=hostname)
    check_offered(form)

    shown: list[Any] = [
        *tiles(hass)[0].values(),
        *(form["description_placeholders"] or {}).values(),
    ]
    for text in shown:
        assert 0 < len(text) <= 64
        assert text.isprintable()
        assert set("<>[]`*{}|\\").isdisjoint(text)
        text.encode()
    if not silent:
        result = await fill_in(hass, form)
        assert result["title"] in shown
        await hass.async_block_till_done()
        await hass.config_entries.async_unload(result["result"].entry_id)


async def test_a_flood_of_announcements_leaves_home_assistant_as_it_was(
    hass: HomeAssistant, known: MockConfigEntry, hosts: list[str]
) -> None:
    """Hundreds of devices that do not exist are announced at once, beside a known miner."""
    results = await asyncio.gather(
        *(announce(hass, number, hosts[number % 40]) for number in range(400))
    )

    assert len(tiles(hass)) <= 16
    assert {result["type"] for result in results} <= {
        FlowResultType.ABORT,
        FlowResultType.FORM,
    }
    for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN):
        hass.config_entries.flow.async_abort(flow["flow_id"])
    assert not hass.data[discovery_flow.SILENT]
    assert known.state is ConfigEntryState.LOADED
    assert known.runtime_data.coordinator.last_update_success
