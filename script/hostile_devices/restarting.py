"""A restart of Home Assistant: everything is as it was, and the good miners are there soon."""

import time

from demo_instance.miners import AIR, HYDRO, OLD
from demo_instance.smoke.report import Mismatch

from .living import NAME
from .pages import PAGES, look
from .stage import Stage


async def run(stage: Stage) -> None:
    """Restart it."""
    bench = stage.bench
    kept: dict[str, int] = {}
    for page in PAGES[:4]:
        async with bench.report.step(f"{page.name}, before a restart") as step:
            ours, step.shown = await look(bench.client, page)
            kept[page.name] = len(ours)
    async with bench.report.step("Home Assistant restarts") as step:
        begin = time.monotonic()
        seconds = await stage.demo.home.restart(bench.client)
        step.shown = f"ended in {seconds:.1f} s, up {time.monotonic() - begin - seconds:.1f} s later"
    async with stage.watched("after a restart"):
        for miner in (bench.miner(AIR), bench.miner(OLD), bench.miner(HYDRO)):
            async with bench.report.step(f"the {miner.plan.model} is there again"):
                entity = await bench.entity(miner, "sensor.power")

                async def is_there(entity: str = entity) -> bool:
                    return (await bench.client.state(entity)).state != "unavailable"

                await bench.until(is_there, "it has readings")
        for page in PAGES[1:4]:
            async with bench.report.step(f"{page.name}, after a restart") as step:
                ours, step.shown = await look(bench.client, page)
                if len(ours) < kept[page.name]:
                    raise Mismatch(f"{len(ours)} of {kept[page.name]} are left")
        await stage.read_pages("after a restart")
        async with bench.report.step("the names are kept"):
            device = (await bench.client.devices())[bench.miner(AIR).mac]
            if device["name_by_user"] != NAME:
                raise Mismatch(f"the device is called {device['name_by_user']}")
