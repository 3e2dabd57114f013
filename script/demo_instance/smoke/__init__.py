"""``script/demo --smoke``: the main job, done and verified without a browser."""

from pathlib import Path

from .. import DemoError
from ..instance import running
from . import adding, bad_input, complaints, reading, writing
from .bench import Bench
from .report import Report


async def run(config: Path, port: int) -> None:
    """Do the main job through Home Assistant's API, and print a table of it.

    Raises:
        DemoError: something was not as it should be.
    """
    report = Report()
    async with running(config, port, own_ports=False) as demo:
        bench = Bench(demo.client, demo.miners, report)
        await adding.run(bench)
        await reading.run(bench)
        await writing.run(bench)
        await bad_input.run(bench)
        await writing.verify_after_poll(bench)
    # Home Assistant has stopped: its log is complete.
    async with report.step("nothing of ours in Home Assistant's log") as step:
        step.shown = complaints.check(demo.home.log, bench.refusals)
    report.print()
    if report.failed:
        first = report.failed[0]
        raise DemoError(f"{first.name}: {first.error}")
