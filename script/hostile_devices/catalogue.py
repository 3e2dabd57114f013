"""All hostile devices, and their addresses."""

from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import islice

from . import (
    amounts,
    figures,
    frames,
    refusals,
    shapes,
    silences,
    strangers,
    texts,
    tokens,
    work,
)
from .device import Hostile

_FIRST_PLACE = 14  # the good miners are before it
_SILENT_PREFIX = 28
_MODULES = {
    "text": texts,
    "refusal": refusals,
    "work": work,
    "number": figures,
    "amount": amounts,
    "shape": shapes,
    "silence": silences,
    "token": tokens,
    "stranger": strangers,
    "port 4433": frames,
}


@dataclass(frozen=True, slots=True)
class Placed:
    """A hostile device in the network.

    Attributes:
        kind: what it is like, as its module is.
        host: its address.
        mac: its MAC address, in lower case with colons.
    """

    kind: str
    hostile: Hostile
    host: str
    mac: str

    @property
    def name(self) -> str:
        """The name in the table."""
        return f"{self.kind}: {self.hostile.name}"


def place(network: IPv4Network, *, short: bool, only: str = "") -> list[Placed]:
    """Return the devices that take part; each has the same address in every run.

    Args:
        network: a /24.
        short: whether it is the short form.
        only: a text that has to be in their names.
    """
    hosts = network.hosts()
    talkative = iter([host for host in hosts if host not in silent_part(network)])
    next(islice(talkative, _FIRST_PLACE - 2, None))
    silent = silent_part(network).hosts()
    listed = [
        (kind, hostile)
        for kind, module in _MODULES.items()
        for hostile in module.devices()
    ]
    placed = [
        Placed(
            kind,
            hostile,
            str(next(silent if hostile.never_answers else talkative)),
            f"02:57:4d:00:00:{number:02x}",
        )
        for number, (kind, hostile) in enumerate(listed)
    ]
    return [
        each
        for each in placed
        if (each.hostile.short or not short) and only.lower() in each.name.lower()
    ]


def silent_part(network: IPv4Network) -> IPv4Network:
    """Return the part of a network for devices that never answer; scans of it are slow."""
    *_, last = network.subnets(new_prefix=_SILENT_PREFIX)
    return last
