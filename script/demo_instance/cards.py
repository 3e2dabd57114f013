"""The cards of the demo's dashboard, of entities that are enabled by default."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_HOURS = 0.5
_ICONS = {"air": "mdi:fan", "hydro": "mdi:water", "immersion": "mdi:pool"}
_COOLING = {"air": "air-cooled", "hydro": "water-cooled", "immersion": "immersion"}
# What the graphs compare.
_GRAPHS = {
    "sensor.hash_rate": "Hash rate",
    "sensor.power": "Power",
    "sensor.chip_temperature_max": "Highest chip temperature",
}
_DAY = {"sensor.power": "Power", "sensor.energy": "Energy"}
# What all miners do together, and how many of them do what.
_TOTALS = {
    "sensor.hash_rate": "Hash rate",
    "sensor.power": "Power",
    "sensor.efficiency": "Efficiency",
    "sensor.energy": "Energy",
}
_COUNTS = {
    "sensor.miners_running": "Running",
    "sensor.miners_offline": "Offline",
    "sensor.miners_with_problem": "With a problem",
    "sensor.miners_not_off": "Not off yet",
}
# What the plan does, and what it follows; None stands for the price.
_PLAN: Mapping[str | None, str] = {
    "switch.follow_plan": "Follow plan",
    "sensor.plan": "Plan",
    "sensor.next_change": "Next change",
    None: "Electricity price",
    "number.stop_above": "Stop above",
    "number.start_below": "Start up to",
    "number.power_budget": "Power budget",
}
# Names of miners and of entities come from their owner: a character that Markdown or HTML knows is
# shown as it is if a backslash is before it.
_REASONS = r"""
{{%- macro plain(text) -%}}
{{{{ text | regex_replace('\\s+', ' ') | regex_replace('([!-/:-@\\[-`{{-~])', '\\\\\\1') }}}}
{{%- endmacro -%}}
{{%- for miner in state_attr('{sensor}', 'miners') or [] %}}
- **{{{{ plain(miner.name) }}}}**  {{{{ plain(miner.text) }}}}
{{%- if miner.failure %}}. Not done: {{{{ plain(miner.failure) }}}}{{% endif -%}}
{{%- else -%}}
Nothing, until *Follow plan* is on. Then the miners follow the price, which goes through a day in eight minutes.

Set a power budget as well, or switch a miner yourself, and see what the plan makes of it.
{{%- endfor -%}}
"""

type Card = dict[str, Any]

# Options of a tile: its control is beside the name.
_INLINE: Card = {"features_position": "inline"}
_TOGGLE: Card = {"features": [{"type": "toggle"}], **_INLINE}
# The color of the entity's state, which is red if there is a problem.
_OWN_COLOR: Card = {"color": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device, for the dashboard.

    Attributes:
        name: what Home Assistant calls it.
        entities: the entity id for each ``kind.key`` that it has.
    """

    name: str
    color: str
    entities: Mapping[str, str]

    def tile(self, key: str, width: int, name: str, **options: Any) -> Iterator[Card]:
        """Yield the tile of an entity, or nothing if the device lacks it.

        Args:
            key: the entity.
            width: in twelfths of a column.
            name: a short one.
            options: more of the card.
        """
        if entity_id := self.entities.get(key):
            yield {
                "type": "tile",
                "entity": entity_id,
                "name": name,
                "grid_options": {"columns": width},
                **({"color": self.color} | options),
            }


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Device):
    """A miner, for the dashboard.

    Attributes:
        boards: the device id of each hashboard.
    """

    model: str
    cooling: str
    boards: Sequence[str] = field(default=())


def totals(site: Device) -> Iterable[Card]:
    """Return what all miners do together, and their switch: two rows of three columns."""
    yield from site.tile("switch.mining", 12, site.name, **_TOGGLE)
    for key, name in _TOTALS.items():
        yield from site.tile(key, 6, name)
    yield from site.tile("binary_sensor.problem", 12, "Health", **_OWN_COLOR)
    for key, name in _COUNTS.items():
        yield from site.tile(key, 6, name)


def plan(site: Device, price: str) -> Iterable[Card]:
    """Return what the plan of all miners does, what it follows, and why: a row of three columns.

    Args:
        site: all miners.
        price: the entity that has the price.
    """
    rows = [
        {"entity": price if key is None else site.entities[key], "name": name}
        for key, name in _PLAN.items()
        if key is None or key in site.entities
    ]
    yield {
        "type": "entities",
        "title": "Plan",
        "entities": rows,
        "show_header_toggle": False,
        "grid_options": {"columns": 16},
    }
    if sensor := site.entities.get("sensor.plan"):
        reasons = {
            "type": "markdown",
            "title": "What it does with each miner, and why",
            "content": _REASONS.format(sensor=sensor),
        }
        done = {
            "type": "logbook",
            "title": "What it has done",
            "hours_to_show": 1,
            "target": {"entity_id": [sensor]},
        }
        yield {
            "type": "vertical-stack",
            "cards": [reasons, done],
            "grid_options": {"columns": 20},
        }


def faults(columns: Sequence[Column]) -> Card:
    """Return the faults of all miners in words, or nothing if there are none."""
    names = {
        column.entities["sensor.faults"]: column.name
        for column in columns
        if "sensor.faults" in column.entities
    }
    content = (
        f"{{% for id, name in {names}.items() %}}"
        "{% for fault in state_attr(id, 'faults') or [] %}"
        '<ha-alert alert-type="'
        "{{ 'info' if fault.severity == 'minor' else 'error' }}\" "
        'title="{{ name }}: fault {{ fault.code }}">{{ fault.text }}</ha-alert>\n\n'
        "{% endfor %}{% endfor %}"
    )
    return {
        **_text(content),
        "grid_options": {"columns": "full"},
        "visibility": [
            {
                "condition": "or",
                "conditions": [
                    {"condition": "numeric_state", "entity": entity_id, "above": 0}
                    for entity_id in names
                ],
            }
        ],
    }


def readings(column: Column) -> Iterable[Card]:
    """Return the readings of a miner, and its main switch."""
    aside = ["sensor.environment_temperature", "sensor.mining_since"]
    yield {
        "type": "heading",
        "heading": f"{column.model}, {_COOLING[column.cooling]}",
        "heading_style": "title",
        "icon": _ICONS[column.cooling],
        "badges": [
            {"type": "entity", "entity": column.entities[key], "color": column.color}
            for key in aside
            if key in column.entities
        ],
    }
    yield from column.tile("switch.mining", 12, column.name, **_TOGGLE)
    trend = [{"type": "trend-graph", "hours_to_show": _HOURS}]
    yield from column.tile("sensor.hash_rate", 6, "Hash rate", features=trend)
    yield from column.tile("sensor.power", 6, "Power", features=trend)
    yield from column.tile("sensor.efficiency", 6, "Efficiency")
    yield from column.tile("sensor.energy", 6, "Energy")
    yield from column.tile("sensor.chip_temperature_max", 6, "Chips")
    yield from column.tile("binary_sensor.problem", 6, "Health", **_OWN_COLOR)
    # One row in either case, so that the settings begin at the same height everywhere.
    if "sensor.fan_speed_in" in column.entities:
        yield from column.tile("sensor.fan_speed_in", 6, "Intake fan")
        yield from column.tile("sensor.fan_speed_out", 6, "Exhaust fan")
    else:
        yield from column.tile("sensor.coolant_temperature", 6, "Coolant")
        yield from column.tile("binary_sensor.pool_connected", 6, "Pool")


def settings(column: Column) -> Iterable[Card]:
    """Return the controls of a miner."""
    slider = [{"type": "numeric-input", "style": "slider"}]
    yield from column.tile(
        "number.power_percent", 12, "Percent", features=slider, **_INLINE
    )
    mode = [{"type": "select-options", "style": "buttons"}]
    yield from column.tile("select.power_mode", 12, "Mode", features=mode, **_INLINE)
    # The time of the last press of a button is of no interest.
    yield from column.tile("button.identify", 6, "Identify", hide_state=True)
    yield from column.tile("button.restart_mining", 6, "Restart", hide_state=True)


def hashboards(column: Column) -> Iterable[Card]:
    """Return a table of the hashboards; each links to its own page."""
    if not column.boards:
        return
    rows = [
        "| [Hashboard {number}](/config/devices/device/{device}) "
        "| {rate} | {temperature} | {alive} |".format(
            number=slot + 1,
            device=device,
            rate=_number(column.entities[f"sensor.board{slot}_hash_rate"], 1, "TH/s"),
            temperature=_number(
                column.entities[f"sensor.board{slot}_temperature"], 0, "°C"
            ),
            alive=_alive(column.entities[f"binary_sensor.board{slot}_alive"]),
        )
        for slot, device in enumerate(column.boards)
    ]
    head = "|  | Hash rate | Temp. | Alive |\n|:--|--:|--:|:--|"
    yield {
        "type": "markdown",
        "content": "\n".join([head, *rows]),
        "grid_options": {"columns": 12},
    }


def graphs(columns: Sequence[Column]) -> Iterable[Card]:
    """Return the graphs that compare the miners."""
    yield _heading("The last half hour")
    for key, title in _GRAPHS.items():
        yield {
            "type": "history-graph",
            "title": title,
            "hours_to_show": _HOURS,
            "grid_options": {"columns": 12},
            "entities": _compared(columns, key),
        }


def day(columns: Sequence[Column]) -> Iterable[Card]:
    """Return the last day: the energy that was used, and the faults."""
    yield _heading("The last day")
    for key, title in _DAY.items():
        yield {
            "type": "statistics-graph",
            "title": title,
            "days_to_show": 1,
            "period": "hour",
            "stat_types": ["change"] if key == "sensor.energy" else ["mean"],
            "chart_type": "bar" if key == "sensor.energy" else "line",
            "grid_options": {"columns": 12},
            "entities": _compared(columns, key),
        }
    yield {
        "type": "logbook",
        "title": "Faults",
        "hours_to_show": 24,
        "target": {"entity_id": _ids(columns, "event.fault")},
        "grid_options": {"columns": 12},
    }


def _compared(columns: Sequence[Column], key: str) -> list[Card]:
    return [
        {"entity": column.entities[key], "name": column.model, "color": column.color}
        for column in columns
        if key in column.entities
    ]


def _ids(columns: Sequence[Column], key: str) -> list[str]:
    return [column.entities[key] for column in columns if key in column.entities]


def _number(entity_id: str, digits: int, unit: str) -> str:
    """Return the template of a number, with a dash if there is none."""
    return (
        f"{{% set value = states('{entity_id}') %}}"
        f"{{{{ '%.{digits}f {unit}' | format(value | float) "
        "if value | is_number else '–' }}"
    )


def _alive(entity_id: str) -> str:
    """Return the template of a word: nothing is said of a board that need not work."""
    return (
        "{{ {'on': '<font color=\"green\">yes</font>',"
        " 'off': '<font color=\"red\">no</font>'}"
        f".get(states('{entity_id}'), '–') }}}}"
    )


def _heading(text: str) -> Card:
    return {"type": "heading", "heading": text, "heading_style": "title"}


def _text(content: str) -> Card:
    return {"type": "markdown", "text_only": True, "content": content}
