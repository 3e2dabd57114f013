"""Jobs for several miners: one that fails does not affect the others."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
import logging

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from ..exceptions import about, async_raise_failures

_LOGGER = logging.getLogger(__name__)


async def async_isolated[T](job: Awaitable[T], name: str) -> T | None:
    """Return the result of the job for one of several miners, None after an unexpected error.

    The error is logged with `name`. A cancellation is passed on.
    """
    try:
        return await job
    except Exception:
        _LOGGER.exception("Unexpected error at %s; the others are not affected", name)
        return None


async def async_for_each[ItemT, T](
    items: Sequence[ItemT],
    job: Callable[[ItemT], Awaitable[T]],
    *,
    name: Callable[[ItemT], str],
    limit: int,
    progress: Callable[[float], None] = lambda _: None,
) -> list[T | None]:
    """Return the results of a job for each item, of which at most `limit` are under way at once.

    A job that fails does not affect the others: its result is None, and its error is logged with
    the `name` of its item. `progress` is called with the share that is done (0 to 1). After a
    cancellation, all jobs have ended, and the remaining ones have not begun.
    """
    gate = asyncio.Semaphore(limit)
    done = 0

    async def run(item: ItemT) -> T | None:
        nonlocal done
        async with gate:
            result = await async_isolated(job(item), name(item))
        done += 1
        progress(done / len(items))
        return result

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run(item)) for item in items]
    return [task.result() for task in tasks]


async def async_for_all[T](
    hass: HomeAssistant,
    entries: Iterable[ConfigEntry],
    job: Callable[[ConfigEntry], Awaitable[T]],
    *,
    what: str,
) -> list[T]:
    """Return the results of a job for each entry, which are all done at once.

    An unexpected error is logged with the name of the entry and `what` was done.

    Raises:
        HomeAssistantError: translated; it names all that failed. The others are done.

    """

    async def run(entry: ConfigEntry) -> T:
        try:
            return await job(entry)
        except HomeAssistantError:
            raise
        except Exception as err:
            _LOGGER.exception("%s: unexpected error in %s", entry.title, what)
            raise HomeAssistantError(**about(entry, "unexpected")) from err

    results = await asyncio.gather(*map(run, entries), return_exceptions=True)
    failures = [item for item in results if isinstance(item, BaseException)]
    await async_raise_failures(hass, failures)
    return [item for item in results if not isinstance(item, BaseException)]
