"""All hostile devices in one process, which ends with the process that started it.

It runs until its standard input is closed. Each line of the input is an order, and the answer to
it is one line of JSON.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import IPv4Network
import json
import sys
from typing import Any

from demo_instance import DemoError
from demo_instance.child_module import run_module

from .catalogue import place
from .device import Device

TURN, COUNT = "turn", "count"


class Farm:
    """The process with the devices, seen from the one that started it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Talk to a process that has just been started."""
        self._process = process
        self._turn = asyncio.Lock()

    async def turn(self) -> None:
        """Make those devices hostile that have been plausible until now."""
        await self._order(TURN)

    async def counts(self) -> dict[str, dict[str, int]]:
        """Return how often each command reached each address."""
        counts: dict[str, dict[str, int]] = await self._order(COUNT)
        return counts

    async def receive(self) -> Any:
        """Return the next line of the process.

        Raises:
            DemoError: it has ended.
        """
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise DemoError("the hostile devices are gone, see above; is this Linux?")
        return json.loads(line)

    async def _order(self, order: str) -> Any:
        assert self._process.stdin is not None
        async with self._turn:
            self._process.stdin.write(f"{order}\n".encode())
            await self._process.stdin.drain()
            return await self.receive()


@asynccontextmanager
async def running(
    network: IPv4Network, *, short: bool, only: str
) -> AsyncIterator[Farm]:
    """Run devices for as long as the block lasts; the arguments are those of `place`."""
    arguments = (str(network), "short" if short else "long", only)
    async with run_module(f"{__package__}.farm", *arguments) as process:
        farm = Farm(process)
        await farm.receive()
        yield farm


async def _serve(network: str, form: str, only: str) -> None:
    """Run the devices and take orders until standard input is closed."""
    placed = place(IPv4Network(network), short=form == "short", only=only)
    async with AsyncExitStack() as stack:
        devices = [
            await stack.enter_async_context(Device(each.hostile, each.host, each.mac))
            for each in placed
        ]
        _say(len(devices))
        while order := (await asyncio.to_thread(sys.stdin.readline)).strip():
            if order == TURN:
                for device in devices:
                    device.turned = True
                _say(None)
            else:
                _say({device.host: device.asked for device in devices})


def _say(answer: object) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    try:
        asyncio.run(_serve(*sys.argv[1:]))
    except OSError as error:
        sys.exit(f"script/hostile: {error}")
