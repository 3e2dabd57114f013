"""Home Assistant as a child process."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
import os
from pathlib import Path
import signal
import sys
import time
from types import TracebackType
from typing import Self

from . import DemoError
from .client import Client

LOG = "demo.log"
_CHILD = Path(__file__).with_name("child.py")
_RESTART = 100  # the exit code with which Home Assistant asks to be started again
_GAVE_UP = "Activating recovery mode"
_SECONDS_TO_START = 180.0
_SECONDS_TO_STOP = 30.0


class HomeAssistant:
    """A Home Assistant that runs as long as the ``async with`` block lasts.

    Attributes:
        seconds_to_start: how long it took to be up, the last time.
    """

    def __init__(self, config: Path) -> None:
        """Prepare; nothing is started."""
        self.log = config / LOG
        self.seconds_to_start = 0.0
        self._config = config
        self._child: tuple[Path, ...] = (_CHILD,)
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        """Start it."""
        await self._start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop it, together with whatever it has started."""
        process = self._process
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(_SECONDS_TO_STOP):
                await process.wait()
        except TimeoutError:
            print("Home Assistant does not stop: it is killed", file=sys.stderr)
        finally:
            # The process has its own group (see below), so this reaches no other one.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    async def _start(self) -> None:
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", *self._child,
                "--config", self._config, "--skip-pip", "--log-no-color",
                env=environment,
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                # Ctrl-C in the terminal reaches this process only, which stops the other.
                start_new_session=True,
            )  # fmt: skip

    async def restart(
        self, client: Client, meanwhile: Callable[[], None] = lambda: None
    ) -> float:
        """End it as its web page does, and start it again; return how long it took to end.

        Args:
            client: of it.
            meanwhile: what to do while it does not run.

        Raises:
            DemoError: it does not end, or not for a restart.
        """
        assert self._process is not None
        begin = time.monotonic()
        with suppress(DemoError):  # it may end before it has answered
            await client.command(
                "call_service", domain="homeassistant", service="restart"
            )
        try:
            async with asyncio.timeout(_SECONDS_TO_STOP):
                code = await self._process.wait()
        except TimeoutError:
            raise DemoError("Home Assistant does not stop") from None
        if code != _RESTART:
            raise DemoError(f"Home Assistant ended with exit code {code}")
        seconds = time.monotonic() - begin
        meanwhile()
        await self._start()
        return seconds

    async def wait_until_up(self, client: Client) -> None:
        """Wait until it has set up everything.

        Raises:
            DemoError: it ended, or it takes too long.
        """
        assert self._process is not None
        begin = time.monotonic()
        printed = 0
        while not await client.is_running():
            seconds = time.monotonic() - begin
            if self._process.returncode is not None:
                raise DemoError("Home Assistant did not start")
            if seconds > _SECONDS_TO_START:
                raise DemoError(f"Home Assistant is not up after {seconds:.0f} s")
            if seconds - printed >= 5:
                printed = int(seconds)
                if _GAVE_UP in self.log.read_text(errors="replace"):
                    raise DemoError("Home Assistant could not set up its web page")
                print(f"    still starting, {printed} s", file=sys.stderr)
            await asyncio.sleep(0.1)
        self.seconds_to_start = time.monotonic() - begin

    async def wait(self) -> None:
        """Wait until it ends by itself; a restart from its web page is no end.

        Raises:
            DemoError: it ended with an error.
        """
        while True:
            assert self._process is not None
            code = await self._process.wait()
            if code != _RESTART:
                break
            await self._start()
        if code:
            raise DemoError(f"Home Assistant ended with exit code {code}")
