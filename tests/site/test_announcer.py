"""What a plan has done, in Activity: a line for each thing that was done, with all its miners."""

import pytest
from pytest_homeassistant_custom_component.common import async_capture_events
from pytest_homeassistant_custom_component.typing import (
    RecorderInstanceContextManager,
    WebSocketGenerator,
)

from custom_components.whatsminer.site.announcer import EVENT_PLAN
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from simulator import Closed, Refused
from tests.fleet import Fleet, Owned
from tests.test_logbook import lines

from . import Site
from .conftest import Three
from .planned import (
    AT_ONCE,
    HIGH,
    LIMITS,
    LOW,
    budgeted,
    looked,
    passed,
    planned,
    priced,
    set_price,
)

pytestmark = pytest.mark.usefixtures("hass_storage", "no_errors")


class Activity:
    """The lines as they are told."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin to listen."""
        self._events = async_capture_events(hass, EVENT_PLAN)

    @property
    def texts(self) -> list[str]:
        """The texts."""
        return [event.data["text"] for event in self._events]


@pytest.fixture
def activity(hass: HomeAssistant) -> Activity:
    """The lines as they are told."""
    return Activity(hass)


async def cheap_site(fleet: Fleet, **options: object) -> Site:
    """Set up a site that follows a price, which is low."""
    set_price(fleet.hass, LOW)
    return await planned(fleet, **LIMITS | options)


async def test_all_miners_with_which_the_same_is_done_share_a_line(
    fleet: Fleet, three: Three, activity: Activity
) -> None:
    site = await cheap_site(fleet)
    await priced(site, HIGH)
    await passed(site, 300)
    await priced(site, LOW)
    await passed(site, 300)

    assert activity.texts == [
        "Ada, Bea, Cleo off: 0.4 is above 0.3 EUR/kWh",
        "Ada, Bea, Cleo on: 0.1 is at or below 0.2 EUR/kWh",
    ]


async def test_a_lowered_miner_has_its_percent(
    fleet: Fleet, ada: Owned, activity: Activity
) -> None:
    site = await planned(fleet, **AT_ONCE)
    await budgeted(site, 2500)
    await passed(site, 300)

    assert activity.texts == ["Ada at 71 %: the power budget is 2500 W"]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Ada stays off until 17:15: the minimum time off is 15 minutes"),
        (
            "de",
            "Ada bleibt aus bis 17:15: die Mindeststillstandszeit beträgt 15 Minuten",
        ),
    ],
)
async def test_a_wait_is_told_once(
    fleet: Fleet, ada: Owned, activity: Activity, language: str, text: str
) -> None:
    site = await cheap_site(fleet, minutes_off=15)
    fleet.hass.config.language = language
    await priced(site, HIGH)
    await priced(site, LOW)
    await passed(site, 600)

    assert activity.texts[1:] == [text]


async def test_a_failure_is_told_once(
    fleet: Fleet, ada: Owned, activity: Activity
) -> None:
    site = await cheap_site(fleet)
    ada.miner.misbehave("power_off", Refused(45))
    await priced(site, HIGH)
    await passed(site, 25 * 60)
    assert len(activity.texts) == 1
    assert activity.texts[0].startswith(
        "Ada did not follow the plan: Ada takes no comm"
    )

    ada.miner.misbehave("power_off", Closed())
    await passed(site, 15 * 60)
    assert len(activity.texts) == 2
    ada.miner.behave()
    await passed(site, 120)
    assert activity.texts[2:] == ["Ada off: 0.4 is above 0.3 EUR/kWh"]


async def test_a_failure_is_told_again_when_something_else_was_wanted_meanwhile(
    fleet: Fleet, ada: Owned, activity: Activity
) -> None:
    site = await cheap_site(fleet)
    ada.miner.misbehave("power_off", Refused(45))
    await priced(site, HIGH)
    await priced(site, LOW)
    await priced(site, HIGH)

    assert len(activity.texts) == 2
    assert len(set(activity.texts)) == 1


async def test_what_is_left_is_told_when_the_site_is_unloaded(
    fleet: Fleet, ada: Owned, activity: Activity
) -> None:
    site = await cheap_site(fleet)
    await looked(site)
    set_price(fleet.hass, HIGH)
    fleet.clock.move(11)
    await fleet.settle()
    assert activity.texts == []
    await fleet.hass.config_entries.async_unload(site.entry.entry_id)

    assert activity.texts == ["Ada off: 0.4 is above 0.3 EUR/kWh"]


# The real logbook


@pytest.fixture
async def mock_recorder_before_hass(
    async_test_recorder: RecorderInstanceContextManager,
) -> None:
    """Prepare the recorder before Home Assistant."""


@pytest.mark.usefixtures("recorder_mock")
async def test_the_lines_are_in_activity_under_the_sensor(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    fleet: Fleet,
    three: Three,
) -> None:
    hass.config.components.add("frontend")
    assert await async_setup_component(hass, "logbook", {})
    site = await cheap_site(fleet)
    await priced(site, HIGH)

    found = await lines(hass, hass_ws_client, entity_ids=["sensor.shed_plan"])

    (line,) = [each for each in found if each.get("domain") == "whatsminer"]
    assert line["entity_id"] == "sensor.shed_plan"
    assert line["name"] == "Shed"
    assert line["message"] == "Ada, Bea, Cleo off: 0.4 is above 0.3 EUR/kWh"


async def test_a_miner_that_somebody_else_switches_is_told_once(
    fleet: Fleet, ada: Owned, activity: Activity
) -> None:
    """Nothing else on the page of the site shows that it is left alone."""
    site = await cheap_site(fleet)
    await ada.turn_off()
    await passed(site, 600)

    (line,) = activity.texts
    assert line.startswith("Ada is not controlled by the plan until ")
    assert line.endswith(": an automation has switched or set it")
