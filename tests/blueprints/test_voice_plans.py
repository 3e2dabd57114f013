"""Voice: why miners are off, and the power budgets of sites."""

from datetime import timedelta
from typing import Any, Final

import pytest

from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from simulator import Refused
from tests.markdown import is_shown_as_text
from tests.site import ALL, Site

from .assist import Assist
from .sites import make_site, wait

PRICE: Final = "sensor.price"
LIMITS: Final[dict[str, Any]] = {
    "price_entity": PRICE,
    "stop_above": 0.3,
    "minutes_on": 0,
    "minutes_off": 0,
}
WHY: Final = {"en": "why is the garage miner off", "de": "warum ist Garagenminer aus"}


async def planned(assist: Assist, price: float, **options: Any) -> Site:
    """Make a site that follows a price, and let it act."""
    await assist.home.set(PRICE, price, unit_of_measurement="EUR/kWh")
    plan = {**ALL, **LIMITS, "follow_plan": True, **options}
    site = await make_site(assist, "Shed", **plan)
    await wait(site)
    return site


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        (
            "en",
            [
                "Why is the garage miner off?",
                "why is the miner in the garage off",
                "why is the miner stopped",
                "why is the garage not mining",
                "why does the garage miner not mine",
                "why isn't the garage mining",
            ],
        ),
        (
            "de",
            [
                "Warum ist der Garagenminer aus?",
                "warum ist der Garage Miner aus",
                "wieso ist der Miner in der Garage gestoppt",
                "warum schürft die Garage nicht",
            ],
        ),
    ],
)
async def test_a_miner_says_why_its_plan_keeps_it_off(
    assist: Assist, language: str, texts: list[str]
) -> None:
    """The reason is in the language of Home Assistant."""
    await planned(assist, 0.4)

    for text in texts:
        assert await assist.say(text, language) == (
            "Garage: Off: 0.4 is above 0.3 EUR/kWh."
        ), text


async def test_a_miner_that_does_not_follow_says_why(assist: Assist) -> None:
    site = await planned(assist, 0.2)
    assert await assist.say("why is the garage miner on") == (
        "Garage: On: 0.2 is at or below 0.3 EUR/kWh."
    )

    assist.garage.miner.misbehave("power_off", Refused(45))
    await assist.home.set(PRICE, 0.4, unit_of_measurement="EUR/kWh")
    await wait(site)
    answer = await assist.say("why is the garage miner on")
    (report,) = site.attributes("plan")["miners"]
    assert answer == f"Garage: Off: 0.4 is above 0.3 EUR/kWh. {report['failure']}"


@pytest.mark.parametrize(
    ("words", "spoken"),
    [
        ("![x](http://e.example/x.png)", "! x (http e.example/x.png)"),
        ("<b>no</b> *now* _or_ `never`", "b no /b now or never"),
        ("WWW.e.example, me@e.example", "www e.example, me e.example"),
        ("can't set M30S_plus: 5 %", "can't set M30S_plus: 5 %"),
    ],
)
async def test_the_words_of_a_miner_are_spoken_without_marks(
    assist: Assist, words: str, spoken: str
) -> None:
    """The dialogue of Assist shows an answer as Markdown, and a loudspeaker reads it aloud."""
    site = await planned(assist, 0.2)
    assist.garage.miner.misbehave("power_off", Refused(132, words))
    await assist.home.set(PRICE, 0.4, unit_of_measurement="EUR/kWh")
    await wait(site)

    answer = await assist.say("why is the garage miner on")
    (report,) = site.attributes("plan")["miners"]
    assert words in report["failure"]
    assert is_shown_as_text("{answer}", {"answer": answer})
    assert answer.startswith(
        f"Garage: Off: 0.4 is above 0.3 EUR/kWh. Garage refused power_off: {spoken} (code"
    )


@pytest.mark.parametrize(
    ("language", "held", "stopped", "on", "silent"),
    [
        (
            "en",
            "Garage is held off{by}{until}.",
            "Garage has been stopped since {at:%H:%M}.",
            "Garage is mining.",
            "Garage does not answer.",
        ),
        (
            "de",
            "Garage wird{by}{until} gestoppt gehalten.",
            "Garage ist seit {at:%H:%M} gestoppt.",
            "Garage schürft.",
            "Garage antwortet nicht.",
        ),
    ],
    ids=["en", "de"],
)
async def test_a_miner_without_a_plan_says_what_is_known(
    assist: Assist, language: str, held: str, stopped: str, on: str, silent: str
) -> None:
    await assist.hear()
    why = WHY[language]
    assert await assist.say(why, language) == on

    await assist.garage.call("hold", duration={"hours": 2})
    await assist.home.wait(1)
    until = dt_util.as_local(dt_util.utcnow() + timedelta(hours=2, minutes=-1))
    to = {"en": f" until {until:%H:%M}", "de": f" bis {until:%H:%M}"}[language]
    assert await assist.say(why, language) == held.format(by="", until=to)

    await assist.garage.call("release")
    await assist.home.wait(2)
    await assist.garage.turn_off()
    at = dt_util.now()
    await assist.home.wait(2)
    assert await assist.say(why, language) == stopped.format(at=at)

    await assist.garage.miner.disconnect()
    await assist.home.wait(2)
    assert await assist.say(why, language) == silent


@pytest.mark.parametrize(
    ("language", "text", "by"),
    [
        ("en", WHY["en"], "Garage is held off by Shed."),
        ("de", WHY["de"], "Garage wird von Shed gestoppt gehalten."),
    ],
)
async def test_a_miner_names_the_site_that_holds_it_off(
    assist: Assist, site: Site, language: str, text: str, by: str
) -> None:
    await site.turn_off()
    await wait(site)

    assert await assist.say(text, language) == by


@pytest.mark.parametrize(
    ("language", "text", "change", "held"),
    [
        (
            "en",
            "why is the shed not mining",
            "The next change is at {:%H:%M}.",
            "Shed is held off.",
        ),
        (
            "de",
            "warum schürft Shed nicht",
            "Die nächste Änderung ist um {:%H:%M}.",
            "Shed wird gestoppt gehalten.",
        ),
    ],
)
async def test_a_site_says_what_its_plan_does(
    assist: Assist, language: str, text: str, change: str, held: str
) -> None:
    """The state is in the language of Home Assistant, as on a dashboard."""
    site = await planned(assist, 0.4, minutes_off=600)
    assert await assist.say(text, language) == "Shed: Price too high."

    await assist.home.set(PRICE, 0.2, unit_of_measurement="EUR/kWh")
    await wait(site)
    until = dt_util.parse_datetime(site.shown("next_change"))
    assert until
    at = change.format(dt_util.as_local(until))
    answer = await assist.say(text, language)
    assert answer.startswith("Shed: Waiting. ")
    assert at.removesuffix(".") in answer

    await site.turn_off()
    await wait(site)
    assert await assist.say(text, language) == held


async def test_a_site_whose_sensor_is_disabled_says_so(
    assist: Assist, site: Site
) -> None:
    er.async_get(assist.home.hass).async_update_entity(
        site.entity_id("sensor", "plan"), disabled_by=er.RegistryEntryDisabler.USER
    )
    await site.settle()

    answer = await assist.say("why is the shed not mining")
    assert answer == "Shed: I have no readings."


async def test_without_the_word_miner_only_on_demand(assist: Assist) -> None:
    """Why a lamp is off is a question for others."""
    await assist.hear()
    assert "Garage" not in await assist.say("why is the garage off")


async def test_without_the_word_miner_on_demand(assist: Assist) -> None:
    await assist.hear(any_name=True)

    assert await assist.say("why is the garage off") == "Garage is mining."
    assert await assist.say("warum ist die Garage aus", "de") == "Garage schürft."


@pytest.mark.parametrize(
    ("language", "answer", "texts"),
    [
        (
            "en",
            "The power budget of Shed is now {} watts.",
            {
                "Set the shed to five kilowatts.": 5000,
                "set the shed to 5 kW": 5000,
                "set the shed to 5kW": 5000,
                "please set shed to 2.5 kilowatts": 2500,
                "set the shed miners to twenty five kilowatts": 25000,
                "set the power budget of the shed to 5000 watts": 5000,
                "set the shed to 4,500 watts": 4500,
                "set the power budget for the shed to 800 watt": 800,
                "set the shed to zero watts": 0,
            },
        ),
        (
            "de",
            "Das Leistungsbudget von Shed beträgt jetzt {} Watt.",
            {
                "Stelle Shed auf fünf Kilowatt.": 5000,
                "stelle Shed auf 2,5 kW": 2500,
                "stelle das Leistungsbudget von Shed auf 5.000 Watt": 5000,
                "bitte setze das Budget für Shed auf 800 Watt": 800,
            },
        ),
    ],
    ids=["en", "de"],
)
async def test_a_budget_is_set(
    assist: Assist, language: str, answer: str, texts: dict[str, float]
) -> None:
    site = await planned(assist, 0.2)

    for text, watts in texts.items():
        said = await assist.say(text, language)
        assert (said, site.coordinator.planning.inputs.budget) == (
            answer.format(watts),
            watts,
        ), text


async def test_a_site_that_does_not_follow_its_plan_says_so(
    assist: Assist, site: Site
) -> None:
    """The budget is set all the same."""
    assert await assist.say("set the shed to 5 kilowatts") == (
        "The power budget of Shed is now 5000 watts. "
        "The site is not following its plan at the moment."
    )
    assert await assist.say("stelle Shed auf 6 Kilowatt", "de") == (
        "Das Leistungsbudget von Shed beträgt jetzt 6000 Watt. "
        "Der Standort befolgt seinen Plan gerade nicht."
    )
    assert site.coordinator.planning.inputs.budget == 6000


async def test_a_budget_in_another_unit_is_the_same(assist: Assist, site: Site) -> None:
    number = site.entity_id("number", "power_budget")
    er.async_get(assist.home.hass).async_update_entity_options(
        number, "number", {"unit_of_measurement": "kW"}
    )
    await site.settle()

    answer = await assist.say("set the shed to 5 kilowatts")
    assert answer.startswith("The power budget of Shed is now 5000 watts.")
    assert site.coordinator.planning.inputs.budget == 5000


@pytest.mark.parametrize(
    ("language", "text", "answer"),
    [
        ("en", "set the shed to lots of watts", "I need a number, not lots of."),
        ("de", "stelle Shed auf viele Watt", "Ich brauche eine Zahl, nicht viele."),
        (
            "en",
            "set the garage miner to 5 kilowatts",
            "No site is called the garage miner. I know Shed.",
        ),
        (
            "de",
            "stelle die Heizung auf 2 Kilowatt",
            "Kein Standort heißt die Heizung. Ich kenne Shed.",
        ),
        ("en", "set all miners to 5 kW", "No site is called all miners. I know Shed."),
    ],
)
async def test_what_is_no_budget_is_not_set(
    assist: Assist, site: Site, language: str, text: str, answer: str
) -> None:
    assert await assist.say(text, language) == answer
    assert site.coordinator.planning.inputs.budget is None


async def test_a_budget_that_cannot_be_set_is_never_called_done(
    assist: Assist, site: Site
) -> None:
    er.async_get(assist.home.hass).async_update_entity(
        site.entity_id("number", "power_budget"),
        disabled_by=er.RegistryEntryDisabler.USER,
    )
    await site.settle()

    answer = await assist.say("set the shed to 5 kilowatts")
    assert answer == "Shed did not confirm the power budget."
