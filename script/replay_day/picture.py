"""The picture of the day: price, state and power, one above the other."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from xml.sax.saxutils import escape

from .canvas import LEFT, RIGHT, WIDTH, Panel, across, at_hour, runs, text
from .prices import DAY, LOW_PERCENT, MIN_OFF, MIN_ON, PRICES, QUARTER, START, STOP
from .record import MinerDay, Phase, Record

_HEIGHT = 664
_TOP, _BOTTOM = 98, 616
_PRICE = Panel(top=_TOP, bottom=280, low=-0.05, high=0.40)
_ROW, _ROWS_TOP = 38, 328
_POWER_TOP = 482

_STYLE = """
text { font: 13px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: #52514e; }
.title { font-size: 20px; font-weight: 600; fill: #1a1a19; }
.panel { font-size: 14px; font-weight: 600; fill: #1a1a19; }
.name { font-size: 14px; fill: #1a1a19; }
.small { font-size: 12px; }
.end { text-anchor: end; }
.middle { text-anchor: middle; }
.grid { stroke: #e4e3df; }
.zero { stroke: #a5a49e; }
.dear { fill: #d03b3b; fill-opacity: .11; }
.dear-text { fill: #b02a2a; }
.dear-key { fill: #f2cfcd; }
.free-key { fill: #c9e6d5; }
.free { fill: #1a8a4a; fill-opacity: .13; }
.free-text { fill: #14713c; }
.price { fill: none; stroke: #1a1a19; stroke-width: 1.8; stroke-linejoin: round; }
.stop { stroke: #d03b3b; stroke-width: 1.3; stroke-dasharray: 6 4; }
.start { stroke: #1a8a4a; stroke-width: 1.3; stroke-dasharray: 6 4; }
.full { stroke: #8a8984; stroke-dasharray: 2 3; }
.on-dark { fill: #fff; }
.on-light { fill: #1a1a19; }
.edge { stroke: #fcfcfb; stroke-width: 1; }
"""
_FILLS = {
    Phase.MINING: "#2365b5",
    Phase.TUNING: "#f0a818",
    Phase.LESS: "#a9ccf3",
    Phase.OFF: "#dddcd7",
}
_STACK = ("#0f6b6b", "#2f9e9b", "#8fd0cc")


def draw(record: Record) -> str:
    """Return the picture as an SVG."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {_HEIGHT}"'
        f' width="{WIDTH}" height="{_HEIGHT}" role="img">',
        "<title>Price of electricity, state and power of three miners over a day</title>",
        f"<style>{_STYLE}</style>",
        f'<rect width="{WIDTH}" height="{_HEIGHT}" rx="8" fill="#fcfcfb"'
        ' stroke="#dcdbd6"/>',
        text(24, 36, "One day with “mine when power is cheap”", "title"),
        text(
            24,
            59,
            "Three simulated miners in Home Assistant, prices written in the shape of a"
            f" 15-minute market; on for at least {MIN_ON} min, off for at least {MIN_OFF}",
        ),
        *_background(),
        "<g id='price'>", *_prices(), "</g>",
        "<g id='state'>", *_states(record), "</g>",
        "<g id='power'>", *_power(record), "</g>",
        *_hours(),
        "</svg>",
    ]  # fmt: skip
    return "\n".join(parts) + "\n"


def _background() -> Iterator[str]:
    """Yield what goes through all panels: when power is expensive, and when it is free."""
    for name, chosen in (
        ("dear", [price > STOP for price in PRICES]),
        ("free", [price <= 0 for price in PRICES]),
    ):
        for begin, end, is_so in runs(chosen, QUARTER):
            if is_so:
                yield (
                    f'<rect class="{name}" x="{across(begin):.1f}" y="{_TOP}"'
                    f' width="{across(end) - across(begin):.1f}"'
                    f' height="{_BOTTOM - _TOP}"/>'
                )
    for hour in range(0, 25, 2):
        x = at_hour(hour)
        yield f'<path class="grid" d="M{x:.1f} {_TOP}V{_BOTTOM}"/>'


def _prices() -> Iterator[str]:
    yield text(24, _TOP - 12, "Price, EUR/kWh", "panel")
    yield from _key(829, _TOP - 12, "above the stop price", 'class="dear-key"')
    yield from _key(715, _TOP - 12, "zero or less", 'class="free-key"')
    for value in (0.0, 0.1, 0.2, 0.3, 0.4):
        yield from _PRICE.line(value, f"{value:.2f}", "grid" if value else "zero")
    for value, name, word in (
        (STOP, "stop", "stop above"),
        (START, "start", "start at"),
    ):
        y = _PRICE.up(value)
        yield f'<path class="{name}" d="M{LEFT} {y:.1f}H{RIGHT}"/>'
        kind = "dear-text" if name == "stop" else "free-text"
        below = 14 if name == "start" else -5
        yield text(at_hour(12.2), y + below, f"{word} {value:.2f}", f"small {kind}")
    steps = [f"M{LEFT} {_PRICE.up(PRICES[0]):.1f}"]
    for number, price in enumerate(PRICES):
        steps.append(f"V{_PRICE.up(price):.1f}H{across((number + 1) * QUARTER):.1f}")
    yield f'<path class="price" d="{"".join(steps)}"/>'


def _states(record: Record) -> Iterator[str]:
    yield text(24, _ROWS_TOP - 16, "State", "panel")
    for phase, x in zip(Phase, (664, 748, 826, 935), strict=True):
        yield from _key(x, _ROWS_TOP - 16, phase, f'fill="{_FILLS[phase]}"')
    for row, miner in enumerate(record.miners):
        y = _ROWS_TOP + row * _ROW
        yield text(24, y + 14, miner.name, "name")
        yield text(24, y + 28, f"by {miner.by}", "small")
        yield from _bars(miner, record.step, y)


def _bars(miner: MinerDay, step: float, y: float) -> Iterator[str]:
    for begin, end, phase in runs(miner.phases[:-1], step):
        x, width = across(begin), across(end) - across(begin)
        yield (
            f'<rect class="edge" x="{x:.1f}" y="{y}" width="{width:.1f}" height="30"'
            f' rx="3" fill="{_FILLS[phase]}"><title>{escape(miner.name)}: {phase},'
            f" {_clock(begin)} to {_clock(end)}</title></rect>"
        )
        word = f"{LOW_PERCENT} %" if phase is Phase.LESS else str(phase)
        if width > 7 * len(word) + 6:
            kind = "on-dark" if phase is Phase.MINING else "on-light"
            yield text(x + width / 2, y + 19.5, word, f"small middle {kind}")


def _power(record: Record) -> Iterator[str]:
    yield text(24, _POWER_TOP - 14, "Power, kW", "panel")
    full = sum(miner.full_power for miner in record.miners) / 1000
    panel = Panel(top=_POWER_TOP, bottom=_BOTTOM, low=0.0, high=full * 1.04)
    each = 5 if full > 8 else 2
    for value in range(0, int(full) + 1, each):
        yield from panel.line(value, str(value), "grid" if value else "zero")
    base = [0.0] * len(record.miners[0].watts)
    # The biggest one first: it is what the others stand on.
    ordered = sorted(record.miners, key=lambda miner: -miner.full_power)
    for miner, fill in zip(ordered, _STACK, strict=False):
        top = [a + b / 1000 for a, b in zip(base, miner.watts, strict=True)]
        yield (
            f'<path class="edge" fill="{fill}" d="M'
            f'{_outline(panel, top, record.step)}L{_outline(panel, base, record.step, -1)}Z"/>'
        )
        middle = panel.up((base[0] + top[0]) / 2) + 4.5
        kind = "on-light" if fill == _STACK[-1] else "on-dark"
        yield text(LEFT + 10, middle, miner.name, f"small {kind}")
        base = top
    y = panel.up(full)
    yield f'<path class="full" d="M{LEFT} {y:.1f}H{RIGHT}"/>'
    yield text(RIGHT, _POWER_TOP - 14, f"all at full power: {full:.1f} kW", "small end")


def _outline(
    panel: Panel, values: Sequence[float], step: float, direction: int = 1
) -> str:
    """Return the points of a line, without those that lie on it anyway."""
    last = len(values) - 1
    points = [
        (across(number * step), panel.up(value))
        for number, value in enumerate(values)
        if number in (0, last) or not values[number - 1] == value == values[number + 1]
    ]
    written = [f"{x:.1f} {y:.1f}" for x, y in points[::direction]]
    return "L".join(point for point, _ in groupby(written))


def _key(x: float, y: float, words: str, look: str) -> Iterator[str]:
    """Yield what a color means."""
    yield f'<rect x="{x}" y="{y - 11}" width="12" height="12" rx="2" {look}/>'
    yield text(x + 18, y, words, "small")


def _hours() -> Iterator[str]:
    for hour in range(0, 25, 2):
        yield text(at_hour(hour), _BOTTOM + 20, f"{hour:02}:00", "middle")
    yield text((LEFT + RIGHT) / 2, _BOTTOM + 39, "time of day", "small middle")


def _clock(seconds: float) -> str:
    return f"{int(seconds // 3600):02}:{int(seconds % 3600 // 60):02}"


assert DAY == 24 * 3600
