"""The first, longer poll of each miner, at the start of Home Assistant of many at once."""

import asyncio
from contextlib import ExitStack
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from .api import Miner, Snapshot
from .const import DOMAIN

# So many miners are polled for the first time at once, and each of them counts for so many
# seconds: a slow one does not keep the others waiting.
_AT_ONCE: Final = 8
_SECONDS: Final = 0.5
_GATE: Final[HassKey[asyncio.Semaphore]] = HassKey(f"{DOMAIN}_first_polls")


async def async_first_poll(hass: HomeAssistant, miner: Miner) -> Snapshot:
    """Poll a miner when it is its turn, for which one that does not answer does not wait.

    Raises:
        WhatsminerError: see `Miner.poll`.

    """
    await miner.reach()
    gate = hass.data.setdefault(_GATE, asyncio.Semaphore(_AT_ONCE))
    await gate.acquire()
    with ExitStack() as place:
        place.callback(gate.release)
        timer = hass.loop.call_later(_SECONDS, place.close)
        place.callback(timer.cancel)
        return await miner.poll()
