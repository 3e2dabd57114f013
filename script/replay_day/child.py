"""Home Assistant in the time of the replay that started it, and tied to its life.

The replay holds the other end of our standard input and never writes to it. When that ends
so does this, even though the clock, which the replay moves, then stands still.
"""

import importlib
import os
from pathlib import Path
import runpy
import signal
import sys
import threading
import time

_REAL_SECONDS_TO_STOP = 30.0


def _stop_with_parent() -> None:
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_REAL_SECONDS_TO_STOP)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    # Home Assistant finds no more than it does without us: the path is ours for a moment.
    sys.path.insert(0, str(Path(__file__).parents[1]))
    haste = importlib.import_module("replay_day.haste")
    del sys.path[0]
    haste.follow(Path(sys.argv.pop(1)))
    runpy.run_module("homeassistant", run_name="__main__", alter_sys=True)
