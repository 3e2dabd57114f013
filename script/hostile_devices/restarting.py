"""A restart of Home Assistant: everything is as it was, and the good miners are back soon."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
import time

import aiohttp

from demo_instance import DemoError
from demo_instance.miners import AIR, HYDRO, OLD

from .living import NAME
from .pages import PAGES, read
from .report import Mismatch
from .stage import Stage

# What has to be the same after the restart, with the key of its ids.
_KEPT = {"entries": "entry_id", "devices": "id", "entities": "entity_id"}
_MOST_TIMES_AS_LONG = 1.5
# The page is ready while Home Assistant still waits for the last devices.
_SECONDS_TO_SPARE = 10.0
_SECONDS_TO_END = 15.0


async def run(stage: Stage) -> None:
    """Restart Home Assistant, and compare."""
    before = await _there(stage, "before a restart")
    alone = stage.demo.home.seconds_to_start
    most = _MOST_TIMES_AS_LONG * alone + _SECONDS_TO_SPARE
    entities = await stage.client.entities()
    sensors = [
        stage.demo.miner(plan).own(entities)["sensor.power"]
        for plan in (AIR, OLD, HYDRO)
    ]
    async with stage.report.step("Home Assistant stops") as step:
        seconds = await stage.demo.home.restart(stage.client)
        step.shown = f"in {seconds:.1f} s"
        if seconds > _SECONDS_TO_END:
            raise Mismatch(step.shown)
    await asyncio.gather(
        _in_time(
            stage,
            "Home Assistant starts",
            stage.demo.home.wait_until_up(stage.client),
            alone,
            most + stage.form.slowest,
        ),
        *(
            _in_time(stage, f"it shows {sensor}", _shown(stage, sensor), alone, most)
            for sensor in sensors
        ),
    )
    async with stage.watched("after a restart"):
        after = await _there(stage, "after a restart")
        async with stage.report.step(
            "entries, devices and entities are the same as before"
        ) as step:
            for name, ids in before.items():
                if lost := sorted(ids - after[name]):
                    raise Mismatch(f"{len(lost)} {name} are lost: {lost[0]}")
            device = (await stage.client.devices())[stage.demo.miner(AIR).mac]
            if device["name_by_user"] != NAME:
                raise Mismatch(f"the device is called {device['name_by_user']}")
            step.shown = ", ".join(f"{len(ids)} {name}" for name, ids in after.items())
        await stage.read_pages("after a restart")
        await asyncio.sleep(stage.form.quiet)


async def _there(stage: Stage, when: str) -> dict[str, set[str]]:
    """Return the ids of the integration's entries, devices and entities.

    A device that changes at each poll may lose entities of its own, so it is left out.
    """
    shifting = {
        stage.entries[each.host]
        for each in stage.placed
        if each.kind == "shape" and each.host in stage.entries
    }
    there: dict[str, set[str]] = {}
    for page in PAGES:
        if key := _KEPT.get(page.name):
            there[page.name] = set()
            async with stage.report.step(f"{page.name}, {when}") as step:
                ours, step.shown = await read(stage.client, page)
                there[page.name] = {
                    item[key]
                    for item in ours
                    if item.get("config_entry_id") not in shifting
                }
    return there


async def _in_time(
    stage: Stage, what: str, done: Awaitable[None], alone: float, most: float
) -> None:
    """Wait for something, and verify how long it takes."""
    async with stage.report.step(what) as step:
        begin = time.monotonic()
        await done
        seconds = time.monotonic() - begin
        step.shown = f"after {seconds:.1f} s, {seconds / alone:.1f} times as long as an empty Home Assistant needs to start"
        if seconds > most:
            raise Mismatch(step.shown)


async def _shown(stage: Stage, entity_id: str) -> None:
    """Wait until an entity has a state."""
    while True:
        # There may be no web page yet, or no state.
        with suppress(aiohttp.ClientConnectionError, DemoError):
            state = await stage.client.state(entity_id)
            if state.state not in ("unavailable", "unknown"):
                return
        await asyncio.sleep(0.1)
