"""Voice: which commands sentences send to miners, and what the assistant answers."""

from typing import Final

import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from homeassistant.helpers import area_registry as ar, device_registry as dr
from homeassistant.setup import async_setup_component
from simulator import Refused
from tests import ACCEPTED_ONLY
from tests.fleet import Owned

from . import either_protocol, take_commands
from .assist import Assist, rename

SET_TO_60: Final = "set_power_pct_v2 60"


@pytest.fixture
async def shed(assist: Assist) -> Owned:
    return await assist.home.fleet.add("Shed")


def take_all(*miners: Owned) -> list[list[str]]:
    """Return the commands that miners have received since they were last taken."""
    return [take_commands(each) for each in miners]


@pytest.mark.parametrize(
    ("language", "answer", "texts"),
    [
        (
            "en",
            "Garage is set to 60 percent.",
            [
                "Set the garage miner to 60 percent.",
                "set garage miner to 60%",
                "please set my GARAGE miner to 60 %",
                "set the miner in the garage to 60 percent",
                "set miner garage to sixty percent",
                "set the power of the garage to 60 percent",
                "set the garage miner power to 60 percent",
                "set garage power to 60 percent",
                "turn the garage miner to 60 percent",
                "set all miners to 60 percent",
                "set the miner to 60.0 percent",
            ],
        ),
        (
            "de",
            "Garage ist auf 60 Prozent gestellt.",
            [
                "Stelle den Garagenminer auf 60 Prozent.",
                "stell den Miner in der Garage auf 60%",
                "setze Miner Garage auf sechzig Prozent",
                "stelle die Leistung der Garage auf 60 %",
                "stelle die Leistung vom Garagenminer auf 60 Prozent",
                "bitte drossle alle Miner auf 60 Prozent",
                "stelle den Miner auf 60 Prozent",
            ],
        ),
    ],
    ids=["en", "de"],
)
@either_protocol
async def test_a_percent_is_set(
    assist: Assist, language: str, answer: str, texts: list[str]
) -> None:
    """The answer is in the language of the sentence."""
    await assist.hear()

    for text in texts:
        assert (await assist.say(text, language), assist.take_commands()) == (
            answer,
            [SET_TO_60],
        ), text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            {
                "zero": 0,
                "five": 5,
                "twelve": 12,
                "twenty": 20,
                "sixty five": 65,
                "ninety-nine": 99,
                "a hundred": 100,
            },
        ),
        (
            "de",
            {
                "null": 0,
                "eins": 1,
                "fünf": 5,
                "zwölf": 12,
                "zwanzig": 20,
                "fünfundsechzig": 65,
                "einundneunzig": 91,
                "hundert": 100,
            },
        ),
    ],
    ids=["en", "de"],
)
async def test_numbers_may_be_words(
    assist: Assist, language: str, words: dict[str, int]
) -> None:
    """Speech recognition writes digits or words."""
    await assist.hear()

    for word, number in words.items():
        await assist.say(
            {
                "en": f"set the garage miner to {word} percent",
                "de": f"stelle den Garagenminer auf {word} Prozent",
            }[language],
            language,
        )
        assert assist.take_commands() == [f"set_power_pct_v2 {number}"], word


@either_protocol
async def test_a_percent_may_be_set_fast(assist: Assist) -> None:
    await assist.hear(percent_method="fast")

    await assist.say("set the garage miner to 60 percent")

    assert assist.take_commands() == ["set_power_pct 60"]


@pytest.mark.parametrize(
    ("language", "text", "answer"),
    [
        (
            "en",
            "set the garage miner to 101 percent",
            "I need a whole number from 0 to 100, not 101.",
        ),
        (
            "en",
            "set the garage miner to -5 percent",
            "I need a whole number from 0 to 100, not -5.",
        ),
        (
            "en",
            "set the garage miner to lots of percent",
            "I need a whole number from 0 to 100, not lots of.",
        ),
        (
            "de",
            "stelle den Garagenminer auf 60,5 Prozent",
            "Ich brauche eine ganze Zahl von 0 bis 100, nicht 60,5.",
        ),
    ],
)
async def test_what_is_no_percent_is_not_sent(
    assist: Assist, language: str, text: str, answer: str
) -> None:
    await assist.hear()

    assert await assist.say(text, language) == answer
    assert assist.take_commands() == []


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        (
            "en",
            {
                "put the garage into low power mode": ("low", "set_low_power"),
                "set the garage miner to high power mode": ("high", "set_high_power"),
                "switch garage to normal power mode": ("normal", "set_normal_power"),
                "set the power mode of the garage to low": ("low", "set_low_power"),
                "set garage power mode to normal": ("normal", "set_normal_power"),
            },
        ),
        (
            "de",
            {
                "Schalte die Garage in den Energiesparmodus": (
                    "niedrigen",
                    "set_low_power",
                ),
                "Garage in den Hochleistungsmodus": ("hohen", "set_high_power"),
                "stelle den Garagenminer in den normalen Leistungsmodus": (
                    "normalen",
                    "set_normal_power",
                ),
                "versetze alle Miner in den niedrigen Leistungsmodus": (
                    "niedrigen",
                    "set_low_power",
                ),
                "stelle den Leistungsmodus der Garage auf hoch": (
                    "hohen",
                    "set_high_power",
                ),
            },
        ),
    ],
    ids=["en", "de"],
)
@either_protocol
async def test_a_power_mode_is_chosen(
    assist: Assist, language: str, texts: dict[str, tuple[str, str]]
) -> None:
    await assist.hear()

    for text, (mode, command) in texts.items():
        assert (await assist.say(text, language), assist.take_commands()) == (
            {
                "en": f"Garage is in {mode} power mode.",
                "de": f"Garage ist im {mode} Leistungsmodus.",
            }[language],
            [command],
        ), text
        # Mining is not restarted twice within a minute.
        await assist.home.wait(2)


async def test_a_mode_that_is_chosen_already_is_not_sent(assist: Assist) -> None:
    """Setting a mode restarts mining."""
    await assist.hear()

    answer = await assist.say("put the garage into normal power mode")
    assert answer == "Garage is in normal power mode."
    assert assist.take_commands() == []


async def test_a_name_may_have_the_words_of_a_mode(assist: Assist) -> None:
    """The last word that names a mode counts."""
    rename(assist.garage, "High shelf")
    await assist.hear()

    answer = await assist.say("put the high shelf into low power mode")
    assert answer == "High shelf is in low power mode."
    assert assist.take_commands() == ["set_low_power"]


@either_protocol
async def test_one_asks_how_much_a_miner_mines(assist: Assist) -> None:
    """Numbers are rounded for speech."""
    await assist.hear()
    rate = round(float(assist.garage.shown("sensor", "hash_rate")))
    power = round(float(assist.garage.shown("sensor", "power")))
    share = round(float(assist.garage.shown("sensor", "efficiency")), 1)

    for text in ("How much is the garage miner mining?", "how much does garage mine"):
        assert await assist.say(text) == (
            f"Garage is mining at {rate} terahash per second with {power} watts, "
            f"which is {share} joules per terahash."
        )
    for text in ("Wie viel schürft die Garage?", "wie viel mint der Garagenminer"):
        assert await assist.say(text, "de") == (
            f"Garage schürft mit {rate} Terahash pro Sekunde und {power} Watt, "
            f"das sind {str(share).replace('.', ',')} Joule pro Terahash."
        )
    assert assist.garage.miner.requests == []


async def test_all_are_added_up(assist: Assist, hall: Owned, shed: Owned) -> None:
    """Miners that do not mine are named."""
    await assist.hear(assist.garage, hall, shed)
    hall.miner.state.mining = False
    await assist.home.wait(1)
    rates = [float(each.shown("sensor", "hash_rate")) for each in (assist.garage, shed)]

    answer = await assist.say("how much are all miners mining")

    assert answer.startswith(
        f"Garage and Shed are mining together at {round(sum(rates))} terahash per second with "
    )
    assert answer.endswith(" Hall is stopped.")


@either_protocol
async def test_what_does_not_mine_says_so(assist: Assist) -> None:
    await assist.hear()

    assist.garage.miner.state.mining = False
    await assist.home.wait(1)
    assert await assist.say("how much is garage mining") == "Garage is stopped."
    assert await assist.say("wie viel schürft garage", "de") == "Garage ist gestoppt."

    assist.garage.miner.state.mining = True
    await assist.home.wait(0.5)
    answer = await assist.say("how much is garage mining")
    assert answer == "Garage is on, but is not mining at the moment."

    await assist.garage.miner.disconnect()
    await assist.home.wait(2)
    assert await assist.say("how much is garage mining") == "Garage does not answer."


@either_protocol
async def test_a_miner_that_is_off_or_gone_is_told_nothing(assist: Assist) -> None:
    await assist.hear()

    assist.garage.miner.state.mining = False
    await assist.home.wait(1)
    for text in ("set the garage miner to 60%", "put the garage in low power mode"):
        assert await assist.say(text) == (
            "Garage is stopped, so I changed nothing there."
        )
    assert assist.take_commands() == []

    await assist.garage.miner.disconnect()
    await assist.home.wait(2)
    answer = await assist.say("stelle den Garagenminer auf 60%", "de")
    assert answer == "Garage antwortet nicht."
    assert assist.take_commands() == []


@either_protocol
async def test_a_miner_that_starts_takes_no_percent_and_says_so(
    assist: Assist, shed: Owned
) -> None:
    """It would not stay. A mode is taken: mining starts anew with it."""
    await assist.hear(assist.garage, shed)
    assist.garage.miner.state.restart()
    assist.garage.miner.state.set_boards(alive=False)
    await assist.home.wait(2)
    take_all(assist.garage, shed)

    assert await assist.say("set the garage miner to 60 percent") == (
        "Garage is still starting, please try again later."
    )
    assert await assist.say("stelle alle Miner auf 60 Prozent", "de") == (
        "Shed ist auf 60 Prozent gestellt. "
        "Garage startet noch, bitte versuche es später noch einmal."
    )
    assert take_all(assist.garage, shed) == [[], [SET_TO_60]]

    await assist.home.wait(60)
    assert await assist.say("set the garage miner to 60 percent") == (
        "Garage is set to 60 percent."
    )
    assert take_all(assist.garage) == [[SET_TO_60]]


async def test_a_refusal_is_never_called_done(assist: Assist) -> None:
    await assist.hear()
    await assist.say("set the garage miner to 60 percent")
    assist.take_commands()

    for command in ("set_power_pct_v2", "set_low_power"):
        assist.garage.miner.misbehave(command, Refused(132))
    for text in (
        "set the garage miner to 70 percent",
        "set the garage miner to 60 percent",
        "put the garage in low power mode",
    ):
        assert await assist.say(text) == "Garage did not confirm the change.", text
    answer = await assist.say("stelle den Garagenminer auf 80 Prozent", "de")
    assert answer == "Garage hat die Änderung nicht bestätigt."


async def test_one_that_refuses_does_not_stop_the_others(
    assist: Assist, hall: Owned, shed: Owned
) -> None:
    await assist.hear(assist.garage, hall, shed)
    assist.garage.miner.misbehave("set_power_pct_v2", Refused(132))
    await shed.miner.disconnect()
    await assist.home.wait(2)

    answer = await assist.say("set all miners to 60 percent")

    assert answer == (
        "Hall is set to 60 percent. Garage did not confirm the change. "
        "Shed does not answer."
    )
    assert take_commands(hall) == [SET_TO_60]


async def test_others_than_the_one_that_is_named_are_told_nothing(
    assist: Assist, hall: Owned
) -> None:
    await assist.hear()

    answer = await assist.say("set the hall miner to 60 percent")
    assert answer == "No miner is called the hall. I know Garage."
    answer = await assist.say("stelle den Dachminer auf 60 Prozent", "de")
    assert answer == "Kein Miner heißt den Dach. Ich kenne Garage."
    answer = await assist.say("set all miners to 60 percent")
    assert answer == "Garage is set to 60 percent."
    assert assist.take_commands() == [SET_TO_60]
    assert take_commands(hall) == []


async def test_names_that_contain_each_other_are_told_apart(
    assist: Assist, hall: Owned, shed: Owned
) -> None:
    """A whole name counts first, also where its miner does not answer."""
    rename(assist.garage, "Garage")
    rename(hall, "Garage 2")
    rename(shed, "Garage 12")
    await assist.hear(assist.garage, hall, shed)

    await assist.say("set the garage miner to 60 percent")
    assert take_all(assist.garage, hall, shed) == [[SET_TO_60], [], []]
    await assist.say("set the garage 2 miner to 60 percent")
    assert take_all(assist.garage, hall, shed) == [[], [SET_TO_60], []]
    await assist.say("set garage miner 12 to 60 percent")
    assert take_all(assist.garage, hall, shed) == [[], [], [SET_TO_60]]

    await assist.garage.miner.disconnect()
    await assist.home.wait(2)
    answer = await assist.say("set the garage miner to 70 percent")
    assert answer == "Garage does not answer."
    assert (take_commands(hall), take_commands(shed)) == ([], [])


async def test_what_fits_several_is_asked_back(assist: Assist, hall: Owned) -> None:
    """A word that only one name contains is enough."""
    rename(assist.garage, "Cellar left")
    rename(hall, "Cellar right")
    await assist.hear(assist.garage, hall)

    for text in ("set the cellar miner to 60%", "set the miner to 60%"):
        assert await assist.say(text) == (
            "Which miner do you mean: Cellar left or Cellar right?"
        )
    answer = await assist.say("wie viel schürft cellar", "de")
    assert answer == "Welchen Miner meinst du: Cellar left oder Cellar right?"
    assert take_all(assist.garage, hall) == [[], []]

    answer = await assist.say("set the left miner to 60%")
    assert answer == "Cellar left is set to 60 percent."
    assert take_all(assist.garage, hall) == [[SET_TO_60], []]


async def test_the_area_names_the_only_miner_in_it(assist: Assist, hall: Owned) -> None:
    rename(assist.garage, "M30S")
    area = ar.async_get(assist.garage.hass).async_create("Basement")
    dr.async_get(assist.garage.hass).async_update_device(
        assist.garage.coordinator.device_id, area_id=area.id
    )
    await assist.hear(assist.garage, hall)

    answer = await assist.say("set the basement miner to 60 percent")
    assert answer == "M30S is set to 60 percent."
    assert take_all(assist.garage, hall) == [[SET_TO_60], []]


async def test_a_name_with_the_word_miner_in_it(assist: Assist) -> None:
    rename(assist.garage, "Whatsminer Garage-Süd")
    await assist.hear()

    for text in (
        "set the Whatsminer Garage Süd to 60 percent",
        "set power of whatsminer garage-süd to 60 percent",
        "set the miner garage süd to 60 percent",
    ):
        assert (await assist.say(text), assist.take_commands()) == (
            "Whatsminer Garage-Süd is set to 60 percent.",
            [SET_TO_60],
        ), text


async def test_lamps_are_left_to_home_assistant(assist: Assist) -> None:
    assert await async_setup_component(assist.home.hass, "light", {})
    dimmed = async_mock_service(assist.home.hass, "light", "turn_on")
    assist.home.hass.states.async_set(
        "light.garage",
        "on",
        {"friendly_name": "Garage light", "supported_color_modes": ["brightness"]},
    )
    await assist.hear()

    await assist.say("set garage light brightness to 50 percent")
    await assist.say("stelle die Helligkeit von Garage light auf 50 Prozent", "de")
    await assist.say("set the garage light to 50 percent")

    assert [call.data["brightness_pct"] for call in dimmed] == [50, 50, 50]
    assert assist.take_commands() == []


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("en", ["set the garage to 60 percent", "set the garage miner to 60%"]),
        (
            "de",
            ["stelle die Garage auf 60 %", "stelle den Garagenminer auf 60 Prozent"],
        ),
    ],
)
async def test_the_word_miner_may_be_left_out(
    assist: Assist, language: str, texts: list[str]
) -> None:
    await assist.hear(any_name=True)

    for text in texts:
        assert "Garage" in await assist.say(text, language)
        assert assist.take_commands() == [SET_TO_60], text
    assert await assist.say("set the lamp to 60 percent") == (
        "No miner is called the lamp. I know Garage."
    )
    assert assist.take_commands() == []


async def test_a_long_list_is_cut(assist: Assist) -> None:
    miners = [await assist.home.fleet.add(f"Rack {number}") for number in range(1, 8)]
    await assist.hear(*miners)

    assert await assist.say("set the attic miner to 60 percent") == (
        "No miner is called the attic. "
        "I know Rack 1, Rack 2, Rack 3, Rack 4, Rack 5 and 2 more."
    )
    assert await assist.say("stelle alle Miner auf 60 Prozent", "de") == (
        "Rack 1, Rack 2, Rack 3, Rack 4, Rack 5 und 2 weitere "
        "sind auf 60 Prozent gestellt."
    )
    assert [take_commands(each) for each in miners] == [[SET_TO_60]] * 7


async def test_a_promise_without_a_deed_is_not_done_later(assist: Assist) -> None:
    """Some firmware accepts a command and does nothing, and is believed until the value is read."""
    await assist.hear()
    assist.garage.miner.misbehave("set_low_power", ACCEPTED_ONLY)

    assert "low" in await assist.say("put the garage into low power mode")
    await assist.home.wait(10)

    assert assist.garage.shown("select", "power_mode") == "normal"
