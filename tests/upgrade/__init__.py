"""Configuration folders of Home Assistant that versions of this integration wrote.

Each folder is named after the version that wrote it; `test_upgrade` starts Home Assistant from
all of them. `write_folder` writes the one of the present version:

    pytest tests/upgrade/write_folder.py

A folder is never written again: it is what the users of that version have.
"""

from collections.abc import AsyncGenerator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Network
import json
import math
from pathlib import Path
import re
import shutil
import sqlite3
from typing import Any, Final
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from pytest_homeassistant_custom_component.common import async_test_home_assistant
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_recorder_block_till_done,
)

from custom_components.whatsminer.const import DOMAIN
from homeassistant import bootstrap
from homeassistant.components.http.server import HomeAssistantHTTP
from homeassistant.components.recorder import DEFAULT_DB_FILE
from homeassistant.config import async_hass_config_yaml
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from simulator import SimulatedMiner
from tests import Clock

FOLDERS: Final = Path(__file__).parent
# The network of the miners in all files of a folder.
NETWORK: Final = IPv4Network("127.0.13.0/26")
START: Final = datetime(2026, 11, 1, tzinfo=UTC)
# The files in a folder that are not Home Assistant's.
DATABASE: Final = "database.sql"
SITUATION: Final = "situation.json"
STATES: Final = "states.json"
# The integrations that are set up besides those of the folder; the usual ones need a frontend.
_DEFAULTS: Final = {"automation", "input_boolean", "input_number"}


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A miner, and what happened to it while the folder was written."""

    name: str
    host: str
    generation: str
    model: str
    password: str
    api_version: str | None = None
    """The version of its API, where it is not the usual one."""
    events: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    """Seconds since the start, and attributes of its state with their new values.

    A list has the method of this name called with these arguments.
    """

    def simulated(self) -> SimulatedMiner:
        """Return the miner as it was at the start."""
        miner = SimulatedMiner(
            generation=self.generation,
            model=self.model,
            host=self.host,
            port=4028,
            password=self.password,
            seed=self.name,
            start=START.timestamp(),
        )
        miner.state.hostname = self.name
        miner.api_version = self.api_version or miner.api_version
        return miner

    def catch_up(self, miner: SimulatedMiner, seconds: float) -> None:
        """Repeat everything that happened to a miner within so many seconds from the start."""
        passed = 0.0
        for second, changes in self.events:
            miner.advance(second - passed)
            passed = second
            for name, value in changes.items():
                if isinstance(value, list):
                    getattr(miner.state, name)(*value)
                else:
                    setattr(miner.state, name, value)
        miner.advance(seconds - passed)


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What a home was like when Home Assistant stopped, beside its folder."""

    seconds: float
    """How long it had run since the start."""
    machines: list[Machine]

    @classmethod
    def read(cls, folder: Path) -> Situation:
        """Read it from a folder."""
        stored = json.loads((folder / SITUATION).read_text())
        machines = [Machine(**machine) for machine in stored["machines"]]
        return cls(seconds=stored["seconds"], machines=machines)

    def write(self, folder: Path) -> None:
        """Write it to a folder."""
        (folder / SITUATION).write_text(json.dumps(asdict(self), indent=2) + "\n")


@asynccontextmanager
async def home_assistant(
    folder: Path, freezer: FrozenDateTimeFactory, miners: Iterable[SimulatedMiner]
) -> AsyncGenerator[Clock]:
    """Run Home Assistant with a configuration folder, as its program does."""
    async with async_test_home_assistant(
        load_registries=False,
        config_dir=str(folder),
        initial_state=CoreState.not_running,
    ) as hass:
        hass.data.pop(DATA_CUSTOM_COMPONENTS)
        # Moved time would be logged as a task that took so long.
        hass.loop.slow_callback_duration = math.inf
        hass.loop.set_debug(False)
        with (
            patch.object(bootstrap, "DEFAULT_INTEGRATIONS", _DEFAULTS),
            # The port may be taken.
            patch.object(HomeAssistantHTTP, "async_bind"),
            patch.object(HomeAssistantHTTP, "start"),
        ):
            config = await async_hass_config_yaml(hass)
            try:
                assert await bootstrap.async_from_config_dict(config, hass)
                await hass.async_start()
                await hass.async_block_till_done(wait_background_tasks=True)
                # A recorder that has to stop before it has begun never stops.
                await async_recorder_block_till_done(hass)
                yield Clock(hass, freezer, list(miners))
                # A poll that is under way would be cancelled, which is logged.
                await hass.async_block_till_done(wait_background_tasks=True)
            finally:
                await hass.async_stop(force=True)


def copy_folder(folder: Path, copy: Path, network: IPv4Network) -> None:
    """Copy a folder for a home whose miners are at the same places in another network."""
    prefix = str(NETWORK.network_address).removesuffix("0")
    hosts = re.compile(rf"{re.escape(prefix)}(\d+)")
    shutil.copytree(folder, copy)
    for path in copy.rglob("*"):
        if path.is_file():
            text = path.read_text()
            path.write_text(hosts.sub(lambda host: str(network[int(host[1])]), text))
    with closing(sqlite3.connect(copy / DEFAULT_DB_FILE)) as database:
        database.executescript((copy / DATABASE).read_text())


@asynccontextmanager
async def restarted(
    folder: Path, freezer: FrozenDateTimeFactory
) -> AsyncGenerator[Clock]:
    """Start Home Assistant and the miners of a folder, at the moment when they stopped."""
    situation = Situation.read(folder)
    freezer.move_to(START)
    freezer.tick(situation.seconds)
    async with AsyncExitStack() as stack:
        miners = []
        for machine in situation.machines:
            miner = await stack.enter_async_context(machine.simulated())
            machine.catch_up(miner, situation.seconds)
            miners.append(miner)
        yield await stack.enter_async_context(home_assistant(folder, freezer, miners))


@dataclass(frozen=True, kw_only=True)
class RunningHome:
    """A home whose Home Assistant runs."""

    clock: Clock

    @property
    def hass(self) -> HomeAssistant:
        """Its Home Assistant."""
        return self.clock.hass

    def entry_of(self, miner: SimulatedMiner) -> ConfigEntry:
        """Return the entry of a miner."""
        entry = self.hass.config_entries.async_entry_for_domain_unique_id(
            DOMAIN, miner.mac.lower()
        )
        assert entry
        return entry

    def entity_of(self, miner: SimulatedMiner, platform: str, key: str) -> str | None:
        """Return the id of an entity of a miner."""
        return er.async_get(self.hass).async_get_entity_id(
            platform, DOMAIN, f"{miner.mac.lower()}_{key}"
        )


def registered_states(hass: HomeAssistant) -> dict[str, Any]:
    """Return state and attributes of every entity that is registered and enabled."""
    found = {}
    for entity_id, entity in sorted(er.async_get(hass).entities.items()):
        state = hass.states.get(entity_id)
        if not entity.disabled:
            full = json.loads(state.as_dict_json) if state else {}
            found[entity_id] = {key: full.get(key) for key in ("state", "attributes")}
    return found
