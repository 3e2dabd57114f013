"""Days of prices and budgets, and sites that go through them."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import chain
import math
from random import Random
from typing import Final

from custom_components.whatsminer.site.decision import Reason

from .world import Machine

MINUTES: Final = 24 * 60
# At which minutes a person switches which miner, and to what.
_HANDS: Final = {415: (0, False), 530: (0, True), 660: (1, True), 1010: (2, False)}
# A price for each quarter of an hour: a cheap night, a spike in the morning with a gap, a stretch that
# flaps around both limits, hours below zero, an hour without an answer, and a steep evening.
PRICES: Final[Sequence[float | None]] = tuple(
    chain(
        (0.11, 0.10, 0.09, 0.095, 0.09, 0.085, 0.08, 0.082) * 2,
        (0.1, 0.12, 0.1201, 0.14, 0.16, 0.1601, 0.29, 0.34),
        (None, 0.31, 0.22, 0.16, 0.13, 0.14, 0.12, 0.11),
        (0.17, 0.11, 0.17, 0.11, 0.165, 0.115, 0.161, 0.119),
        (0.15, 0.13, 0.159, 0.121, 0.17, 0.13, 0.159, 0.121),
        (0.08, 0.04, 0.01, 0.0, -0.01, -0.02, -0.03, -0.2),
        (-0.03, -0.01, 0.0, 0.03, 0.06, 0.1, 0.13, 0.15),
        (None, None, None, None, 0.12, 0.16, None, 0.17),
        (0.21, 0.28, 0.31, 0.35, 0.33, 0.29, 0.25, 0.2),
        (0.161, 0.16, 0.15, 0.13, 0.14, 0.125, 0.119, 0.14),
        (0.12, 0.118, 0.11, 0.105, 0.1, 0.11, 0.1, 0.09),
    )
)


def price_at(minute: int) -> float | None:
    """Return the price of a minute of the day."""
    return PRICES[minute // 15]


def cheap_at(minute: int) -> bool | None:
    """Return whether it is cheap, as something else says that errs from 12 to 14 o'clock."""
    price = price_at(minute)
    return None if price is None else price < 0.125 and minute // 120 != 6


def sunny(peak: int) -> list[int | None]:
    """Return W for each minute: the sun with clouds, 0 in the night, some gaps, -200 W at dusk."""
    random = Random(20261101)
    cloud, day = 1.0, list[int | None]()
    for minute in range(MINUTES):
        if random.random() < 0.08:
            cloud = random.choice((1.0, 1.0, 0.9, 0.7, 0.45, 0.2))
        sun = math.sin(math.pi * (minute - 360) / 780)
        watts = round(peak * max(sun, 0.0) * cloud)
        is_lost = 600 <= minute < 612 or 800 <= minute < 830
        day.append(None if is_lost else -200 if 1140 < minute < 1160 else watts)
    return day


def site_of(count: int) -> list[Machine]:
    """Return different miners: some old, some of unknown efficiency, every fifth without percent."""
    return [
        Machine(
            id=f"m{number:02}",
            full=(3400, 3000, 3600, 5200, 2200)[number % 5],
            efficiency=None if number % 11 == 7 else 18.0 + number * 7 % 23,
            takes_percent=number % 5 != 1,
            tuning=timedelta(minutes=10 + number * 9 % 21),
            break_even=None if number % 4 == 3 else 0.1 + number % 10 / 100,
            power_is_known=number % 13 != 12,
            on=number % 7 != 6,
        )
        for number in range(count)
    ]


class Trouble:
    """What happens to miners in a day beside the plan, at the same minutes for each plan."""

    def __init__(self, minute: int, machines: Sequence[Machine]) -> None:
        """Take the minute, and the miners that it happens to."""
        self.minute = minute
        self.machines = machines

    @property
    def hands(self) -> list[tuple[Machine, bool]]:
        """Those that a person switches now, and to what."""
        chosen = _HANDS.get(self.minute)
        if chosen is None or chosen[0] >= len(self.machines):
            return []
        return [(self.machines[chosen[0]], chosen[1])]

    def happen(self) -> None:
        """Let commands fail and miners be away for some time."""
        for number, machine in enumerate(self.machines):
            away = 540 + 20 * number
            machine.deaf = number % 3 == 0 and self.minute % 480 in range(448, 456)
            if number % 4 == 2 and self.minute == away and machine.alone is None:
                machine.alone = Reason.UNREACHABLE
                machine.alone_until = timedelta(minutes=away + 35)
