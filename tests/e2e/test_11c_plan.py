"""A site follows its plan: a price, a power budget, and what a person does in between."""

from datetime import UTC, datetime
import re
from typing import Any

import pytest

from demo_instance import ROOT, site as sites
from demo_instance.waiting import until
from running_demo import Command, Device, Miner, RunningDemo, Show, cmd

_IDS = re.compile(
    r"\b(?:switch|sensor|binary_sensor|number|select|button|event)\.(?:garage_miner|boiler_room|all_miners)\w*"
)
_AREAS = re.compile(r"area_id: (\w+)")
# Of a liquid-cooled miner, which the garage miner of the demo is not.
_NOT_IN_THE_DEMO = {"sensor.garage_miner_coolant_temperature"}
# Nothing has to be waited for, and a miner is raised at once.
_PLAN = {
    **sites.PLAN,
    "budget": {"ramp": 100},
    "times": {"minutes_on": 0, "minutes_off": 0},
}
_CHEAP, _DEAR = 0.05, 0.30
# A budget leaves one miner so much of its full power.
_LOWERED = 0.75
_PLENTY = 100_000


@pytest.fixture(scope="module")
async def site(demo: RunningDemo) -> Device:
    """A site over all miners."""
    return Device(demo, await sites.add(demo.client))


async def look(demo: RunningDemo, site: Device) -> None:
    """Let a site look at its plan: it does so when it is loaded, and every ten seconds."""
    await demo.client.reload(site.identifier)


async def set_price(demo: RunningDemo, price: float) -> None:
    await demo.client.call(sites.PRICE, "set_value", value=price)


async def set_budget(demo: RunningDemo, site: Device, watts: float) -> None:
    await site.set("number.power_budget", round(watts))
    await look(demo, site)


async def decided(site: Device, miner: Miner) -> dict[str, Any]:
    """Return what the plan says of a miner."""
    name = await miner.called()
    miners = (await site.state("sensor.plan")).attributes["miners"]
    (found,) = [each for each in miners if each["name"] == name]
    return dict(found)


async def gives_reason(site: Device, miner: Miner, reason: str) -> str:
    """Wait until the plan has this reason; return what it says."""

    async def has_reason() -> bool:
        return bool((await decided(site, miner))["reason"] == reason)

    await until(has_reason, f"the reason is {reason}")
    return str((await decided(site, miner))["text"])


async def receives(miner: Miner, *commands: Command) -> None:
    """Wait until a miner has received these commands, and no others."""
    await until(lambda: len(miner.unread) >= len(commands), "a command has arrived")
    miner.received(*commands)


def full(miner: Miner) -> float:
    """Return what a miner takes at full power, in W."""
    return miner.simulated.state.limit


async def lowered(site: Device, miner: Miner) -> int:
    """Wait until the plan lowers a miner that still mines; return the percent."""
    await gives_reason(site, miner, "lowered")
    percent = int((await decided(site, miner))["percent"])
    assert 50 <= percent < 80
    return percent


async def test_the_plan_of_a_site_is_filled_in(
    demo: RunningDemo, site: Device, show: Show
) -> None:
    await sites.add_price(demo.client)
    await set_price(demo, _CHEAP)
    await sites.fill_in_plan(demo.client, site.identifier, _PLAN)
    stop = await site.shows("number.stop_above", sites.STOP_ABOVE)
    start = await site.shows("number.start_below", sites.START_BELOW)
    show(f"{await site.shows('sensor.plan', 'not_following')}: {stop}, {start}")


async def test_the_examples_of_the_docs_name_what_is_there(
    demo: RunningDemo, site: Device, show: Show
) -> None:
    """They can be copied into the demo."""
    texts = [path.read_text() for path in (ROOT / "README.md", *ROOT.glob("docs/*.md"))]
    named = {entity_id for text in texts for entity_id in _IDS.findall(text)}
    known = set((await demo.client.entities(disabled=True)).values())
    assert {"switch.garage_miner", "number.all_miners_power_budget"} <= named
    assert named - known == _NOT_IN_THE_DEMO
    areas = {area for text in texts for area in _AREAS.findall(text)}
    listed = await demo.client.command("config/area_registry/list")
    assert areas <= {area["area_id"] for area in listed}
    show(f"{len(named)} entities, areas {', '.join(areas)}")


async def test_nothing_is_sent_to_miners_that_do_what_the_plan_wants(
    demo: RunningDemo, site: Device, show: Show
) -> None:
    await site.set("switch.follow_plan", "on")
    await look(demo, site)
    for miner in demo.miners:
        await gives_reason(site, miner, "cheap")
    show(await site.shows("sensor.plan", "following"))


async def test_a_power_budget_lowers_the_least_efficient_miner_first(
    demo: RunningDemo, site: Device, hydro: Miner, air: Miner, old: Miner, show: Show
) -> None:
    await set_budget(demo, site, full(hydro) + full(air) + _LOWERED * full(old))
    percent = await lowered(site, old)
    await receives(old, cmd("set_power_pct", percent=str(percent)))
    show(f"{old.model} at {percent} %")


async def test_a_smaller_budget_switches_it_off_and_lowers_the_next(
    demo: RunningDemo, site: Device, hydro: Miner, air: Miner, old: Miner, show: Show
) -> None:
    await set_budget(demo, site, full(hydro) + _LOWERED * full(air))
    await receives(old, old.power("off"))
    percent = await lowered(site, air)
    await receives(air, cmd("set_power_pct_v2", percent=str(percent)))
    show(
        f"{air.model} at {percent} %; {await gives_reason(site, old, 'budget_too_small')}"
    )


async def test_with_enough_power_all_mine_as_before(
    demo: RunningDemo, site: Device, air: Miner, old: Miner, show: Show
) -> None:
    await set_budget(demo, site, _PLENTY)
    await receives(old, old.power("on"))
    await receives(air, cmd("set_power_pct_v2", percent="100"))
    show(await site.shows("sensor.plan", "following"))


async def test_a_miner_that_a_person_switches_is_left_alone(
    demo: RunningDemo, site: Device, air: Miner, show: Show
) -> None:
    """The others have less power now, and the plan may not start it."""
    await air.set("switch.mining", "off")
    air.received(air.power("off"))
    await look(demo, site)
    why = await gives_reason(site, air, "manual")
    await air.shows("switch.mining", "off")
    show(why)


async def test_a_miner_that_is_released_follows_the_plan_again(
    demo: RunningDemo, site: Device, air: Miner, show: Show
) -> None:
    await air.act("release")
    await look(demo, site)
    await receives(air, air.power("on"))
    show(await gives_reason(site, air, "cheap"))


async def test_a_price_that_is_too_high_switches_the_miners_off(
    demo: RunningDemo, site: Device, show: Show
) -> None:
    """This is what the site does by itself, within the ten seconds."""
    before = datetime.now(UTC)
    await set_price(demo, _DEAR)
    for miner in demo.miners:
        await receives(miner, miner.power("off"))
        await miner.shows("switch.mining", "off")
        why = await gives_reason(site, miner, "expensive")
        assert why.startswith("Off: ")
    await site.shows("sensor.plan", "price_too_high")
    entity_id = await site.entity("sensor.plan")

    async def activity() -> list[str]:
        """Return the lines about miners that were switched off."""
        entries = await demo.client.logbook(entity_id, before)
        lines = [str(entry["message"]) for entry in entries if "message" in entry]
        return [line for line in lines if f" off: {_DEAR:g}" in line]

    async def is_told() -> bool:
        told = " ".join(await activity())
        return all([await miner.called() in told for miner in demo.miners])

    await until(is_told, "Activity says which miners are off, and why")
    show("; ".join(await activity()))


async def test_a_restart_of_home_assistant_keeps_them_off(
    demo: RunningDemo, site: Device, old: Miner, show: Show
) -> None:
    await demo.restart()
    await look(demo, site)
    for miner in demo.miners:
        await gives_reason(site, miner, "expensive")
        await miner.shows("switch.mining", "off")
    # Only a second poll shows that mining is off if firmware is that old: it is switched off again.
    await receives(old, old.power("off"))
    await site.shows("number.power_budget", _PLENTY)
    show(await site.shows("sensor.plan", "price_too_high"))


async def test_they_mine_again_when_the_price_is_low(
    demo: RunningDemo, site: Device, show: Show
) -> None:
    await set_price(demo, _CHEAP)
    await look(demo, site)
    for miner in demo.miners:
        await receives(miner, miner.power("on"))
        await miner.shows("switch.mining", "on")
    show(await site.shows("sensor.plan", "following"))


async def test_a_site_that_no_longer_follows_its_plan_leaves_the_miners_alone(
    demo: RunningDemo, site: Device, show: Show
) -> None:
    """Then it goes, and the miners mine as before."""
    await site.set("switch.follow_plan", "off")
    await set_price(demo, _DEAR)
    await look(demo, site)
    show(await site.shows("sensor.plan", "not_following"))
    await demo.client.remove(site.identifier)
    for miner in demo.miners:
        await miner.shows("switch.mining", "on")
