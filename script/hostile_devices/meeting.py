"""Hostile devices become known: announced, found by a scan, or added by hand."""

import asyncio
from collections.abc import Mapping
from ipaddress import IPv4Network
import json
from typing import Any

from demo_instance.client import DOMAIN
from demo_instance.dialogue import expect, scan, wait

from .catalogue import Placed
from .pages import Item, outcome
from .stage import INTERVAL, Stage

_PASSWORD = "secret"
_CONFIRMED_AT_ONCE = 4  # more than a person would
_PREFERENCES = {"percent_method": "normal", "hash_price_unit": "per_petahash"}


async def run(stage: Stage) -> None:
    """Make the devices known in each of these ways, and have them polled."""
    async with stage.watched("while hostile devices are met"):
        scanning = asyncio.create_task(_scan(stage, *stage.talkative_networks))
        tried = await _announce_all(stage, scanning)
        await _pick(stage, await scanning)
        await _see(stage)
        left = [
            each
            for each in stage.placed
            if not each.hostile.never_answers
            and each.host not in tried | stage.entries.keys()
        ]
        await asyncio.gather(*(_add_by_hand(stage, each) for each in left))
        await _see(stage)
        async with stage.report.step(
            "set the shortest polling interval for all of them"
        ):
            for entry in stage.entries.values():
                await set_interval(stage, entry, INTERVAL)


async def meet_silent(stage: Stage) -> None:
    """Make the devices known that never answer, which takes long."""
    silent = [each for each in stage.placed if each.hostile.never_answers]
    scanning = asyncio.create_task(_scan(stage, stage.silent_network))
    await asyncio.gather(
        _announce_all(stage, scanning, silent=True),
        *(_add_by_hand(stage, each) for each in silent),
    )
    await scanning


async def _see(stage: Stage) -> None:
    async with stage.report.step("the entries are saved") as step:
        await stage.see_entries()
        step.shown = f"{len(stage.entries)} of {len(stage.placed)} hostile devices"


async def _announce_all(
    stage: Stage, scanning: asyncio.Task[Item], *, silent: bool = False
) -> set[str]:
    """Announce devices, and add those that are offered; return their addresses.

    A device that is not offered when a scan of it has ended will not be offered any more.
    """
    announced = [
        each
        for each in stage.placed
        if each.hostile.hostname is not None and each.hostile.never_answers is silent
    ]
    confirmed: dict[str, asyncio.Task[None]] = {}
    gate = asyncio.Semaphore(_CONFIRMED_AT_ONCE)
    what = "silent" if silent else "hostile"
    async with stage.report.step(f"DHCP announces {what} devices") as step:
        for each in announced:
            await announce(stage, each.host, each.mac, each.hostile.hostname or "")
        while True:
            ended = scanning.done()
            flows = await stage.client.flows("dhcp")
            for each in announced:
                if each.mac in flows and each.host not in confirmed:
                    confirmation = _confirm(
                        stage, each, flows[each.mac]["flow_id"], gate
                    )
                    confirmed[each.host] = asyncio.create_task(confirmation)
            if ended or len(confirmed) == len(announced):
                break
            await asyncio.sleep(0.2)
        step.shown = f"{len(announced)} announced, {len(confirmed)} offered"
    await asyncio.gather(*confirmed.values())
    return set(confirmed)


async def announce(stage: Stage, host: str, mac: str, hostname: str) -> None:
    """Announce to Home Assistant that a device has asked for an address."""
    await stage.client.command(
        "call_service",
        domain="announcer",
        service="announce",
        service_data={
            "integration": DOMAIN,
            "ip": host,
            "mac": mac,
            "hostname": json.dumps(hostname),
        },
    )


async def _scan(stage: Stage, *networks: IPv4Network) -> Item:
    """Scan networks; return the form that follows, or an empty one after a failure."""
    form: Item = {}
    async with stage.report.step(f"scan {networks[0]}") as step:
        form = await scan(stage.client, *networks, seconds=stage.form.scan)
        if errors := form.get("errors"):
            step.shown = str(errors["base"])
        else:
            expect(form, type="form", step_id="pick")
            step.shown = f"{form['description_placeholders']['count']} new"
    return form


async def _confirm(
    stage: Stage, each: Placed, flow_id: str, gate: asyncio.Semaphore
) -> None:
    """Add a device that was announced, or verify the reason why that is not possible."""
    client = stage.client
    async with (
        gate,
        stage.report.step(f"{each.name}: added after DHCP announced it") as step,
    ):
        form = await client.submit(flow_id)
        expect(form, type="form", step_id="discovery_confirm")
        step.shown = await outcome(client, await client.submit(flow_id, {}))


async def _pick(stage: Stage, form: Item) -> None:
    """Add everything that a scan has found, except devices that need a password."""
    async with stage.report.step("add what the scan found") as step:
        expect(form, step_id="pick")
        (field,) = [each for each in form["data_schema"] if each["name"] == "miners"]
        options = field["selector"]["select"]["options"]
        found = {option["value"] for option in options}
        wanted = {each.mac for each in stage.placed if not each.hostile.asks_password}
        picks = sorted(found & wanted)
        answer = {"miners": picks, "others": "show"}
        flow = await stage.client.submit(form["flow_id"], answer)
        flow = await wait(stage.client, flow, stage.form.scan)
        expect(flow, type="abort", reason="miners_added_read_only")
        step.shown = f"{len(picks)} added, {len(found) - len(picks)} left"


async def _add_by_hand(stage: Stage, each: Placed) -> None:
    """Add a device by its address, or verify the reason why that is not possible."""
    async with stage.report.step(f"{each.name}: added by hand") as step:
        client = stage.client.another()
        form = await client.start_flow("manual")
        address: dict[str, Any] = {"host": each.host, "port": 4028}
        if each.hostile.asks_password:
            address["password"] = _PASSWORD
        flow = await client.submit(form["flow_id"], address)
        step.shown = await outcome(client, flow)
        if flow["type"] == "form":
            await client.cancel(form["flow_id"])


async def set_interval(stage: Stage, entry_id: str, seconds: int) -> None:
    """Have a miner polled as often as the options allow."""
    client = stage.client
    flow_id: str = (await client.start_options(entry_id))["flow_id"]
    await client.choose(flow_id, {"next_step_id": "preferences"})
    preferences: Mapping[str, Any] = {**_PREFERENCES, "poll_interval": seconds}
    expect(await client.choose(flow_id, preferences), type="create_entry")
