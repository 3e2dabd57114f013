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


def _change(
    plan: Plan, key: str, value: str | int, command: str, **parameters: str
) -> Change:
    return Change(plan, key, value, cmd(command, **parameters))


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
    _change(HYDRO, "number.power_percent", 80, "set_power_pct_v2", percent="80"),
    _change(HYDRO, "number.target_frequency", 5, "set_target_freq", percent="5"),
    _change(HYDRO, "switch.fast_boot", "on", "enable_btminer_fast_boot"),
    _change(HYDRO, "switch.web_pools", "off", "disable_web_pools"),
    _change(HYDRO, "select.heat_mode", "heating", "set_heat_mode", mode="heating"),
    # This firmware knows the fast method only.
    _change(OLD, "number.power_percent", 70, "set_power_pct", percent="70"),
    _change(OLD, "select.power_mode", "high", "set_high_power"),
    _change(OLD, "switch.fast_boot", "on", "enable_cgminer_fast_boot"),
    _change(OLD, "switch.web_pools", "off", "disable_web_pools"),
)
# What miners show of the percent, which they forget because mining restarts after it is set.
FORGOTTEN: dict[Plan, str | int] = {AIR: "unknown", HYDRO: 100, OLD: "unknown"}


async def test_identify_flashes_the_led(old: Miner, show: Show) -> None:
    """The last test of test_08_buttons verifies the end of the flashing."""
    await old.press("identify")
    old.received(FLASH)
    show(f"the LED flashes: {', '.join(old.simulated.state.led)}")


async def test_a_setting_for_the_next_start_is_read_back(
    hydro: Miner, show: Show
) -> None:
    """Settings for the next start are polled rarely, and read at once after a change."""
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
    miner.received(POWER_ON)
    await miner.tune()


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


async def test_the_next_poll_confirms_every_change(miner: Miner, show: Show) -> None:
    changed = {each.key: each.value for each in CHANGES if each.plan is miner.plan}
    changed["number.power_percent"] = FORGOTTEN[miner.plan]
    await miner.tune()
    shown = [
        f"{key.partition('.')[2]} {await miner.shows(key, value)}"
        for key, value in {"switch.mining": "on", **changed}.items()
    ]
    show(", ".join(shown))
