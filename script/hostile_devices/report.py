"""What was done and verified, as a table."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
import sys
import time

import aiohttp

from demo_instance import DemoError
from demo_instance.client import RefusedError

_WIDEST = 80


class Mismatch(DemoError):
    """Something is not as it should be."""


@dataclass(slots=True)
class Step:
    """One thing that was done and verified.

    Attributes:
        sent: what reached the miner.
        shown: what Home Assistant shows.
        error: what differs, empty if nothing does.
    """

    name: str
    sent: str = ""
    shown: str = ""
    milliseconds: float = 0.0
    error: str = ""


class Report:
    """All steps so far."""

    def __init__(self) -> None:
        """Begin with none."""
        self.steps: list[Step] = []

    @property
    def failed(self) -> list[Step]:
        """The steps in which something differs."""
        return [step for step in self.steps if step.error]

    @asynccontextmanager
    async def step(self, name: str) -> AsyncIterator[Step]:
        """Do one step; a failure is noted, and the test goes on."""
        step = Step(name)
        begin = time.monotonic()
        try:
            yield step
        except (DemoError, RefusedError) as error:
            step.error = str(error)
        except (TimeoutError, aiohttp.ClientError) as error:
            step.error = f"{type(error).__name__} {error}".rstrip()
        step.milliseconds = 1000 * (time.monotonic() - begin)
        self.steps.append(step)
        outcome = f"FAILED {name}: {step.error}" if step.error else f"ok     {name}"
        print(f"    {outcome}", file=sys.stderr)

    def print(self) -> None:
        """Print the table, what failed, and how many did."""
        rows = [("step", "what reached the miner", "what Home Assistant shows", "ms")]
        rows += [
            (step.name, step.sent, step.shown, f"{step.milliseconds:.0f}")
            for step in self.steps
        ]
        # A cell that is longer pushes aside only what is behind it.
        widths = [
            min(_WIDEST, max(map(len, column))) for column in zip(*rows, strict=True)
        ]
        rows.insert(
            1, ("-" * widths[0], "-" * widths[1], "-" * widths[2], "-" * widths[3])
        )
        print()
        for name, sent, shown, milliseconds in rows:
            cells = name.ljust(widths[0]), sent.ljust(widths[1]), shown.ljust(widths[2])
            print("  ".join(cells), milliseconds.rjust(widths[3]), sep="  ")
        print()
        for step in self.failed:
            print(f"FAILED {step.name}: {step.error}")
        failed = len(self.failed)
        print(f"{len(self.steps) - failed} passed, {failed} failed", flush=True)
