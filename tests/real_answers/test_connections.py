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
    """The first polls find out what the firmware never answers.

    `pytest -s` shows the table, in lines that begin with "connections".
    """
    async with AsyncExitStack() as stack:
        added = {
            name: await home.add(
                await stack.enter_async_context(case(f"CE:05:19:3A:77:{number:02X}"))
            )
            for number, (name, case) in enumerate(cases.CASES.items(), 16)
        }
        await home.poll(POLLS)
    sys.stdout.write("\n")
    for name, miner in added.items():
        connections = miner.connections
        first, later = connections[:5], connections[5:]
        figures = " ".join(map(str, first))
        sys.stdout.write(
            f"connections: {name:<36} {figures}, then at most {max(later)}\n"
        )
        assert set(later) == {4 if name in FOUR else 3}
        assert max(first) <= 6
        if name.startswith("well"):
            assert set(connections) == {3}


async def test_a_miner_that_cannot_be_added_is_not_asked_for_long(home: Home) -> None:
    """It has no MAC address, and nothing asks it again when the dialogue is closed."""
    async with cases.no_mac() as miner:
        await home.error_of(miner)
        asked = len(miner.asked)
        await home.clock.tick(90)
    sys.stdout.write(f"\nconnections: no MAC address: {asked} in the dialogue\n")
    assert len(miner.asked) == asked <= 8
