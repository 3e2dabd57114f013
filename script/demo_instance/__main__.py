"""Start everything, and stop everything again."""

import argparse
from pathlib import Path
import sys

from . import TOOLCHAIN, dashboard, energy, miners
from .instance import running, say
from .program import folder, free_port, run_program, until_stopped
from .seed import PASSWORD, USER
from .smoke import run as run_smoke

_KEPT = TOOLCHAIN / "demo-home"


def main() -> int:
    """Run the demo; return the exit code."""
    return run_program("script/demo", _run(_options()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="script/demo",
        description="Home Assistant with three simulated miners. Ctrl-C stops it all.",
    )
    parser.add_argument("--port", type=int, help="of the web page, 8123 by default")
    parser.add_argument(
        "--keep",
        action="store_true",
        help="keep everything for the next run with --keep",
    )
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="verify the main job through Home Assistant's API, and exit",
    )
    options = parser.parse_args()
    if options.keep and options.smoke:
        parser.error("--smoke begins anew every time: it does not go with --keep")
    return options


async def _run(options: argparse.Namespace) -> int:
    """Run until done, or until Ctrl-C or a signal; return the exit code."""
    wanted: int | None = options.port
    # Any free one will do for the smoke test.
    port = free_port((0 if options.smoke else 8123) if wanted is None else wanted)
    with folder("demo", _KEPT if options.keep else None) as config:
        run = run_smoke if options.smoke else _demo
        done = await until_stopped(lambda: run(config, port))
    return 130 if options.smoke and not done else 0


async def _demo(config: Path, port: int) -> None:
    """Run the demo until it is stopped."""
    async with running(config, port, for_visitor=True) as demo:
        say("Adding the miners")
        for miner in demo.miners:
            await miners.add(demo.client, miner)
        miners.fall_ill(demo.miners)
        await miners.use(demo.client, demo.miners)
        await energy.install(demo.client, demo.miners)
        await dashboard.install(demo.client, demo.miners)
        print(f"\n    {demo.url}    user {USER}, password {PASSWORD}\n")
        for miner in demo.miners:
            print(f"    {miner}")
        print("\n    Two of the miners are ill, to show what that looks like.")
        print("    More are there for you to add; a scan finds them:\n")
        for miner in demo.more:
            print(f"    {miner}")
        print()
        print("    Ctrl-C stops Home Assistant and the miners.\n", flush=True)
        await demo.home.wait()


if __name__ == "__main__":
    sys.exit(main())
