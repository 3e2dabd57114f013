"""A simulated Whatsminer that answers over TCP as the real one does.

As a program: ``python -m simulator --help``. In tests::

    async with SimulatedMiner(generation="v2", model="M30S+") as miner:
        ...  # connect to miner.host, miner.port
"""

from .device import Generation
from .miner import DEFAULT_PASSWORD, SimulatedMiner
from .misbehaviour import (
    GARBAGE,
    Closed,
    Delayed,
    Dropped,
    Hang,
    Misbehaviour,
    Raw,
    Refused,
    Truncated,
)
from .models import MODELS, Cooling, Model
from .quirks import Quirk
from .settings import Pool
from .state import MinerState

__all__ = [
    "DEFAULT_PASSWORD",
    "GARBAGE",
    "MODELS",
    "Closed",
    "Cooling",
    "Delayed",
    "Dropped",
    "Generation",
    "Hang",
    "MinerState",
    "Misbehaviour",
    "Model",
    "Pool",
    "Quirk",
    "Raw",
    "Refused",
    "SimulatedMiner",
    "Truncated",
]
