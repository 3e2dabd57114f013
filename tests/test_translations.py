"""Whether texts and icons agree with the entities, and are such as Home Assistant takes.

hassfest, which would check much of this, cannot run here.
"""

import ast
import importlib
import re
from typing import Any

import pytest

from custom_components.whatsminer import PLATFORMS
from custom_components.whatsminer.api import Category
from custom_components.whatsminer.const import DOMAIN
from homeassistant.components.event import EventEntityDescription
from homeassistant.components.select import SelectEntityDescription
from homeassistant.components.sensor import SensorEntityDescription
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.translation import async_get_translations

from .texts import (
    FOLDER,
    ICONS,
    LANGUAGES,
    SOURCES,
    TEXTS,
    check_translated,
    leaves,
    placeholders,
    said,
)

every_language = pytest.mark.parametrize("language", LANGUAGES)
# Every file that holds something for each entity.
PAPERS = {**TEXTS, "icons": ICONS}
every_paper = pytest.mark.parametrize("papers", PAPERS.values(), ids=PAPERS)


def is_description(value: object) -> bool:
    """Return whether something describes an entity, as Home Assistant's own classes do or ours."""
    if isinstance(value, type):
        return False
    # An object of Home Assistant's own classes is one of another class of the same name.
    names = {kind.__name__ for kind in type(value).__mro__}
    return EntityDescription.__name__ in names


def descriptions(platform: Platform) -> list[EntityDescription]:
    """Return the entities of a platform, of miners and of sites."""
    module = importlib.import_module(f"custom_components.{DOMAIN}.{platform}")
    return [
        item
        for value in vars(module).values()
        for item in (value if isinstance(value, tuple) else (value,))
        if is_description(item)
    ]


def texts_key(description: EntityDescription) -> str:
    """Return under which key an entity has its texts and its icon: its own, if it has no other."""
    return description.translation_key or description.key


ENTITIES = {platform: descriptions(platform) for platform in PLATFORMS}
every_entity = pytest.mark.parametrize(
    ("platform", "description"),
    [
        pytest.param(platform, description, id=f"{platform}.{texts_key(description)}")
        for platform, found in ENTITIES.items()
        for description in found
    ],
)


# Entities


def test_every_platform_has_entities() -> None:
    assert all(ENTITIES.values())


@every_language
@every_entity
def test_every_entity_has_a_name(
    language: str, platform: Platform, description: EntityDescription
) -> None:
    """The name is its own, the device's, or that of its device class."""
    named = TEXTS[language]["entity"].get(platform, {}).get(texts_key(description), {})

    # The base entity makes the key that of the translation. Only the plan of a miner has other
    # states than that of a site.
    assert description.translation_key in (None, "miner_plan")
    if description.name is None:
        assert "name" not in named
    else:
        assert named.get("name") or description.device_class is not None


@every_entity
def test_every_entity_has_an_icon(
    platform: Platform, description: EntityDescription
) -> None:
    """The icon is its own, or that of its device class."""
    assert (
        description.device_class is not None
        or texts_key(description) in ICONS["entity"][platform]
    )


@every_paper
def test_no_entity_is_named_that_does_not_exist(papers: dict[str, Any]) -> None:
    for platform, entities in papers["entity"].items():
        assert set(entities) <= set(map(texts_key, ENTITIES[Platform(platform)]))


@every_paper
@every_entity
def test_states_are_those_of_the_entity(
    papers: dict[str, Any], platform: Platform, description: EntityDescription
) -> None:
    states = set(
        papers["entity"]
        .get(platform, {})
        .get(texts_key(description), {})
        .get("state", {})
    )
    if isinstance(description, SelectEntityDescription | SensorEntityDescription) and (
        description.options
    ):
        assert states <= set(description.options)
        if papers is not ICONS:
            assert states == set(description.options)
    elif (platform, description.key) == (Platform.SENSOR, "fault"):
        assert states == {"none"}  # its other states are sentences
    elif platform in (Platform.BINARY_SENSOR, Platform.SWITCH):
        assert states <= {"on", "off"}
    else:
        assert not states


@every_language
def test_all_that_a_fault_can_be_has_a_text(language: str) -> None:
    attributes = TEXTS[language]["entity"]["event"]["fault"]["state_attributes"]
    (event,) = ENTITIES[Platform.EVENT]

    assert isinstance(event, EventEntityDescription)
    assert set(attributes) == {"event_type", "code", "text", "category"}
    assert list(attributes["event_type"]["state"]) == event.event_types
    assert set(attributes["category"]["state"]) == {*Category}


@every_language
def test_every_device_has_a_name(language: str) -> None:
    named = {
        text
        for tree in [SOURCES["entity.py"]]
        for text in said("ChildDeviceInfo", "translation_key", [tree])
    }

    assert set(TEXTS[language]["device"]) == named
    assert placeholders(TEXTS[language]["device"]) == {"number"}


def test_icons_are_material_design_icons() -> None:
    """Home Assistant has no other icons."""
    for path, icon in leaves(ICONS):
        assert re.fullmatch(r"mdi:[a-z0-9]+(-[a-z0-9]+)*", icon), path
    for entities in ICONS["entity"].values():
        for icons in entities.values():
            assert icons["default"] not in icons.get("state", {}).values()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_platform_leaves_the_order_to_the_client(platform: Platform) -> None:
    """Home Assistant would otherwise hold a power off back behind another command."""
    module = importlib.import_module(f"custom_components.{DOMAIN}.{platform}")

    assert module.PARALLEL_UPDATES == 0


# Languages


def test_every_language_is_checked() -> None:
    assert {path.stem for path in (FOLDER / "translations").iterdir()} == {*LANGUAGES}


@every_language
def test_all_languages_say_the_same(language: str) -> None:
    check_translated(language, TEXTS[language], TEXTS["en"])


@every_language
async def test_home_assistant_reads_all_texts(
    hass: HomeAssistant, language: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Home Assistant leaves out texts of other languages that do not fit the English ones."""
    expected = {
        f"component.{DOMAIN}.{path}": text for path, text in leaves(TEXTS[language])
    }
    found: dict[str, str] = {}
    for category in TEXTS["en"]:
        found |= await async_get_translations(hass, language, category, [DOMAIN])

    own = {path: text for path, text in found.items() if f".{DOMAIN}." in path}
    assert own == expected
    assert "placeholder" not in caplog.text


# All texts


@every_language
def test_every_text_is_one_that_home_assistant_takes(language: str) -> None:
    """The rules are those of hassfest."""
    for path, text in leaves(TEXTS[language]):
        assert text, path
        assert text == text.strip(), path
        assert "[%key:" not in text, path
        assert not re.search(r"://|www\.", text), path
        assert not re.search(r"<[a-zA-Z/]", text), path
        assert not re.search(r"'\{[^}]*\}'", text), path
        assert all(name.isidentifier() for name in placeholders(text)), path
        assert all(
            re.fullmatch(r"[a-z0-9]+([_-][a-z0-9]+)*", key) for key in path.split(".")
        ), path
        assert ".state." not in path or not placeholders(text), path


@every_language
def test_every_sentence_ends(language: str) -> None:
    for path, text in leaves(TEXTS[language]):
        parts = path.split(".")
        if {"abort", "error", "exceptions"} & {*parts}:
            assert text.endswith(".") or text == "{error}", path
        elif parts[-1] == "description" or "data_description" in parts:
            assert text.endswith((".", "?")), path
        elif parts[-1] in ("name", "title") or {"state", "data"} & {*parts}:
            assert not text.endswith("."), path


@every_language
def test_there_is_one_file_of_texts(language: str) -> None:
    """Home Assistant reads strings.json only in its own integrations."""
    assert not (FOLDER / "strings.json").exists()
    assert set(TEXTS[language]) == {
        "config",
        "device",
        "entity",
        "exceptions",
        "issues",
        "options",
        "selector",
        "services",
    }


@every_language
def test_texts_are_in_order(language: str) -> None:
    def in_order(value: Any) -> bool:
        return isinstance(value, str) or (
            list(value) == sorted(value) and all(map(in_order, value.values()))
        )

    assert in_order(TEXTS[language])


def test_every_source_is_read() -> None:
    assert "config_flow.py" in SOURCES
    assert all(isinstance(tree, ast.Module) for tree in SOURCES.values())
