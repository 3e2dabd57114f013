"""The picture of a day of prices: price, state and power, one above the other."""

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from .price_day import (
    DAY,
    LOW_PERCENT,
    MIN_OFF,
    MIN_ON,
    PRICES,
    QUARTER,
    START,
    STOP,
    MinerDay,
    Phase,
)

_WIDTH, _HEIGHT = 1000, 664
_LEFT, _RIGHT = 132, 972  # of the time axis
_TOP, _PRICE_BOTTOM, _STATE_TOP, _POWER_TOP, _BOTTOM = 98, 280, 328, 482, 616
_LOWEST_PRICE, _HIGHEST_PRICE = -0.05, 0.40
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
# The colours of the miners' power, from the bottom, each with the class of the name on it.
_STACK = (("#0f6b6b", "on-dark"), ("#2f9e9b", "on-dark"), ("#8fd0cc", "on-light"))


def draw(miners: Sequence[MinerDay]) -> str:
    """Return the picture as an SVG."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
        f' width="{_WIDTH}" height="{_HEIGHT}" role="img">',
        "<title>Price of electricity, state and power of three miners over a day</title>",
        f"<style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="8" fill="#fcfcfb" stroke="#dcdbd6"/>',
        _text(24, 36, "One day with “mine when power is cheap”", "title"),
        _text(24, 59, "Three simulated miners in Home Assistant, prices written in the shape of a"
            f" 15-minute market; on for at least {MIN_ON} min, off for at least {MIN_OFF}"),
        *_background(), *_prices(), *_states(miners), *_power(miners), "</svg>",
    ]  # fmt: skip
    return "\n".join(parts) + "\n"


def _x(seconds: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * seconds / DAY


def _price_y(price: float) -> float:
    share = (price - _LOWEST_PRICE) / (_HIGHEST_PRICE - _LOWEST_PRICE)
    return _PRICE_BOTTOM - share * (_PRICE_BOTTOM - _TOP)


def _text(x: float, y: float, words: str, style: str = "") -> str:
    name = f' class="{style}"' if style else ""
    return f'<text{name} x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'


def _line(y: float, style: str, label: str = "") -> Iterator[str]:
    """Yield a line across the picture, and its label at the left."""
    yield f'<path class="{style}" d="M{_LEFT} {y:.1f}H{_RIGHT}"/>'
    if label:
        yield _text(_LEFT - 8, y + 4.5, label, "small end")


def _key(x: float, y: float, words: str, fill: str) -> Iterator[str]:
    """Yield what a colour means."""
    yield f'<rect x="{x}" y="{y - 11}" width="12" height="12" rx="2" fill="{fill}"/>'
    yield _text(x + 18, y, words, "small")


def _background() -> Iterator[str]:
    """Yield what all panels share: expensive and free times, and hours."""
    for number, price in enumerate(PRICES):
        if price > STOP or price <= 0:
            style = "dear" if price > STOP else "free"
            width = (_RIGHT - _LEFT) / len(PRICES)
            yield (
                f'<rect class="{style}" x="{_x(number * QUARTER)}" y="{_TOP}"'
                f' width="{width}" height="{_BOTTOM - _TOP}"/>'
            )
    for hour in range(0, 25, 2):
        x = _x(hour * 3600)
        yield f'<path class="grid" d="M{x:.1f} {_TOP}V{_BOTTOM}"/>'
        yield _text(x, _BOTTOM + 20, f"{hour:02}:00", "middle")
    yield _text((_LEFT + _RIGHT) / 2, _BOTTOM + 39, "time of day", "small middle")


def _prices() -> Iterator[str]:
    yield _text(24, _TOP - 12, "Price, EUR/kWh", "panel")
    yield from _key(829, _TOP - 12, "above the stop price", "#f2cfcd")
    yield from _key(715, _TOP - 12, "zero or less", "#c9e6d5")
    for value in (0.0, 0.1, 0.2, 0.3, 0.4):
        yield from _line(_price_y(value), "grid" if value else "zero", f"{value:.2f}")
    yield from _line(_price_y(STOP), "stop")
    yield _text(559, _price_y(STOP) - 5, f"stop above {STOP:.2f}", "small dear-text")
    yield from _line(_price_y(START), "start")
    yield _text(559, _price_y(START) + 14, f"start at {START:.2f}", "small free-text")
    steps = "".join(
        f"V{_price_y(price):.1f}H{_x((number + 1) * QUARTER):.1f}"
        for number, price in enumerate(PRICES)
    )
    yield f'<path class="price" d="M{_LEFT} {_price_y(PRICES[0]):.1f}{steps}"/>'


def _states(miners: Sequence[MinerDay]) -> Iterator[str]:
    yield _text(24, _STATE_TOP - 16, "State", "panel")
    for phase, left in zip(Phase, (664, 748, 826, 935), strict=True):
        yield from _key(left, _STATE_TOP - 16, phase, _FILLS[phase])
    for row, miner in enumerate(miners):
        y = _STATE_TOP + row * 38
        yield _text(24, y + 14, miner.name, "name")
        how = "power off" if miner.how == "power_off" else "less power"
        yield _text(24, y + 28, f"by {how}", "small")
        for begin, end, phase in miner.phases:
            x, width = _x(begin), _x(end) - _x(begin)
            yield (
                f'<rect class="edge" x="{x:.1f}" y="{y}" width="{width:.1f}" height="30"'
                f' rx="3" fill="{_FILLS[phase]}"/>'
            )
            word = f"{LOW_PERCENT} %" if phase is Phase.LESS else phase
            if width > 7 * len(word) + 6:
                style = "on-dark" if phase is Phase.MINING else "on-light"
                yield _text(x + width / 2, y + 19.5, word, f"small middle {style}")


def _power(miners: Sequence[MinerDay]) -> Iterator[str]:
    full = sum(miner.full_power for miner in miners) / 1000

    def power_y(kilowatts: float) -> float:
        return _BOTTOM - kilowatts / full / 1.04 * (_BOTTOM - _POWER_TOP)

    yield _text(24, _POWER_TOP - 14, "Power, kW", "panel")
    for value in range(0, int(full) + 1, 5):
        yield from _line(power_y(value), "grid" if value else "zero", str(value))
    # The biggest miner is at the bottom. Each area reaches down behind those below it.
    total = [0.0] * len(miners[0].samples)
    areas: list[str] = []
    for miner, (fill, style) in zip(
        sorted(miners, key=lambda miner: -miner.full_power), _STACK, strict=True
    ):
        middle = power_y(total[0] + miner.full_power / 2000) + 4.5
        total = [a + b.watts / 1000 for a, b in zip(total, miner.samples, strict=True)]
        outline = _outline(miner, [power_y(kilowatts) for kilowatts in total])
        areas += [
            _text(_LEFT + 10, middle, miner.name, f"small {style}"),
            f'<path class="edge" fill="{fill}" d="M{_LEFT} {_BOTTOM}{outline}V{_BOTTOM}Z"/>',
        ]
    yield from reversed(areas)
    yield from _line(power_y(full), "full")
    yield _text(
        _RIGHT, _POWER_TOP - 14, f"all at full power: {full:.1f} kW", "small end"
    )


def _outline(miner: MinerDay, heights: Sequence[float]) -> str:
    """Return a line from sample to sample, without the points inside a level part."""
    last = len(heights) - 1
    return "".join(
        f"L{_x(sample.at):.1f} {y:.1f}"
        for number, (sample, y) in enumerate(zip(miner.samples, heights, strict=True))
        if number in (0, last) or not heights[number - 1] == y == heights[number + 1]
    )
