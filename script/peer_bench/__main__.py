"""The process of the miners: ``python -m peer_bench name=address[=quirk,…] …``.

It answers lines of JSON, so that a test sees and changes the machines without their API.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import asdict
import json
import sys
from typing import Any

from simulator import Pool, Quirk, SimulatedMiner

from . import plans

type Job = Callable[[SimulatedMiner, Any], object]


def _state(miner: SimulatedMiner, value: Any) -> object:
    """Return what the machine really does."""
    state = miner.state
    model = state.model
    return {
        "model": f"{model.name} {model.variant}",
        "mac": miner.mac,
        "serial": miner.serial,
        "firmware": miner.firmware_version,
        "api": miner.v3.api_version if miner.generation == "v3" else miner.api_version,
        "hostname": state.hostname,
        "factory": model.hash_rate,
        "mining": state.mining,
        "mode": state.power_mode,
        "limit_set": state.power_limit,
        "percent": state.percent,
        "led": sorted(state.led),
        "faults": list(state.faults),
        "pools": [[pool.url, pool.user, pool.accepted] for pool in state.pools],
        "readings": asdict(state.telemetry()),
    }


def _set_pools(miner: SimulatedMiner, value: Any) -> None:
    miner.state.pools = [Pool(url, user) for url, user in value]


def _fail(miner: SimulatedMiner, value: Any) -> None:
    miner.state.fail(value)


def _restart(miner: SimulatedMiner, value: Any) -> None:
    miner.state.restart()


def _advance(miner: SimulatedMiner, value: Any) -> None:
    miner.advance(value)


def _set_open(miner: SimulatedMiner, value: Any) -> None:
    miner.api_open = value


def _set_admin(miner: SimulatedMiner, value: Any) -> None:
    miner.password = value


def _set_super(miner: SimulatedMiner, value: Any) -> None:
    miner.v3.password = value


def _take_writes(miner: SimulatedMiner, value: Any) -> object:
    """Return the commands since the last time."""
    taken: list[object] = []
    ports = [miner.writes, *([miner.v3.writes] if miner.generation == "v3" else [])]
    for writes in ports:
        taken += writes
        writes.clear()
    return taken


JOBS: dict[str, Job] = {
    "state": _state,
    "pools": _set_pools,
    "fail": _fail,
    "restart": _restart,
    "advance": _advance,
    "open": _set_open,
    "admin": _set_admin,
    "super": _set_super,
    "writes": _take_writes,
}


async def _serve(arguments: list[str]) -> None:
    miners: dict[str, SimulatedMiner] = {}
    async with AsyncExitStack() as stack:
        for argument in arguments:
            name, address, quirks = (*argument.split("="), "")[:3]
            miner = SimulatedMiner(
                generation=plans.GENERATIONS[name],
                model=plans.MODELS[name],
                host=address,
                password=plans.PASSWORD,
                port=plans.PORT,
                v3_port=plans.V3_PORT,
                quirks={quirk for quirk in Quirk if quirk in quirks.split(",")},
            )
            miners[name] = await stack.enter_async_context(miner)
        print("ready", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            name, job, value = json.loads(line)
            print(json.dumps(JOBS[job](miners[name], value)), flush=True)


asyncio.run(_serve(sys.argv[1:]))
