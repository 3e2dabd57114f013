"""Work for several miners: one that fails does not affect the others."""

from collections.abc import Awaitable, Iterable
import logging

from homeassistant.util.async_ import gather_with_limited_concurrency

_LOGGER = logging.getLogger(__name__)


async def async_isolated[T](work: Awaitable[T], name: str) -> T | None:
    """Return the result of the work for one of several miners, None after an unexpected error.

    The error is logged with `name`. A cancellation is passed on.
    """
    try:
        return await work
    except Exception:
        _LOGGER.exception("Unexpected error at %s; the others are not affected", name)
        return None


async def async_gather_isolated[T](
    limit: int, works: Iterable[tuple[str, Awaitable[T]]]
) -> list[T | None]:
    """Return the results of named works, of which at most `limit` are under way at once."""
    results: list[T | None] = await gather_with_limited_concurrency(
        limit, *(async_isolated(work, name) for name, work in works)
    )
    return results
