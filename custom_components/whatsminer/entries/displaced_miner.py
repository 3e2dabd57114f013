"""Searches for a miner at whose address another miner answers."""

import time
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..api import Miner
from ..const import CHANGE_INTERVAL
from .relocation import async_find_displaced_miner

# At most so many other miners in the place of one are followed up in an hour.
_MOST_OTHERS: Final = 8


class DisplacedMiner:
    """Starts the search for one miner, once an hour for each miner in its place."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, client: Miner) -> None:
        """Prepare; nothing is sent."""
        self._hass = hass
        self._entry = entry
        self._client = client
        # When a search began because of each other miner, by MAC address.
        self._others: dict[str, float] = {}

    @callback
    def async_seek(self, other: str) -> None:
        """Search in the background: the miner with another MAC address is at the address."""
        now = time.monotonic()
        self._others = {
            mac: since
            for mac, since in self._others.items()
            if now - since < CHANGE_INTERVAL
        }
        if other in self._others or len(self._others) >= _MOST_OTHERS:
            return
        self._others[other] = now
        self._hass.async_create_background_task(
            async_find_displaced_miner(
                self._hass, self._entry, self._client.address, other
            ),
            f"{self._entry.title} met another miner",
            eager_start=False,  # when this poll, or command, has failed
        )
