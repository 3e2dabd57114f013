"""Hostile devices as entries: each is polled and used, and what changes is saved."""

import asyncio
from collections import Counter
from collections.abc import Mapping
import time

from demo_instance import miners
from demo_instance.miners import AIR, HYDRO
from demo_instance.waiting import until

from . import meeting
from .bounds import SetUps, few, most_set_ups
from .catalogue import Placed
from .pages import attempt, diagnostics
from .report import Mismatch
from .stage import INTERVAL, Stage

# No real miner has more.
_MOST = {"device": 5, "entity": 120}
_SECONDS_TO_SAVE = 25.0
_USED_AT_ONCE = 8
_FLOOD = 600
_MOST_DIALOGUES = 300
_READS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("query", {"command": "summary+pools+edevs"}),
    ("query", {"command": "get_error_code"}),
)
# The new name of a good miner.
NAME = "renamed by its owner"


async def run(stage: Stage, silent: asyncio.Task[None]) -> None:
    """Use the devices for a while, at least until the silent ones have been met."""
    set_ups = SetUps()
    begin = time.monotonic()
    async with (
        stage.watched("with hostile devices as entries") as figures,
        stage.client.another().subscribed("config_entries/subscribe", set_ups.hear),
    ):
        await stage.farm.turn()
        await _change(stage)
        await _flood(stage)
        await _use_all(stage)
        await silent
        await stage.read_pages("with hostile devices as entries")
        await asyncio.sleep(max(0.0, begin + stage.form.watch - time.monotonic()))
        await _verify_saved(stage)
        await _verify_places(stage)
        await _verify_v3(stage)
    often = most_set_ups((time.monotonic() - begin) / INTERVAL)
    names = stage.names_of_entries
    async with stage.report.step("no device is set up again and again") as step:
        few(step, _named(set_ups.counts, names), often)
    async with stage.report.step("no device is written to disk at every poll") as step:
        files = {f"whatsminer.{entry}": name for entry, name in names.items()}
        few(step, _named(figures.writes, files), often)
    for kind, most in _MOST.items():
        async with stage.report.step(f"no device fills the {kind} registry") as step:
            listed = await stage.client.command(f"config/{kind}_registry/list")
            counts = Counter(row["config_entry_id"] for row in listed)
            few(step, _named(counts, names), most)


def _named(counts: Mapping[str, int], names: Mapping[str, str]) -> dict[str, int]:
    """Return the counts by name, for everything that has a name."""
    return {name: counts.get(key, 0) for key, name in names.items()}


async def _change(stage: Stage) -> None:
    """Change things that Home Assistant has to save."""
    client, miner = stage.client, stage.demo.miner(AIR)
    async with stage.report.step(
        "rename a device and an entity, add a third good miner"
    ):
        await client.command(
            "config/device_registry/update",
            device_id=(await client.devices())[miner.mac]["id"],
            name_by_user=NAME,
        )
        await client.command(
            "config/entity_registry/update",
            entity_id=miner.own(await client.entities())["sensor.power"],
            name=NAME,
        )
        await miners.add(client, stage.demo.miner(HYDRO))
    async with stage.report.step("DHCP announces a good miner at a hostile address"):
        await meeting.announce(stage, stage.placed[0].host, miner.mac, "whatsminer")


async def _flood(stage: Stage) -> None:
    """Announce more devices than a network has, none of which exists."""
    async with stage.report.step("DHCP announces devices that do not exist") as step:
        elsewhere = list(stage.talkative_networks[0].hosts())
        for number in range(_FLOOD):
            host = elsewhere[number % len(elsewhere)] if number % 2 else elsewhere[-1]
            mac = f"02:57:4d:01:{number >> 8:02x}:{number & 255:02x}"
            await meeting.announce(stage, str(host), mac, f"whatsminer{number}")
        flows = await stage.client.command("config_entries/flow/progress")
        step.shown = f"{_FLOOD} announced, {len(flows)} dialogues are open"
        if len(flows) > _MOST_DIALOGUES:
            raise Mismatch(step.shown)


async def _use_all(stage: Stage) -> None:
    """Use each device as a person does who examines it."""
    devices = {
        device["config_entry_id"]: device["id"]
        for device in await stage.client.command("config/device_registry/list")
        if not device.get("parent_device_id")
    }
    gate = asyncio.Semaphore(_USED_AT_ONCE)

    async def use(each: Placed, entry: str) -> None:
        async with gate:
            await _use(stage, each, entry, devices.get(entry))

    await asyncio.gather(
        *(
            use(each, stage.entries[each.host])
            for each in stage.placed
            if each.host in stage.entries
        )
    )


async def _use(stage: Stage, each: Placed, entry: str, device_id: str | None) -> None:
    """Download its diagnostics, call actions that read, and one that writes if it has a password."""
    client = stage.client.another()
    async with stage.report.step(f"{each.name}: used as an entry") as step:
        shown = [await diagnostics(client, entry)]
        if device_id:
            shown.append(
                await attempt(client, "get_state", device_id, {}, response=True)
            )
            # It would take all the time, and they all fall silent in the same way.
            silent = each.kind == "silence" and stage.form.short
            for action, data in () if silent else _READS:
                shown.append(
                    await attempt(client, action, device_id, data, response=True)
                )
            if each.hostile.asks_password:
                command = {"hostname": "cellar"}
                shown.append(await attempt(client, "set_hostname", device_id, command))
        step.shown = ", ".join(shown)
        asked = (await stage.farm.counts())[each.host]
        step.sent = f"{sum(asked.values())} requests"


async def _verify_saved(stage: Stage) -> None:
    """Verify that every change is in Home Assistant's files."""
    mac = stage.demo.miner(HYDRO).mac

    async def verify(name: str, text: str) -> None:
        async with stage.report.step(f"{name} holds {text}"):
            await until(
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


async def _verify_places(stage: Stage) -> None:
    """Verify that the good miners are where they were: an announcement proves nothing."""
    devices = await stage.client.devices()
    for miner in stage.demo.miners:
        async with stage.report.step(f"the {miner.plan.model} is where it was") as step:
            step.shown = str(devices[miner.mac]["configuration_url"])
            if miner.miner.host not in step.shown:
                raise Mismatch(step.shown)


async def _verify_v3(stage: Stage) -> None:
    """Verify that miners of V2 are read whatever their port 4433 says, and others were in V3."""
    entities = await stage.client.entities()
    counts = await stage.farm.counts()
    async with stage.report.step("miners with a hostile port 4433") as step:
        names: Counter[str] = Counter()
        for each in stage.placed:
            if each.hostile.send_v3 is None:
                continue
            if each.hostile.speaks_v3:
                if "get.miner.status" not in counts[each.host]:
                    raise Mismatch(f"{each.name} was not read over V3")
                names["were read over V3"] += 1
                continue
            sensor = entities.get(("sensor", f"{each.mac}_power"))
            if sensor is None or not await stage.client.has_state(sensor):
                raise Mismatch(f"{each.name} is not read")
            names["are read over V2"] += 1
        step.shown = ", ".join(f"{count} {name}" for name, count in names.items())
