"""The energy that a miner has used, and the dashboard made of that."""

import asyncio

from .. import energy
from ..miners import HYDRO
from .bench import Bench, is_near
from .report import Mismatch

_SECONDS = 3.0
_JOULES_PER_KILOWATT_HOUR = 3_600_000
_MARGIN = 0.1


async def run(bench: Bench) -> None:
    """Verify what the energy sensor counts, and arrange the Energy dashboard."""
    await _counts(bench)
    async with bench.report.step("the miners are on the Energy dashboard") as step:
        await energy.install(bench.client, bench.miners)
        told: dict[str, list[list[object]]] = {}

        async def is_valid() -> bool:
            """Have it validated; the statistics are stored in the background."""
            told.update(await bench.client.command("energy/validate"))
            return not any(told["device_consumption"])

        await bench.until(is_valid, "it is valid")
        if any(told["energy_sources"]):
            raise Mismatch(f"it complains: {told['energy_sources']}")
        devices = len(told["device_consumption"])
        if devices != len(bench.miners):
            raise Mismatch(f"{devices} devices are on it")
        step.shown = f"{devices} devices, no complaint"


async def _counts(bench: Bench) -> None:
    miner = bench.miner(HYDRO)
    async with bench.report.step(f"the energy of the {HYDRO.model} grows") as step:
        entity_id = await bench.entity(miner, "sensor.energy")
        since = await bench.client.reported(entity_id)
        before = float((await bench.client.state(entity_id)).state)
        await asyncio.sleep(_SECONDS)
        await bench.poll(miner)
        seconds = (await bench.client.reported(entity_id) - since).total_seconds()
        truth = miner.miner.state.power * seconds / _JOULES_PER_KILOWATT_HOUR
        state = await bench.client.state(entity_id)
        if not is_near(str(float(state.state) - before), truth, _MARGIN):
            raise Mismatch(f"{before} kWh became {state.shown}, not {truth:.5f} more")
        step.shown = f"{state.shown} after {seconds:.1f} s"
        step.sent = bench.received(miner)
