"""How much CPU time a poll takes over V3, compared with the same miner over V2."""

from collections.abc import Generator
import subprocess
import sys
from time import process_time
from typing import Final

import pytest

from custom_components.whatsminer.api import Miner

from . import HOST

_POLLS: Final = 8
_ROUNDS: Final = 4


@pytest.fixture
def ports() -> Generator[tuple[int, int]]:
    """Return the ports of V2 and V3 of a miner in another process, whose work does not count."""
    command = (sys.executable, "-m", "simulator", "--generation", "v3")
    options = ("--model", "M60S", "--port", "0", "--v3-port", "0")
    with subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, text=True
    ) as miner:
        try:
            assert miner.stdout
            line = miner.stdout.readline()
            v2_port = int(line.split()[0].rpartition(":")[2])
            v3_port = int(line.partition(" on port ")[2].partition(")")[0])
            yield v2_port, v3_port
        finally:
            miner.terminate()


async def _cost(client: Miner) -> float:
    """Return the CPU time of some steady polls, in seconds."""
    begin = process_time()
    for _ in range(_POLLS):
        await client.poll()
    return process_time() - begin


async def test_a_poll_over_v3_takes_no_more_cpu_time_than_one_over_v2(
    ports: tuple[int, int], closed_v3_port: int
) -> None:
    """The best of some rounds counts. `pytest -s` shows the ratio."""
    v2_port, v3_port = ports
    clients = [Miner(HOST, v2_port, v3_port=port) for port in (v3_port, closed_v3_port)]
    for client, generation in zip(clients, ("v3", "v2.2"), strict=True):
        assert (await client.poll()).generation == generation
        await client.poll()
    costs = [[await _cost(client) for client in clients] for _ in range(_ROUNDS)]
    v3, v2 = (min(cost) for cost in zip(*costs, strict=True))
    sys.stdout.write(f"\ncpu: a poll over V3 takes {v3 / v2:.2f} of one over V2\n")
    assert v3 <= v2
