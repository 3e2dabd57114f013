"""A scan of one network by the integration, in a process of its own."""

import asyncio
from dataclasses import asdict
from ipaddress import IPv4Network
import json
import resource
import sys
import time

from custom_components.whatsminer.entries.scan import async_scan

from . import Result


async def measure(network: IPv4Network) -> Result:
    """Scan a network."""
    assert network.is_loopback  # never scan a real network
    before = _most_memory()
    begin = time.monotonic()
    scan = await async_scan([network])
    seconds = time.monotonic() - begin
    miners = {found.host: found.mac for found in scan.miners}
    return Result(miners, seconds, before, _most_memory())


def _most_memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(measure(IPv4Network(sys.argv[1]))))))
