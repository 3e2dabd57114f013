"""Lets one miner of a group fail without the others."""

from collections.abc import Awaitable
import logging

_LOGGER = logging.getLogger(__name__)


async def async_isolated[T](work: Awaitable[T], name: str) -> T | None:
    """Return what comes of the work for one of several miners, None after an unexpected error.

    The error is logged with `name`. A cancellation is passed on.
    """
    try:
        return await work
    except Exception:
        _LOGGER.exception("Unexpected error at %s; the others are not affected", name)
        return None
