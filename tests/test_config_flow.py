"""Config flow: adding a miner, asking for its password again, and reconfiguring it."""

import asyncio
from collections.abc import Callable, Generator
from ipaddress import IPv4Network
import socket
from typing import Any
from unittest.mock import AsyncMock, patch

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    get_schema_suggested_value,
)

from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_REAUTH,
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from simulator import (
    DEFAULT_PASSWORD,
    GARBAGE,
    Misbehaviour,
    Quirk,
    Raw,
    Refused,
    SimulatedMiner,
    Truncated,
)

from . import (
    JOINED,
    PROCESS_DOWN,
    Clock,
    Held,
    act,
    every_generation,
    hold,
    load_entry,
    names_of,
)
from .fleet import issue_keys

type MakeEntry = Callable[..., MockConfigEntry]

READING = {"binary_sensor", "event", "sensor"}
WRITING = {"button", "number", "select", "switch"}


@pytest.fixture
def set_up_entry() -> Generator[AsyncMock]:
    """Create entries without setting them up."""
    with patch(
        "custom_components.whatsminer.async_setup_entry", return_value=True
    ) as set_up:
        yield set_up


def answers(miner: SimulatedMiner, **changes: Any) -> dict[str, Any]:
    """Return what the user fills in."""
    return {
        CONF_HOST: miner.host,
        CONF_PORT: miner.port,
        CONF_PASSWORD: miner.password,
        **changes,
    }


async def begin(hass: HomeAssistant) -> ConfigFlowResult:
    """Start to add one miner by its address."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert result["type"] is FlowResultType.MENU
    assert result["step_id"] == "user"
    assert result["menu_options"] == ["scan", "manual"]
    result = await fill_in(hass, result, {"next_step_id": "manual"})
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "manual"
    assert not result["errors"]
    return result


def domains(hass: HomeAssistant, entry: ConfigEntry) -> set[str]:
    """Return the platforms in which a miner has entities."""
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return {entity.domain for entity in entities}


async def fill_in(
    hass: HomeAssistant, form: ConfigFlowResult, data: dict[str, Any]
) -> ConfigFlowResult:
    """Submit a form."""
    return await hass.config_entries.flow.async_configure(form["flow_id"], data)


async def recovers(
    hass: HomeAssistant, form: ConfigFlowResult, miner: SimulatedMiner
) -> None:
    """Check that the same flow still leads to an entry."""
    result = await fill_in(hass, form, answers(miner))
    assert result["type"] is FlowResultType.CREATE_ENTRY, result
    assert result["result"].unique_id == miner.mac.lower()


@pytest.fixture
async def form(hass: HomeAssistant) -> ConfigFlowResult:
    """The first form of a flow."""
    return await begin(hass)


# Adding a miner


@every_generation
async def test_a_miner_is_added(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    miner: SimulatedMiner,
    set_up_entry: AsyncMock,
) -> None:
    """The unique id is the MAC address, and nothing is written to the miner."""
    mac = miner.mac.lower()

    result = await fill_in(hass, form, answers(miner))

    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry = result["result"]
    assert entry.unique_id == mac
    assert entry.version == 4
    assert entry.data == {
        CONF_HOST: miner.host,
        CONF_PORT: miner.port,
        CONF_MAC: mac,
        CONF_PASSWORD: miner.password,
    }
    assert isinstance(entry.data[CONF_PORT], int)
    assert entry.options == {}
    set_up_entry.assert_awaited_once()
    assert miner.writes == []


async def test_the_form_starts_with_the_usual_port_and_no_password(
    form: ConfigFlowResult,
) -> None:
    assert form["data_schema"] is not None
    data = form["data_schema"]({CONF_HOST: "192.0.2.1"})

    assert data == {CONF_HOST: "192.0.2.1", CONF_PORT: 4028}


async def test_without_a_password_nothing_can_be_changed(
    hass: HomeAssistant, form: ConfigFlowResult, miner: SimulatedMiner
) -> None:
    data = answers(miner)
    del data[CONF_PASSWORD]

    result = await fill_in(hass, form, data)
    await hass.async_block_till_done()

    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry = result["result"]
    assert CONF_PASSWORD not in entry.data
    assert entry.state is ConfigEntryState.LOADED
    assert domains(hass, entry) == READING
    assert "get_token" not in names_of(miner.requests)


async def test_with_a_password_it_can_be_controlled(
    hass: HomeAssistant, form: ConfigFlowResult, miner: SimulatedMiner
) -> None:
    result = await fill_in(hass, form, answers(miner))
    await hass.async_block_till_done()

    assert domains(hass, result["result"]) == READING | WRITING
    assert len(ir.async_get(hass).issues) == 0


@pytest.mark.parametrize("password", ["", None])
async def test_an_empty_password_is_none(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    miner: SimulatedMiner,
    set_up_entry: AsyncMock,
    password: str | None,
) -> None:
    data = answers(miner, **({} if password is None else {CONF_PASSWORD: password}))
    if password is None:
        del data[CONF_PASSWORD]

    result = await fill_in(hass, form, data)

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert CONF_PASSWORD not in result["result"].data


async def test_spaces_around_the_host_do_no_harm(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    miner: SimulatedMiner,
    set_up_entry: AsyncMock,
) -> None:
    """Spaces come along with copied text."""
    result = await fill_in(hass, form, answers(miner, host=f" {miner.host} "))

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["result"].data[CONF_HOST] == miner.host


@pytest.mark.parametrize(
    ("miner", "model"),
    [
        ("air_miner", "M30S+_VE40"),
        ("hydro_miner", "M63_VK30"),
        ("old_miner", "M20SV10"),
    ],
    indirect=["miner"],
)
async def test_a_miner_without_a_name_is_called_by_model_and_mac(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    miner: SimulatedMiner,
    set_up_entry: AsyncMock,
    model: str,
) -> None:
    """The host name that all miners have from the factory is not used."""
    result = await fill_in(hass, form, answers(miner))

    assert result["title"] == f"{model} {miner.mac[-5:].replace(':', '')}"


async def test_a_miner_is_called_by_its_host_name(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    miner: SimulatedMiner,
    set_up_entry: AsyncMock,
) -> None:
    miner.state.hostname = "garage-left"

    result = await fill_in(hass, form, answers(miner))

    assert result["title"] == "garage-left"


async def test_a_miner_that_tells_no_model_still_has_a_title(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    miner: SimulatedMiner,
    set_up_entry: AsyncMock,
) -> None:
    """Without a model the title is the manufacturer."""
    miner.misbehave("devdetails", Refused(132))

    result = await fill_in(hass, form, answers(miner))

    assert result["title"] == f"Whatsminer {miner.mac[-5:].replace(':', '')}"


async def test_a_stopped_miner_is_added(
    hass: HomeAssistant, form: ConfigFlowResult, set_up_entry: AsyncMock
) -> None:
    """The control board of some firmware reports the MAC address while mining is stopped."""
    async with SimulatedMiner(quirks={Quirk.PROCESS_DOWN}) as miner:
        miner.state.mining = False

        result = await fill_in(hass, form, answers(miner))

    assert result["type"] is FlowResultType.CREATE_ENTRY


@every_generation
async def test_a_miner_that_takes_no_commands_is_added_all_the_same(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    miner: SimulatedMiner,
    set_up_entry: AsyncMock,
) -> None:
    """The API switch can be turned on later; the password is kept until then."""
    miner.api_open = False

    result = await fill_in(hass, form, answers(miner))

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["result"].data[CONF_PASSWORD] == miner.password


@every_generation
async def test_a_miner_that_takes_no_commands_gets_a_repair(
    hass: HomeAssistant, form: ConfigFlowResult, miner: SimulatedMiner
) -> None:
    miner.api_open = False

    await fill_in(hass, form, answers(miner))
    await hass.async_block_till_done()

    assert [issue.translation_key for issue in ir.async_get(hass).issues.values()] == [
        "write_access_closed"
    ]


# What goes wrong, and how the same flow goes on


ERRORS: tuple[tuple[str, Misbehaviour, dict[str, str]], ...] = (
    ("*", GARBAGE, {"base": "not_a_whatsminer"}),
    ("*", Raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"), {"base": "not_a_whatsminer"}),
    ("*", Raw(b'{"hello":"world"}'), {"base": "not_a_whatsminer"}),
    ("*", Truncated(), {"base": "malformed_reply"}),
    ("*", Truncated(keep=0), {"base": "cannot_connect"}),
    ("*", PROCESS_DOWN, {"base": "mining_process_down"}),
    ("get_miner_info", Refused(132), {"base": "no_mac"}),
    ("get_miner_info", Truncated(), {"base": "malformed_reply"}),
    ("get_token", Refused(136), {"base": "too_many_tokens"}),
    ("get_token", Raw(b'{"STATUS":"S","Code":134,"Msg":"over max connect"}'),
     {"base": "too_many_tokens"}),
    ("get_token", Truncated(), {"base": "malformed_reply"}),
    ("get_token", PROCESS_DOWN, {"base": "mining_process_down"}),
    ("get_token", Refused(23), {CONF_PASSWORD: "wrong_password"}),
)  # fmt: skip


@pytest.mark.parametrize(("command", "how", "errors"), ERRORS)
async def test_an_error_is_explained_and_recovered_from(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    miner: SimulatedMiner,
    set_up_entry: AsyncMock,
    command: str,
    how: Misbehaviour,
    errors: dict[str, str],
) -> None:
    miner.misbehave(command, how)
    result = await fill_in(hass, form, answers(miner))
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "manual"
    assert result["errors"] == errors

    miner.behave()
    await recovers(hass, result, miner)


async def test_nothing_at_the_address(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    miner: SimulatedMiner,
    set_up_entry: AsyncMock,
) -> None:
    await miner.disconnect()
    result = await fill_in(hass, form, answers(miner))
    assert result["errors"] == {"base": "cannot_connect"}

    miner.reconnect()
    await recovers(hass, result, miner)


@pytest.mark.parametrize(
    "failure",
    [
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        UnicodeError("label too long"),
    ],
    ids=lambda failure: type(failure).__name__,
)
async def test_a_host_that_cannot_be_found(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    miner: SimulatedMiner,
    set_up_entry: AsyncMock,
    failure: Exception,
) -> None:
    with patch("socket.getaddrinfo", side_effect=failure):
        result = await fill_in(hass, form, answers(miner, host="no such host"))
    assert result["errors"] == {"base": "cannot_connect"}

    await recovers(hass, result, miner)


@pytest.mark.parametrize("command", ["get_version", "summary", "get_token"])
async def test_a_miner_that_does_not_answer(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    miner: SimulatedMiner,
    set_up_entry: AsyncMock,
    clock: Clock,
    command: str,
) -> None:
    """The flow stops waiting, wherever in the conversation the miner falls silent."""
    silent = Held()
    miner.misbehave(JOINED, Refused(14))
    miner.misbehave(command, silent)
    sent = hass.async_create_task(fill_in(hass, form, answers(miner)))
    await silent.reached.wait()

    clock.move(10)
    result = await sent
    assert result["errors"] == {"base": "timed_out"}

    miner.behave()
    await recovers(hass, result, miner)


@pytest.mark.parametrize("mac", ["", "00:00:00:00:00:00", "12:34"])
async def test_a_miner_without_a_usable_mac(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    miner: SimulatedMiner,
    set_up_entry: AsyncMock,
    mac: str,
) -> None:
    async with SimulatedMiner(mac=mac) as nameless:
        result = await fill_in(hass, form, answers(nameless))
    assert result["errors"] == {"base": "no_mac"}

    await recovers(hass, result, miner)


async def test_another_makers_miner(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    miner: SimulatedMiner,
    set_up_entry: AsyncMock,
) -> None:
    """Other makers' miners speak a similar protocol."""
    miner.misbehave("get_version", Refused(14, "Invalid command"))
    miner.misbehave(
        "devdetails",
        Raw(
            b'{"STATUS":[{"STATUS":"S","When":1,"Code":69,"Msg":"Device Details",'
            b'"Description":"bmminer 2.0.0"}],"DEVDETAILS":[{"DEVDETAILS":0,"Name":"BC5",'
            b'"ID":0,"Driver":"bitmain","Kernel":"","Model":"S19"}],"id":1}'
        ),
    )
    result = await fill_in(hass, form, answers(miner))
    assert result["errors"] == {"base": "not_a_whatsminer"}

    miner.behave()
    await recovers(hass, result, miner)


async def test_a_wrong_password(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    miner: SimulatedMiner,
    set_up_entry: AsyncMock,
) -> None:
    """The error is at the password field, which is empty again, unlike the others."""
    result = await fill_in(hass, form, answers(miner, password="mistaken"))

    assert result["errors"] == {CONF_PASSWORD: "wrong_password"}
    schema = result["data_schema"]
    assert schema is not None
    assert get_schema_suggested_value(schema.schema, CONF_HOST) == miner.host
    assert get_schema_suggested_value(schema.schema, CONF_PORT) == miner.port
    assert get_schema_suggested_value(schema.schema, CONF_PASSWORD) is None
    assert "mistaken" not in str(result)

    await recovers(hass, result, miner)


@pytest.mark.parametrize("port", [0, -1, 70_000, 65_536, 1.5])
async def test_a_port_that_can_be_none(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    miner: SimulatedMiner,
    set_up_entry: AsyncMock,
    port: float,
) -> None:
    """The error is at the port field, and no connection is made."""
    result = await fill_in(hass, form, answers(miner, port=port))
    assert result["errors"] == {CONF_PORT: "invalid_port"}
    assert miner.connections == 0

    await recovers(hass, result, miner)


@pytest.mark.parametrize("host", ["", "  "])
async def test_an_empty_host(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    miner: SimulatedMiner,
    set_up_entry: AsyncMock,
    host: str,
) -> None:
    """The error is at the host field, and no connection is made."""
    result = await fill_in(hass, form, answers(miner, host=host))
    assert result["errors"] == {CONF_HOST: "invalid_host"}
    assert miner.connections == 0

    await recovers(hass, result, miner)


async def test_several_errors_in_a_row(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    miner: SimulatedMiner,
    set_up_entry: AsyncMock,
) -> None:
    result = await fill_in(hass, form, answers(miner, port=0))
    result = await fill_in(hass, result, answers(miner, host=""))
    result = await fill_in(hass, result, answers(miner, password="mistaken"))
    miner.misbehave("*", GARBAGE)
    result = await fill_in(hass, result, answers(miner))
    assert result["errors"] == {"base": "not_a_whatsminer"}

    miner.behave()
    await recovers(hass, result, miner)


async def test_another_address_in_the_same_flow_is_another_miner(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    miner: SimulatedMiner,
    hydro_miner: SimulatedMiner,
    set_up_entry: AsyncMock,
) -> None:
    result = await fill_in(hass, form, answers(miner, password="mistaken"))

    await recovers(hass, result, hydro_miner)


# A miner that is known already


async def test_a_miner_is_added_once(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    set_up_entry: AsyncMock,
) -> None:
    before = dict(config_entry.data)

    result = await fill_in(hass, form, answers(miner))

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert config_entry.data == before


@every_generation
@pytest.mark.usefixtures("set_up")
async def test_a_miner_that_is_polled_is_not_connected_to_again(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
) -> None:
    """A miner copes with one connection at a time."""
    before, connections = dict(config_entry.data), miner.connections

    result = await fill_in(hass, form, answers(miner, host=f" {miner.host}"))

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert miner.connections == connections
    assert config_entry.data == before
    assert config_entry.state is ConfigEntryState.LOADED


@pytest.mark.usefixtures("set_up")
async def test_a_poll_under_way_is_not_disturbed_by_adding_its_miner_again(
    hass: HomeAssistant, form: ConfigFlowResult, miner: SimulatedMiner, clock: Clock
) -> None:
    held = hold(miner, "status", times=1)
    clock.move(30)
    await held.reached.wait()

    result = await fill_in(hass, form, answers(miner))

    assert result["reason"] == "already_configured"
    assert miner.peak_connections == 1
    held.release.set()
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.usefixtures("set_up")
async def test_a_known_miner_that_was_away_is_looked_for(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    clock: Clock,
) -> None:
    """The stored address of a miner that was away may be another miner's by now."""
    await miner.disconnect()
    await clock.next_poll(2)
    form = await fill_in(hass, form, answers(miner))
    assert form["errors"] == {"base": "cannot_connect"}

    miner.reconnect()
    connections = miner.connections
    result = await fill_in(hass, form, answers(miner))

    assert result["reason"] == "already_configured"
    assert miner.connections > connections
    assert config_entry.state is ConfigEntryState.LOADED


@pytest.mark.usefixtures("set_up")
async def test_another_miner_at_the_address_of_a_known_one_is_added(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    clock: Clock,
) -> None:
    await miner.disconnect()
    await clock.next_poll()
    clock.miners.clear()
    async with SimulatedMiner(seed=2, port=miner.port) as other:
        await clock.next_poll()
        assert config_entry.state is ConfigEntryState.LOADED

        result = await fill_in(hass, form, answers(other))
        await hass.async_block_till_done()

        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert result["result"].unique_id == other.mac.lower()
        assert config_entry.unique_id == miner.mac.lower()
        for entry in hass.config_entries.async_loaded_entries(DOMAIN):
            await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("set_up")
async def test_another_miner_at_another_port_is_added_beside_one_that_is_polled(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    miner: SimulatedMiner,
    hydro_miner: SimulatedMiner,
) -> None:
    """Several miners may be behind one host, each with its own port."""
    result = await fill_in(hass, form, answers(hydro_miner))

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert miner.host == hydro_miner.host


async def test_a_known_miner_at_a_new_address_is_followed(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    set_up_entry: AsyncMock,
) -> None:
    hass.config_entries.async_update_entry(
        config_entry, data={**config_entry.data, CONF_HOST: "192.0.2.1", CONF_PORT: 1}
    )

    result = await fill_in(hass, form, answers(miner, password="mistaken"))

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert config_entry.data == {
        CONF_HOST: miner.host,
        CONF_PORT: miner.port,
        CONF_MAC: miner.mac.lower(),
        CONF_PASSWORD: miner.password,
    }


async def test_an_ignored_miner_is_added_all_the_same(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    miner: SimulatedMiner,
    set_up_entry: AsyncMock,
) -> None:
    await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_IGNORE},
        data={"unique_id": miner.mac.lower(), "title": "Ignored"},
    )

    await recovers(hass, form, miner)

    (entry,) = hass.config_entries.async_entries(DOMAIN)
    assert entry.source == SOURCE_USER


@pytest.mark.usefixtures("set_up")
async def test_a_new_control_board_is_no_new_miner(
    hass: HomeAssistant,
    form: ConfigFlowResult,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
) -> None:
    """The hashboards show which miner it is: a repair is offered, and the entry stays."""
    before = dict(config_entry.data)
    miner.replace_control_board("02:00:00:00:00:01")
    assert not await hass.config_entries.async_reload(config_entry.entry_id)

    result = await fill_in(hass, form, answers(miner))

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "new_control_board"
    assert result["description_placeholders"] == {"miner": "Miner"}
    assert "new_control_board" in issue_keys(hass)
    assert config_entry.data == before
    assert hass.config_entries.async_entries(DOMAIN) == [config_entry]


# When the password stopped working


async def ask_again(
    hass: HomeAssistant, entry: MockConfigEntry, miner: SimulatedMiner
) -> ConfigFlowResult:
    """Let the password stop working, and return the form that asks for the new one."""
    miner.password = "changed"
    result = await entry.start_reauth_flow(hass)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "reauth_confirm"
    assert result["description_placeholders"] is not None
    assert result["description_placeholders"]["miner"] == "Miner"
    return result


@every_generation
async def test_the_new_password_is_taken(
    hass: HomeAssistant,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    set_up_entry: AsyncMock,
) -> None:
    before = dict(config_entry.data)
    form = await ask_again(hass, config_entry, miner)

    result = await fill_in(hass, form, {CONF_PASSWORD: "changed"})
    await hass.async_block_till_done()

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    assert config_entry.data == {**before, CONF_PASSWORD: "changed"}
    set_up_entry.assert_awaited_once()
    assert miner.writes == []


@pytest.mark.usefixtures("set_up_entry")
async def test_a_password_that_is_wrong_again_can_be_given_again(
    hass: HomeAssistant, config_entry: MockConfigEntry, miner: SimulatedMiner
) -> None:
    before = dict(config_entry.data)
    form = await ask_again(hass, config_entry, miner)

    for wrong in ("mistaken", "admin"):
        form = await fill_in(hass, form, {CONF_PASSWORD: wrong})
        assert form["type"] is FlowResultType.FORM
        assert form["errors"] == {CONF_PASSWORD: "wrong_password"}
        assert form["data_schema"] is not None
        assert (
            get_schema_suggested_value(form["data_schema"].schema, CONF_PASSWORD)
            is None
        )
        assert config_entry.data == before

    result = await fill_in(hass, form, {CONF_PASSWORD: "changed"})
    assert result["reason"] == "reauth_successful"


@pytest.mark.parametrize(
    ("command", "how", "error"),
    [
        ("*", GARBAGE, "not_a_whatsminer"),
        ("*", Truncated(), "malformed_reply"),
        ("get_token", Refused(136), "too_many_tokens"),
    ],
)
@pytest.mark.usefixtures("set_up_entry")
async def test_a_password_that_cannot_be_tried_is_not_taken(
    hass: HomeAssistant,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    command: str,
    how: Misbehaviour,
    error: str,
) -> None:
    form = await ask_again(hass, config_entry, miner)
    miner.misbehave(command, how)
    form = await fill_in(hass, form, {CONF_PASSWORD: "changed"})
    assert form["errors"] == {"base": error}
    assert config_entry.data[CONF_PASSWORD] == DEFAULT_PASSWORD

    miner.behave()
    result = await fill_in(hass, form, {CONF_PASSWORD: "changed"})
    assert result["reason"] == "reauth_successful"


@pytest.mark.usefixtures("set_up_entry")
async def test_the_password_of_another_miner_is_not_taken(
    hass: HomeAssistant, config_entry: MockConfigEntry, miner: SimulatedMiner
) -> None:
    """The password is not even sent to the miner that has the address now."""
    form = await ask_again(hass, config_entry, miner)
    await miner.disconnect()
    async with SimulatedMiner(seed=2, port=miner.port, password="changed") as other:
        form = await fill_in(hass, form, {CONF_PASSWORD: "changed"})
        assert form["errors"] == {"base": "wrong_miner"}
        assert "get_token" not in names_of(other.requests)

    miner.reconnect()
    result = await fill_in(hass, form, {CONF_PASSWORD: "changed"})
    assert result["reason"] == "reauth_successful"


@pytest.mark.usefixtures("set_up")
async def test_a_password_is_not_tried_where_another_miner_is_known_to_be(
    hass: HomeAssistant, config_entry: MockConfigEntry, make_entry: MakeEntry
) -> None:
    """The form has no field for the address, so the error belongs to the whole form."""
    form = await config_entry.start_reauth_flow(hass)
    await hass.config_entries.async_unload(config_entry.entry_id)
    async with SimulatedMiner(seed=2) as other:
        entry = make_entry(other, title="Other")
        entry.add_to_hass(hass)
        assert await hass.config_entries.async_setup(entry.entry_id)
        connections = other.connections
        hass.config_entries.async_update_entry(
            config_entry, data={**config_entry.data, CONF_PORT: other.port}
        )

        form = await fill_in(hass, form, {CONF_PASSWORD: "changed"})

        assert form["errors"] == {"base": "wrong_miner"}
        assert other.connections == connections
        await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("data", [{}, {CONF_PASSWORD: ""}], ids=["none", "empty"])
@pytest.mark.parametrize("reachable", [True, False])
@pytest.mark.usefixtures("set_up")
async def test_without_a_new_password_there_are_readings_only_from_now_on(
    hass: HomeAssistant,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    data: dict[str, str],
    reachable: bool,
) -> None:
    """The miner is not asked, and the entities that write are removed."""
    before = dict(config_entry.data)
    form = await ask_again(hass, config_entry, miner)
    assert domains(hass, config_entry) == READING | WRITING
    if not reachable:
        await miner.disconnect()

    result = await fill_in(hass, form, data)
    await hass.async_block_till_done()

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    del before[CONF_PASSWORD]
    assert config_entry.data == before
    assert "get_token" not in names_of(miner.requests)
    assert hass.config_entries.flow.async_progress_by_handler(DOMAIN) == []
    if reachable:
        assert config_entry.state is ConfigEntryState.LOADED
        assert domains(hass, config_entry) == READING


async def test_after_the_new_password_the_miner_can_be_controlled(
    hass: HomeAssistant,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    chosen_platforms: None,
) -> None:
    miner.password = "changed"
    await load_entry(hass, config_entry)
    flows = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert [flow["context"]["source"] for flow in flows] == [SOURCE_REAUTH]

    await hass.config_entries.flow.async_configure(
        flows[0]["flow_id"], {CONF_PASSWORD: "changed"}
    )
    await hass.async_block_till_done()

    assert config_entry.state is ConfigEntryState.LOADED
    assert config_entry.runtime_data.coordinator.write_access.is_open is True
    assert hass.config_entries.flow.async_progress_by_handler(DOMAIN) == []
    assert len(ir.async_get(hass).issues) == 0


@every_generation
@pytest.mark.parametrize("command", [JOINED, "status"])
@pytest.mark.usefixtures("set_up")
async def test_a_password_is_tried_over_the_line_that_is_there(
    hass: HomeAssistant,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    clock: Clock,
    command: str,
) -> None:
    """A miner copes with one connection at a time."""
    form = await ask_again(hass, config_entry, miner)
    held = hold(miner, command, times=1)
    clock.move(30)
    await held.reached.wait()

    sent = hass.async_create_task(fill_in(hass, form, {CONF_PASSWORD: "changed"}))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not sent.done()
    assert "get_token" not in names_of(miner.requests)
    held.release.set()
    result = await sent
    await hass.async_block_till_done(wait_background_tasks=True)

    assert result["reason"] == "reauth_successful"
    assert miner.peak_connections == 1
    assert config_entry.state is ConfigEntryState.LOADED
    assert config_entry.data[CONF_PASSWORD] == "changed"


@pytest.mark.usefixtures("set_up")
async def test_a_wrong_password_that_is_tried_leaves_a_loaded_miner_as_it_is(
    hass: HomeAssistant, config_entry: MockConfigEntry, miner: SimulatedMiner
) -> None:
    form = await config_entry.start_reauth_flow(hass)
    form = await fill_in(hass, form, {CONF_PASSWORD: "mistaken"})
    assert form["errors"] == {CONF_PASSWORD: "wrong_password"}

    await act(hass, "switch.turn_off", "switch.miner")

    assert names_of(miner.writes) == ["power_off"]
    assert miner.peak_connections == 1


# When its address changes, or its password


async def reconfigure(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    """Start to reconfigure an entry and return the form."""
    result = await entry.start_reconfigure_flow(hass)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "reconfigure"
    assert not result["errors"]
    assert result["description_placeholders"] == {"miner": "Miner"}
    return result


def changes(
    miner: SimulatedMiner, *, read_only: bool = False, **others: Any
) -> dict[str, Any]:
    """Return what is submitted when only the named values change."""
    return {
        CONF_HOST: miner.host,
        CONF_PORT: miner.port,
        "read_only": read_only,
        **others,
    }


async def check_reconfigured(
    hass: HomeAssistant,
    result: ConfigFlowResult,
    entry: MockConfigEntry,
    miner: SimulatedMiner,
    password: str = DEFAULT_PASSWORD,
) -> None:
    """Check that an entry has what was entered, and that its miner is set up with it."""
    assert result["type"] is FlowResultType.ABORT, result
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done(wait_background_tasks=True)
    data = {
        CONF_HOST: miner.host,
        CONF_PORT: miner.port,
        CONF_MAC: miner.mac.lower(),
        CONF_PASSWORD: password,
    }
    assert entry.data == {key: value for key, value in data.items() if value}
    assert isinstance(entry.data[CONF_PORT], int)
    assert entry.unique_id == miner.mac.lower()
    assert entry.state is ConfigEntryState.LOADED
    assert domains(hass, entry) == READING | (WRITING if password else set())


@pytest.mark.usefixtures("set_up")
async def test_what_there_is_is_filled_in_but_for_the_password(
    hass: HomeAssistant, config_entry: MockConfigEntry, miner: SimulatedMiner
) -> None:
    form = await reconfigure(hass, config_entry)
    assert form["data_schema"] is not None
    schema = form["data_schema"].schema
    assert list(schema) == [CONF_HOST, CONF_PORT, CONF_PASSWORD, "read_only"]
    assert get_schema_suggested_value(schema, CONF_HOST) == miner.host
    assert get_schema_suggested_value(schema, CONF_PORT) == miner.port
    assert get_schema_suggested_value(schema, CONF_PASSWORD) is None
    assert form["data_schema"](answers(miner))["read_only"] is False

    result = await fill_in(hass, form, changes(miner))

    await check_reconfigured(hass, result, config_entry, miner)
    assert miner.peak_connections == 1
    assert set(names_of(miner.writes)) <= {"get_version", "set_led"}


@pytest.mark.parametrize("loaded", [True, False])
@pytest.mark.parametrize("where", ["host", "port"])
@pytest.mark.usefixtures("set_up")
async def test_a_new_address_is_taken(
    hass: HomeAssistant,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    home_network: IPv4Network,
    where: str,
    loaded: bool,
) -> None:
    form = await reconfigure(hass, config_entry)
    old_port = miner.port
    if where == "host":
        await miner.move(str(home_network[2]))
    else:
        await miner.move(miner.host, 0)
        assert miner.port != old_port
    if not loaded:
        assert not await hass.config_entries.async_reload(config_entry.entry_id)

    result = await fill_in(hass, form, changes(miner))

    await check_reconfigured(hass, result, config_entry, miner)


@every_generation
@pytest.mark.usefixtures("set_up")
async def test_a_new_password_is_taken(
    hass: HomeAssistant, config_entry: MockConfigEntry, miner: SimulatedMiner
) -> None:
    miner.password = "changed"
    form = await reconfigure(hass, config_entry)

    result = await fill_in(hass, form, changes(miner, password="changed"))

    await check_reconfigured(hass, result, config_entry, miner, "changed")


@pytest.mark.parametrize("others", [{}, {CONF_PASSWORD: ""}], ids=["none", "empty"])
@pytest.mark.usefixtures("set_up")
async def test_a_password_need_not_be_entered_again_to_keep_it(
    hass: HomeAssistant,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    home_network: IPv4Network,
    others: dict[str, str],
) -> None:
    form = await reconfigure(hass, config_entry)
    await miner.move(str(home_network[2]))

    result = await fill_in(hass, form, {**changes(miner), **others})

    await check_reconfigured(hass, result, config_entry, miner)


@pytest.mark.usefixtures("set_up")
async def test_a_password_can_be_forgotten(
    hass: HomeAssistant, config_entry: MockConfigEntry, miner: SimulatedMiner
) -> None:
    form = await reconfigure(hass, config_entry)

    result = await fill_in(hass, form, changes(miner, read_only=True))

    await check_reconfigured(hass, result, config_entry, miner, "")
    assert hass.states.get("switch.miner") is None


@pytest.mark.parametrize("password", [""])
@pytest.mark.usefixtures("set_up")
async def test_a_password_can_be_added(
    hass: HomeAssistant, config_entry: MockConfigEntry, miner: SimulatedMiner
) -> None:
    assert domains(hass, config_entry) == READING
    form = await reconfigure(hass, config_entry)
    assert form["data_schema"] is not None
    assert "read_only" not in form["data_schema"].schema

    result = await fill_in(hass, form, answers(miner))

    await check_reconfigured(hass, result, config_entry, miner)
    await act(hass, "switch.turn_off", "switch.miner")
    assert names_of(miner.writes)[-1] == "power_off"


@pytest.mark.parametrize("password", [""])
@pytest.mark.usefixtures("set_up")
async def test_without_a_password_there_may_stay_none(
    hass: HomeAssistant,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    home_network: IPv4Network,
) -> None:
    form = await reconfigure(hass, config_entry)
    await miner.move(str(home_network[2]))

    result = await fill_in(hass, form, {CONF_HOST: miner.host, CONF_PORT: miner.port})

    await check_reconfigured(hass, result, config_entry, miner, "")


@every_generation
@pytest.mark.usefixtures("set_up")
async def test_a_new_password_is_taken_while_the_api_is_closed(
    hass: HomeAssistant, config_entry: MockConfigEntry, miner: SimulatedMiner
) -> None:
    """A password cannot be tried while the API is closed, and an issue says so."""
    miner.api_open = False
    miner.password = "changed"
    form = await reconfigure(hass, config_entry)

    result = await fill_in(hass, form, changes(miner, password="changed"))

    await check_reconfigured(hass, result, config_entry, miner, "changed")
    assert issue_keys(hass) == ["write_access_closed"]


@pytest.mark.parametrize(
    ("wrong", "errors"),
    [
        ({CONF_HOST: " "}, {CONF_HOST: "invalid_host"}),
        ({CONF_PORT: 0}, {CONF_PORT: "invalid_port"}),
        (
            {CONF_PASSWORD: DEFAULT_PASSWORD, "read_only": True},
            {"read_only": "password_and_read_only"},
        ),
        (
            {CONF_PORT: 0, CONF_PASSWORD: DEFAULT_PASSWORD, "read_only": True},
            {CONF_PORT: "invalid_port", "read_only": "password_and_read_only"},
        ),
    ],
)
@pytest.mark.usefixtures("set_up")
async def test_changes_that_cannot_be_made(
    hass: HomeAssistant,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    wrong: dict[str, Any],
    errors: dict[str, str],
) -> None:
    before, connections = dict(config_entry.data), miner.connections
    form = await reconfigure(hass, config_entry)

    form = await fill_in(hass, form, {**changes(miner), **wrong})
    assert form["step_id"] == "reconfigure"
    assert form["errors"] == errors
    assert config_entry.data == before
    assert miner.connections == connections

    result = await fill_in(hass, form, changes(miner))
    await check_reconfigured(hass, result, config_entry, miner)


@pytest.mark.parametrize(("command", "how", "errors"), ERRORS)
@pytest.mark.usefixtures("set_up")
async def test_a_change_that_fails_is_explained_and_recovered_from(
    hass: HomeAssistant,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    home_network: IPv4Network,
    command: str,
    how: Misbehaviour,
    errors: dict[str, str],
) -> None:
    """The form keeps what was entered, except the password."""
    before = dict(config_entry.data)
    form = await reconfigure(hass, config_entry)
    await miner.move(str(home_network[2]))
    miner.misbehave(command, how)

    form = await fill_in(hass, form, changes(miner, password=DEFAULT_PASSWORD))
    assert form["step_id"] == "reconfigure"
    assert form["errors"] == errors
    assert config_entry.data == before
    assert form["data_schema"] is not None
    schema = form["data_schema"].schema
    assert get_schema_suggested_value(schema, CONF_HOST) == miner.host
    assert get_schema_suggested_value(schema, CONF_PASSWORD) is None

    miner.behave()
    result = await fill_in(hass, form, changes(miner, password=DEFAULT_PASSWORD))
    await check_reconfigured(hass, result, config_entry, miner)


@pytest.mark.usefixtures("set_up")
async def test_nothing_at_the_new_address(
    hass: HomeAssistant,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    home_network: IPv4Network,
) -> None:
    before = dict(config_entry.data)
    form = await reconfigure(hass, config_entry)

    nowhere = {**changes(miner), CONF_HOST: str(home_network[2])}
    form = await fill_in(hass, form, nowhere)
    assert form["errors"] == {"base": "cannot_connect"}
    assert config_entry.data == before

    result = await fill_in(hass, form, changes(miner))
    await check_reconfigured(hass, result, config_entry, miner)


@pytest.mark.usefixtures("set_up")
async def test_a_password_that_is_wrong_changes_nothing(
    hass: HomeAssistant, config_entry: MockConfigEntry, miner: SimulatedMiner
) -> None:
    form = await reconfigure(hass, config_entry)

    form = await fill_in(hass, form, changes(miner, password="mistaken"))
    assert form["errors"] == {CONF_PASSWORD: "wrong_password"}
    assert config_entry.data[CONF_PASSWORD] == DEFAULT_PASSWORD
    assert "mistaken" not in str(form)
    await act(hass, "switch.turn_off", "switch.miner")
    assert names_of(miner.writes)[-1] == "power_off"

    result = await fill_in(hass, form, changes(miner))
    await check_reconfigured(hass, result, config_entry, miner)


@pytest.mark.parametrize("password", ["", DEFAULT_PASSWORD])
@pytest.mark.usefixtures("set_up")
async def test_the_address_of_another_miner_is_refused(
    hass: HomeAssistant,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    hydro_miner: SimulatedMiner,
    password: str,
) -> None:
    """The error is at the host field, and no password is sent to the other miner."""
    form = await reconfigure(hass, config_entry)
    new = changes(hydro_miner, password=DEFAULT_PASSWORD)
    if not password:
        del new["read_only"]

    form = await fill_in(hass, form, new)
    assert form["errors"] == {CONF_HOST: "wrong_miner"}
    assert "get_token" not in names_of(hydro_miner.requests)
    assert config_entry.data[CONF_PORT] == miner.port

    result = await fill_in(hass, form, answers(miner))
    await check_reconfigured(hass, result, config_entry, miner)


@pytest.mark.usefixtures("set_up")
async def test_the_address_of_another_miner_that_is_polled_is_refused_at_once(
    hass: HomeAssistant,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    hydro_miner: SimulatedMiner,
    make_entry: MakeEntry,
) -> None:
    other = make_entry(hydro_miner, title="Other")
    other.add_to_hass(hass)
    assert await hass.config_entries.async_setup(other.entry_id)
    connections = hydro_miner.connections
    form = await reconfigure(hass, config_entry)

    form = await fill_in(hass, form, changes(hydro_miner))
    assert form["errors"] == {CONF_HOST: "wrong_miner"}
    assert hydro_miner.connections == connections

    result = await fill_in(hass, form, changes(miner))
    await check_reconfigured(hass, result, config_entry, miner)


async def test_nothing_changes_while_the_miner_gets_another_firmware(
    hass: HomeAssistant,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    set_up: WhatsminerCoordinator,
) -> None:
    form = await reconfigure(hass, config_entry)
    with set_up.client.exclusive():
        form = await fill_in(hass, form, changes(miner))
        assert form["errors"] == {"base": "firmware_in_progress"}
        assert miner.requests == []

    result = await fill_in(hass, form, changes(miner))
    await check_reconfigured(hass, result, config_entry, miner)


@every_generation
@pytest.mark.parametrize("command", [JOINED, "status"])
@pytest.mark.usefixtures("set_up")
async def test_a_miner_is_asked_over_the_line_that_is_there(
    hass: HomeAssistant,
    config_entry: MockConfigEntry,
    miner: SimulatedMiner,
    clock: Clock,
    command: str,
) -> None:
    """A miner copes with one connection at a time."""
    miner.password = "changed"
    form = await reconfigure(hass, config_entry)
    held = hold(miner, command, times=1)
    clock.move(30)
    await held.reached.wait()

    sent = hass.async_create_task(
        fill_in(hass, form, changes(miner, password="changed"))
    )
    for _ in range(100):
        await asyncio.sleep(0)
    assert not sent.done()
    held.release.set()

    await check_reconfigured(hass, await sent, config_entry, miner, "changed")
    assert miner.peak_connections == 1
