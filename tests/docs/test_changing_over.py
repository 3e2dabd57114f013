"""docs/changing_over.md says of each input of two blueprints what it is at a site."""

from collections.abc import Iterator
from pathlib import Path
import re
from typing import Any, Final

import pytest

from custom_components.whatsminer.plan_form import PLAN_KEYS
from homeassistant.util.yaml import load_yaml_dict
from tests.texts import TEXTS

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "changing_over.md"
FOLDER: Final = ROOT / "blueprints" / "automation" / "whatsminer"
BLUEPRINTS: Final = {
    "mine_when_cheap": "Mine when power is cheap",
    "follow_the_sun": "Follow the sun, or a budget",
}
_ROW: Final = re.compile(r"^\| ([^|]+) \| ([^|]+) \| (?:`(\w+)`)? ?\|$", re.MULTILINE)


def inputs(blueprint: str) -> Iterator[str]:
    """Yield the names of the inputs of a blueprint, taken out of their sections."""
    found = load_yaml_dict(FOLDER / f"{blueprint}.yaml")["blueprint"]["input"]
    for value in found.values():
        for each in value.get("input", {"": value}).values():
            yield each["name"]


def rows(heading: str) -> list[tuple[str, ...]]:
    """Return the rows of the table below a heading: input, option, key."""
    section = PAGE.read_text("utf-8").partition(f"\n## {heading}\n")[2]
    return _ROW.findall(section.partition("\n## ")[0])


def labels() -> dict[str, Any]:
    """Return the options of a plan by their keys, as the form calls them."""
    sections = TEXTS["en"]["options"]["step"]["plan"]["sections"]
    return {
        key: label for each in sections.values() for key, label in each["data"].items()
    }


@pytest.mark.parametrize(("blueprint", "heading"), BLUEPRINTS.items())
def test_every_input_has_its_place(blueprint: str, heading: str) -> None:
    named = [name for row in rows(heading) for name in row[0].split(", ")]

    assert named == list(inputs(blueprint))


@pytest.mark.parametrize("heading", BLUEPRINTS.values())
def test_options_are_called_as_in_the_form(heading: str) -> None:
    keyed = [(option, key) for _, option, key in rows(heading) if key]

    assert len(keyed) > 5
    assert {key for _, key in keyed} <= PLAN_KEYS
    assert [
        option for option, key in keyed if not option.startswith(labels()[key])
    ] == []


@pytest.mark.parametrize("blueprint", BLUEPRINTS)
def test_the_blueprint_names_the_page(blueprint: str) -> None:
    text = (FOLDER / f"{blueprint}.yaml").read_text("utf-8")

    assert f"/blob/main/docs/{PAGE.name}" in text.partition("input:")[0]
