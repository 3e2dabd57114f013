"""Writes a configuration folder with the present version, for `test_upgrade`."""

from collections.abc import Mapping
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from datetime import timedelta
import json
from pathlib import Path
import shutil
import sqlite3
from typing import Any, Final

from freezegun.api import FrozenDateTimeFactory
import pytest

from custom_components.whatsminer.const import DOMAIN
from homeassistant.components.recorder import DEFAULT_DB_FILE
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.util.dt import utcnow
from homeassistant.util.yaml import dump
from simulator import Closed, SimulatedMiner
from tests import act
from tests.earlier import IP, set_up

from . import (
    DATABASE,
    FOLDERS,
    NETWORK,
    START,
    STATES,
    Machine,
    RunningHome,
    Situation,
    copy_folder,
    home_assistant,
    registered_states,
    restarted,
)

ROOT: Final = Path(__file__).parents[2]
BLUEPRINTS: Final = ROOT / "blueprints" / "automation" / DOMAIN
INTEGRATION: Final = ROOT / "custom_components" / DOMAIN
# The files of Home Assistant that are kept; others are about users and this machine.
KEPT: Final = (
    ".storage/core.area_registry",
    ".storage/core.config_entries",
    ".storage/core.device_registry",
    ".storage/core.entity_registry",
    ".storage/core.restore_state",
    ".storage/repairs.issue_registry",
    f".storage/{DOMAIN}.*",
    "*.yaml",
    "blueprints/**/*.yaml",
)
MINUTE: Final = 60.0
LIMITED: Final = 10 * MINUTE
RESTARTED: Final = 20 * MINUTE
SET: Final = 70 * MINUTE
FAILED: Final = 120 * MINUTE
STOPPED: Final = 130 * MINUTE
# It is more than the miner's highest limit, so that only the integration knows what was requested.
LIMIT: Final = 9000
NEW_PASSWORD: Final = "hall2"
NEW_HOST: Final = str(NETWORK[23])

type Event = tuple[float, dict[str, Any]]


def _machine(
    name: str, place: int, generation: str, model: str, *events: Event, **more: str
) -> Machine:
    return Machine(
        name=name,
        host=str(NETWORK[place]),
        generation=generation,
        model=model,
        password=name,
        events=list(events),
        **more,
    )


GARAGE: Final = _machine(
    "garage",
    11,
    "v2",
    "M30S+",
    (LIMITED, {"power_limit": LIMIT, "restart": []}),
    (SET, {"set_percent": [80, 180], "upfreq_speed": 3}),
)
HALL: Final = _machine(
    "hall",
    12,
    "compat",
    "M63",
    (LIMITED, {"target_freq": 5, "restart": []}),
    (SET, {"set_percent": [90, 1], "fast_boot": True}),
    (FAILED, {"fail": [110]}),
)
CELLAR: Final = _machine("cellar", 13, "v1", "M20S", (RESTARTED, {"restart": []}))
# An earlier integration had it.
SHED: Final = _machine("shed", 14, "v2", "M30S+", (SET, {"set_percent": [60, 180]}))
# Its entry has no password, and its owner ignores that the firmware is not known here.
ATTIC: Final = _machine("attic", 15, "compat", "M50", api_version="2.3.0")
MACHINES: Final = (GARAGE, HALL, CELLAR, SHED, ATTIC)


class Home(RunningHome):
    """The home whose folder is written."""

    def miner(self, machine: Machine) -> SimulatedMiner:
        """Return a miner."""
        return self.clock.miners[MACHINES.index(machine)]

    def device(self, machine: Machine) -> str:
        """Return the id of a miner's device."""
        miner = self.miner(machine)
        device = dr.async_get(self.hass).async_get_device_by_identifier(
            (DOMAIN, miner.mac.lower()), self.entry_of(miner).entry_id
        )
        assert device
        return device.id

    def entity(self, machine: Machine, platform: str, key: str) -> str:
        """Return the id of an entity."""
        entity_id = self.entity_of(self.miner(machine), platform, key)
        assert entity_id, key
        return entity_id

    async def until(self, seconds: float) -> None:
        """Let time pass until so many seconds after the start."""
        while utcnow() < START + timedelta(seconds=seconds):
            await self.clock.tick(30)

    async def add(self, machine: Machine) -> None:
        """Add a miner as its owner does."""
        flow = self.hass.config_entries.flow
        form = await flow.async_init(DOMAIN, context={"source": SOURCE_USER})
        await flow.async_configure(form["flow_id"], {"next_step_id": "manual"})
        data = {CONF_HOST: machine.host, CONF_PORT: 4028}
        if machine is not ATTIC:
            data[CONF_PASSWORD] = machine.password
        result = await flow.async_configure(form["flow_id"], data)
        assert result["type"] == "create_entry", result
        await self.hass.async_block_till_done()

    async def take_over(self, machine: Machine) -> None:
        """Replace an earlier integration that had a miner."""
        miner = self.miner(machine)
        entry = IP.entry(miner, title=machine.name)
        entry.add_to_hass(self.hass)
        IP.entities(self.hass, entry, miner)
        await set_up(self.hass, entry)
        assert entry.state is ConfigEntryState.LOADED

    async def prefer(self, machine: Machine, **preferences: Any) -> None:
        """Set options of a miner as its owner does."""
        flow = self.hass.config_entries.options
        form = await flow.async_init(self.entry_of(self.miner(machine)).entry_id)
        await flow.async_configure(form["flow_id"], {"next_step_id": "preferences"})
        result = await flow.async_configure(form["flow_id"], preferences)
        assert result["type"] == "create_entry", result

    async def set(self, machine: Machine, **settings: float | bool) -> None:
        """Change settings of a miner by their entities."""
        for key, value in settings.items():
            if isinstance(value, bool):
                turn = f"switch.turn_{'on' if value else 'off'}"
                await act(self.hass, turn, self.entity(machine, "switch", key))
            else:
                number = self.entity(machine, "number", key)
                await act(self.hass, "number.set_value", number, value=value)

    async def call(self, action: str, machine: Machine, **data: Any) -> None:
        """Call an action for one miner."""
        data |= {"device_id": self.device(machine), "confirm": True}
        await self.hass.services.async_call(DOMAIN, action, data, blocking=True)

    async def customise(self) -> None:
        """Change what owners change of their entities and devices."""
        areas, devices = ar.async_get(self.hass), dr.async_get(self.hass)
        entities = er.async_get(self.hass)

        def change(machine: Machine, key: str, **changes: Any) -> None:
            sensor = self.entity(machine, "sensor", key)
            entities.async_update_entity(sensor, **changes)

        devices.async_update_device(
            self.device(GARAGE),
            area_id=areas.async_create("Garage").id,
            name_by_user="Big one",
        )
        devices.async_update_device(
            self.device(HALL), area_id=areas.async_create("Hall").id
        )
        change(
            GARAGE,
            "chip_temperature",
            aliases=["how hot"],
            area_id=areas.async_create("Chips").id,
            icon="mdi:fire",
            name="How hot it is",
            new_entity_id="sensor.my_chips",
        )
        entities.async_update_entity_options(
            self.entity(GARAGE, "sensor", "power"),
            "sensor",
            {"display_precision": 1, "unit_of_measurement": "kW"},
        )
        change(GARAGE, "pool", disabled_by=er.RegistryEntryDisabler.USER)
        change(GARAGE, "worker", hidden_by=er.RegistryEntryHider.USER)
        for machine in MACHINES:
            change(machine, "hash_rate_1m", disabled_by=None)
        await self.clock.tick(60)  # for the reload of the entries
        for domain, issue_id in list(ir.async_get(self.hass).issues):
            ir.async_ignore_issue(self.hass, domain, issue_id, ignore=True)

    def automations(self) -> list[dict[str, Any]]:
        """Return an automation of each blueprint, which does nothing at first."""
        miners = {"device_id": [self.device(machine) for machine in (GARAGE, HALL)]}
        by_hand = {"miners": miners, "override": "input_boolean.by_hand"}
        room = {"temperature_sensor": "input_number.room"}
        price = {"price_sensor": "input_number.price", "use_break_even": True}
        faults = [self.entity(machine, "event", "fault") for machine in MACHINES]
        inputs: Mapping[str, Mapping[str, Any]] = {
            "follow_the_sun": {**by_hand, "grid_power": "input_number.grid_power"},
            "heat": {**by_hand, **room, "cap": 30},
            "keep_cool": {**by_hand, **room},
            "mine_when_cheap": {**by_hand, **price},
            "tell_me": {"miners": faults},
            "voice": {"miners": miners},
        }
        return [
            {
                "id": f"179349120000{number}",
                "alias": name,
                "use_blueprint": {
                    "path": f"{BLUEPRINTS.name}/{name}.yaml",
                    "input": dict(given),
                },
            }
            for number, (name, given) in enumerate(inputs.items())
        ]

    async def live(self) -> None:
        """Let miners run for some hours, while their owner uses everything that is stored."""
        for machine in MACHINES:
            await (self.take_over if machine is SHED else self.add)(machine)
        await self.customise()
        await self.prefer(
            GARAGE,
            hash_price=45.5,
            hash_price_unit="per_petahash",
            percent_method="normal",
            poll_interval=60,
        )
        await self.prefer(
            HALL,
            hash_price_entity="input_number.hash_price",
            hash_price_unit="per_terahash",
            percent_method="fast",
            poll_interval=10,
        )
        path = Path(self.hass.config.path("automations.yaml"))
        path.write_text(dump(self.automations()))
        await self.hass.services.async_call("automation", "reload", blocking=True)
        await self.until(LIMITED)
        await self.set(GARAGE, power_limit=LIMIT)
        await self.set(HALL, target_frequency=5)
        await self.until(RESTARTED)
        self.miner(CELLAR).state.restart()
        await self.until(SET)
        await self.set(
            GARAGE,
            fan_zero_speed=True,
            power_percent=80,
            poweroff_cooling=True,
            temperature_offset=-7,
            upfreq_speed=3,
            web_pools=False,
        )
        await self.set(HALL, power_percent=90, fast_boot=True)
        await self.set(CELLAR, web_pools=False)
        await self.set(SHED, power_percent=60, temperature_offset=-3)
        await self.until(FAILED)
        self.miner(HALL).state.fail(110)
        await self.until(STOPPED)
        # Home Assistant stops before it learns what became of these changes.
        await self.set(HALL, web_pools=True)
        hall = self.miner(HALL)
        hall.misbehave("update_pwd", Closed(execute=True))
        hall.misbehave("get_token", Closed())
        with pytest.raises(HomeAssistantError):
            await self.call("change_password", HALL, new_password=NEW_PASSWORD)
        await self.call(
            "set_network",
            CELLAR,
            mode="static",
            ip=NEW_HOST,
            netmask="255.0.0.0",
            gateway=str(NETWORK[1]),
            dns=[str(NETWORK[1])],
        )


@pytest.mark.usefixtures("home_network")
async def test_write(freezer: FrozenDateTimeFactory, tmp_path: Path) -> None:
    """Run a home for some hours, and keep its folder."""
    version = json.loads((INTEGRATION / "manifest.json").read_text())["version"]
    folder = FOLDERS / version
    assert not folder.exists(), "users have it, so it is not written again"
    home_folder = tmp_path / "home"
    blueprints = home_folder / "blueprints" / "automation" / BLUEPRINTS.name
    shutil.copytree(BLUEPRINTS, blueprints)
    shutil.copy(FOLDERS / "0.1.0" / "configuration.yaml", home_folder)
    (home_folder / "automations.yaml").write_text("[]\n")
    freezer.move_to(START)
    async with AsyncExitStack() as stack:
        miners = [
            await stack.enter_async_context(machine.simulated()) for machine in MACHINES
        ]
        async with home_assistant(home_folder, freezer, miners) as clock:
            await Home(clock=clock).live()
            before = registered_states(clock.hass)

    for pattern in KEPT:
        for path in home_folder.glob(pattern):
            kept = folder / path.relative_to(home_folder)
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, kept)
    with closing(sqlite3.connect(home_folder / DEFAULT_DB_FILE)) as database:
        (folder / DATABASE).write_text("\n".join(database.iterdump()) + "\n")
    now = [
        *(machine for machine in MACHINES if machine not in (HALL, CELLAR)),
        replace(HALL, password=NEW_PASSWORD),
        replace(CELLAR, host=NEW_HOST),
    ]
    Situation(seconds=STOPPED, machines=now).write(folder)
    # The states that this version shows after a restart at the same moment.
    copy_folder(folder, tmp_path / "again", NETWORK)
    async with restarted(tmp_path / "again", freezer) as clock:
        states = registered_states(clock.hass)
    for entity_id, state in states.items():
        if entity_id.startswith(("number.", "select.", "switch.")):
            assert state == before[entity_id]
    (folder / STATES).write_text(json.dumps(states, indent=1, sort_keys=True) + "\n")
