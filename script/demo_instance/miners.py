"""The simulated miners of the demo."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
import time
from typing import Any

from simulator import MODELS, Cooling, SimulatedMiner

from . import DemoError
from .client import Client


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

    def unique_id(self, key: str) -> str:
        """Return the unique id of one of its entities."""
        return f"{self.mac}_{key}"

    def own(self, entities: Mapping[str, str]) -> dict[str, str]:
        """Pick its own of all entities: from unique id -> entity id to key -> entity id."""
        prefix = self.unique_id("")
        return {
            unique_id.removeprefix(prefix): entity_id
            for unique_id, entity_id in entities.items()
            if unique_id.startswith(prefix)
        }


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
