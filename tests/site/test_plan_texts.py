"""What a plan wants and why, in words, in each language, and where it is shown."""

from datetime import timedelta
import re
from string import Formatter
from typing import Any

import pytest

from custom_components.whatsminer.site import plan_texts
from custom_components.whatsminer.site.decision import Reason, Why
from custom_components.whatsminer.site.plan_texts import (
    action_text,
    decision_text,
    reason_text,
)
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from tests.action_calls import ask
from tests.fleet import Fleet, Owned
from tests.texts import LANGUAGES, check_translated, leaves

from .plan.test_reasons import MOMENTS
from .planned import HIGH, LIMITS, looked, planned, said, set_price

PLACES = {"unit": " ct/kWh", "unit_per_kwh": "EUR/kWh", "cheap_entity": "Cheap hours"}
TEXTS: dict[str, Any] = plan_texts._TEXTS  # noqa: SLF001
every_language = pytest.mark.parametrize("language", list(TEXTS))


def test_there_is_a_file_for_every_language() -> None:
    assert set(TEXTS) == set(LANGUAGES)


@every_language
def test_every_reason_has_a_sentence_and_nothing_else(language: str) -> None:
    """Some have another one where a name is not known, or for one minute."""
    reasons = {*Reason}
    others = set(TEXTS[language]["reasons"]) - reasons

    assert reasons <= set(TEXTS[language]["reasons"])
    assert {re.sub("_(unknown|one)$", "", each) for each in others} <= reasons


@every_language
def test_all_languages_say_the_same(language: str) -> None:
    check_translated(language, TEXTS[language], TEXTS["en"])


@every_language
def test_no_sentence_ends_or_begins_like_one(language: str) -> None:
    """They are parts of others."""
    for path, text in leaves(TEXTS[language]["reasons"]):
        assert text.strip(" .") == text, path


@every_language
@pytest.mark.parametrize("reason", list(Reason))
def test_a_reason_fills_its_sentence(language: str, reason: Reason) -> None:
    """It is given all that stands in braces, and all that it is given is in it."""
    (decision,) = MOMENTS[reason].plan.decisions
    whys = [why for why in (decision.why, decision.waiting) if why]
    (why,) = [each for each in whys if each.reason is reason]
    if reason in (Reason.HELD, Reason.MANUAL_AUTOMATION, Reason.OTHER_SITE):
        return  # they are in `test_planned_miners`, with names

    text = reason_text(why, PLACES, language)
    places = {
        name
        for _, name, _, _ in Formatter().parse(TEXTS[language]["reasons"][reason])
        if name
    }
    assert text
    assert "{" not in text
    assert "  " not in text
    assert places <= why.values.keys() | PLACES.keys()
    whole = decision_text(decision, PLACES, language)
    assert text in whole
    assert "None" not in whole


@every_language
@pytest.mark.parametrize("reason", list(Reason))
def test_a_price_without_a_unit_leaves_no_gap(language: str, reason: Reason) -> None:
    (decision,) = MOMENTS[reason].plan.decisions
    if reason in (Reason.HELD, Reason.MANUAL_AUTOMATION, Reason.OTHER_SITE):
        return
    text = reason_text(decision.why, {**PLACES, "unit": ""}, language)

    assert text == text.strip()
    assert " ," not in text


def test_another_language_is_english() -> None:
    (decision,) = MOMENTS[Reason.CHEAP].plan.decisions
    english = decision_text(decision, PLACES, "en")

    assert decision_text(decision, PLACES, "fr") == english
    assert decision_text(decision, PLACES, "en-GB") == english
    assert decision_text(decision, PLACES, "de-AT") != english


@every_language
@pytest.mark.parametrize("action", TEXTS["en"]["actions"])
def test_every_line_names_its_miners(language: str, action: str) -> None:
    """One miner, or several, for which some lines have another verb."""
    for miners in (["Ada"], ["Ada", "Bea"]):
        line = action_text(action, miners, "so", language, percent=80)
        assert line.startswith(", ".join(miners))
        assert line.endswith("so")
    one = action_text("stays_on", ["Ada"], "so", language)
    two = action_text("stays_on", ["Ada", "Bea"], "so", language)
    assert two != one.replace("Ada", "Ada, Bea")


def test_a_time_of_another_day_has_its_date(hass: HomeAssistant) -> None:
    now = dt_util.now()
    soon, later = now, now + timedelta(days=3)
    line = action_text("stays_on", ["Ada"], "so", "en", until=soon)
    assert line == f"Ada stays on until {soon:%H:%M}: so"
    line = action_text("stays_on", ["Ada"], "so", "en", until=later)
    assert line == f"Ada stays on until {later:%Y-%m-%d %H:%M}: so"


def test_a_number_has_the_decimal_point_of_the_language() -> None:
    why = Why.of(Reason.EXPENSIVE, price=0.31, limit=0.3)
    places = {**PLACES, "unit": " EUR/kWh"}
    assert reason_text(why, places, "en") == "0.31 is above 0.3 EUR/kWh"
    assert reason_text(why, places, "de") == "0,31 liegt über 0,3 EUR/kWh"


@pytest.mark.usefixtures("hass_storage")
async def test_get_state_says_what_the_sensor_says(fleet: Fleet, ada: Owned) -> None:
    target = {"device_id": ada.coordinator.device_id}
    answer = await ask(fleet.hass, "get_state", target)
    (state,) = answer.values()
    assert state["plan"] is None

    set_price(fleet.hass, HIGH)
    site = await planned(fleet, **LIMITS)
    await looked(site)
    answer = await ask(fleet.hass, "get_state", target)
    (state,) = answer.values()
    expected = {"site": "Shed", "sensor": "sensor.shed_plan", **said(site, ada)}
    assert state["plan"] == expected
    assert state["plan"]["text"] == "Off: 0.4 is above 0.3 EUR/kWh"
    assert state["plan"]["switched_by"] == "plan"
    await fleet.hass.config_entries.async_unload(site.entry.entry_id)
    answer = await ask(fleet.hass, "get_state", target)
    (state,) = answer.values()
    assert state["plan"] is None
