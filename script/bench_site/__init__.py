"""Measures what the update of a large site costs, for ``script/bench``.

Two processes take part: this one (`bench`), and one that measures (`measure`) in a real Home Assistant
(`home`).
"""

from dataclasses import dataclass

MINERS = 200
FEWER = 20


@dataclass(frozen=True, slots=True)
class Cost:
    """What a site costs, in seconds of CPU.

    Attributes:
        miners: how many it has.
        update: one update of its readings, with the states that its entities write; the median of
            several.
        look: one look of its plan at a price, a power budget and all miners; the median of several.
        poll: what one poll of one miner costs more because of the site; the least of several.
    """

    miners: int
    update: float
    look: float
    poll: float
