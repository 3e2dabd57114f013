"""Reading miners: what Home Assistant shows is what they say."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from homeassistant.util import dt as dt_util
from simulator import MODELS
from simulator.telemetry import BoardReading, Telemetry

from ..client import State
from ..miners import AIR, DemoMiner
from . import contract
from .bench import Bench, is_near
from .report import Mismatch


@dataclass(frozen=True, slots=True)
class Reading[Source]:
    """A sensor, and what the simulator knows of it.

    Attributes:
        margin: by how much the two may differ, since they are read a moment apart: the
            simulated machine is never quite at rest.
    """

    key: str
    unit: str
    truth: Callable[[Source], float]
    margin: float


READINGS: tuple[Reading[Telemetry], ...] = (
    Reading("sensor.hash_rate", "TH/s", lambda now: now.hash_rate, 0.04),
    Reading("sensor.hash_rate_average", "TH/s", lambda now: now.hash_average, 0.01),
    Reading("sensor.power", "W", lambda now: now.power, 0.02),
    Reading("sensor.efficiency", "J/TH", lambda now: now.power / now.hash_rate, 0.05),
    Reading("sensor.chip_temperature", "°C", lambda now: now.chip_avg, 0.03),
    Reading("sensor.chip_temperature_max", "°C", lambda now: now.chip_max, 0.03),
    Reading("sensor.board_temperature", "°C", lambda now: now.board_temperature, 0.03),
    Reading("sensor.frequency", "MHz", lambda now: now.frequency, 0.03),
    Reading("sensor.environment_temperature", "°C", lambda now: now.environment, 0.05),
    Reading("sensor.coolant_temperature", "°C", lambda now: now.coolant, 0.05),
    Reading("sensor.psu_temperature", "°C", lambda now: now.psu_temperature, 0.05),
    Reading("sensor.fan_speed_in", "rpm", lambda now: now.fan_in, 0.05),
    Reading("sensor.fan_speed_out", "rpm", lambda now: now.fan_out, 0.05),
)
BOARD_READINGS: tuple[Reading[BoardReading], ...] = (
    Reading("sensor.hash_rate", "TH/s", lambda now: now.hash_rate, 0.04),
    Reading("sensor.temperature", "°C", lambda now: now.temperature, 0.03),
    Reading("sensor.frequency", "MHz", lambda now: now.frequency, 0.03),
    Reading("sensor.chip_temperature", "°C", lambda now: now.chip_avg, 0.03),
)
WORDS = {
    "sensor.pool": "stratum+tcp://btc.pool.example:3333",
    "sensor.worker": "simulated.001",
    "sensor.faults": "0",
    "binary_sensor.running": "on",
    "binary_sensor.stable": "on",
    "binary_sensor.pool_connected": "on",
    "binary_sensor.problem": "off",
}


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
        async with bench.report.step(f"the hashboards of the {model}") as step:
            step.shown = await _hashboards(bench, miner)
            step.sent = bench.received(miner)


async def _device(bench: Bench, miner: DemoMiner) -> str:
    expected = contract.keys(miner.plan)
    everything = set(miner.own(await bench.client.entities(disabled=True)))
    _compare("entities", everything, expected)
    found = set(miner.own(await bench.client.entities()))
    _compare("enabled entities", found, contract.enabled(expected, miner.plan))
    devices = await bench.client.devices()
    device = devices.get(miner.mac)
    if device is None or ["mac", miner.mac] not in device["connections"]:
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
    for slot in range(contract.boards(miner.plan)):
        board = devices.get(f"{miner.mac}_board{slot}", {})
        if board.get("parent_device_id") != device["id"]:
            raise Mismatch(f"hashboard {slot} is no part of the miner's device")
    return f"{device['model']}, {len(found)} entities, {len(expected) - len(found)} disabled"


def _compare(what: str, found: set[str], expected: set[str]) -> None:
    if found != expected:
        raise Mismatch(
            f"{what} that should not be: {sorted(found - expected)},"
            f" missing: {sorted(expected - found)}"
        )


async def _readings(bench: Bench, miner: DemoMiner) -> str:
    entities = contract.keys(miner.plan)
    states: dict[str, State] = {}
    for reading in READINGS:
        if reading.key in entities:
            states[reading.key] = await _agrees(
                bench, miner, reading.key, reading, miner.miner.state.telemetry()
            )
    # Not from the simulator: a unit that is wrong on both sides would go unnoticed.
    box = MODELS[miner.plan.model]
    for key, value in (
        ("sensor.hash_rate", box.hash_rate),
        ("sensor.power", box.power),
    ):
        if not is_near(states[key].state, value, 0.1):
            raise Mismatch(f"{key} is {states[key].shown}; the model has {value}")
    for key, word in WORDS.items():
        await bench.shows(miner, key, word)
    await _start_of_mining(bench, miner)
    return ", ".join(
        states[f"sensor.{key}"].shown for key in ("hash_rate", "power", "efficiency")
    )


async def _hashboards(bench: Bench, miner: DemoMiner) -> str:
    entities = contract.keys(miner.plan)
    shown: list[str] = []
    for board in miner.miner.state.telemetry().boards:
        for reading in BOARD_READINGS:
            key = contract.board_key(board.slot, reading.key)
            if key in entities:
                state = await _agrees(bench, miner, key, reading, board)
                if reading.key == "sensor.hash_rate":
                    shown.append(state.shown)
        chips = contract.board_key(board.slot, "sensor.effective_chips")
        await bench.shows(miner, chips, str(MODELS[miner.plan.model].chips))
        await bench.shows(
            miner, contract.board_key(board.slot, "binary_sensor.alive"), "on"
        )
    return ", ".join(shown)


async def _agrees[Source](
    bench: Bench, miner: DemoMiner, key: str, reading: Reading[Source], source: Source
) -> State:
    """Verify one number and its unit."""
    truth = reading.truth(source)
    state = await bench.shows(
        miner,
        key,
        f"{truth:.2f} {reading.unit}",
        partial(is_near, truth=truth, margin=reading.margin),
    )
    unit = state.attributes.get("unit_of_measurement")
    if unit != reading.unit:
        raise Mismatch(f"{key} is in {unit}, not {reading.unit}")
    return state


async def _start_of_mining(bench: Bench, miner: DemoMiner) -> None:
    shown = (await bench.state(miner, "sensor.mining_since")).state
    since = dt_util.parse_datetime(shown)
    if since is None:
        raise Mismatch(f"the start of mining is {shown}")
    elapsed = (dt_util.utcnow() - since).total_seconds()
    if abs(elapsed - miner.miner.state.elapsed) > 60:
        raise Mismatch(f"mining since {since}, {elapsed:.0f} s ago")
