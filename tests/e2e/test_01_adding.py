"""Miners are added: found by a scan, discovered, and by hand."""

from collections.abc import Mapping
from typing import Any

from demo_instance import miners
from demo_instance.client import DOMAIN, Client
from demo_instance.dialogue import expect, scan, wait
from demo_instance.waiting import until
from running_demo import Miner, RunningDemo, Show

# Home Assistant waits for half a minute before it reloads what was enabled.
_SECONDS_TO_ADD = 60.0


async def pick(
    demo: RunningDemo, form: Mapping[str, Any], password: str, *miners: Miner
) -> dict[str, Any]:
    """Pick some of the miners that a scan has found; return the next step."""
    picks = [miner.mac for miner in miners]
    answer = {"miners": picks, "others": "show", "password": password}
    return await wait(demo.client, await demo.client.submit(form["flow_id"], answer))


async def error_in(client: Client, form: Mapping[str, Any]) -> str:
    """Return the error of a form, which has to have a text."""
    assert form["type"] == "form"
    (error,) = form["errors"].values()
    texts = await client.translations("config", DOMAIN)
    assert f"component.{DOMAIN}.config.error.{error}" in texts
    return str(error)


async def is_added(demo: RunningDemo, miner: Miner) -> bool:
    return miner.mac in await demo.client.devices()


async def test_a_scan_adds_the_miners_that_take_the_password(
    demo: RunningDemo, air: Miner, show: Show
) -> None:
    """No miner is added as long as one of those picked refuses the password."""
    form = await scan(demo.client, demo.network)
    expect(form, type="form", step_id="pick")
    flow = await pick(demo, form, air.plan.password, *demo.miners)
    assert await error_in(demo.client, flow) == "wrong_password_at"
    flow = await pick(demo, form, air.plan.password, air)
    expect(flow, type="abort", reason="miners_added")
    await until(lambda: is_added(demo, air), "the miner is there")
    show("wrong_password_at, then 1 miner added")


async def test_a_miner_that_the_scan_has_left_is_added_as_discovered(
    demo: RunningDemo, hydro: Miner, show: Show
) -> None:
    client = demo.client

    async def is_offered() -> bool:
        return hydro.mac in await client.flows("integration_discovery")

    await until(is_offered, "it is offered")
    flow = (await client.flows("integration_discovery"))[hydro.mac]
    offered = flow["context"]["title_placeholders"]
    assert offered["miner"].startswith(f"{hydro.plan.hostname}, {hydro.model}")
    assert offered["host"] == hydro.simulated.host
    form = await client.submit(flow["flow_id"], {"password": "wrong"})
    assert await error_in(client, form) == "wrong_password"
    result = await client.submit(flow["flow_id"], {"password": hydro.plan.password})
    expect(result, type="create_entry", title=hydro.plan.hostname)
    show(f"wrong_password, then entry {result['title']}")


async def test_another_scan_adds_another_miner(
    demo: RunningDemo, old: Miner, show: Show
) -> None:
    form = await scan(demo.client, demo.network)
    expect(form, type="form", step_id="pick")
    flow = await pick(demo, form, old.plan.password, old)
    expect(flow, type="abort", reason="miners_added")
    await until(lambda: is_added(demo, old), "the miner is there")
    show("1 miner added")


async def test_a_scan_that_finds_nothing_new_says_what_is_set_up(
    demo: RunningDemo, show: Show
) -> None:
    form = await scan(demo.client, demo.network)
    expect(form, type="form", step_id="scan", errors={"base": "nothing_new"})
    known = form["description_placeholders"]["known"]
    assert known.startswith("3 ")
    await demo.client.cancel(form["flow_id"])
    show(f"nothing_new, set up: {known}")


async def test_a_miner_cannot_be_added_twice(
    demo: RunningDemo, air: Miner, show: Show
) -> None:
    form = await demo.client.start_flow("manual")
    result = await demo.client.submit(form["flow_id"], air.address)
    expect(result, type="abort", reason="already_configured")
    show("already_configured")


async def test_the_miners_get_names_and_areas(
    demo: RunningDemo, air: Miner, hydro: Miner, old: Miner, show: Show
) -> None:
    """Entity ids follow the names."""
    await miners.name(demo.client, [miner.of_demo for miner in demo.miners])
    assert await air.entity("switch.mining") == "switch.garage_miner"
    assert await hydro.entity("sensor.power") == "sensor.boiler_room_power"
    assert await old.entity("sensor.board0_hash_rate") == (
        "sensor.shed_hashboard_1_hash_rate"
    )
    show(", ".join([await miner.called() for miner in demo.miners]))


async def test_what_is_disabled_at_first_can_be_enabled(
    demo: RunningDemo, air: Miner, hydro: Miner, old: Miner, show: Show
) -> None:
    """The tests after this one use readings and controls that few people need."""
    few = len(await demo.client.entities())
    await demo.client.enable_all()
    for miner in (air, hydro, old):
        switch = await miner.entity("switch.web_pools")

        async def is_there(entity_id: str = switch) -> bool:
            return await demo.client.has_state(entity_id)

        await until(is_there, f"{switch} is there", seconds=_SECONDS_TO_ADD)
    show(f"{few} entities at first, then {len(await demo.client.entities())}")
