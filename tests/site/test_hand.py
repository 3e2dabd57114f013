"""A plan never fights: who else switches or sets a miner takes it out of the plan for a time."""

from collections.abc import Awaitable, Callable

import pytest
from pytest_homeassistant_custom_component.common import MockUser

from homeassistant.const import ATTR_ENTITY_ID, Platform
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
from simulator import Truncated
from simulator.writes import STOP_REASON
from tests.fleet import Fleet, Owned, issues

from . import Site
from .conftest import Three
from .mining import is_mining, polled, switched, target_of
from .planned import (
    AT_ONCE,
    HIGH,
    HOUR,
    LIMITS,
    LOW,
    follow,
    looked,
    passed,
    planned,
    priced,
    reason,
    restarted,
    said,
    set_price,
    told,
)

pytestmark = pytest.mark.usefixtures("hass_storage", "no_errors")


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """Those that switch a miner, or change how much power it takes."""
    return (Platform.SWITCH, Platform.NUMBER)


@pytest.fixture
async def site(fleet: Fleet, ada: Owned) -> Site:
    """A site of one miner, which follows a price that is low."""
    set_price(fleet.hass, LOW)
    return await planned(fleet, **LIMITS)


class Hand:
    """Somebody who switches or sets Ada."""

    def __init__(self, hass: HomeAssistant, user: MockUser) -> None:
        """Prepare; `user` is the person."""
        self.hass = hass
        self.person = Context(user_id=user.id)

    async def call(
        self, action: str, context: Context | None = None, **data: object
    ) -> None:
        """Call an action for an entity of Ada."""
        domain, _, service = action.partition(".")
        key = data.pop("key", "")
        data[ATTR_ENTITY_ID] = f"{domain}.ada{key}"
        await self.hass.services.async_call(
            domain, service, data, blocking=True, context=context
        )

    async def as_person(self) -> None:
        """Turn the miner off in the user interface."""
        await self.call("switch.turn_off", self.person)

    async def without_context(self) -> None:
        """Turn the miner off, and nobody knows who."""
        await self.call("switch.turn_off")

    async def set_percent(self) -> None:
        """Set the number."""
        await self.call("number.set_value", self.person, key="_power_percent", value=80)

    async def set_target(self) -> None:
        """Set the target."""
        await self.call(
            "number.set_value", self.person, key="_power_target", value=2000
        )

    async def act(self) -> None:
        """Call the action of the integration."""
        await self.hass.services.async_call(
            "whatsminer",
            "set_power_percent",
            {ATTR_ENTITY_ID: "switch.ada", "percent": 80},
            blocking=True,
            context=self.person,
        )

    async def run_automation(self) -> None:
        """Run an automation that turns the miner off."""
        if "automation" not in self.hass.config.components:
            assert await async_setup_component(
                self.hass,
                "automation",
                {
                    "automation": {
                        "alias": "Night is quiet",
                        "triggers": {"trigger": "event", "event_type": "night"},
                        "actions": {
                            "action": "switch.toggle",
                            "target": {"entity_id": "switch.ada"},
                        },
                    }
                },
            )
        self.hass.bus.async_fire("night")
        await self.hass.async_block_till_done(wait_background_tasks=True)

    async def run_script(self) -> None:
        """Run a script that turns the miner off."""
        if "script" not in self.hass.config.components:
            sequence = [
                {"action": "switch.turn_off", "target": {"entity_id": "switch.ada"}}
            ]
            assert await async_setup_component(
                self.hass,
                "script",
                {"script": {"quiet": {"alias": "Quiet", "sequence": sequence}}},
            )
        await self.hass.services.async_call("script", "quiet", blocking=True)


@pytest.fixture
def hand(hass: HomeAssistant, hass_admin_user: MockUser) -> Hand:
    """Somebody who switches or sets Ada."""
    return Hand(hass, hass_admin_user)


@pytest.mark.parametrize(
    ("way", "expected", "text"),
    [
        (Hand.as_person, "manual", "somebody has switched or set it"),
        (Hand.set_percent, "manual", "somebody has switched or set it"),
        (Hand.act, "manual", "somebody has switched or set it"),
        (
            Hand.run_automation,
            "manual_automation",
            "Night is quiet has switched or set it",
        ),
        (Hand.run_script, "manual_automation", "Quiet has switched or set it"),
        (
            Hand.without_context,
            "manual_automation",
            "an automation has switched or set it",
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_who_switches_or_sets_a_miner_takes_it_out_for_a_time(
    fleet: Fleet,
    ada: Owned,
    hand: Hand,
    way: Callable[[Hand], Awaitable[None]],
    expected: str,
    text: str,
) -> None:
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **LIMITS, manual_hours=1)
    await way(hand)
    await looked(site)
    done = told(ada)

    assert reason(site, ada) == expected
    assert said(site, ada)["text"] == f"Left alone by the plan until 18:00: {text}"
    assert said(site, ada)["until"] == site.shown("next_change")
    assert site.shown("plan") == "manual"
    await priced(site, HIGH)
    await passed(site, 0.9 * HOUR)
    assert told(ada) == done
    await passed(site, 0.2 * HOUR)
    assert reason(site, ada) == "expensive"
    assert not is_mining(ada)


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_a_power_target_takes_a_miner_out(fleet: Fleet, hand: Hand) -> None:
    ada = await fleet.add("Ada", generation="compat", model="M63")
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **LIMITS)
    await hand.call("number.set_value", key="_power_target", value=2000)
    await looked(site)

    assert reason(site, ada) == "manual_automation"


async def test_another_setting_takes_no_miner_out(site: Site, ada: Owned) -> None:
    await ada.call("set_led", color="red")
    await looked(site)

    assert reason(site, ada) == "cheap"


@pytest.mark.parametrize(
    "way", ["release the miner", "release the site", "follow the plan again"]
)
async def test_a_miner_that_was_taken_out_can_be_given_back(
    site: Site, ada: Owned, hand: Hand, way: str
) -> None:
    await hand.as_person()
    await looked(site)
    assert reason(site, ada) == "manual"

    if way == "release the miner":
        await ada.call("release")
    elif way == "release the site":
        await target_of(site).call("release")
    else:
        await follow(site, on=False)
        await follow(site, on=True)
    await looked(site)

    assert reason(site, ada) == "cheap"
    assert is_mining(ada)


async def test_who_has_taken_a_miner_out_is_remembered_over_a_restart(
    site: Site, ada: Owned, hand: Hand
) -> None:
    await hand.run_automation()
    await restarted(site, ada)

    assert said(site, ada)["text"].endswith("Night is quiet has switched or set it")
    assert said(site, ada)["switched_by"] == "automation"
    assert switched(ada) == ["power_off"]


async def test_what_happens_while_the_plan_is_not_followed_takes_nothing_out(
    site: Site, ada: Owned, hand: Hand
) -> None:
    await follow(site, on=False)
    await hand.as_person()
    await polled(site)
    site.coordinator.async_set_options(follow_plan=True)  # which gives nothing back
    await looked(site)

    assert reason(site, ada) == "cheap"


async def test_who_switches_a_miner_of_another_plan_takes_it_out_there_only(
    site: Site, ada: Owned, hand: Hand
) -> None:
    newer = await planned(site.fleet, "Newer", **AT_ONCE)
    await hand.as_person()
    await looked(site)
    await looked(newer)

    assert reason(site, ada) == "manual"
    assert reason(newer, ada) == "other_site"


# Without Home Assistant


async def test_who_stops_a_miner_without_home_assistant_takes_it_out(
    fleet: Fleet, three: Three
) -> None:
    """With the first API, mining seems to be off while its process begins, for example."""
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **LIMITS)
    for each in three:
        each.miner.state.stop(STOP_REASON)
    await passed(site, 300)

    outside = (three.ada, three.bea)
    assert [reason(site, each) for each in outside] == ["manual_outside"] * 2
    assert [told(each) for each in outside] == [[], []]
    assert said(site, three.ada)["text"].endswith(
        "it was switched off outside Home Assistant"
    )
    assert switched(three.cleo) == ["power_on"]
    assert reason(site, three.cleo) == "cheap"


@pytest.mark.parametrize("seconds", [5, 90])
async def test_a_reboot_takes_no_miner_out(
    site: Site, ada: Owned, seconds: float
) -> None:
    """It comes back without mining, and a short one is missed by no poll."""
    ada.miner.state.init_enabled = False
    ada.miner.state.reboot_seconds = seconds
    ada.miner.state.reboot()
    ada.miner.state.stop_reason = STOP_REASON
    await passed(site, 600)

    assert is_mining(ada)
    assert reason(site, ada) == "cheap"


async def test_another_reason_to_stop_takes_no_miner_out(
    site: Site, ada: Owned
) -> None:
    ada.miner.state.stop("high temperature")
    await passed(site, 120)

    assert reason(site, ada) == "cheap"


async def test_a_reload_forgets_that_a_miner_was_on(site: Site, ada: Owned) -> None:
    """Nobody saw when it was switched off."""
    await site.hass.config_entries.async_unload(site.entry.entry_id)
    ada.miner.state.mining = False
    await site.fleet.clock.next_poll(2)
    await site.hass.config_entries.async_setup(site.entry.entry_id)
    await passed(site, 120)

    assert is_mining(ada)


@pytest.mark.parametrize("way", ["plan", "hold of the site", "hold of the miner"])
async def test_what_is_stopped_for_the_site_is_not_taken_out(
    site: Site, ada: Owned, way: str
) -> None:
    if way == "plan":
        await priced(site, HIGH)
        await polled(site)
        await priced(site, LOW)
    elif way == "hold of the site":
        await site.turn_off()
        await polled(site)
        await site.turn_on()
    else:
        await ada.call("hold")
        await polled(site)
        await ada.call("release")
    await polled(site)

    assert is_mining(ada)
    assert reason(site, ada) == "cheap"
    assert switched(ada) == ["power_off", "power_on"]


@pytest.mark.parametrize("way", ["plan", "hold"])
async def test_a_stop_whose_answer_was_lost_takes_no_miner_out(
    site: Site, ada: Owned, way: str
) -> None:
    """The miner does it, and nobody knows before the next poll."""
    for command in ("power_off", "status"):
        ada.miner.misbehave(command, Truncated(5))
    if way == "plan":
        await priced(site, HIGH)
    else:
        with pytest.raises(HomeAssistantError):
            await ada.call("hold", duration={"minutes": 30})
    assert not is_mining(ada)
    ada.coordinator.async_update_listeners()  # which is no poll
    ada.miner.behave()
    await polled(site, 3)

    assert reason(site, ada) == ("expensive" if way == "plan" else "held")
    if way == "hold":
        await passed(site, 31 * 60)
        assert reason(site, ada) == "cheap"
        assert is_mining(ada)


# A fight


async def test_an_automation_that_fights_is_named_once(
    site: Site, ada: Owned, hand: Hand
) -> None:
    await hand.run_automation()
    await passed(site, 300)
    assert issues(site.hass) == []
    await hand.run_automation()
    await hand.run_automation()
    await looked(site)

    (issue,) = issues(site.hass)
    assert issue.translation_key == "plan_fight"
    assert issue.translation_placeholders == {
        "miner": "Shed",
        "site": "Shed",
        "miners": "Ada",
        "automations": "Night is quiet",
    }


async def test_what_switches_a_miner_without_a_name_is_a_question_mark(
    site: Site, ada: Owned, hand: Hand
) -> None:
    await hand.without_context()
    await hand.without_context()

    (issue,) = issues(site.hass)
    assert (issue.translation_placeholders or {})["automations"] == "?"


@pytest.mark.parametrize("way", ["slowly", "persons", "not followed"])
async def test_there_is_no_fight(site: Site, ada: Owned, hand: Hand, way: str) -> None:
    if way == "not followed":
        await follow(site, on=False)
    for _ in range(2):
        if way == "persons":
            await hand.as_person()
        else:
            await hand.without_context()
        await passed(site, 1.1 * HOUR if way == "slowly" else 120)

    assert issues(site.hass) == []


@pytest.mark.parametrize(
    "way", ["release", "release of the site", "not followed", "unloaded", "removed"]
)
async def test_the_issue_of_a_fight_goes(
    site: Site, ada: Owned, hand: Hand, way: str
) -> None:
    for _ in range(2):
        await hand.without_context()
    assert len(issues(site.hass)) == 1
    match way:
        case "release":
            await ada.call("release")
        case "release of the site":
            await target_of(site).call("release")
        case "not followed":
            await follow(site, on=False)
        case "unloaded":
            await site.hass.config_entries.async_unload(site.entry.entry_id)
        case _:
            await site.hass.config_entries.async_remove(site.entry.entry_id)

    assert issues(site.hass) == []


async def test_the_issue_of_a_fight_stays_for_another_miner(
    fleet: Fleet, ada: Owned, bea: Owned, hand: Hand
) -> None:
    set_price(fleet.hass, LOW)
    site = await planned(fleet, **LIMITS)
    for _ in range(2):
        await hand.without_context()
        await bea.turn_off()
    await ada.call("release")
    (issue,) = issues(site.hass)
    assert issue.translation_key == "plan_fight"
    await bea.call("release")

    assert issues(site.hass) == []
