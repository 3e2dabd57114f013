"""A miner that was added over V2.2 gets V3, and Home Assistant turns to it."""

from collections.abc import AsyncGenerator

import pytest

from demo_instance import miners
from demo_instance.dialogue import expect
from demo_instance.miners import Plan
from running_demo import Miner, RunningDemo, Show, cmd, v3

_PLAN = Plan(
    generation="v3",
    api="3.0.5",
    model="M66",
    password="Genesis-2009",
    admin_password="genesis",
    place=31,
    port=4034,
    hostname="cellar",
)


@pytest.fixture(scope="module")
async def turning(demo: RunningDemo) -> AsyncGenerator[Miner]:
    """A miner whose port of V3 is closed at first."""
    async with miners.running((_PLAN,), demo.network) as (miner,):
        await miner.miner.v3.disable()
        yield Miner(demo, miner)


async def ids_of(demo: RunningDemo, miner: Miner) -> set[tuple[str, str]]:
    """Return kind and unique id of each entity of a miner, also of those that are disabled."""
    everything = await demo.client.entities(disabled=True)
    return {key for key in everything if key[1].startswith(miner.mac)}


async def test_a_miner_is_added_over_v2_2(
    demo: RunningDemo, turning: Miner, show: Show
) -> None:
    form = await demo.client.start_flow("manual")
    address = turning.address | {"password": _PLAN.admin_password}
    result = await demo.client.submit(form["flow_id"], address)
    expect(result, type="create_entry", title=_PLAN.hostname)
    await turning.set("switch.mining", "off")
    turning.received(cmd("power_off", respbefore="true"))
    await turning.set("switch.mining", "on")
    turning.received(cmd("power_on"))
    assert turning.simulated.v3.requests == []
    show(f"{len(await ids_of(demo, turning))} entities")


async def test_its_entities_stay_what_they_were_when_it_gets_v3(
    demo: RunningDemo, turning: Miner, show: Show
) -> None:
    """It gets some more, and nothing is there twice."""
    before = await ids_of(demo, turning)
    entry, device = await turning.entry(), await turning.device()
    turning.simulated.v3.enable()
    await demo.client.reload(entry)
    after = await ids_of(demo, turning)
    assert before <= after
    assert (await turning.entry(), await turning.device()) == (entry, device)
    assert len(await demo.client.entries()) == len(demo.miners) + 1
    assert {"cmd": "get.device.info"} in turning.simulated.v3.requests
    power = turning.simulated.state.telemetry().power
    await turning.shows("sensor.power", pytest.approx(power, rel=0.1))
    await turning.shows("switch.mining", "on")
    added = sorted(f"{kind}.{key[18:]}" for kind, key in after - before)
    show(f"the same {len(before)}, and {', '.join(added)}")


async def test_commands_stay_on_v2_2_while_v3_refuses_the_password(
    turning: Miner, show: Show
) -> None:
    await turning.set("switch.mining", "off")
    turning.received(cmd("power_off", respbefore="true"))
    await turning.set("switch.mining", "on")
    turning.received(cmd("power_on"))
    show("the password is that of admin")


async def test_commands_follow_when_the_password_of_super_is_entered(
    demo: RunningDemo, turning: Miner, show: Show
) -> None:
    """The power mode is a setting that the other miner of V3 cannot set within these tests."""
    form = await demo.client.start_reconfiguring(await turning.entry())
    expect(form, type="form", step_id="reconfigure")
    result = await demo.client.submit(form["flow_id"], turning.address)
    expect(result, type="abort", reason="reconfigure_successful")
    power = turning.simulated.state.telemetry().power
    await turning.shows("sensor.power", pytest.approx(power, rel=0.1))
    await turning.set("switch.mining", "off")
    turning.received(v3("set.miner.service", "stop"))
    turning.simulated.advance(300)
    assert not turning.simulated.state.mining
    await turning.set("switch.mining", "on")
    turning.received(v3("set.miner.service", "start"))
    await turning.set("select.power_mode", "low")
    turning.received(v3("set.miner.power_mode", "low"))
    show(await turning.shows("select.power_mode", "low"))


async def test_the_miner_goes(demo: RunningDemo, turning: Miner) -> None:
    """Later tests do not depend on it."""
    await demo.client.remove(await turning.entry())
    assert turning.mac not in await demo.client.devices()
