"""Modules of the scripts that run in a process of their own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
import json
import sys
from typing import Any

from . import DemoError

_LONGEST_LINE = 1024 * 1024


@asynccontextmanager
async def run_module(
    module: str, *arguments: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a module that reads standard input; it ends with the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", module, *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LONGEST_LINE,
        # Ctrl-C in the terminal reaches this process only, which stops the other.
        start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()  # it has nothing to tidy up
        await process.wait()


async def printed(process: asyncio.subprocess.Process, what: str) -> dict[str, Any]:
    """Return the one JSON object that a process prints.

    Raises:
        DemoError: it ended without one; the text says that `what` failed.
    """
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise DemoError(f"{what} failed, see above")
    result: dict[str, Any] = json.loads(line)
    return result
