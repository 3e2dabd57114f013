"""Changing miners: the switch, the numbers and the select."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..miners import AIR, HYDRO, OLD, DemoMiner, Plan
from .bench import Bench, Command


@dataclass(frozen=True, slots=True)
class Change:
    """A control that is used.

    Attributes:
        key: the entity.
        sent: the command that has to reach the miner, and no other.
        shown: the state afterwards.
        others: what other entities show then.
    """

    plan: Plan
    key: str
    service: str
    data: Mapping[str, Any]
    sent: Command
    shown: str
    others: Mapping[str, str] = field(default_factory=dict)


def _switch(
    plan: Plan,
    key: str,
    on: bool,
    sent: Command,
    others: Mapping[str, str] | None = None,
) -> Change:
    state = "on" if on else "off"
    return Change(plan, f"switch.{key}", f"turn_{state}", {}, sent, state, others or {})


def _number(plan: Plan, key: str, value: float, shown: int, sent: Command) -> Change:
    return Change(
        plan, f"number.{key}", "set_value", {"value": value}, sent, str(shown)
    )


def _mode(plan: Plan, mode: str) -> Change:
    sent = {"cmd": f"set_{mode}_power"}
    return Change(
        plan, "select.power_mode", "select_option", {"option": mode}, sent, mode
    )


_OFF = {"cmd": "power_off", "respbefore": "true"}
_ON = {"cmd": "power_on"}


def _percent(percent: str, command: str = "set_power_pct_v2") -> Command:
    return {"cmd": command, "percent": percent}


CHANGES = (
    _switch(
        AIR,
        "mining",
        False,
        _OFF,
        {"sensor.hash_rate": "0", "binary_sensor.running": "off"},
    ),
    _switch(AIR, "mining", True, _ON),
    _number(AIR, "power_percent", 60, 60, _percent("60")),
    _number(AIR, "power_percent", 50.4, 50, _percent("50")),
    _number(
        AIR,
        "temperature_offset",
        -5,
        -5,
        {"cmd": "set_temp_offset", "temp_offset": "-5"},
    ),
    _number(
        AIR, "upfreq_speed", 5, 5, {"cmd": "adjust_upfreq_speed", "upfreq_speed": "5"}
    ),
    _switch(
        AIR,
        "poweroff_cooling",
        True,
        {"cmd": "set_poweroff_cool", "poweroff_cool": "1"},
    ),
    _switch(
        AIR,
        "fan_zero_speed",
        True,
        {"cmd": "set_fan_zero_speed", "fan_zero_speed": "1"},
    ),
    _switch(AIR, "fast_boot", True, {"cmd": "enable_btminer_fast_boot"}),
    _switch(AIR, "fast_boot", False, {"cmd": "disable_btminer_fast_boot"}),
    _switch(AIR, "web_pools", False, {"cmd": "disable_web_pools"}),
    _switch(AIR, "web_pools", True, {"cmd": "enable_web_pools"}),
    _number(
        AIR,
        "power_limit",
        3000,
        3000,
        {"cmd": "adjust_power_limit", "power_limit": "3000"},
    ),
    _switch(HYDRO, "mining", False, _OFF),
    _switch(HYDRO, "mining", True, _ON),
    _number(
        HYDRO, "target_frequency", 5, 5, {"cmd": "set_target_freq", "percent": "5"}
    ),
    _number(HYDRO, "power_percent", 80, 80, _percent("80")),
    _switch(HYDRO, "fast_boot", True, {"cmd": "enable_btminer_fast_boot"}),
    _switch(HYDRO, "web_pools", False, {"cmd": "disable_web_pools"}),
    _switch(OLD, "mining", False, _OFF),
    _switch(OLD, "mining", True, _ON),
    # This firmware knows the fast mode only.
    _number(OLD, "power_percent", 70, 70, _percent("70", "set_power_pct")),
    _mode(OLD, "high"),
    _switch(OLD, "fast_boot", True, {"cmd": "enable_cgminer_fast_boot"}),
    _switch(OLD, "web_pools", False, {"cmd": "disable_web_pools"}),
)

# The miner forgets its percent when mining restarts, as the last of these does.
RESTARTED_LAST = (AIR, OLD)


async def run(bench: Bench) -> None:
    """Use every control of every miner."""
    for change in CHANGES:
        miner = bench.miner(change.plan)
        value = next(iter(change.data.values()), change.shown)
        what = f"{change.plan.model}: {name(change.key)} to {value}"
        async with bench.report.step(what) as step:
            entity_id = await bench.entity(miner, change.key)
            await bench.client.call(entity_id, change.service, **change.data)
            step.shown = (await bench.shows(miner, change.key, change.shown)).shown
            for key, shown in change.others.items():
                text = (await bench.shows(miner, key, shown)).shown
                step.shown += f", {name(key)} {text}"
            step.sent = bench.received(miner, change.sent)


async def verify_after_poll(bench: Bench) -> None:
    """Verify that all of it is still so when the miners have been read once more."""
    await asyncio.gather(*(_verify(bench, miner) for miner in bench.miners))


async def _verify(bench: Bench, miner: DemoMiner) -> None:
    what = f"{miner.plan.model}: the next poll confirms everything"
    async with bench.report.step(what) as step:
        expected = {
            change.key: change.shown for change in CHANGES if change.plan is miner.plan
        }
        if miner.plan in RESTARTED_LAST:
            expected["number.power_percent"] = "unknown"
        await bench.poll(miner)
        for key, shown in expected.items():
            await bench.shows(miner, key, shown)
        step.shown = ", ".join(
            f"{name(key)} {shown}" for key, shown in expected.items()
        )
        step.sent = bench.received(miner)


def name(key: str) -> str:
    """Return a key without its kind, for the table."""
    return key.partition(".")[2]
