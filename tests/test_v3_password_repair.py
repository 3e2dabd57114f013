"""The repair for miners whose V3 refuses the password that V2 takes: one for all of them."""

from typing import Any

import pytest

from custom_components.whatsminer.api import NeedsPasswordError, client_state, commands
from custom_components.whatsminer.const import CONF_ACCOUNT, DOMAIN
from custom_components.whatsminer.issues import Issue
from homeassistant.const import CONF_PASSWORD, Platform
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from simulator import Closed, Quirk

from . import STRICT, names_of, reauth_steps
from .fleet import Fleet, Owned

PORT = 4433
SUPER = "Super_of_V3"


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """The platforms that are set up."""
    return Platform.SENSOR, Platform.SWITCH


@pytest.fixture
def shed(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Return a network of miners that speak V3 at its usual port."""
    monkeypatch.setattr(client_state, "V3_PORT", PORT)
    return fleet


async def add(shed: Fleet, name: str, password: str = SUPER) -> Owned:
    """Add a miner with a password of `super`, of which Home Assistant has that of `admin`."""
    owned = await shed.know(
        name,
        generation="v3",
        model="M63",
        v3_port=PORT,
        super_password=password,
        quirks={*STRICT, Quirk.POWER_OFF_FADES, Quirk.V3_STOP_STAYS},
    )
    await shed.set_up(owned)
    await shed.clock.next_poll()
    return owned


def found(hass: HomeAssistant) -> ir.IssueEntry | None:
    """Return the issue."""
    return ir.async_get(hass).async_get_issue(DOMAIN, Issue.V3_PASSWORD)


def named(hass: HomeAssistant) -> str:
    """Return the miners that the issue names."""
    issue = found(hass)
    assert issue
    assert issue.is_fixable
    assert issue.translation_placeholders is not None
    return issue.translation_placeholders["miners"]


class Dialogue:
    """The repair as its owner goes through it."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Prepare; nothing is shown yet."""
        self._hass = hass
        self.shown: Any = None

    async def begin(self) -> Dialogue:
        """Show the form."""
        assert await async_setup_component(self._hass, "repairs", {})
        self.shown = await self._flows.async_init(
            DOMAIN, context={"issue_id": Issue.V3_PASSWORD}
        )
        return self

    async def submit(self, *miners: Owned, **data: Any) -> dict[str, str] | None:
        """Submit the form for some miners; return its errors, None when it is done."""
        entered = {"miners": [each.entry.entry_id for each in miners], **data}
        self.shown = await self._flows.async_configure(self.shown["flow_id"], entered)
        await self._hass.async_block_till_done(wait_background_tasks=True)
        if self.shown["type"] is FlowResultType.CREATE_ENTRY:
            return None
        errors: dict[str, str] = self.shown["errors"]
        return errors

    @property
    def _flows(self) -> Any:
        return self._hass.data["repairs"]["flow_manager"]


async def test_it_names_all_miners_and_goes_away_with_the_last(shed: Fleet) -> None:
    ada = await add(shed, "Ada")
    assert named(shed.hass) == "Ada"
    bob, eve = await add(shed, "Bob"), await add(shed, "Eve")
    assert named(shed.hass) == "Ada, Bob, Eve"
    await bob.remove()
    await eve.disable()
    assert named(shed.hass) == "Ada"
    shed.hass.config_entries.async_update_entry(ada.entry, title="Zoe")
    await shed.clock.next_poll()
    assert named(shed.hass) == "Zoe"
    await shed.hass.config_entries.async_unload(ada.entry.entry_id)
    assert found(shed.hass) is None


async def test_a_miner_whose_password_both_take_is_not_named(shed: Fleet) -> None:
    await add(shed, "Ada", password="satoshi1")
    ada = await shed.know("Bob", generation="v3", model="M63", v3_port=PORT)
    await shed.set_up(ada)
    assert found(shed.hass) is None or named(shed.hass) == "Ada"
    assert ada.coordinator.client.remembered.is_proven


async def test_commands_go_over_v2_until_it_is_repaired(shed: Fleet) -> None:
    ada = await add(shed, "Ada")
    ada.miner.writes.clear()
    ada.miner.v3.writes.clear()
    await ada.coordinator.async_send(commands.fast_boot(on=False))
    assert names_of(ada.miner.writes) == ["disable_btminer_fast_boot"]
    assert ada.miner.v3.writes == []

    assert await (await Dialogue(shed.hass).begin()).submit(ada, password=SUPER) is None
    await shed.clock.next_poll()
    await ada.turn_off()

    assert names_of(ada.miner.v3.writes)[-1] == "set.miner.service"
    assert ada.entry.data[CONF_PASSWORD] == SUPER
    assert CONF_ACCOUNT not in ada.entry.data
    assert found(shed.hass) is None


async def test_what_only_v3_has_needs_its_password(shed: Fleet) -> None:
    """It is not the firmware that does not know the command."""
    ada = await add(shed, "Ada")
    await ada.coordinator.async_send(commands.fast_boot(on=False))
    with pytest.raises(NeedsPasswordError):
        await ada.coordinator.async_send(commands.fast_hash(on=True))
    assert len(reauth_steps(shed.hass)) == 1


async def test_some_miners_can_be_repaired_first(shed: Fleet) -> None:
    """The others stay in the form, whose password need not be given again."""
    ada, bob = await add(shed, "Ada"), await add(shed, "Bob", password="Of_Bob")
    eve = await add(shed, "Eve")
    dialogue = await Dialogue(shed.hass).begin()
    assert await dialogue.submit(ada, bob, password=SUPER) == {
        CONF_PASSWORD: "wrong_password_at"
    }
    assert dialogue.shown["description_placeholders"]["failed"] == "Bob"
    assert ada.entry.data[CONF_PASSWORD] == SUPER
    assert await dialogue.submit(eve) is None
    await shed.clock.next_poll()
    assert named(shed.hass) == "Bob"
    dialogue = await Dialogue(shed.hass).begin()
    assert await dialogue.submit(bob, password="Of_Bob") is None
    await shed.clock.next_poll()
    assert found(shed.hass) is None


async def test_another_account_is_stored(shed: Fleet) -> None:
    ada = await add(shed, "Ada")
    ada.miner.v3.accounts.grant("user1", {"set.system.led", "set.miner.fastboot"})
    dialogue = await Dialogue(shed.hass).begin()
    assert await dialogue.submit(ada, account="us er", password="user1") == {
        CONF_ACCOUNT: "invalid_account"
    }
    assert await dialogue.submit(ada, account="user1", password="user1") is None
    assert ada.entry.data[CONF_ACCOUNT] == "user1"
    await ada.coordinator.async_send(commands.fast_boot(on=False))
    assert ada.miner.v3.writes[-1]["account"] == "user1"


async def test_a_password_has_to_be_given(shed: Fleet) -> None:
    ada = await add(shed, "Ada")
    dialogue = await Dialogue(shed.hass).begin()
    assert await dialogue.submit(ada) == {CONF_PASSWORD: "no_password"}


async def test_a_miner_that_does_not_answer_is_named(shed: Fleet) -> None:
    ada = await add(shed, "Ada")
    dialogue = await Dialogue(shed.hass).begin()
    ada.miner.misbehave("v3", Closed())
    assert await dialogue.submit(ada, password=SUPER) == {"base": "not_tried_at"}
    assert dialogue.shown["description_placeholders"]["failed"] == "Ada"
    await ada.miner.disconnect()
    await shed.clock.next_poll(3)
    assert await dialogue.submit(ada) == {"base": "not_tried_at"}


async def test_the_default_password_can_be_the_right_one(shed: Fleet) -> None:
    ada = await add(shed, "Ada", password="super")
    dialogue = await Dialogue(shed.hass).begin()
    assert await dialogue.submit(ada, password="super") is None


async def test_a_default_password_that_counts_for_nothing_is_explained(
    shed: Fleet,
) -> None:
    ada = await add(shed, "Ada")
    dialogue = await Dialogue(shed.hass).begin()
    assert await dialogue.submit(ada, password="super") == {
        CONF_PASSWORD: "default_password_refused_at"
    }


async def test_a_password_is_not_used_untried(shed: Fleet) -> None:
    """While the miner takes no commands, any password would seem right."""
    ada = await add(shed, "Ada")
    before = ada.entry.data[CONF_PASSWORD]
    dialogue = await Dialogue(shed.hass).begin()
    ada.miner.api_open = False
    assert await dialogue.submit(ada, password="rubbish") == {"base": "not_tried_at"}
    assert ada.entry.data[CONF_PASSWORD] == before


async def test_at_least_one_miner_has_to_be_selected(shed: Fleet) -> None:
    await add(shed, "Ada")
    dialogue = await Dialogue(shed.hass).begin()
    assert await dialogue.submit(password=SUPER) == {"miners": "no_miner"}


async def test_when_all_is_well_by_now_there_is_nothing_to_do(shed: Fleet) -> None:
    ada = await add(shed, "Ada")
    dialogue = await Dialogue(shed.hass).begin()
    await ada.remove()
    assert await dialogue.submit(ada, password=SUPER) is None


async def test_a_mistake_counts_for_nothing_when_all_is_well_by_now(
    shed: Fleet,
) -> None:
    ada = await add(shed, "Ada")
    dialogue = await Dialogue(shed.hass).begin()
    await ada.remove()
    assert await dialogue.submit() is None
