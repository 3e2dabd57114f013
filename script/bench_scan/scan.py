"""The integration's scan of one network, alone in its process."""

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
    assert network.is_loopback  # a bench has no business in any other
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
