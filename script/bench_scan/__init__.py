"""What a scan of a big network costs: what ``script/bench`` runs.

Three processes take part, so that none is charged for the work of another: this one, one
with everybody in the network (`farm`), and one that scans it (`scan`).
"""

from dataclasses import dataclass

MINERS = 200  # in a /24


class BenchError(Exception):
    """Why the bench cannot go on, in one line for the person who started it."""


@dataclass(frozen=True, slots=True)
class Farm:
    """A network that is up.

    Attributes:
        miners: the MAC address of each, by its IP address.
    """

    network: str
    miners: dict[str, str]


@dataclass(frozen=True, slots=True)
class Result:
    """What a scan came to.

    Attributes:
        miners: the MAC address of each that was found, by its IP address.
        seconds: from beginning to end.
        before: MB, the most memory that the process had needed until it began.
        peak: MB, the most until it had ended.
    """

    miners: dict[str, str]
    seconds: float
    before: float
    peak: float
