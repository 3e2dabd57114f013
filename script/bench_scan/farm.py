"""A network of simulated miners, which ends with the bench that started it.

It runs until its standard input is closed, to which the bench never writes.
"""

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack, ExitStack
from dataclasses import asdict
from ipaddress import IPv4Address
from itertools import cycle, product
import json
import select
import socket
import sys
import time

from demo_instance import DemoError
from demo_instance.loopback import pick_network
from simulator import SimulatedMiner

from . import Farm

_PORT = 4028
_V3_PORT = 4433
# Generation, model, and whether the port of V2 is open.
_KINDS = (
    ("v1", "M20S", True),
    ("v2", "M30S+", True),
    ("compat", "M60S", True),
    ("v3", "M63", True),
    ("v3", "M66", False),
)
_MILLISECONDS_OF_SILENCE = 500


async def serve(miners: int) -> None:
    """Run miners in a /24, whose other addresses are silent, until the bench ends."""
    network = pick_network()
    hosts = list(network.hosts())
    async with AsyncExitStack() as stack:
        started = [
            await stack.enter_async_context(
                SimulatedMiner(
                    generation=generation,
                    model=model,
                    host=str(host),
                    port=_PORT,
                    v3_port=_V3_PORT,
                    v2_open=v2_open,
                    seed=host,
                    speed=1,
                    start=time.time(),
                )
            )
            for host, (generation, model, v2_open) in zip(hosts[:miners], cycle(_KINDS))
        ]
        silence(stack.enter_context(ExitStack()), hosts[miners:])
        farm = Farm(str(network), {miner.host: miner.mac.lower() for miner in started})
        print(json.dumps(asdict(farm)), flush=True)
        await asyncio.to_thread(sys.stdin.read)


def silence(stack: ExitStack, hosts: Iterable[IPv4Address]) -> None:
    """Make addresses silent: on no port of miners is a connection accepted or refused.

    A closed port would refuse at once, as the address is one of this machine. So each
    address has a listener that never accepts. Its queue has room for one connection, and
    Linux drops all further attempts.

    Raises:
        DemoError: an address answers all the same.
    """
    callers = select.poll()
    for host, port in product(hosts, (_PORT, _V3_PORT)):
        address = str(host), port
        stack.enter_context(socket.create_server(address, backlog=0))
        stack.enter_context(socket.create_connection(address))
        caller = stack.enter_context(socket.socket())
        caller.setblocking(False)
        caller.connect_ex(address)
        callers.register(caller, select.POLLOUT)
    if answered := callers.poll(_MILLISECONDS_OF_SILENCE):
        raise DemoError(f"{len(answered)} addresses are not silent; is this Linux?")


if __name__ == "__main__":
    try:
        asyncio.run(serve(int(sys.argv[1])))
    except (DemoError, OSError) as error:
        sys.exit(f"script/bench: {error}")
