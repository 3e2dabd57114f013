"""Config flow: adding a miner by its address."""

import socket
from typing import Any
from unittest.mock import AsyncMock, patch

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    get_schema_suggested_value,
)

from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.entries.lookup import miner_entries
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
from .api import CannedMiner, message, table
from .config_flow import (
    ERRORS,
    READING,
    WRITING,
    Form,
    answers,
    check_aborted,
    domains,
    fields_of,
    fill_in,
)
from .fleet import Owned, issue_keys

FIRST_FIELDS = (CONF_HOST, CONF_PORT, CONF_PASSWORD, "advanced")


async def begin(hass: HomeAssistant) -> ConfigFlowResult:
    """Start to add one miner by its address."""
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert result["type"] is FlowResultType.MENU
    assert result["step_id"] == "user"
    site = ["site"] if miner_entries(hass) else []
    assert result["menu_options"] == ["scan", "manual", *site]
    result = await fill_in(hass, result, {"next_step_id": "manual"})
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "manual"
    assert not result["errors"]
    return result


class AddForm(Form):
    """The form that adds a miner by its address, as a user fills it in."""

    async def submit(self, miner: SimulatedMiner, **changes: Any) -> ConfigFlowResult:
        """Submit the form for a miner, and return what is shown next."""
        return await self.send(answers(miner, **changes))

    async def recovers(self, miner: SimulatedMiner) -> None:
        """Check that the same flow still leads to an entry."""
        result = await self.submit(miner)
        assert result["type"] is FlowResultType.CREATE_ENTRY, result
        assert result["result"].unique_id == miner.mac.lower()


@pytest.fixture
async def full_form(hass: HomeAssistant) -> AddForm:
    """The form; the entry that it creates is set up."""
    return AddForm(hass, await begin(hass))


@pytest.fixture
def form(full_form: AddForm, set_up_entry: AsyncMock) -> AddForm:
    """The form; the entry that it creates is not set up."""
    return full_form


# Adding a miner


@every_generation
async def test_a_miner_is_added(
    form: AddForm, miner: SimulatedMiner, set_up_entry: AsyncMock
) -> None:
    """The unique id is the MAC address, and nothing is written to the miner."""
    mac = miner.mac.lower()

    result = await form.submit(miner)

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
    form: AddForm,
) -> None:
    assert form.shown["data_schema"] is not None
    data = form.shown["data_schema"]({CONF_HOST: "192.0.2.1"})

    assert data == {CONF_HOST: "192.0.2.1", CONF_PORT: 4028}


async def test_without_a_password_nothing_can_be_changed(
    hass: HomeAssistant, full_form: AddForm, miner: SimulatedMiner
) -> None:
    data = answers(miner)
    del data[CONF_PASSWORD]

    result = await full_form.send(data)
    await hass.async_block_till_done()

    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry = result["result"]
    assert CONF_PASSWORD not in entry.data
    assert entry.state is ConfigEntryState.LOADED
    assert domains(hass, entry) == READING
    assert "get_token" not in names_of(miner.requests)


async def test_with_a_password_it_can_be_controlled(
    hass: HomeAssistant, full_form: AddForm, miner: SimulatedMiner
) -> None:
    result = await full_form.submit(miner)
    await hass.async_block_till_done()

    assert domains(hass, result["result"]) == READING | WRITING
    assert len(ir.async_get(hass).issues) == 0


@pytest.mark.parametrize("password", ["", None])
async def test_an_empty_password_is_none(
    form: AddForm, miner: SimulatedMiner, password: str | None
) -> None:
    data = answers(miner, password=password)
    if password is None:
        del data[CONF_PASSWORD]

    result = await form.send(data)

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert CONF_PASSWORD not in result["result"].data


async def test_spaces_around_the_host_do_no_harm(
    form: AddForm, miner: SimulatedMiner
) -> None:
    """Spaces come along with copied text."""
    result = await form.submit(miner, host=f" {miner.host} ")

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["result"].data[CONF_HOST] == miner.host


@pytest.mark.parametrize(
    ("miner", "model"),
    [
        ("air_miner", "M30S+ VE40"),
        ("hydro_miner", "M63 VK30"),
        ("old_miner", "M20SV10"),
    ],
    indirect=["miner"],
)
async def test_a_miner_without_a_name_is_called_by_model_and_mac(
    form: AddForm, miner: SimulatedMiner, model: str
) -> None:
    """The host name that all miners have from the factory is not used."""
    result = await form.submit(miner)

    assert result["title"] == f"{model} {miner.mac[-5:].replace(':', '')}"


async def test_a_miner_is_called_by_its_host_name(
    form: AddForm, miner: SimulatedMiner
) -> None:
    miner.state.hostname = "garage-left"

    result = await form.submit(miner)

    assert result["title"] == "garage-left"


async def test_a_miner_that_tells_no_model_still_has_a_title(
    form: AddForm, miner: SimulatedMiner
) -> None:
    """Without a model the title is the manufacturer."""
    miner.misbehave("devdetails", Refused(132))

    result = await form.submit(miner)

    assert result["title"] == f"Whatsminer {miner.mac[-5:].replace(':', '')}"


async def test_a_stopped_miner_is_added(form: AddForm) -> None:
    """The control board of some firmware reports the MAC address while mining is stopped."""
    async with SimulatedMiner(quirks={Quirk.PROCESS_DOWN}) as miner:
        miner.state.mining = False

        result = await form.submit(miner)

    assert result["type"] is FlowResultType.CREATE_ENTRY


@every_generation
async def test_a_miner_that_takes_no_commands_is_added_all_the_same(
    form: AddForm, miner: SimulatedMiner
) -> None:
    """The API switch can be turned on later; the password is kept until then."""
    miner.api_open = False

    result = await form.submit(miner)

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["result"].data[CONF_PASSWORD] == miner.password


@every_generation
async def test_a_miner_that_takes_no_commands_gets_a_repair(
    hass: HomeAssistant, full_form: AddForm, miner: SimulatedMiner
) -> None:
    miner.api_open = False

    await full_form.submit(miner)
    await hass.async_block_till_done()

    assert [issue.translation_key for issue in ir.async_get(hass).issues.values()] == [
        "write_access_closed"
    ]


# What goes wrong, and how the same flow goes on


@pytest.mark.parametrize(("command", "how", "errors"), ERRORS)
async def test_an_error_is_explained_and_recovered_from(
    form: AddForm,
    miner: SimulatedMiner,
    command: str,
    how: Misbehaviour,
    errors: dict[str, str],
) -> None:
    miner.misbehave(command, how)
    result = await form.submit(miner)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "manual"
    assert result["errors"] == errors

    miner.behave()
    await form.recovers(miner)


async def test_nothing_at_the_address(form: AddForm, miner: SimulatedMiner) -> None:
    await miner.disconnect()
    result = await form.submit(miner)
    assert result["errors"] == {"base": "cannot_connect"}

    miner.reconnect()
    await form.recovers(miner)


@pytest.mark.parametrize(
    "failure",
    [
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        UnicodeError("label too long"),
    ],
    ids=lambda failure: type(failure).__name__,
)
async def test_a_host_that_cannot_be_found(
    form: AddForm, miner: SimulatedMiner, failure: Exception
) -> None:
    with patch("socket.getaddrinfo", side_effect=failure):
        result = await form.submit(miner, host="no such host")
    assert result["errors"] == {"base": "cannot_connect"}

    await form.recovers(miner)


@pytest.mark.parametrize("command", ["get_version", "summary", "get_token"])
async def test_a_miner_that_does_not_answer(
    hass: HomeAssistant,
    form: AddForm,
    miner: SimulatedMiner,
    clock: Clock,
    command: str,
) -> None:
    """The flow stops waiting, wherever in the conversation the miner falls silent."""
    silent = Held()
    miner.misbehave(JOINED, Refused(14))
    miner.misbehave(command, silent)
    sent = hass.async_create_task(form.submit(miner))
    await silent.reached.wait()

    clock.move(10)
    result = await sent
    assert result["errors"] == {"base": "timed_out"}

    miner.behave()
    await form.recovers(miner)


@pytest.mark.parametrize("mac", ["", "00:00:00:00:00:00", "12:34"])
async def test_a_miner_without_a_usable_mac(
    form: AddForm, miner: SimulatedMiner, mac: str
) -> None:
    async with SimulatedMiner(mac=mac) as nameless:
        result = await form.submit(nameless)
    assert result["errors"] == {"base": "mac_not_reported"}

    await form.recovers(miner)


@pytest.mark.parametrize("version", [None, "whatsminer v1.0", "whatsminer v1.1"])
async def test_firmware_that_never_tells_a_mac_is_called_too_old(
    form: AddForm,
    miner: SimulatedMiner,
    version: str | None,
    socket_enabled: None,
) -> None:
    """Before it mines, nobody knows whether it will tell one."""
    summary = {"Elapsed": 9, "MHS 5s": 0.0, "MHS av": 0.0}
    answers_of_2019: dict[str, object] = {
        "summary": table("SUMMARY", summary),
        "pools": table("POOLS"),
        "edevs": table("DEVS", {"ASC": 0, "Slot": 0, "PCB SN": "A1"}),
        "devdetails": table("DEVDETAILS", {"DEVDETAILS": 0, "Driver": "bitmicro"}),
    }
    if version:
        answers_of_2019["get_version"] = message(version)
    async with CannedMiner(answers_of_2019) as old:
        data = {CONF_HOST: old.host, CONF_PORT: old.port}
        assert (await form.send(data))["errors"] == {"base": "no_mac"}
        summary |= {"MHS 5s": 6.1e7, "MHS av": 5.9e7}
        old.answers["summary"] = table("SUMMARY", summary)
        assert (await form.send(data))["errors"] == {"base": "mac_not_reported"}

    await form.recovers(miner)


async def test_another_makers_miner(form: AddForm, miner: SimulatedMiner) -> None:
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
    result = await form.submit(miner)
    assert result["errors"] == {"base": "not_a_whatsminer"}

    miner.behave()
    await form.recovers(miner)


async def test_a_wrong_password(form: AddForm, miner: SimulatedMiner) -> None:
    """The error is at the password field, which is empty again, unlike the others."""
    result = await form.submit(miner, password="mistaken")

    assert result["errors"] == {CONF_PASSWORD: "wrong_password"}
    schema = result["data_schema"]
    assert schema is not None
    assert get_schema_suggested_value(schema.schema, CONF_HOST) == miner.host
    assert get_schema_suggested_value(schema.schema, CONF_PORT) == miner.port
    assert get_schema_suggested_value(schema.schema, CONF_PASSWORD) is None
    assert "mistaken" not in str(result)

    await form.recovers(miner)


@pytest.mark.parametrize("port", [0, -1, 70_000, 65_536, 1.5])
async def test_a_port_that_can_be_none(
    form: AddForm, miner: SimulatedMiner, port: float
) -> None:
    """The error is at the port field, and no connection is made."""
    result = await form.submit(miner, port=port)
    assert result["errors"] == {CONF_PORT: "invalid_port"}
    assert miner.connections == 0

    await form.recovers(miner)


@pytest.mark.parametrize("host", ["", "  "])
async def test_an_empty_host(form: AddForm, miner: SimulatedMiner, host: str) -> None:
    """The error is at the host field, and no connection is made."""
    result = await form.submit(miner, host=host)
    assert result["errors"] == {CONF_HOST: "invalid_host"}
    assert miner.connections == 0

    await form.recovers(miner)


async def test_several_errors_in_a_row(form: AddForm, miner: SimulatedMiner) -> None:
    result = await form.submit(miner, port=0)
    result = await form.submit(miner, host="")
    result = await form.submit(miner, password="mistaken")
    miner.misbehave("*", GARBAGE)
    result = await form.submit(miner)
    assert result["errors"] == {"base": "not_a_whatsminer"}

    miner.behave()
    await form.recovers(miner)


async def test_another_address_in_the_same_flow_is_another_miner(
    form: AddForm, miner: SimulatedMiner, hydro_miner: SimulatedMiner
) -> None:
    await form.submit(miner, password="mistaken")

    await form.recovers(hydro_miner)


# The password of a dialogue


async def test_the_first_form_asks_for_no_more_than_it_needs(form: AddForm) -> None:
    """What only few owners need is in a section, which begins closed."""
    assert fields_of(form.shown) == {*FIRST_FIELDS}
    assert form.shown["data_schema"] is not None
    advanced = form.shown["data_schema"].schema["advanced"]
    assert advanced.options == {"collapsed": True}
    assert {*map(str, advanced.schema.schema)} == {"v3_port", "account"}


@pytest.mark.parametrize("others", [{}, {CONF_PASSWORD: ""}], ids=["none", "empty"])
@pytest.mark.parametrize(("command", "how", "errors"), ERRORS)
async def test_a_password_need_not_be_given_again_after_an_error(
    form: AddForm,
    miner: SimulatedMiner,
    command: str,
    how: Misbehaviour,
    errors: dict[str, str],
    others: dict[str, str],
) -> None:
    """Otherwise the miner would be added without control, and nobody would notice."""
    miner.misbehave(command, how)
    result = await form.submit(miner)
    assert result["errors"] == errors
    assert miner.password not in str(result)

    miner.behave()
    result = await form.send({CONF_HOST: miner.host, CONF_PORT: miner.port, **others})

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["result"].data[CONF_PASSWORD] == miner.password


@pytest.mark.parametrize("mistake", [{CONF_HOST: " "}, {CONF_PORT: 0}, {CONF_PORT: 1}])
async def test_a_password_stays_while_the_address_is_corrected(
    form: AddForm, miner: SimulatedMiner, mistake: dict[str, Any]
) -> None:
    """The flow cannot know which miner it was for; the miner that is added has to take it."""
    result = await form.submit(miner, **mistake)
    assert result["type"] is FlowResultType.FORM

    result = await form.send({CONF_HOST: miner.host, CONF_PORT: miner.port})

    assert result["result"].data[CONF_PASSWORD] == miner.password


async def test_a_wrong_password_does_not_become_none(
    form: AddForm, miner: SimulatedMiner
) -> None:
    await form.submit(miner, password="mistaken")
    for _ in range(2):
        result = await form.send({CONF_HOST: miner.host, CONF_PORT: miner.port})
        assert result["errors"] == {CONF_PASSWORD: "wrong_password"}

    await form.recovers(miner)


async def test_a_password_is_dropped_for_readings_only(
    form: AddForm, miner: SimulatedMiner
) -> None:
    result = await form.submit(miner, password="mistaken")
    assert fields_of(result) == {*FIRST_FIELDS, "read_only"}
    miner.requests.clear()

    result = await form.submit(miner, password="", read_only=True)

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert CONF_PASSWORD not in result["result"].data
    assert "get_token" not in names_of(miner.requests)


async def test_a_password_and_readings_only_exclude_each_other(
    form: AddForm, miner: SimulatedMiner
) -> None:
    await form.submit(miner, port=0)

    result = await form.submit(miner, read_only=True)
    assert result["errors"] == {"read_only": "password_and_read_only"}
    schema = result["data_schema"]
    assert schema is not None
    assert get_schema_suggested_value(schema.schema, "read_only") is True

    result = await form.submit(miner, password="", read_only=False)
    assert result["result"].data[CONF_PASSWORD] == miner.password


async def test_without_a_password_an_error_leaves_none(
    form: AddForm, miner: SimulatedMiner
) -> None:
    result = await form.submit(miner, password="", port=0)
    assert fields_of(result) == {*FIRST_FIELDS}

    result = await form.submit(miner, password="")

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert CONF_PASSWORD not in result["result"].data


@pytest.mark.parametrize("given", [True, False])
async def test_the_end_says_that_a_miner_is_for_readings_only(
    form: AddForm, miner: SimulatedMiner, given: bool
) -> None:
    """With a password there is nothing to say."""
    result = await form.submit(miner, password=miner.password if given else "")

    assert result["description"] == (None if given else "read_only")
    assert result["description_placeholders"] == {"miner": result["title"]}


async def test_firmware_without_passwords_is_added_for_readings_only(
    form: AddForm, miner: SimulatedMiner
) -> None:
    """The error says what to do; there is no other way to add such a miner."""
    miner.misbehave("get_token", Refused(14))
    result = await form.submit(miner)
    assert result["errors"] == {CONF_PASSWORD: "no_passwords"}

    result = await form.submit(miner, password="", read_only=True)

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["description"] == "read_only"


async def test_a_password_that_is_kept_is_logged_nowhere(
    form: AddForm, miner: SimulatedMiner, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    await form.submit(miner, password="s3cr3t_1")
    await form.submit(miner, password="", port=0)
    await form.submit(miner, password="")

    assert "s3cr3t_1" not in caplog.text


# A miner that is known already


async def test_a_miner_is_added_once(
    form: AddForm, config_entry: MockConfigEntry, miner: SimulatedMiner
) -> None:
    before = dict(config_entry.data)

    result = await form.submit(miner)

    check_aborted(result, "already_configured")
    assert config_entry.data == before


@every_generation
@pytest.mark.usefixtures("set_up")
async def test_a_miner_that_is_polled_is_not_connected_to_again(
    full_form: AddForm, config_entry: MockConfigEntry, miner: SimulatedMiner
) -> None:
    """A miner copes with one connection at a time."""
    before, connections = dict(config_entry.data), miner.connections

    result = await full_form.submit(miner, host=f" {miner.host}")

    check_aborted(result, "already_configured")
    assert miner.connections == connections
    assert config_entry.data == before
    assert config_entry.state is ConfigEntryState.LOADED


@pytest.mark.usefixtures("set_up")
async def test_a_poll_under_way_is_not_disturbed_by_adding_its_miner_again(
    hass: HomeAssistant, full_form: AddForm, miner: SimulatedMiner, clock: Clock
) -> None:
    held = hold(miner, "status", times=1)
    clock.move(30)
    await held.reached.wait()

    result = await full_form.submit(miner)

    assert result["reason"] == "already_configured"
    assert miner.peak_connections == 1
    held.release.set()
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.mark.usefixtures("set_up")
async def test_a_known_miner_that_was_away_is_looked_for(
    full_form: AddForm, owned: Owned, miner: SimulatedMiner, clock: Clock
) -> None:
    """The stored address of a miner that was away may be another miner's by now."""
    await miner.disconnect()
    await clock.next_poll(2)
    result = await full_form.submit(miner)
    assert result["errors"] == {"base": "cannot_connect"}

    miner.reconnect()
    connections = miner.connections
    result = await full_form.submit(miner)

    assert result["reason"] == "already_configured"
    assert miner.connections > connections
    assert owned.entry.state is ConfigEntryState.LOADED


@pytest.mark.usefixtures("set_up")
async def test_another_miner_at_the_address_of_a_known_one_is_added(
    full_form: AddForm, owned: Owned, miner: SimulatedMiner, clock: Clock
) -> None:
    await miner.disconnect()
    await clock.next_poll()
    clock.miners.clear()
    async with SimulatedMiner(seed=2, port=miner.port) as other:
        await clock.next_poll()
        assert owned.entry.state is ConfigEntryState.LOADED

        result = await full_form.submit(other)
        await owned.hass.async_block_till_done()

        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert result["result"].unique_id == other.mac.lower()
        assert owned.entry.unique_id == miner.mac.lower()
        for entry in owned.hass.config_entries.async_loaded_entries(DOMAIN):
            await owned.hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("set_up")
async def test_another_miner_at_another_port_is_added_beside_one_that_is_polled(
    full_form: AddForm, miner: SimulatedMiner, hydro_miner: SimulatedMiner
) -> None:
    """Several miners may be behind one host, each with its own port."""
    result = await full_form.submit(hydro_miner)

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert miner.host == hydro_miner.host


async def test_a_known_miner_at_a_new_address_is_followed(
    hass: HomeAssistant, form: AddForm, owned: Owned, miner: SimulatedMiner
) -> None:
    hass.config_entries.async_update_entry(
        owned.entry, data={**owned.entry.data, CONF_HOST: "192.0.2.1", CONF_PORT: 1}
    )

    result = await form.submit(miner, password="mistaken")

    check_aborted(result, "already_configured")
    assert owned.entry.data == {
        CONF_HOST: miner.host,
        CONF_PORT: miner.port,
        CONF_MAC: miner.mac.lower(),
        CONF_PASSWORD: miner.password,
    }


async def test_an_ignored_miner_is_added_all_the_same(
    hass: HomeAssistant, form: AddForm, miner: SimulatedMiner
) -> None:
    await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_IGNORE},
        data={"unique_id": miner.mac.lower(), "title": "Ignored"},
    )

    await form.recovers(miner)

    (entry,) = hass.config_entries.async_entries(DOMAIN)
    assert entry.source == SOURCE_USER


@pytest.mark.usefixtures("set_up")
async def test_a_new_control_board_is_no_new_miner(
    hass: HomeAssistant, full_form: AddForm, owned: Owned, miner: SimulatedMiner
) -> None:
    """The hashboards show which miner it is: a repair is offered, and the entry stays."""
    before = dict(owned.entry.data)
    miner.replace_control_board("02:00:00:00:00:01")
    assert not await hass.config_entries.async_reload(owned.entry.entry_id)

    result = await full_form.submit(miner)

    check_aborted(result, "new_control_board")
    assert result["description_placeholders"] == {"miner": "Miner"}
    assert "new_control_board" in issue_keys(hass)
    assert owned.entry.data == before
    assert hass.config_entries.async_entries(DOMAIN) == [owned.entry]
