"""Config flow: another address or another password of a miner."""

import asyncio
from dataclasses import dataclass
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

from . import JOINED, AddEntry, Clock, act, every_generation, hold, names_of
from .config_flow import ERRORS, READING, WRITING, Form, answers, domains
from .fleet import Owned, issue_keys
from .words import name_for


@dataclass
class ChangeForm(Form):
    """The form that changes an entry, as a user fills it in."""

    entry: MockConfigEntry
    miner: SimulatedMiner

    def filled_in(self, *, read_only: bool = False, **changes: Any) -> dict[str, Any]:
        """Return what is submitted when only the named values change."""
        return {
            CONF_HOST: self.miner.host,
            CONF_PORT: self.miner.port,
            "read_only": read_only,
            **changes,
        }

    async def submit(self, **changes: Any) -> ConfigFlowResult:
        """Submit the form with some values changed, and return what is shown next."""
        return await self.send(self.filled_in(**changes))

    async def check_done(self, password: str = DEFAULT_PASSWORD) -> None:
        """Check that the entry has what was entered, and that its miner is set up with it."""
        assert self.shown["type"] is FlowResultType.ABORT, self.shown
        if password:
            assert self.shown["reason"] == "reconfigure_successful"
        else:
            assert self.shown["reason"] == "read_only"
            assert self.shown["description_placeholders"] == {"miner": "Miner"}
        await self.hass.async_block_till_done(wait_background_tasks=True)
        data = {
            CONF_HOST: self.miner.host,
            CONF_PORT: self.miner.port,
            CONF_MAC: self.miner.mac.lower(),
            CONF_PASSWORD: password,
        }
        assert self.entry.data == {key: value for key, value in data.items() if value}
        assert isinstance(self.entry.data[CONF_PORT], int)
        assert self.entry.unique_id == self.miner.mac.lower()
        assert self.entry.state is ConfigEntryState.LOADED
        writing = WRITING if password else set()
        assert domains(self.hass, self.entry) == READING | writing


@pytest.fixture
async def form(owned: Owned, set_up: WhatsminerCoordinator) -> ChangeForm:
    """The form of the miner, which is set up."""
    shown = await owned.entry.start_reconfigure_flow(owned.hass)
    assert shown["type"] is FlowResultType.FORM
    assert shown["step_id"] == "reconfigure"
    assert not shown["errors"]
    assert shown["description_placeholders"] == {"miner": "Miner"}
    return ChangeForm(owned.hass, shown, owned.entry, owned.miner)


async def test_what_there_is_is_filled_in_but_for_the_password(
    form: ChangeForm, miner: SimulatedMiner
) -> None:
    assert form.shown["data_schema"] is not None
    schema = form.shown["data_schema"].schema
    assert list(schema) == [
        CONF_HOST,
        CONF_PORT,
        CONF_PASSWORD,
        "read_only",
        "advanced",
    ]
    assert get_schema_suggested_value(schema, CONF_HOST) == miner.host
    assert get_schema_suggested_value(schema, CONF_PORT) == miner.port
    assert get_schema_suggested_value(schema, CONF_PASSWORD) is None
    assert form.shown["data_schema"](answers(miner))["read_only"] is False

    await form.submit()

    await form.check_done()
    assert miner.peak_connections == 1
    assert set(names_of(miner.writes)) <= {"get_version", "set_led"}


@pytest.mark.parametrize("loaded", [True, False])
@pytest.mark.parametrize("where", ["host", "port"])
async def test_a_new_address_is_taken(
    form: ChangeForm,
    hass: HomeAssistant,
    miner: SimulatedMiner,
    home_network: IPv4Network,
    where: str,
    loaded: bool,
) -> None:
    old_port = miner.port
    if where == "host":
        await miner.move(str(home_network[2]))
    else:
        await miner.move(miner.host, 0)
        assert miner.port != old_port
    if not loaded:
        assert not await hass.config_entries.async_reload(form.entry.entry_id)

    await form.submit()

    await form.check_done()


@every_generation
async def test_a_new_password_is_taken(form: ChangeForm, miner: SimulatedMiner) -> None:
    miner.password = "changed"

    await form.submit(password="changed")

    await form.check_done("changed")


@pytest.mark.parametrize("others", [{}, {CONF_PASSWORD: ""}], ids=["none", "empty"])
async def test_a_password_need_not_be_entered_again_to_keep_it(
    form: ChangeForm,
    miner: SimulatedMiner,
    home_network: IPv4Network,
    others: dict[str, str],
) -> None:
    await miner.move(str(home_network[2]))

    await form.submit(**others)

    await form.check_done()


async def test_a_password_can_be_forgotten(
    form: ChangeForm, hass: HomeAssistant
) -> None:
    await form.submit(read_only=True)

    await form.check_done("")
    assert hass.states.get("switch.miner") is None


@pytest.mark.parametrize("password", [""])
async def test_a_password_can_be_added(
    form: ChangeForm, hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    assert domains(hass, form.entry) == READING
    assert form.shown["data_schema"] is not None
    assert "read_only" not in form.shown["data_schema"].schema

    await form.send(answers(miner))

    await form.check_done()
    await act(hass, "switch.turn_off", "switch.miner")
    assert names_of(miner.writes)[-1] == "power_off"


@pytest.mark.parametrize("password", [""])
async def test_without_a_password_there_may_stay_none(
    form: ChangeForm, miner: SimulatedMiner, home_network: IPv4Network
) -> None:
    await miner.move(str(home_network[2]))

    await form.send({CONF_HOST: miner.host, CONF_PORT: miner.port})

    await form.check_done("")


@every_generation
async def test_a_new_password_is_taken_while_the_api_is_closed(
    form: ChangeForm, hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """A password cannot be tried while the API is closed, and an issue says so."""
    miner.api_open = False
    miner.password = "changed"

    await form.submit(password="changed")

    await form.check_done("changed")
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
    form: ChangeForm,
    miner: SimulatedMiner,
    wrong: dict[str, Any],
    errors: dict[str, str],
) -> None:
    before, connections = dict(form.entry.data), miner.connections

    await form.submit(**wrong)
    assert form.shown["step_id"] == "reconfigure"
    assert form.shown["errors"] == errors
    assert form.entry.data == before
    assert miner.connections == connections

    await form.submit()
    await form.check_done()


@pytest.mark.parametrize(("command", "how", "errors"), ERRORS)
async def test_a_change_that_fails_is_explained_and_recovered_from(
    form: ChangeForm,
    miner: SimulatedMiner,
    home_network: IPv4Network,
    command: str,
    how: Misbehaviour,
    errors: dict[str, str],
) -> None:
    """The form keeps what was entered, except the password."""
    before = dict(form.entry.data)
    await miner.move(str(home_network[2]))
    miner.misbehave(command, how)

    await form.submit(password=DEFAULT_PASSWORD)
    assert form.shown["step_id"] == "reconfigure"
    assert form.shown["errors"] == errors
    assert form.entry.data == before
    assert form.shown["data_schema"] is not None
    schema = form.shown["data_schema"].schema
    assert get_schema_suggested_value(schema, CONF_HOST) == miner.host
    assert get_schema_suggested_value(schema, CONF_PASSWORD) is None

    miner.behave()
    await form.submit(password=DEFAULT_PASSWORD)
    await form.check_done()


@pytest.mark.parametrize(("command", "how", "errors"), ERRORS)
@pytest.mark.parametrize("password", [""])
async def test_a_password_need_not_be_given_again_after_an_error(
    form: ChangeForm,
    miner: SimulatedMiner,
    command: str,
    how: Misbehaviour,
    home_network: IPv4Network,
    errors: dict[str, str],
) -> None:
    await miner.move(str(home_network[2]))
    address = {CONF_HOST: miner.host, CONF_PORT: miner.port}
    miner.misbehave(command, how)
    await form.send({**address, CONF_PASSWORD: DEFAULT_PASSWORD})
    assert form.shown["errors"] == errors

    miner.behave()
    await form.send(address)

    await form.check_done()


async def test_a_new_password_stays_while_the_address_is_corrected(
    form: ChangeForm, miner: SimulatedMiner
) -> None:
    miner.password = "changed"
    await form.submit(port=0, password="changed")
    await form.submit(read_only=True, host="")
    assert form.shown["errors"] == {CONF_HOST: "invalid_host"}

    await form.submit()

    await form.check_done("changed")


async def test_nothing_at_the_new_address(
    form: ChangeForm, miner: SimulatedMiner, home_network: IPv4Network
) -> None:
    before = dict(form.entry.data)

    await form.submit(host=str(home_network[2]))
    assert form.shown["errors"] == {"base": "cannot_connect"}
    assert form.entry.data == before

    await form.submit()
    await form.check_done()


async def test_a_password_that_is_wrong_changes_nothing(
    form: ChangeForm, hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    await form.submit(password="mistaken")
    assert form.shown["errors"] == {CONF_PASSWORD: "wrong_password"}
    assert form.entry.data[CONF_PASSWORD] == DEFAULT_PASSWORD
    assert "mistaken" not in str(form.shown)
    await act(hass, "switch.turn_off", "switch.miner")
    assert names_of(miner.writes)[-1] == "power_off"

    await form.submit()
    await form.check_done()


@pytest.mark.parametrize("password", ["", DEFAULT_PASSWORD])
async def test_the_address_of_another_miner_is_refused(
    form: ChangeForm, miner: SimulatedMiner, hydro_miner: SimulatedMiner, password: str
) -> None:
    """The error is at the host field, and no password is sent to the other miner."""
    new = form.filled_in(**answers(hydro_miner, password=DEFAULT_PASSWORD))
    if not password:
        del new["read_only"]

    await form.send(new)
    assert form.shown["errors"] == {CONF_HOST: "wrong_miner"}
    assert "get_token" not in names_of(hydro_miner.requests)
    assert form.entry.data[CONF_PORT] == miner.port

    await form.send(answers(miner))
    await form.check_done()


async def test_the_address_of_another_miner_that_is_polled_is_refused_at_once(
    form: ChangeForm, hydro_miner: SimulatedMiner, add_entry: AddEntry
) -> None:
    await add_entry(hydro_miner)
    connections = hydro_miner.connections

    await form.submit(host=hydro_miner.host, port=hydro_miner.port)
    assert form.shown["errors"] == {CONF_HOST: "wrong_miner"}
    assert hydro_miner.connections == connections

    await form.submit()
    await form.check_done()


async def test_nothing_changes_while_the_miner_gets_another_firmware(
    form: ChangeForm, miner: SimulatedMiner, set_up: WhatsminerCoordinator
) -> None:
    with set_up.client.exclusive():
        await form.submit()
        assert form.shown["errors"] == {"base": "firmware_in_progress"}
        assert miner.requests == []

    await form.submit()
    await form.check_done()


@every_generation
@pytest.mark.parametrize("command", [JOINED, "status"])
async def test_a_miner_is_asked_over_the_line_that_is_there(
    form: ChangeForm,
    hass: HomeAssistant,
    miner: SimulatedMiner,
    clock: Clock,
    command: str,
) -> None:
    """A miner copes with one connection at a time."""
    miner.password = "changed"
    held = hold(miner, name_for(miner, command), times=1)
    clock.move(30)
    await held.reached.wait()

    sent = hass.async_create_task(form.submit(password="changed"))
    for _ in range(100):
        await asyncio.sleep(0)
    assert not sent.done()
    held.release.set()
    await sent

    await form.check_done("changed")
    assert miner.peak_connections == 1
