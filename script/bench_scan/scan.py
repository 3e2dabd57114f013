"""A scan of one network by the integration, in a process of its own."""

import asyncio
from dataclasses import asdict
from ipaddress import IPv4Network
import json
import resource
import sys
import time

from custom_components.whatsminer.api import V3_PORT, is_listening
from custom_components.whatsminer.entries import scan as scanning
from custom_components.whatsminer.entries.scan import async_scan

from . import ONE_PORT, Result


async def measure(network: IPv4Network) -> Result:
    """Scan a network."""
    assert network.is_loopback  # never scan a real network
    before = _most_memory()
    begin = time.monotonic()
    scan = await async_scan([network])
    seconds = time.monotonic() - begin
    miners = {found.host: found.mac for found in scan.miners}
    return Result(miners, seconds, before, _most_memory())


def ask_one_port() -> None:
    """Leave out the port of V3, as scans did before there was V3."""

    async def without_v3(host: str, port: int, *, timeout: float) -> bool:
        return port != V3_PORT and await is_listening(host, port, timeout=timeout)

    vars(scanning)["is_listening"] = without_v3


def _most_memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    if ONE_PORT in sys.argv:
        ask_one_port()
    print(json.dumps(asdict(asyncio.run(measure(IPv4Network(sys.argv[1]))))))
