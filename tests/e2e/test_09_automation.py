"""An automation of the price blueprint stops and starts a miner."""

import pytest

from demo_instance import site as sites
from demo_instance.waiting import until
from running_demo import POWER_OFF, POWER_ON, Command, Miner, RunningDemo, Show

_BLUEPRINT = "whatsminer/mine_when_cheap.yaml"
_AUTOMATION = "mine_when_cheap"
_PRICE = sites.PRICE


async def test_the_blueprint_makes_an_automation(
    demo: RunningDemo, air: Miner, show: Show
) -> None:
    client = demo.client
    assert await sites.add_price(client) == _PRICE
    await client.call(_PRICE, "set_value", value=0.05)
    blueprints = await client.command("blueprint/list", domain="automation")
    inputs = {
        "miners": {"entity_id": await air.entity("switch.mining")},
        "price_sensor": _PRICE,
        "start_price": 0.10,
        "stop_price": 0.15,
        # The miner was started just before, and the test does not wait.
        "min_on": 0,
        "min_off": 0,
    }
    automation = {
        "alias": "Mine when cheap",
        "use_blueprint": {"path": _BLUEPRINT, "input": inputs},
    }
    await demo.automate(_AUTOMATION, automation)
    show(str(blueprints[_BLUEPRINT]["metadata"]["name"]))


@pytest.mark.parametrize(
    ("price", "command", "state"),
    [(0.30, POWER_OFF, "off"), (0.05, POWER_ON, "on")],
    ids=["expensive", "cheap"],
)
async def test_the_miner_follows_the_price(
    demo: RunningDemo,
    air: Miner,
    price: float,
    command: Command,
    state: str,
    show: Show,
) -> None:
    await demo.client.call(_PRICE, "set_value", value=price)
    show(await air.shows("switch.mining", state))
    # The switch shows the new state while the command is still on its way.
    await until(lambda: bool(air.unread), "the command has reached the miner")
    air.received(command)


async def test_the_automation_goes(demo: RunningDemo) -> None:
    """Later tests do not depend on a price."""
    await demo.client.delete_automation(_AUTOMATION)
