"""The simulated miners of the demo."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
import time
from typing import Any

from simulator import MODELS, Cooling, SimulatedMiner

from . import DemoError
from .client import Client

_SECONDS_TO_COME_BACK = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A miner of the demo.

    Attributes:
        generation: the firmware it has, in the simulator's words.
        api: the version it reports of its API.
        password: anything but the factory's, under which no miner takes commands.
        port: where it is found if nobody else is there.
    """

    generation: str
    api: str
    model: str
    password: str
    port: int
    hostname: str | None = None

    @property
    def cooling(self) -> Cooling:
        """What carries the heat away."""
        return MODELS[self.model].cooling


AIR = Plan(
    generation="v2",
    api="2.0.5",
    model="M30S+",
    password="tulips",
    port=4028,
)
HYDRO = Plan(
    generation="compat",
    api="2.2.2",
    model="M63",
    password="halving",
    port=4029,
    hostname="boiler-room",
)
OLD = Plan(
    generation="v1",
    api="1.4.0",
    model="M20S",
    password="genesis",
    port=4030,
)
PLANS = (AIR, HYDRO, OLD)


@dataclass(frozen=True, slots=True)
class DemoMiner:
    """A simulated miner that runs, and the plan it follows."""

    plan: Plan
    miner: SimulatedMiner

    @property
    def mac(self) -> str:
        """The MAC as Home Assistant writes it."""
        return self.miner.mac.lower()

    @property
    def address(self) -> dict[str, Any]:
        """What a person fills in to add it."""
        return {
            "host": self.miner.host,
            "port": self.miner.port,
            "password": self.plan.password,
        }

    def own(self, entities: Mapping[tuple[str, str], str]) -> dict[str, str]:
        """Pick its own of all entities; return the entity id for each ``kind.key``.

        The key alone would not do: one of a sensor may be that of a number as well.
        """
        prefix = f"{self.mac}_"
        return {
            f"{kind}.{unique_id.removeprefix(prefix)}": entity_id
            for (kind, unique_id), entity_id in entities.items()
            if unique_id.startswith(prefix)
        }


def fall_ill(miners: Iterable[DemoMiner]) -> None:
    """Make two of the miners ill, so that a visitor sees what that looks like.

    They have to be known already: a hashboard that was never there is not missed.
    """
    for miner in miners:
        state = miner.miner.state
        if miner.plan is HYDRO:
            state.fail(5072)  # the water does not flow as it should at hashboard 3
        elif miner.plan is OLD:
            state.boards[1].present = False
            state.fail(531)  # hashboard 2 is not found


async def use(client: Client, miners: Iterable[DemoMiner]) -> None:
    """Set what most firmware does not report, so that the visitor sees more than unknown."""
    entities = await client.entities()
    for miner in miners:
        entity_id = miner.own(entities)["number.power_percent"]
        with suppress(TimeoutError):
            async with asyncio.timeout(_SECONDS_TO_COME_BACK):
                # One that has another port than in an earlier run is found just now.
                while (await client.state(entity_id)).state == "unavailable":
                    await asyncio.sleep(0.1)
        if (await client.state(entity_id)).state == "unknown":
            await client.call(entity_id, "set_value", value=100)


@asynccontextmanager
async def running(*, own_ports: bool) -> AsyncIterator[tuple[DemoMiner, ...]]:
    """Run the miners for as long as the block lasts, each hashing for a day already.

    Their time is real time: a clock that runs faster would make the uptime they report
    disagree with ours, and Home Assistant take them for restarted.

    Args:
        own_ports: whether to use the ports of the plans where they are free; if not, or
            where they are taken, any free ones.
    """
    async with AsyncExitStack() as stack:
        yield tuple(
            [await _start(stack, plan, plan.port if own_ports else 0) for plan in PLANS]
        )


async def _start(stack: AsyncExitStack, plan: Plan, port: int) -> DemoMiner:
    miner = SimulatedMiner(
        generation=plan.generation,
        model=plan.model,
        password=plan.password,
        port=port,
        seed=plan.model,  # each the same one every time, and none like the others
        speed=1,
        start=time.time(),
    )
    if plan.hostname is not None:
        miner.state.hostname = plan.hostname
    try:
        await stack.enter_async_context(miner)
    except OSError:
        if not port:
            raise
        return await _start(stack, plan, 0)
    return DemoMiner(plan, miner)


async def add(client: Client, miner: DemoMiner) -> str:
    """Add a miner through the config flow; return the title of the entry.

    One that is known from an earlier run gets its present address, as the flow has it.
    """
    form = await client.start_flow()
    result = await client.submit(form["flow_id"], miner.address)
    if result["type"] == "create_entry":
        return str(result["title"])
    if result.get("reason") == "already_configured":
        return miner.plan.model
    reason = result.get("errors") or result.get("reason")
    raise DemoError(f"the {miner.plan.model} was not added: {reason}")
