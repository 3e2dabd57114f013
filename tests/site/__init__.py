"""Tests of the folder `site`."""

from dataclasses import dataclass
from typing import Any

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.whatsminer.const import DOMAIN
from custom_components.whatsminer.entity import registered_entity_id
from custom_components.whatsminer.migration import VERSION
from custom_components.whatsminer.site.coordinator import SiteCoordinator
from homeassistant.core import HomeAssistant
from tests import act, shown
from tests.fleet import Fleet

ALL: dict[str, Any] = {"all_miners": True}


@dataclass(frozen=True)
class Site:
    """A site with its entry, whose title is the name of its entities."""

    fleet: Fleet
    entry: MockConfigEntry

    @property
    def hass(self) -> HomeAssistant:
        """Home Assistant."""
        return self.fleet.hass

    @property
    def coordinator(self) -> SiteCoordinator:
        """The coordinator of the site while it is loaded."""
        coordinator: SiteCoordinator = self.entry.runtime_data
        return coordinator

    async def settle(self) -> None:
        """Let the second pass that lies between two updates of a site."""
        await self.fleet.clock.tick(1.1)
        await self.fleet.clock.tick(1.1)

    def entity_id(self, platform: str, key: str) -> str:
        """Return the id of an entity."""
        owner = self.entry.entry_id
        entity_id = registered_entity_id(self.hass, platform, owner, key)
        assert entity_id is not None, key
        return entity_id

    def shown(self, key: str, platform: str = "sensor") -> str:
        """Return the state of an entity."""
        return shown(self.hass, self.entity_id(platform, key))

    def has(self, key: str) -> bool:
        """Return whether there is a sensor."""
        owner = self.entry.entry_id
        return registered_entity_id(self.hass, "sensor", owner, key) is not None

    def number(self, key: str) -> float:
        """Return the state of a sensor as a number."""
        return float(self.shown(key))

    def attributes(self, key: str, platform: str = "sensor") -> dict[str, Any]:
        """Return the attributes of an entity."""
        state = self.hass.states.get(self.entity_id(platform, key))
        assert state is not None
        return dict(state.attributes)

    def names(self, key: str) -> list[str]:
        """Return the miners that a sensor counts."""
        names: list[str] = self.attributes(key)["names"]
        assert self.shown(key) == str(len(names))
        return names

    @property
    def is_on(self) -> bool:
        """Whether the switch is on."""
        return self.shown("mining", "switch") == "on"

    async def turn_off(self) -> None:
        """Hold all miners off."""
        await act(self.hass, "switch.turn_off", self.entity_id("switch", "mining"))

    async def turn_on(self) -> None:
        """Release all miners."""
        await act(self.hass, "switch.turn_on", self.entity_id("switch", "mining"))


def site_entry(name: str, options: dict[str, Any]) -> MockConfigEntry:
    """Return the entry of a site."""
    return MockConfigEntry(
        domain=DOMAIN,
        title=name,
        data={"kind": "site"},
        options=options,
        unique_id=None,
        version=VERSION,
    )


async def add_site(fleet: Fleet, name: str = "Shed", **options: Any) -> Site:
    """Set up a site; without options it has all miners."""
    entry = site_entry(name, options or ALL)
    entry.add_to_hass(fleet.hass)
    assert await fleet.hass.config_entries.async_setup(entry.entry_id)
    await fleet.settle()
    return Site(fleet, entry)
