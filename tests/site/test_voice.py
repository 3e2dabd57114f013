"""A site in Home Assistant's own assistant, Assist, without a blueprint."""

import re

import pytest
from pytest_homeassistant_custom_component.common import MockUser, async_mock_service

from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.setup import async_setup_component
from tests import act, shown
from tests.assist import ANSWER, DONE, ERROR, Say, expose, start_assist
from tests.fleet import Fleet, Owned
from tests.words import forget, sent

from . import add_site


def switched(*owned: Owned) -> list[list[str]]:
    """Return how mining was switched at miners since this was last asked."""
    found = [
        [command for command in sent(each.miner) if command.startswith("power_")]
        for each in owned
    ]
    for each in owned:
        forget(each.miner)
    return found


@pytest.fixture
def language(hass: HomeAssistant, request: pytest.FixtureRequest) -> str:
    """The language of Home Assistant, in which entities have their names."""
    hass.config.language = getattr(request, "param", "en")
    return hass.config.language


@pytest.fixture
async def both(fleet: Fleet, language: str) -> tuple[Owned, Owned]:
    """Two miners, whose names have the word miner in them."""
    titles = {
        "en": ("Garage miner", "Roof miner"),
        "de": ("Garagenminer", "Dachminer"),
    }
    first, second = titles[language]
    return await fleet.add(first), await fleet.add(second)


@pytest.fixture
async def say(hass: HomeAssistant, language: str, both: tuple[Owned, Owned]) -> Say:
    """A function that says something to Assist."""
    return await start_assist(hass, language)


async def add_named(fleet: Fleet, name: str) -> str:
    """Set up a site with all miners, and return the id of its switch."""
    await add_site(fleet, name)
    return f"switch.{name.lower().replace(' ', '_')}"


def put_in_area(name: str, *owned: Owned) -> None:
    """Put miners into a new area."""
    area = ar.async_get(owned[0].hass).async_create(name).id
    for each in owned:
        dr.async_get(each.hass).async_update_device(
            each.coordinator.device_id, area_id=area
        )


async def test_assist_is_given_the_switch_only(
    hass: HomeAssistant, say: Say, fleet: Fleet, entity_registry: er.EntityRegistry
) -> None:
    site = await add_site(fleet)

    assert [
        entry.entity_id
        for entry in er.async_entries_for_config_entry(
            entity_registry, site.entry.entry_id
        )
        if async_should_expose(hass, "conversation", entry.entity_id)
    ] == ["switch.shed"]


@pytest.mark.parametrize(
    ("language", "name", "area", "off", "on"),
    [
        ("en", "All miners", False, "turn off all miners", "turn on all miners"),
        ("en", "All miners", True, "all miners off", "switch all miners on"),
        ("en", "Shed", False, "turn off the shed", "turn on the shed"),
        ("en", "Shed", True, "switch the shed off", "switch on the shed"),
        ("en", "Shed miners", True, "turn the shed miners off", "shed miners on"),
        ("en", "Shed miners", False, "turn off the miners", "turn on the shed miners"),
        ("de", "Alle Miner", False, "schalte alle Miner aus", "schalte alle Miner ein"),
        ("de", "Alle Miner", True, "alle Miner aus", "mach alle Miner an"),
        ("de", "Schuppen", False, "schalte den Schuppen aus", "mach den Schuppen an"),
        ("de", "Schuppen", True, "Schuppen aus", "schalte den Schuppen ein"),
        ("de", "Schuppenminer", True, "Schuppenminer aus", "Schuppenminer an"),
    ],
    indirect=["language"],
)
async def test_all_miners_are_switched_by_the_name_of_their_site(
    fleet: Fleet,
    say: Say,
    both: tuple[Owned, Owned],
    name: str,
    off: str,
    on: str,
    area: bool,
) -> None:
    """An area of the same name with the same miners makes no difference."""
    await add_named(fleet, name)
    if area:
        put_in_area(name, *both)

    assert (await say(off))[0] == DONE
    assert switched(*both) == [["power_off"], ["power_off"]]

    assert (await say(on))[0] == DONE
    assert switched(*both) == [["power_on"], ["power_on"]]


@pytest.mark.parametrize(
    ("language", "name", "question", "while_on", "while_off"),
    [
        ("en", "All miners", "are all miners on", "Yes", "No, off"),
        ("en", "Shed", "is the shed on", "Yes", "No, off"),
        ("en", "Shed", "is the shed off", "No, on", "Yes"),
        ("de", "Alle Miner", "sind alle Miner an", "Ja", "Nein, aus"),
        ("de", "Schuppen", "ist der Schuppen an", "Ja", "Nein, aus"),
    ],
    indirect=["language"],
)
async def test_one_asks_whether_a_site_is_on(
    fleet: Fleet,
    say: Say,
    both: tuple[Owned, Owned],
    name: str,
    question: str,
    while_on: str,
    while_off: str,
) -> None:
    """It is on unless it holds its miners off, even if they are off."""
    switch = await add_named(fleet, name)
    for each in both:
        each.miner.state.mining = False
    await fleet.clock.next_poll()
    assert await say(question) == (ANSWER, while_on)

    await act(fleet.hass, "switch.turn_off", switch)

    assert await say(question) == (ANSWER, while_off)


@pytest.mark.parametrize(
    ("language", "name", "key", "question"),
    [
        ("en", "Shed", "hash_rate", "what is the shed hash rate"),
        ("en", "Shed", "power", "what is the shed power"),
        ("en", "Shed", "efficiency", "what is the shed efficiency"),
        ("en", "All miners", "hash_rate", "what is the all miners hash rate"),
        ("de", "Schuppen", "hashrate", "was ist die Schuppen Hashrate"),
        ("de", "Schuppen", "leistung", "wie ist die Schuppen Leistung"),
        ("de", "Alle Miner", "hashrate", "wie ist alle Miner Hashrate"),
    ],
    indirect=["language"],
)
async def test_one_asks_for_readings_that_are_exposed(
    fleet: Fleet, say: Say, name: str, key: str, question: str
) -> None:
    site = await add_site(fleet, name)
    await site.settle()
    sensor = f"sensor.{name.lower().replace(' ', '_')}_{key}"
    assert (await say(question))[0] == ERROR

    expose(fleet.hass, sensor)

    kind, answer = await say(question)
    assert kind == ANSWER
    number = next(float(word) for word in answer.split() if word[0].isdigit())
    assert number == pytest.approx(float(shown(fleet.hass, sensor)), rel=0.01)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "turn off all miners"),
        ("en", "turn off the shed miners"),
        ("de", "schalte alle Miner aus"),
        ("de", "schalte die Miner aus"),
    ],
    indirect=["language"],
)
async def test_without_a_site_of_that_name_nothing_is_switched(
    say: Say, both: tuple[Owned, Owned], text: str
) -> None:
    """Miners whose names have the word miner in them are not all miners."""
    put_in_area("Shed", *both)

    assert (await say(text))[0] == ERROR

    assert switched(*both) == [[], []]


async def test_a_miner_whose_name_is_nearly_all_miners_is_taken_for_it(
    fleet: Fleet, say: Say, both: tuple[Owned, Owned]
) -> None:
    """Home Assistant forgives two letters, unless a site has the very name."""
    garage, roof = both
    hall = await fleet.add("Hall miner")

    assert (await say("turn off all miners"))[0] == DONE
    assert switched(garage, roof, hall) == [[], [], ["power_off"]]

    await add_named(fleet, "All miners")
    assert (await say("turn off all miners"))[0] == DONE
    assert switched(garage, roof) == [["power_off"], ["power_off"]]


@pytest.mark.parametrize(
    ("language", "name", "text"),
    [
        ("en", "All miners", "turn off all the miners"),
        ("en", "All miners", "turn off every miner"),
        ("en", "All miners", "turn off the miners"),
        ("de", "Alle Miner", "schalte die Miner aus"),
        ("de", "Alle Miner", "schalte sämtliche Miner aus"),
    ],
    indirect=["language"],
)
async def test_other_words_for_all_need_an_alias(
    fleet: Fleet,
    say: Say,
    both: tuple[Owned, Owned],
    entity_registry: er.EntityRegistry,
    name: str,
    text: str,
) -> None:
    switch = await add_named(fleet, name)
    assert (await say(text))[0] == ERROR
    assert switched(*both) == [[], []]

    alias = re.sub("^turn off |^schalte | aus$", "", text)
    entity_registry.async_update_entity(switch, aliases=[er.COMPUTED_NAME, alias])

    assert (await say(text))[0] == DONE
    assert switched(*both) == [["power_off"], ["power_off"]]


MEANT_FOR_OTHERS = (
    "turn off the lights in the shed",
    "turn off the shed lamp",
    "turn off the heater in the shed",
)


@pytest.mark.parametrize(
    ("name", "area", "switches"),
    [
        ("Shed", False, [True, True, True]),
        ("Shed", True, [False, False, True]),
        ("Shed miners", False, [False, False, False]),
        ("Shed miners", True, [False, False, False]),
    ],
)
async def test_a_site_that_is_called_like_a_place_gets_what_is_meant_for_others(
    fleet: Fleet,
    say: Say,
    both: tuple[Owned, Owned],
    name: str,
    area: bool,
    switches: list[bool],
) -> None:
    """Home Assistant takes the next best in English. The page advises the word miners in the name."""
    switch = await add_named(fleet, name)
    if area:
        put_in_area("Shed", *both)

    off = []
    for text in MEANT_FOR_OTHERS:
        await say(text)
        off.append(shown(fleet.hass, switch) == "off")
        await act(fleet.hass, "switch.turn_on", switch)

    assert off == switches


async def test_what_has_the_name_that_is_said_gets_it(
    fleet: Fleet, say: Say, both: tuple[Owned, Owned]
) -> None:
    hass = fleet.hass
    await add_named(fleet, "Shed")
    assert await async_setup_component(hass, "light", {})
    calls = async_mock_service(hass, "light", "turn_off")
    hass.states.async_set("light.lamp", "on", {"friendly_name": "Shed lamp"})

    assert (await say("turn off the shed lamp"))[0] == DONE

    assert [call.data["entity_id"] for call in calls] == [["light.lamp"]]
    assert switched(*both) == [[], []]


@pytest.mark.parametrize("language", ["de"], indirect=True)
@pytest.mark.parametrize("area", [False, True])
async def test_in_german_it_does_not(
    fleet: Fleet, say: Say, both: tuple[Owned, Owned], area: bool
) -> None:
    await add_named(fleet, "Schuppen")
    if area:
        put_in_area("Schuppen", *both)

    for text in (
        "schalte das Licht im Schuppen aus",
        "schalte das Schuppenlicht aus",
        "schalte die Heizung im Schuppen aus",
        "schalte alles im Schuppen aus",
    ):
        assert (await say(text))[0] == ERROR, text
    assert switched(*both) == [[], []]


async def test_a_miner_that_does_not_answer_is_heard_and_the_others_stop(
    fleet: Fleet, say: Say, both: tuple[Owned, Owned]
) -> None:
    """It is stopped as soon as it answers."""
    garage, roof = both
    switch = await add_named(fleet, "All miners")
    await roof.miner.disconnect()
    await fleet.clock.next_poll(2)

    assert (await say("turn off all miners"))[0] == ERROR
    assert switched(garage) == [["power_off"]]
    assert shown(fleet.hass, switch) == "off"

    roof.miner.reconnect()
    await fleet.clock.next_poll(2)
    assert switched(roof) == [["power_off"]]


async def test_what_is_held_off_is_turned_on_by_a_person_or_with_its_site(
    fleet: Fleet, say: Say, both: tuple[Owned, Owned], hass_admin_user: MockUser
) -> None:
    """A voice satellite does not know who speaks: it is no person."""
    await add_named(fleet, "All miners")
    await say("turn off all miners")
    switched(*both)

    assert (await say("turn on the garage miner"))[0] == ERROR
    assert switched(*both) == [[], []]

    ask = await start_assist(fleet.hass, "en", Context(user_id=hass_admin_user.id))
    assert (await ask("turn on the garage miner"))[0] == DONE
    assert switched(*both) == [["power_on"], []]

    assert (await say("turn on all miners"))[0] == DONE
    assert switched(*both) == [[], ["power_on"]]
