"""Home Assistant as a process that ends with the demo that started it.

The demo holds the other end of standard input and never writes to it. Standard input ends with the
demo in every case, and then Home Assistant stops, so that nothing is left running.
"""

import os
import runpy
import signal
import threading


def _stop_with_parent() -> None:
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    runpy.run_module("homeassistant", run_name="__main__", alter_sys=True)
