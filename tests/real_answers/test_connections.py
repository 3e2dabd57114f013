"""How many connections a poll takes with one miner of each kind, and with three that are well."""

from contextlib import AsyncExitStack
import sys
from typing import Final

from . import cases
from .home import Home

POLLS: Final = 12
# Half an hour, and five minutes.
V3_POLLS, V3_POLLS_BETWEEN = 60, 10
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


async def test_a_poll_over_v3_takes_one_connection(home: Home) -> None:
    """What only V2 has takes one more every few minutes. `pytest -s` shows the table."""
    kinds = {"m50": True, "m60s": True, "m64": True, "m7bs": True, "m50 alone": False}
    async with AsyncExitStack() as stack:
        added = {
            kind: await home.add(
                await stack.enter_async_context(
                    cases.of_v3(
                        kind.split()[0], f"CE:05:19:3A:78:{number:02X}", counts=counts
                    )
                )
            )
            for number, (kind, counts) in enumerate(kinds.items(), 16)
        }
        for miner in added.values():
            miner.described_v3.v3.forget()
            miner.described_v3.v2.asked.clear()
        await home.poll(V3_POLLS)
    sys.stdout.write("\n")
    for kind, miner in added.items():
        over_v3 = miner.described_v3.v3.connections
        over_v2 = len(miner.described_v3.v2.asked)
        sys.stdout.write(
            f"connections: V3, {kind:<32} {over_v3} in {V3_POLLS} polls,"
            f" and {over_v2} over V2\n"
        )
        assert over_v3 == V3_POLLS
        assert over_v2 == (V3_POLLS // V3_POLLS_BETWEEN if kinds[kind] else 0)
        assert miner.described_v3.v3.peak == 1


async def test_a_miner_that_cannot_be_added_is_not_asked_for_long(home: Home) -> None:
    """It has no MAC address, and nothing asks it again when the dialogue is closed."""
    async with cases.no_mac() as miner:
        await home.error_of(miner)
        asked = len(miner.asked)
        await home.clock.tick(90)
    sys.stdout.write(f"\nconnections: no MAC address: {asked} in the dialogue\n")
    assert len(miner.asked) == asked <= 8
