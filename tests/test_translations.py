"""Whether texts, icons and papers agree with the code; hassfest cannot run here."""

import ast
from collections.abc import Iterable, Iterator, Mapping
import importlib
import json
from pathlib import Path
import re
from string import Formatter
from typing import Any

import probatio
import pytest

from custom_components.whatsminer import PLATFORMS, const
from custom_components.whatsminer.api import (
    CannotConnectError,
    Category,
    FirmwareRefusedError,
    FirmwareUnknownError,
    InvalidTextError,
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
    TransferBrokenError,
    TransferInterruptedError,
    TransferTooLargeError,
    UnansweredError,
    UnconfirmedError,
    UnsupportedCommandError,
    UpdatingError,
    WhatsminerError,
    WriteAccessClosedError,
    WrongMinerError,
    WrongPasswordError,
    reply,
)
from custom_components.whatsminer.config_flow import (
    MANUAL_SCHEMA,
    REAUTH_SCHEMA,
    WhatsminerConfigFlow,
)
from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.errors import translation
from custom_components.whatsminer.options_flow import (
    FIRMWARE_SCHEMA,
    WhatsminerOptionsFlow,
)
from homeassistant.components.event import EventEntityDescription
from homeassistant.components.select import SelectEntityDescription
from homeassistant.components.sensor import SensorEntityDescription
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
    FirmwareRefusedError,
    RefusedError,
    TokenRejectedError,
    TooManyTokensError,
    UnsupportedCommandError,
    WriteAccessClosedError,
    WrongPasswordError,
)
# What commands check of a text; each has a sentence of its own.
TEXT_PARAMETERS = (
    "command",
    "dns",
    "gateway",
    "hostname",
    "ip",
    "mask",
    "new_password",
    "pool_url",
    "timezone",
    "zonename",
)
# Of these numbers, an action has several, or one that stands for something else.
NUMBER_PARAMETERS = ("duration", "period", "pools", "port", "start")
FAILURES: tuple[WhatsminerError, ...] = (
    CannotConnectError("no"),
    TimedOutError("no"),
    UnansweredError("no"),
    NotAMinerError("no"),
    MalformedReplyError("no"),
    MiningProcessDownError("no"),
    NoMacError("no"),
    WrongMinerError("aa:bb:cc:dd:ee:ff", "ff:ee:dd:cc:bb:aa"),
    TooSoonError(40),
    UnconfirmedError("no"),
    InvalidValueError("percent", 101, 0, 100),
    FirmwareUnknownError("no"),
    UpdatingError("no"),
    TransferBrokenError("no"),
    TransferInterruptedError("no"),
    TransferTooLargeError("no"),
    *(InvalidTextError(parameter, "no") for parameter in TEXT_PARAMETERS),
    *(InvalidValueError(parameter, 101, 0, 100) for parameter in NUMBER_PARAMETERS),
    *(kind("power_off", 132, "no") for kind in REFUSALS),
)
# These come from commands alone, and no command is sent while a miner is added.
NOT_IN_A_FLOW = {
    *(f"invalid_{parameter}" for parameter in TEXT_PARAMETERS + NUMBER_PARAMETERS),
    "firmware_refused",
    "firmware_unknown",
    "invalid_value",
    "power_off_unconfirmed",
    "too_soon",
    "unanswered",
    "transfer_broken",
    "transfer_interrupted",
    "transfer_too_large",
    "write_access_closed",
}
# The flows, and where each is written.
FLOWS = {"config": "config_flow.py", "options": "options_flow.py"}
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


def calls(
    name: str, sources: Iterable[ast.AST] = SOURCES.values()
) -> Iterator[ast.Call]:
    """Return the calls of a method in the code."""
    for tree in sources:
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
    named = TEXTS["entity"].get(platform, {}).get(description.key, {})

    # The base entity makes the key that of the translation.
    assert description.translation_key is None
    if description.name is None:
        assert "name" not in named
    else:
        assert named.get("name") or description.device_class is not None


@pytest.mark.parametrize(("platform", "description"), EVERY_ENTITY)
def test_every_entity_has_an_icon(
    platform: Platform, description: EntityDescription
) -> None:
    """Its own, or that of its device class."""
    assert (
        description.device_class is not None
        or description.key in ICONS["entity"][platform]
    )


@pytest.mark.parametrize("papers", [TEXTS, ICONS], ids=["texts", "icons"])
def test_no_entity_is_named_that_does_not_exist(papers: dict[str, Any]) -> None:
    """What was renamed or removed in the code leaves nothing behind."""
    for platform, entities in papers["entity"].items():
        keys = {item.key for item in ENTITIES[Platform(platform)]}
        assert set(entities) <= keys


@pytest.mark.parametrize("papers", [TEXTS, ICONS], ids=["texts", "icons"])
@pytest.mark.parametrize(("platform", "description"), EVERY_ENTITY)
def test_states_are_those_of_the_entity(
    papers: dict[str, Any], platform: Platform, description: EntityDescription
) -> None:
    """Every option has a text; no state has a text or an icon that does not exist."""
    states = set(
        papers["entity"].get(platform, {}).get(description.key, {}).get("state", {})
    )
    if isinstance(description, SelectEntityDescription | SensorEntityDescription) and (
        description.options
    ):
        assert states <= set(description.options)
        if papers is TEXTS:
            assert states == set(description.options)
    elif platform in (Platform.BINARY_SENSOR, Platform.SWITCH):
        assert states <= {"on", "off"}
    else:
        assert not states


def test_all_that_a_fault_can_be_has_a_text() -> None:
    """Whether it appeared or cleared, and each category."""
    attributes = TEXTS["entity"]["event"]["fault"]["state_attributes"]
    (event,) = ENTITIES[Platform.EVENT]

    assert isinstance(event, EventEntityDescription)
    assert set(attributes) == {"event_type", "code", "text", "category"}
    assert list(attributes["event_type"]["state"]) == event.event_types
    assert set(attributes["category"]["state"]) == {*Category}


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


@pytest.mark.parametrize("parameter", ["percent", *NUMBER_PARAMETERS])
def test_a_number_that_is_refused_is_named(parameter: str) -> None:
    """Where an action has more than one."""
    key = key_of(InvalidValueError(parameter, 4, 1, 3))

    named = parameter in NUMBER_PARAMETERS
    assert key == (f"invalid_{parameter}" if named else "invalid_value")


@pytest.mark.parametrize("answer", [{"STATUS": "E"}, {"STATUS": "E", "Msg": ""}])
def test_what_a_miner_does_not_say_is_a_question_mark(answer: dict[str, str]) -> None:
    """Some refuse without a word."""
    with pytest.raises(RefusedError) as caught:
        reply.check(answer, "set_led")

    told = translation(caught.value, "Garage")
    message = TEXTS["exceptions"]["refused"]["message"]
    assert message.format(**told["translation_placeholders"]).startswith(
        "Garage refused set_led: ? (code ?)."
    )


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


# The flows


def constants(node: ast.AST) -> set[str]:
    """Return every text in a piece of code."""
    return {
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }


def said(flow: str, method: str, argument: str) -> set[str]:
    """Return what a flow gives a method for one of its arguments."""
    return {
        text
        for call in calls(method, [SOURCES[FLOWS[flow]]])
        for keyword in call.keywords
        if keyword.arg == argument
        for text in constants(keyword.value)
    }


def form_errors(flow: str) -> set[str]:
    """Return the errors that a flow itself finds in a form."""
    return {
        text
        for node in ast.walk(SOURCES[FLOWS[flow]])
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Subscript)
        and isinstance(node.targets[0].value, ast.Name)
        and node.targets[0].value.id == "errors"
        for text in constants(node.value)
    }


def test_the_config_flow_has_a_text_for_every_error() -> None:
    """For what can go wrong at the miner and what can be wrong in the form, and no others."""
    at_the_miner = {key_of(error) for error in FAILURES} - NOT_IN_A_FLOW

    assert form_errors("config") == {"invalid_host", "invalid_port"}
    assert set(TEXTS["config"]["error"]) == at_the_miner | form_errors("config")


def test_the_options_flow_has_a_text_for_every_error() -> None:
    """There are none but those in the form: a miner that fails ends the flow."""
    assert set(TEXTS["options"]["error"]) == form_errors("options")


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_has_a_text_for_every_end(flow: str) -> None:
    """And for no other."""
    used = {
        key
        for method, key in ABORTS.items()
        if list(calls(method, [SOURCES[FLOWS[flow]]]))
    }

    assert set(TEXTS[flow]["abort"]) == used | said(flow, "async_abort", "reason")


@pytest.mark.parametrize(
    ("flow", "kind", "schemas"),
    [
        (
            "config",
            WhatsminerConfigFlow,
            {"manual": MANUAL_SCHEMA, "reauth_confirm": REAUTH_SCHEMA},
        ),
        (
            "options",
            WhatsminerOptionsFlow,
            {"firmware": FIRMWARE_SCHEMA, "confirm": probatio.Schema({})},
        ),
    ],
)
def test_a_flow_has_a_text_for_every_step_and_field(
    flow: str, kind: type, schemas: Mapping[str, probatio.Schema]
) -> None:
    """Each field has a name and says what belongs in it."""
    texts = TEXTS[flow]["step"]
    forms = said(flow, "async_show_form", "step_id")
    menus = said(flow, "async_show_menu", "step_id")

    assert forms == set(schemas)
    assert forms | menus == set(texts)
    for step, schema in schemas.items():
        assert hasattr(kind, f"async_step_{step}")
        fields = {str(key) for key in schema.schema}
        assert texts[step]["title"]
        assert set(texts[step].get("data", {})) == fields
        assert set(texts[step].get("data_description", {})) == fields
    for step in menus:
        options = said(flow, "async_show_menu", "menu_options")
        assert set(texts[step]["menu_options"]) == options
    assert set(TEXTS[flow].get("progress", {})) == said(
        flow, "async_show_progress", "progress_action"
    )


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize(
    ("method", "name", "section"),
    [
        ("async_show_form", "step_id", "step"),
        ("async_abort", "reason", "abort"),
        ("async_show_progress", "progress_action", "progress"),
    ],
)
def test_a_flow_fills_its_placeholders(
    flow: str, method: str, name: str, section: str
) -> None:
    """What stands in braces is given, and nothing is given in vain."""
    for call in calls(method, [SOURCES[FLOWS[flow]]]):
        arguments = {keyword.arg: keyword.value for keyword in call.keywords}
        filled = arguments.get("description_placeholders", ast.Dict())
        assert isinstance(filled, ast.Dict)
        given = {text for key in filled.keys if key for text in constants(key)}
        named: set[str] = set()
        for key in constants(arguments[name]):
            text = TEXTS[flow][section].get(key, {})
            in_braces = {
                place
                for _, part in leaves({"": text} if isinstance(text, str) else text)
                for place in placeholders(part)
            }
            assert in_braces <= given, key
            named |= in_braces
        assert named == given


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
    assert set(TEXTS) <= {
        "config",
        "device",
        "entity",
        "exceptions",
        "issues",
        "options",
        "selector",
        "services",
    }


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
