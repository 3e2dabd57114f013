"""The run: good miners alone, then with hostile devices around them, then after a restart."""

import asyncio
from collections import Counter
from pathlib import Path

from demo_instance import DemoError, miners
from demo_instance.instance import running, say
from demo_instance.miners import AIR, OLD
from demo_instance.seed import seed

from . import farm, living, log, meeting, restarting
from .catalogue import place
from .report import Report
from .stage import INTERVAL, Form, Stage

_ANNOUNCER = Path(__file__).with_name("announcer")
_CONFIGURATION = """\
announcer:
diagnostics:
system_log:
"""
_MOST_RECORDS = 12


async def run(config: Path, port: int, form: Form) -> None:
    """Do everything and print a table of it.

    Raises:
        DemoError: something was not as it should be.
    """
    report = Report()
    configure(config, port)
    async with report.step("the run is complete"):
        await _run(config, port, form, report)
    report.print()
    if report.failed:
        first = report.failed[0]
        raise DemoError(f"{first.name}: {first.error}")


async def _run(config: Path, port: int, form: Form, report: Report) -> None:
    async with running(config, port, for_visitor=False) as demo:
        placed = place(demo.network, short=form.short, only=form.only)
        stage = Stage(demo, config, form, placed, report)
        await _alone(stage)
        say(f"Starting {len(placed)} hostile devices")
        async with farm.running(
            demo.network, short=form.short, only=form.only
        ) as stage.farm:
            silent = asyncio.create_task(meeting.meet_silent(stage))
            try:
                await meeting.run(stage)
                await living.run(stage, silent)
            finally:
                silent.cancel()
            await restarting.run(stage)
    # Home Assistant has stopped, so its log is complete.
    async with report.step("Home Assistant's log is clean") as step:
        step.shown = log.check(demo.home.log, _names(stage), _MOST_RECORDS)


def configure(config: Path, port: int) -> None:
    """Prepare a folder for the demo, with everything that is needed besides."""
    seed(config, port)
    (config / "custom_components" / _ANNOUNCER.name).symlink_to(_ANNOUNCER)
    with (config / "configuration.yaml").open("a") as file:
        file.write(_CONFIGURATION)


async def _alone(stage: Stage) -> None:
    """Observe good miners without hostile devices, for comparison."""
    client = stage.client
    async with stage.report.step("add two good miners"):
        for miner in map(stage.demo.miner, (AIR, OLD)):
            await miners.add(client, miner)
            entry = (await client.devices())[miner.mac]["config_entry_id"]
            await meeting.set_interval(stage, entry, INTERVAL)
    async with stage.watched("without hostile devices") as stage.quiet:
        await stage.read_pages("without hostile devices")
        await asyncio.sleep(stage.form.quiet)


def _names(stage: Stage) -> dict[str, list[str]]:
    """Return the names of each device in the log.

    These are its addresses, and its title if no other device has it.
    """
    counts = Counter(stage.titles.values())
    names: dict[str, list[str]] = {}
    for each in stage.placed:
        names[each.name] = [each.host, each.mac]
        title = stage.titles.get(each.host, "")
        if counts[title] == 1:
            names[each.name].append(title)
    return names
