"""The program of ``script/demo``: it starts and stops everything."""

import argparse
from pathlib import Path
import sys

from . import TOOLCHAIN, dashboard, energy, history, miners, site
from .instance import running, say
from .program import folder, free_port, run_program, until_stopped
from .seed import PASSWORD, USER

_KEPT = TOOLCHAIN / "demo-home"


def main() -> int:
    """Run the demo; return the exit code."""
    return run_program("script/demo", _run(_options()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/demo")
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--keep", action="store_true")
    return parser.parse_args()


async def _run(options: argparse.Namespace) -> int:
    """Run until Ctrl-C or a signal; return the exit code."""
    port = free_port(options.port)
    with folder("demo", _KEPT if options.keep else None) as config:
        await until_stopped(lambda: _demo(config, port))
    return 0


async def _demo(config: Path, port: int) -> None:
    """Run the demo until it is stopped."""
    async with running(config, port, for_visitor=True) as demo:
        is_new = not await demo.client.entries()
        say("Adding the miners")
        for miner in demo.miners:
            await miners.add(demo.client, miner)
        await miners.name(demo.client, demo.miners)
        await energy.install(demo.client, demo.miners)
        all_miners = await site.add(demo.client)
        await site.install_plan(demo.client, all_miners)
        await dashboard.install(demo.client)
        if is_new:
            say("Writing a day of history, with which Home Assistant starts again")
            await history.install(
                demo.client, demo.home, config, demo.miners, all_miners
            )
        await miners.fall_ill(demo.client, demo.miners)
        await miners.use(demo.client, demo.miners)
        print(f"\n    {demo.url}    user {USER}, password {PASSWORD}\n")
        for miner in demo.miners:
            print(f"    {miner}")
        print("\n    Two of the miners are ill, to show what that looks like.")
        print("    More are there for you to add; a scan finds them:\n")
        for miner in demo.more:
            print(f"    {miner}")
        print()
        print(
            "    All miners have a plan: they stop while electricity is dear. Turn on Follow plan"
        )
        print(
            "    on the dashboard. The price is made up, and goes through a day in eight minutes."
        )
        print("    Activity then says what the plan does, and why.\n")
        print("    Ctrl-C stops Home Assistant and the miners.\n", flush=True)
        await demo.home.wait()


if __name__ == "__main__":
    sys.exit(main())
