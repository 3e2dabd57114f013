"""What is kept of a miner over restarts of Home Assistant, beside its config entry."""

from typing import Final, TypedDict

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from .const import DOMAIN
from .settings import Remembered

_VERSION: Final = 1


class Memory(TypedDict, total=False):
    """The stored data of one miner."""

    settings: dict[str, Remembered]
    firmware: str | None
    reports: list[str]
    """What this firmware was seen to report (see `Capabilities`)."""
    boards: list[str]
    """The serial numbers of its hashboards, by which it is known with a new control board."""
    efficiency: float
    """J/TH, about as it was last while mining was stable."""
    faults: list[str]
    """The codes of the faults that were active last."""
    password: str
    """A new password that the miner was told; it may have taken it or not."""
    host: str
    """A new address that the miner was told to take."""


def memory_store(hass: HomeAssistant, entry: ConfigEntry) -> Store[Memory]:
    """Return where it is kept."""
    return Store(hass, _VERSION, f"{DOMAIN}.{entry.entry_id}", private=True)
