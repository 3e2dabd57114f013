"""Config flow: another address or another password of a miner."""

import asyncio
from ipaddress import IPv4Network
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    get_schema_suggested_value,
)

from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from simulator import DEFAULT_PASSWORD, Misbehaviour, SimulatedMiner

from . import JOINED, Clock, act, every_generation, hold, names_of
from .config_flow import ERRORS, READING, WRITING, MakeEntry, answers, domains, fill_in
from .fleet import issue_keys

pytestmark = pytest.mark.usefixtures("set_up")


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
async def test_a_new_password_is_taken(
    hass: HomeAssistant, config_entry: MockConfigEntry, miner: SimulatedMiner
) -> None:
    miner.password = "changed"
    form = await reconfigure(hass, config_entry)

    result = await fill_in(hass, form, changes(miner, password="changed"))

    await check_reconfigured(hass, result, config_entry, miner, "changed")


@pytest.mark.parametrize("others", [{}, {CONF_PASSWORD: ""}], ids=["none", "empty"])
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


async def test_a_password_can_be_forgotten(
    hass: HomeAssistant, config_entry: MockConfigEntry, miner: SimulatedMiner
) -> None:
    form = await reconfigure(hass, config_entry)

    result = await fill_in(hass, form, changes(miner, read_only=True))

    await check_reconfigured(hass, result, config_entry, miner, "")
    assert hass.states.get("switch.miner") is None


@pytest.mark.parametrize("password", [""])
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
