"""All miners as one device: what it shows, and what it keeps off."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from demo_instance import site as sites
from demo_instance.client import own_entities
from demo_instance.waiting import until
from running_demo import Device, Miner, RunningDemo, Show

_AUTOMATION = "mine_at_night"
_HOUR = timedelta(hours=1)
# States are rounded.
_MARGIN = 0.001
_MARGIN_KWH = 0.00005
_LEAST_KWH = 0.001  # what three miners use within half a second


@pytest.fixture(scope="module")
async def site(demo: RunningDemo) -> Device:
    """A site over all miners."""
    return Device(demo, await sites.add(demo.client))


async def value(device: Device, key: str) -> float:
    return float((await device.state(key)).state)


async def total(demo: RunningDemo, key: str) -> float:
    """Return the sum of what the miners show."""
    return sum([await value(miner, key) for miner in demo.miners])


async def names(site: Device, key: str) -> list[str]:
    """Return the miners that a sensor counts."""
    found: list[str] = (await site.state(key)).attributes["names"]
    return found


async def held(miner: Miner) -> tuple[Any, Any]:
    """Return who keeps a miner off, and until when."""
    state = await miner.ask("get_state")
    assert state["held_off"] is bool(state["held_off_by"])
    return state["held_off_by"], state["held_off_until"]


async def are_switched(miners: Iterable[Miner], state: str) -> None:
    """Verify that each miner has received one command, and that its switch shows that."""
    for miner in miners:
        miner.received(miner.power(state))
        await miner.shows("switch.mining", state)


async def test_a_site_is_a_device_without_a_maker(
    demo: RunningDemo, site: Device, show: Show
) -> None:
    device = await site.registered()
    assert device["name"] == sites.NAME
    assert device["entry_type"] == "service"
    assert device["manufacturer"] is None
    entities = own_entities(await demo.client.entities(disabled=True), site.identifier)
    show(f"{sites.NAME}: {len(entities)} entities")


@pytest.mark.parametrize("key", ["sensor.hash_rate", "sensor.power"])
async def test_a_site_shows_the_sum_of_its_miners(
    demo: RunningDemo, site: Device, key: str, show: Show
) -> None:
    async def adds_up() -> bool:
        """Compare; a poll in between changes one of the two first."""
        expected = pytest.approx(await total(demo, key), rel=_MARGIN)
        return bool(await value(site, key) == expected)

    await until(adds_up, "it is the sum")
    state = await site.state(key)
    assert state.attributes["miners_counted"] == len(demo.miners)
    assert state.attributes["miners"] == len(demo.miners)
    show(state.shown)


async def test_a_site_is_as_efficient_as_its_miners_together(
    demo: RunningDemo, site: Device, show: Show
) -> None:
    async def divides() -> bool:
        power = await total(demo, "sensor.power")
        rate = await total(demo, "sensor.hash_rate")
        expected = pytest.approx(power / rate, rel=_MARGIN)
        return bool(await value(site, "sensor.efficiency") == expected)

    await until(divides, "it is the power for the hash rate")
    show((await site.state("sensor.efficiency")).shown)


async def test_a_site_counts_and_names_its_miners(
    demo: RunningDemo, site: Device, show: Show
) -> None:
    await site.shows("sensor.miners_running", len(demo.miners))
    everyone = sorted([await miner.called() for miner in demo.miners])
    assert await names(site, "sensor.miners_running") == everyone
    for key in ("miners_offline", "miners_with_problem"):
        await site.shows(f"sensor.{key}", 0)
    await site.shows("binary_sensor.problem", "off")
    show(", ".join(everyone))


async def test_the_energy_of_a_site_grows_as_that_of_its_miners(
    demo: RunningDemo, site: Device, show: Show
) -> None:
    key = "sensor.energy"
    before = await value(site, key), await total(demo, key)

    async def has_grown() -> bool:
        grown = await value(site, key) - before[0]
        expected = await total(demo, key) - before[1]
        is_same = grown == pytest.approx(expected, abs=_MARGIN_KWH)
        return grown > _LEAST_KWH and bool(is_same)

    await asyncio.gather(*(miner.poll() for miner in demo.miners))
    await until(has_grown, "it has grown by as much")
    show((await site.state(key)).shown)


async def test_a_site_that_is_turned_off_turns_off_every_miner(
    demo: RunningDemo, site: Device, show: Show
) -> None:
    await site.set("switch.mining", "off")
    await are_switched(demo.miners, "off")
    # A poll right after the command does not show yet that a miner with old firmware is off.
    await asyncio.gather(
        *(miner.shows_after_poll("sensor.status", "off") for miner in demo.miners)
    )
    await site.shows("sensor.miners_running", 0)
    await site.shows("sensor.hash_rate", 0)
    show(f"not off yet: {await site.shows('sensor.miners_not_off', 0)}")


async def test_a_miner_says_which_site_keeps_it_off(miner: Miner, show: Show) -> None:
    by, until_when = await held(miner)
    assert by == [sites.NAME]
    assert until_when is None
    show(f"held off by {by[0]}")


async def test_an_automation_cannot_start_a_miner_that_is_held_off(
    demo: RunningDemo, air: Miner, show: Show
) -> None:
    """What it is told is in its trace, where its owner looks."""
    start = {
        "action": "switch.turn_on",
        "target": {"entity_id": await air.entity("switch.mining")},
    }
    night = {"trigger": "time", "at": "03:00:00"}
    config = {"alias": "Mine at night", "triggers": [night], "actions": [start]}
    automation = await demo.automate(_AUTOMATION, config)
    await demo.client.call(automation, "trigger")
    run = {"domain": "automation", "item_id": _AUTOMATION}
    (last,) = await demo.client.command("trace/list", **run)
    trace = await demo.client.command("trace/get", **run, run_id=last["run_id"])
    (step,) = trace["trace"]["action/0"]
    demo.provoked.append(step["error"])
    assert step["error"].startswith(f"{await air.called()} is held off by its site")
    show(f"{await air.shows('switch.mining', 'off')}: {step['error']}")
    await demo.client.delete_automation(_AUTOMATION)


async def test_a_person_starts_a_miner_that_is_held_off(
    site: Device, air: Miner, show: Show
) -> None:
    """The site keeps the others off, and no longer waits for this one."""
    await air.set("switch.mining", "on")
    await are_switched([air], "on")
    assert await held(air) == ([], None)
    await site.shows("switch.mining", "off")
    show(f"not off yet: {await site.shows('sensor.miners_not_off', 0)}")


async def test_a_site_that_is_turned_on_starts_the_miners_that_it_has_stopped(
    site: Device, air: Miner, hydro: Miner, old: Miner, show: Show
) -> None:
    await site.set("switch.mining", "on")
    await are_switched([hydro, old], "on")
    air.received()
    for miner in (air, hydro, old):
        assert await held(miner) == ([], None)
    show(f"not off yet: {await site.shows('sensor.miners_not_off', 'unknown')}")


@pytest.mark.parametrize(
    ("text", "language", "state"),
    [
        ("Turn off all miners", "en", "off"),
        ("Schalte all miners ein", "de", "on"),
    ],
    ids=["turn off", "schalte ein"],
)
async def test_assist_switches_all_miners(
    demo: RunningDemo, text: str, language: str, state: str, show: Show
) -> None:
    show(await demo.say(text, "action_done", language))
    await are_switched(demo.miners, state)


async def test_a_miner_is_held_off_for_an_hour(old: Miner, show: Show) -> None:
    before = datetime.now(UTC)
    await old.act("hold", duration={"hours": 1})
    await are_switched([old], "off")
    by, until_when = await held(old)
    assert by == ["hand"]
    end = datetime.fromisoformat(until_when)
    assert before + _HOUR <= end <= datetime.now(UTC) + _HOUR
    show(f"until {until_when}")


async def test_a_miner_mines_again_when_its_time_is_over(
    old: Miner, show: Show
) -> None:
    """The hour becomes a second; the miner is off already, and receives nothing for that."""
    await old.act("hold", duration={"seconds": 1})
    await until(lambda: bool(old.unread), "the miner has received something")
    await are_switched([old], "on")
    assert await held(old) == ([], None)
    show("on")


async def test_a_site_is_held_off_for_an_hour_and_released(
    demo: RunningDemo, site: Device, show: Show
) -> None:
    await site.act("hold", duration={"hours": 1})
    await are_switched(demo.miners, "off")
    await site.shows("switch.mining", "off")
    end = (await site.state("switch.mining")).attributes["held_off_until"]
    for miner in demo.miners:
        assert await held(miner) == ([sites.NAME], end)
    await site.act("release")
    await are_switched(demo.miners, "on")
    show(f"until {end}, then {await site.shows('switch.mining', 'on')}")


async def test_a_site_does_not_start_what_is_held_off_by_hand(
    demo: RunningDemo, site: Device, hydro: Miner, show: Show
) -> None:
    await hydro.act("hold")
    await are_switched([hydro], "off")
    others = [miner for miner in demo.miners if miner is not hydro]
    for state in ("off", "on"):
        await site.set("switch.mining", state)
        await are_switched(others, state)
        hydro.received()
    assert await held(hydro) == (["hand"], None)
    await hydro.act("release")
    await are_switched([hydro], "on")
    show("on once it is released itself")


async def test_a_site_takes_no_commands_of_miners(
    demo: RunningDemo, site: Device, show: Show
) -> None:
    refusal = await demo.refused(site.act("set_led", mode="auto"))
    assert refusal.startswith("whatsminer: ")
    show(refusal)


async def test_the_site_goes(demo: RunningDemo, site: Device) -> None:
    """Nothing is left of it, and the miners mine as before."""
    await demo.client.remove(site.identifier)
    assert site.identifier not in await demo.client.devices()
    everything = await demo.client.entities(disabled=True)
    assert own_entities(everything, site.identifier) == {}
    for miner in demo.miners:
        await miner.shows("switch.mining", "on")
    await asyncio.gather(*(miner.tune() for miner in demo.miners))
