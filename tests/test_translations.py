"""Whether texts, icons and papers agree with the code; hassfest cannot run here."""

import ast
from collections.abc import Iterator
import importlib
import json
from pathlib import Path
import re
from string import Formatter
from typing import Any

import pytest

from custom_components.whatsminer import PLATFORMS, const
from custom_components.whatsminer.api import (
    CannotConnectError,
    InvalidValueError,
    MalformedReplyError,
    MiningProcessDownError,
    NoMacError,
    NotAMinerError,
    RefusedError,
    TimedOutError,
    TokenRejectedError,
    TooManyTokensError,
    TooSoonError,
    UnconfirmedError,
    UnsupportedCommandError,
    WhatsminerError,
    WriteAccessClosedError,
    WrongMinerError,
    WrongPasswordError,
)
from custom_components.whatsminer.config_flow import (
    MANUAL_SCHEMA,
    REAUTH_SCHEMA,
    WhatsminerConfigFlow,
)
from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.errors import translation
from homeassistant.components.select import SelectEntityDescription
from homeassistant.components.switch import SwitchEntityDescription
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import EntityDescription
from homeassistant.loader import async_get_integration
from homeassistant.util.yaml import load_yaml_dict

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "custom_components" / DOMAIN

TEXTS: dict[str, Any] = json.loads((FOLDER / "translations" / "en.json").read_text())
ICONS: dict[str, Any] = json.loads((FOLDER / "icons.json").read_text())
MANIFEST: dict[str, Any] = json.loads((FOLDER / "manifest.json").read_text())
SOURCES = {path.name: ast.parse(path.read_text()) for path in FOLDER.glob("*.py")}

# One of each thing that can go wrong at a miner.
REFUSALS = (
    RefusedError,
    TokenRejectedError,
    TooManyTokensError,
    UnsupportedCommandError,
    WriteAccessClosedError,
    WrongPasswordError,
)
FAILURES: tuple[WhatsminerError, ...] = (
    CannotConnectError("no"),
    TimedOutError("no"),
    NotAMinerError("no"),
    MalformedReplyError("no"),
    MiningProcessDownError("no"),
    NoMacError("no"),
    WrongMinerError("aa:bb:cc:dd:ee:ff", "ff:ee:dd:cc:bb:aa"),
    TooSoonError(40),
    UnconfirmedError("no"),
    InvalidValueError("percent", 101, 0, 100),
    *(kind("power_off", 132, "no") for kind in REFUSALS),
)
# These come from commands alone, and no command is sent while a miner is added.
NOT_IN_A_FLOW = {
    "invalid_value",
    "power_off_unconfirmed",
    "too_soon",
    "write_access_closed",
}
# What ends a flow is said by methods of Home Assistant.
ABORTS = {
    "_abort_if_unique_id_configured": "already_configured",
    "async_update_reload_and_abort": "reauth_successful",
}


def key_of(error: WhatsminerError) -> str:
    """Return the key of the sentence for an error."""
    return translation(error, "Miner")["translation_key"]


def descriptions(platform: Platform) -> list[EntityDescription]:
    """Return the entities of a platform."""
    module = importlib.import_module(f"custom_components.{DOMAIN}.{platform}")
    return [
        item
        for value in vars(module).values()
        if isinstance(value, tuple)
        for item in value
        if isinstance(item, EntityDescription)
    ]


ENTITIES = {platform: descriptions(platform) for platform in PLATFORMS}
EVERY_ENTITY = [
    pytest.param(platform, description, id=f"{platform}.{description.key}")
    for platform, found in ENTITIES.items()
    for description in found
]


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Return every text with its path."""
    if isinstance(value, str):
        yield path, value
    else:
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else key)


def placeholders(text: str) -> set[str]:
    """Return the names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def calls(name: str) -> Iterator[ast.Call]:
    """Return the calls of a method in the code."""
    for tree in SOURCES.values():
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == name
            ):
                yield node


# Entities


def test_every_platform_has_entities() -> None:
    """The tests below find what they check."""
    assert all(ENTITIES.values())


@pytest.mark.parametrize(("platform", "description"), EVERY_ENTITY)
def test_every_entity_has_a_name(
    platform: Platform, description: EntityDescription
) -> None:
    """Its own, the device's, or that of its device class."""
    named = TEXTS["entity"].get(platform, {}).get(description.translation_key, {})

    if description.translation_key is None:
        assert description.device_class is not None
    elif description.name is None:
        assert not named
    else:
        assert description.translation_key == description.key
        assert named["name"]


@pytest.mark.parametrize(("platform", "description"), EVERY_ENTITY)
def test_every_entity_has_an_icon(
    platform: Platform, description: EntityDescription
) -> None:
    """Its own, or that of its device class."""
    assert (
        description.device_class is not None
        or description.translation_key in ICONS["entity"][platform]
    )


@pytest.mark.parametrize("papers", [TEXTS, ICONS], ids=["texts", "icons"])
def test_no_entity_is_named_that_does_not_exist(papers: dict[str, Any]) -> None:
    """What was renamed or removed in the code leaves nothing behind."""
    for platform, entities in papers["entity"].items():
        keys = {item.translation_key for item in ENTITIES[Platform(platform)]}
        assert set(entities) <= keys


@pytest.mark.parametrize("papers", [TEXTS, ICONS], ids=["texts", "icons"])
@pytest.mark.parametrize(("platform", "description"), EVERY_ENTITY)
def test_states_are_those_of_the_entity(
    papers: dict[str, Any], platform: Platform, description: EntityDescription
) -> None:
    """Every option of a select has a text; no other state has a text or an icon."""
    states = set(
        papers["entity"]
        .get(platform, {})
        .get(description.translation_key, {})
        .get("state", {})
    )
    if isinstance(description, SelectEntityDescription):
        assert description.options is not None
        assert states <= set(description.options)
        if papers is TEXTS:
            assert states == set(description.options)
    elif isinstance(description, SwitchEntityDescription):
        assert states <= {"on", "off"}
    else:
        assert not states


def test_icons_are_material_design_icons() -> None:
    """Home Assistant has no others, and a state's icon differs from the ordinary one."""
    for path, icon in leaves(ICONS):
        assert re.fullmatch(r"mdi:[a-z0-9]+(-[a-z0-9]+)*", icon), path
    for entities in ICONS["entity"].values():
        for icons in entities.values():
            assert icons["default"] not in icons.get("state", {}).values()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_platform_leaves_the_order_to_the_client(platform: Platform) -> None:
    """Home Assistant would otherwise hold a power off back behind a slider."""
    module = importlib.import_module(f"custom_components.{DOMAIN}.{platform}")

    assert module.PARALLEL_UPDATES == 0


# Errors


def test_every_kind_of_error_is_tried_here() -> None:
    """The list above is complete."""

    def kinds(of: type[WhatsminerError]) -> Iterator[type[WhatsminerError]]:
        for kind in of.__subclasses__():
            yield kind
            yield from kinds(kind)

    bases = {kind for error in FAILURES for kind in type(error).__mro__}
    assert set(kinds(WhatsminerError)) <= bases


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
def test_every_error_has_a_sentence_that_it_can_fill(error: WhatsminerError) -> None:
    """Each placeholder is something that the error knows."""
    told = translation(error, "Garage")
    message = TEXTS["exceptions"][told["translation_key"]]["message"]

    assert told["translation_domain"] == DOMAIN
    assert "{" not in message.format(**told["translation_placeholders"])
    assert "Garage" in message.format(**told["translation_placeholders"])


def test_no_sentence_is_left_over() -> None:
    """Every exception's text is that of an error, or named in the code."""
    named = {
        keyword.value.value
        for tree in SOURCES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "translation_key" and isinstance(keyword.value, ast.Constant)
    }
    used = {key_of(error) for error in FAILURES}

    assert used <= set(TEXTS["exceptions"])
    assert set(TEXTS["exceptions"]) - used <= named


# The config flow


def test_the_flow_has_a_text_for_every_error() -> None:
    """For what can go wrong at the miner and what can be wrong in the form, and no others."""
    at_the_miner = {key_of(error) for error in FAILURES} - NOT_IN_A_FLOW
    in_the_form = {
        node.value.value
        for node in ast.walk(SOURCES["config_flow.py"])
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Subscript)
        and isinstance(node.targets[0].value, ast.Name)
        and node.targets[0].value.id == "errors"
        and isinstance(node.value, ast.Constant)
    }

    assert in_the_form == {"invalid_host", "invalid_port"}
    assert set(TEXTS["config"]["error"]) == at_the_miner | in_the_form


def test_the_flow_has_a_text_for_every_end() -> None:
    """And for no other."""
    used = {key for method, key in ABORTS.items() if list(calls(method))}
    reasons = {
        keyword.value.value
        for call in calls("async_abort")
        for keyword in call.keywords
        if keyword.arg == "reason" and isinstance(keyword.value, ast.Constant)
    }

    assert set(TEXTS["config"]["abort"]) == used | reasons


def test_the_flow_has_a_text_for_every_step_and_field() -> None:
    """Each field has a name and says what belongs in it."""
    steps = {"manual": MANUAL_SCHEMA, "reauth_confirm": REAUTH_SCHEMA}
    shown = {
        keyword.value.value
        for call in calls("async_show_form")
        for keyword in call.keywords
        if keyword.arg == "step_id" and isinstance(keyword.value, ast.Constant)
    }

    assert shown == set(steps) == set(TEXTS["config"]["step"])
    for step, schema in steps.items():
        assert hasattr(WhatsminerConfigFlow, f"async_step_{step}")
        text = TEXTS["config"]["step"][step]
        fields = {str(key) for key in schema.schema}
        assert text["title"]
        assert set(text["data"]) == set(text["data_description"]) == fields


def test_the_flow_fills_its_placeholders() -> None:
    """What stands in braces is given."""
    given: set[str] = set()
    for call in calls("async_show_form"):
        for keyword in call.keywords:
            if keyword.arg == "description_placeholders":
                assert isinstance(keyword.value, ast.Dict)
                given |= {
                    key.value
                    for key in keyword.value.keys
                    if isinstance(key, ast.Constant) and isinstance(key.value, str)
                }

    assert (
        placeholders(TEXTS["config"]["step"]["reauth_confirm"]["description"]) == given
    )
    assert not [
        text for _, text in leaves(TEXTS["config"]["step"]["manual"]) if "{" in text
    ]


# Repair issues


def test_every_repair_has_its_texts() -> None:
    """A title, and what to do; and there is no text without a repair."""
    issues = {value for name, value in vars(const).items() if name.startswith("ISSUE_")}

    assert set(TEXTS["issues"]) == issues
    for issue in TEXTS["issues"].values():
        assert issue["title"]
        assert issue["description"]
        assert placeholders(issue["title"]) | placeholders(issue["description"]) == {
            "miner"
        }


# All texts


@pytest.mark.parametrize(
    ("path", "text"), [pytest.param(*leaf, id=leaf[0]) for leaf in leaves(TEXTS)]
)
def test_every_text_is_one_that_home_assistant_takes(path: str, text: str) -> None:
    """The rules of hassfest, and that a text stands for itself."""
    assert text == text.strip()
    assert text
    assert "[%key:" not in text
    assert not re.search(r"://|www\.", text)
    assert not re.search(r"<[a-zA-Z/]", text)
    assert not re.search(r"'\{[^}]*\}'", text)
    assert all(name.isidentifier() for name in placeholders(text))
    assert all(
        re.fullmatch(r"[a-z0-9]+([_-][a-z0-9]+)*", key) for key in path.split(".")
    )
    if ".state." in path:
        assert not placeholders(text)


def test_there_is_one_file_of_texts() -> None:
    """Home Assistant reads strings.json only in its own integrations."""
    assert not (FOLDER / "strings.json").exists()
    assert set(TEXTS) <= {"config", "entity", "exceptions", "issues", "options"}


# Papers


def test_the_manifest_is_in_order() -> None:
    """Domain, name, then the alphabet; with all that a custom integration needs."""
    keys = list(MANIFEST)

    assert keys == ["domain", "name", *sorted(keys[2:])]
    assert MANIFEST["domain"] == FOLDER.name == DOMAIN
    assert MANIFEST["config_flow"] is True
    assert re.fullmatch(r"\d+\.\d+\.\d+", MANIFEST["version"])
    assert MANIFEST["documentation"].startswith("https://")
    assert MANIFEST["issue_tracker"].startswith("https://")
    assert all(owner.startswith("@") for owner in MANIFEST["codeowners"])
    assert MANIFEST["codeowners"]
    assert MANIFEST["integration_type"] == "device"
    assert MANIFEST["iot_class"] == "local_polling"
    assert MANIFEST["requirements"] == ["passlib==1.7.4"]
    assert "quality_scale" not in MANIFEST


async def test_home_assistant_loads_the_integration(hass: HomeAssistant) -> None:
    """And finds all that the manifest names."""
    integration = await async_get_integration(hass, DOMAIN)

    assert integration.version == MANIFEST["version"]
    assert not integration.is_built_in
    assert await integration.resolve_dependencies() is not None


def test_the_shop_takes_the_repository() -> None:
    """The keys of hacs.json are a closed list; what is shown there exists."""
    hacs = json.loads((ROOT / "hacs.json").read_text())

    assert set(hacs) <= {
        "content_in_root",
        "country",
        "filename",
        "hacs",
        "hide_default_branch",
        "homeassistant",
        "name",
        "persistent_directory",
        "render_readme",
        "zip_release",
    }
    assert hacs["name"] == MANIFEST["name"]
    assert hacs["homeassistant"] == "2026.10.0"
    assert [path.name for path in FOLDER.parent.iterdir() if path.is_dir()] == [DOMAIN]
    for image in ("icon.png", "logo.png"):
        assert (FOLDER / "brand" / image).is_file()


def test_the_quality_scale_is_filled_in() -> None:
    """Every rule is done or to do; what does not apply says why."""
    rules = load_yaml_dict(str(FOLDER / "quality_scale.yaml"))["rules"]

    assert isinstance(rules, dict)
    assert len(rules) == 54
    for rule, status in rules.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule)
        if isinstance(status, dict):
            assert status["status"] == "exempt", rule
            assert status["comment"], rule
            assert set(status) == {"status", "comment"}, rule
        else:
            assert status in ("done", "todo"), rule
