"""What is printed of the day."""

from collections.abc import Iterator, Sequence
from functools import reduce
from operator import add

from .figures import Figures, crossings, sums
from .prices import DAY, MIN_OFF, MIN_ON, PRICES, START, STOP
from .record import Record


def report(record: Record) -> Iterator[str]:
    """Yield the lines."""
    each = [sums(miner, record.step, PRICES, STOP) for miner in record.miners]
    total = reduce(add, each)
    names = [f"{miner.name} ({miner.by})" for miner in record.miners]
    speed = DAY / record.seconds
    yield f"24 hours in {record.seconds:.0f} s, {speed:.0f} times as fast as real time"
    yield ""
    yield from _table(["", *names, "all"], [*each, total])
    yield ""
    yield from _prices(record, each, total)
    yield ""
    yield from _sensors(record, total)


def _table(head: Sequence[str], columns: Sequence[Figures]) -> Iterator[str]:
    rows: list[list[str]] = [list(head)]
    for name, values in (
        ("power off, power on", [f"{each.offs}, {each.ons}" for each in columns]),
        ("percent commands", [f"{each.percents}" for each in columns]),
        ("starts of mining", [f"{each.starts}" for each in columns]),
        ("energy used, kWh", [f"{each.used:.1f}" for each in columns]),
        ("  at full power all day", [f"{each.full:.1f}" for each in columns]),
        ("  not used", [f"{each.saved:.1f}" for each in columns]),
        (
            f"  of it above {STOP:.2f} (shifted)",
            [f"{each.spared:.1f}" for each in columns],
        ),
        (f"used above {STOP:.2f}, kWh", [f"{each.late:.1f}" for each in columns]),
        ("energy sensor against it", [_apart(each) for each in columns]),
        ("cost, EUR", [f"{each.cost:.2f}" for each in columns]),
        ("  at full power all day", [f"{each.full_cost:.2f}" for each in columns]),
        ("  not paid", [f"{each.saved_cost:.2f}" for each in columns]),
        (f"  of it above {STOP:.2f}", [f"{each.spared_cost:.2f}" for each in columns]),
        ("paid per kWh used, EUR", [f"{each.paid:.3f}" for each in columns]),
        ("price of a kWh not used", [f"{each.unpaid:.3f}" for each in columns]),
    ):
        rows.append([name, *values])
    first, *widths = (max(map(len, column)) for column in zip(*rows, strict=True))
    for name, *values in rows:
        cells = [
            value.rjust(width) for value, width in zip(values, widths, strict=True)
        ]
        yield "   ".join([name.ljust(first), *cells]).rstrip()


def _prices(record: Record, each: Sequence[Figures], total: Figures) -> Iterator[str]:
    crossed = crossings(PRICES, START, STOP)
    mean = sum(PRICES) / len(PRICES)
    yield f"mean price of the day {mean:.3f} EUR/kWh, paid {total.paid:.3f}"
    yield (
        f"the price crossed {STOP:.2f} {crossed.stop} times and {START:.2f}"
        f" {crossed.start} times, which is {crossed.wishes} wishes to stop or to start"
    )
    by_switch = [
        figures
        for miner, figures in zip(record.miners, each, strict=True)
        if miner.by == "power off"
    ]
    times = sorted({figures.offs + figures.ons for figures in by_switch})
    yield (
        f"at least {MIN_ON} minutes on and {MIN_OFF} off: a miner was switched"
        f" {' or '.join(map(str, times))} times"
    )


def _sensors(record: Record, total: Figures) -> Iterator[str]:
    difference = total.counted - total.used
    yield (
        f"the integration's energy sensors: {total.counted:.2f} kWh,"
        f" {difference:+.2f} kWh ({_apart(total)}); its restarts:"
        f" {total.restarts} of {total.starts}"
    )
    for miner in record.miners:
        told = ", ".join(f"{_clock(told.at)} {told.command}" for told in miner.told)
        yield f"{miner.name}: {told}"
    yield f"complaints in the log: {len(record.complaints)}"
    yield from (f"  {line}" for line in record.complaints)


def _apart(figures: Figures) -> str:
    """Return how far the integration's sensor is from what was drawn."""
    return f"{figures.counted / figures.used - 1:+.2%}"


def _clock(seconds: float) -> str:
    return f"{int(seconds // 3600):02}:{int(seconds % 3600 // 60):02}"
