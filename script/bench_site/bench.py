"""Compares the cost of a large site with what it may cost, and with that of a small one."""

import sys

from demo_instance import DemoError
from demo_instance.child_module import printed, run_module

from . import FEWER, MINERS, Cost

_MOST_SECONDS = 0.005
_MOST_SECONDS_OF_LOOK = 0.02


async def measure_site() -> None:
    """Measure a site, and print what it costs.

    Raises:
        DemoError: it costs too much.
    """
    print(
        f"==> Updating a site of {MINERS} miners, and one of {FEWER}", file=sys.stderr
    )
    sizes = str(FEWER), str(MINERS)
    async with run_module(f"{__package__}.measure", *sizes) as process:
        costs = (await printed(process, "the site"))["costs"]
    few, many = (Cost(**cost) for cost in costs)
    report_site(few, many)


def report_site(few: Cost, many: Cost) -> None:
    """Print what a site costs.

    Args:
        few: the cost of a small site.
        many: the cost of a large one.

    Raises:
        DemoError: an update of the large one costs too much, or a look at its plan.
    """
    ratio = many.update / few.update
    print(
        f"site     {_ms(many.update)} of CPU for an update with {many.miners} miners,"
        f" {ratio:.1f} times the {_ms(few.update)} with {few.miners}"
    )
    print(
        f"plan     {_ms(many.look)} of CPU for a check of the plan of {many.miners} miners"
    )
    print(
        f"poll     {1e6 * many.poll:.1f} µs of additional CPU for each miner of the site"
    )
    if many.update >= _MOST_SECONDS:
        raise DemoError(f"an update must cost less than {_ms(_MOST_SECONDS)}")
    if many.look >= _MOST_SECONDS_OF_LOOK:
        raise DemoError(
            f"a check of the plan must cost less than {_ms(_MOST_SECONDS_OF_LOOK)}"
        )


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.2f} ms"
