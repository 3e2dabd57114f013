"""How many connections a poll takes with one miner of each kind, and with three that are well."""

from contextlib import AsyncExitStack
import sys
from typing import Final

from . import cases
from .home import Home

POLLS: Final = 12
# Half of these are read singly in each poll. All others take three connections.
FOUR: Final = {"no joined reads", "pools always cut"}


async def test_a_poll_takes_few_connections_whatever_a_miner_answers(
    home: Home,
) -> None:
    """The first polls find out what the firmware never answers; `pytest -s` shows the table."""
    async with AsyncExitStack() as stack:
        added = {
            name: await home.add(
                await stack.enter_async_context(case(f"CE:05:19:3A:77:{number:02X}"))
            )
            for number, (name, case) in enumerate(cases.CASES.items(), 16)
        }
        await home.poll(POLLS)
    for name, miner in added.items():
        connections = miner.connections
        first, later = connections[:5], connections[5:]
        sys.stdout.write(f"{name:<36} {first}, then at most {max(later)}\n")
        assert set(later) == {4 if name in FOUR else 3}
        assert max(first) <= 6
        if name.startswith("well"):
            assert set(connections) == {3}
