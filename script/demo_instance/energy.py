"""The Energy dashboard of the demo, in which every miner is a device with a day of history."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from .client import Client, RefusedError
from .miners import DemoMiner

_HOURS = 24
_HOUR = timedelta(hours=1)
_LONG_AGO = timedelta(days=3650)
_MEAN = 1  # the arithmetic mean, as for all measurements of the integration


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
        await _remember(client, miner, own)
        power, energy = own["sensor.power"], own["sensor.energy"]
        name = (await client.state(own["switch.mining"])).attributes["friendly_name"]
        devices.append({"stat_consumption": energy, "stat_rate": power, "name": name})
    await client.command("energy/save_prefs", device_consumption=devices)


async def _remember(client: Client, miner: DemoMiner, own: Mapping[str, str]) -> None:
    """Import the statistics of the last day, before Home Assistant ran.

    The simulated miner has been hashing for that long. Without this, the graphs of the Energy
    dashboard would be empty for the first hour, and the dashboard would complain.
    """
    now = miner.miner.state.telemetry()
    this_hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    hours = [this_hour - count * _HOUR for count in range(_HOURS, 0, -1)]
    for key, value, unit, kind in (
        ("sensor.power", now.power, "W", "power"),
        ("sensor.hash_rate", now.hash_rate, "TH/s", None),
    ):
        means = [{"start": hour.isoformat(), "mean": value} for hour in hours]
        await _import(client, own[key], unit, kind, means)
    # Home Assistant itself will count from 0, so the day before has to end there. A first row of
    # long ago has the leap from 0 down to the beginning of the day, where no graph shows it.
    used = now.power / 1000
    day = [
        {"start": hour.isoformat(), "state": 0.0, "sum": -used * (_HOURS - 1 - number)}
        for number, hour in enumerate(hours)
    ]
    leap = {
        "start": (this_hour - _LONG_AGO).isoformat(),
        "state": 0.0,
        "sum": -used * _HOURS,
    }
    sums = [leap, *day]
    await _import(client, own["sensor.energy"], "kWh", "energy", sums)


async def _import(
    client: Client,
    entity_id: str,
    unit: str,
    kind: str | None,
    statistics: list[dict[str, Any]],
) -> None:
    has_sum = "sum" in statistics[0]
    await client.command(
        "recorder/import_statistics",
        metadata={
            "statistic_id": entity_id,
            "source": "recorder",
            "name": None,
            "unit_of_measurement": unit,
            "unit_class": kind,
            "has_sum": has_sum,
            "mean_type": 0 if has_sum else _MEAN,
        },
        stats=statistics,
    )
