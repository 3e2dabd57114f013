"""Reading miners: what Home Assistant shows is what they say."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from homeassistant.util import dt as dt_util
from simulator import MODELS, Cooling
from simulator.telemetry import Telemetry

from ..client import State
from ..miners import AIR, OLD, DemoMiner, Plan
from .bench import Bench
from .report import Mismatch


@dataclass(frozen=True, slots=True)
class Reading:
    """A sensor, and what the simulator knows of it.

    Attributes:
        margin: by how much the two may differ, since they are read a moment apart: the
            simulated machine is never quite at rest.
    """

    key: str
    unit: str
    truth: Callable[[Telemetry], float]
    margin: float


READINGS = (
    Reading("hash_rate", "TH/s", lambda now: now.hash_rate, 0.04),
    Reading("hash_rate_average", "TH/s", lambda now: now.hash_average, 0.01),
    Reading("power", "W", lambda now: now.power, 0.02),
    Reading("efficiency", "J/TH", lambda now: now.power / now.hash_rate, 0.05),
    Reading("chip_temperature", "°C", lambda now: now.chip_avg, 0.03),
    Reading("frequency", "MHz", lambda now: now.frequency, 0.03),
    Reading("environment_temperature", "°C", lambda now: now.environment, 0.05),
    Reading("fan_speed_in", "rpm", lambda now: now.fan_in, 0.05),
    Reading("fan_speed_out", "rpm", lambda now: now.fan_out, 0.05),
)
EVERYWHERE = {
    "hash_rate",
    "hash_rate_average",
    "power",
    "efficiency",
    "chip_temperature",
    "frequency",
    "mining_since",
    "pool_rejection",
    "mining",
    "fast_boot",
    "web_pools",
    "power_percent",
    "power_mode",
}


def expected_keys(plan: Plan) -> set[str]:
    """Return the keys of the entities that a miner has."""
    keys = set(EVERYWHERE)
    if plan is not OLD:
        keys |= {"environment_temperature", "power_limit"}
    if plan.cooling is Cooling.AIR:
        keys |= {"fan_speed_in", "fan_speed_out"}
        if plan is not OLD:
            keys.add("temperature_offset")
    return keys


async def run(bench: Bench) -> None:
    """Compare the entities of each miner with the simulator's own state."""
    for miner in bench.miners:
        model = miner.plan.model
        async with bench.report.step(
            f"the {model} has its device and entities"
        ) as step:
            step.shown = await _device(bench, miner)
            step.sent = bench.received(miner)
        async with bench.report.step(f"the {model} is read as it is") as step:
            step.shown = await _readings(bench, miner)
            step.sent = bench.received(miner)


async def _device(bench: Bench, miner: DemoMiner) -> str:
    keys, expected = set(await bench.entities(miner)), expected_keys(miner.plan)
    if keys != expected:
        raise Mismatch(
            f"entities that should not be: {sorted(keys - expected)},"
            f" missing: {sorted(expected - keys)}"
        )
    devices = await bench.client.command("config/device_registry/list")
    connection = ["mac", miner.mac]
    device = next((d for d in devices if connection in d["connections"]), None)
    if device is None:
        raise Mismatch("there is no device with the miner's MAC")
    for field, value in (
        ("manufacturer", "MicroBT"),
        # Older and newer firmware leaves the serial number out.
        ("serial_number", miner.miner.serial if miner.plan is AIR else None),
        ("sw_version", miner.miner.firmware_version),
    ):
        if device[field] != value:
            raise Mismatch(f"the device's {field} is {device[field]}, not {value}")
    if miner.plan.model not in (device["model"] or ""):
        raise Mismatch(f"the device's model is {device['model']}")
    return f"{device['model']}, {len(keys)} entities"


async def _readings(bench: Bench, miner: DemoMiner) -> str:
    entities = await bench.entities(miner)
    states: dict[str, State] = {}
    for reading in READINGS:
        if reading.key not in entities:
            continue
        truth = reading.truth(miner.miner.state.telemetry())
        state = states[reading.key] = await bench.shows(
            entities[reading.key],
            f"{truth:.2f} {reading.unit}",
            partial(_is_near, truth=truth, margin=reading.margin),
        )
        unit = state.attributes.get("unit_of_measurement")
        if unit != reading.unit:
            raise Mismatch(f"{reading.key} is in {unit}, not {reading.unit}")
    # Not from the simulator: a unit that is wrong on both sides would go unnoticed.
    box = MODELS[miner.plan.model]
    for key, value in (("hash_rate", box.hash_rate), ("power", box.power)):
        if not _is_near(states[key].state, value, 0.1):
            raise Mismatch(f"{key} is {states[key].shown}; the model has {value}")
    await _mining_since(bench, miner, entities["mining_since"])
    return ", ".join(states[key].shown for key in ("hash_rate", "power", "efficiency"))


async def _mining_since(bench: Bench, miner: DemoMiner, entity_id: str) -> None:
    shown = dt_util.parse_datetime((await bench.client.state(entity_id)).state)
    if shown is None:
        raise Mismatch("the start of mining is not known")
    elapsed = (dt_util.utcnow() - shown).total_seconds()
    if abs(elapsed - miner.miner.state.elapsed) > 60:
        raise Mismatch(f"mining since {shown}, {elapsed:.0f} s ago")


def _is_near(shown: str, truth: float, margin: float) -> bool:
    try:
        return abs(float(shown) - truth) <= margin * abs(truth)
    except ValueError:
        return False
