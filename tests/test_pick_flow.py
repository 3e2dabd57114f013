"""Any number of miners are added at once, of those that a scan has found."""

import asyncio
from collections.abc import Generator
from typing import Any
from unittest.mock import patch

import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.whatsminer import pick_flow
from custom_components.whatsminer.api import DEFAULT_PORT, Miner
from custom_components.whatsminer.config_flow import WhatsminerConfigFlow
from custom_components.whatsminer.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PASSWORD, CONF_PORT, Platform
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import issue_registry as ir
from simulator import DEFAULT_PASSWORD, Refused, SimulatedMiner

from . import AddEntry, hold, names_of
from .config_flow import check_aborted, fields_of
from .scan_flow import (
    Shed,
    check_added,
    entries,
    fill_in,
    found,
    ignored,
    mac_of,
    macs_of,
    nothing_goes_on,
    offered,
    picks,
    placeholder_of,
    suggested,
    tiles,
)


@pytest.fixture(autouse=True)
def few_platforms() -> Generator[None]:
    """Set up only the platforms that these tests use."""
    with patch("custom_components.whatsminer.PLATFORMS", (Platform.SWITCH,)):
        yield


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
        f"M30S+ VE40 {ends[0]} ({miners[0].host})",
        f"garage-left, M63 VK30 ({miners[1].host})",
        f"M20SV10 {ends[2]} ({miners[2].host})",
    ]
    await fill_in(hass, form, picks(*miners))
    assert [entry.title for entry in entries(hass)] == [
        f"M30S+ VE40 {ends[0]}",
        "garage-left",
        f"M20SV10 {ends[2]}",
    ]


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


# The selection


@pytest.fixture
def long_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take two miners for a long list."""
    monkeypatch.setattr(pick_flow, "SHORT_LIST", 1)


@pytest.mark.usefixtures("miners")
async def test_a_short_list_is_selected_miner_by_miner(hass: HomeAssistant) -> None:
    form = await found(hass)

    assert form["data_schema"] is not None
    assert "selection" not in {*form["data_schema"].schema}


@pytest.mark.usefixtures("long_list")
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


@pytest.mark.usefixtures("long_list")
async def test_miners_that_are_ignored_can_be_selected_with_all_others(
    hass: HomeAssistant, miners: list[SimulatedMiner]
) -> None:
    await fill_in(hass, await found(hass), picks(miners[1], others="ignore"))
    form = await found(hass)
    assert suggested(form, "miners") == []

    form = await fill_in(hass, form, picks(selection="all"))

    assert suggested(form, "miners") == [mac_of(miners[0]), mac_of(miners[2])]


# The password


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


# What goes wrong, and how the same flow goes on


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
    assert suggested(form, "miners") == macs_of(
        miners
    )  # two hundred need not be picked again

    await check_added(hass, await fill_in(hass, form, picks(*miners)), *miners)


async def test_of_many_that_refuse_a_password_only_some_are_named(
    hass: HomeAssistant, shed: Shed
) -> None:
    """The length of the error is limited."""
    for _ in range(12):
        await shed.add()
    shed.miners[0].password = "mistaken"
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


# Unexpected errors


async def test_an_error_while_a_password_is_tried_names_the_miner(
    hass: HomeAssistant, miners: list[SimulatedMiner], caplog: pytest.LogCaptureFixture
) -> None:
    form = await found(hass)
    check = Miner.check_password

    async def odd_check(
        miner: Miner, password: str | None = None, account: str | None = None
    ) -> None:
        if miner.address[0] == miners[1].host:
            raise ZeroDivisionError
        await check(miner, password, account)

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
