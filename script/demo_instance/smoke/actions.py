"""The actions: what reaches the miner, what comes back, and what is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..miners import AIR, HYDRO, OLD, DemoMiner, Plan
from .bench import Bench, Command, to_text
from .buttons import LED_AUTO
from .report import Mismatch

_POOLS = (
    {"url": "stratum+tcp://one.example:3333", "worker": "demo.1", "password": "x"},
    {"url": "stratum+tcp://two.example:443", "worker": "demo.2"},
)
_NEW_PASSWORD = "orchids"


@dataclass(frozen=True, slots=True)
class Act:
    """An action that is a command and no more.

    Attributes:
        sent: the command that has to reach the miner, and no other.
        board: the hashboard that stands for its miner, None for the miner itself.
    """

    plan: Plan
    action: str
    data: Mapping[str, Any]
    sent: Command
    board: int | None = field(default=None, kw_only=True)


def _green(period: int, duration: int, start: int) -> Command:
    times = {"period": period, "duration": duration, "start": start}
    return {"cmd": "set_led", "color": "green", **times}


ACTS = (
    Act(HYDRO, "set_led", {"color": "green"}, _green(200, 100, 0)),
    Act(
        HYDRO,
        "set_led",
        {"color": "green", "period": 1000, "duration": 500, "start": 250},
        _green(1000, 500, 250),
        board=2,
    ),
    Act(HYDRO, "set_led", {"mode": "auto"}, LED_AUTO),
    Act(
        HYDRO,
        "set_power_percent",
        {"percent": 80, "method": "fast"},
        {"cmd": "set_power_pct", "percent": "80"},
    ),
    Act(
        HYDRO,
        "set_hostname",
        {"hostname": "cellar"},
        {"cmd": "set_hostname", "hostname": "cellar"},
    ),
    Act(
        HYDRO,
        "set_time_zone",
        {"time_zone": "Europe/Berlin"},
        {
            "cmd": "set_zone",
            "timezone": "CET-1CEST,M3.5.0,M10.5.0/3",
            "zonename": "Europe/Berlin",
        },
    ),
    Act(
        OLD,
        "set_log_server",
        {"host": "192.168.1.10"},
        {"cmd": "load_log", "ip": "192.168.1.10", "port": "514", "proto": "udp"},
    ),
)

# What is refused before anything is sent.
REFUSALS: tuple[tuple[Plan, str, Mapping[str, Any]], ...] = (
    (HYDRO, "set_power_percent", {"percent": 101}),
    (HYDRO, "set_hostname", {"hostname": "no spaces"}),
    (HYDRO, "set_time_zone", {"time_zone": "Europe/Atlantis"}),
    (HYDRO, "set_log_server", {"host": "logs.example"}),
    (HYDRO, "update_pools", {"pools": [_POOLS[0]]}),
    (HYDRO, "factory_reset", {}),
    (HYDRO, "factory_reset", {"confirm": False}),
    (HYDRO, "set_network", {"mode": "dhcp"}),
    (AIR, "change_password", {"new_password": "orchids"}),
    (AIR, "change_password", {"new_password": "ninechars", "confirm": True}),
    (AIR, "update_firmware", {"file": "firmware.bin"}),
    (AIR, "update_firmware", {"file": "firmware.bin", "confirm": True}),
)


async def run(bench: Bench) -> None:
    """Perform the actions that do no harm."""
    for act in ACTS:
        what = f"{act.plan.model}: action {act.action} {to_text(act.data)}"
        async with bench.report.step(what) as step:
            miner = bench.miner(act.plan)
            device = await bench.device(miner, act.board)
            await bench.client.act(act.action, device_id=device, **act.data)
            step.sent = bench.received(miner, act.sent)
    await _several(bench)
    await _pools(bench, bench.miner(HYDRO))
    await _query(bench, bench.miner(OLD))
    await _password(bench, bench.miner(AIR))
    for plan, action, data in REFUSALS:
        async with bench.report.step(
            f"{plan.model}: action {action} {to_text(data)}"
        ) as step:
            miner = bench.miner(plan)
            device = await bench.device(miner)
            call = bench.client.act(action, device_id=device, **data)
            step.shown = f"refused, {await bench.refused(call)}"
            step.sent = bench.received(miner)


async def _several(bench: Bench) -> None:
    """Mean one miner by two of its hashboards, and another one by itself."""
    async with bench.report.step(
        "action set_led for two miners, one named twice"
    ) as step:
        air, hydro = bench.miner(AIR), bench.miner(HYDRO)
        devices = [
            await bench.device(air, 0),
            await bench.device(air, 1),
            await bench.device(hydro),
        ]
        await bench.client.act("set_led", device_id=devices, mode="auto")
        for miner in (air, hydro):
            step.sent = bench.received(miner, LED_AUTO)


async def _pools(bench: Bench, miner: DemoMiner) -> None:
    async with bench.report.step(f"{miner.plan.model}: action update_pools") as step:
        before = [
            {"url": pool.url, "worker": pool.user, "status": "alive"}
            for pool in miner.miner.state.pools
        ]
        device = await bench.device(miner)
        told = await bench.client.act(
            "update_pools", device_id=device, pools=list(_POOLS), response=True
        )
        if told[device].get("previous_pools") != before:
            raise Mismatch(f"the list before is told as {to_text(told)}")
        sent: dict[str, Any] = {"cmd": "update_pools"}
        for number in (1, 2, 3):
            pool = _POOLS[number - 1] if number <= len(_POOLS) else {}
            sent[f"pool{number}"] = pool.get("url", "")
            sent[f"worker{number}"] = pool.get("worker", "")
            sent[f"passwd{number}"] = pool.get("password", "")
        step.sent = bench.received(miner, sent)
        step.shown = f"before: {before[0]['url']}"


async def _query(bench: Bench, miner: DemoMiner) -> None:
    async with bench.report.step(
        f"{miner.plan.model}: action query summary+pools"
    ) as step:
        device = await bench.device(miner)
        told = await bench.client.act(
            "query", device_id=device, command="summary+pools", response=True
        )
        answer = told[device]["answer"]
        if not {"summary", "pools"} <= set(answer):
            raise Mismatch(f"the answer has {sorted(answer)}")
        step.shown = f"{len(to_text(answer))} bytes"
        step.sent = bench.received(miner)
    async with bench.report.step(f"{miner.plan.model}: action query get_token") as step:
        call = bench.client.act(
            "query", device_id=device, command="get_token", response=True
        )
        step.shown = f"refused, {await bench.refused(call)}"
        step.sent = bench.received(miner)


async def _password(bench: Bench, miner: DemoMiner) -> None:
    """Change the password, and verify that the entry goes on with the new one."""
    old = miner.miner.password
    async with bench.report.step(f"{miner.plan.model}: action change_password") as step:
        await bench.client.act(
            "change_password",
            device_id=await bench.device(miner),
            new_password=_NEW_PASSWORD,
            confirm=True,
        )
        command = {"cmd": "update_pwd", "old": old, "new": _NEW_PASSWORD}
        step.sent = bench.received(miner, command)
        if miner.miner.password != _NEW_PASSWORD:
            raise Mismatch(f"the miner's password is {miner.miner.password}")
    async with bench.report.step(
        f"{miner.plan.model}: a command under the new password"
    ) as step:
        entity_id = await bench.entity(miner, "switch.web_pools")
        await bench.client.call(entity_id, "turn_on")
        step.sent = bench.received(miner, {"cmd": "enable_web_pools"})
        step.shown = (await bench.shows(miner, "switch.web_pools", "on")).shown
