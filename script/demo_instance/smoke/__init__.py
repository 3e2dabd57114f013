"""``script/demo --smoke``: the main job, done and verified without a browser."""

import asyncio
from pathlib import Path

from .. import DemoError
from ..instance import running
from . import (
    actions,
    adding,
    assist,
    bad_input,
    buttons,
    complaints,
    curtailing,
    faults,
    files,
    metering,
    moving,
    parting,
    reading,
    writing,
)
from .bench import Bench
from .report import Report


async def run(config: Path, port: int) -> None:
    """Do the main job through Home Assistant's API, and print a table of it.

    Raises:
        DemoError: something was not as it should be.
    """
    report = Report()
    async with running(config, port, for_visitor=False) as demo:
        bench = Bench(demo.client, demo.miners, demo.network, config, report)
        await adding.run(bench)
        await reading.run(bench)
        await metering.run(bench)
        await buttons.identify(bench)
        # Nothing is written meanwhile, and either of them waits most of the time.
        await asyncio.gather(bad_input.hosts(bench), faults.run(bench))
        await writing.run(bench)
        await bad_input.run(bench)
        await writing.verify_after_poll(bench)
        await actions.run(bench)
        await files.download_logs(bench)
        await files.update_firmware(bench)
        await buttons.preheat(bench)
        await buttons.restart(bench)
        await buttons.verify_led(bench)
        await curtailing.run(bench)
        await assist.run(bench)
        await moving.run(bench)
        await parting.run(bench)
    # Home Assistant has stopped: its log is complete.
    async with report.step("nothing of ours in Home Assistant's log") as step:
        step.shown = complaints.check(demo.home.log, bench.refusals, bench.outages)
    report.print()
    if report.failed:
        first = report.failed[0]
        raise DemoError(f"{first.name}: {first.error}")
