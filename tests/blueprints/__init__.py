"""Blueprints in a real Home Assistant, with simulated miners and simulated time."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
import shutil
from typing import Any, Final

from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
)

from homeassistant.components.automation.const import DOMAIN as AUTOMATION
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from homeassistant.setup import async_setup_component
from tests.fleet import Fleet, Owned

BLUEPRINTS: Final = Path(__file__).parents[2] / "blueprints" / "automation"
FOLDER: Final = "whatsminer"
# A miner that looks after its access, which changes nothing.
_ACCESS_CHECK: Final = {"cmd": "set_led", "param": "auto"}


@dataclass(frozen=True)
class Home:
    """Miners in Home Assistant, and what automations do to them."""

    fleet: Fleet

    @property
    def hass(self) -> HomeAssistant:
        """Where the automations run."""
        return self.fleet.hass

    async def automate(self, blueprint: str, **inputs: Any) -> None:
        """Make an automation of a blueprint, as the user interface does."""
        await self.automate_each(blueprint, {blueprint: inputs})

    async def automate_each(
        self, blueprint: str, inputs: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Make automations of one blueprint: for each name, one with these inputs."""
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

    @asynccontextmanager
    async def restarted(
        self, *owned: Owned
    ) -> AsyncGenerator[tuple[Home, tuple[Owned, ...]]]:
        """Go on in another Home Assistant, which is starting.

        Miners are set up there, under the same entity ids. It knows nothing but what is stored:
        nothing of automations or of other entities. `started` ends the start.
        """
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
            home = Home(fleet)
            yield home, again
            await home.close()
            for each in again:
                await hass.config_entries.async_unload(each.entry.entry_id)
            await hass.async_stop(force=True)

    async def started(self) -> None:
        """Let the start of Home Assistant come to its end."""
        self.hass.set_state(CoreState.running)
        self.hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
        await self.fleet.settle()

    async def close(self) -> None:
        """End all automations, which would go on with what they wait for."""
        if AUTOMATION in self.hass.config.components:
            await self.hass.services.async_call(
                AUTOMATION, "turn_off", {"entity_id": "all"}, blocking=True
            )

    async def set(self, entity_id: str, state: object, **attributes: Any) -> None:
        """Give an entity that is none of ours another state."""
        self.hass.states.async_set(entity_id, str(state), attributes)
        await self.fleet.settle()

    async def wait(self, minutes: float) -> None:
        """Let time pass, with what is due in it.

        Between the first half minute and the last it goes by minutes, so that polls are in
        the middle of one, as they are at some time other than automations in life.
        """
        halves = round(minutes * 2)
        whole = max(0, halves // 2 - 1)
        half = [30] * (halves - 2 * whole)
        for seconds in [*half[:1], *[60] * whole, *half[1:]]:
            await self.fleet.clock.tick(seconds)


def _same_entry(entry: MockConfigEntry) -> MockConfigEntry:
    """Return an entry as another run of Home Assistant reads it from its storage."""
    return MockConfigEntry(
        domain=entry.domain,
        entry_id=entry.entry_id,
        version=entry.version,
        title=entry.title,
        unique_id=entry.unique_id,
        data=dict(entry.data),
        options=dict(entry.options),
    )


def told(owned: Owned) -> list[str]:
    """Return what a miner was told since this was asked last, in short."""
    writes = [write for write in owned.miner.writes if write != _ACCESS_CHECK]
    owned.miner.writes.clear()
    return [f"{write['cmd']} {write.get('percent', '')}".rstrip() for write in writes]


def target(*miners: Owned) -> dict[str, list[str]]:
    """Return the target of an action."""
    return {"device_id": [owned.coordinator.device_id for owned in miners]}
