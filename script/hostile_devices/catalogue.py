"""All hostile devices, and where each of them is."""

from dataclasses import dataclass
from ipaddress import IPv4Network

from . import amounts, figures, refusals, shapes, silences, texts, tokens, work
from .device import Hostile

_FIRST_PLACE = 20  # the good miners are before it
_MODULES = (texts, refusals, work, figures, amounts, shapes, silences, tokens)


@dataclass(frozen=True, slots=True)
class Placed:
    """A hostile device in the network.

    Attributes:
        host: its address.
        mac: in lower case with colons; the one that it has been told to have.
    """

    hostile: Hostile
    host: str
    mac: str

    @property
    def name(self) -> str:
        """What it is, for the table."""
        return f"{self.hostile.kind}: {self.hostile.name}"


def place(network: IPv4Network, *, short: bool, only: str = "") -> list[Placed]:
    """Return those that take part; each has the same address in every run.

    Args:
        network: a /24.
        short: whether it is the short form.
        only: what has to be in their names.
    """
    listed = [hostile for module in _MODULES for hostile in module.devices()]
    placed = [
        Placed(hostile, str(network[_FIRST_PLACE + number]), _mac(number))
        for number, hostile in enumerate(listed)
    ]
    return [
        each
        for each in placed
        if (each.hostile.short or not short) and only.lower() in each.name.lower()
    ]


def _mac(number: int) -> str:
    return f"02:57:4d:00:00:{number:02x}"
