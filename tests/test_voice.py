"""A miner in Home Assistant's own assistant, Assist."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
from simulator import SimulatedMiner
from simulator.misbehaviour import Refused

from . import Clock, every_generation, shown
from .assist import ANSWER, DONE, ERROR, Say, expose, start_assist

OFF = {"cmd": "power_off", "respbefore": "true"}
ON = {"cmd": "power_on"}


@pytest.fixture
def language(hass: HomeAssistant, request: pytest.FixtureRequest) -> str:
    """The language of Home Assistant, in which entities have their names."""
    hass.config.language = getattr(request, "param", "en")
    return hass.config.language


@pytest.fixture
def config_entry(
    hass: HomeAssistant, language: str, config_entry: MockConfigEntry
) -> MockConfigEntry:
    """The entry of the miner in the garage."""
    title = {"en": "Garage miner", "de": "Garagenminer"}[language]
    hass.config_entries.async_update_entry(config_entry, title=title)
    return config_entry


@pytest.fixture
async def say(hass: HomeAssistant, language: str, set_up: WhatsminerCoordinator) -> Say:
    """A function that says something to Assist, and returns the kind and text of the answer."""
    return await start_assist(hass, language)


@every_generation
@pytest.mark.usefixtures("entity_registry_enabled_by_default", "say")
async def test_assist_is_given_the_switch_and_temperatures(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    config_entry: MockConfigEntry,
) -> None:
    """Nothing else that changes a miner is exposed by default."""
    exposed = [
        entry
        for entry in er.async_entries_for_config_entry(
            entity_registry, config_entry.entry_id
        )
        if async_should_expose(hass, "conversation", entry.entity_id)
    ]

    assert [entry.entity_id for entry in exposed if entry.domain != "sensor"] == [
        "switch.garage_miner"
    ]
    assert {
        entry.original_device_class for entry in exposed if entry.domain == "sensor"
    } == {SensorDeviceClass.TEMPERATURE}


@pytest.mark.parametrize(
    ("language", "off", "on"),
    [
        ("en", "turn off the garage miner", "turn on the garage miner"),
        ("en", "switch the garage miner off", "switch on the garage miner"),
        ("de", "schalte den Garagenminer aus", "schalte den Garagenminer ein"),
        ("de", "Garagenminer aus", "mach den Garagenminer an"),
    ],
    indirect=["language"],
)
async def test_mining_is_switched_by_voice(
    hass: HomeAssistant, miner: SimulatedMiner, say: Say, off: str, on: str
) -> None:
    assert (await say(off))[0] == DONE
    assert miner.writes == [OFF]

    assert (await say(on))[0] == DONE
    assert miner.writes == [OFF, ON]


@pytest.mark.parametrize(
    ("language", "question", "while_on", "while_off"),
    [
        ("en", "is the garage miner on", "Yes", "No, off"),
        ("en", "is the garage miner off", "No, on", "Yes"),
        ("de", "ist der Garagenminer an", "Ja", "Nein, aus"),
    ],
    indirect=["language"],
)
async def test_one_asks_whether_it_mines(
    say: Say,
    clock: Clock,
    miner: SimulatedMiner,
    question: str,
    while_on: str,
    while_off: str,
) -> None:
    assert await say(question) == (ANSWER, while_on)

    miner.state.mining = False
    await clock.next_poll()

    assert await say(question) == (ANSWER, while_off)


async def test_the_hash_rate_has_to_be_exposed(hass: HomeAssistant, say: Say) -> None:
    assert await say("what is the garage miner hash rate") == (
        ERROR,
        "Sorry, Garage miner Hash rate is not exposed",
    )

    expose(hass, "sensor.garage_miner_hash_rate")

    assert (await say("what is the garage miner hash rate"))[0] == ANSWER


@pytest.mark.parametrize(
    ("language", "entity_id", "question", "unit"),
    [
        ("en", "garage_miner_hash_rate", "what is the garage miner hash rate", "TH/s"),
        ("en", "garage_miner_hash_rate", "what is the garage miner hashrate", "TH/s"),
        ("en", "garage_miner_power", "what is the garage miner power", "W"),
        (
            "en",
            "garage_miner_efficiency",
            "what is the garage miner efficiency",
            "J/TH",
        ),
        ("en", "garage_miner_energy", "what is the garage miner energy", "kWh"),
        ("de", "garagenminer_hashrate", "was ist die Garagenminer Hashrate", "TH/s"),
        ("de", "garagenminer_hashrate", "wie ist die Garagenminer Hashrate", "TH/s"),
        ("de", "garagenminer_leistung", "wie ist die Garagenminer Leistung", "W"),
    ],
    indirect=["language"],
)
async def test_one_asks_for_readings(
    hass: HomeAssistant, say: Say, entity_id: str, question: str, unit: str
) -> None:
    """A question has the name of the miner, then that of the sensor; the answer is rounded."""
    expose(hass, f"sensor.{entity_id}")

    kind, answer = await say(question)

    assert kind == ANSWER
    *_, number, spoken_unit = answer.split()
    assert float(number) == pytest.approx(
        float(shown(hass, f"sensor.{entity_id}")), rel=0.01
    )
    assert spoken_unit == unit


@pytest.mark.parametrize(
    ("language", "entity_id", "question", "answer"),
    [
        (
            "en",
            "garage_miner_hash_rate",
            "what is the hash rate of the garage miner",
            (ANSWER, "Garage miner is on"),
        ),
        (
            "de",
            "garagenminer_hashrate",
            "wie hoch ist die Garagenminer Hashrate",
            (ERROR, "Kein Bereich mit dem Namen Garagenminer Hashrate vorhanden"),
        ),
    ],
    indirect=["language"],
)
async def test_not_every_question_is_understood(
    hass: HomeAssistant,
    say: Say,
    entity_id: str,
    question: str,
    answer: tuple[str, str],
) -> None:
    """The page warns of these; if Home Assistant understands them one day, it need not."""
    expose(hass, f"sensor.{entity_id}")

    assert await say(question) == answer


async def test_the_owners_own_name_counts(
    device_registry: dr.DeviceRegistry,
    set_up: WhatsminerCoordinator,
    miner: SimulatedMiner,
    say: Say,
) -> None:
    device_registry.async_update_device(set_up.device_id, name_by_user="Heater")

    assert (await say("turn off the heater"))[0] == DONE

    assert miner.writes == [OFF]


async def test_the_area_helps_to_tell_miners_apart(
    area_registry: ar.AreaRegistry,
    device_registry: dr.DeviceRegistry,
    set_up: WhatsminerCoordinator,
    miner: SimulatedMiner,
    say: Say,
) -> None:
    """A command for the lights of a room does not reach a miner."""
    device_registry.async_update_device(
        set_up.device_id,
        name_by_user="Miner",
        area_id=area_registry.async_create("Cellar").id,
    )

    assert (await say("turn off all lights in the cellar"))[0] == ERROR
    assert miner.writes == []

    assert (await say("turn off the miner in the cellar"))[0] == DONE
    assert miner.writes == [OFF]


async def test_a_refusal_is_heard(miner: SimulatedMiner, say: Say) -> None:
    miner.misbehave("power_off", Refused(45))

    assert (await say("turn off the garage miner"))[0] == ERROR
    assert await say("is the garage miner on") == (ANSWER, "Yes")


@pytest.mark.parametrize(
    "text",
    [
        "set the garage miner power percent to 60",
        "set the garage miner power mode to low",
        "press garage miner reboot",
        "restart the garage miner",
    ],
)
async def test_nothing_else_can_be_said(
    hass: HomeAssistant, miner: SimulatedMiner, say: Say, text: str
) -> None:
    """Home Assistant has no sentences for numbers, selects and buttons, even exposed ones."""
    for domain in ("number", "select", "button"):
        for entity_id in hass.states.async_entity_ids(domain):
            expose(hass, entity_id)

    assert (await say(text))[0] == ERROR

    assert miner.writes == []
