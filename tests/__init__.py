"""Tests of the Whatsminer integration against simulated miners on loopback."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network
from random import randint
import re
from typing import Any, override

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.whatsminer.const import DOMAIN, POLL_INTERVAL
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from simulator import Misbehaviour, Quirk, Raw, SimulatedMiner
from simulator.misbehaviour import Exchange, Line

# What a miner says that takes a command and then does nothing of the kind.
ACCEPTED_ONLY = Raw(b'{"STATUS":"S","When":1,"Code":131,"Msg":"API command OK"}')
# What a control board says while its mining process is not running.
PROCESS_DOWN = Raw(b"Socket connect failed: Connection refused\n")
JOINED = "summary+pools+edevs"
# Most firmware takes numbers and text alike. The miners of tests do not, so that a command
# with an argument of the wrong type is found.
STRICT = frozenset({Quirk.STRICT_TYPES})

type AddEntry = Callable[..., Awaitable[MockConfigEntry]]
type Check = Callable[[], Awaitable[None]]

# The miner of a test by its generation, see `miner` in `conftest`.
every_generation = pytest.mark.parametrize(
    "miner", ["air_miner", "hydro_miner", "old_miner", "v3_miner"], indirect=True
)
since_v2 = pytest.mark.parametrize("miner", ["air_miner", "hydro_miner"], indirect=True)
every_miner = pytest.mark.parametrize(
    "miner",
    ["air_miner", "hydro_miner", "old_miner", "v3_miner", "v3_hydro_miner"],
    indirect=True,
)
before_v3 = pytest.mark.parametrize(
    "miner", ["air_miner", "hydro_miner", "old_miner"], indirect=True
)
over_v3 = pytest.mark.parametrize(
    "miner", ["v3_miner", "v3_hydro_miner"], indirect=True
)
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


def hold(
    miner: SimulatedMiner,
    command: str,
    then: Misbehaviour | None = None,
    times: int | None = None,
) -> Held:
    """Hold the answers to a command, and return what releases them."""
    held = Held(then=then)
    miner.misbehave(command, held, times=times)
    return held


@dataclass(frozen=True)
class Altered(Misbehaviour):
    """Answers as usual, except for one piece of text."""

    old: str
    new: str

    @override
    async def respond(self, exchange: Exchange, line: Line) -> None:
        """Replace the text."""
        answer = exchange.text()
        assert self.old.encode() in answer, answer
        changed = answer.replace(self.old.encode(), self.new.encode())
        await line.send(exchange.framed(changed))


@dataclass(frozen=True)
class Without(Misbehaviour):
    """Answers as usual, but without one key, whose value is a text."""

    key: str

    @override
    async def respond(self, exchange: Exchange, line: Line) -> None:
        """Remove the key and its value."""
        member = re.compile(rb'"%s": ?"[^"]*",? ?' % self.key.encode())
        await line.send(exchange.framed(member.sub(b"", exchange.text())))


@dataclass(frozen=True)
class Efficient(Misbehaviour):
    """Answers as usual, with a power of so many W for each TH/s."""

    efficiency: float

    @override
    async def respond(self, exchange: Exchange, line: Line) -> None:
        """Replace the power."""
        answer = exchange.text()
        found = re.search(rb'"(HS RT|hash-realtime)": ?([\d.]+)', answer)
        assert found
        terahashes = float(found[2]) / (1e6 if found[1] == b"HS RT" else 1)
        await line.send(
            exchange.framed(with_power(answer, terahashes * self.efficiency))
        )


def with_power(answer: bytes, watts: float) -> bytes:
    """Return an answer with another power of the miner."""
    changed, found = re.subn(
        rb'"(Power|power-realtime)": ?[\d.]+', rb'"\1":%f' % watts, answer
    )
    assert found == 1
    return changed


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


async def press(hass: HomeAssistant, key: str) -> None:
    """Press a button of the miner called Miner."""
    await act(hass, "button.press", f"button.miner_{key}")


async def can_write(hass: HomeAssistant, miner: SimulatedMiner) -> bool:
    """Return whether the miner called Miner takes a command: mining is switched off."""
    miner.state.mining = True
    await act(hass, "switch.turn_off", "switch.miner")
    await hass.async_block_till_done()
    return not miner.state.mining


def shown(hass: HomeAssistant, entity_id: str) -> str:
    """Return the state of an entity."""
    state = hass.states.get(entity_id)
    assert state is not None, entity_id
    return state.state


@contextmanager
def fails_with(
    key: str, kind: type[HomeAssistantError] = HomeAssistantError
) -> Iterator[pytest.ExceptionInfo[HomeAssistantError]]:
    """Check that an action fails with an error that has this translation."""
    with pytest.raises(kind) as error:
        yield error
    assert error.value.translation_key == key


def loopback_network() -> IPv4Network:
    """Return a /26 of loopback addresses that tests running at the same time do not use.

    A scan asks port 4028 only, so that miners there need addresses of their own.
    """
    host = f"127.{randint(1, 254)}.{randint(0, 255)}.{randint(0, 255)}"
    return IPv4Network((host, 26), strict=False)


def entities_of(hass: HomeAssistant, entry: ConfigEntry) -> list[er.RegistryEntry]:
    """Return the entities of an entry, enabled or not."""
    return er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)


def device_of(hass: HomeAssistant, entry: ConfigEntry) -> dr.DeviceEntry:
    """Return the one device of an entry."""
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return device


def names_of(requests: list[Any]) -> list[str]:
    """Return the names of requests or commands."""
    return [request.get("cmd", request.get("command")) for request in requests]


async def load_entry(
    hass: HomeAssistant, entry: MockConfigEntry
) -> WhatsminerCoordinator:
    """Set an entry up, which has to succeed, and return its coordinator."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    coordinator: WhatsminerCoordinator = entry.runtime_data.coordinator
    return coordinator


@asynccontextmanager
async def unloaded(hass: HomeAssistant, entry: MockConfigEntry) -> AsyncGenerator[None]:
    """Unload an entry, and set it up again after the block, as a restart does."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    yield
    await load_entry(hass, entry)


async def restart(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Do what a restart of Home Assistant does to an entry."""
    async with unloaded(hass, entry):
        pass


def log_lines(
    caplog: pytest.LogCaptureFixture, level: int, logger: str = "custom_components"
) -> list[str]:
    """Return what a logger, or one below it, has written at a level."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno == level and record.name.startswith(logger)
    ]


def reauth_steps(hass: HomeAssistant) -> list[str]:
    """Return the steps of the open flows that ask for a password."""
    return [
        flow["step_id"]
        for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        if flow["context"]["source"] == SOURCE_REAUTH
    ]


def stored_memory(hass_storage: dict[str, Any], entry: ConfigEntry) -> dict[str, Any]:
    """Return what is stored of a miner."""
    data: dict[str, Any] = hass_storage[f"{DOMAIN}.{entry.entry_id}"]["data"]
    return data


def store_memory(
    hass_storage: dict[str, Any], entry: MockConfigEntry, **memory: object
) -> None:
    """Store something of a miner, as an earlier run of Home Assistant did."""
    key = f"{DOMAIN}.{entry.entry_id}"
    hass_storage[key] = {
        "version": 1,
        "minor_version": 1,
        "key": key,
        "data": {"settings": {}, **memory},
    }
