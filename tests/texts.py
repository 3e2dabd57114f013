"""What the tests of texts have in common: the texts, the code that uses them, and rules."""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
import json
from pathlib import Path
from string import Formatter
from typing import Any, Final
from unittest.mock import patch

from custom_components.whatsminer.config_flow import WhatsminerConfigFlow
from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.issues import Issue
from custom_components.whatsminer.options_flow import WhatsminerOptionsFlow
from custom_components.whatsminer.repairs import MinerRepair
from custom_components.whatsminer.site_options_flow import SiteOptionsFlow
from custom_components.whatsminer.v3_password_repair import V3PasswordRepair
from homeassistant.data_entry_flow import (
    FlowHandler,
    FlowManager,
    FlowResultType,
    section,
)
from homeassistant.helpers.issue_registry import IssueRegistry

from .markdown import is_shown_as_text

ROOT: Final = Path(__file__).parent.parent
FOLDER: Final = ROOT / "custom_components" / DOMAIN
# English first, which the others are compared with.
LANGUAGES: Final = (
    "en",
    *sorted({path.stem for path in (FOLDER / "translations").glob("*.json")} - {"en"}),
)
TEXTS: Final[dict[str, dict[str, Any]]] = {
    language: json.loads((FOLDER / "translations" / f"{language}.json").read_text())
    for language in LANGUAGES
}
ICONS: Final[dict[str, Any]] = json.loads((FOLDER / "icons.json").read_text())
# All but `api`, which has no texts, by their paths.
SOURCES: Final = {
    name: ast.parse(path.read_text())
    for path in FOLDER.rglob("*.py")
    if not (name := str(path.relative_to(FOLDER))).startswith("api/")
}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Return every text with its path."""
    if isinstance(value, str):
        yield path, value
    else:
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else key)


def placeholders(*texts: Any) -> set[str]:
    """Return the placeholders in texts, or in anything that holds some."""
    return {
        name
        for text in texts
        for _, leaf in leaves(text)
        for _, name, _, _ in Formatter().parse(leaf)
        if name is not None
    }


# The code


def check_translated(language: str, texts: Any, english: Any) -> None:
    """Check that texts are those of the English file: each with its places, and translated."""
    found, expected = dict(leaves(texts)), dict(leaves(english))
    assert found.keys() == expected.keys()
    for path, text in expected.items():
        assert placeholders(found[path]) == placeholders(text), path
        if language != "en" and len(text.split()) > 3:
            assert found[path] != text, path


def calls(
    name: str, sources: Iterable[ast.AST] = SOURCES.values()
) -> Iterator[ast.Call]:
    """Return the calls of a method or function in the code."""
    for tree in sources:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and name == (
                node.func.attr
                if isinstance(node.func, ast.Attribute)
                else getattr(node.func, "id", None)
            ):
                yield node


def constants(node: ast.AST) -> set[str]:
    """Return every text in a piece of code."""
    return {
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    }


def argument(call: ast.Call, name: str) -> ast.expr | None:
    """Return one of the named arguments of a call."""
    return next((each.value for each in call.keywords if each.arg == name), None)


def said(method: str, name: str, sources: Iterable[ast.AST]) -> set[str]:
    """Return what a method is given for one of its arguments."""
    return {
        text
        for call in calls(method, sources)
        if (value := argument(call, name))
        for text in constants(value)
    }


def form_errors(sources: Iterable[ast.AST]) -> set[str]:
    """Return the errors of forms: `{CONF_HOST: "..."}`, or `errors[...] = "..."`."""

    def plain(node: ast.AST) -> set[str]:
        return constants(node) if isinstance(node, ast.Constant | ast.IfExp) else set()

    found: set[str] = set()
    for tree in sources:
        for node in ast.walk(tree):
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if (isinstance(key, ast.Constant) and key.value == "base") or (
                        isinstance(key, ast.Name) and key.id.startswith("CONF_")
                    ):
                        found |= plain(value)
            elif (
                isinstance(node, ast.Assign)
                and isinstance(node.targets[0], ast.Subscript)
                and ast.unparse(node.targets[0].value) == "errors"
            ):
                found |= plain(node.value)
    return found


# What a flow shows

AS_THEY_ARE: Final = frozenset({"data", "error", "flow_title", "menu_options", "title"})


@cache
def _sections() -> Mapping[type, Callable[[Any], str]]:
    return {
        WhatsminerConfigFlow: lambda flow: "config",
        WhatsminerOptionsFlow: lambda flow: "options",
        SiteOptionsFlow: lambda flow: "options",
        V3PasswordRepair: lambda flow: "issues.v3_password.fix_flow",
        MinerRepair: lambda flow: next(
            f"issues.{issue}.fix_flow"
            for issue in Issue
            if flow.issue_id.startswith(f"{issue}_")
        ),
    }


@contextmanager
def watched_flows() -> Iterator[None]:
    """Check that all that flows and issues show has its texts, and that what is put into them is text."""
    missing: list[str] = []
    step = FlowManager.__dict__["_async_handle_step"]

    async def watched(
        manager: Any, flow: FlowHandler[Any, Any, Any], *arguments: Any
    ) -> Any:
        result = await step(manager, flow, *arguments)
        missing.extend(missing_texts(flow, result))
        return result

    create = IssueRegistry.async_get_or_create

    def watched_issue(
        registry: IssueRegistry, domain: str, issue: str, **what: Any
    ) -> Any:
        if domain == DOMAIN:
            missing.extend(_markup_in_issue(what))
        return create(registry, domain, issue, **what)

    with (
        patch.object(FlowManager, "_async_handle_step", watched),
        patch.object(IssueRegistry, "async_get_or_create", watched_issue),
    ):
        yield
    assert not missing, "\n".join(missing)


def missing_texts(flow: FlowHandler[Any, Any, Any], result: Any) -> Iterator[str]:
    """Return what is wrong with the texts of a flow's result, in any language."""
    path_of = next(
        (path(flow) for kind, path in _sections().items() if isinstance(flow, kind)),
        None,
    )
    if path_of is None or result.get("translation_domain"):
        return
    given: dict[str, str] = dict(result.get("description_placeholders") or {})
    for language, texts in TEXTS.items():
        of_flow = texts
        for key in path_of.split("."):
            of_flow = of_flow[key]
        for path in _shown(result):
            where = f"{language}: {path_of}.{'.'.join(path)}"
            text: Any = of_flow
            for key in path:
                text = text.get(key, {})
            if not text:
                yield f"{where} is missing"
            elif in_vain := placeholders(text) - given.keys():
                yield f"{where} is not given {in_vain}"
            else:
                yield from _markup(where, path[0], text, given)
        if result["type"] is FlowResultType.FORM and result["data_schema"]:
            texts_of = of_flow["step"].get(result["step_id"], {})
            for lost in _without_texts(result["data_schema"], texts_of):
                yield f"{language}: {path_of}.{result['step_id']}.{lost}"


def _markup(
    where: str, kind: str, text: Any, given: Mapping[str, str]
) -> Iterator[str]:
    """Return which texts would be shown with links, pictures or emphasis of what they are given.

    Home Assistant shows titles, names and errors as they are, and all others as Markdown.
    """
    for path, leaf in leaves(text):
        shown_as_is = not AS_THEY_ARE.isdisjoint((kind, *path.split(".")))
        if not shown_as_is and not is_shown_as_text(leaf, given):
            yield f"{where}.{path} is not text with {given}"


def _markup_in_issue(what: Mapping[str, Any]) -> Iterator[str]:
    """Return which texts of an issue are not shown as text. Those of its repair are a flow's."""
    given: Mapping[str, str] = what["translation_placeholders"]
    for language, texts in TEXTS.items():
        of_issue = texts["issues"][what["translation_key"]]
        description = of_issue.get("description", "")
        if description and placeholders(description) <= given.keys():
            where = f"{language}: issues.{what['translation_key']}"
            yield from _markup(where, "step", {"description": description}, given)


def _without_texts(schema: Any, texts: Mapping[str, Any]) -> Iterator[str]:
    """Return the paths of what a form has no texts for: its fields, those of its sections."""
    for field, kind in schema.schema.items():
        if isinstance(kind, section):
            of_section = texts.get("sections", {}).get(field, {})
            if not {"name", "description"} <= of_section.keys():
                yield f"sections.{field}"
            for lost in _without_texts(kind.schema, of_section):
                yield f"sections.{field}.{lost}"
        else:
            for part in ("data", "data_description"):
                if field not in texts.get(part, {}):
                    yield f"{part}.{field}"


def _shown(result: Any) -> Iterator[tuple[str, ...]]:
    """Return the paths to the texts of a result."""
    match result["type"]:
        case FlowResultType.FORM:
            yield "step", result["step_id"]
            for error in (result["errors"] or {}).values():
                yield "error", error
        case FlowResultType.MENU:
            yield "step", result["step_id"]
            for option in result["menu_options"]:
                yield "step", result["step_id"], "menu_options", option
                yield "step", result["step_id"], "menu_option_descriptions", option
        case FlowResultType.ABORT:
            yield "abort", result["reason"]
        case FlowResultType.SHOW_PROGRESS:
            yield "progress", result["progress_action"]
        case FlowResultType.CREATE_ENTRY if result["description"]:
            yield "create_entry", result["description"]
