"""Bad input: a clear translated error, nothing sent, nothing lost."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

from ..miners import AIR, HYDRO, OLD, Plan
from .adding import form_error
from .bad_hosts import GARBAGE, HALF, answering, closed_port
from .bench import Bench
from .report import Mismatch
from .writing import name

# The last of them restarts mining, which was restarted a moment ago. Of two values the
# one that is refused comes from the form of the entity, the other from what is sent.
VALUES: tuple[tuple[Plan, str, str, Mapping[str, Any]], ...] = (
    (AIR, "number.power_percent", "set_value", {"value": 101}),
    (AIR, "number.power_percent", "set_value", {"value": -1}),
    (AIR, "number.power_percent", "set_value", {"value": "nan"}),
    (HYDRO, "number.power_limit", "set_value", {"value": 0}),
    (HYDRO, "number.power_limit", "set_value", {"value": "nan"}),
    (AIR, "number.temperature_offset", "set_value", {"value": "inf"}),
    (OLD, "number.power_percent", "set_value", {"value": 100.5}),
    # Only liquid may be clocked up.
    (AIR, "number.target_frequency", "set_value", {"value": 1}),
    (HYDRO, "select.power_mode", "select_option", {"option": "turbo"}),
    (AIR, "select.power_mode", "select_option", {"option": "low"}),
)


async def run(bench: Bench) -> None:
    """Try values that no setting takes."""
    for plan, key, service, data in VALUES:
        value = next(iter(data.values()))
        async with bench.report.step(f"{plan.model}: {name(key)} to {value}") as step:
            miner = bench.miner(plan)
            entity_id = await bench.entity(miner, key)
            before = await bench.client.state(entity_id)
            call = bench.client.call(entity_id, service, **data)
            step.shown = f"refused, {await bench.refused(call)}"
            step.sent = bench.received(miner)
            after = await bench.client.state(entity_id)
            if after.state != before.state:
                raise Mismatch(f"{entity_id} changed to {after.state}")


async def hosts(bench: Bench) -> None:
    """Try to add what is no miner; all at once, since some keep us waiting."""
    async with AsyncExitStack() as stack:
        garbage = await stack.enter_async_context(answering(GARBAGE))
        half = await stack.enter_async_context(answering(HALF))
        silent = await stack.enter_async_context(answering(HALF, hang=True))
        closed = stack.enter_context(closed_port())
        await asyncio.gather(
            _host(bench, "nobody listens", {"port": closed}, "cannot_connect"),
            _host(
                bench, "another server answers", {"port": garbage}, "not_a_whatsminer"
            ),
            _host(bench, "stops half-way", {"port": half}, "malformed_reply"),
            _host(bench, "falls silent half-way", {"port": silent}, "timed_out"),
            _host(bench, "no such port", {"port": 70000}, "invalid_port"),
            _host(bench, "no host", {"host": " "}, "invalid_host"),
        )


async def _host(
    bench: Bench, name: str, address: Mapping[str, Any], error: str
) -> None:
    async with bench.report.step(f"add a miner: {name}") as step:
        form = await bench.client.start_flow("manual")
        full = {"host": "127.0.0.1", "port": 4028, "password": "secret", **address}
        result = await bench.client.submit(form["flow_id"], full)
        try:
            step.shown = await form_error(bench.client, result, error)
            for miner in bench.miners:
                step.sent = bench.received(miner)
        finally:
            await bench.client.cancel(form["flow_id"])
