"""The dialogues of a miner that speaks V3: its account, its password, its port."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import get_schema_suggested_value

from custom_components.whatsminer.api import (
    UnansweredError,
    WrongPasswordError,
    client_state,
    commands,
)
from custom_components.whatsminer.config_flow import WhatsminerConfigFlow
from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.issues import Issue, issue_id
from homeassistant.config_entries import SOURCE_USER, ConfigFlowResult
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT, Platform
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.setup import async_setup_component
from simulator import Closed, Quirk, Refused, SimulatedMiner
from simulator.settings import Led

from . import STRICT, act, names_of, reauth_steps
from .config_flow import fill_in
from .fleet import Fleet, Owned, issue_keys, issues

PORT = 4433
ADMIN, SUPER = "satoshi", "Super_of_V3"
V3: dict[str, Any] = {"generation": "v3", "model": "M63", "v3_port": PORT}


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """The platforms that are set up."""
    return Platform.BINARY_SENSOR, Platform.SENSOR, Platform.SWITCH


@pytest.fixture
def shed(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Return a network of miners that speak V3 at its usual port."""
    monkeypatch.setattr(client_state, "V3_PORT", PORT)
    return fleet


@pytest.fixture
async def miner(shed: Fleet) -> SimulatedMiner:
    """Return a miner whose two accounts have different passwords."""
    return await shed.start("Ada", password=ADMIN, super_password=SUPER, **V3)


async def submit(
    hass: HomeAssistant, miner: SimulatedMiner, password: str, **advanced: Any
) -> ConfigFlowResult:
    """Fill in the form that adds a miner."""
    menu = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    form = await fill_in(hass, menu, {"next_step_id": "manual"})
    given: dict[str, Any] = {
        CONF_HOST: miner.host,
        CONF_PORT: miner.port,
        CONF_PASSWORD: password,
    }
    if advanced:
        given["advanced"] = {"v3_port": PORT, **advanced}
    return await fill_in(hass, form, given)


# Adding


@pytest.mark.parametrize("password", [ADMIN, SUPER])
async def test_the_password_of_either_account_is_taken(
    hass: HomeAssistant, miner: SimulatedMiner, password: str
) -> None:
    """What only V2 takes is good as well, and an issue says what is better."""
    result = await submit(hass, miner, password)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == {
        CONF_HOST: miner.host,
        CONF_PORT: miner.port,
        CONF_PASSWORD: password,
        "mac": miner.mac.lower(),
    }
    await hass.async_block_till_done(wait_background_tasks=True)
    assert (Issue.V3_PASSWORD in issue_keys(hass)) is (password == ADMIN)


async def test_a_password_that_neither_takes_is_wrong(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    result = await submit(hass, miner, "mistaken")
    assert result["errors"] == {CONF_PASSWORD: "wrong_password"}
    result = await fill_in(
        hass,
        result,
        {CONF_HOST: miner.host, CONF_PORT: miner.port, CONF_PASSWORD: SUPER},
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_an_account_that_is_named_is_the_only_one_that_is_tried(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    result = await submit(hass, miner, ADMIN, account="super")
    assert result["errors"] == {CONF_PASSWORD: "wrong_password"}
    miner.v3.accounts.grant("user1", {"set.system.led"})
    result = await submit(hass, miner, "user1", account=" user1 ")
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"]["account"] == "user1"


async def test_a_default_password_that_is_refused_is_explained(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    result = await submit(hass, miner, "super")
    assert result["errors"] == {CONF_PASSWORD: "default_password_refused"}


async def test_a_password_cannot_be_tried_where_nothing_is_harmless(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    """Fast boot, which would stay what it is, is not known either.

    That of `admin` can, because V2 tries it by a read.
    """
    miner.state.led["red"] = Led(period=500, duration=250, start=0)
    miner.misbehave("get.miner.setting", Refused(-1))
    result = await submit(hass, miner, SUPER)
    assert result["errors"] == {"base": "password_untried"}
    result = await submit(hass, miner, ADMIN)
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("advanced", "error"),
    [
        ({"v3_port": 0}, "invalid_v3_port"),
        ({"v3_port": 4433.5}, "invalid_v3_port"),
        ({"account": "two words"}, "invalid_account"),
    ],
)
async def test_a_mistake_in_the_section_is_shown_above_the_form(
    hass: HomeAssistant, miner: SimulatedMiner, advanced: dict[str, Any], error: str
) -> None:
    """The frontend shows no errors inside of a section."""
    result = await submit(hass, miner, SUPER, **advanced)
    assert result["errors"] == {"base": error}


@pytest.mark.parametrize("advanced", [{}, {"v3_port": 4028}])
async def test_v2_and_v3_have_a_port_each(
    hass: HomeAssistant, miner: SimulatedMiner, advanced: dict[str, int]
) -> None:
    given = {CONF_HOST: miner.host, CONF_PORT: 4433, CONF_PASSWORD: SUPER}
    if advanced:
        given |= {CONF_PORT: 4028, "advanced": advanced}
    menu = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    form = await fill_in(hass, menu, {"next_step_id": "manual"})
    form = await fill_in(hass, form, given)
    assert form["errors"] == {CONF_PORT: "port_of_v3"}


async def test_another_port_of_v3_is_stored(hass: HomeAssistant, shed: Fleet) -> None:
    miner = await shed.start("Ada", super_password=SUPER, **{**V3, "v3_port": 14433})
    result = await submit(hass, miner, SUPER)
    assert result["errors"] == {CONF_PASSWORD: "wrong_password"}
    result = await submit(hass, miner, SUPER, v3_port=14433)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"]["v3_port"] == 14433
    await hass.async_block_till_done(wait_background_tasks=True)
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    assert entry.runtime_data.coordinator.data.generation == "v3"


async def test_another_miner_behind_a_router_is_added_over_v2(
    hass: HomeAssistant, shed: Fleet, miner: SimulatedMiner
) -> None:
    """The router forwards its port of V2, and the usual port of V3 to a miner that is known."""
    assert (await submit(hass, miner, SUPER))["type"] is FlowResultType.CREATE_ENTRY
    await shed.settle()
    before = hass.config_entries.async_entries(DOMAIN)[0].data
    async with SimulatedMiner(
        host=miner.host, generation="compat", model="M50", seed="Bob", quirks=STRICT
    ) as other:
        result = await submit(hass, other, other.password)
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert result["data"]["mac"] == other.mac.lower()
        assert result["data"][CONF_PORT] == other.port
        await shed.settle()
        generations = [
            entry.runtime_data.coordinator.data.generation
            for entry in hass.config_entries.async_entries(DOMAIN)
        ]
        assert generations == ["v3", "v2.2"]
    assert hass.config_entries.async_entries(DOMAIN)[0].data == before


async def test_a_closed_switch_is_no_error(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    miner.api_open = False
    result = await submit(hass, miner, SUPER)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done(wait_background_tasks=True)
    assert issue_keys(hass) == ["write_access_closed"]
    (issue,) = issues(hass)
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["account"] == "super"


async def test_a_discovered_miner_takes_an_account(
    hass: HomeAssistant, miner: SimulatedMiner
) -> None:
    miner.v3.accounts.grant("user1", {"set.system.led"})
    info = DhcpServiceInfo(
        ip=miner.host,
        hostname="whatsminer",
        macaddress=miner.mac.replace(":", "").lower(),
    )
    form = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": "dhcp"}, data=info
    )
    given = {CONF_PASSWORD: "user1", "advanced": {"account": "?"}}
    form = await fill_in(hass, form, given)
    assert form["errors"] == {"base": "invalid_account"}
    result = await fill_in(
        hass, form, {CONF_PASSWORD: "user1", "advanced": {"account": "user1"}}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"]["account"] == "user1"


# Reauthentication


async def known(shed: Fleet, **what: Any) -> Owned:
    """Set up a miner whose two accounts have the password that Home Assistant has."""
    quirks = {*STRICT, Quirk.POWER_OFF_FADES, Quirk.V3_STOP_STAYS}
    owned = await shed.know("Ada", **{**V3, "quirks": quirks, **what})
    await shed.set_up(owned)
    return owned


async def test_a_miner_that_was_stopped_over_v3_says_whose_password_it_needs(
    shed: Fleet,
) -> None:
    """A power off goes over whatever takes it."""
    ada = await known(shed)
    await ada.turn_off()
    await shed.clock.next_poll(4)
    ada.miner.v3.password = SUPER

    with pytest.raises(HomeAssistantError) as caught:
        await act(shed.hass, "switch.turn_on", ada.entity_id("switch"))
    assert caught.value.translation_key == "start_needs_password"
    assert caught.value.translation_placeholders is not None
    assert caught.value.translation_placeholders["account"] == "super"
    assert len(reauth_steps(shed.hass)) == 1
    await ada.turn_off()
    assert names_of(ada.miner.writes)[-1] == "power_off"

    (flow,) = shed.hass.config_entries.flow.async_progress()
    result = await fill_in(shed.hass, flow, {CONF_PASSWORD: SUPER})
    assert result["reason"] == "reauth_successful"
    await shed.settle()


async def test_reauthentication_takes_another_account(shed: Fleet) -> None:
    ada = await known(shed)
    ada.miner.v3.password = ada.miner.password = SUPER
    with pytest.raises(WrongPasswordError):
        await ada.coordinator.async_send(commands.fast_boot(on=False))
    (flow,) = shed.hass.config_entries.flow.async_progress()
    for given, errors in (
        ({CONF_PASSWORD: "super"}, {CONF_PASSWORD: "default_password_refused"}),
        ({CONF_PASSWORD: "mistaken"}, {CONF_PASSWORD: "wrong_password"}),
        (
            {CONF_PASSWORD: SUPER, "advanced": {"account": "user1"}},
            {CONF_PASSWORD: "wrong_password"},
        ),
        (
            {CONF_PASSWORD: SUPER, "advanced": {"account": "é"}},
            {"base": "invalid_account"},
        ),
    ):
        form = await fill_in(shed.hass, flow, given)
        assert form["errors"] == errors
    result = await fill_in(
        shed.hass, flow, {CONF_PASSWORD: SUPER, "advanced": {"account": "super"}}
    )
    assert result["reason"] == "reauth_successful"
    assert ada.entry.data["account"] == "super"
    await shed.settle()
    await ada.coordinator.async_send(commands.fast_boot(on=False))
    assert names_of(ada.miner.v3.writes)[-1] == "set.miner.fastboot"


# Reconfiguration


async def reconfigure(ada: Owned, **given: Any) -> ConfigFlowResult:
    """Fill in the form that changes a miner."""
    form = await ada.entry.start_reconfigure_flow(ada.hass)
    return await fill_in(
        ada.hass,
        form,
        {CONF_HOST: ada.miner.host, CONF_PORT: ada.miner.port, **given},
    )


async def test_reconfiguration_changes_account_and_port(shed: Fleet) -> None:
    ada = await known(shed)
    ada.miner.v3.accounts.grant("user1", {"set.system.led"})
    result = await reconfigure(ada, advanced={"v3_port": PORT, "account": "user1"})
    # The stored password is not that of the other account.
    assert result["errors"] == {CONF_PASSWORD: "wrong_password"}
    result = await reconfigure(
        ada, password="user1", advanced={"v3_port": PORT, "account": "user1"}
    )
    assert result["reason"] == "reconfigure_successful"
    assert ada.entry.data["account"] == "user1"
    await shed.settle()

    result = await reconfigure(ada, advanced={"v3_port": 4434, "account": "user1"})
    assert result["reason"] == "reconfigure_successful"
    assert ada.entry.data["v3_port"] == 4434
    await shed.settle()
    assert ada.coordinator.data.generation == "v2.2"

    form = await ada.entry.start_reconfigure_flow(shed.hass)
    assert form["data_schema"] is not None
    section = form["data_schema"].schema["advanced"]
    for field, value in (("v3_port", 4434), ("account", "user1")):
        assert get_schema_suggested_value(section.schema.schema, field) == value


async def test_an_account_can_be_given_up_for_the_usual_one(shed: Fleet) -> None:
    ada = await known(shed, super_password=SUPER)
    ada.miner.v3.accounts.grant("user1", {"set.system.led"})
    shed.hass.config_entries.async_update_entry(
        ada.entry,
        data={**ada.entry.data, CONF_PASSWORD: "user1", "account": "user1"},
    )
    await shed.reload(ada)
    result = await reconfigure(ada, password="user1", advanced={"v3_port": PORT})
    assert result["errors"] == {CONF_PASSWORD: "wrong_password"}
    result = await reconfigure(ada, password=SUPER, advanced={"v3_port": PORT})
    assert result["reason"] == "reconfigure_successful"
    assert "account" not in ada.entry.data
    await shed.settle()


async def test_reconfiguration_asks_again_which_protocol_a_miner_speaks(
    shed: Fleet,
) -> None:
    """V3 drops every connection, and V2 is well."""
    ada = await known(shed)
    ada.miner.misbehave("v3", Closed())
    result = await reconfigure(ada)
    assert result["reason"] == "reconfigure_successful"
    await shed.settle()
    assert ada.coordinator.data.generation == "v2.2"


# Whether a password is right, whatever the LED shows


@pytest.mark.parametrize(("password", "issue"), [(ADMIN, True), ("mistaken", False)])
async def test_a_password_is_tried_while_the_led_flashes(
    shed: Fleet, password: str, issue: bool
) -> None:
    ada = await shed.know("Ada", password=ADMIN, super_password=SUPER, **V3)
    ada.miner.state.led["red"] = Led(period=500, duration=250, start=0)
    shed.hass.config_entries.async_update_entry(
        ada.entry, data={**ada.entry.data, CONF_PASSWORD: password}
    )
    await shed.set_up(ada)
    await shed.clock.next_poll()
    assert (Issue.V3_PASSWORD in issue_keys(shed.hass)) is issue
    assert len(reauth_steps(shed.hass)) == (0 if issue else 1)
    assert ada.miner.state.led


async def test_a_password_that_v3_takes_by_now_is_found_out(shed: Fleet) -> None:
    """The owner has given `super` the password that Home Assistant has."""
    ada = await known(shed, super_password=SUPER)
    await shed.clock.next_poll()
    assert issue_keys(shed.hass) == [Issue.V3_PASSWORD]
    ada.miner.v3.password = ada.miner.password
    await shed.clock.next_poll(25)
    assert issue_keys(shed.hass) == []
    assert ada.coordinator.client.remembered.is_proven


# The default password


async def test_the_default_password_of_super_is_one_repair(shed: Fleet) -> None:
    """Firmware that takes commands under it gets another one from here."""
    ada = await shed.know("Ada", super_password="super", **V3)
    shed.hass.config_entries.async_update_entry(
        ada.entry, data={**ada.entry.data, CONF_PASSWORD: "super"}
    )
    await shed.set_up(ada)
    await shed.clock.next_poll()
    assert issue_keys(shed.hass) == ["default_password"]

    assert await async_setup_component(shed.hass, "repairs", {})
    flows: Any = shed.hass.data["repairs"]["flow_manager"]
    form = await flows.async_init(
        DOMAIN, context={"issue_id": issue_id(ada.entry, Issue.DEFAULT_PASSWORD)}
    )
    assert form["description_placeholders"] == {"miner": "Ada", "account": "super"}
    form = await flows.async_configure(form["flow_id"], {CONF_PASSWORD: "not one"})
    assert form["errors"] == {CONF_PASSWORD: "invalid_password"}
    form = await flows.async_configure(form["flow_id"], {CONF_PASSWORD: "super"})
    assert form["errors"] == {CONF_PASSWORD: "default_password"}
    done = await flows.async_configure(
        form["flow_id"], {CONF_PASSWORD: "longer_than_8"}
    )
    await shed.settle()

    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert ada.miner.v3.password == "longer_than_8"
    assert ada.entry.data[CONF_PASSWORD] == "longer_than_8"
    assert issue_keys(shed.hass) == []


async def test_firmware_that_refuses_its_default_password_needs_the_tool(
    shed: Fleet,
) -> None:
    """Either in the answer to every command, or in that to the new password."""
    ada = await shed.know("Ada", super_password="super", **V3)
    shed.hass.config_entries.async_update_entry(
        ada.entry, data={**ada.entry.data, CONF_PASSWORD: "super"}
    )
    await shed.set_up(ada)
    await shed.clock.next_poll()
    assert await async_setup_component(shed.hass, "repairs", {})
    flows: Any = shed.hass.data["repairs"]["flow_manager"]
    form = await flows.async_init(
        DOMAIN, context={"issue_id": issue_id(ada.entry, Issue.DEFAULT_PASSWORD)}
    )
    for code, text in (
        (-1, "change the default password first"),
        (-4, "no permission"),
    ):
        ada.miner.misbehave("set.user.change_passwd", Refused(code, text))
        form = await flows.async_configure(form["flow_id"], {CONF_PASSWORD: "new_1"})
        assert form["errors"] == {"base": "change_in_tool"}
    ada.miner.behave()
    await shed.hass.config_entries.async_unload(ada.entry.entry_id)
    form = await flows.async_configure(form["flow_id"], {CONF_PASSWORD: "new_1"})
    assert form["errors"] == {"base": "not_loaded"}


async def test_a_miner_that_takes_no_commands_is_not_tried_in_every_poll(
    shed: Fleet,
) -> None:
    """Its API switch is on, but V2 takes none with the default password, nor does V3 know it."""
    ada = await shed.know("Ada", password="admin", super_password=SUPER, **V3)
    await shed.set_up(ada)
    tried = len(ada.miner.v3.requests)
    for _ in range(10):
        await shed.clock.next_poll()
    names = names_of(ada.miner.v3.requests[tried:])
    assert names.count("set.system.led") <= 1
    assert issue_keys(shed.hass) == ["write_access_closed"]


# The action that changes a password


@pytest.mark.parametrize(
    ("password", "account", "new"),
    [(ADMIN, "admin", "of_admin"), (SUPER, "super", "a Long one".replace(" ", "+"))],
)
async def test_the_password_of_the_account_in_use_is_changed_and_named(
    shed: Fleet, password: str, account: str, new: str
) -> None:
    ada = await known(shed, password=ADMIN, super_password=SUPER)
    shed.hass.config_entries.async_update_entry(
        ada.entry, data={**ada.entry.data, CONF_PASSWORD: password}
    )
    await shed.reload(ada)
    response = await shed.hass.services.async_call(
        DOMAIN,
        "change_password",
        {"device_id": ada.coordinator.device_id, "new_password": new, "confirm": True},
        blocking=True,
        return_response=True,
    )
    assert response == {ada.coordinator.device_id: {"name": "Ada", "account": account}}
    assert ada.entry.data[CONF_PASSWORD] == new
    changed = ada.miner if account == "admin" else ada.miner.v3
    assert changed.password == new
    await ada.coordinator.async_send(commands.fast_boot(on=False))


# Options


async def test_a_miner_can_be_kept_to_v2(shed: Fleet) -> None:
    """Its entities are those of V2 then."""
    ada = await known(shed)
    assert ada.coordinator.data.generation == "v3"
    for protocol, generation in (("v2_only", "v2.2"), ("automatic", "v3")):
        options = {**ada.entry.options, "protocol": protocol}
        shed.hass.config_entries.async_update_entry(ada.entry, options=options)
        ada.coordinator.async_apply_options()
        await shed.settle()
        await shed.clock.next_poll(2)
        assert ada.coordinator.data.generation == generation
        if protocol == "v2_only":
            before = ada.miner.v3.connections
            await shed.clock.next_poll(3)
            assert ada.miner.v3.connections == before
    assert ada.entry.version == WhatsminerConfigFlow.VERSION


# A command that may have been carried out


async def test_a_command_without_an_answer_is_not_repeated_and_the_miner_is_read(
    shed: Fleet,
) -> None:
    """The setting that it may have changed is read as well."""
    ada = await known(shed)
    was_on = ada.miner.state.fast_boot
    ada.miner.v3.writes.clear()
    ada.miner.misbehave("set.miner.fastboot", Closed(execute=True))
    with pytest.raises(UnansweredError):
        await ada.coordinator.async_send(commands.fast_boot(on=not was_on))
    ada.miner.behave()
    await shed.settle()
    await shed.clock.next_poll()
    assert names_of(ada.miner.v3.writes) == ["set.miner.fastboot"]
    assert ada.coordinator.data.settings.fast_boot is not was_on
