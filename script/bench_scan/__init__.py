"""Measures a scan of a large network, for ``script/bench``.

Three processes take part, so that time and memory of the scan are its own: this one, one with
all miners of the network (`farm`), and one that scans it (`scan`).
"""

from dataclasses import dataclass

MINERS = 200  # in a /24
ONE_PORT = "one-port"  # an argument of `scan`


@dataclass(frozen=True, slots=True)
class Farm:
    """A network with its miners running.

    Attributes:
        miners: the MAC address of each, by its IP address.
    """

    network: str
    miners: dict[str, str]


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a scan.

    Attributes:
        miners: the MAC address of each that was found, by its IP address.
        seconds: from beginning to end.
        before: MB of memory, the peak of the process before the scan.
        peak: MB of memory, the peak after it.
    """

    miners: dict[str, str]
    seconds: float
    before: float
    peak: float
