"""Scan a network full of miners and one in which nobody is, and compare."""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Network
import json
import signal
import sys
from typing import Any

from demo_instance.child_module import run_module

from . import MINERS, BenchError, Farm, Result


def main() -> int:
    """Run the bench; return the exit code."""
    argparse.ArgumentParser(
        prog="script/bench",
        description=f"Measure a scan of a network of {MINERS} simulated miners.",
    ).parse_args()
    try:
        return asyncio.run(_run())
    except BenchError as error:
        print(f"script/bench: {error}", file=sys.stderr)
        return 1
    except asyncio.CancelledError:
        return 130


async def _run() -> int:
    """Measure both networks, unless Ctrl-C or a signal stops it."""
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    async with _farm(MINERS) as farm:
        full = await _scan(farm)
    async with _farm(0) as nobody:
        empty = await _scan(nobody)
    if empty.miners:
        raise BenchError(f"there are miners where nobody is: {', '.join(empty.miners)}")
    return report(farm, full, empty)


def report(farm: Farm, full: Result, empty: Result) -> int:
    """Print what was measured; return the exit code.

    Args:
        farm: the network with the miners.
        full: the scan of it.
        empty: the scan of an equally large one in which nobody answers.
    """
    found = farm.miners.items() & full.miners.items()
    ratio = full.seconds / empty.seconds
    print(f"found    {len(found)} of {len(farm.miners)} miners")
    print(
        f"time     {full.seconds:.2f} s, {ratio:.2f} times the"
        f" {empty.seconds:.2f} s where nobody answers"
    )
    print(
        f"memory   {full.peak:.1f} MB at its peak,"
        f" {full.peak - full.before:.1f} MB more than before the scan"
    )
    if missing := farm.miners.items() - found:
        hosts = ", ".join(sorted(host for host, _ in missing))
        print(f"script/bench: not found: {hosts}", file=sys.stderr)
        return 1
    return 0


@asynccontextmanager
async def _farm(miners: int) -> AsyncIterator[Farm]:
    """Run a network of so many miners for as long as the block lasts."""
    async with run_module(f"{__package__}.farm", str(miners)) as process:
        farm = Farm(**await _told(process, "the network"))
        silent = len(list(IPv4Network(farm.network).hosts())) - miners
        print(
            f"==> Scanning {farm.network}: {miners} miners, {silent} silent addresses",
            file=sys.stderr,
        )
        yield farm


async def _scan(farm: Farm) -> Result:
    async with run_module(f"{__package__}.scan", farm.network) as process:
        return Result(**await _told(process, "the scan"))


async def _told(process: asyncio.subprocess.Process, who: str) -> dict[str, Any]:
    """Return the one object that a process prints."""
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise BenchError(f"{who} failed, see above")
    told: dict[str, Any] = json.loads(line)
    return told


if __name__ == "__main__":
    sys.exit(main())
