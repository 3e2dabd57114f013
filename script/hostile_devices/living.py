"""Hostile devices as entries: each is polled, looked at and used, and what changes is saved."""

import asyncio
from collections import Counter
from collections.abc import Mapping
import time

from demo_instance import miners
from demo_instance.miners import AIR, HYDRO
from demo_instance.smoke.report import Mismatch

from .catalogue import Placed
from .pages import Item, attempt, diagnostics
from .stage import INTERVAL, Stage

# No real miner has more of either.
_MOST_DEVICES = 5
_MOST_ENTITIES = 120
_SECONDS_TO_SAVE = 25.0
_READS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("get_state", {}),
    ("query", {"command": "summary+pools+edevs"}),
    ("query", {"command": "get_error_code"}),
)
# What the good miner is called from now on.
NAME = "renamed meanwhile"


async def run(stage: Stage) -> None:
    """Live with them for a while."""
    async with stage.watched("with hostile devices as entries"):
        await _live(stage)


async def _live(stage: Stage) -> None:
    """Live with the devices: each is polled, looked at, and used; what is changed is saved."""
    assert stage.farm
    await stage.farm.turn()
    before = await stage.farm.counts()
    begin = time.monotonic()
    await _change(stage)
    await asyncio.gather(*(_use(stage, each) for each in stage.placed))
    await stage.read_pages("with hostile devices")
    await asyncio.sleep(max(0.0, begin + stage.form.watch - time.monotonic()))
    await _verify_saved(stage)
    await _bounded(stage)
    seconds = time.monotonic() - begin
    await _steady(stage, before, seconds)


async def _change(stage: Stage) -> None:
    """Change what Home Assistant has to save."""
    bench = stage.bench
    async with bench.report.step(
        "rename a device and an entity, add a third good miner"
    ):
        miner = bench.miner(AIR)
        await bench.client.command(
            "config/device_registry/update",
            device_id=await bench.device(miner),
            name_by_user=NAME,
        )
        await bench.client.command(
            "config/entity_registry/update",
            entity_id=await bench.entity(miner, "sensor.power"),
            name=NAME,
        )
        await miners.add(bench.client, bench.miner(HYDRO))


async def _use(stage: Stage, each: Placed) -> None:
    """Look at one device as a person does who wonders what it is."""
    entry = stage.entries.get(each.host)
    if entry is None:
        return
    client = stage.bench.client.another()
    async with stage.report.step(f"{each.name}: as an entry") as step:
        shown = [await diagnostics(client, entry)]
        devices = [
            device
            for device in (await client.command("config/device_registry/list"))
            if device["config_entry_id"] == entry and not device.get("parent_device_id")
        ]
        for device in devices[:1]:
            for action, data in _READS:
                shown.append(
                    await attempt(client, action, device["id"], data, response=True)
                )
            if each.hostile.asks_password:
                shown.append(
                    await attempt(client, "set_led", device["id"], {"mode": "auto"})
                )
        step.shown = ", ".join(shown)


async def _verify_saved(stage: Stage) -> None:
    """Verify that all that was changed is in Home Assistant's files."""
    mac = stage.bench.miner(HYDRO).mac

    async def verify(name: str, text: str) -> None:
        async with stage.report.step(f"{name} holds {text}"):
            await stage.bench.until(
                lambda: text in stage.stored(name),
                "it is written again",
                seconds=_SECONDS_TO_SAVE,
            )

    await asyncio.gather(
        verify("core.config_entries", mac),
        *(
            verify(name, text)
            for name in ("core.device_registry", "core.entity_registry")
            for text in (mac, NAME)
        ),
    )


async def _bounded(stage: Stage) -> None:
    """Verify how much each device has made Home Assistant create."""
    client = stage.bench.client
    entries = set(stage.entries.values())
    for kind, command, most in (
        ("devices", "config/device_registry/list", _MOST_DEVICES),
        ("entities", "config/entity_registry/list", _MOST_ENTITIES),
    ):
        async with stage.report.step(f"a hostile device has few {kind}") as step:
            listed: list[Item] = await client.command(command)
            counts = Counter(
                item["config_entry_id"]
                for item in listed
                if item["config_entry_id"] in entries
            )
            named = {entry: host for host, entry in stage.entries.items()}
            names = {each.host: each.name for each in stage.placed}
            step.shown = (
                f"{max(counts.values(), default=0)} at most, {counts.total()} in all"
            )
            too_many = [
                f"{names[named[entry]]} has {count}"
                for entry, count in counts.most_common()
                if count > most
            ]
            if too_many:
                raise Mismatch("; ".join(too_many))


async def _steady(
    stage: Stage, before: Mapping[str, Mapping[str, int]], seconds: float
) -> None:
    """Verify that no device is set up anew, or written to disk, at each poll."""
    assert stage.farm
    after = await stage.farm.counts()
    report = stage.report
    polls = seconds / INTERVAL
    async with report.step("no shape is set up anew at every poll") as step:
        setups = {
            each.name: after[each.host].get("get_version", 0)
            - before[each.host].get("get_version", 0)
            for each in stage.placed
            if each.hostile.kind in ("shape", "amount") and each.host in stage.entries
        }
        most = max(setups, key=lambda name: setups[name], default="")
        if most:
            step.shown = f"{setups[most]} times in {polls:.0f} polls at most: {most}"
            if setups[most] > 2 + polls / 6:
                raise Mismatch(step.shown)
    for each in stage.placed:
        for step in report.steps:
            if step.name == f"{each.name}: as an entry":
                step.sent = f"{sum(after[each.host].values())} requests"
