"""Waiting for a condition."""

import asyncio
from collections.abc import Awaitable, Callable

from . import DemoError

_SECONDS = 15.0  # more than the time that a poll waits for the one before


async def until(
    done: Callable[[], bool | Awaitable[bool]], what: str, *, seconds: float = _SECONDS
) -> None:
    """Wait until something is so.

    Args:
        done: whether it is so.
        what: the same in words.
        seconds: how long to wait.

    Raises:
        DemoError: it did not come to that in time.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while True:
        answer = done()
        if answer if isinstance(answer, bool) else await answer:
            return
        if loop.time() > end:
            raise DemoError(f"it did not come to this: {what}")
        await asyncio.sleep(0.05)
