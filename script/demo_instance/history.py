"""A day of history: what Home Assistant would have recorded of the day that the miners have behind them."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from .client import Client, own_entities
from .database import Series, fill
from .miners import DemoMiner
from .past import Moment, moment
from .process import HomeAssistant
from .site import DAY, NOW, PRICE

_MARK = "history"
_UNKNOWN = "unknown"
_JOULES_PER_KILOWATT_HOUR = 3_600_000


async def install(
    client: Client,
    home: HomeAssistant,
    config: Path,
    miners: Sequence[DemoMiner],
    site: str,
) -> None:
    """Give Home Assistant the history of the last day, unless it has one; for that it restarts.

    Args:
        client: of Home Assistant.
        home: Home Assistant.
        config: the folder of its configuration.
        miners: of the site.
        site: the id of its entry.
    """
    mark = config / _MARK
    if mark.exists():
        return
    entities = await client.entities()

    def write() -> None:
        pasts = [[*miner.past, moment(miner.miner, DAY[NOW])] for miner in miners]
        history = {PRICE: of_price(pasts[0])}
        owners = [
            *(
                (miner.mac, of_miner(past))
                for miner, past in zip(miners, pasts, strict=True)
            ),
            (site, of_site(pasts)),
        ]
        for identifier, series in owners:
            own = own_entities(entities, identifier)
            history |= {own[key]: series[key] for key in series.keys() & own.keys()}
        fill(config, history)
        mark.touch()

    await home.restart(client, write)
    await home.wait_until_up(client)


def of_miner(moments: Sequence[Moment]) -> dict[str, Series]:
    """Return the history of a miner's entities by ``kind.key``."""
    shown = [_shown(moment) for moment in moments]
    series = {key: _series(moments, [each[key] for each in shown]) for key in shown[0]}
    return series | {"sensor.energy": _series(moments, _rounded(energy(moments), 5))}


def of_site(miners: Sequence[Sequence[Moment]]) -> dict[str, Series]:
    """Return the history of a site's entities by ``kind.key``; it has followed its plan."""
    together = list(zip(*miners, strict=True))
    power = [sum(one.reading.power for one in each) for each in together]
    rates = [sum(_hash_rate(one) for one in each) for each in together]
    energies = [sum(each) for each in zip(*map(energy, miners), strict=True)]
    running = [sum(_hash_rate(one) > 0 for one in each) for each in together]
    first = miners[0]
    shown = {
        "sensor.power": _rounded(power, 0),
        "sensor.hash_rate": _rounded(rates, 2),
        "sensor.efficiency": list(map(_ratio, power, rates, strict=True)),
        "sensor.energy": _rounded(energies, 5),
        "sensor.miners_running": list(map(str, running)),
        "sensor.plan": [
            "following" if moment.mining else "price_too_high" for moment in first
        ],
        "switch.follow_plan": ["on"] * len(first),
    }
    return {key: _series(first, states) for key, states in shown.items()}


def of_price(moments: Sequence[Moment]) -> Series:
    """Return the history of the price."""
    return _series(moments, (str(moment.price) for moment in moments))


def energy(moments: Sequence[Moment]) -> list[float]:
    """Return the kWh used since the first moment, as the integration adds them up."""
    used = [0.0]
    for one, other in pairwise(moments):
        seconds = other.reading.at - one.reading.at
        joules = (one.reading.power + other.reading.power) / 2 * seconds
        used.append(used[-1] + joules / _JOULES_PER_KILOWATT_HOUR)
    return used


def _shown(moment: Moment) -> dict[str, str]:
    """Return the states of a miner's entities, as the integration makes them of a poll."""
    reading, rate = moment.reading, _hash_rate(moment)
    progress = _UNKNOWN
    if not moment.mining:
        status = "off"
    elif not rate:
        status = "starting"
    else:
        status = "mining" if reading.tuned else "tuning"
        share = reading.frequency / reading.target_frequency
        progress = "100" if reading.tuned else str(min(99, int(100 * share)))
    shown = {
        "switch.mining": _switch(moment.mining),
        "binary_sensor.running": _switch(rate > 0),
        "binary_sensor.stable": _switch(reading.tuned),
        "sensor.status": status,
        "sensor.hash_rate": f"{rate:.2f}",
        "sensor.power": f"{reading.power:.0f}",
        "sensor.efficiency": _ratio(reading.power, rate),
        "sensor.environment_temperature": f"{reading.environment:.2f}",
        "sensor.coolant_temperature": f"{reading.coolant:.1f}",
        "sensor.chip_temperature_max": (
            f"{reading.chip_max:.2f}" if reading.chip_max else _UNKNOWN
        ),
        "sensor.fan_speed_in": f"{reading.fan_in:.0f}",
        "sensor.fan_speed_out": f"{reading.fan_out:.0f}",
        "sensor.tuning_progress": progress,
    }
    for board in reading.boards:
        shown[f"sensor.board{board.slot}_hash_rate"] = f"{board.hash_rate:.2f}"
        shown[f"sensor.board{board.slot}_temperature"] = f"{board.temperature:.1f}"
        shown[f"binary_sensor.board{board.slot}_alive"] = "on"
    return shown


def _hash_rate(moment: Moment) -> float:
    return moment.reading.hash_rate if moment.mining else 0.0


def _ratio(power: float, hash_rate: float) -> str:
    return f"{power / hash_rate:.2f}" if hash_rate else _UNKNOWN


def _switch(on: bool) -> str:
    return "on" if on else "off"


def _rounded(values: Iterable[float], digits: int) -> list[str]:
    return [str(round(value, digits)) for value in values]


def _series(moments: Iterable[Moment], states: Iterable[str]) -> Series:
    times = (moment.reading.at for moment in moments)
    return list(zip(times, states, strict=True))
