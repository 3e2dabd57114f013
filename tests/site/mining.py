"""Whether the miners of a site mine, and what has switched them."""

from typing import Any, Final

from custom_components.whatsminer.const import DOMAIN
from homeassistant.const import ATTR_DEVICE_ID
from tests import device_of
from tests.action_calls import Target
from tests.fleet import Owned
from tests.words import sent

from . import Site

POWER: Final = ("power_off", "power_on")


def switched(owned: Owned) -> list[str]:
    """Return how mining was switched at a miner."""
    return [command for command in sent(owned.miner) if command in POWER]


def is_mining(owned: Owned) -> bool:
    """Return whether mining is on at a miner."""
    return owned.miner.state.mining


def is_held(storage: dict[str, Any], owned: Owned) -> bool:
    """Return whether something keeps a miner off."""
    stored = storage.get(f"{DOMAIN}.{owned.entry.entry_id}", {"data": {}})
    return "hold" in stored["data"]


async def polled(site: Site, times: int = 2) -> None:
    """Let the miners be polled."""
    await site.fleet.clock.next_poll(times)
    await site.settle()


def target_of(site: Site) -> Target:
    """Return the site as the target of an action."""
    return Target(site.hass, {ATTR_DEVICE_ID: device_of(site.hass, site.entry).id})
