"""All hostile devices in a process of their own, tied to the life of the one that started it.

That one holds the other end of our standard input. A line on it is an order; each is answered
with one line of JSON.
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
    """The process, as the one that started it sees it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Take over a process that has just been started."""
        self._process = process
        self._turn = asyncio.Lock()

    async def turn(self) -> None:
        """Let those be hostile from now on that were waiting for it."""
        await self._order(TURN)

    async def counts(self) -> dict[str, dict[str, int]]:
        """Return how often each address was asked each command."""
        counts: dict[str, dict[str, int]] = await self._order(COUNT)
        return counts

    async def told(self) -> Any:
        """Return the next line that it says.

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
            return await self.told()


@asynccontextmanager
async def running(
    network: IPv4Network, *, short: bool, only: str
) -> AsyncIterator[Farm]:
    """Run those that take part for as long as the block lasts; see `catalogue.place`."""
    arguments = (str(network), "short" if short else "long", only)
    async with run_module(f"{__package__}.farm", *arguments) as process:
        farm = Farm(process)
        await farm.told()
        yield farm


async def _serve(network: str, form: str, only: str) -> None:
    """Run the devices, and take orders, until the other end is closed."""
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
