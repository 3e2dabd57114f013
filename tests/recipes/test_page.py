"""The page of the recipes names what exists."""

import re

from tests.blueprints import Home

from . import PAGE, blocks, cook

# An entity that only liquid-cooled miners have.
LIQUID = "sensor.garage_miner_coolant_temperature"


def test_no_yaml_of_the_page_is_left_untried() -> None:
    """A test sets up the YAML below each of these headings."""
    assert set(blocks()) == {
        "A number for others to set",
        "A thermostat and a site",
        "EMHASS",
        "EMHASS and a site",
        "Generic thermostat",
        "Price sources",
        "evcc and a site",
    }


async def test_the_entities_that_the_page_names_are_there(home: Home) -> None:
    await cook(home, "A number for others to set")
    found = re.findall(
        r"\b(?:binary_sensor|input_number|number|sensor|switch)\.garage_miner\w*",
        PAGE.read_text("utf-8"),
    )
    assert len(set(found)) > 5

    assert {
        entity_id for entity_id in found if not home.hass.states.get(entity_id)
    } == {LIQUID}
