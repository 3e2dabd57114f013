"""services.yaml, texts and icons agree with the actions, as hassfest would check it."""

import json
from typing import Any

import probatio
import pytest

from custom_components.whatsminer.actions.table import ACTIONS, Action
from custom_components.whatsminer.const import (
    CONF_BUDGET_UNKNOWN,
    CONF_BUDGET_ZERO,
    CONF_HASH_PRICE_UNIT,
    CONF_PERCENT_METHOD,
    CONF_PRICE_UNKNOWN,
    CONF_PROTOCOL,
    CONF_STOP_BY,
    DOMAIN,
)
from custom_components.whatsminer.pick_flow import CONF_OTHERS, CONF_SELECTION
from homeassistant.core import HomeAssistant
from homeassistant.helpers.service import async_get_all_descriptions
from homeassistant.helpers.translation import async_get_translations
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict

from .texts import FOLDER, ICONS, LANGUAGES, TEXTS

SERVICES: dict[str, Any] = load_yaml_dict(str(FOLDER / "services.yaml"))

every_language = pytest.mark.parametrize("language", LANGUAGES)
every_action = pytest.mark.parametrize(
    "action", [pytest.param(action, id=action.name) for action in ACTIONS]
)


def keys_of(action: Action) -> dict[str, Any]:
    """Return the fields of an action with their markers."""
    return {str(key): key for key in action.fields}


def options_of(validator: Any) -> set[str] | None:
    """Return the options of a field, or None if it takes anything."""
    return set(validator.container) if isinstance(validator, probatio.In) else None


def test_every_action_is_described() -> None:
    names = {action.name for action in ACTIONS}

    assert set(SERVICES) == set(ICONS["services"]) == names
    assert all(set(texts["services"]) == names for texts in TEXTS.values())
    assert all(set(icon) == {"service"} for icon in ICONS["services"].values())


@every_language
@every_action
def test_every_field_has_its_texts(language: str, action: Action) -> None:
    texts = TEXTS[language]["services"][action.name]
    fields = SERVICES[action.name].get("fields", {})

    assert texts["name"]
    assert texts["description"]
    assert set(texts) <= {"name", "description", "fields"}
    assert set(fields) == set(texts.get("fields", {}))
    for text in texts.get("fields", {}).values():
        assert set(text) == {"name", "description"}


@every_action
def test_every_field_is_described(action: Action) -> None:
    fields = SERVICES[action.name].get("fields", {})
    own = keys_of(action)

    extra = {"device_id", "confirm"} if action.one_miner else set()
    assert set(fields) == own.keys() | extra
    for name, key in own.items():
        required = isinstance(key, probatio.Required)
        assert fields[name].get("required", False) is required, name
        default = getattr(key, "default", None)
        if "default" in fields[name]:
            assert callable(default)
            assert default() == fields[name]["default"], name


@every_action
def test_every_target_is_a_choice_of_whatsminers(action: Action) -> None:
    """Home Assistant no longer allows device filters in a target."""
    described = SERVICES[action.name]

    if action.one_miner:
        assert "target" not in described
        assert described["fields"]["device_id"] == {
            "required": True,
            "selector": {"device": {"filter": [{"integration": DOMAIN}]}},
        }
        assert described["fields"]["confirm"]["required"]
    else:
        assert described["target"] == {"entity": {"integration": DOMAIN}}


@every_language
@every_action
def test_every_option_has_a_text(language: str, action: Action) -> None:
    validators = {str(key): value for key, value in action.fields.items()}
    for name, described in SERVICES[action.name].get("fields", {}).items():
        select = described["selector"].get("select")
        if select is None:
            assert options_of(validators.get(name)) is None
            continue
        if select.get("custom_value"):
            continue
        assert set(select["options"]) == options_of(validators[name])
        texts = TEXTS[language]["selector"][select["translation_key"]]["options"]
        assert set(texts) == set(select["options"])


def test_no_option_is_left_over() -> None:
    named = {
        selector["translation_key"]
        for service in SERVICES.values()
        for described in service.get("fields", {}).values()
        for selector in described["selector"].values()
        if selector and "translation_key" in selector
    }
    pools = SERVICES["update_pools"]["fields"]["pools"]["selector"]["object"]

    for texts in TEXTS.values():
        selectors = texts["selector"]
        of_forms = {
            CONF_BUDGET_UNKNOWN,
            CONF_BUDGET_ZERO,
            CONF_HASH_PRICE_UNIT,
            CONF_OTHERS,
            CONF_PERCENT_METHOD,
            CONF_PRICE_UNKNOWN,
            CONF_PROTOCOL,
            CONF_SELECTION,
            CONF_STOP_BY,
        }
        assert named | of_forms == set(selectors)
        assert set(selectors["pools"]["fields"]) == set(pools["fields"])


@every_action
def test_every_example_is_one(action: Action) -> None:
    fields = SERVICES[action.name].get("fields", {})
    shown = {
        name: field["example"] for name, field in fields.items() if "example" in field
    }
    for name, example in shown.items():
        if isinstance(example, str) and example.startswith("["):
            shown[name] = json.loads(example)
    for key in action.fields:
        if isinstance(key, probatio.Required) and str(key) not in shown:
            assert "password" in str(key)
            shown[str(key)] = "secret"

    assert set(shown) <= set(probatio.Schema(dict(action.fields))(shown))


@pytest.mark.parametrize("name", ["set_network", "update_firmware", "factory_reset"])
@pytest.mark.parametrize(
    ("language", "reboots", "stops"),
    [("en", "reboots", "Mining stops"), ("de", "neu", "Das Mining steht")],
)
def test_what_stops_mining_says_so(
    name: str, language: str, reboots: str, stops: str
) -> None:
    """The user reads it before the action is called."""
    text = TEXTS[language]["services"][name]["description"]

    assert reboots in text
    assert stops in text


async def test_home_assistant_takes_the_descriptions(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, DOMAIN, {})

    described = (await async_get_all_descriptions(hass))[DOMAIN]
    texts = await async_get_translations(hass, "en", "services", [DOMAIN])

    for action in ACTIONS:
        assert set(described[action.name]["fields"]) == set(
            SERVICES[action.name].get("fields", {})
        )
        assert texts[f"component.{DOMAIN}.services.{action.name}.name"]
