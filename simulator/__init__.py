"""A simulated Whatsminer that answers over TCP as the real one does.

As a program: ``python -m simulator --help``. In tests::

    async with SimulatedMiner(generation="v2", model="M30S+") as miner:
        ...  # connect to miner.host, miner.port

A miner of generation ``v3`` speaks V2.2 on ``miner.port`` and V3 on ``miner.v3.port``.
"""

from .device import Generation
from .miner import DEFAULT_PASSWORD, SimulatedMiner
from .misbehaviour import (
    GARBAGE,
    Closed,
    CutTransfer,
    Delayed,
    Dropped,
    Framed,
    Hang,
    HungTransfer,
    InPieces,
    Misbehaviour,
    Raw,
    Refused,
    Truncated,
    Unconfirmed,
)
from .models import MODELS, Cooling, Model
from .quirks import Quirk
from .settings import Pool
from .state import MinerState
from .storage import Image, log_archive
from .telemetry import Telemetry

__all__ = [
    "DEFAULT_PASSWORD",
    "GARBAGE",
    "MODELS",
    "Closed",
    "Cooling",
    "CutTransfer",
    "Delayed",
    "Dropped",
    "Framed",
    "Generation",
    "Hang",
    "HungTransfer",
    "Image",
    "InPieces",
    "MinerState",
    "Misbehaviour",
    "Model",
    "Pool",
    "Quirk",
    "Raw",
    "Refused",
    "SimulatedMiner",
    "Telemetry",
    "Truncated",
    "Unconfirmed",
    "log_archive",
]
