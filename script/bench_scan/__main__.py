"""Scan a network full of miners and an empty one of the same size, and compare."""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Network
import json
import sys
from typing import Any

from demo_instance import DemoError
from demo_instance.child_module import run_module
from demo_instance.program import run_program, until_stopped

from . import MINERS, Farm, Result


def main() -> int:
    """Run the bench; return the exit code."""
    argparse.ArgumentParser(
        prog="script/bench",
        description=f"Measure a scan of a network of {MINERS} simulated miners.",
    ).parse_args()
    return run_program("script/bench", _run())


async def _run() -> int:
    return 0 if await until_stopped(_measure) else 130


async def _measure() -> None:
    async with _farm(MINERS) as farm:
        full = await _scan(farm)
    async with _farm(0) as silent:
        empty = await _scan(silent)
    if empty.miners:
        raise DemoError(f"miners in an empty network: {', '.join(empty.miners)}")
    report(farm, full, empty)


def report(farm: Farm, full: Result, empty: Result) -> None:
    """Print what was measured.

    Args:
        farm: the network with the miners.
        full: the scan of it.
        empty: the scan of an equally large network in which nothing answers.

    Raises:
        DemoError: the scan has not found all miners.
    """
    found = farm.miners.items() & full.miners.items()
    ratio = full.seconds / empty.seconds
    print(f"found    {len(found)} of {len(farm.miners)} miners")
    print(
        f"time     {full.seconds:.2f} s, {ratio:.2f} times the"
        f" {empty.seconds:.2f} s of an empty network"
    )
    print(
        f"memory   {full.peak:.1f} MB at its peak,"
        f" {full.peak - full.before:.1f} MB more than before the scan"
    )
    if missing := farm.miners.items() - found:
        raise DemoError(f"not found: {', '.join(sorted(host for host, _ in missing))}")


@asynccontextmanager
async def _farm(miners: int) -> AsyncIterator[Farm]:
    """Run a network of so many miners for as long as the block lasts."""
    async with run_module(f"{__package__}.farm", str(miners)) as process:
        farm = Farm(**await _printed(process, "the network"))
        silent = len(list(IPv4Network(farm.network).hosts())) - miners
        print(
            f"==> Scanning {farm.network}: {miners} miners, {silent} silent addresses",
            file=sys.stderr,
        )
        yield farm


async def _scan(farm: Farm) -> Result:
    async with run_module(f"{__package__}.scan", farm.network) as process:
        return Result(**await _printed(process, "the scan"))


async def _printed(process: asyncio.subprocess.Process, what: str) -> dict[str, Any]:
    """Return the one JSON object that a process prints."""
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise DemoError(f"{what} failed, see above")
    printed: dict[str, Any] = json.loads(line)
    return printed


if __name__ == "__main__":
    sys.exit(main())
