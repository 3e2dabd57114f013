"""Adding miners through the config flow, as the form on the web page does."""

from collections.abc import Mapping
from typing import Any

from ..client import DOMAIN, Client
from ..miners import AIR, HYDRO, OLD, DemoMiner
from .bad_hosts import closed_port
from .bench import Bench
from .report import Mismatch


async def run(bench: Bench) -> None:
    """Add the three miners, two of them after a mistake in the same form."""
    air, hydro, old = map(bench.miner, (AIR, HYDRO, OLD))
    await _add(bench, air)
    await _add(bench, hydro, {"password": "wrong"}, "wrong_password")
    with closed_port() as port:
        await _add(bench, old, {"port": port}, "cannot_connect")
    async with bench.report.step(f"add the {AIR.model} once more") as step:
        form = await bench.client.start_flow()
        result = await bench.client.submit(form["flow_id"], air.address)
        if (reason := result.get("reason")) != "already_configured":
            raise Mismatch(f"it ends with {reason or result}")
        step.sent = bench.received(air)
        step.shown = f"abort: {reason}"


async def _add(
    bench: Bench,
    miner: DemoMiner,
    mistake: Mapping[str, Any] | None = None,
    error: str = "",
) -> None:
    name = f"add the {miner.plan.model}, API {miner.plan.api}"
    if mistake:
        name += f", at first with a wrong {next(iter(mistake))}"
    async with bench.report.step(name) as step:
        form = await bench.client.start_flow()
        if form.get("step_id") != "manual":
            raise Mismatch(f"the flow begins with {form.get('step_id') or form}")
        if mistake:
            result = await bench.client.submit(
                form["flow_id"], {**miner.address, **mistake}
            )
            step.shown = f"{await form_error(bench.client, result, error)}, then "
        result = await bench.client.submit(form["flow_id"], miner.address)
        if result["type"] != "create_entry":
            raise Mismatch(f"no entry was made: {result.get('errors') or result}")
        if not _names(result["title"], miner):
            raise Mismatch(f"the title is {result['title']}")
        step.shown += f"entry {result['title']}"
        # To add a miner changes nothing on it.
        step.sent = bench.received(miner)


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
