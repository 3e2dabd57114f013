"""docs/site.md lists all entities of a site, and all options of its plan."""

from pathlib import Path
import re
from typing import Final

from custom_components.whatsminer.site.binary_sensor import SITE_PROBLEM
from custom_components.whatsminer.site.decision import PlanState
from custom_components.whatsminer.site.number import SITE_BUDGET, SITE_LIMITS
from custom_components.whatsminer.site.sensor import (
    SITE_ENERGY,
    SITE_PLAN_SENSORS,
    SITE_PRICE_SENSORS,
    SITE_SENSORS,
)
from custom_components.whatsminer.site.switch import SITE_FOLLOW_PLAN, SITE_MINING
from homeassistant.helpers.entity import EntityDescription
from tests.texts import TEXTS

PAGE: Final = Path(__file__).parents[2] / "docs" / "site.md"
ENTITIES: Final[dict[str, tuple[EntityDescription, ...]]] = {
    "switch": (SITE_MINING, SITE_FOLLOW_PLAN),
    "number": (SITE_BUDGET, *SITE_LIMITS),
    "sensor": (*SITE_SENSORS, SITE_ENERGY, *SITE_PLAN_SENSORS, *SITE_PRICE_SENSORS),
    "binary_sensor": (SITE_PROBLEM,),
}


def name(platform: str, description: EntityDescription) -> str:
    """Return the name of an entity."""
    if description.name is None:
        return "(the site's own name)"
    texts = TEXTS["en"]["entity"].get(platform, {}).get(description.key, {})
    return str(texts.get("name") or str(description.device_class).capitalize())


def test_every_state_of_the_plan_is_explained() -> None:
    rows = re.findall(r"^\| ([^|]+) \(`(\w+)`\) \|", PAGE.read_text(), re.MULTILINE)

    assert {key: text for text, key in rows} == TEXTS["en"]["entity"]["sensor"]["plan"][
        "state"
    ]
    assert {key for _, key in rows} == set(PlanState)


def test_every_entity_is_listed_with_its_name() -> None:
    rows = re.findall(r"^\| ([^|]+) \| `(\w+)` \|", PAGE.read_text(), re.MULTILINE)

    assert {key: text for text, key in rows} == {
        description.key: name(platform, description)
        for platform, descriptions in ENTITIES.items()
        for description in descriptions
    }


def test_every_option_of_the_plan_is_listed_with_its_name() -> None:
    sections = TEXTS["en"]["options"]["step"]["plan"]["sections"].values()
    names = [name for section in sections for name in section["data"].values()]
    tables = PAGE.read_text().partition("\n### The price\n")[2]
    cells = re.findall(
        r"^\| ([^|]+) \|", tables.partition("\n### It keeps")[0], re.MULTILINE
    )

    listed = [name for cell in cells for name in cell.split(", ")]
    assert sorted(set(listed) - {"option"}) == sorted(names)
