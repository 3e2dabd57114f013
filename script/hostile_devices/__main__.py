"""The command line of ``script/hostile``: the long form or the short one."""

import argparse
from dataclasses import replace
import sys

from demo_instance.program import folder, free_port, run_program, until_stopped

from .run import run
from .stage import Form

# In the short form no device answers one request and then stays silent.
_SHORT = Form(short=True, quiet=3, scan=60, watch=12, slowest=10)
_LONG = Form(short=False, quiet=30, scan=300, watch=180, slowest=70)


def main() -> int:
    """Run the program; return the exit code."""
    return run_program("script/hostile", _run(_options()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/hostile")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--only", default="", metavar="TEXT")
    return parser.parse_args()


async def _run(options: argparse.Namespace) -> int:
    form = _SHORT if options.short else _LONG
    with folder("hostile") as config:
        done = await until_stopped(
            lambda: run(config, free_port(0), replace(form, only=options.only))
        )
    return 0 if done else 130


if __name__ == "__main__":
    sys.exit(main())
