"""A day of history is there; the energy that miners use is counted, and the Energy dashboard takes it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from demo_instance import energy, history
from demo_instance.miners import PLANS
from demo_instance.waiting import until
from running_demo import Miner, RunningDemo, Show

_SECONDS = 3.0
_HOURS = 23  # that are complete
_DAY = timedelta(days=1)
_SITE = ""  # there is none yet
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


async def test_home_assistant_is_given_a_day_of_history(
    demo: RunningDemo, air: Miner, show: Show
) -> None:
    miners = [miner.of_demo for miner in demo.miners]
    await history.install(demo.client, demo.home, demo.config, miners, _SITE)
    entity_id = await air.entity("switch.mining")
    found = await demo.client.command(
        "history/history_during_period",
        start_time=(datetime.now(UTC) - _DAY).isoformat(),
        entity_ids=[entity_id],
        minimal_response=True,
        no_attributes=True,
    )
    states = [each["s"] for each in found[entity_id]]
    assert states[:5] == ["on", "off", "on", "off", "on"]
    show(", ".join(states))


async def test_each_entity_of_the_history_is_one_of_a_miner(
    demo: RunningDemo, show: Show
) -> None:
    entities = await demo.client.entities()
    miners = [miner.of_demo for miner in demo.miners]
    there = {key for miner in miners for key in miner.own(entities)}
    filled = {key for miner in miners for key in history.of_miner(miner.past)}
    assert filled <= there
    show(f"{len(filled)} kinds")


async def test_statistics_are_made_of_the_history(
    demo: RunningDemo, hydro: Miner, show: Show
) -> None:
    """The energy goes on where the history ends."""
    entity_id = await hydro.entity("sensor.energy")
    rows: list[dict[str, Any]] = []

    async def are_there() -> bool:
        """Read what Home Assistant makes in the background."""
        found = await demo.client.command(
            "recorder/statistics_during_period",
            start_time=(datetime.now(UTC) - _DAY).isoformat(),
            statistic_ids=[entity_id],
            period="hour",
            types=["change", "sum"],
        )
        rows[:] = found.get(entity_id, [])
        return len(rows) >= _HOURS

    await until(are_there, "there are statistics of each hour")
    used = [row["change"] for row in rows]
    full = hydro.simulated.state.limit / 1000
    assert min(used) >= 0
    assert max(used) == pytest.approx(full, rel=0.05)
    last = float((await hydro.state("sensor.energy")).state)
    assert rows[-1]["sum"] <= last <= rows[-1]["sum"] + 2 * full
    show(f"{rows[-1]['sum']:.2f} kWh, now {last:.2f} kWh")


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
