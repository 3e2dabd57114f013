"""The controls of a miner: each sends one command, and shows what the miner then does."""

from typing import NamedTuple

import pytest

from demo_instance.miners import AIR, HYDRO, OLD, Plan
from running_demo import (
    FLASH,
    POWER_OFF,
    POWER_ON,
    Command,
    Miner,
    RunningDemo,
    Show,
    cmd,
)


class Change(NamedTuple):
    """A control that is used, and the command that has to reach the miner."""

    plan: Plan
    key: str
    value: str | int
    command: Command


CHANGES = (
    Change(AIR, "number.power_percent", 60, cmd("set_power_pct_v2", percent="60")),
    Change(
        AIR, "number.temperature_offset", -5, cmd("set_temp_offset", temp_offset="-5")
    ),
    Change(
        AIR,
        "switch.poweroff_cooling",
        "on",
        cmd("set_poweroff_cool", poweroff_cool="1"),
    ),
    Change(
        AIR,
        "switch.fan_zero_speed",
        "on",
        cmd("set_fan_zero_speed", fan_zero_speed="1"),
    ),
    Change(AIR, "switch.fast_boot", "on", cmd("enable_btminer_fast_boot")),
    Change(AIR, "switch.fast_boot", "off", cmd("disable_btminer_fast_boot")),
    Change(AIR, "switch.web_pools", "off", cmd("disable_web_pools")),
    Change(AIR, "switch.web_pools", "on", cmd("enable_web_pools")),
    Change(
        AIR, "number.power_limit", 3000, cmd("adjust_power_limit", power_limit="3000")
    ),
    Change(HYDRO, "number.target_frequency", 5, cmd("set_target_freq", percent="5")),
    Change(HYDRO, "number.power_percent", 80, cmd("set_power_pct_v2", percent="80")),
    Change(HYDRO, "switch.fast_boot", "on", cmd("enable_btminer_fast_boot")),
    Change(HYDRO, "switch.web_pools", "off", cmd("disable_web_pools")),
    # This firmware knows the fast mode only.
    Change(OLD, "number.power_percent", 70, cmd("set_power_pct", percent="70")),
    Change(OLD, "select.power_mode", "high", cmd("set_high_power")),
    Change(OLD, "switch.fast_boot", "on", cmd("enable_cgminer_fast_boot")),
    Change(OLD, "switch.web_pools", "off", cmd("disable_web_pools")),
)
# Mining restarted after the percent was set, so that the miner has forgotten it.
FORGOTTEN = (AIR, OLD)


async def test_identify_flashes_the_led(old: Miner, show: Show) -> None:
    """The button sends the pattern; the last test of test_08_buttons sees its end."""
    await old.press("identify")
    old.received(FLASH)
    show(f"the LED flashes: {', '.join(old.simulated.state.led)}")


async def test_a_setting_for_the_next_start_is_read_back(
    hydro: Miner, show: Show
) -> None:
    """It is one of those that are read seldom, and read at once when it was set."""
    await hydro.set("number.upfreq_speed", 5)
    hydro.received(cmd("adjust_upfreq_speed", upfreq_speed="5"))
    await hydro.poll()
    show(await hydro.shows("number.upfreq_speed", 5))


async def test_power_off_stops_mining(miner: Miner, show: Show) -> None:
    """The miner is asked to answer before it stops."""
    await miner.set("switch.mining", "off")
    show(await miner.shows("switch.mining", "off"))
    miner.received(POWER_OFF)


async def test_a_stopped_miner_has_no_hash_rate(air: Miner, show: Show) -> None:
    """Zero is shown without waiting for the next poll."""
    hash_rate = await air.shows("sensor.hash_rate", 0)
    show(f"{hash_rate}, running {await air.shows('binary_sensor.running', 'off')}")


async def test_power_on_starts_mining(miner: Miner, show: Show) -> None:
    """The miner is started again."""
    await miner.set("switch.mining", "on")
    show(await miner.shows("switch.mining", "on"))
    miner.received(POWER_ON)


@pytest.mark.parametrize(
    "change",
    CHANGES,
    ids=lambda change: f"{change.plan.model} {change.key} {change.value}",
)
async def test_a_control_sends_one_command(
    demo: RunningDemo, change: Change, show: Show
) -> None:
    """The miner receives nothing else, and the new value is shown."""
    miner = demo.miner(change.plan)
    await miner.set(change.key, change.value)
    show(await miner.shows(change.key, change.value))
    miner.received(change.command)


async def test_a_value_out_of_range_is_refused(
    demo: RunningDemo, air: Miner, show: Show
) -> None:
    """The number stays as it was."""
    before = await air.state("number.power_percent")
    refusal = await demo.refused(air.set("number.power_percent", 101))
    assert refusal == "number: out_of_range"
    assert (await air.state("number.power_percent")).state == before.state
    show(refusal)


async def test_mining_is_not_restarted_twice_within_a_minute(
    demo: RunningDemo, air: Miner, show: Show
) -> None:
    """The power mode would restart it, as the power limit did just now."""
    refusal = await demo.refused(air.set("select.power_mode", "low"))
    assert refusal == "whatsminer: too_soon"
    show(f"{refusal}, {await air.shows('select.power_mode', 'normal')} as before")


async def test_the_next_poll_confirms_every_change(miner: Miner, show: Show) -> None:
    """Nothing that was shown was only hoped for."""
    changed = {each.key: each.value for each in CHANGES if each.plan is miner.plan}
    if miner.plan in FORGOTTEN:
        changed["number.power_percent"] = "unknown"
    await miner.poll()
    shown = [
        f"{key.partition('.')[2]} {await miner.shows(key, value)}"
        for key, value in {"switch.mining": "on", **changed}.items()
    ]
    show(", ".join(shown))
