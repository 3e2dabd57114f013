"""Config flow: asking for the password again when it stopped working."""

import asyncio
from unittest.mock import AsyncMock

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    get_schema_suggested_value,
)

from custom_components.whatsminer.const import DOMAIN
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.const import CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from simulator import (
    DEFAULT_PASSWORD,
    GARBAGE,
    Misbehaviour,
    Refused,
    SimulatedMiner,
    Truncated,
)

from . import JOINED, AddEntry, Clock, act, every_generation, hold, load_entry, names_of
from .config_flow import READING, WRITING, check_aborted, domains, fields_of, fill_in
from .fleet import Owned
from .words import name_for


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
    hass: HomeAssistant, owned: Owned, miner: SimulatedMiner, set_up_entry: AsyncMock
) -> None:
    before = dict(owned.entry.data)
    form = await ask_again(hass, owned.entry, miner)

    result = await fill_in(hass, form, {CONF_PASSWORD: "changed"})
    await hass.async_block_till_done()

    check_aborted(result, "reauth_successful")
    assert owned.entry.data == {**before, CONF_PASSWORD: "changed"}
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
    owned: Owned, miner: SimulatedMiner, command: str, how: Misbehaviour, error: str
) -> None:
    form = await ask_again(owned.hass, owned.entry, miner)
    miner.misbehave(command, how)
    form = await fill_in(owned.hass, form, {CONF_PASSWORD: "changed"})
    assert form["errors"] == {"base": error}
    assert owned.entry.data[CONF_PASSWORD] == DEFAULT_PASSWORD

    miner.behave()
    result = await fill_in(owned.hass, form, {CONF_PASSWORD: "changed"})
    assert result["reason"] == "reauth_successful"


@pytest.mark.parametrize("data", [{}, {CONF_PASSWORD: ""}], ids=["none", "empty"])
@pytest.mark.usefixtures("set_up_entry")
async def test_a_password_need_not_be_given_again_after_an_error(
    owned: Owned, miner: SimulatedMiner, data: dict[str, str]
) -> None:
    form = await ask_again(owned.hass, owned.entry, miner)
    assert fields_of(form) == {CONF_PASSWORD, "advanced"}
    miner.misbehave("get_token", Refused(136))
    form = await fill_in(owned.hass, form, {CONF_PASSWORD: "changed"})
    assert form["errors"] == {"base": "too_many_tokens"}
    assert fields_of(form) == {CONF_PASSWORD, "advanced", "read_only"}

    miner.behave()
    result = await fill_in(owned.hass, form, data)

    check_aborted(result, "reauth_successful")
    assert owned.entry.data[CONF_PASSWORD] == "changed"


@pytest.mark.usefixtures("set_up_entry")
async def test_a_wrong_password_does_not_become_none(
    owned: Owned, miner: SimulatedMiner
) -> None:
    form = await ask_again(owned.hass, owned.entry, miner)
    form = await fill_in(owned.hass, form, {CONF_PASSWORD: "mistaken"})

    form = await fill_in(owned.hass, form, {})

    assert form["errors"] == {CONF_PASSWORD: "wrong_password"}
    assert owned.entry.data[CONF_PASSWORD] == DEFAULT_PASSWORD


@pytest.mark.usefixtures("set_up_entry")
async def test_a_password_is_dropped_for_readings_only(
    owned: Owned, miner: SimulatedMiner
) -> None:
    form = await ask_again(owned.hass, owned.entry, miner)
    form = await fill_in(owned.hass, form, {CONF_PASSWORD: "mistaken"})
    both = {CONF_PASSWORD: "mistaken", "read_only": True}
    form = await fill_in(owned.hass, form, both)
    assert form["errors"] == {"read_only": "password_and_read_only"}

    result = await fill_in(owned.hass, form, {"read_only": True})

    check_aborted(result, "read_only")
    assert CONF_PASSWORD not in owned.entry.data


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
    hass: HomeAssistant, config_entry: MockConfigEntry, add_entry: AddEntry
) -> None:
    """The form has no field for the address, so the error belongs to the whole form."""
    form = await config_entry.start_reauth_flow(hass)
    await hass.config_entries.async_unload(config_entry.entry_id)
    async with SimulatedMiner(seed=2) as other:
        entry = await add_entry(other)
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
    owned: Owned, miner: SimulatedMiner, data: dict[str, str], reachable: bool
) -> None:
    """The miner is not asked, and the entities that write are removed."""
    before = dict(owned.entry.data)
    form = await ask_again(owned.hass, owned.entry, miner)
    assert domains(owned.hass, owned.entry) == READING | WRITING
    if not reachable:
        await miner.disconnect()

    result = await fill_in(owned.hass, form, data)
    await owned.hass.async_block_till_done()

    check_aborted(result, "read_only")
    assert result["description_placeholders"] == {"miner": "Miner"}
    del before[CONF_PASSWORD]
    assert owned.entry.data == before
    assert "get_token" not in names_of(miner.requests)
    assert owned.hass.config_entries.flow.async_progress_by_handler(DOMAIN) == []
    if reachable:
        assert owned.entry.state is ConfigEntryState.LOADED
        assert domains(owned.hass, owned.entry) == READING


async def test_after_the_new_password_the_miner_can_be_controlled(
    hass: HomeAssistant, config_entry: MockConfigEntry, miner: SimulatedMiner
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
    hass: HomeAssistant, owned: Owned, miner: SimulatedMiner, clock: Clock, command: str
) -> None:
    """A miner copes with one connection at a time."""
    form = await ask_again(hass, owned.entry, miner)
    held = hold(miner, name_for(miner, command), times=1)
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
    assert owned.entry.state is ConfigEntryState.LOADED
    assert owned.entry.data[CONF_PASSWORD] == "changed"


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
