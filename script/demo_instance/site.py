"""The site of the demo: all miners as one device, with a plan that follows a price."""

from collections.abc import Mapping
import time
from typing import Any

from .client import Client
from .dialogue import expect

NAME = "All miners"
PRICE = "input_number.electricity_price"
UNIT = "EUR/kWh"
STOP_ABOVE, START_BELOW = 0.16, 0.12
# What the form of the plan is filled in with, by its sections. The minutes are few, so that a visitor
# who changes the price sees what comes of it.
PLAN: Mapping[str, Mapping[str, Any]] = {
    "price": {
        "price_entity": PRICE,
        "stop_above": STOP_ABOVE,
        "start_below": START_BELOW,
    },
    "more_price": {},
    "stopping": {"lowest_percent": 50},
    "budget": {},
    "times": {"minutes_on": 1, "minutes_off": 1},
}
# The prices of a day: a cheap night, a dear morning, a sunny noon, a dear evening.
DAY = (
    *(0.11, 0.10, 0.09, 0.09, 0.10, 0.13, 0.18, 0.22, 0.20, 0.15, 0.11, 0.06),
    *(0.02, -0.01, 0.03, 0.08, 0.12, 0.19, 0.27, 0.31, 0.25, 0.18, 0.14, 0.12),
)
NOW = 14  # the hour of that day in which the demo begins: miners have mined for four hours
_SECONDS_PER_HOUR = 20


async def add(client: Client) -> str:
    """Add the site through the config flow; return the id of its entry.

    One that is known from an earlier run stays as it is.
    """
    for identifier, device in (await client.devices()).items():
        if device.get("entry_type") == "service":
            return identifier
    form = await client.start_flow("site")
    expect(form, type="form", step_id="site")
    result = await client.submit(form["flow_id"], {"name": NAME, "all_miners": True})
    expect(result, type="create_entry", title=NAME)
    return str(result["result"]["entry_id"])


async def install_plan(client: Client, site: str) -> None:
    """Give a site its plan, and a price that goes through a day in some minutes.

    What is known from an earlier run stays as it is. The site does not follow its plan: a miner that was
    stopped tunes for a quarter of an hour, and the first look is to be at miners that mine.
    """
    if await client.has_state(PRICE):
        return
    await add_price(client)
    await client.call(PRICE, "set_value", value=DAY[NOW])
    begin = int(time.time()) - NOW * _SECONDS_PER_HOUR
    hour = f"((now().timestamp() - {begin}) // {_SECONDS_PER_HOUR}) | int % {len(DAY)}"
    step = {
        "action": "input_number.set_value",
        "target": {"entity_id": PRICE},
        "data": {"value": f"{{{{ {list(DAY)}[{hour}] }}}}"},
    }
    every = {"trigger": "time_pattern", "seconds": f"/{_SECONDS_PER_HOUR}"}
    await client.save_automation(
        "price_of_the_hour",
        {"alias": "Price of the hour", "triggers": [every], "actions": [step]},
    )
    await fill_in_plan(client, site)


async def add_price(client: Client) -> str:
    """Make the helper that has the price, unless it is there; return its entity id."""
    if await client.has_state(PRICE):
        return PRICE
    return await client.create_number("Electricity price", -1, 1, UNIT)


async def fill_in_plan(
    client: Client, site: str, plan: Mapping[str, Mapping[str, Any]] = PLAN
) -> None:
    """Fill in the form for the plan of a site.

    Args:
        client: of Home Assistant.
        site: the id of its entry.
        plan: what to fill in, by section; what is left out gets its default.
    """
    menu = await client.start_options(site)
    expect(menu, type="menu", step_id="site")
    form = await client.choose(menu["flow_id"], {"next_step_id": "plan"})
    expect(form, type="form", step_id="plan")
    expect(await client.choose(form["flow_id"], plan), type="create_entry")
