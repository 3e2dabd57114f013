"""The simulated miners of the demo."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Network
import time
from typing import Any, override

from simulator import MODELS, Cooling, Quirk, SimulatedMiner

from . import DemoError
from .client import Client, own_entities
from .loopback import HOME
from .past import SECONDS, Moment, live

_SECONDS_TO_COME_BACK = 60.0
_PORT, _V3_PORT = 4028, 4433  # the only ones that a scan asks
# The integration's check of its write access, which comes at any time and changes nothing.
ACCESS_CHECKS = (
    {"cmd": "set_led", "param": "auto"},
    {"cmd": "set.system.led", "param": "auto", "account": "super"},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A miner of the demo.

    Attributes:
        generation: its firmware, as the simulator calls it.
        api: the version it reports of its API.
        password: anything but the factory's, under which no miner takes commands. Of a miner
            that speaks V3 it is that of the account `super`.
        admin_password: that of the account `admin`, where it is another one.
        quirks: oddities of its firmware.
        place: the last number of its address.
        port: its own, for where all miners have to share one address.
        hostname: that of the factory if None.
        name: what its owner calls it in Home Assistant.
        area: where it is.
    """

    generation: str
    api: str
    model: str
    password: str
    place: int
    port: int
    hostname: str | None = None
    name: str = ""
    area: str = ""
    admin_password: str | None = None
    quirks: frozenset[Quirk] = frozenset()

    @property
    def speaks_v3(self) -> bool:
        """Whether the miner speaks V3, besides V2.2."""
        return self.generation == "v3"

    @property
    def cooling(self) -> Cooling:
        """How the miner is cooled."""
        return MODELS[self.model].cooling


# The names are those of README.md, so that its examples work in the demo.
AIR = Plan(
    generation="v2",
    api="2.0.5",
    model="M30S+",
    password="tulips",
    place=11,
    port=4028,
    name="Garage miner",
    area="Garage",
)
HYDRO = Plan(
    generation="v3",
    api="3.0.5",
    model="M63",
    password="Halving-2028",
    place=12,
    port=4029,
    hostname="boiler-room",
    name="Boiler room",
    area="Boiler room",
    admin_password="halving",
    # A stop over V2 would not last.
    quirks=frozenset({Quirk.POWER_OFF_FADES}),
)
OLD = Plan(
    generation="v1",
    api="1.4.0",
    model="M20S",
    password="genesis",
    place=13,
    port=4030,
    name="Shed",
    area="Shed",
)
PLANS = (AIR, HYDRO, OLD)
# Miners that a visitor may add; two of them together, as they have the same password.
MORE_PLANS = (
    Plan(
        generation="v2",
        api="2.0.5",
        model="M50",
        password="nonce",
        place=21,
        port=4031,
        hostname="attic",
    ),
    Plan(
        generation="compat",
        api="2.2.2",
        model="M66",
        password="nonce",
        place=22,
        port=4032,
    ),
    Plan(
        generation="v1",
        api="1.4.0",
        model="M31S+",
        password="mempool",
        place=23,
        port=4033,
    ),
)


@dataclass(frozen=True, slots=True)
class DemoMiner:
    """A simulated miner that runs, and the plan it follows.

    Attributes:
        past: the day that it has behind it.
    """

    plan: Plan
    miner: SimulatedMiner
    past: Sequence[Moment] = ()

    @override
    def __str__(self) -> str:
        """Return what a person needs to add it."""
        plan, at = self.plan, f"{self.miner.host}:{self.miner.port}"
        return f"{plan.name:<13}{plan.model:<6} API {plan.api} {at:<15} password {plan.password}"

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
        """Return the entity id of each of the miner's entities by ``kind.key``."""
        return own_entities(entities, self.mac)


async def fall_ill(client: Client, miners: Iterable[DemoMiner]) -> None:
    """Give two of the miners faults, for visitors to see at once.

    The miners have to be added before: a hashboard that was never there is not missed.
    """
    entities = await client.entities()
    for miner in miners:
        state = miner.miner.state
        if miner.plan is HYDRO:
            state.fail(5072)  # the water does not flow as it should at hashboard 3
        elif miner.plan is OLD:
            state.boards[1].present = False
            state.fail(531)  # hashboard 2 is not found
        polled = miner.own(entities)["sensor.hash_rate"]
        await client.call(polled, "update_entity", domain="homeassistant")


async def name(client: Client, miners: Iterable[DemoMiner]) -> None:
    """Give each miner its name and its area, as its owner would.

    One that has a name, of an earlier run, stays as it is. The area comes last: it would be a part of
    the entity ids that Home Assistant makes of a name.
    """
    areas = {
        area["name"]: area["area_id"]
        for area in await client.command("config/area_registry/list")
    }
    devices = await client.devices()
    for miner in miners:
        plan, device = miner.plan, devices[miner.mac]
        if device["name_by_user"] is not None:
            continue
        await client.change_device(device["id"], name_by_user=plan.name)
        everything = await client.entities(disabled=True)
        await client.renew_entity_ids(list(miner.own(everything).values()))
        if plan.area not in areas:
            made = await client.command("config/area_registry/create", name=plan.area)
            areas[plan.area] = made["area_id"]
        await client.change_device(device["id"], area_id=areas[plan.area])
        await client.rename_entry(device["config_entry_id"], plan.name)


async def use(client: Client, miners: Iterable[DemoMiner]) -> None:
    """Set what most firmware does not report, so that the visitor sees more than unknown."""
    entities = await client.entities()
    for miner in miners:
        entity_id = miner.own(entities)["number.power_percent"]
        with suppress(TimeoutError):
            async with asyncio.timeout(_SECONDS_TO_COME_BACK):
                # A miner with another address than in an earlier run has to be found first.
                while (await client.state(entity_id)).state == "unavailable":
                    await asyncio.sleep(0.1)
        if (await client.state(entity_id)).state == "unknown":
            await client.call(entity_id, "set_value", value=100)


@asynccontextmanager
async def running(
    plans: Iterable[Plan], network: IPv4Network
) -> AsyncIterator[tuple[DemoMiner, ...]]:
    """Run miners for as long as the block lasts, each with a day behind it.

    Their time is real time: a clock that runs faster would make the uptime they report
    disagree with ours, and Home Assistant take them for restarted.

    Args:
        plans: of the miners.
        network: where they are, on the ports that a scan asks. Where that cannot be (on
            macOS 127.0.0.1 is the only address) they are at ports of 127.0.0.1: their
            own, or if one is taken any other. That of V3 is then 4433, or none that is found.
    """
    async with AsyncExitStack() as stack:
        yield tuple([await _start(stack, plan, network) for plan in plans])


async def _start(stack: AsyncExitStack, plan: Plan, network: IPv4Network) -> DemoMiner:
    # Each is the same miner every time. A miner of --smoke is another one than that of a demo that
    # runs at the same time: Home Assistant would take it for the same miner, which has moved.
    seed = plan.model if network == HOME else f"{plan.model} elsewhere"
    for host, port in (
        (str(network[plan.place]), _PORT),
        ("127.0.0.1", plan.port),
        ("127.0.0.1", 0),
    ):
        miner = SimulatedMiner(
            generation=plan.generation,
            model=plan.model,
            password=plan.admin_password or plan.password,
            super_password=plan.password,
            host=host,
            port=port,
            v3_port=_V3_PORT if port else 0,
            quirks=plan.quirks,
            seed=seed,
            speed=1,
            start=time.time() - SECONDS,
        )
        if plan.hostname is not None:
            miner.state.hostname = plan.hostname
        past = live(miner, repeats=plan.generation == "v1")
        with suppress(OSError):
            await stack.enter_async_context(miner)
            return DemoMiner(plan, miner, past)
    raise DemoError(f"there is no port for the {plan.model}")


async def add(client: Client, miner: DemoMiner) -> str:
    """Add a miner through the config flow; return the title of the entry.

    One that is known from an earlier run gets its present address, as the flow has it.
    """
    form = await client.start_flow("manual")
    result = await client.submit(form["flow_id"], miner.address)
    if result["type"] == "create_entry":
        return str(result["title"])
    if result.get("reason") == "already_configured":
        return miner.plan.model
    reason = result.get("errors") or result.get("reason")
    raise DemoError(f"the {miner.plan.model} was not added: {reason}")
