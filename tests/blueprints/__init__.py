"""Blueprints in a real Home Assistant, with simulated miners and simulated time."""

from dataclasses import dataclass
from pathlib import Path
import shutil
from typing import Any, Final

from homeassistant.components.automation.const import DOMAIN as AUTOMATION
from homeassistant.core import HomeAssistant
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
        home = Path(self.hass.config.path("blueprints", "automation", FOLDER))
        home.mkdir(parents=True, exist_ok=True)
        shutil.copy(BLUEPRINTS / FOLDER / f"{blueprint}.yaml", home)
        path = f"{FOLDER}/{blueprint}.yaml"
        config = {
            "id": blueprint,
            "alias": blueprint,
            "use_blueprint": {"path": path, "input": inputs},
        }
        assert await async_setup_component(self.hass, "switch", {})
        assert await async_setup_component(
            self.hass, AUTOMATION, {AUTOMATION: [config]}
        )
        state = self.hass.states.get(f"automation.{blueprint}")
        assert state
        assert state.state == "on", "the automation is not valid: see the log"
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
        """Let time pass, with everything that is due in it, half a minute at a time."""
        for _ in range(round(minutes * 2)):
            await self.fleet.clock.tick(30)


def told(owned: Owned) -> list[str]:
    """Return what a miner was told since this was asked last, in short."""
    writes = [write for write in owned.miner.writes if write != _ACCESS_CHECK]
    owned.miner.writes.clear()
    return [f"{write['cmd']} {write.get('percent', '')}".rstrip() for write in writes]


def target(*miners: Owned) -> dict[str, list[str]]:
    """Return the target of an action."""
    return {"device_id": [owned.coordinator.device_id for owned in miners]}
