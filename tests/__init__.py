"""Tests of the Whatsminer integration against simulated miners on loopback."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network
from random import randint
import re
from typing import Any, override

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.whatsminer.const import POLL_INTERVAL
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant
from simulator import Misbehaviour, Raw, SimulatedMiner
from simulator.misbehaviour import Exchange, Line

# What a miner says that takes a command and then does nothing of the kind.
ACCEPTED_ONLY = Raw(b'{"STATUS":"S","When":1,"Code":131,"Msg":"API command OK"}')
# What a control board says while its mining process is not running.
PROCESS_DOWN = Raw(b"Socket connect failed: Connection refused\n")
JOINED = "summary+pools+edevs"

# The miner of a test by its generation, see `miner` in `conftest`.
every_generation = pytest.mark.parametrize(
    "miner", ["air_miner", "hydro_miner", "old_miner"], indirect=True
)
since_v2 = pytest.mark.parametrize("miner", ["air_miner", "hydro_miner"], indirect=True)
before_v2_2 = pytest.mark.parametrize(
    "miner", ["air_miner", "old_miner"], indirect=True
)


@dataclass
class Clock:
    """Time that stands still until it is moved, for Home Assistant and miners alike."""

    hass: HomeAssistant
    freezer: FrozenDateTimeFactory
    miners: list[SimulatedMiner]

    def move(self, seconds: float) -> None:
        """Let time pass; what was due in it happens at the next wait."""
        self.freezer.tick(timedelta(seconds=seconds))
        for miner in self.miners:
            miner.advance(seconds)
        async_fire_time_changed(self.hass)

    async def tick(self, seconds: float) -> None:
        """Let time pass and wait until everything that was due in it is done."""
        self.move(seconds)
        await self.hass.async_block_till_done(wait_background_tasks=True)

    async def next_poll(self, times: int = 1) -> None:
        """Let time pass until miners are polled."""
        for _ in range(times):
            await self.tick(POLL_INTERVAL.total_seconds())


@dataclass
class Held(Misbehaviour):
    """Holds requests until they are released, then answers them.

    Attributes:
        reached: set while a request waits.
        release: set it to let all requests go.
        then: what to do with them; None for the ordinary answer.
    """

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)
    then: Misbehaviour | None = None

    @override
    async def respond(self, exchange: Exchange, line: Line) -> None:
        """Wait, then answer."""
        self.reached.set()
        if not await line.unless_gone(self.release.wait()):
            return
        if self.then:
            await self.then.respond(exchange, line)
        else:
            await exchange.serve(line)


@dataclass(frozen=True)
class Altered(Misbehaviour):
    """Answers as usual, except for one piece of text."""

    old: str
    new: str

    @override
    async def respond(self, exchange: Exchange, line: Line) -> None:
        """Replace the text."""
        answer = exchange.carry_out()
        assert self.old.encode() in answer, answer
        await line.send(answer.replace(self.old.encode(), self.new.encode()))


@dataclass(frozen=True)
class Efficient(Misbehaviour):
    """Answers as usual, with a power of so many W for each TH/s."""

    efficiency: float

    @override
    async def respond(self, exchange: Exchange, line: Line) -> None:
        """Replace the power."""
        answer = exchange.carry_out()
        found = re.search(rb'"HS RT": ?([\d.]+)', answer)
        assert found
        watts = float(found[1]) / 1e6 * self.efficiency
        await line.send(re.sub(rb'"Power": ?[\d.]+', b'"Power":%f' % watts, answer))


async def act(hass: HomeAssistant, action: str, entity_id: str, **data: object) -> None:
    """Call an action of an entity (`switch.turn_on`) and wait until it is done."""
    domain, _, service = action.partition(".")
    await hass.services.async_call(
        domain, service, {ATTR_ENTITY_ID: entity_id, **data}, blocking=True
    )


async def set_number(hass: HomeAssistant, key: str, value: float) -> None:
    """Set a number of the miner called Miner."""
    await act(hass, "number.set_value", f"number.miner_{key}", value=value)


async def set_mode(hass: HomeAssistant, mode: str) -> None:
    """Choose the power mode of the miner called Miner."""
    await act(hass, "select.select_option", "select.miner_power_mode", option=mode)


def shown(hass: HomeAssistant, entity_id: str) -> str:
    """Return the state of an entity."""
    state = hass.states.get(entity_id)
    assert state is not None, entity_id
    return state.state


def loopback_network() -> IPv4Network:
    """Return a /26 of loopback addresses that tests running at the same time do not use.

    A scan asks port 4028 only, so that miners there need addresses of their own.
    """
    host = f"127.{randint(1, 254)}.{randint(0, 255)}.{randint(0, 255)}"
    return IPv4Network((host, 26), strict=False)


def names_of(requests: list[Any]) -> list[str]:
    """Return the names of requests or commands."""
    return [request.get("cmd", request.get("command")) for request in requests]
