"""Start everything, and stop everything again."""

import argparse
import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
import shutil
import signal
import socket
import sys
import tempfile

from . import TOOLCHAIN, DemoError, dashboard, energy, miners
from .instance import running, say
from .process import LOG
from .seed import PASSWORD, USER
from .smoke import run as run_smoke

_KEPT = TOOLCHAIN / "demo-home"
_FAILED_LOG = TOOLCHAIN / "demo-failed.log"


def main() -> int:
    """Run the demo; return the exit code."""
    options = _options()
    try:
        return asyncio.run(_until_stopped(options))
    except DemoError as error:
        print(f"script/demo: {error}", file=sys.stderr)
        return 1


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


async def _until_stopped(options: argparse.Namespace) -> int:
    """Run until done, or until Ctrl-C or a signal."""
    port = _free_port(options)
    task = asyncio.current_task()
    assert task is not None
    stopped = False

    def stop() -> None:
        nonlocal stopped
        if not stopped:  # to ask again does not make it faster
            stopped = True
            say("Stopping")
            task.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    try:
        with _folder(keep=options.keep) as config:
            if options.smoke:
                await run_smoke(config, port)
            else:
                await _demo(config, port)
    except asyncio.CancelledError:
        if not stopped:
            raise
        return 130 if options.smoke else 0
    return 0


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


def _free_port(options: argparse.Namespace) -> int:
    """Return the port of the web page; any free one will do for the smoke test."""
    port: int = 0 if options.smoke else 8123
    if options.port is not None:
        port = options.port
    try:
        with socket.create_server(("127.0.0.1", port)) as server:
            return int(server.getsockname()[1])
    except (OSError, OverflowError) as error:
        raise DemoError(
            f"port {port} cannot be used ({error}): choose another one with --port"
        ) from error


@contextmanager
def _folder(*, keep: bool) -> Iterator[Path]:
    """Make the configuration folder; after a failure the log is kept in any case."""
    TOOLCHAIN.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="demo-", dir=TOOLCHAIN) as temporary:
        config = _KEPT if keep else Path(temporary)
        try:
            yield config
        except DemoError as error:
            if not (config / LOG).exists():
                raise
            shutil.copyfile(config / LOG, _FAILED_LOG)
            raise DemoError(
                f"{error}\n    Home Assistant's log is in {_FAILED_LOG}"
            ) from error


if __name__ == "__main__":
    sys.exit(main())
