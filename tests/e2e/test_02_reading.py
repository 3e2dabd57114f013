"""Home Assistant shows what the miners read."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from demo_instance.miners import OLD
from running_demo import Miner, Show
from simulator import MODELS
from simulator.telemetry import BoardReading, Telemetry

# Sensors that every miner has, their units, and their values in the simulator.
READINGS: dict[str, tuple[str, Callable[[Telemetry], float]]] = {
    "hash_rate": ("TH/s", lambda now: now.hash_rate),
    "power": ("W", lambda now: now.power),
    "efficiency": ("J/TH", lambda now: now.power / now.hash_rate),
    "chip_temperature": ("°C", lambda now: now.chip_avg),
    "chip_temperature_max": ("°C", lambda now: now.chip_max),
    "board_temperature": ("°C", lambda now: now.board_temperature),
    "frequency": ("MHz", lambda now: now.frequency),
}
BOARD_READINGS: dict[str, tuple[str, Callable[[BoardReading], float]]] = {
    "hash_rate": ("TH/s", lambda now: now.hash_rate),
    "temperature": ("°C", lambda now: now.temperature),
    "frequency": ("MHz", lambda now: now.frequency),
}
# Home Assistant and the test read at different moments, and readings always move a little.
_MARGIN = 0.05
WORDS = {
    "sensor.pool": "stratum+tcp://btc.pool.example:3333",
    "sensor.worker": "simulated.001",
    "sensor.faults": 0,
    "binary_sensor.running": "on",
    "binary_sensor.stable": "on",
    "binary_sensor.pool_connected": "on",
    "binary_sensor.problem": "off",
}


async def test_a_miner_is_a_device_and_each_hashboard_a_part_of_it(
    miner: Miner, show: Show
) -> None:
    device = await miner.registered()
    assert ["mac", miner.mac] in device["connections"]
    assert device["manufacturer"] == "MicroBT"
    assert miner.model in device["model"]
    # The oldest firmware leaves the serial number out.
    serial = None if miner.plan is OLD else miner.simulated.serial
    assert device["serial_number"] == serial
    assert device["sw_version"] == miner.simulated.firmware_version
    boards = MODELS[miner.model].boards
    for slot in range(boards):
        board = await miner.registered(f"_board{slot}")
        assert board["parent_device_id"] == device["id"]
    show(f"{device['model']}, {boards} hashboards")


async def test_a_miner_is_read_as_it_is(miner: Miner, show: Show) -> None:
    shown: list[str] = []
    now = miner.simulated.state.telemetry()
    for key, (unit, truth) in READINGS.items():
        expected = pytest.approx(truth(now), rel=_MARGIN)
        shown.append(await miner.shows(f"sensor.{key}", expected))
        assert shown[-1].endswith(f" {unit}")
    for key, word in WORDS.items():
        await miner.shows(key, word)
    show(", ".join(shown))


async def test_a_miner_does_what_its_model_does(miner: Miner) -> None:
    """A unit that is wrong in the simulator as well would go unnoticed otherwise."""
    model = MODELS[miner.model]
    await miner.shows("sensor.hash_rate", pytest.approx(model.hash_rate, rel=0.1))
    await miner.shows("sensor.power", pytest.approx(model.power, rel=0.1))


async def test_mining_began_when_the_miner_says(miner: Miner, show: Show) -> None:
    """The time is the miner's, not that of the first poll."""
    since = await miner.state("sensor.mining_since")
    elapsed = (datetime.now(UTC) - datetime.fromisoformat(since.state)).total_seconds()
    assert elapsed == pytest.approx(miner.simulated.state.elapsed, abs=60)
    show(since.shown)


async def test_a_hashboard_is_read_as_it_is(miner: Miner, show: Show) -> None:
    shown: list[str] = []
    for board in miner.simulated.state.telemetry().boards:
        name = f"board{board.slot}"
        for key, (unit, truth) in BOARD_READINGS.items():
            expected = pytest.approx(truth(board), rel=_MARGIN)
            shown.append(await miner.shows(f"sensor.{name}_{key}", expected))
            assert shown[-1].endswith(f" {unit}")
        chips = MODELS[miner.model].chips
        await miner.shows(f"sensor.{name}_effective_chips", chips)
        await miner.shows(f"binary_sensor.{name}_alive", "on")
    show(", ".join(text for text in shown if text.endswith("TH/s")))
