"""A Home Assistant that adds a described miner in the dialogue, and polls it."""

from dataclasses import dataclass, field
from typing import Any

from custom_components.whatsminer.const import DOMAIN, POLL_INTERVAL
from homeassistant.config_entries import SOURCE_USER, ConfigEntry, ConfigFlowResult
from homeassistant.const import ATTR_ENTITY_ID, CONF_HOST, CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant, State
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, entity_registry as er
from tests import Clock
from tests.action_calls import Target
from tests.config_flow import fill_in
from tests.texts import TEXTS

from .miner import DescribedMiner
from .miner_v3 import DescribedV3Miner

type Described = DescribedMiner | DescribedV3Miner


@dataclass
class Home:
    """Home Assistant, and its time."""

    hass: HomeAssistant
    clock: Clock
    added: list[Added] = field(default_factory=list)

    async def submit(self, miner: Described, password: str = "") -> ConfigFlowResult:
        """Fill in the address of a miner, and return what is shown then."""
        form = await self.hass.config_entries.flow.async_init(
            DOMAIN, context={"source": SOURCE_USER}
        )
        form = await fill_in(self.hass, form, {"next_step_id": "manual"})
        address = {CONF_HOST: miner.host, CONF_PORT: miner.port}
        result = await fill_in(self.hass, form, address | {CONF_PASSWORD: password})
        await self.hass.async_block_till_done(wait_background_tasks=True)
        return result

    async def error_of(self, miner: Described, password: str = "") -> str:
        """Return the sentence with which a miner cannot be added."""
        result = await self.submit(miner, password)
        assert result["type"] is FlowResultType.FORM, result
        assert result["errors"]
        (key,) = result["errors"].values()
        sentence: str = TEXTS["en"]["config"]["error"][key]
        return sentence

    async def add(self, miner: Described, *, writes: bool = True) -> Added:
        """Add a miner, with its password if it has one and `writes` is True."""
        result = await self.submit(miner, miner.password if writes else "")
        assert result["type"] is FlowResultType.CREATE_ENTRY, result
        assert result["result"].unique_id == miner.mac
        self.added.append(Added(self, miner, result["result"], [list(miner.asked)]))
        return self.added[-1]

    async def tick(self, seconds: float) -> None:
        """Let time pass, for the miners as well, and wait until what was due is done."""
        for added in self.added:
            added.miner.advance(seconds)
        await self.clock.tick(seconds)

    async def poll(self, times: int = 5) -> None:
        """Let some polls of all miners happen, each of which has to read its miner."""
        for _ in range(times):
            seen = [len(added.miner.asked) for added in self.added]
            await self.tick(POLL_INTERVAL.total_seconds())
            for added, before in zip(self.added, seen, strict=True):
                added.asked.append(added.miner.asked[before:])
                coordinator = added.entry.runtime_data.coordinator
                assert coordinator.last_update_success


@dataclass
class Added:
    """A miner that Home Assistant has added.

    Attributes:
        asked: the commands of adding and set-up, then those of each poll.
    """

    home: Home
    miner: Described
    entry: ConfigEntry
    asked: list[list[str]] = field(default_factory=list)

    async def poll(self, times: int = 5) -> Added:
        """Let some polls happen, also of the other miners."""
        await self.home.poll(times)
        return self

    @property
    def connections(self) -> list[int]:
        """The connections of each poll, without those of adding and set-up."""
        return [len(asked) for asked in self.asked[1:]]

    def _entity_id(self, name: str) -> str | None:
        platform, _, key = name.partition(".")
        unique_id = f"{self.entry.unique_id}_{key}"
        registry = er.async_get(self.home.hass)
        return registry.async_get_entity_id(platform, DOMAIN, unique_id)

    def has(self, name: str) -> bool:
        """Return whether there is an entity, by its platform and key: `sensor.power`."""
        return self._entity_id(name) is not None

    def state(self, name: str) -> State:
        """Return the state of an entity with its attributes."""
        entity_id = self._entity_id(name)
        assert entity_id, name
        state = self.home.hass.states.get(entity_id)
        assert state, name
        return state

    def shows(self, name: str) -> str:
        """Return the state of an entity."""
        return self.state(name).state

    def number(self, name: str) -> float:
        """Return the state of an entity as a number."""
        return float(self.shows(name))

    @property
    def faults(self) -> dict[str, dict[str, str | None]]:
        """The active faults by their codes."""
        listed = self.state("sensor.faults").attributes["faults"]
        return {fault["code"]: fault for fault in listed}

    async def act(self, action: str, name: str, **data: Any) -> None:
        """Call an action of an entity (`switch.turn_on`), and wait until it is done."""
        domain, _, service = action.partition(".")
        target = {ATTR_ENTITY_ID: self._entity_id(name)}
        await self.home.hass.services.async_call(
            domain, service, target | data, blocking=True
        )
        await self.home.hass.async_block_till_done(wait_background_tasks=True)

    @property
    def device(self) -> dr.DeviceEntry:
        """The device of the miner."""
        registry = dr.async_get(self.home.hass)
        device = registry.async_get_device_by_identifier(
            (DOMAIN, self.miner.mac), self.entry.entry_id
        )
        assert device
        return device

    @property
    def target(self) -> Target:
        """The target of actions: this miner."""
        return Target(self.home.hass, {"device_id": self.device.id})
