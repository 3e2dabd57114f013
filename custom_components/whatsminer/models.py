"""What an entry has while it is loaded."""

from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry

from .actions.hold import Hold
from .actions.identify import Identify
from .actions.preheat import Preheat
from .coordinator import WhatsminerCoordinator


@dataclass(frozen=True, slots=True)
class WhatsminerData:
    """The runtime data of one miner."""

    coordinator: WhatsminerCoordinator
    hold: Hold
    identify: Identify
    preheat: Preheat


type WhatsminerConfigEntry = ConfigEntry[WhatsminerData]
