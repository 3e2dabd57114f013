"""What an entry has while it is loaded."""

from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry

from .actions.identify import Identify
from .actions.preheat import Preheat
from .coordinator import WhatsminerCoordinator
from .miner.status import Status, status_of


@dataclass(frozen=True, slots=True)
class WhatsminerData:
    """The runtime data of one miner."""

    coordinator: WhatsminerCoordinator
    identify: Identify
    preheat: Preheat

    @property
    def status(self) -> Status | None:
        """What the miner does at the moment, None if that is not known."""
        miner = self.coordinator
        return status_of(miner.data, miner.settings, updating=miner.client.updating)


type WhatsminerConfigEntry = ConfigEntry[WhatsminerData]
