"""The Energy dashboard of the demo, in which every miner is a device."""

from collections.abc import Iterable
from contextlib import suppress

from .client import Client, RefusedError
from .miners import DemoMiner


async def install(client: Client, miners: Iterable[DemoMiner]) -> None:
    """Put the miners on the Energy dashboard, unless it is arranged already.

    The site is not there as well, because the energy of every miner would count twice. Without it
    the graphs still show the sum, and which miner uses how much of it.
    """
    with suppress(RefusedError):  # there are no preferences yet
        await client.command("energy/get_prefs")
        return
    entities = await client.entities()
    devices: list[dict[str, str]] = []
    for miner in miners:
        own = miner.own(entities)
        devices.append(
            {
                "stat_consumption": own["sensor.energy"],
                "stat_rate": own["sensor.power"],
                "name": miner.plan.name,
            }
        )
    await client.command("energy/save_prefs", device_consumption=devices)
