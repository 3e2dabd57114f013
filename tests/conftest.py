"""Fixtures of all tests that run in Home Assistant."""

import asyncio
import asyncio.constants
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
import gc
from ipaddress import IPv4Network
import math
from pathlib import Path
import socket
import traceback
from typing import Any
from unittest.mock import AsyncMock, patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    snapshot_platform,
)
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
import pytest_socket
from syrupy.assertion import SnapshotAssertion

# Home Assistant must find this integration, not the folder of the same name that the test
# plugin brings; whichever is imported first wins.
from custom_components.whatsminer import PLATFORMS
from custom_components.whatsminer.api import V3_PORT, client_state
from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.coordinator import WhatsminerCoordinator
from homeassistant.const import (
    ATTR_DEVICE_ID,
    CONF_HOST,
    CONF_MAC,
    CONF_PASSWORD,
    CONF_PORT,
    Platform,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from simulator import Quirk, SimulatedMiner
from simulator.v3 import NEWEST_API

from . import STRICT, AddEntry, Check, Clock, load_entry, loopback_network
from .action_calls import Target
from .fleet import Fleet, Owned
from .options_flow import OptionsFlow
from .scan_flow import FIRST, SECOND, THIRD, Shed
from .texts import watched_flows
from .words import forget

# The test plugin switches on the debug mode of asyncio, whose checks are wanted. It also notes the
# stack for each task, callback and future, the whole of it for a future, whatever the depth says.
# That takes half of the time of a test, so it notes nothing; the checks do not need it.
patch.object(asyncio.constants, "DEBUG_STACK_DEPTH", 0).start()
patch.object(traceback.extract_stack, "__defaults__", (None, 0)).start()
# Garbage is collected less often, which takes another tenth of that time.
gc.set_threshold(50_000, 20, 10)
# Simulated miners begin here.
START = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def home_assistant(request: pytest.FixtureRequest, socket_enabled: None) -> None:
    """Stop the clock and enable the integration, in tests with a Home Assistant.

    Miners may be at any loopback address.
    """
    pytest_socket.socket_allow_hosts(["127.0.0.0/8"])
    if "hass" in request.fixturenames:
        request.getfixturevalue("freezer").move_to(START)
        request.getfixturevalue("enable_custom_integrations")


@pytest.fixture(autouse=True)
def closed_v3_port(
    socket_enabled: None, monkeypatch: pytest.MonkeyPatch
) -> Generator[int]:
    """Keep clients away from port 4433 of this host, on which anything may listen.

    They find the port closed instead, at every address. A test with a miner that speaks V3 gives
    its port to the client.
    """
    with socket.socket() as bound:
        bound.bind(("", 0))  # and does not listen
        port: int = bound.getsockname()[1]
        monkeypatch.setattr(client_state, "V3_PORT", port)
        yield port


@pytest.fixture
def ordinary_v3_port(closed_v3_port: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Let clients ask for V3 on port 4433 all the same, at addresses that no other test uses."""
    monkeypatch.setattr(client_state, "V3_PORT", V3_PORT)
    return V3_PORT


@pytest.fixture(autouse=True)
def texts_of_flows() -> Generator[None]:
    """Fail when a flow shows something that has no text, in any language."""
    with watched_flows():
        yield


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Write snapshots as Home Assistant's own tests do."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


@pytest.fixture
def check_entities(
    hass: HomeAssistant,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
    set_up: WhatsminerCoordinator,
) -> Check:
    """A function that compares the entities of the one platform with the snapshot."""
    entry_id = set_up.config_entry.entry_id
    return lambda: snapshot_platform(hass, entity_registry, snapshot, entry_id)


@pytest.fixture
async def air_miner() -> AsyncGenerator[SimulatedMiner]:
    """An air-cooled miner with firmware 2.0.5."""
    async with SimulatedMiner(generation="v2", model="M30S+", quirks=STRICT) as miner:
        yield miner


@pytest.fixture
async def hydro_miner() -> AsyncGenerator[SimulatedMiner]:
    """A water-cooled miner with V2.2 firmware."""
    async with SimulatedMiner(generation="compat", model="M63", quirks=STRICT) as miner:
        yield miner


@pytest.fixture
async def old_miner() -> AsyncGenerator[SimulatedMiner]:
    """An air-cooled miner with firmware of the first API, which ends answers with a NUL."""
    quirks = STRICT | {Quirk.TRAILING_NUL}
    async with SimulatedMiner(generation="v1", model="M20S", quirks=quirks) as miner:
        yield miner


@pytest.fixture
def v3_api(request: pytest.FixtureRequest) -> str:
    """The version of V3 that the miners of the next two fixtures speak, a parameter."""
    return str(getattr(request, "param", NEWEST_API))


@pytest.fixture
def v3_quirks(request: pytest.FixtureRequest) -> frozenset[Quirk]:
    """The oddities of the miners of the next two fixtures, a parameter."""
    return STRICT | getattr(request, "param", frozenset())


@pytest.fixture
async def v3_miner(
    v3_api: str, v3_quirks: frozenset[Quirk], monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[SimulatedMiner]:
    """An air-cooled miner that speaks V3, on the port where clients look for V3."""
    async with speaking_v3(monkeypatch, "M60S", v3_api, v3_quirks) as miner:
        yield miner


@pytest.fixture
async def v3_hydro_miner(
    v3_api: str, v3_quirks: frozenset[Quirk], monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[SimulatedMiner]:
    """A water-cooled miner that speaks V3, on the port where clients look for V3."""
    async with speaking_v3(monkeypatch, "M63", v3_api, v3_quirks) as miner:
        yield miner


@asynccontextmanager
async def speaking_v3(
    monkeypatch: pytest.MonkeyPatch, model: str, api: str, quirks: frozenset[Quirk]
) -> AsyncGenerator[SimulatedMiner]:
    """Open a miner that speaks V3, and let clients look for V3 at its port."""
    async with SimulatedMiner(
        generation="v3", model=model, api=api, quirks=quirks
    ) as miner:
        monkeypatch.setattr(client_state, "V3_PORT", miner.v3.port)
        yield miner


@pytest.fixture
def miner(request: pytest.FixtureRequest) -> SimulatedMiner:
    """The miner of the test: the air-cooled one, unless another fixture is named."""
    found: SimulatedMiner = request.getfixturevalue(
        getattr(request, "param", "air_miner")
    )
    return found


@pytest.fixture
def home_network() -> Generator[IPv4Network]:
    """The only network that Home Assistant is on, small and on loopback."""
    network = loopback_network()
    ipv4 = {"address": str(network[1]), "network_prefix": network.prefixlen}
    with patch(
        "homeassistant.components.network.async_get_adapters",
        return_value=[{"enabled": True, "ipv4": [ipv4]}],
    ):
        yield network


@pytest.fixture
async def shed(home_network: IPv4Network) -> AsyncGenerator[Shed]:
    """A network without miners."""
    async with AsyncExitStack() as stack:
        yield Shed(home_network, stack)


@pytest.fixture
async def miners(shed: Shed) -> list[SimulatedMiner]:
    """Three miners without entries, one of each generation."""
    for generation, model in (FIRST, SECOND, THIRD):
        await shed.add(generation=generation, model=model)
    return shed.miners


@pytest.fixture
def clock(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, miner: SimulatedMiner
) -> Clock:
    """The time of Home Assistant and of the miner."""
    # Time that is moved looks like a task that took as long, which fills the log.
    hass.loop.slow_callback_duration = math.inf
    return Clock(hass, freezer, [miner])


@pytest.fixture
def password(miner: SimulatedMiner) -> str:
    """The password that the entry is set up with; empty for readings only."""
    return miner.password


@pytest.fixture
def make_entry() -> Callable[..., MockConfigEntry]:
    """A function that makes the entry of any miner."""

    def make(miner: SimulatedMiner, **changes: Any) -> MockConfigEntry:
        mac = miner.mac.lower()
        data = {
            CONF_HOST: miner.host,
            CONF_PORT: miner.port,
            CONF_MAC: mac,
            CONF_PASSWORD: miner.password,
        }
        return MockConfigEntry(
            **{
                "domain": DOMAIN,
                "version": 4,
                "title": "Miner",
                "unique_id": mac,
                "data": {key: value for key, value in data.items() if value},
                **changes,
            }
        )

    return make


@pytest.fixture
def add_entry(
    hass: HomeAssistant, make_entry: Callable[..., MockConfigEntry]
) -> AddEntry:
    """A function that makes the entry of another miner and sets it up."""

    async def add(miner: SimulatedMiner, title: str = "Other") -> MockConfigEntry:
        entry = make_entry(miner, title=title)
        entry.add_to_hass(hass)
        await load_entry(hass, entry)
        return entry

    return add


@pytest.fixture
def config_entry(
    hass: HomeAssistant,
    miner: SimulatedMiner,
    password: str,
    make_entry: Callable[..., MockConfigEntry],
    chosen_platforms: None,
) -> MockConfigEntry:
    """The entry of the miner, not yet set up."""
    entry = make_entry(miner, entry_id="01WHATSM1NERENTRY000000000")
    data = {**entry.data, CONF_PASSWORD: password}
    if not password:
        del data[CONF_PASSWORD]
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, data=data)
    return entry


@pytest.fixture
def owned(
    hass: HomeAssistant, miner: SimulatedMiner, config_entry: MockConfigEntry
) -> Owned:
    """The miner with its entry."""
    return Owned(hass, miner, config_entry)


@pytest.fixture
def platforms() -> tuple[Platform, ...]:
    """The platforms that are set up."""
    return PLATFORMS


@pytest.fixture
def chosen_platforms(platforms: tuple[Platform, ...]) -> Generator[None]:
    """Set up these platforms only, for as long as the test lasts."""
    with patch("custom_components.whatsminer.PLATFORMS", platforms):
        yield


@pytest.fixture
def entity_registry_enabled_by_default() -> Generator[None]:
    """Enable every entity, as Home Assistant's own fixture of this name does."""
    with patch(
        "homeassistant.helpers.entity.Entity.entity_registry_enabled_default",
        return_value=True,
    ):
        yield


@pytest.fixture
async def set_up(
    hass: HomeAssistant, config_entry: MockConfigEntry, miner: SimulatedMiner
) -> WhatsminerCoordinator:
    """Set the miner up, clear what it was sent for that, and return its coordinator."""
    coordinator = await load_entry(hass, config_entry)
    forget(miner)
    return coordinator


@pytest.fixture
def set_up_entry() -> Generator[AsyncMock]:
    """Create entries without setting them up."""
    with patch(
        "custom_components.whatsminer.async_setup_entry", return_value=True
    ) as set_up:
        yield set_up


@pytest.fixture
def options_flow(hass: HomeAssistant, config_entry: MockConfigEntry) -> OptionsFlow:
    """The options flow of the miner."""
    return OptionsFlow(hass, config_entry)


@pytest.fixture
def flow(options_flow: OptionsFlow, set_up: WhatsminerCoordinator) -> OptionsFlow:
    """The options flow of the miner, which is set up."""
    return options_flow


@pytest.fixture
def one(hass: HomeAssistant, set_up: WhatsminerCoordinator) -> Target:
    """The target of an action: the one miner."""
    return Target(hass, {ATTR_DEVICE_ID: set_up.device_id})


@pytest.fixture
def firmware(hass: HomeAssistant, tmp_path: Path) -> Path:
    """A file in the folder of firmware."""
    hass.config.config_dir = str(tmp_path)
    path = tmp_path / "whatsminer" / "firmware" / "new.bin"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"firmware")
    return path


@pytest.fixture
async def fleet(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    home_network: IPv4Network,
    make_entry: Callable[..., MockConfigEntry],
    chosen_platforms: None,
) -> AsyncGenerator[Fleet]:
    """Any number of miners in one network, with or without an entry."""
    hass.loop.slow_callback_duration = math.inf  # see `clock`
    async with AsyncExitStack() as stack:
        clock = Clock(hass, freezer, [])
        yield Fleet(hass, clock, home_network, make_entry, stack)


@pytest.fixture
async def ada(fleet: Fleet) -> Owned:
    """A miner that is set up."""
    return await fleet.add("Ada")


@pytest.fixture
async def bea(fleet: Fleet) -> Owned:
    """Another miner that is set up."""
    return await fleet.add("Bea")
