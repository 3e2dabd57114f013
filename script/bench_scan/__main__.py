"""Scan a network full of miners and an empty one of the same size; measure a site of as many."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Network
import sys

from bench_site.bench import measure_site
from demo_instance import DemoError
from demo_instance.child_module import printed, run_module
from demo_instance.program import run_program, until_stopped

from . import MINERS, ONE_PORT, Farm, Result

_MOST_FOR_BOTH_PORTS = 1.3


def main() -> int:
    """Run the bench; return the exit code."""
    parser = argparse.ArgumentParser(prog="script/bench")
    parser.add_argument("--short", action="store_true")
    return run_program("script/bench", _run(short=parser.parse_args().short))


async def _run(*, short: bool) -> int:
    return 0 if await until_stopped(lambda: _measure(short=short)) else 130


async def _measure(*, short: bool) -> None:
    await measure_site()
    if short:
        await _measure_empty()
        return
    async with _farm(MINERS) as farm:
        full = await _scan(farm)
    report(farm, full, await _measure_empty())


async def _measure_empty() -> Result:
    """Return the scan of an empty network; compare it with that of one port."""
    async with _farm(0) as silent:
        one_port = await _scan(silent, ONE_PORT)
        empty = await _scan(silent)
    report_empty(one_port, empty)
    return empty


def report_empty(one_port: Result, empty: Result) -> None:
    """Print how long a network takes in which nothing answers.

    Args:
        one_port: the scan of it that tries port 4028 alone.
        empty: the scan of it that tries both ports.

    Raises:
        DemoError: a miner was found, or the second port takes too long.
    """
    if found := empty.miners | one_port.miners:
        raise DemoError(f"found miners in an empty network: {', '.join(found)}")
    ratio = empty.seconds / one_port.seconds
    print(
        f"silence  {empty.seconds:.2f} s for both ports, {ratio:.2f} times the"
        f" {one_port.seconds:.2f} s for port 4028"
    )
    if ratio > _MOST_FOR_BOTH_PORTS:
        raise DemoError(
            f"a scan of both ports takes more than {_MOST_FOR_BOTH_PORTS} times as long"
        )


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
        farm = Farm(**await printed(process, "the network"))
        silent = len(list(IPv4Network(farm.network).hosts())) - miners
        print(
            f"==> Scanning {farm.network}: {miners} miners, {silent} silent addresses",
            file=sys.stderr,
        )
        yield farm


async def _scan(farm: Farm, *how: str) -> Result:
    async with run_module(f"{__package__}.scan", farm.network, *how) as process:
        return Result(**await printed(process, "the scan"))


if __name__ == "__main__":
    sys.exit(main())
