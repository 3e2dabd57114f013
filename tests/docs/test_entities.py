"""docs/entities.md, the list of all entities, which is written here."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
import json
from pathlib import Path
from typing import Any, Final

import pytest

from custom_components.whatsminer.api import (
    SETTINGS,
    Capabilities,
    Command,
    Effect,
    Snapshot,
    commands,
)
from custom_components.whatsminer.api.readings import (
    Board,
    Performance,
    Pool,
    PowerSupply,
    ReportedSettings,
    Support,
)
from custom_components.whatsminer.api.v2 import supplement
from custom_components.whatsminer.api.v2.generations import Generation
from custom_components.whatsminer.api.v2.support import SUPPORT
from custom_components.whatsminer.api.v3.support import support_of, version_of
from custom_components.whatsminer.binary_sensor import (
    BINARY_SENSORS,
    BOARD_BINARY_SENSORS,
)
from custom_components.whatsminer.button import BUTTONS
from custom_components.whatsminer.entity import WhatsminerEntityDescription
from custom_components.whatsminer.event import EVENTS
from custom_components.whatsminer.number import NUMBERS, WhatsminerNumberDescription
from custom_components.whatsminer.select import SELECTS, WhatsminerSelectDescription
from custom_components.whatsminer.sensor_condition import (
    CONDITION_SENSORS,
    STATUS_SENSORS,
)
from custom_components.whatsminer.sensor_descriptions import (
    BOARD_SENSORS,
    PRICE_SENSORS,
    RUNTIME_SENSORS,
    SENSORS,
)
from custom_components.whatsminer.sensor_totals import TOTALS
from custom_components.whatsminer.site.miner_plan import MINER_PLAN_SENSORS
from custom_components.whatsminer.switch import SWITCHES, WhatsminerSwitchDescription
from homeassistant.components.number import NumberEntityDescription
from homeassistant.components.select import SelectEntityDescription
from homeassistant.components.sensor import SensorEntityDescription
from simulator.v3 import FIRMWARE_BY_API

from .controls import LANGUAGES, Controls, section, texts_of

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "entities.md"
GERMAN_PAGE: Final = ROOT / "docs" / "de" / "entities.md"
CONTROLS: Final[Controls] = {
    "switch": SWITCHES,
    "number": NUMBERS,
    "select": SELECTS,
    "button": BUTTONS,
}
NAMES: Final = json.loads(
    (ROOT / "custom_components/whatsminer/translations/en.json").read_text()
)["entity"]

HEAD: Final = """\
# Entities

<!-- Written by `pytest tests/docs/test_entities.py --snapshot-update` from the code. -->

The tables list all entities of a miner. The key is the end of the unique ID: `<mac>_<key>` for the
miner, `<mac>_board<slot>_<key>` for a hashboard (slots begin at 0, the names of hashboards at 1). Entities
in *italics* are disabled until you enable them. The columns V1 to V3 say which miners have an entity, by
the version of the vendor's API:

* **yes**: all miners.
* **reported**: miners whose firmware reports the value.
* **air**, **liquid**: miners that are cooled by air, or by a liquid.
* **over V2**: miners that have V3 and also answer on the port of V2.

A miner has controls only if it was added with its password. It has prices only if a hash price is set, in
its preferences or for its site. It has *Plan* only while a site decides about it by its
[plan](site.md#read-why).

[settings.md](settings.md) says where the state of each control comes from, and [readings.md](readings.md)
where each reading goes. [What each control is for](#what-the-controls-are-for) is below, and also [in
German](de/entities.md).
"""
GERMAN_HEAD: Final = """\
# Bedienelemente

<!-- Written by `pytest tests/docs/test_entities.py --snapshot-update` from docs/controls/de.json. -->

Die Liste aller Entitäten steht auf [Englisch](../entities.md).
"""

EFFECTS: Final = {
    Effect.NONE: "goes on",
    Effect.NEXT_START: "goes on; applies from the next start of mining",
    Effect.STARTS: "starts",
    Effect.STOPS: "stops",
    Effect.RESTARTS_MINING: "**restarts**",
    Effect.REBOOTS: "**the miner reboots**",
    Effect.RESETS: "**the miner reboots**",
}
_EVERY_SETTING: Final[Mapping[str, Any]] = dict.fromkeys(SETTINGS, 1)
# What only some miners with the same firmware report, in a snapshot.
EVERYTHING: Final[Mapping[str, Any]] = {
    "settings": ReportedSettings(**_EVERY_SETTING),
    "power_supply": PowerSupply(
        input_current=1, input_power=1, input_voltage=1, temperature=1, fan_speed=1
    ),
    "coolant_temperature": 1,
    "performance": Performance(environment_temperature=1),
    "boards": (Board(voltage_difference=1),),
    "pools": (Pool(difficulty=1),),
}
# The unit of these contains the currency of Home Assistant.
PRICES: Final = {description.key for description in PRICE_SENSORS}
# What each protocol with its generations reports and accepts: by its name, oldest version first.
COLUMNS: Final[Mapping[str, Mapping[str, Support]]] = {
    "V1": {"": SUPPORT[Generation.V1]},
    "V2.0.x": {"": SUPPORT[Generation.V2]},
    "V2.2": {"": SUPPORT[Generation.V2_2]},
    "V3": {api: support_of(version_of(api)) for api in FIRMWARE_BY_API},
}
# The command of a button is not in its description.
PRESSES: Final = {
    "restart_mining": commands.restart_mining(),
    "reboot": commands.reboot(),
    "identify": commands.set_led_auto(),
    "preheat": commands.preheat(),
}


def name(platform: str, description: WhatsminerEntityDescription) -> str:
    """Return the name of an entity, in italics if it is disabled by default."""
    key = description.translation_key or description.key
    text = NAMES[platform].get(key, {}).get("name")
    if description.name is None:
        text = "(the miner's own name)"
    elif text is None:  # the device class names it
        text = str(description.device_class).replace("_", " ").capitalize()
    return text if description.entity_registry_enabled_default else f"*{text}*"


def unit(description: WhatsminerEntityDescription) -> str:
    """Return the unit, the range or the options."""
    match description:
        case NumberEntityDescription() if description.key == "power_limit":
            return "W, 30 to 130 % of the ordinary power where that is known"
        case NumberEntityDescription() if description.key == "power_target":
            return "W, up to 130 % of the ordinary power where that is known"
        case NumberEntityDescription():
            most: float | str | None = description.native_max_value
            if most is None:
                most = "0 (air), 100 (liquid)"
            if description.key == "upfreq_speed":
                most = f"{SUPPORT[Generation.V2].limits.upfreq_speed.maximum}, on V3 {most}"
            return (
                f"{description.native_min_value} to {most} "
                f"{description.native_unit_of_measurement or ''}"
            ).strip()
        case SelectEntityDescription() if description.options:
            return ", ".join(description.options)
        case SensorEntityDescription() if description.key in PRICES:
            return "currency/kWh"
        case SensorEntityDescription():
            if description.options:
                return ", ".join(description.options)
            return str(
                description.native_unit_of_measurement or description.device_class or ""
            )
    return ""


def existence(
    description: WhatsminerEntityDescription, versions: Mapping[str, Support]
) -> str:
    """Return which miners of a protocol have an entity, and from which version on."""
    cells = {
        version: in_version(description, support)
        for version, support in versions.items()
    }
    *_, newest = cells.values()
    if newest == "–" and "3.0.0" in versions:
        support = versions["3.0.0"]
        both = replace(support, readings=support.readings | supplement.READINGS)
        return "over V2" if in_version(description, both) != "–" else newest
    first = next(version for version, cell in cells.items() if cell == newest)
    if first == next(iter(cells)):
        return newest
    return f"{newest}, from {first} on"


def in_version(description: WhatsminerEntityDescription, support: Support) -> str:
    """Return which miners with the same firmware have an entity."""

    def exists(*, liquid: bool, reported: bool = True) -> bool:
        shown = EVERYTHING if reported else {}
        seen = Snapshot(
            taken=datetime(2026, 11, 1, tzinfo=UTC),
            generation="any",
            support=support,
            **shown,
        )
        can = replace(Capabilities.of(seen), liquid_cooled=liquid)
        return description.exists(can)

    air, liquid = exists(liquid=False), exists(liquid=True)
    if not (air or liquid):
        return "–"
    if not exists(liquid=liquid, reported=False):
        return "reported"
    return "yes" if air and liquid else "air" if air else "liquid"


def effect(description: WhatsminerEntityDescription) -> str:
    """Return what a control does to mining."""
    sent: list[Command] = []
    match description:
        case WhatsminerNumberDescription():
            sent = [description.set_fn(0 if description.key != "power_limit" else 3000)]
        case WhatsminerSelectDescription():
            sent = [description.set_fn((description.options or [""])[0])]
        case WhatsminerSwitchDescription():
            sent = [description.set_fn(False), description.set_fn(True)]
        case _:
            sent = [PRESSES[description.key]]
    return ", ".join(dict.fromkeys(EFFECTS[command.effect] for command in sent))


def table(
    platform: str, descriptions: Iterable[WhatsminerEntityDescription]
) -> list[str]:
    """Return the rows of a platform."""
    control = platform in ("switch", "number", "select", "button")
    last = "mining" if control else "kind"
    rows = [
        f"| entity | key | what | {last} | {' | '.join(COLUMNS)} |",
        "|---" * (4 + len(COLUMNS)) + "|",
    ]
    for description in descriptions:
        category = str(description.entity_category or "")
        cells = (
            name(platform, description),
            f"`{description.key}`",
            unit(description),
            effect(description) if control else category,
            *(existence(description, versions) for versions in COLUMNS.values()),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def page() -> str:
    sensors: tuple[WhatsminerEntityDescription, ...] = (
        *STATUS_SENSORS,
        *SENSORS,
        *CONDITION_SENSORS,
        *RUNTIME_SENSORS,
        *TOTALS,
        *PRICE_SENSORS,
        *MINER_PLAN_SENSORS,
    )
    tables: tuple[tuple[str, str, Iterable[WhatsminerEntityDescription]], ...] = (
        ("Sensors", "sensor", sensors),
        ("Sensors of each hashboard", "sensor", BOARD_SENSORS),
        ("Binary sensors", "binary_sensor", BINARY_SENSORS),
        ("Binary sensors of each hashboard", "binary_sensor", BOARD_BINARY_SENSORS),
        ("Events", "event", EVENTS),
        ("Switches", "switch", SWITCHES),
        ("Numbers", "number", NUMBERS),
        ("Selects", "select", SELECTS),
        ("Buttons", "button", BUTTONS),
    )
    lines = [HEAD]
    for title, platform, descriptions in tables:
        lines += [f"## {title}", "", *table(platform, descriptions), ""]
    lines += section("en", CONTROLS)
    return "\n".join(lines).rstrip() + "\n"


def german_page() -> str:
    return "\n".join([GERMAN_HEAD, *section("de", CONTROLS)]).rstrip() + "\n"


def test_the_page_says_what_the_code_does(request: pytest.FixtureRequest) -> None:
    """`--snapshot-update` writes the page."""
    if request.config.option.update_snapshots:
        PAGE.write_text(page())
        GERMAN_PAGE.write_text(german_page())
    assert PAGE.read_text() == page()
    assert GERMAN_PAGE.read_text() == german_page()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_control_is_explained_in_each_language(language: str) -> None:
    """A button has no scale; all others say which end is which."""
    explained = texts_of(language)["controls"]
    assert explained.keys() == {
        f"{platform}.{description.key}"
        for platform, descriptions in CONTROLS.items()
        for description in descriptions
    }
    for key, texts in explained.items():
        scale = set() if key.startswith("button.") else {"scale"}
        assert texts.keys() == {"what", "good", "risk"} | scale, key
        assert all(texts.values()), key


def test_every_button_says_what_it_does_to_mining() -> None:
    """The effect of a button is the only one that is not read from the code."""
    assert PRESSES.keys() == {description.key for description in BUTTONS}
