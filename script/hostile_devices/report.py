"""The table of what was done and verified."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
import sys
import time

import aiohttp

from demo_instance import DemoError
from demo_instance.client import RefusedError
from demo_instance.table import lines


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
        """Begin without steps."""
        self.steps: list[Step] = []

    @property
    def failed(self) -> list[Step]:
        """The steps in which something differs."""
        return [step for step in self.steps if step.error]

    @asynccontextmanager
    async def step(self, name: str) -> AsyncIterator[Step]:
        """Do one step; a failure is recorded, and the test goes on."""
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
        """Print the table, what failed, and how many steps did."""
        rows = [
            (step.name, step.sent, step.shown, f"{step.milliseconds:.0f}")
            for step in self.steps
        ]
        print("", *lines(rows), "", sep="\n")
        for step in self.failed:
            print(f"FAILED {step.name}: {step.error}")
        failed = len(self.failed)
        print(f"{len(self.steps) - failed} passed, {failed} failed", flush=True)
