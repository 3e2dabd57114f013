"""Repair flows: each issue is repaired in one flow, which shows each error."""

import asyncio
from http import HTTPStatus
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import get_schema_suggested_value
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.entries.relocation import relocate
from custom_components.whatsminer.issues import Issue, issue_id
from custom_components.whatsminer.miner.record import address_of
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_PASSWORD, Platform
from homeassistant.data_entry_flow import FlowResultType, UnknownStep
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
from simulator import Closed, Refused
from simulator.settings import Led

from . import Held, hold, loopback_network, names_of, reauth_steps
from .fleet import NEW_MAC, Fleet, Owned, shown_issues


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """The platforms that are set up."""
    return Platform.BINARY_SENSOR, Platform.SENSOR, Platform.SWITCH


class Dialogue:
    """A repair flow as a user goes through it."""

    def __init__(self, owned: Owned, issue: Issue) -> None:
        """Prepare the flow without starting it."""
        self._hass = owned.hass
        self._issue_id = issue_id(owned.entry, issue)
        self._result: Any = None

    async def begin(self) -> Dialogue:
        """Start the flow."""
        assert await async_setup_component(self._hass, "repairs", {})
        self._result = await self._manager.async_init(
            DOMAIN, context={"issue_id": self._issue_id}
        )
        return self

    async def submit(self, **data: Any) -> Any:
        """Submit the form, and return its errors or how the flow ended."""
        assert self._result["type"] is FlowResultType.FORM, self._result
        self._result = await self._manager.async_configure(
            self._result["flow_id"], data
        )
        await self._hass.async_block_till_done(wait_background_tasks=True)
        match self._result["type"]:
            case FlowResultType.FORM:
                return self._result["errors"]
            case FlowResultType.ABORT:
                return self._result["reason"]
        assert self._result["type"] is FlowResultType.CREATE_ENTRY
        return "repaired"

    @property
    def shown(self) -> str:
        """All that the form has."""
        schema = self._result["data_schema"].schema
        return str((self._result, [marker.description for marker in schema]))

    def suggested(self, field: str) -> Any:
        """Return what is filled in."""
        return get_schema_suggested_value(self._result["data_schema"].schema, field)

    @property
    def said(self) -> dict[str, str]:
        """The placeholders of the form."""
        placeholders: dict[str, str] = self._result["description_placeholders"]
        return placeholders

    @property
    def _manager(self) -> Any:
        return self._hass.data["repairs"]["flow_manager"]


async def repair(owned: Owned, issue: Issue) -> Dialogue:
    """Start the repair flow of an issue."""
    return await Dialogue(owned, issue).begin()


# All of them


async def test_the_owner_finds_it_among_the_repairs(
    fleet: Fleet,
    ada: Owned,
    hass_client: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
) -> None:
    hass = fleet.hass
    assert await async_setup_component(hass, "repairs", {})
    socket, client = await hass_ws_client(hass), await hass_client()
    hass.config_entries.async_update_entry(
        ada.entry, data={**ada.entry.data, CONF_PASSWORD: "admin"}
    )
    await fleet.clock.next_poll()

    await socket.send_json_auto_id({"type": "repairs/list_issues"})
    (issue,) = (await socket.receive_json())["result"]["issues"]
    assert (issue["translation_key"], issue["is_fixable"]) == ("default_password", True)
    begun = await client.post(
        "/api/repairs/issues/fix",
        json={"handler": DOMAIN, "issue_id": issue["issue_id"]},
    )
    form = await begun.json()
    assert begun.status == HTTPStatus.OK
    assert form["step_id"] == "confirm"
    assert form["description_placeholders"] == {
        "account": "admin",
        "miner": "Ada",
    }
    (field,) = form["data_schema"]
    assert (field["name"], field["required"]) == (CONF_PASSWORD, True)
    assert "default" not in field
    assert "suggested_value" not in field.get("description", {})

    ended = await client.post(
        f"/api/repairs/issues/fix/{form['flow_id']}",
        json={CONF_PASSWORD: ada.miner.password},
    )
    assert (await ended.json())["type"] == "create_entry"
    await fleet.settle()
    assert shown_issues(hass) == []


@pytest.mark.parametrize(
    ("issue", "data"),
    [
        (Issue.DEFAULT_PASSWORD, {CONF_PASSWORD: "new_1234"}),
        (Issue.NEW_CONTROL_BOARD, {}),
        (Issue.WRITE_ACCESS_CLOSED, {}),
        (Issue.WRONG_MINER, {}),
    ],
)
async def test_a_miner_that_is_removed_meanwhile_is_not_repaired(
    fleet: Fleet, ada: Owned, issue: Issue, data: dict[str, str]
) -> None:
    dialogue = await raise_and_repair(fleet, ada, issue)
    await ada.remove()

    assert await dialogue.submit(**data) == "no_miner"
    with pytest.raises(UnknownStep):
        await repair(ada, issue)


async def test_a_miner_may_be_removed_while_it_is_asked(
    fleet: Fleet, ada: Owned
) -> None:
    dialogue = await raise_and_repair(fleet, ada, Issue.WRITE_ACCESS_CLOSED)
    held = Held()
    ada.miner.api_open = True
    ada.miner.misbehave("set_led", held)
    submitted = asyncio.create_task(dialogue.submit())
    await held.reached.wait()

    await ada.remove()
    held.release.set()

    assert await submitted == "no_miner"
    assert shown_issues(fleet.hass) == []


async def raise_one(fleet: Fleet, ada: Owned, issue: Issue) -> None:
    """Cause one issue."""
    match issue:
        case Issue.DEFAULT_PASSWORD:
            ada.miner.password = "admin"
            fleet.hass.config_entries.async_update_entry(
                ada.entry, data={**ada.entry.data, CONF_PASSWORD: "admin"}
            )
            await fleet.reload(ada)
        case Issue.NEW_CONTROL_BOARD:
            ada.miner.replace_control_board(NEW_MAC)
            await fleet.clock.next_poll()
        case Issue.WRITE_ACCESS_CLOSED:
            ada.miner.api_open = False
            with pytest.raises(HomeAssistantError):
                await ada.turn_off()
        case Issue.WRONG_MINER:
            await fleet.replace(ada)
            await fleet.clock.next_poll()
    assert shown_issues(fleet.hass) == [f"{issue} of Ada"]


async def raise_and_repair(fleet: Fleet, ada: Owned, issue: Issue) -> Dialogue:
    """Cause one issue, and start its repair flow."""
    await raise_one(fleet, ada, issue)
    return await repair(ada, issue)


# Write access closed


async def test_a_write_access_is_looked_at_at_once(fleet: Fleet, ada: Owned) -> None:
    dialogue = await raise_and_repair(fleet, ada, Issue.WRITE_ACCESS_CLOSED)
    assert dialogue.said == {"account": "admin", "miner": "Ada"}

    assert await dialogue.submit() == {"base": "write_access_closed"}
    assert shown_issues(fleet.hass) == ["write_access_closed of Ada"]
    assert ada.shown("binary_sensor", "write_access") == "off"

    ada.miner.api_open = True
    ada.miner.writes.clear()
    assert await dialogue.submit() == "repaired"
    assert ada.miner.writes == [{"cmd": "set_led", "param": "auto"}]
    assert ada.shown("binary_sensor", "write_access") == "on"
    assert shown_issues(fleet.hass) == []
    assert ada.miner.state.mining


async def test_an_led_that_flashes_goes_on_while_write_access_is_looked_at(
    fleet: Fleet, ada: Owned
) -> None:
    """A read is tried, which proves less: write access stays unknown until a command."""
    await raise_one(fleet, ada, Issue.WRITE_ACCESS_CLOSED)
    ada.miner.state.led["red"] = Led(period=500, duration=250, start=0)
    await fleet.clock.next_poll(12)
    dialogue = await repair(ada, Issue.WRITE_ACCESS_CLOSED)
    ada.miner.writes.clear()

    assert await dialogue.submit() == {"base": "write_access_closed"}
    ada.miner.api_open = True
    assert await dialogue.submit() == "repaired"

    assert "set_led" not in names_of(ada.miner.writes)
    assert ada.miner.state.led
    assert ada.shown("binary_sensor", "write_access") == "unknown"
    assert shown_issues(fleet.hass) == []


async def test_v1_is_looked_at_by_a_read(fleet: Fleet) -> None:
    """Nothing but a read can be tried on V1."""
    ada = await fleet.add("Ada", generation="v1", model="M20S")
    await raise_one(fleet, ada, Issue.WRITE_ACCESS_CLOSED)
    ada.miner.api_open = True
    ada.miner.writes.clear()
    dialogue = await repair(ada, Issue.WRITE_ACCESS_CLOSED)

    assert await dialogue.submit() == "repaired"
    assert names_of(ada.miner.writes) in ([], ["get_version"])
    assert shown_issues(fleet.hass) == []


async def test_a_password_that_was_changed_as_well_is_asked_for(
    fleet: Fleet, ada: Owned
) -> None:
    dialogue = await raise_and_repair(fleet, ada, Issue.WRITE_ACCESS_CLOSED)
    ada.miner.api_open = True
    ada.miner.password = "new_1234"

    assert await dialogue.submit() == "repaired"
    assert len(reauth_steps(fleet.hass)) == 1
    assert shown_issues(fleet.hass) == []


@pytest.mark.parametrize("how", ["away", "not set up"])
@pytest.mark.parametrize(
    ("issue", "data"),
    [
        (Issue.WRITE_ACCESS_CLOSED, {}),
        (Issue.DEFAULT_PASSWORD, {CONF_PASSWORD: "new_1234"}),
    ],
)
async def test_a_miner_that_is_away_cannot_be_asked(
    fleet: Fleet, ada: Owned, issue: Issue, data: dict[str, str], how: str
) -> None:
    dialogue = await raise_and_repair(fleet, ada, issue)
    await ada.miner.disconnect()
    if how == "away":
        await fleet.clock.next_poll(2)
    else:
        await fleet.reload(ada)
    assert await dialogue.submit(**data) == {"base": "not_loaded"}

    ada.miner.reconnect()
    ada.miner.api_open = True
    if issue is Issue.DEFAULT_PASSWORD:
        ada.miner.password = data[CONF_PASSWORD]
    await fleet.clock.tick(90)
    assert await dialogue.submit(**data) == "repaired"
    assert shown_issues(fleet.hass) == []


# Default password


async def test_the_default_password_is_the_one_thing_to_repair(
    fleet: Fleet, ada: Owned
) -> None:
    """The miner takes no commands because of its default password."""
    await raise_one(fleet, ada, Issue.DEFAULT_PASSWORD)
    with pytest.raises(HomeAssistantError):
        await ada.turn_off()
    await fleet.clock.next_poll(25)

    assert ada.shown("binary_sensor", "write_access") == "off"
    assert shown_issues(fleet.hass) == ["default_password of Ada"]


async def test_a_password_that_was_changed_in_the_tool_is_taken(
    fleet: Fleet, ada: Owned
) -> None:
    await raise_one(fleet, ada, Issue.DEFAULT_PASSWORD)
    ada.miner.password, ada.miner.api_open = "new_1234", True
    with pytest.raises(HomeAssistantError):
        await ada.turn_off()
    assert len(reauth_steps(fleet.hass)) == 1
    dialogue = await repair(ada, Issue.DEFAULT_PASSWORD)
    assert dialogue.said == {"account": "admin", "miner": "Ada"}
    ada.miner.writes.clear()

    assert await dialogue.submit(password="new_1234") == "repaired"

    assert ada.entry.data[CONF_PASSWORD] == "new_1234"
    assert "update_pwd" not in names_of(ada.miner.writes)
    assert len(reauth_steps(fleet.hass)) == 0
    assert shown_issues(fleet.hass) == []
    assert ada.shown("binary_sensor", "write_access") == "on"
    await ada.turn_off()
    assert not ada.miner.state.mining
    await fleet.clock.next_poll(25)
    assert shown_issues(fleet.hass) == []


async def test_a_password_that_is_neither_is_wrong(fleet: Fleet, ada: Owned) -> None:
    await raise_one(fleet, ada, Issue.DEFAULT_PASSWORD)
    ada.miner.password, ada.miner.api_open = "third_1", True
    dialogue = await repair(ada, Issue.DEFAULT_PASSWORD)

    assert await dialogue.submit(password="mistaken") == {"password": "wrong_password"}
    assert ada.miner.password == "third_1"

    assert await dialogue.submit(password="third_1") == "repaired"
    assert ada.entry.data[CONF_PASSWORD] == "third_1"


async def test_a_default_password_that_no_longer_fits_is_asked_for_and_no_more(
    fleet: Fleet, ada: Owned
) -> None:
    await raise_one(fleet, ada, Issue.DEFAULT_PASSWORD)
    ada.miner.password, ada.miner.api_open = "new_1234", True
    with pytest.raises(HomeAssistantError):
        await ada.turn_off()

    await fleet.clock.next_poll()

    assert len(reauth_steps(fleet.hass)) == 1
    assert shown_issues(fleet.hass) == []


@pytest.fixture
def no_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Miners whose firmware takes commands under any password."""
    monkeypatch.setattr("simulator.access.DEFAULT_PASSWORD", None)


@pytest.mark.usefixtures("no_default")
async def test_a_miner_that_takes_commands_all_the_same_gets_the_password(
    fleet: Fleet, ada: Owned
) -> None:
    dialogue = await raise_and_repair(fleet, ada, Issue.DEFAULT_PASSWORD)

    assert await dialogue.submit(password="new_1234") == "repaired"

    assert ada.miner.password == ada.entry.data[CONF_PASSWORD] == "new_1234"
    await fleet.clock.next_poll(3)
    assert shown_issues(fleet.hass) == []
    await ada.turn_off()


async def test_a_miner_that_takes_no_commands_gets_no_password(
    fleet: Fleet, ada: Owned
) -> None:
    dialogue = await raise_and_repair(fleet, ada, Issue.DEFAULT_PASSWORD)
    assert await dialogue.submit(password="new_1234") == {"base": "change_in_tool"}
    assert ada.entry.data[CONF_PASSWORD] == "admin"
    assert shown_issues(fleet.hass) == ["default_password of Ada"]

    ada.miner.password = "new_1234"
    assert await dialogue.submit(password="new_1234") == "repaired"


@pytest.mark.parametrize("again", [{}, {CONF_PASSWORD: ""}], ids=["none", "empty"])
async def test_a_password_need_not_be_given_again_after_an_error(
    fleet: Fleet, ada: Owned, again: dict[str, str]
) -> None:
    dialogue = await raise_and_repair(fleet, ada, Issue.DEFAULT_PASSWORD)
    assert await dialogue.submit(password="") == {CONF_PASSWORD: "invalid_password"}
    assert await dialogue.submit(password="new_1234") == {"base": "change_in_tool"}
    assert "new_1234" not in dialogue.shown

    ada.miner.password = "new_1234"
    assert await dialogue.submit(**again) == "repaired"

    assert ada.entry.data[CONF_PASSWORD] == "new_1234"


@pytest.mark.parametrize("password", ["too long for it", "ä", "new-1234", "a" * 9])
async def test_a_password_that_no_miner_takes_is_called_so_whatever_else_is_wrong(
    fleet: Fleet, ada: Owned, password: str
) -> None:
    invalid = {CONF_PASSWORD: "invalid_password"}
    dialogue = await raise_and_repair(fleet, ada, Issue.DEFAULT_PASSWORD)
    closed = await dialogue.submit(password=password)
    assert closed == {"base": "change_in_tool", **invalid}
    ada.miner.misbehave("get_token", Closed(), times=1)
    silent = await dialogue.submit(password=password)
    assert silent == {"base": "not_there", **invalid}
    ada.miner.password, ada.miner.api_open = "new_1234", True
    assert await dialogue.submit(password=password) == invalid

    assert await dialogue.submit(password="new_1234") == "repaired"


async def test_a_password_of_another_form_is_taken_if_the_miner_has_it(
    fleet: Fleet, ada: Owned
) -> None:
    """Other tools may set what the vendor's API does not."""
    dialogue = await raise_and_repair(fleet, ada, Issue.DEFAULT_PASSWORD)
    ada.miner.password, ada.miner.api_open = "new-password", True

    assert await dialogue.submit(password="new-password") == "repaired"


@pytest.mark.usefixtures("no_default")
async def test_each_wrong_entry_can_be_made_again(fleet: Fleet, ada: Owned) -> None:
    dialogue = await raise_and_repair(fleet, ada, Issue.DEFAULT_PASSWORD)
    for password, error in (
        ("admin", {CONF_PASSWORD: "default_password"}),
        ("too long for it", {CONF_PASSWORD: "invalid_password"}),
        ("ä", {CONF_PASSWORD: "invalid_password"}),
    ):
        assert await dialogue.submit(password=password) == error
    ada.miner.misbehave("get_token", Closed(), times=1)
    assert await dialogue.submit(password="new_1234") == {"base": "not_there"}
    ada.miner.misbehave("update_pwd", Refused(132), times=1)
    assert await dialogue.submit(password="new_1234") == {"base": "not_there"}
    assert ada.miner.password == ada.entry.data[CONF_PASSWORD] == "admin"
    assert "password" not in ada.coordinator.memory.data

    assert await dialogue.submit(password="new_1234") == "repaired"


@pytest.mark.usefixtures("no_default")
async def test_a_password_that_may_have_been_taken_is_found_out(
    fleet: Fleet, ada: Owned
) -> None:
    """The miner fell silent over the change; the next try shows which password it has."""
    dialogue = await raise_and_repair(fleet, ada, Issue.DEFAULT_PASSWORD)
    ada.miner.misbehave("update_pwd", Closed(execute=True))
    ada.miner.misbehave("get_miner_info", Closed())
    assert await dialogue.submit(password="new_1234") == {"base": "not_there"}
    assert ada.miner.password == "admin"  # it could not even be asked

    ada.miner.behave("get_miner_info")
    assert await dialogue.submit(password="new_1234") == "repaired"
    assert ada.miner.password == ada.entry.data[CONF_PASSWORD] == "new_1234"


# Another miner at the address


@pytest.mark.parametrize("retrying", [False, True])
async def test_a_miner_is_where_its_owner_says(
    fleet: Fleet, ada: Owned, bea: Owned, retrying: bool
) -> None:
    await raise_one(fleet, ada, Issue.WRONG_MINER)
    zoe = fleet.clock.miners[-1]
    if retrying:
        await fleet.reload(ada)
    await ada.appear_at(fleet.host(40))
    bea.miner.requests.clear()
    dialogue = await repair(ada, Issue.WRONG_MINER)
    assert dialogue.said["miner"] == "Ada"
    assert dialogue.said["host"] == zoe.host

    for host, error in (
        (fleet.host(50), "not_there"),
        (bea.miner.host, "wrong_miner"),
        (zoe.host, "wrong_miner"),
    ):
        assert await dialogue.submit(host=host) == {CONF_HOST: error}
        assert dialogue.suggested(CONF_HOST) == host
        assert address_of(ada.entry)[0] == zoe.host
    assert bea.miner.requests == []  # it is known to be itself

    assert await dialogue.submit(host=f" {fleet.host(40)} ") == "repaired"
    ada.check_found()
    assert shown_issues(fleet.hass) == []


@pytest.mark.parametrize("retrying", [False, True])
async def test_a_miner_is_searched_for(
    fleet: Fleet, ada: Owned, bea: Owned, retrying: bool
) -> None:
    await raise_one(fleet, ada, Issue.WRONG_MINER)
    if retrying:
        await fleet.reload(ada)
    await ada.miner.move(fleet.host(40))
    bea.miner.requests.clear()
    dialogue = await repair(ada, Issue.WRONG_MINER)

    assert await dialogue.submit() == {"base": "not_found"}
    assert shown_issues(fleet.hass) == ["wrong_miner of Ada"]

    ada.miner.reconnect()
    assert await dialogue.submit(host="  ") == "repaired"
    ada.check_found()
    assert bea.miner.requests == []
    assert shown_issues(fleet.hass) == []


@pytest.mark.parametrize("where", ["near", "home"])
async def test_a_miner_is_searched_for_where_it_was_and_where_home_assistant_is(
    fleet: Fleet, where: str
) -> None:
    """The two networks may differ."""
    elsewhere = loopback_network()
    bea = await fleet.add("Bea", host=str(elsewhere[5]))
    await bea.miner.disconnect()
    await fleet.start("Zoe", host=str(elsewhere[5]))
    await fleet.clock.next_poll()
    assert shown_issues(fleet.hass) == ["wrong_miner of Bea"]
    await bea.appear_at(str(elsewhere[9]) if where == "near" else fleet.host(40))

    dialogue = await repair(bea, Issue.WRONG_MINER)
    assert await dialogue.submit() == "repaired"
    assert bea.is_followed


@pytest.mark.parametrize("retrying", [False, True])
async def test_a_miner_that_is_back_is_found_where_it_was(
    fleet: Fleet, ada: Owned, retrying: bool
) -> None:
    await raise_one(fleet, ada, Issue.WRONG_MINER)
    if retrying:
        await fleet.reload(ada)
    await fleet.clock.miners[-1].disconnect()
    ada.miner.reconnect()
    dialogue = await repair(ada, Issue.WRONG_MINER)

    assert await dialogue.submit() == "repaired"
    assert ada.is_available
    assert shown_issues(fleet.hass) == []


async def test_a_miner_that_others_have_found_needs_no_search(
    fleet: Fleet, ada: Owned
) -> None:
    dialogue = await raise_and_repair(fleet, ada, Issue.WRONG_MINER)
    await ada.appear_at(fleet.host(40))
    relocate(fleet.hass, ada.entry, (ada.miner.host, ada.miner.port))
    await fleet.settle()

    assert await dialogue.submit() == "repaired"
    assert ada.is_available


async def test_a_miner_that_has_changed_places_is_found_with_the_other(
    fleet: Fleet, ada: Owned, bea: Owned
) -> None:
    """The other miner's address is not searched, because that miner is assumed to be there."""
    await raise_one(fleet, ada, Issue.WRONG_MINER)
    await fleet.clock.miners[-1].disconnect()
    await ada.miner.swap(bea.miner)
    ada.miner.reconnect()
    dialogue = await repair(ada, Issue.WRONG_MINER)

    assert await dialogue.submit() == "repaired"
    ada.check_found()
    assert bea.is_followed


@pytest.mark.parametrize("data", [{}, {CONF_HOST: "40"}])
async def test_a_miner_that_is_removed_during_the_search_stays_so(
    fleet: Fleet, ada: Owned, data: dict[str, str]
) -> None:
    await raise_one(fleet, ada, Issue.WRONG_MINER)
    await ada.appear_at(fleet.host(40))
    held = hold(ada.miner, "get_version")
    dialogue = await repair(ada, Issue.WRONG_MINER)
    submitted = asyncio.create_task(
        dialogue.submit(
            **{key: fleet.host(int(number)) for key, number in data.items()}
        )
    )
    await held.reached.wait()
    await ada.remove()
    held.release.set()

    assert await submitted == "no_miner"
    assert fleet.hass.config_entries.async_entries(DOMAIN) == []
    assert shown_issues(fleet.hass) == []


# New control board


@pytest.mark.parametrize("elsewhere", [False, True])
@pytest.mark.parametrize("retrying", [False, True])
async def test_a_miner_with_a_new_control_board_goes_on(
    fleet: Fleet, ada: Owned, elsewhere: bool, retrying: bool
) -> None:
    ada.miner.replace_control_board(NEW_MAC)
    if elsewhere:
        await ada.miner.move(fleet.host(40))
    await fleet.clock.next_poll(2)
    if retrying:
        await fleet.reload(ada)
        assert ada.is_in(ConfigEntryState.SETUP_RETRY)
    await fleet.see(ada)
    dialogue = await repair(ada, Issue.NEW_CONTROL_BOARD)
    assert dialogue.said == {
        "miner": "Ada",
        "host": ada.miner.host,
        "model": "M30S+ VE40",
    }

    assert await dialogue.submit() == "repaired"

    assert ada.entry.unique_id == NEW_MAC.lower()
    ada.check_found()
    assert shown_issues(fleet.hass) == []
    await ada.turn_off()
    assert not ada.miner.state.mining


async def test_a_new_control_board_that_nobody_has_set_up_takes_no_commands(
    fleet: Fleet, ada: Owned
) -> None:
    """A new control board comes with its API closed."""
    ada.miner.replace_control_board(NEW_MAC, locked=True)
    await fleet.clock.next_poll(2)
    dialogue = await repair(ada, Issue.NEW_CONTROL_BOARD)

    assert await dialogue.submit() == "repaired"
    assert ada.is_available
    assert shown_issues(fleet.hass) == ["write_access_closed of Ada"]


async def test_a_control_board_that_cannot_be_adopted_now_can_be_later(
    fleet: Fleet, ada: Owned
) -> None:
    ada.miner.replace_control_board(NEW_MAC)
    await fleet.clock.next_poll(2)
    dialogue = await repair(ada, Issue.NEW_CONTROL_BOARD)
    await ada.miner.disconnect()
    assert await dialogue.submit() == {"base": "not_there"}

    zoe = await fleet.start("Zoe", host=ada.miner.host)
    assert await dialogue.submit() == {"base": "wrong_miner"}
    await zoe.disconnect()

    await ada.appear_at(fleet.host(40))
    await fleet.see(ada)
    twin = await fleet.know("Twin", host=fleet.host(41), mac=NEW_MAC)
    assert await dialogue.submit() == {"base": "already_configured"}
    assert dialogue.said["host"] == fleet.host(40)
    assert ada.entry.unique_id != NEW_MAC.lower()

    await fleet.hass.config_entries.async_remove(twin.entry.entry_id)
    assert await dialogue.submit() == "repaired"
    ada.check_found()


async def test_the_old_control_board_that_is_back_is_not_given_away(
    fleet: Fleet, ada: Owned
) -> None:
    old = ada.miner.mac
    ada.miner.replace_control_board(NEW_MAC)
    await fleet.clock.next_poll(2)
    dialogue = await repair(ada, Issue.NEW_CONTROL_BOARD)
    ada.miner.replace_control_board(old)
    await fleet.clock.next_poll()

    assert await dialogue.submit() == "repaired"
    assert ada.entry.unique_id == old.lower()
    assert ada.is_available
