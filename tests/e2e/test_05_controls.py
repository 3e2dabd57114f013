"""The controls of a miner: each sends one command, and shows what the miner then does."""

import asyncio
from typing import NamedTuple

import pytest

from demo_instance.miners import AIR, HYDRO, OLD, Plan
from running_demo import FLASH, Command, Miner, RunningDemo, Show, cmd, v3


class Change(NamedTuple):
    """A control that is used, and the command that has to reach the miner."""

    plan: Plan
    key: str
    value: str | int
    command: Command


def _change(
    plan: Plan, key: str, value: str | int, command: str, **parameters: str
) -> Change:
    return Change(plan, key, value, cmd(command, **parameters))


def _change_v3(key: str, value: str | int, name: str, param: object) -> Change:
    return Change(HYDRO, key, value, v3(f"set.miner.{name}", param))


_PERCENT = {"percent": "80", "mode": "normal"}
CHANGES = (
    _change(AIR, "number.power_percent", 60, "set_power_pct_v2", percent="60"),
    _change(AIR, "number.temperature_offset", -5, "set_temp_offset", temp_offset="-5"),
    _change(
        AIR, "switch.poweroff_cooling", "on", "set_poweroff_cool", poweroff_cool="1"
    ),
    _change(
        AIR, "switch.fan_zero_speed", "on", "set_fan_zero_speed", fan_zero_speed="1"
    ),
    _change(AIR, "switch.fast_boot", "on", "enable_btminer_fast_boot"),
    _change(AIR, "switch.fast_boot", "off", "disable_btminer_fast_boot"),
    _change(AIR, "switch.web_pools", "off", "disable_web_pools"),
    _change(AIR, "switch.web_pools", "on", "enable_web_pools"),
    _change(AIR, "number.power_limit", 3000, "adjust_power_limit", power_limit="3000"),
    _change_v3("number.power_percent", 80, "power_percent", _PERCENT),
    _change_v3("switch.fast_boot", "on", "fastboot", "enable"),
    _change_v3("switch.fast_boot", "off", "fastboot", "disable"),
    _change_v3("switch.fast_hash", "on", "fast_hash", 1),
    _change_v3("number.power_target", 7000, "power", 7000),
    _change_v3("select.heat_mode", "heating", "heat_mode", "heating"),
    _change_v3("select.heat_mode", "normal", "heat_mode", "normal"),
    _change_v3("select.heat_mode", "anti_icing", "heat_mode", "anti-freezing"),
    Change(HYDRO, "switch.web_pools", "off", v3("set.system.webpools", "disable")),
    Change(HYDRO, "switch.web_pools", "on", v3("set.system.webpools", "enable")),
    # This firmware knows the fast method only.
    _change(OLD, "number.power_percent", 70, "set_power_pct", percent="70"),
    _change(OLD, "select.power_mode", "high", "set_high_power"),
    _change(OLD, "switch.fast_boot", "on", "enable_cgminer_fast_boot"),
    _change(OLD, "switch.web_pools", "off", "disable_web_pools"),
)
# These come first: tuning begins anew after them.
FIRST = (
    _change_v3("number.upfreq_speed", 5, "upfreq_speed", 5),
    _change_v3("number.target_frequency", 5, "target_freq", 5),
)
# What miners show of the percent, which two of them forget, as mining restarts after it is set.
PERCENT: dict[Plan, str | int] = {AIR: "unknown", HYDRO: 80, OLD: "unknown"}


async def test_identify_flashes_the_led(old: Miner, show: Show) -> None:
    """The last test of test_08_buttons verifies the end of the flashing."""
    await old.press("identify")
    old.received(FLASH)
    show(f"the LED flashes: {', '.join(old.simulated.state.led)}")


@pytest.mark.parametrize("change", FIRST, ids=lambda change: change.key)
async def test_settings_of_tuning(hydro: Miner, change: Change, show: Show) -> None:
    """The second one restarts mining. Later tests set others that do, which is a minute apart."""
    await hydro.set(change.key, change.value)
    show(await hydro.shows(change.key, change.value))
    hydro.received(change.command)


async def test_power_off_stops_mining(miner: Miner, show: Show) -> None:
    """The miner is asked to answer before it stops."""
    await miner.set("switch.mining", "off")
    show(await miner.shows("switch.mining", "off"))
    miner.received(miner.power("off"))


async def test_a_stop_over_v3_holds(hydro: Miner, show: Show) -> None:
    """This miner would mine again two minutes after a stop over V2."""
    hydro.simulated.advance(300)
    assert not hydro.simulated.state.mining
    show(await hydro.shows("switch.mining", "off"))


async def test_a_stopped_miner_has_no_hash_rate(air: Miner, show: Show) -> None:
    """Zero is shown without waiting for the next poll."""
    hash_rate = await air.shows("sensor.hash_rate", 0)
    show(f"{hash_rate}, running {await air.shows('binary_sensor.running', 'off')}")


async def test_a_stopped_miner_takes_no_percent(
    demo: RunningDemo, miner: Miner, show: Show
) -> None:
    before = await miner.state("number.power_percent")
    refusal = await demo.refused(miner.set("number.power_percent", 34))
    assert refusal == "whatsminer: power_percent_while_off"
    assert (await miner.state("number.power_percent")).state == before.state
    show(refusal)


async def test_power_on_starts_mining(miner: Miner, show: Show) -> None:
    await miner.set("switch.mining", "on")
    show(await miner.shows("switch.mining", "on"))
    miner.received(miner.power("on"))


async def test_mining_is_tuned(demo: RunningDemo) -> None:
    """The miners are polled at the same time."""
    await asyncio.gather(*(miner.tune() for miner in demo.miners))


@pytest.mark.parametrize(
    "change",
    CHANGES,
    ids=lambda change: f"{change.plan.model} {change.key} {change.value}",
)
async def test_a_control_sends_one_command(
    demo: RunningDemo, change: Change, show: Show
) -> None:
    miner = demo.miner(change.plan)
    await miner.set(change.key, change.value)
    show(await miner.shows(change.key, change.value))
    miner.received(change.command)


async def test_a_value_out_of_range_is_refused(
    demo: RunningDemo, air: Miner, show: Show
) -> None:
    before = await air.state("number.power_percent")
    refusal = await demo.refused(air.set("number.power_percent", 101))
    assert refusal == "number: out_of_range"
    assert (await air.state("number.power_percent")).state == before.state
    show(refusal)


async def test_mining_is_not_restarted_twice_within_a_minute(
    demo: RunningDemo, air: Miner, show: Show
) -> None:
    """Setting the power mode restarts mining, as setting the power limit did just before."""
    refusal = await demo.refused(air.set("select.power_mode", "low"))
    assert refusal == "whatsminer: too_soon"
    show(f"{refusal}, {await air.shows('select.power_mode', 'normal')} as before")


async def test_mining_is_tuned_again(demo: RunningDemo) -> None:
    await asyncio.gather(*(miner.tune() for miner in demo.miners))


async def test_the_next_poll_confirms_every_change(miner: Miner, show: Show) -> None:
    changed = {
        each.key: each.value for each in FIRST + CHANGES if each.plan is miner.plan
    }
    changed["number.power_percent"] = PERCENT[miner.plan]
    shown = [
        f"{key.partition('.')[2]} {await miner.shows(key, value)}"
        for key, value in {"switch.mining": "on", **changed}.items()
    ]
    show(", ".join(shown))
