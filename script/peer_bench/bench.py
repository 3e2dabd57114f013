"""The miners, as a test sees them: in a process of their own."""

import json
from pathlib import Path
import subprocess
import sys
from typing import Any, Self

from . import plans
from .clients import Client


class Bench:
    """Runs the miners for as long as the ``with`` block lasts.

    Attributes:
        addresses: by the name of the miner's generation.
    """

    def __init__(self, **quirks: str) -> None:
        """Plan the miners; ``quirks`` are by generation, with commas between them."""
        self.addresses = plans.addresses()
        self._quirks = quirks

    def __enter__(self) -> Self:
        """Start the process, and wait until its ports are open."""
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "peer_bench"),
                *(
                    f"{name}={address}={self._quirks.get(name, '')}"
                    for name, address in self.addresses.items()
                ),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert self._line() == "ready\n", "the simulated miners did not start"
        return self

    def __exit__(self, *error: object) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=20)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def ask(self, name: str, job: str, value: object = None) -> Any:
        """Have something done in the process, see ``JOBS`` there."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([name, job, value]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._line())

    def state(self, name: str) -> dict[str, Any]:
        """Return what a machine really does."""
        state: dict[str, Any] = self.ask(name, "state")
        return state

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


async def found[ClientT: Client](
    bench: Bench, kind: type[ClientT], generation: str
) -> ClientT:
    """Return a client that has found the miner of a generation by its address."""
    client = await kind.find(bench.addresses[generation])
    assert client
    return client
