"""The first dashboard of the demo: a column for each miner, and graphs of them all."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import cards
from .cards import Column
from .client import Client
from .miners import DemoMiner

URL_PATH = "mining-demo"
_COLORS = ("amber", "blue", "teal")


async def install(client: Client, miners: Iterable[DemoMiner]) -> None:
    """Make the dashboard and its place as the first page, unless there is one already."""
    dashboards = await client.command("lovelace/dashboards/list")
    if any(dashboard["url_path"] == URL_PATH for dashboard in dashboards):
        return
    entities = await client.entities()
    devices = await client.devices()
    columns = [
        await _column(client, miner, color, entities, devices)
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
    client: Client,
    miner: DemoMiner,
    color: str,
    entities: Mapping[tuple[str, str], str],
    devices: Mapping[str, Mapping[str, Any]],
) -> Column:
    own = miner.own(entities)
    # The mining switch has no name of its own: it is the miner.
    name = (await client.state(own["switch.mining"])).attributes["friendly_name"]
    boards = {
        identifier: device["id"]
        for identifier, device in devices.items()
        if identifier.startswith(f"{miner.mac}_board")
    }
    return Column(
        name=name,
        model=miner.plan.model,
        cooling=miner.plan.cooling.value,
        color=color,
        entities=own,
        boards=[boards[identifier] for identifier in sorted(boards)],
    )


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
                "header": {"card": cards.summary(columns), "layout": "start"},
                "sections": [
                    {
                        "type": "grid",
                        "column_span": len(columns),
                        "cards": [cards.faults(columns)],
                    },
                    *(
                        {
                            "type": "grid",
                            "cards": [
                                *cards.readings(column),
                                *cards.settings(column),
                                *cards.hashboards(column),
                            ],
                        }
                        for column in columns
                    ),
                ],
            },
            {
                "type": "sections",
                "title": "History",
                "path": "history",
                "icon": "mdi:chart-line",
                "max_columns": len(columns),
                "sections": [
                    {
                        "type": "grid",
                        "column_span": len(columns),
                        "cards": list(make(columns)),
                    }
                    for make in (cards.graphs, cards.day)
                ],
            },
        ]
    }
