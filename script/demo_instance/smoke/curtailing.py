"""One curtailment from end to end: a price, the blueprint, a miner."""

from contextlib import suppress
from functools import partial

from .. import DemoError
from ..miners import AIR
from .bench import Bench

_BLUEPRINT = "whatsminer/mine_when_cheap.yaml"
_AUTOMATION = "mine_when_cheap"
_ENTITY = f"automation.{_AUTOMATION}"
_CHEAP, _EXPENSIVE = 0.05, 0.30


async def run(bench: Bench) -> None:
    """Let electricity become expensive, and cheap again."""
    client, miner = bench.client, bench.miner(AIR)
    switch = await bench.entity(miner, "switch.mining")
    price = await client.create_number("Electricity price", -1, 1)
    await client.call(price, "set_value", value=_CHEAP)
    async with bench.report.step("an automation of the price blueprint") as step:
        blueprints = await client.command("blueprint/list", domain="automation")
        step.shown = str(blueprints[_BLUEPRINT]["metadata"]["name"])
        await client.save_automation(
            _AUTOMATION,
            {
                "alias": "Mine when cheap",
                "use_blueprint": {
                    "path": _BLUEPRINT,
                    "input": {
                        "miners": {"entity_id": switch},
                        "price_sensor": price,
                        "start_price": 0.10,
                        "stop_price": 0.15,
                        # It was started a moment ago, and this is no place to wait.
                        "min_on": 0,
                        "min_off": 0,
                    },
                },
            },
        )
        await bench.until(partial(_is_on, bench), "it is on")
        step.sent = bench.received(miner)
    for value, command, state in (
        (_EXPENSIVE, {"cmd": "power_off", "respbefore": "true"}, "off"),
        (_CHEAP, {"cmd": "power_on"}, "on"),
    ):
        async with bench.report.step(f"the price is {value:.2f} EUR/kWh") as step:
            await client.call(price, "set_value", value=value)
            step.shown = (await bench.shows(miner, "switch.mining", state)).shown
            # The switch shows what was asked for while the command is still under way.
            await bench.poll(miner)
            step.sent = bench.received(miner, command)
    await client.delete_automation(_AUTOMATION)


async def _is_on(bench: Bench) -> bool:
    """Tell whether the automation listens; Home Assistant loads it in the background."""
    with suppress(DemoError):
        return (await bench.client.state(_ENTITY)).state == "on"
    return False
