"""The first, longer poll of each miner, of which only a few run at the same time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.util.hass_dict import HassKey

from ..api import Miner, Snapshot, TimedOutError
from ..const import DOMAIN

# At most so many miners are reached at once, because connections to hosts that do not answer
# fill the neighbour table of the system, and at most so many are polled at once.
_MOST_REACHED: Final = 64
_MOST_POLLED: Final = 8
# A miner keeps its place for so many seconds: a slow one does not keep the others waiting.
_SECONDS: Final = 0.5

# Home Assistant waits for a first poll when it starts. A slow miner takes ten seconds for each of
# six answers.
_LONGEST: Final = 60.0

type _Gate = HassKey[asyncio.Semaphore]
_REACHED: Final[_Gate] = HassKey(f"{DOMAIN}_first_reached")
_POLLED: Final[_Gate] = HassKey(f"{DOMAIN}_first_polled")


async def async_first_poll(hass: HomeAssistant, client: Miner) -> Snapshot:
    """Make the first poll of a miner. Only a few run at the same time.

    Raises:
        WhatsminerError: see `Miner.poll`.

    """
    async with _place(hass, _REACHED, _MOST_REACHED):
        await client.reach()
    try:
        async with _place(hass, _POLLED, _MOST_POLLED), asyncio.timeout(_LONGEST):
            return await client.poll()
    except TimeoutError as err:
        raise TimedOutError("too slow for a first poll", request_sent=True) from err


@asynccontextmanager
async def _place(hass: HomeAssistant, key: _Gate, most: int) -> AsyncIterator[None]:
    """Wait for one of `most` places, and release it at the end or after half a second."""
    gate = hass.data.setdefault(key, asyncio.Semaphore(most))
    await gate.acquire()
    with ExitStack() as place:
        place.callback(gate.release)
        timer = hass.loop.call_later(_SECONDS, place.close)
        place.callback(timer.cancel)
        yield
