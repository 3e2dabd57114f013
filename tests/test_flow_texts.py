"""Whether dialogues and repairs have their texts, and no others, in every language.

That each text is given what stands in braces in it is seen to whenever a test shows one: see
`texts_of_flows` in `conftest`.
"""

import ast
from collections.abc import Iterator
from typing import Any

import probatio
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer import options_flow, repairs
from custom_components.whatsminer.const import (
    CONF_BUDGET_UNKNOWN,
    CONF_BUDGET_ZERO,
    CONF_HASH_PRICE_UNIT,
    CONF_PERCENT_METHOD,
    CONF_PRICE_UNKNOWN,
    CONF_PROTOCOL,
    CONF_STOP_BY,
    HASH_PRICE_UNITS,
    PERCENT_METHODS,
    PROTOCOLS,
)
from custom_components.whatsminer.hash_price_form import HASH_PRICE_FIELDS
from custom_components.whatsminer.issues import Issue
from custom_components.whatsminer.pick_flow import (
    CONF_OTHERS,
    CONF_SELECTION,
    OTHERS,
    SELECTIONS,
)
from custom_components.whatsminer.plan_form import PLAN_SCHEMA
from custom_components.whatsminer.scan_flow import SCAN_SCHEMA
from custom_components.whatsminer.site.plan_options import Fallback, StopBy
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations

from .test_error_texts import FAILURES, NUMBER_PARAMETERS, TEXT_PARAMETERS, key_of
from .texts import (
    LANGUAGES,
    SOURCES,
    TEXTS,
    argument,
    calls,
    constants,
    form_errors,
    leaves,
    placeholders,
    said,
)

every_language = pytest.mark.parametrize("language", LANGUAGES)
every_issue = pytest.mark.parametrize("issue", Issue)
# What both are given.
OF_ACCESS = (Issue.DEFAULT_PASSWORD, Issue.WRITE_ACCESS_CLOSED)
OF_A_SITE = (Issue.PLAN_FIGHT, Issue.PLAN_UNIT)
# Where each flow is written.
CONFIG = [
    SOURCES[name]
    for name in (
        "config_flow.py",
        "discovery_flow.py",
        "flow_helpers.py",
        "pick_flow.py",
        "scan_flow.py",
        "site_flow.py",
        "site_form.py",
    )
]
OPTIONS = [
    SOURCES[name]
    for name in (
        "hash_price_form.py",
        "options_flow.py",
        "plan_form.py",
        "site_form.py",
        "site_options_flow.py",
    )
]
MEMBERS = {"all_miners", "areas", "labels", "miners", "name"}
FLOWS = {"config": CONFIG, "options": OPTIONS}
every_flow = pytest.mark.parametrize(("flow", "sources"), FLOWS.items(), ids=FLOWS)
# The forms, and what can be entered in each.
FORMS: dict[str, dict[str, set[str]]] = {
    "config": {
        "discovery_confirm": {"password", "read_only"},
        "manual": {"host", "port", "password", "read_only"},
        "pick": {"miners", "others", "password", "read_only", "selection"},
        "reauth_confirm": {"password", "read_only"},
        "reconfigure": {"host", "port", "password", "read_only"},
        "reconfigure_site": MEMBERS,
        "scan": {*map(str, SCAN_SCHEMA.schema)},
        "site": MEMBERS,
    },
    "options": {
        "confirm": set(),
        "firmware": {*map(str, options_flow.FIRMWARE_SCHEMA.schema)},
        "hash_price": {*map(str, HASH_PRICE_FIELDS)},
        "members": MEMBERS,
        "plan": {"follow_plan"},
        "preferences": {*map(str, options_flow.PREFERENCES_SCHEMA.schema)},
    },
}
# What can be entered in the sections of a form.
SECTIONS: dict[str, dict[str, set[str]]] = {
    "discovery_confirm": {"advanced": {"account"}},
    "manual": {"advanced": {"account", "v3_port"}},
    "pick": {"advanced": {"account"}},
    "plan": {
        str(name): {*map(str, fields.schema.schema)}
        for name, fields in PLAN_SCHEMA.schema.items()
        if name != "follow_plan"
    },
    "reauth_confirm": {"advanced": {"account"}},
    "reconfigure": {"advanced": {"account", "v3_port"}},
}
# These come from commands alone, and no command is sent while a miner is added.
NOT_IN_A_FLOW = {
    *(f"invalid_{parameter}" for parameter in (*TEXT_PARAMETERS, *NUMBER_PARAMETERS)),
    "firmware_refused",
    "firmware_unknown",
    "invalid_value",
    "power_off_unconfirmed",
    "power_percent_while_off",
    "power_percent_while_starting",
    "preheat_while_mining",
    "preheat_while_starting",
    "restart_mining_while_off",
    "needs_password",
    "not_permitted",
    "start_needs_password",
    "too_soon",
    "transfer_broken",
    "transfer_interrupted",
    "transfer_too_large",
    "unanswered",
    "write_access_closed",
}
# All that a form of Home Assistant may have.
PARTS = {
    "data",
    "data_description",
    "description",
    "menu_option_descriptions",
    "menu_options",
    "sections",
    "title",
}


# Dialogues


@every_language
@every_flow
def test_a_flow_has_a_text_for_every_step(
    language: str, flow: str, sources: list[ast.AST]
) -> None:
    texts = TEXTS[language][flow]["step"]
    menus = said("async_show_menu", "step_id", sources)
    waits = said("async_show_progress", "step_id", sources)

    assert said("async_show_form", "step_id", sources) == FORMS[flow].keys()
    assert set(texts) == menus | waits | FORMS[flow].keys()
    for step, text in texts.items():
        assert set(text) <= PARTS, step
        assert text["title"], step
    options = {
        (step, option)
        for call in calls("async_show_menu", sources)
        for step in constants(argument(call, "step_id") or ast.Dict())
        for option in constants(argument(call, "menu_options") or ast.Dict())
    }
    for part in ("menu_options", "menu_option_descriptions"):
        found = {(step, option) for step in menus for option in texts[step][part]}
        assert found == options


@every_language
@pytest.mark.parametrize(
    ("flow", "step"), [(flow, step) for flow, forms in FORMS.items() for step in forms]
)
def test_a_form_has_a_text_for_every_field(language: str, flow: str, step: str) -> None:
    texts = TEXTS[language][flow]["step"][step]

    assert set(texts.get("data", {})) == FORMS[flow][step]
    assert set(texts.get("data_description", {})) == FORMS[flow][step]
    sections = SECTIONS.get(step, {})
    assert texts.get("sections", {}).keys() == sections.keys()
    for name, fields in sections.items():
        section = texts["sections"][name]
        assert section["name"]
        assert set(section["data"]) == fields
        assert set(section["data_description"]) == fields


@every_language
def test_the_config_flow_has_a_text_for_every_error(language: str) -> None:
    at_the_miner = {key_of(error) for error in FAILURES} - NOT_IN_A_FLOW
    of_networks = {
        text
        for call in calls("ValueError", [SOURCES["entries/scan.py"]])
        for text in constants(call)
    }

    assert {"invalid_host", "nothing_found"} <= form_errors(CONFIG)
    assert {"network_public"} <= of_networks
    assert set(TEXTS[language]["config"]["error"]) == (
        at_the_miner | of_networks | form_errors(CONFIG)
    )


@every_language
def test_the_options_flow_has_a_text_for_every_error(language: str) -> None:
    """Only the form has errors: a miner that fails ends the flow."""
    assert set(TEXTS[language]["options"]["error"]) == form_errors(OPTIONS)


@every_language
@every_flow
def test_a_flow_has_a_text_for_every_end(
    language: str, flow: str, sources: list[ast.AST]
) -> None:
    """Home Assistant has its own texts for a success and for a flow that is already in progress."""
    used = said("async_abort", "reason", sources)
    used |= said("async_update_reload_and_abort", "reason", sources)
    used |= {
        text for call in calls("AbortFlow", sources) for text in constants(call.args[0])
    }
    if list(calls("_abort_if_unique_id_configured", sources)):
        used |= {"already_configured"}

    assert set(TEXTS[language][flow]["abort"]) == used


@every_language
def test_the_config_flow_has_a_text_for_an_entry_without_a_password(
    language: str,
) -> None:
    """Home Assistant has a text for any other entry that is created."""
    used = said("async_create_entry", "description", CONFIG)

    assert used == {"read_only"}
    assert set(TEXTS[language]["config"]["create_entry"]) == used


@every_language
@every_flow
def test_a_flow_has_a_text_for_every_progress(
    language: str, flow: str, sources: list[ast.AST]
) -> None:
    assert set(TEXTS[language][flow]["progress"]) == said(
        "async_show_progress", "progress_action", sources
    )


@every_language
def test_the_choices_in_forms_have_their_texts(language: str) -> None:
    for key, options in (
        (CONF_BUDGET_UNKNOWN, tuple(Fallback)),
        (CONF_BUDGET_ZERO, (Fallback.STOP, Fallback.MINE)),
        (CONF_HASH_PRICE_UNIT, HASH_PRICE_UNITS),
        (CONF_OTHERS, OTHERS),
        (CONF_PERCENT_METHOD, PERCENT_METHODS),
        (CONF_PRICE_UNKNOWN, tuple(Fallback)),
        (CONF_PROTOCOL, PROTOCOLS),
        (CONF_SELECTION, SELECTIONS),
        (CONF_STOP_BY, tuple(StopBy)),
    ):
        assert set(TEXTS[language]["selector"][key]["options"]) == set(options)


@every_flow
def test_nothing_is_put_into_a_text_in_vain(flow: str, sources: list[ast.AST]) -> None:
    texts = TEXTS["en"][flow]
    for method, name, section in (
        ("async_show_form", "step_id", "step"),
        ("async_abort", "reason", "abort"),
        ("async_show_progress", "progress_action", "progress"),
    ):
        for call in calls(method, sources):
            filled = argument(call, "description_placeholders")
            keys = constants(argument(call, name) or ast.Dict())
            if not isinstance(filled, ast.Dict) or not keys:
                continue
            given = {text for key in filled.keys if key for text in constants(key)}
            named = placeholders(
                *(texts[section][key] for key in keys),
                *(texts["error"] if section == "step" else {}).values(),
            )
            assert given <= named, keys


async def test_a_tile_is_named_by_its_miner(
    hass: HomeAssistant, config_entry: MockConfigEntry
) -> None:
    config_entry.async_start_reauth(hass)
    await hass.async_block_till_done()

    (flow,) = hass.config_entries.flow.async_progress()
    for language in LANGUAGES:
        title = TEXTS[language]["config"]["flow_title"]
        assert placeholders(title) <= set(flow["context"]["title_placeholders"])


# Repairs


def returned(function: ast.AST) -> Iterator[str]:
    """Return the texts that a function returns alone."""
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Constant):
            yield from constants(node.value)


def repair_errors(kind: type) -> set[str]:
    """Return the errors of a repair flow, and of the functions that it calls for one."""
    (tree,) = [SOURCES["repairs.py"]]
    (repair,) = (
        node
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name == kind.__name__
    )
    asked = {
        node
        for node in tree.body
        if isinstance(node, ast.AsyncFunctionDef)
        and list(calls(node.name, [repair]))
        and "_error" in node.name
    }
    return form_errors([repair]) | {
        text for function in asked for text in returned(function)
    }


def given_to(issue: Issue) -> set[str]:
    """Return the placeholders of an issue: the name of the miner or the site, and what is known."""
    return ({"miner"} if issue not in OF_A_SITE else set()) | {
        text
        for call in calls("raise_issue")
        if any(
            ast.unparse(each) == f"Issue.{issue.name}"
            or (ast.unparse(each) == "issue" and issue in OF_ACCESS)
            for each in call.args
        )
        and isinstance(filled := argument(call, "placeholders"), ast.Dict)
        for key in filled.keys
        if key
        for text in constants(key)
    }


FIXABLE = dict(repairs._REPAIRS)  # noqa: SLF001
# One issue for several miners.
SHARED = Issue.V3_PASSWORD


@every_language
def test_every_issue_has_its_texts(language: str) -> None:
    """Each issue can be repaired in a flow or is described."""
    issues = TEXTS[language]["issues"]

    assert set(issues) == set(Issue)
    for issue, texts in issues.items():
        assert texts["title"]
        is_fixable = issue in FIXABLE or issue == SHARED
        assert ("fix_flow" in texts) is is_fixable
        assert ("description" in texts) is not is_fixable


@every_language
@every_issue
def test_an_issue_fills_its_texts(language: str, issue: Issue) -> None:
    given = {"miners", "failed"} if issue is SHARED else given_to(issue)
    assert placeholders(TEXTS[language]["issues"][issue]) == given


@every_language
@pytest.mark.parametrize("issue", FIXABLE)
def test_a_repair_has_a_text_for_all_that_it_shows(language: str, issue: Issue) -> None:
    texts = TEXTS[language]["issues"][issue]["fix_flow"]
    schema: probatio.Schema = FIXABLE[issue].schema
    fields = {str(key) for key in schema.schema}

    assert set(texts) == {"abort", "error", "step"}
    assert set(texts["abort"]) == said("async_abort", "reason", [SOURCES["repairs.py"]])
    assert set(texts["error"]) == repair_errors(FIXABLE[issue])
    assert set(texts["step"]) == {"confirm"}
    form = texts["step"]["confirm"]
    assert set(form) <= PARTS
    assert form["title"]
    assert form["description"]
    assert set(form.get("data", {})) == fields
    assert set(form.get("data_description", {})) == fields


@every_language
def test_the_shared_repair_has_a_text_for_all_that_it_shows(language: str) -> None:
    texts = TEXTS[language]["issues"][SHARED]["fix_flow"]
    source = SOURCES["v3_password_repair.py"]

    assert set(texts) == {"error", "step"}
    of_one_miner = {"not_loaded", "unknown", "write_access_closed"}
    assert set(texts["error"]) == (
        {"invalid_account", "no_miner"} | form_errors([source]) - of_one_miner
    )
    form = texts["step"]["confirm"]
    assert set(form["data"]) == {"miners", "account", "password"}
    assert set(form["data_description"]) == {"miners", "account", "password"}


@every_language
async def test_home_assistant_knows_the_successes(
    hass: HomeAssistant, language: str
) -> None:
    """Newer versions of Home Assistant have their own texts for successes."""
    found: dict[str, Any] = await async_get_translations(
        hass, language, "config", ["homeassistant"]
    )
    for reason in ("reauth_successful", "reconfigure_successful"):
        assert f"component.homeassistant.config.abort.{reason}" in found


@every_language
def test_steps_are_numbered(language: str) -> None:
    """Steps in a text are a numbered list in Markdown."""
    for path, text in leaves(TEXTS[language]["issues"]):
        numbers = [
            int(line.partition(".")[0])
            for line in text.splitlines()
            if line[:1].isdecimal() and line[1:2] == "."
        ]
        assert numbers == list(range(1, len(numbers) + 1)), path
