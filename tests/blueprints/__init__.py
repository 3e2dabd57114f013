"""The blueprints in a real Home Assistant, with simulated miners and simulated time."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
import shutil
from typing import Any, Final

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
)

from custom_components.whatsminer.const import DOMAIN
from homeassistant.components.automation.const import DOMAIN as AUTOMATION
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import (
    CoreState,
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from homeassistant.setup import async_setup_component
from tests import act
from tests.fleet import Fleet, Owned
from tests.words import forget, sent, speaks_v3

BLUEPRINTS: Final = Path(__file__).parents[2] / "blueprints" / "automation"
FOLDER: Final = "whatsminer"
# The check of the write access, which changes nothing.
_ACCESS_CHECK: Final = {"cmd": "set_led", "param": "auto"}

# The miner in the garage by its protocol, see `garage` in `conftest`.
either_protocol = pytest.mark.parametrize("garage", ["v2", "v3"], indirect=True)


@dataclass(frozen=True)
class EmptyHome:
    """Home Assistant, to which miners are added, and what automations do to them."""

    fleet: Fleet

    @property
    def hass(self) -> HomeAssistant:
        """The Home Assistant in which the automations run."""
        return self.fleet.hass

    async def automate(self, blueprint: str, **inputs: Any) -> None:
        """Make an automation of a blueprint, as the user interface does."""
        await self.automate_each(blueprint, {blueprint: inputs})

    async def automate_each(
        self, blueprint: str, inputs: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Make automations of one blueprint, each with its name and inputs."""
        home = Path(self.hass.config.path("blueprints", "automation", FOLDER))
        home.mkdir(parents=True, exist_ok=True)
        shutil.copy(BLUEPRINTS / FOLDER / f"{blueprint}.yaml", home)
        path = f"{FOLDER}/{blueprint}.yaml"
        configs = [
            {"id": name, "alias": name, "use_blueprint": {"path": path, "input": each}}
            for name, each in inputs.items()
        ]
        assert await async_setup_component(self.hass, "switch", {})
        assert await async_setup_component(self.hass, AUTOMATION, {AUTOMATION: configs})
        for name in inputs:
            state = self.hass.states.get(f"automation.{name}")
            assert state
            assert state.state == "on", "the automation is not valid: see the log"
        await self.fleet.settle()

    async def started(self) -> None:
        """Let the start of Home Assistant end."""
        self.hass.set_state(CoreState.running)
        self.hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
        await self.fleet.settle()

    async def close(self) -> None:
        """End all automations, which would go on after a wait."""
        if AUTOMATION in self.hass.config.components:
            await self.hass.services.async_call(
                AUTOMATION, "turn_off", {"entity_id": "all"}, blocking=True
            )

    async def set(self, entity_id: str, state: object, **attributes: Any) -> None:
        """Set the state of an entity that is not of this integration."""
        self.hass.states.async_set(entity_id, str(state), attributes)
        await self.fleet.settle()

    async def wait(self, minutes: float) -> None:
        """Let time pass, with everything that is due in it.

        Except in the first and the last half minute, time passes in steps of a minute, so that
        polls are in the middle of one, and not at the same time as automations.
        """
        halves = round(minutes * 2)
        whole = max(0, halves // 2 - 1)
        half = [30] * (halves - 2 * whole)
        for seconds in [*half[:1], *[60] * whole, *half[1:]]:
            await self.fleet.clock.tick(seconds)

    async def make_switches(self, *names: str) -> None:
        """Make helpers that an owner switches by hand."""
        helpers: dict[str, dict[str, str]] = {name: {} for name in names}
        assert await async_setup_component(
            self.hass, "input_boolean", {"input_boolean": helpers}
        )

    async def switch(self, entity_id: str, state: str) -> None:
        """Switch something on or off, as a person does."""
        await act(self.hass, f"{entity_id.partition('.')[0]}.turn_{state}", entity_id)
        await self.fleet.settle()


@dataclass(frozen=True)
class Home(EmptyHome):
    """A home with a miner in the garage."""

    garage: Owned

    @asynccontextmanager
    async def restarted(
        self, *others: Owned
    ) -> AsyncGenerator[tuple[Home, tuple[Owned, ...]]]:
        """Go on in another Home Assistant, which is starting.

        The garage's and other miners are set up there, under the same entity ids. It has what
        is stored, and neither automations nor other entities. `started` ends the start.
        """
        owned = (self.garage, *others)
        await self.close()
        for each in owned:
            await self.hass.config_entries.async_unload(each.entry.entry_id)
        async with async_test_home_assistant(
            config_dir=self.hass.config.config_dir, initial_state=CoreState.starting
        ) as hass:
            hass.data.pop(DATA_CUSTOM_COMPONENTS)
            fleet = copy(self.fleet)
            fleet.hass, fleet.clock = hass, replace(self.fleet.clock, hass=hass)
            again = tuple(
                Owned(hass, each.miner, _same_entry(each.entry)) for each in owned
            )
            for each in again:
                each.entry.add_to_hass(hass)
            await fleet.set_up(*again)
            home = Home(fleet, again[0])
            yield home, again[1:]
            await home.close()
            for each in again:
                await hass.config_entries.async_unload(each.entry.entry_id)
            await hass.async_stop(force=True)

    async def commands_after(
        self, minutes: float, owned: Owned | None = None
    ) -> list[str]:
        """Let time pass; return the commands that a miner has received since they were last taken."""
        await self.wait(minutes)
        return take_commands(owned or self.garage)

    async def hold_off(self) -> None:
        """Hold the miner in the garage off."""
        await self.garage.call("hold")

    async def release(self) -> None:
        """Release the miner in the garage."""
        await self.garage.call("release")

    def take_commands(self) -> list[str]:
        """Return the commands that the garage's miner has received since they were last taken."""
        return take_commands(self.garage)


def _same_entry(entry: MockConfigEntry) -> MockConfigEntry:
    """Return the entry as the next run of Home Assistant reads it from its storage."""
    return MockConfigEntry(
        domain=entry.domain,
        entry_id=entry.entry_id,
        version=entry.version,
        title=entry.title,
        unique_id=entry.unique_id,
        data=dict(entry.data),
        options=dict(entry.options),
    )


def take_commands(owned: Owned) -> list[str]:
    """Return the commands that a miner has received since they were last taken, in short."""
    if speaks_v3(owned.miner):
        names = [name for name in sent(owned.miner) if name != "set.system.led auto"]
        forget(owned.miner)
        return names
    writes = [write for write in owned.miner.writes if write != _ACCESS_CHECK]
    owned.miner.writes.clear()
    return [f"{write['cmd']} {write.get('percent', '')}".rstrip() for write in writes]


def use_earlier_get_state(hass: HomeAssistant) -> None:
    """Let `get_state` be that of the first version, which has fewer fields and takes no data."""
    service = hass.services.async_services_for_domain(DOMAIN)["get_state"]
    present: Any = service.job.target

    async def get_state(call: ServiceCall) -> ServiceResponse:
        data = {**call.data, "conditions": {}, "include_offline": False}
        data["include_sites"] = False
        now = ServiceCall(hass, DOMAIN, call.service, data, call.context, True)
        answer: dict[str, Any] = await present(now)
        for state in answer.values():
            del state["switched_at"], state["conditions_since"], state["outage"]
        return answer

    hass.services.async_register(
        DOMAIN,
        "get_state",
        get_state,
        cv.make_entity_service_schema({}),
        SupportsResponse.ONLY,
    )


def target(*miners: Owned) -> dict[str, list[str]]:
    """Return the target of an action."""
    return {"device_id": [owned.coordinator.device_id for owned in miners]}
