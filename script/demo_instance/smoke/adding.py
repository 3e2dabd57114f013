"""Adding miners by a scan of the network, as the dialogue on the web page does."""

import asyncio
from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Any

from ..client import DOMAIN, Client
from ..miners import AIR, HYDRO, OLD, DemoMiner
from .bench import Bench
from .report import Mismatch, expect

_SECONDS_TO_SCAN = 60.0


async def run(bench: Bench) -> None:
    """Add the three miners, each found by a scan, after a mistake here and there."""
    air, hydro, old = map(bench.miner, (AIR, HYDRO, OLD))
    await _pick_one(bench, air, among=bench.miners)
    await _confirm_discovery(bench, hydro)
    await _pick_one(bench, old, among=(old,))
    async with bench.report.step("scan once more") as step:
        form = await scan(bench)
        expect(form, type="form", step_id="scan", errors={"base": "nothing_new"})
        known = form["description_placeholders"]["known"]
        if not known.startswith("3 "):
            raise Mismatch(f"it knows {known}")
        await bench.client.cancel(form["flow_id"])
        step.shown = f"nothing new, set up: {known}"
        step.sent = bench.received(air)
    async with bench.report.step(f"add the {AIR.model} once more") as step:
        form = await bench.client.start_flow("manual")
        result = await bench.client.submit(form["flow_id"], air.address)
        expect(result, type="abort", reason="already_configured")
        step.sent = bench.received(air)
        step.shown = "abort: already_configured"


async def scan(
    bench: Bench, *networks: IPv4Network, seconds: float = _SECONDS_TO_SCAN
) -> dict[str, Any]:
    """Scan the network of the miners, or others, and return the form that comes of it."""
    form = await bench.client.start_flow("scan")
    expect(form, type="form", step_id="scan")
    flow_id: str = form["flow_id"]
    scanned = ", ".join(map(str, networks or [bench.network]))
    flow = await bench.client.submit(flow_id, {"networks": scanned})
    return await wait(bench, flow, seconds)


async def wait(
    bench: Bench, flow: dict[str, Any], seconds: float = _SECONDS_TO_SCAN
) -> dict[str, Any]:
    """Wait until a dialogue has got over what takes a while."""
    flow_id: str = flow["flow_id"]
    async with asyncio.timeout(seconds):
        while flow["type"] == "progress":
            await asyncio.sleep(0.1)
            flow = await bench.client.submit(flow_id)
    return flow


async def _pick_one(
    bench: Bench, miner: DemoMiner, *, among: tuple[DemoMiner, ...]
) -> None:
    """Scan, and add a miner; the password of all is tried first where there are others."""
    plan = miner.plan
    async with bench.report.step(f"scan and add the {plan.model}, {plan.api}") as step:
        form = await scan(bench)
        expect(form, type="form", step_id="pick")
        picks = {"miners": [each.mac for each in among], "others": "show"}
        answer = {**picks, "password": plan.password}
        flow_id: str = form["flow_id"]
        flow = await wait(bench, await bench.client.submit(flow_id, answer))
        if len(among) > 1:
            shown = await form_error(bench.client, flow, "wrong_password_at")
            step.shown = f"{shown}, then "
            answer["miners"] = [miner.mac]
            flow = await wait(bench, await bench.client.submit(flow_id, answer))
        expect(flow, type="abort", reason="miners_added")
        await bench.until(lambda: _is_there(bench, miner), "the miner is there")
        step.shown += "1 miner added"
        # To add a miner changes nothing on it.
        step.sent = bench.received(miner)


async def _confirm_discovery(bench: Bench, miner: DemoMiner) -> None:
    """Add a miner that the scan has left as discovered."""
    plan = miner.plan
    async with bench.report.step(
        f"add the {plan.model}, {plan.api}, as it was discovered"
    ) as step:

        async def is_offered() -> bool:
            return miner.mac in await bench.client.flows("integration_discovery")

        await bench.until(is_offered, "it is offered")
        flow = (await bench.client.flows("integration_discovery"))[miner.mac]
        named = flow["context"]["title_placeholders"]
        title, _, model = named["miner"].partition(", ")
        if not (
            _names(title, miner)
            and plan.model in (model or title)
            and named["host"] == miner.miner.host
        ):
            raise Mismatch(f"it is offered as {named}")
        flow_id: str = flow["flow_id"]
        result = await bench.client.submit(flow_id, {"password": "wrong"})
        step.shown = f"{await form_error(bench.client, result, 'wrong_password')}, then"
        result = await bench.client.submit(flow_id, {"password": plan.password})
        expect(result, type="create_entry")
        if not _names(result["title"], miner):
            raise Mismatch(f"the title is {result['title']}")
        step.shown += f" entry {result['title']}"
        step.sent = bench.received(miner)


async def _is_there(bench: Bench, miner: DemoMiner) -> bool:
    return miner.mac in await bench.client.devices()


def _names(title: str, miner: DemoMiner) -> bool:
    """Tell whether a title is the miner's host name, else its model and end of its MAC."""
    plan = miner.plan
    if plan.hostname:
        return title == plan.hostname
    end = miner.mac.replace(":", "")[-4:].upper()
    return title.startswith(plan.model) and title.endswith(f" {end}")


async def form_error(client: Client, result: Mapping[str, Any], expected: str) -> str:
    """Verify that a form came back with a translated error; return it and its field."""
    errors: Mapping[str, str] = result.get("errors") or {}
    if result.get("type") != "form" or not errors:
        raise Mismatch(f"no error in the form: {result}")
    texts = await client.translations("config", DOMAIN)
    field, key = next(iter(errors.items()))
    if f"component.{DOMAIN}.config.error.{key}" not in texts:
        raise Mismatch(f"the error {key} has no translation")
    if key != expected:
        raise Mismatch(f"the error is {key}, not {expected}")
    return f"{field}: {key}"
