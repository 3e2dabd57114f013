"""The energy that miners use is counted, and the Energy dashboard takes it."""

import asyncio

import pytest

from demo_instance import energy
from demo_instance.miners import PLANS
from demo_instance.waiting import until
from running_demo import Miner, RunningDemo, Show

_SECONDS = 3.0
_JOULES_PER_KILOWATT_HOUR = 3_600_000


async def test_energy_grows_with_the_power_that_is_drawn(
    demo: RunningDemo, hydro: Miner, show: Show
) -> None:
    entity_id = await hydro.entity("sensor.energy")
    since = await demo.client.reported(entity_id)
    before = float((await hydro.state("sensor.energy")).state)
    await asyncio.sleep(_SECONDS)
    await hydro.poll()
    seconds = (await demo.client.reported(entity_id) - since).total_seconds()
    state = await hydro.state("sensor.energy")
    used = hydro.simulated.state.power * seconds / _JOULES_PER_KILOWATT_HOUR
    assert float(state.state) - before == pytest.approx(used, rel=0.1)
    show(f"{state.shown} after {seconds:.1f} s")


async def test_the_energy_dashboard_has_no_complaint_about_the_miners(
    demo: RunningDemo, show: Show
) -> None:
    miners = [miner.of_demo for miner in demo.miners]
    await energy.install(demo.client, miners)

    async def is_valid() -> bool:
        """Validate the dashboard; the statistics are stored in the background."""
        complaints = await demo.client.command("energy/validate")
        devices: list[object] = complaints["device_consumption"]
        assert len(devices) == len(PLANS)
        return not any(devices) and not any(complaints["energy_sources"])

    await until(is_valid, "it is valid")
    show(f"{len(PLANS)} devices, no complaint")
