"""Config flow: adding a miner by its address."""

import socket
from unittest.mock import AsyncMock, patch

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    get_schema_suggested_value,
)

from custom_components.whatsminer.const import DOMAIN
from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_USER,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from simulator import GARBAGE, Misbehaviour, Quirk, Raw, Refused, SimulatedMiner

from . import JOINED, Clock, Held, every_generation, hold, names_of
from .config_flow import (
    ERRORS,
    READING,
    WRITING,
    answers,
    check_aborted,
    domains,
    fill_in,
)
from .fleet import issue_keys


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

    check_aborted(result, "already_configured")
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

    check_aborted(result, "already_configured")
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

    check_aborted(result, "already_configured")
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

    check_aborted(result, "new_control_board")
    assert result["description_placeholders"] == {"miner": "Miner"}
    assert "new_control_board" in issue_keys(hass)
    assert config_entry.data == before
    assert hass.config_entries.async_entries(DOMAIN) == [config_entry]
