"""What the scripts that run a Home Assistant share: its folder, its port, and the end."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
import shutil
import signal
import socket
import sys
import tempfile
from typing import Any

from . import TOOLCHAIN, DemoError
from .instance import say
from .process import LOG


def run_program(name: str, work: Coroutine[Any, Any, int]) -> int:
    """Do the work of a script; return the exit code, and say why if it failed."""
    try:
        return asyncio.run(work)
    except DemoError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1


async def until_stopped(work: Callable[[], Awaitable[None]]) -> bool:
    """Run work until it is done, or until Ctrl-C or a signal; return whether it is done."""
    task = asyncio.current_task()
    assert task is not None
    stopped = False

    def stop() -> None:
        nonlocal stopped
        if not stopped:  # a second request does not make it faster
            stopped = True
            say("Stopping")
            task.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    try:
        await work()
    except asyncio.CancelledError:
        if not stopped:
            raise
        return False
    return True


def free_port(port: int) -> int:
    """Return a port for the web page: the requested one, or any free one for 0."""
    try:
        with socket.create_server(("127.0.0.1", port)) as server:
            return int(server.getsockname()[1])
    except (OSError, OverflowError) as error:
        raise DemoError(
            f"port {port} cannot be used ({error}): choose another one with --port"
        ) from error


@contextmanager
def folder(name: str, kept: Path | None = None) -> Iterator[Path]:
    """Make the configuration folder; after a failure the log is kept in any case.

    Args:
        name: of the script, for its files in `.toolchain`.
        kept: the folder, if it is one that stays.
    """
    TOOLCHAIN.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=TOOLCHAIN) as temporary:
        config = kept or Path(temporary)
        try:
            yield config
        except DemoError as error:
            if not (config / LOG).exists():
                raise
            shutil.copyfile(config / LOG, failed_log(name))
            raise DemoError(
                f"{error}\n    Home Assistant's log is in {failed_log(name)}"
            ) from error


def failed_log(name: str) -> Path:
    """Return where Home Assistant's log is kept after a failure of a script."""
    return TOOLCHAIN / f"{name}-failed.log"
