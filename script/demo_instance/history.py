"""A day of history: what Home Assistant would have recorded of the day that the miners have behind them."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from custom_components.whatsminer.site.announcer import EVENT_PLAN, PlanEventData
from custom_components.whatsminer.site.decision import Reason, Why
from custom_components.whatsminer.site.plan_texts import action_text, reason_text

from .client import Client, own_entities
from .database import Fired, Series, fill
from .miners import DemoMiner
from .past import Moment, moment
from .process import HomeAssistant
from .site import DAY, NAME, NOW, PRICE, START_BELOW, STOP_ABOVE, UNIT

_UNKNOWN = "unknown"
_JOULES_PER_KILOWATT_HOUR = 3_600_000


async def install(
    client: Client,
    home: HomeAssistant,
    config: Path,
    miners: Sequence[DemoMiner],
    site: str,
) -> None:
    """Give Home Assistant the history of the last day instead of what it has; for that it restarts.

    Args:
        client: of Home Assistant.
        home: Home Assistant.
        config: the folder of its configuration.
        miners: of the site.
        site: the id of its entry.
    """
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
        names = sorted(miner.plan.name for miner in miners)
        plan = own_entities(entities, site).get("sensor.plan")
        fill(config, history, activity(pasts[0], names, plan))

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
    power = [sum(_power(one) or 0 for one in each) for each in together]
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


def activity(
    moments: Sequence[Moment], miners: Sequence[str], plan: str | None
) -> list[Fired]:
    """Return what the plan has fired for Activity.

    Args:
        moments: of one of the miners, which were switched together.
        miners: their names.
        plan: the sensor that Activity shows it for.
    """
    fired = []
    for one, other in pairwise(moments):
        if one.mining is other.mining:
            continue
        reason, limit, action = Reason.EXPENSIVE, STOP_ABOVE, "off"
        if other.mining:
            reason, limit, action = Reason.CHEAP, START_BELOW, "on"
        why = reason_text(
            Why.of(reason, price=other.price, limit=limit), {"unit": f" {UNIT}"}, "en"
        )
        data = PlanEventData(
            entity_id=plan,
            site=NAME,
            action=action,
            miners=list(miners),
            text=action_text(action, miners, why, "en"),
        )
        fired.append(Fired(other.reading.at, str(EVENT_PLAN), data))
    return fired


def of_price(moments: Sequence[Moment]) -> Series:
    """Return the history of the price."""
    return _series(moments, (str(moment.price) for moment in moments))


def energy(moments: Sequence[Moment]) -> list[float]:
    """Return the kWh used since the first moment, as the integration adds them up."""
    used = [0.0]
    for one, other in pairwise(moments):
        seconds = other.reading.at - one.reading.at
        before, after = _power(one), _power(other)
        joules = 0.0
        if before is not None and after is not None:
            joules = (before + after) / 2 * seconds
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

    def known(value: float) -> float | None:
        return value if moment.is_known else None

    shown = {
        "switch.mining": _switch(moment.mining),
        "binary_sensor.running": _switch(rate > 0),
        "binary_sensor.stable": _switch(reading.tuned),
        "sensor.status": status,
        "sensor.hash_rate": _number(rate, 2),
        "sensor.power": _number(_power(moment), 0),
        "sensor.efficiency": _ratio(reading.power, rate),
        "sensor.environment_temperature": _number(reading.environment, 2),
        "sensor.coolant_temperature": _number(reading.coolant, 1),
        "sensor.chip_temperature_max": _number(reading.chip_max or None, 2),
        "sensor.fan_speed_in": _number(known(reading.fan_in), 0),
        "sensor.fan_speed_out": _number(known(reading.fan_out), 0),
        "sensor.tuning_progress": progress,
    }
    for board in reading.boards:
        temperature = known(board.temperature)
        shown[f"sensor.board{board.slot}_hash_rate"] = _number(board.hash_rate, 2)
        shown[f"sensor.board{board.slot}_temperature"] = _number(temperature, 1)
        shown[f"binary_sensor.board{board.slot}_alive"] = "on"
    return shown


def _hash_rate(moment: Moment) -> float:
    return moment.reading.hash_rate if moment.mining else 0.0


def _power(moment: Moment) -> float | None:
    return moment.reading.power if moment.is_known else None


def _ratio(power: float, hash_rate: float) -> str:
    return _number(power / hash_rate if hash_rate else None, 2)


def _number(value: float | None, digits: int) -> str:
    return _UNKNOWN if value is None else str(round(value, digits))


def _switch(on: bool) -> str:
    return "on" if on else "off"


def _rounded(values: Iterable[float], digits: int) -> list[str]:
    return [_number(value, digits) for value in values]


def _series(moments: Iterable[Moment], states: Iterable[str]) -> Series:
    times = (moment.reading.at for moment in moments)
    return list(zip(times, states, strict=True))
