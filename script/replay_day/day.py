"""The day itself: Home Assistant, its miners, and somebody who writes down what they do."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
import shutil
import socket
import time

from demo_instance import DemoError, miners
from demo_instance.client import Client
from demo_instance.instance import say
from demo_instance.loopback import pick_network
from demo_instance.miners import ACCESS_CHECK, HYDRO, PLANS, DemoMiner
from demo_instance.process import LOG
from demo_instance.seed import seed

from .haste import Clock
from .home import PRICE, HastyHomeAssistant, automate, configure
from .prices import (
    ALWAYS,
    BEGIN,
    DAY,
    LOW_PERCENT,
    MIN_OFF,
    MIN_ON,
    PRICES,
    QUARTER,
    START,
    STOP,
)
from .record import MinerDay, Phase, Record, Told

_STEP = 5.0
_BY = {"power_off": "power off", "percent": "less power"}
_ABOUT_US = ("whatsminer", "automation", "template", "electricity")


@dataclass(slots=True)
class _Watched:
    """A miner, and what it did so far."""

    miner: DemoMiner
    how: str
    own: Mapping[str, str]
    watts: list[float] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    starts: int = 0
    started_at: float | None = None
    heard: int = 0
    kwh: float = 0.0

    def begin(self) -> None:
        """Forget what was before midnight."""
        self.started_at = self.miner.miner.state.started_at
        self.heard = len(self.miner.miner.writes)

    def look(self, at: float) -> None:
        """Write down what it does at a time of the day."""
        state, writes = self.miner.miner.state, self.miner.miner.writes
        self.watts.append(round(state.power, 2))
        if not state.mining:
            phase = Phase.OFF
        elif not state.tuned:
            phase = Phase.TUNING
        else:
            phase = Phase.LESS if state.percent < 100 else Phase.MINING
        self.phases.append(phase)
        if state.started_at not in (None, self.started_at):
            self.starts += 1
            self.started_at = state.started_at
        for write in writes[self.heard :]:
            if write != ACCESS_CHECK:
                text = f"{write['cmd']} {write.get('percent', '')}".rstrip()
                self.told.append(Told(at=at, command=text))
        self.heard = len(writes)


async def replay(folder: Path, clock: Clock, speed: float, log: Path) -> Record:
    """Let the day pass, and return what the miners did.

    Args:
        folder: an empty one.
        clock: what we live by.
        speed: how fast it may be.
        log: where Home Assistant's log is kept, whatever happens.

    Raises:
        DemoError: something is not as it has to be, so that figures would mean nothing.
    """
    with _kept(folder / LOG, log):
        return await _replay(folder, clock, speed)


@contextmanager
def _kept(path: Path, copy: Path) -> Iterator[None]:
    try:
        yield
    finally:
        if path.exists():
            shutil.copyfile(path, copy)


async def _replay(config: Path, clock: Clock, speed: float) -> Record:
    async with _running(config, clock) as (client, home, started):
        say("Adding the miners and the automations")
        for miner in started:
            await miners.add(client, miner)
        watched = await _watch(client, started)
        await _automate(client, config, watched)
        say("The day begins")
        clock.speed = speed
        begin = _real()
        try:
            await _live_through(client, watched)
        finally:
            clock.speed = 1.0  # to stop takes real time
        took = _real() - begin
        restarts = [await _number(client, each, "restart_count") for each in watched]
        await _sleep_until(BEGIN + DAY)
        for each in watched:
            each.look(DAY)
            each.kwh = await _number(client, each, "energy") - each.kwh
    return Record(
        step=_STEP,
        miners=[_day(*each) for each in zip(watched, restarts, strict=True)],
        seconds=round(took, 1),
        complaints=_complaints(home.log),
    )


@asynccontextmanager
async def _running(
    config: Path, clock: Clock
) -> AsyncIterator[tuple[Client, HastyHomeAssistant, tuple[DemoMiner, ...]]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = int(server.getsockname()[1])
    token = seed(config, port)
    configure(config)
    say("Starting simulated miners and Home Assistant")
    async with (
        miners.running(PLANS, pick_network()) as started,
        Client.open(f"http://127.0.0.1:{port}", token) as client,
        HastyHomeAssistant(config, clock.path) as home,
    ):
        await home.wait_until_up(client)
        yield client, home, started


async def _watch(client: Client, started: tuple[DemoMiner, ...]) -> list[_Watched]:
    entities = await client.entities(disabled=True)
    return [
        _Watched(
            miner,
            "percent" if miner.plan is HYDRO else "power_off",
            miner.own(entities),
        )
        for miner in started
    ]


async def _automate(client: Client, config: Path, watched: list[_Watched]) -> None:
    """Make two automations of the blueprint: one that switches, one that lowers."""
    devices = await client.devices()

    def inputs(how: str) -> dict[str, object]:
        ids = [devices[each.miner.mac]["id"] for each in watched if each.how == how]
        return {
            "miners": {"device_id": ids},
            "price_sensor": PRICE,
            "start_price": START,
            "stop_price": STOP,
            "always_price": ALWAYS,
            "min_on": MIN_ON,
            "min_off": MIN_OFF,
            "how": how,
            "low_percent": LOW_PERCENT,
        }

    made = {_BY[how].capitalize(): inputs(how) for how in _BY}
    automate(config, made)
    await client.command("call_service", domain="automation", service="reload")
    for name in made:
        entity_id = f"automation.{name.lower().replace(' ', '_')}"
        if (state := await client.state(entity_id)).state != "on":
            raise DemoError(f"{entity_id} is {state.state}")


async def _live_through(client: Client, watched: list[_Watched]) -> None:
    """Look at the miners from midnight until the last look before midnight."""
    await _sleep_until(BEGIN)
    for each in watched:
        each.begin()
        each.kwh = await _number(client, each, "energy")
    for step in range(round(DAY / _STEP)):
        at = step * _STEP
        await _sleep_until(BEGIN + at)
        for each in watched:
            each.look(at)
        if at % QUARTER == QUARTER / 2:
            await _verify_price(client, int(at // QUARTER))
        if at % 3600 == 0:
            say(f"{at // 3600:02.0f}:00")


async def _verify_price(client: Client, quarter: int) -> None:
    known = float((await client.state(PRICE)).state)
    if known != PRICES[quarter]:
        raise DemoError(f"in quarter {quarter} Home Assistant has the price {known}")


async def _number(client: Client, watched: _Watched, key: str) -> float:
    return float((await client.state(watched.own[f"sensor.{key}"])).state)


async def _sleep_until(when: float) -> None:
    await asyncio.sleep(max(0.0, when - time.time()))


def _real() -> float:
    return time.perf_counter()  # the only clock that `haste` leaves alone


def _day(watched: _Watched, restarts: float) -> MinerDay:
    return MinerDay(
        name=watched.miner.plan.model,
        by=_BY[watched.how],
        full_power=watched.watts[0],
        watts=watched.watts,
        phases=watched.phases,
        told=watched.told,
        starts=watched.starts,
        sensor_kwh=watched.kwh,
        sensor_restarts=int(restarts),
    )


def _complaints(log: Path) -> list[str]:
    return [
        line
        for line in log.read_text(errors="replace").splitlines()
        if (" WARNING " in line or " ERROR " in line)
        and any(word in line.lower() for word in _ABOUT_US)
        # It says so of every integration that is not its own.
        and "has not been tested by Home Assistant" not in line
    ]
