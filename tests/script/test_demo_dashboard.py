"""The dashboard of the demo, without starting it."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from demo_instance import cards
from demo_instance.cards import Column, Device
from demo_instance.client import own_entities
from demo_instance.dashboard import build
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_registry import RegistryEntry
from homeassistant.helpers.template import Template
from tests import entities_of, every_generation
from tests.fleet import Fleet
from tests.site import ALL, add_site

PRICE = "input_number.price"
SITE = Device(name="Shed", color="primary", entities={"switch.mining": "switch.shed"})

PLANNED = replace(SITE, entities={"sensor.plan": "sensor.plan"})


def by_key(entities: Iterable[RegistryEntry], identifier: str) -> dict[str, str]:
    """Return the entity ids by ``kind.key``."""
    ids = {(entity.domain, entity.unique_id): entity.entity_id for entity in entities}
    return own_entities(ids, identifier)


def shown(section: dict[str, Any]) -> list[str]:
    """Return the entities of the tiles of a section."""
    return [card["entity"] for card in section["cards"] if "entity" in card]


def test_dashboard_leaves_out_what_a_miner_lacks() -> None:
    board = {
        "sensor.board0_hash_rate": "sensor.b_rate",
        "sensor.board0_temperature": "sensor.b_temperature",
        "binary_sensor.board0_alive": "binary_sensor.b_alive",
    }
    full = {
        key: key
        for key in ("sensor.hash_rate", "sensor.power", "sensor.chip_temperature_max")
    }
    columns = [
        Column(
            name="Full",
            model="M30S+",
            cooling="air",
            color="amber",
            entities={**full, **board, "switch.mining": "switch.full"},
            boards=["abc"],
        ),
        Column(
            name="Bare",
            model="M63",
            cooling="hydro",
            color="blue",
            entities={"sensor.hash_rate": "sensor.bare"},
        ),
    ]
    miners, history = build(SITE, columns, PRICE)["views"]
    totals, _, *sections = miners["sections"]
    assert shown(totals) == ["switch.shed"]
    used = [shown(section) for section in sections]
    assert used[0] == [
        "switch.full",
        "sensor.hash_rate",
        "sensor.power",
        "sensor.chip_temperature_max",
    ]
    assert used[1] == ["sensor.bare"]
    tables = [
        [card["content"] for card in section["cards"] if card["type"] == "markdown"]
        for section in sections
    ]
    assert tables[1] == []
    (table,) = tables[0]
    assert "[Hashboard 1](/config/devices/device/abc)" in table
    assert all(entity_id in table for entity_id in board.values())
    compared = [
        [entity["entity"] for entity in card["entities"]]
        for section in history["sections"]
        for card in section["cards"]
        if "entities" in card
    ]
    assert compared[0] == ["sensor.hash_rate", "sensor.bare"]
    assert compared[1] == ["sensor.power"]


@every_generation
async def test_dashboard_shows_only_what_is_enabled_by_default(
    hass: HomeAssistant, set_up: WhatsminerCoordinator
) -> None:
    mac = set_up.config_entry.unique_id
    assert mac is not None
    entities = entities_of(hass, set_up.config_entry)
    boards = sum(entity.unique_id.endswith("_alive") for entity in entities)

    def dashboard(own: Iterable[RegistryEntry]) -> dict[str, Any]:
        column = Column(
            name="Miner",
            model="M30S+",
            cooling="air",
            color="amber",
            entities=by_key(own, mac),
            boards=[str(slot) for slot in range(boards)],
        )
        return build(SITE, [column], PRICE)

    enabled = [entity for entity in entities if not entity.disabled]
    assert dashboard(enabled) == dashboard(entities)


async def test_dashboard_begins_with_everything_that_a_site_has(
    hass: HomeAssistant, fleet: Fleet
) -> None:
    site = await add_site(fleet, **ALL, price_entity=PRICE, stop_above=0.2)
    entities = by_key(entities_of(hass, site.entry), site.entry.entry_id)
    device = Device(name="Shed", color="primary", entities=entities)
    totals, plan, *_ = build(device, [], PRICE)["views"][0]["sections"]
    first, *_ = shown(totals)
    assert first == "switch.shed"
    followed = [row["entity"] for row in plan["cards"][0]["entities"]]
    assert sorted(shown(totals) + followed) == sorted([*entities.values(), PRICE])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Ada 1", "Ada 1"),
        ("<b>*Ada*</b>", r"\<b\>\*Ada\*\<\/b\>"),
        ("[Ada](https://evil)", r"\[Ada\]\(https\:\/\/evil\)"),
        ("`|\\_~#\n- Äda", r"\`\|\\\_\~\# \- Äda"),
        ("{{ states('sun.sun') }}", r"\{\{ states\(\'sun\.sun\'\) \}\}"),
    ],
)
async def test_names_of_miners_are_no_markup(
    hass: HomeAssistant, given: str, expected: str
) -> None:
    *_, stack = cards.plan(PLANNED, PRICE)
    reasons, _ = stack["cards"]
    miner = {"name": given, "text": f"On: {given}", "failure": None}
    hass.states.async_set("sensor.plan", "following", {"miners": [miner, miner]})
    line = f"- **{expected}**  On\\: {expected}"
    assert Template(reasons["content"], hass).async_render() == f"{line}\n{line}"


async def test_the_dashboard_says_how_a_plan_is_followed(hass: HomeAssistant) -> None:
    *_, stack = cards.plan(PLANNED, PRICE)
    reasons, _ = stack["cards"]
    hass.states.async_set("sensor.plan", "not_following", {"miners": []})
    assert "*Follow plan*" in Template(reasons["content"], hass).async_render()
