"""Start the clock, let the day pass, print what it came to, and draw it."""

import argparse
import asyncio
import importlib
from pathlib import Path
import signal
import sys
import tempfile
from typing import Any

from demo_instance import ROOT, TOOLCHAIN, DemoError

from . import haste
from .picture import draw
from .prices import BEGIN
from .record import Record
from .report import report

_KEPT = TOOLCHAIN / "replay.json"
_LOG = TOOLCHAIN / "replay.log"
_PICTURE = ROOT / "docs" / "price-day.svg"
_SPEED = 300.0
# Home Assistant starts in about half a minute, and the miners are to be added yet.
_BEFORE = 600.0


def main() -> int:
    """Run the replay; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="script/replay",
        description="Replay a day of electricity prices in Home Assistant with three"
        " simulated miners: figures are printed, and docs/price-day.svg is drawn.",
    )
    parser.add_argument(
        "--speed",
        type=float,
        default=_SPEED,
        help=f"at most so many times as fast as real time ({_SPEED:.0f})",
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="print and draw what the last run has recorded",
    )
    options = parser.parse_args()
    if options.speed < 1:
        parser.error("it cannot be slower than real time")
    if options.again:
        if not _KEPT.exists():
            parser.error("there is no last run")
    elif code := _record(options.speed):
        return code
    record = Record.load(_KEPT)
    _PICTURE.write_text(draw(record))
    print("\n".join(report(record)))
    return 0


def _record(speed: float) -> int:
    """Let the day pass and keep its record; return the exit code."""
    TOOLCHAIN.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="replay-", dir=TOOLCHAIN) as folder:
        config = Path(folder) / "home"
        config.mkdir()
        clock = haste.lead(Path(folder) / "clock", BEGIN - _BEFORE)
        # Not before: from here on, whoever asks for the time is told that of the clock.
        day = importlib.import_module(f"{__package__}.day")
        replaying = day.replay(config, clock, speed, _LOG)
        try:
            asyncio.run(_until_stopped(replaying)).save(_KEPT)
        except asyncio.CancelledError:
            return 130
        except DemoError as error:
            print(f"script/replay: {error}\n    See {_LOG}", file=sys.stderr)
            return 1
    return 0


async def _until_stopped(replaying: Any) -> Record:
    """Replay, unless Ctrl-C or a signal stops it."""
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    record: Record = await replaying
    return record


if __name__ == "__main__":
    sys.exit(main())
