"""The dashboard that the demo opens on: a column for each miner, and graphs of them all."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .client import Client
from .miners import DemoMiner

URL_PATH = "mining-demo"
_HOURS = 0.5
_ICONS = {"air": "mdi:fan", "hydro": "mdi:water", "immersion": "mdi:pool"}
_COOLING = {"air": "air-cooled", "hydro": "water-cooled", "immersion": "immersion"}
# What the graphs compare.
_GRAPHS = {
    "hash_rate": "Hash rate",
    "power": "Power",
    "chip_temperature": "Chip temperature",
}
_COLORS = ("amber", "blue", "teal")

type Card = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A miner, for the dashboard.

    Attributes:
        name: what Home Assistant calls it.
        entities: the entity id for each key that this miner has.
    """

    name: str
    model: str
    cooling: str
    color: str
    entities: Mapping[str, str]

    def tile(self, key: str, width: int, name: str, **options: Any) -> Iterator[Card]:
        """Yield the tile of an entity, or nothing if this miner lacks it.

        Args:
            key: the entity.
            width: in twelfths of the column.
            name: a short one.
            options: more of the card.
        """
        if entity_id := self.entities.get(key):
            yield {
                "type": "tile",
                "entity": entity_id,
                "name": name,
                "color": self.color,
                "grid_options": {"columns": width},
                **options,
            }


async def install(client: Client, miners: Iterable[DemoMiner]) -> None:
    """Make the dashboard, and have the web page open on it; leave one that is there."""
    dashboards = await client.command("lovelace/dashboards/list")
    if any(dashboard["url_path"] == URL_PATH for dashboard in dashboards):
        return
    entities = await client.entities()
    columns = [
        await _column(client, miner, color, entities)
        for miner, color in zip(miners, _COLORS, strict=True)
    ]
    await client.command(
        "lovelace/dashboards/create",
        url_path=URL_PATH,
        title="Miners",
        icon="mdi:pickaxe",
    )
    await client.command(
        "lovelace/config/save", url_path=URL_PATH, config=build(columns)
    )
    await client.command(
        "frontend/set_system_data", key="core", value={"default_panel": URL_PATH}
    )


async def _column(
    client: Client, miner: DemoMiner, color: str, entities: Mapping[str, str]
) -> Column:
    own = miner.own(entities)
    # The mining switch has no name of its own: it is the miner.
    name = (await client.state(own["mining"])).attributes["friendly_name"]
    return Column(name, miner.plan.model, miner.plan.cooling.value, color, own)


def build(columns: Sequence[Column]) -> dict[str, Any]:
    """Return the configuration of the dashboard."""
    return {
        "views": [
            {
                "type": "sections",
                "title": "Miners",
                "path": "miners",
                "icon": "mdi:pickaxe",
                "max_columns": len(columns),
                "header": {"card": _summary(columns), "layout": "start"},
                "sections": [
                    *(
                        {
                            "type": "grid",
                            "cards": [*_readings(column), *_settings(column)],
                        }
                        for column in columns
                    ),
                    {
                        "type": "grid",
                        "column_span": len(columns),
                        "cards": list(_graphs(columns)),
                    },
                ],
            }
        ]
    }


def _summary(columns: Sequence[Column]) -> Card:
    """Return the line above everything: what all miners do together."""

    def total(key: str) -> str:
        ids = [column.entities[key] for column in columns if key in column.entities]
        return f"{ids} | map('states') | map('float', 0) | sum"

    content = (
        "# Three miners\n"
        f"**{{{{ '%.0f' | format({total('hash_rate')}) }}}} TH/s** for "
        f"**{{{{ '%.2f' | format(({total('power')}) / 1000) }}}} kW**"
    )
    return {"type": "markdown", "text_only": True, "content": content}


def _readings(column: Column) -> Iterable[Card]:
    """Return what a miner tells, and its main switch."""
    air = "fan_speed_in" in column.entities
    aside = ["environment_temperature", "mining_since"] if air else ["mining_since"]
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
    yield from column.tile(
        "mining",
        12,
        column.name,
        features=[{"type": "toggle"}],
        features_position="inline",
    )
    trend = [{"type": "trend-graph", "hours_to_show": _HOURS}]
    yield from column.tile("hash_rate", 6, "Hash rate", features=trend)
    yield from column.tile("power", 6, "Power", features=trend)
    yield from column.tile("efficiency", 6, "Efficiency")
    yield from column.tile("chip_temperature", 6, "Chips")
    yield from column.tile("frequency", 6, "Frequency")
    yield from column.tile("pool_rejection", 6, "Rejected")
    # One row in either case, so that the settings begin at the same height everywhere.
    if air:
        yield from column.tile("fan_speed_in", 6, "Intake fan")
        yield from column.tile("fan_speed_out", 6, "Exhaust fan")
    else:
        yield from column.tile("environment_temperature", 6, "Environment")
        yield from column.tile("hash_rate_average", 6, "Average hash rate")


def _settings(column: Column) -> Iterable[Card]:
    """Return what can be changed on a miner."""
    slider = [{"type": "numeric-input", "style": "slider"}]
    inline = {"features_position": "inline"}
    yield from column.tile("power_percent", 12, "Percent", features=slider, **inline)
    mode = [{"type": "select-options", "style": "buttons"}]
    yield from column.tile("power_mode", 12, "Mode", features=mode, **inline)
    yield from column.tile(
        "temperature_offset", 12, "Offset", features=slider, **inline
    )
    if limit := column.entities.get("power_limit"):
        yield {"type": "entities", "entities": [{"entity": limit, "name": "Limit"}]}
    yield from column.tile("fast_boot", 6, "Fast boot")
    yield from column.tile("web_pools", 6, "Web pools")


def _graphs(columns: Sequence[Column]) -> Iterable[Card]:
    """Return the graphs that compare the miners."""
    yield {"type": "heading", "heading": "The last half hour", "heading_style": "title"}
    for key, title in _GRAPHS.items():
        yield {
            "type": "history-graph",
            "title": title,
            "hours_to_show": _HOURS,
            "grid_options": {"columns": 12},
            "entities": [
                {
                    "entity": column.entities[key],
                    "name": column.model,
                    "color": column.color,
                }
                for column in columns
                if key in column.entities
            ],
        }
