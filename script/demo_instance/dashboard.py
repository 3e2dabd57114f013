"""The first dashboard of the demo: all miners together, a column for each, and graphs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import cards
from .cards import Column, Device
from .client import Client, own_entities
from .miners import DemoMiner

URL_PATH = "mining-demo"
_COLORS = ("amber", "blue", "teal")
_COLOR_OF_SITE = "deep-purple"


async def install(
    client: Client, miners: Iterable[DemoMiner], site: str, price: str
) -> None:
    """Make the dashboard and its place as the first page, unless there is one already.

    Args:
        client: of Home Assistant.
        miners: of which each has a column.
        site: the id of its entry.
        price: the entity whose price its plan follows.
    """
    dashboards = await client.command("lovelace/dashboards/list")
    if any(dashboard["url_path"] == URL_PATH for dashboard in dashboards):
        return
    entities = await client.entities()
    devices = await client.devices()
    columns = [
        await _column(client, miner, color, entities, devices)
        for miner, color in zip(miners, _COLORS, strict=True)
    ]
    together = own_entities(entities, site)
    totals = Device(
        name=await _name(client, together), color=_COLOR_OF_SITE, entities=together
    )
    await client.command(
        "lovelace/dashboards/create",
        url_path=URL_PATH,
        title="Miners",
        icon="mdi:pickaxe",
    )
    await client.command(
        "lovelace/config/save",
        url_path=URL_PATH,
        config=build(totals, columns, price),
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
    boards = {
        identifier: device["id"]
        for identifier, device in devices.items()
        if identifier.startswith(f"{miner.mac}_board")
    }
    return Column(
        name=await _name(client, own),
        model=miner.plan.model,
        cooling=miner.plan.cooling.value,
        color=color,
        entities=own,
        boards=[boards[identifier] for identifier in sorted(boards)],
    )


async def _name(client: Client, own: Mapping[str, str]) -> str:
    """Return what Home Assistant calls a device: its mining switch has no name of its own."""
    state = await client.state(own["switch.mining"])
    return str(state.attributes["friendly_name"])


def build(site: Device, columns: Sequence[Column], price: str) -> dict[str, Any]:
    """Return the configuration of the dashboard."""
    return {
        "views": [
            {
                "type": "sections",
                "title": "Miners",
                "path": "miners",
                "icon": "mdi:pickaxe",
                "max_columns": len(columns),
                "sections": [
                    {
                        "type": "grid",
                        "column_span": len(columns),
                        "cards": [*cards.totals(site), cards.faults(columns)],
                    },
                    {
                        "type": "grid",
                        "column_span": len(columns),
                        "cards": list(cards.plan(site, price)),
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
